//! triops
