//! A mistake in what a person wrote: which file, line and column, which key, what is wrong, what to do.
//! Not for: sources that fail while they run (see `domain::Failure`).

use std::fmt;

/// One mistake. `Display` is `file:line:column: message`, then the hint on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file's path, or the flag or environment variable that holds the mistake.
    pub file: String,
    /// Line and column, both from 1, in characters; absent for flags and variables and for files that cannot be read.
    pub position: Option<(usize, usize)>,
    /// Which key: `source[1].auth.password`; empty if it is about the whole file.
    pub key: String,
    /// What is wrong. Holds no secret.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl ConfigError {
    /// A mistake that is not at one place of a file: a file that cannot be read, a flag, a variable.
    pub fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), position: None, key: String::new(), message: message.into(), hint: String::new() }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some((line, column)) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

impl std::error::Error for ConfigError {}

/// The candidate that is most likely meant by `word`, if one is near enough to be worth offering.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` if one is near, else the list of what is known.
pub fn suggest(word: &str, what: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => String::new(),
        None => format!("{what}: {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_spelling_is_offered_only_when_it_is_near() {
        for (word, expected) in
            [("glphs", Some("glyphs")), ("Theme", Some("theme")), ("tehme", Some("theme")), ("x", None), ("colour", None)]
        {
            assert_eq!(nearest(word, ["theme", "glyphs", "utc"]), expected, "{word}");
        }
        assert_eq!(suggest("colour", "known keys", &["theme", "utc"]), "known keys: theme, utc");
    }

    #[test]
    fn a_mistake_reads_as_editors_expect_it() {
        let error = ConfigError { position: Some((3, 7)), ..ConfigError::whole("a.toml", "unknown key `x`").hint("did you mean `y`?") };
        assert_eq!(error.to_string(), "a.toml:3:7: unknown key `x`\n  hint: did you mean `y`?");
    }
}
