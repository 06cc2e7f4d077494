//! Which key does what where: `config/keymap.toml`, and the user's file over it.
//! Not for: what an action does (see `app` and the panes), reading keys from a terminal (see `runtime`).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::msg::{ACTIONS, Action, Context, Key};

use super::ConfigError;
use super::error::suggest;
use super::load::Document;

/// The embedded file.
pub const EMBEDDED: &str = include_str!("../../config/keymap.toml");

/// What a key is bound to when it does nothing.
const NONE: &str = "none";

/// Every binding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keymap {
    /// `None` is a key that was taken away; it hides the same key of an outer context.
    bindings: BTreeMap<(Context, Key), Option<Action>>,
    /// Keys of each action, as they stand in the files: the first is the one to show.
    keys: BTreeMap<Action, Vec<Key>>,
    /// Keys of the file laid last that do something else in some places.
    hidden: Vec<Hidden>,
}

/// A key of a file that an older binding in an inner context hides there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The key.
    pub key: Key,
    /// What the file binds it to, and where.
    pub wished: (Context, Action),
    /// What it does instead, and where.
    pub does: (Context, Action),
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, (outer, wished), (inner, does)) = (self.key, self.wished, self.does);
        let (wished, does, outer, inner) = (wished.row().id, does.row().id, outer.word(), inner.word());
        write!(f, "keymap.toml: `{key}` is bound to `{wished}` in [{outer}], but `{does}` in [{inner}] hides it there; ")?;
        write!(f, "bind it in [{inner}] as well: {key} = \"{wished}\" or, to leave it as it is, {key} = \"{does}\"")
    }
}

impl Keymap {
    /// The embedded keys alone.
    pub fn embedded() -> Self {
        let mut keymap = Self::default();
        // a test holds that the embedded file is right
        let _ = keymap.lay("keymap.toml", EMBEDDED);
        keymap
    }

    /// Lays a file over what is there: its keys win. Nothing changes if there is a mistake in it.
    pub fn lay(&mut self, file: &str, text: &str) -> Result<(), Vec<ConfigError>> {
        let bound = read(file, text)?;
        let before = self.clone();
        for (context, key, action) in &bound {
            if let Some(Some(old)) = self.bindings.insert((*context, *key), *action)
                && !self.bindings.iter().any(|((_, other), action)| other == key && *action == Some(old))
            {
                self.keys.entry(old).or_default().retain(|other| other != key);
            }
        }
        let hidden = self.hidden_by_older(&bound, &before);
        for (_, key, action) in bound {
            let Some(action) = action else { continue };
            let keys = self.keys.entry(action).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if self.keys(Action::Quit).is_empty() && self.keys(Action::Back).is_empty() {
            *self = before;
            let error = ConfigError::whole(file, "no key would leave triops").hint("bind a key to `quit` or `back` in [global]");
            return Err(vec![error]);
        }
        self.hidden = hidden;
        Ok(())
    }

    /// Which of these say something new, and are hidden in an inner context by what was there before.
    fn hidden_by_older(&self, bound: &[Binding], before: &Self) -> Vec<Hidden> {
        let is_new = |binding: &&Binding| before.bindings.get(&(binding.0, binding.1)) != Some(&binding.2);
        let own = |context: Context, key: Key| bound.iter().any(|(c, k, _)| (*c, *k) == (context, key));
        let mut hidden = Vec::new();
        for (outer, key, wished) in bound.iter().filter(is_new) {
            let Some(wished) = *wished else { continue };
            for inner in Context::ALL.into_iter().filter(|inner| inner != outer && outer.reaches(*inner) && !own(*inner, *key)) {
                if let Some(Some(does)) = self.bindings.get(&(inner, *key)).filter(|does| **does != Some(wished)) {
                    hidden.push(Hidden { key: *key, wished: (*outer, wished), does: (inner, *does) });
                }
            }
        }
        hidden
    }

    /// Keys of the user's file that do something else in some places: to be told, for nobody would find out by pressing them.
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// What a key does; `contexts` innermost first.
    pub fn action(&self, contexts: &[Context], key: Key) -> Option<Action> {
        contexts.iter().find_map(|context| self.bindings.get(&(*context, key))).copied().flatten()
    }

    /// The keys of an action, the one to show first.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// Every key that does something, by context.
    pub fn bindings(&self) -> impl Iterator<Item = (Context, Key, Action)> {
        self.bindings.iter().filter_map(|((context, key), action)| Some((*context, *key, (*action)?)))
    }
}

type Binding = (Context, Key, Option<Action>);

/// The bindings of one file, in its order.
fn read(file: &str, text: &str) -> Result<Vec<Binding>, Vec<ConfigError>> {
    let document = Document::read(file, text).map_err(|error| vec![name_both(file, text, error)])?;
    let (tables, mut errors) = document.decode_all::<BTreeMap<String, BTreeMap<toml::Spanned<String>, String>>>();
    let mut found: Vec<(Range<usize>, Binding, String)> = Vec::new();
    for (table, entries) in tables.iter().flatten() {
        let Some(context) = Context::ALL.into_iter().find(|context| context.word() == table) else {
            let known = Context::ALL.map(Context::word);
            errors.push(document.error_under(&[table], format!("unknown context `{table}`")).hint(suggest(table, "contexts", &known)));
            continue;
        };
        for (written, id) in entries {
            match binding(context, written.get_ref(), id) {
                Ok((key, action)) => found.push((written.span(), (context, key, action), written.get_ref().clone())),
                Err((message, hint)) => errors.push(document.error_under(&[table, written.get_ref()], message).hint(hint)),
            }
        }
    }
    found.sort_by_key(|(span, ..)| span.start);
    let mut seen: BTreeMap<(Context, Key), (Option<Action>, &str)> = BTreeMap::new();
    for (_, (context, key, action), written) in &found {
        if let Some((other, other_written)) = seen.insert((*context, *key), (*action, written)) {
            let message = format!("`{key}` is bound to both `{}` and `{}` in [{}]", id(other), id(*action), context.word());
            let line = document.error_under(&[context.word(), other_written], "").position.map_or(0, |(line, _)| line);
            let error = document.error_under(&[context.word(), written], message);
            errors.push(error.hint(format!("the other is on line {line}; remove one")));
        }
    }
    errors.sort_by_key(|error| error.position);
    if errors.is_empty() { Ok(found.into_iter().map(|(_, binding, _)| binding).collect()) } else { Err(errors) }
}

/// What one line means; message and hint if it means nothing.
fn binding(context: Context, written: &str, id: &str) -> Result<(Key, Option<Action>), (String, String)> {
    let key: Key = written.parse().map_err(|error: crate::msg::KeyError| {
        let message = error.to_string();
        let (message, hint) = message.split_once("; ").unwrap_or((&message, ""));
        (message.to_owned(), hint.to_owned())
    })?;
    if id == NONE {
        return Ok((key, None));
    }
    let Some(action) = Action::named(id) else {
        let here: Vec<&str> = ACTIONS.iter().filter(|row| fits(row.context, context)).map(|row| row.id).collect();
        return Err((format!("unknown action `{id}`"), suggest(id, "actions here", &here)));
    };
    let home = action.row().context;
    if !fits(home, context) {
        let message = format!("`{id}` cannot be done in [{}]", context.word());
        return Err((message, format!("it belongs to [{}]", home.word())));
    }
    Ok((key, Some(action)))
}

/// An action can be bound wherever its context reaches.
fn fits(action: Context, table: Context) -> bool {
    action.reaches(table)
}

fn id(action: Option<Action>) -> &'static str {
    action.map_or(NONE, |action| action.row().id)
}

