//! The real binary on the command line: what it prints where, how it exits, and that no secret leaves it.
//! The systems it asks are loopback servers that the tests themselves are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions beside the tests are tests too")]

mod ask;
mod connector;
mod files;
mod run;
mod serve;
mod tutorial;
