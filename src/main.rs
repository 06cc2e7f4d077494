//! The program: parse, run, print error and hint, exit code.
fn main() {}