/// The parser says of a key that is written twice only where the second stands: say what both are bound to.
fn name_both(file: &str, text: &str, error: ConfigError) -> ConfigError {
    let Some((line, column)) = error.position.filter(|_| error.message.contains("duplicate key")) else { return error };
    let line_text = |number: usize| text.lines().nth(number - 1).unwrap_or_default();
    let bound = |line: &str| {
        let (key, id) = line.split_once('=')?;
        Some((key.trim().trim_matches(['"', '\'']).to_owned(), id.split('"').nth(1).unwrap_or("?").to_owned()))
    };
    let Some((key, second)) = bound(line_text(line)) else { return error };
    let start = (1..line).rev().find(|number| line_text(*number).trim_start().starts_with('[')).unwrap_or(1);
    let first = (start..line).find_map(|number| bound(line_text(number)).filter(|(other, _)| *other == key).map(|(_, id)| (number, id)));
    let Some((first_line, first)) = first else { return error };
    let message = format!("`{key}` is bound to both `{first}` and `{second}` in {}", line_text(start).trim());
    ConfigError { position: Some((line, column)), key, ..ConfigError::whole(file, message) }
        .hint(format!("the other is on line {first_line}; remove one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Actions without a key of their own: reached through the palette.
    const PALETTE_ONLY: &[Action] = &[];

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    fn laid(text: &str) -> Keymap {
        let mut keymap = Keymap::embedded();
        keymap.lay("keymap.toml", text).unwrap();
        keymap
    }

    fn mistakes(text: &str) -> Vec<String> {
        Keymap::embedded().lay("keymap.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_action_has_a_key_or_is_listed_as_reached_through_the_palette() {
        assert_eq!(Keymap::default().lay("keymap.toml", EMBEDDED), Ok(()));
        let keymap = Keymap::embedded();
        for row in ACTIONS {
            assert_eq!(keymap.keys(row.action).is_empty(), PALETTE_ONLY.contains(&row.action), "{}", row.id);
        }
    }

    #[test]
    fn no_default_key_is_one_that_terminals_and_multiplexers_keep() {
        let kept = ["ctrl-s", "ctrl-q", "ctrl-b", "ctrl-a", "ctrl-h", "ctrl-i", "ctrl-j", "ctrl-m", "ctrl-\\"].map(key);
        for (context, bound, action) in Keymap::embedded().bindings() {
            assert!(!kept.contains(&bound), "{bound} {action:?} {context:?}");
        }
    }

    #[test]
    fn an_inner_context_hides_the_same_key_of_an_outer_one() {
        let keymap = Keymap::embedded();
        let list = [Context::List, Context::Global];
        let log = [Context::Log, Context::Global];
        assert_eq!(keymap.action(&list, key("l")), Some(Action::OpenLogs));
        assert_eq!(keymap.action(&log, key("l")), Some(Action::Right));
        assert_eq!(keymap.action(&list, key("2")), Some(Action::Tab2));
        assert_eq!(keymap.action(&log, key("2")), Some(Action::LogMinute));
        assert_eq!(keymap.action(&log, key("8")), None);
        assert_eq!(keymap.action(&list, key("alt-x")), None);
    }

    #[test]
    fn the_key_to_show_is_the_one_that_stands_first_in_the_file() {
        let keymap = Keymap::embedded();
        let shown = |action| keymap.keys(action).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(Action::Menu), ["m"]);
        assert_eq!(shown(Action::Down), ["j", "down"]);
        assert_eq!(shown(Action::ChartZoomIn), ["+", "="]);
    }

    #[test]
    fn a_key_of_the_user_that_an_older_one_hides_is_told_with_both_names() {
        let hidden = |text: &str| laid(text).hidden().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            hidden("[global]\nP = 'acks'\n"),
            ["keymap.toml: `P` is bound to `acks` in [global], but `promote` in [entity] hides it there; \
                 bind it in [entity] as well: P = \"acks\" or, to leave it as it is, P = \"promote\""]
        );
        // an entity's key in lists, and a number that logs and charts take for a range
        assert_eq!(hidden("[entity]\nw = 'stop'\n").len(), 1);
        assert_eq!(hidden("[global]\n1 = 'acks'\n").len(), 2);
        for told in
            ["[global]\nP = 'acks'\n[entity]\nP = 'acks'\n", "[global]\nP = 'acks'\n[entity]\nP = 'promote'\n", "[global]\nl = 'right'\n"]
        {
            assert_eq!(hidden(told), [] as [&str; 0], "{told}");
        }
        assert_eq!(Keymap::embedded().hidden(), []);
    }

    #[test]
    fn the_users_keys_lie_over_the_embedded_ones() {
        let keymap = laid("[list]\nX = 'open'\nm = 'none'\nM = 'menu'\n[entity]\nB = 'stop'\n[global]\nq = 'quit'\n");
        let list = [Context::List, Context::Entity, Context::Global];
        let detail = [Context::Detail, Context::Entity, Context::Global];
        assert_eq!(keymap.action(&list, key("X")), Some(Action::Open));
        assert_eq!(keymap.keys(Action::Open), [key("enter"), key("X")]);
        assert_eq!(keymap.action(&list, key("m")), None);
        assert_eq!(keymap.action(&list, key("M")), Some(Action::Menu));
        assert_eq!(keymap.action(&detail, key("m")), Some(Action::Menu), "only the table's was taken away");
        assert_eq!(keymap.action(&detail, key("B")), Some(Action::Stop));
        assert_eq!(keymap.action(&list, key("q")), Some(Action::Quit));
        assert_eq!(keymap.keys(Action::Back), [key("esc")]);
        assert_eq!(keymap.keys(Action::Quit), [key("ctrl-c"), key("q")]);
    }

    #[test]
    fn a_mistake_in_a_keymap_names_what_is_meant_and_where() {
        for (text, expected) in [
            (
                "[list]\nx = \"open\"\nx = \"raw\"\n",
                "keymap.toml:3:1: `x` is bound to both `open` and `raw` in [list]\n  hint: the other is on line 2; remove one",
            ),
            (
                "[list]\nctrl-alt-x = 'open'\nalt-ctrl-x = 'raw'\n",
                "keymap.toml:3:1: `ctrl-alt-x` is bound to both `open` and `raw` in [list]\n  hint: the other is on line 2; remove one",
            ),
            ("[list]\nx = 'opne'\n", "keymap.toml:2:1: unknown action `opne`\n  hint: did you mean `open`?"),
            ("[lists]\nx = 'open'\n", "keymap.toml:1:2: unknown context `lists`\n  hint: did you mean `list`?"),
            ("[log]\nx = 'open'\n", "keymap.toml:2:1: `open` cannot be done in [log]\n  hint: it belongs to [list]"),
            ("[log]\nx = 'stop'\n", "keymap.toml:2:1: `stop` cannot be done in [log]\n  hint: it belongs to [entity]"),
            ("[list]\nx = 3\n", "keymap.toml:2:5: `list.x` must be a text in quotes, not this whole number"),
            (
                "[global]\nq = 'none'\nesc = 'none'\nctrl-c = 'none'\n",
                "keymap.toml: no key would leave triops\n  hint: bind a key to `quit` or `back` in [global]",
            ),
        ] {
            assert_eq!(mistakes(text), [expected], "{text}");
        }
        assert!(
            mistakes("[list]\nhyper-x = 'open'\n")[0]
                .starts_with("keymap.toml:2:1: `hyper-x` is not a key\n  hint: keys are one character")
        );
        assert_eq!(mistakes("[list]\nx = 'opne'\nzz = 'open'\n").len(), 2);
    }
}
