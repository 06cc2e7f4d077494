//! triops

pub mod source;
