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
mod configuration;
mod connectors;
mod docker;
mod drift;
mod engines;
mod here;
mod luigi;
mod models;
mod moto;
mod orchestrators;
mod prometheus;
mod quality;
mod reader;
mod seat;
mod serving;
mod support;
mod tensorboard;
mod written;
