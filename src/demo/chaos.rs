//! Misbehaviour around any system: slow, rate-limited, erroring or dead for a while, by seed.
//! Not for: what goes wrong in the company (see `story`).

use super::{Reply, Request, chance};
use crate::domain::Timestamp;

/// Seconds that a system keeps its mood.
const MOOD_S: i64 = 20;
/// Share of its time in which a system misbehaves.
const BAD: f64 = 0.3;

/// How systems misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chaos {
    /// Another seed gives other moods.
    pub seed: u64,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Fate {
    /// It is answered.
    Fine,
    /// It is answered after so many seconds.
    Slow(f64),
    /// It is refused.
    Refuses(Reply),
    /// Its connection ends without an answer.
    Dies,
}

impl Chaos {
    /// What becomes of a request to a system at an instant. The same for the same seed, system, instant and target.
    pub fn fate(self, system: &str, request: &Request, at: Timestamp) -> Fate {
        let mood = at.ms().div_euclid(1000 * MOOD_S);
        let dice = chance::share_of(self.seed, &["mood", system], mood);
        if dice >= BAD {
            return Fate::Fine;
        }
        // within a bad mood not every request suffers
        let luck = chance::share_of(self.seed, &["luck", system, &request.path], at.ms() / 500);
        match (dice / BAD * 4.0) as u8 {
            0 => Fate::Slow(0.2 + 6.0 * luck),
            1 if luck < 0.7 => Fate::Refuses(Reply::new(429, "text/plain", "slow down\n").header("retry-after", "3")),
            2 if luck < 0.7 => {
                let status = [500, 502, 503][(luck * 4.0) as usize % 3];
                Fate::Refuses(Reply::new(status, "text/html", "<html><body><h1>Something went wrong</h1></body></html>\n"))
            }
            3 => Fate::Dies,
            _ => Fate::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mood_comes_and_comes_again_with_the_same_seed() {
        let told = |seed: u64| -> Vec<String> {
            let request = Request::get("/x");
            let fate = |minute: i64| match (Chaos { seed }).fate("docker", &request, Timestamp::from_ms(minute * 60_000)) {
                Fate::Refuses(reply) => reply.status.to_string(),
                Fate::Slow(_) => "slow".to_owned(),
                Fate::Dies => "dies".to_owned(),
                Fate::Fine => "fine".to_owned(),
            };
            (0..300).map(fate).collect()
        };
        let all = told(1);
        for word in ["fine", "slow", "dies", "429", "500"] {
            assert!(all.iter().any(|own| own == word), "{word}");
        }
        assert!(all.iter().filter(|word| *word == "fine").count() > 180);
        assert_eq!(all, told(1));
        assert_ne!(all, told(2));
    }
}
