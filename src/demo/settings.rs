//! The settings file that points the cockpit, or another program, at a served world.
//! Not for: reading it (see `config`).

use super::company;
use super::host::Served;

/// The file. A sign-in in it is good for this world alone, which anyone on this machine may ask.
pub fn of(served: &[Served]) -> String {
    let mut out = format!("# {}, a fictional company that `triops demo` simulates.\n", company::NAME);
    for Served { name, connector, url, settings } in served {
        let (env, every) = (company::ENV, every(connector));
        out.push_str(&format!(
            "\n[[source]]\nname = \"{name}\"\nconnector = \"{connector}\"\nurl = \"{url}\"\nenv = \"{env}\"\nproxy = \"none\"\nevery = \"{every}\"\n{settings}"
        ));
    }
    // a program that reads this from a pipe knows that it has all of it
    out + "\n# end\n"
}

/// Seconds between two polls: a story goes on while one looks.
fn every(connector: &str) -> &'static str {
    match connector {
        "prometheus" | "alertmanager" | "docker" => "5s",
        _ => "10s",
    }
}
