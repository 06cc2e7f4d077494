//! The program: parse, run, print error and hint, exit code.
#![expect(clippy::print_stderr, reason = "the edge: errors of the program go to standard error")]

fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    use triops::runtime::{self, Ending, Options, env::Env};

    let started = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let tokio = match started {
        Ok(tokio) => tokio,
        Err(error) => {
            eprintln!("triops: no threads to run on: {error}");
            return ExitCode::from(2);
        }
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
        Err(error) => {
            eprintln!("triops: {error}");
            ExitCode::from(2)
        }
    }
}
