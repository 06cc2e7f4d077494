//! The audit log as attempts: the two lines of each joined into one, newest first.
//! Not for: reading the file (see `runtime::audit`).

use std::collections::HashMap;

use crate::domain::{AuditLine, Phase};

/// One attempt to change something.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// Its first line; where that has been cut off with the file's beginning, its last.
    pub line: AuditLine,
    /// Its last line; `None` while it is under way, or for ever if the program was killed.
    pub end: Option<AuditLine>,
}

/// Joins lines, oldest first, into attempts, newest first.
pub fn joined(lines: &[AuditLine]) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for line in lines {
        match (line.phase, places.get(line.attempt.as_str())) {
            (Phase::End, Some(place)) => deeds[*place].end = Some(line.clone()),
            (Phase::End, None) => deeds.push(Deed { line: line.clone(), end: Some(line.clone()) }),
            (Phase::Start, _) => {
                places.insert(&line.attempt, deeds.len());
                deeds.push(Deed { line: line.clone(), end: None });
            }
        }
    }
    deeds.reverse();
    deeds
}

impl Deed {
    /// Whether all these (lower-case) words stand somewhere in it.
    pub fn has(&self, words: &[String]) -> bool {
        let end = self.end.as_ref();
        let outcome = end.and_then(|end| end.outcome).map_or("under way", crate::domain::Verdict::word);
        let texts = [
            self.line.actor.as_str(),
            self.line.host.as_str(),
            self.line.action.as_str(),
            self.line.name.as_str(),
            self.line.target.as_str(),
            outcome,
            end.and_then(|end| end.error.as_deref()).unwrap_or_default(),
            end.and_then(|end| end.said.as_deref()).unwrap_or_default(),
        ];
        let all = texts.join("\n").to_lowercase();
        words.iter().all(|word| all.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ActionId, EntityId, SourceName, Text, Timestamp, Verdict};

    fn line(attempt: &str, phase: Phase, at: i64) -> AuditLine {
        AuditLine {
            at: Timestamp::from_ms(at),
            attempt: Text::from(attempt),
            phase,
            actor: Text::from("oncall"),
            host: Text::from("jump"),
            source: SourceName::from("docker"),
            target: EntityId::from("docker/workload/web"),
            name: Text::from("web"),
            step: None,
            action: ActionId::from("restart"),
            danger: None,
            automatic: false,
            digest: None,
            outcome: (phase == Phase::End).then_some(Verdict::Done),
            said: None,
            error: None,
            inverse: None,
            duration_s: None,
        }
    }

    #[test]
    fn the_two_lines_of_an_attempt_are_one_and_one_without_an_end_stays() {
        let lines = [line("0", Phase::End, 1), line("a", Phase::Start, 2), line("b", Phase::Start, 3), line("a", Phase::End, 4)];
        let deeds = joined(&lines);
        let told: Vec<(&str, bool)> = deeds.iter().map(|deed| (deed.line.attempt.as_str(), deed.end.is_some())).collect();
        assert_eq!(told, [("b", false), ("a", true), ("0", true)]);
        assert!(deeds[1].has(&["web".to_owned(), "done".to_owned()]));
        assert!(deeds[0].has(&["under way".to_owned()]) && !deeds[0].has(&["done".to_owned()]));
    }
}
