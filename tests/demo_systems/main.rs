//! The simulated systems of the demo: they look like the real ones, refuse like them, are read by the cockpit's own sources, and what is
//! done through them changes what they tell. Not for: the world itself, its stories and clock, and the host that opens the sockets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "the functions beside the tests are tests too")]

mod deeds;
mod polled;
mod refusals;
mod same;
mod shapes;
mod stage;

#[path = "../hostile/server.rs"]
#[expect(dead_code, reason = "other tests ask it for more")]
mod server;
