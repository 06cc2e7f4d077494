//! A short stable name for a set of labels, the same one that Alertmanager computes.
//! Not for: secrets; it is no cryptographic hash.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::Text;

/// FNV-1a over the sorted labels, each name and value ended by the byte 0xFF (`LabelSet.Fingerprint` of prometheus/common).
/// Displays as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

const OFFSET: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;

impl Fingerprint {
    /// Of `labels`; their order does not matter, for the map is sorted.
    pub fn of(labels: &BTreeMap<Text, Text>) -> Self {
        Self(OFFSET).all(labels)
    }

    /// Of `labels` in a place that is not among them: a rule's file, for one.
    pub fn within(place: &str, labels: &BTreeMap<Text, Text>) -> Self {
        Self(OFFSET).field(place).all(labels)
    }

    fn all(self, labels: &BTreeMap<Text, Text>) -> Self {
        labels.iter().fold(self, |hash, (name, value)| hash.field(name).field(value))
    }

    fn field(self, text: &str) -> Self {
        text.bytes().chain([0xff]).fold(self, |hash, byte| Self((hash.0 ^ u64::from(byte)).wrapping_mul(PRIME)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(pairs: &[(String, String)]) -> BTreeMap<Text, Text> {
        pairs.iter().map(|(name, value)| (Text::from(name.as_str()), Text::from(value.as_str()))).collect()
    }

    #[test]
    fn it_is_what_alertmanager_itself_computes() {
        let cases: [(&[(&str, &str)], &str); 2] = [
            (&[("alertname", "AlwaysFiring"), ("cluster", "triops-test"), ("severity", "info")], "1ea6a0df14961dcb"),
            (
                &[
                    ("alertname", "BatchJobFailed"),
                    ("cluster", "triops-test"),
                    ("job", "nightly-etl"),
                    ("severity", "critical"),
                    ("team", "data"),
                ],
                "1bbb39d9ac6d9aab",
            ),
        ];
        for (pairs, fingerprint) in cases {
            let labels = pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
            assert_eq!(Fingerprint::of(&labels).to_string(), fingerprint);
        }
    }

    proptest! {
        #[test]
        fn the_order_in_which_labels_come_does_not_matter(pairs in proptest::collection::btree_map("[a-z_]{1,8}", "[ -~]{0,12}", 0..6), turn in 0usize..6) {
            let pairs: Vec<_> = pairs.into_iter().collect();
            let mut turned = pairs.clone();
            turned.rotate_left(turn.min(pairs.len()));
            turned.reverse();
            prop_assert_eq!(Fingerprint::of(&labels(&pairs)), Fingerprint::of(&labels(&turned)));
        }

        #[test]
        fn where_a_name_ends_and_a_value_begins_matters(name in "[a-z]{2,8}", value in "[a-z]{1,8}") {
            let (head, tail) = name.split_at(1);
            let one = labels(&[(name.clone(), value.clone())]);
            let other = labels(&[(head.to_owned(), format!("{tail}{value}"))]);
            prop_assert_ne!(Fingerprint::of(&one), Fingerprint::of(&other));
        }
    }
}
