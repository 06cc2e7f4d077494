//! The program: parse, run, print error and hint, exit code. Not for: anything else (see `triops::cli`).

fn main() -> std::process::ExitCode {
    triops::cli::main()
}
