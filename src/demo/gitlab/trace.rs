//! The trace of a job: the runner's preamble, foldable sections with marks and colours, and a time before each line.
//! Not for: what the job says (see `world::logs`).
//!
//! `TIME 00O text` is what runners write with the feature flag `FF_TIMESTAMPS`, on by default since 17.1 (GitLab Runner
//! documentation); a section's marks stand as in GitLab's documentation of job logs.

use crate::demo::stamp;
use crate::demo::system::Reply;
use crate::demo::world::{Build, Entry, Job, Level, World};
use crate::domain::Timestamp;

const BLUE: &str = "\u{1b}[36;1m";
const GREEN: &str = "\u{1b}[32;1m";
const RED: &str = "\u{1b}[31;1m";
const PLAIN: &str = "\u{1b}[0;m";
const CLEAR: &str = "\u{1b}[0K";

/// `GET …/jobs/{id}/trace`; a job that has not begun has none yet.
pub fn answer(world: &World, build: &Build, job: &Job) -> Reply {
    let mut text = String::new();
    if let Some(start) = job.started_at {
        let entries = world.job_log(build, job);
        let (first, rest) = entries.split_at(entries.len().min(1));
        let mut say = |at: Timestamp, words: &str| text.push_str(&format!("{} 00O {words}\n", stamp::micros(at, job.stage)));
        say(start, &format!("{CLEAR}Running with gitlab-runner 18.1.1 (2b813ade){PLAIN}"));
        say(start, &format!("{CLEAR}{CLEAR}{BLUE}Preparing the \"docker\" executor{PLAIN}{PLAIN}"));
        for entry in first {
            say(
                entry.at,
                &format!("section_start:{}:get_sources\r{CLEAR}{BLUE}Getting source from Git repository{PLAIN}", entry.at.ms() / 1000),
            );
            say(entry.at, &entry.text);
            say(entry.at, &format!("section_end:{}:get_sources\r{CLEAR}", entry.at.ms() / 1000));
        }
        for entry in rest {
            say(entry.at, &coloured(entry));
        }
    }
    Reply::new(200, "text/plain", text)
}

fn coloured(entry: &Entry) -> String {
    let text = &entry.text;
    match entry.level {
        Level::Error => format!("{RED}{text}{PLAIN}"),
        _ if text.starts_with("$ ") || text == "Job succeeded" => format!("{GREEN}{text}{PLAIN}"),
        _ => text.clone(),
    }
}
