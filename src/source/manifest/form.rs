//! The forms of actions: what a connector file or the system itself wants filled in, and what was filled in as jq sees it.
//! Not for: sending it (see `act`).

use serde_json::{Map, Value};

use super::act::{ActPlan, as_text, texts, val};
use super::jq::Variables;
use crate::config::connector::{FieldTable, FieldWord};
use crate::domain::{Failure, Field, FieldKind, Order, Text};

/// The fields that the file itself declares.
pub(super) async fn fields(plan: &ActPlan, values: &Value, variables: &Variables) -> Result<Vec<Field>, Failure> {
    let mut all = Vec::new();
    for (table, (choices, preset)) in plan.call.field.iter().zip(&plan.fields) {
        let choices = match choices {
            Some(choices) => Some(texts(choices.run(val(values), variables.clone()).await?)),
            None => None,
        };
        let FieldTable { name, title, help, required, kind, .. } = table;
        // one choice is no choice
        let sole = choices.as_ref().filter(|choices| choices.len() == 1).and_then(|choices| choices.first().cloned());
        let preset = match preset {
            Some(preset) => texts(preset.run(val(values), variables.clone()).await?).into_iter().next(),
            None => None,
        };
        let help = help.as_deref().map(Text::from);
        all.push(Field { help, required: *required, preset: preset.or(sole), kind: kind.kind(choices), ..Field::new(name, title) });
    }
    Ok(all)
}

/// A field as a schema's `map` gives it.
pub(super) fn field(row: &Value) -> Result<Field, String> {
    let text = |key: &str| row.get(key).filter(|value| !value.is_null()).map(as_text);
    let name = text("name").ok_or("a field without `name`")?;
    let choices = row.get("choices").and_then(Value::as_array).map(|choices| choices.iter().map(as_text).collect());
    let word: FieldWord = match row.get("kind").filter(|kind| !kind.is_null()) {
        Some(kind) => serde_json::from_value(kind.clone()).map_err(|error| format!("{name}: {error}"))?,
        None => FieldWord::default(),
    };
    let title = text("title").unwrap_or_else(|| name.clone());
    let required = row.get("required").and_then(Value::as_bool).unwrap_or(false);
    let (help, preset) = (text("help"), text("preset"));
    Ok(Field { help, required, preset, kind: word.kind(choices), ..Field::new(&name, &title) })
}

/// What was filled in, as what the fields take; what is left empty is left out.
pub(super) fn filled(fields: &[Field], order: &Order) -> Result<Value, Text> {
    if let Some((name, _)) = order.values.iter().find(|(name, _)| !fields.iter().any(|field| field.name == *name)) {
        let known = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "nothing needs to be filled in".to_owned() } else { format!("there is {known}") };
        return Err(Text::from(format!("`{name}` is no field; {known}")));
    }
    let mut all = Map::new();
    for field in fields {
        let typed = order.filled(field);
        if let Some(complaint) = field.complaint(typed) {
            return Err(complaint);
        }
        if typed.trim().is_empty() {
            continue;
        }
        let value = match &field.kind {
            FieldKind::Text | FieldKind::Choice(_) => Value::from(typed),
            FieldKind::Number | FieldKind::Bool | FieldKind::Json => {
                serde_json::from_str(typed.trim()).unwrap_or_else(|_| Value::from(typed))
            }
        };
        all.insert(field.name.to_string(), value);
    }
    Ok(Value::Object(all))
}
