//! What must be filled before an action can be done, and what is wrong with what was filled.
//! Not for: how a form looks (see `ui::form`), where its fields come from (see `Offer::form`).

use crate::domain::Text;

/// One thing to fill before an action can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in `Order::values`.
    pub name: Text,
    /// What the form calls it.
    pub title: Text,
    /// What it means.
    pub help: Option<Text>,
    /// It may not be left empty.
    pub required: bool,
    /// What stands there first.
    pub preset: Option<Text>,
    /// What it takes.
    pub kind: FieldKind,
}

/// What a field takes. Values are texts all the same; the source turns them into what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// One of these.
    Choice(Vec<Text>),
    /// JSON.
    Json,
}

impl Field {
    /// A field that may be left empty and takes any text.
    pub fn new(name: &str, title: &str) -> Self {
        Self { name: Text::from(name), title: Text::from(title), help: None, required: false, preset: None, kind: FieldKind::Text }
    }

    /// Why `value` cannot stand in this field.
    pub fn complaint(&self, value: &str) -> Option<Text> {
        let title = &self.title;
        if value.trim().is_empty() {
            return self.required.then(|| Text::from(format!("{title} is needed")));
        }
        let wrong = match &self.kind {
            FieldKind::Text => None,
            FieldKind::Number => value.trim().parse::<f64>().ok().filter(|n| n.is_finite()).is_none().then(|| "a number".to_owned()),
            FieldKind::Bool => (!matches!(value.trim(), "true" | "false")).then(|| "true or false".to_owned()),
            FieldKind::Choice(choices) => (!choices.iter().any(|choice| choice.as_str() == value))
                .then(|| format!("one of {}", choices.iter().map(Text::as_str).collect::<Vec<_>>().join(", "))),
            FieldKind::Json => serde_json::from_str::<serde_json::Value>(value).err().map(|error| format!("JSON ({error})")),
        };
        wrong.map(|wanted| Text::from(format!("{title} must be {wanted}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_says_what_is_wrong_with_what_was_typed() {
        let field = |kind, required| Field { kind, required, ..Field::new("n", "Count") };
        let choice = || FieldKind::Choice(vec![Text::from("a"), Text::from("b")]);
        for (kind, required, value, complaint) in [
            (FieldKind::Text, false, "", None),
            (FieldKind::Text, true, " ", Some("Count is needed")),
            (FieldKind::Number, false, "1.5", None),
            (FieldKind::Number, false, "inf", Some("Count must be a number")),
            (FieldKind::Bool, false, "yes", Some("Count must be true or false")),
            (choice(), false, "b", None),
            (choice(), false, "c", Some("Count must be one of a, b")),
            (FieldKind::Json, false, "{\"a\": 1}", None),
        ] {
            let said = field(kind.clone(), required).complaint(value);
            assert_eq!(said.as_ref().map(Text::as_str), complaint, "{kind:?} {value:?}");
        }
        assert!(field(FieldKind::Json, false).complaint("{a: 1}").is_some_and(|why| why.contains("JSON")));
    }
}
