//! The program: parse, run, print error and hint, exit code.

use std::io::Write;
use std::process::ExitCode;

use triops::runtime::{self, Ending, Options, env::Env};

fn main() -> ExitCode {
    let tokio = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(tokio) => tokio,
        Err(error) => return failed(&error),
    };
    let settings = triops::app::Settings {
        keymap: triops::config::Keymap::embedded(),
        look: triops::ui::Look::default(),
        utc: false,
        mouse: false,
        read_only: false,
    };
    let mut model = triops::app::Model::new(settings);
    let none = Box::pin(futures_util::stream::empty());
    let ended = tokio.block_on(runtime::run_here(&mut model, Vec::new(), none, Options::new(Env::read())));
    tokio.shutdown_background();
    match ended {
        Ok(Ending::Quit) => ExitCode::SUCCESS,
        Ok(Ending::Signal(signal)) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "triops: {error}"); // `eprintln!` would panic if nobody reads it any more
    ExitCode::from(2)
}
