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
mod connectors;
mod docker;
mod drift;
mod here;
mod luigi;
mod models;
mod moto;
mod prometheus;
mod quality;
mod support;
mod tensorboard;
mod written;
