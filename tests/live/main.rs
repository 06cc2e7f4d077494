//! Sources against the real servers that `tests/servers/up` starts; each test says by name which variable it misses and is skipped.
//! Not for: recorded answers (see the tests beside each source).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_cmp,
    reason = "a test fails loudly, says what it skips, and the servers' numbers are exact"
)]

mod act;
mod act_systems;
#[allow(dead_code, reason = "the journeys use the rest of it")]
#[path = "../journeys/cockpit.rs"]
mod cockpit;
mod configuration;
mod connectors;
mod docker;
mod drift;
mod engines;
#[allow(dead_code, reason = "the journeys use the rest of it")]
#[path = "../journeys/glass.rs"]
mod glass;
mod here;
mod luigi;
mod models;
mod moto;
mod orchestrators;
mod prometheus;
mod quality;
mod reach;
mod reader;
mod seat;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../hostile/server.rs"]
mod server;
mod serving;
mod support;
#[allow(dead_code, reason = "the journeys use the rest of it")]
#[path = "../journeys/systems.rs"]
mod systems;
mod tensorboard;
mod upkeep;
mod written;
