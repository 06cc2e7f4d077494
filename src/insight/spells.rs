//! When an alert fired, from its recorded history: one spell for each time it began.
//! Not for: asking for the history (see `pane::detail`).

use crate::domain::{Series, Timestamp};

/// A stretch of time in which something was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// First point seen.
    pub from: Timestamp,
    /// Last point seen.
    pub to: Timestamp,
}

/// The spells of `ALERTS{alertstate="firing"}` series: points nearer than one and a half steps belong together; a zero or a gap ends one.
/// Points of several series (the alert came back with another label) are taken together.
pub fn firing(series: &[Series], step_s: f64) -> Vec<Spell> {
    let fires = |series: &&Series| series.labels.get("alertstate").is_none_or(|state| state == "firing");
    let mut instants: Vec<Timestamp> =
        series.iter().filter(fires).flat_map(|series| &series.points).filter(|point| point.value > 0.0).map(|point| point.at).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut spells: Vec<Spell> = Vec::new();
    for at in instants {
        match spells.last_mut().filter(|spell| at.since(spell.to) <= step_s * 1.5) {
            Some(spell) => spell.to = at,
            None => spells.push(Spell { from: at, to: at }),
        }
    }
    spells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Point, Text};

    fn series(state: &str, points: &[(i64, f64)]) -> Series {
        Series {
            labels: [(Text::from("alertstate"), Text::from(state))].into(),
            points: points.iter().map(|(at, value)| Point { at: Timestamp::from_ms(at * 1000), value: *value }).collect(),
            ..Series::default()
        }
    }

    #[test]
    fn a_gap_or_a_zero_ends_a_spell_and_pending_is_none() {
        let all =
            [series("firing", &[(0, 1.0), (60, 1.0), (120, 0.0), (180, 1.0), (600, 1.0), (660, 1.0)]), series("pending", &[(300, 1.0)])];
        let spells: Vec<_> = firing(&all, 60.0).iter().map(|spell| (spell.from.ms() / 1000, spell.to.ms() / 1000)).collect();
        assert_eq!(spells, [(0, 60), (180, 180), (600, 660)]);
    }
}
