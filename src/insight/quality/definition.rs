//! What is expected of a dataset or a reading: one `[[check]]`, as it is judged.
//! Not for: how it is written (see `config::check`), judging it (see `table` and `stream`).

use crate::domain::detail::Table;
use crate::domain::{Comparison, Series, SourceName, State, Text};

/// One `[[check]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: Text,
    /// Only what this source brings.
    pub source: Option<Text>,
    /// The dataset it is about; `*` at the end stands for any rest.
    pub dataset: Option<Text>,
    /// The reading it is about.
    pub reading: Option<Text>,
    /// How old a dataset may be.
    pub freshness: Option<Freshness>,
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most rows.
    pub max_rows: Option<u64>,
    /// Rows, or the reading's values, must not be odd after those before them.
    pub volume: bool,
    /// Largest share of missing values, 0–1: in any column, or as the reading says.
    pub max_null_share: Option<f64>,
    /// Which columns a dataset must have.
    pub columns: Option<Columns>,
    /// Seconds of a reading's newest values that must be distributed as those before them.
    pub distribution_s: Option<f64>,
    /// How the reading's newest value must stand to a number.
    pub assert: Option<Comparison>,
    /// Seconds between two of a reading's values that are learnt from.
    pub every_s: f64,
    /// The state where what is expected outright (rows, nulls, columns, an assertion) is not met.
    pub severity: State,
    /// Who answers for it.
    pub owner: Option<Text>,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            name: Text::default(),
            source: None,
            dataset: None,
            reading: None,
            freshness: None,
            min_rows: None,
            max_rows: None,
            volume: false,
            max_null_share: None,
            columns: None,
            distribution_s: None,
            assert: None,
            every_s: 600.0,
            severity: State::Failed,
            owner: None,
        }
    }
}

/// How old a dataset may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Freshness {
    /// Seconds.
    Within(f64),
    /// Half as long again as it ever took while it was watched.
    Learnt,
}

/// Which columns a dataset must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Columns {
    /// Those that it had before.
    Learnt,
    /// At least these, of these types; an empty type is any.
    Named(Table<Text>),
}

impl Definition {
    /// Whether it is about what that source brings.
    pub fn is_about(&self, source: &SourceName) -> bool {
        self.source.as_deref().is_none_or(|name| name == source.as_str())
    }

    /// Whether it is about that dataset.
    pub fn is_about_dataset(&self, name: &str) -> bool {
        let Some(pattern) = self.dataset.as_deref() else { return false };
        pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
    }

    /// Whether it is about that line of a reading.
    pub fn is_about_series(&self, series: &Series) -> bool {
        self.reading.as_ref() == Some(&series.reading)
    }
}
