//! A story's written truth: what really is the cause, what suffers, what shows when, what repairs it.
//! Not for: hints on the screen; whoever trains looks here afterwards.

use serde_json::{Value, json};

use super::clock::Clock;
use super::story::{Cure, Event, Happening, Moment, Story};

/// The truth as JSON. Seconds are story seconds after the world's zero; `at` is where they lie on its clock.
pub fn of(story: &Story, clock: &Clock) -> Value {
    let moment = |moment: &Moment| {
        json!({
            "from_s": moment.from_s, "by_s": moment.by_s, "from": clock.at(moment.from_s), "by": clock.at(moment.by_s),
            "kind": moment.kind.word(), "name": moment.name, "says": moment.says,
        })
    };
    json!({
        "story": story.name,
        "summary": story.summary,
        "speed": clock.speed(),
        "zero": clock.zero(),
        "cause": {
            "what": story.cause, "s": story.cause_s, "at": clock.at(story.cause_s),
            "kind": story.root.map(|(kind, _)| kind.word()), "name": story.root.map(|(_, name)| name),
        },
        "affected": story.affected,
        "timeline": story.timeline.iter().map(moment).collect::<Vec<_>>(),
        "changes": story.happenings.iter().map(|happening| change(happening, clock)).collect::<Vec<_>>(),
        "innocent": story.innocent,
        "remedy": story.remedy,
        "cures": story.cures.iter().map(cure).collect::<Vec<_>>(),
    })
}

fn change(happening: &Happening, clock: &Clock) -> Value {
    let what = match happening.what {
        Event::Deploy { service, title } => format!("deploy of {service}: {title}"),
        Event::Alias { model, alias, version } => format!("{model}: {alias} points to version {version}"),
        Event::Register { model } => format!("{model}: a version is registered"),
        Event::Silence { label, value, comment, .. } => format!("silence of {label}={value}: {comment}"),
    };
    json!({"s": happening.at_s, "at": clock.at(happening.at_s), "by": happening.by, "what": what})
}

fn cure(cure: &Cure) -> String {
    match cure {
        Cure::Restart(name) => format!("start or restart container {name}"),
        Cure::Rerun(dag) => format!("trigger {dag}, or clear a run of it"),
        Cure::Alias { model, alias, version } => format!("point {alias} of {model} to version {version}"),
        Cure::RollBack(service) => format!("retry the pipeline of a deploy of {service} from before"),
    }
}
