//! How the question before anything leaves reads: target, change, requests, what they touch, how they are undone, what to press.
//! Not for: what the keys do (see `order::confirm`).

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use super::confirm::{Confirm, Draft, Standing};
use crate::domain::{self, Danger, Entity, Outcome, Rules, Text, Timestamp};
use crate::store::Store;
use crate::ui::dialog::Dialog;
use crate::ui::draw::{self, Piece};
use crate::ui::text::{Line, Top, Wrap, rows};
use crate::ui::theme::{Role, role_of};
use crate::ui::{Look, words};

/// Columns of the box, if the screen has them: requests are long.
const WIDTH: u16 = 96;
/// Width of the words at the left.
const KEY: usize = 9;

/// What the words are about, beside the question itself.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// What is known now.
    pub store: &'a Store,
    /// What may be changed.
    pub rules: &'a Rules,
    /// Now.
    pub now: Timestamp,
    /// Nothing is sent whatever is confirmed.
    pub dry_run: bool,
    /// How to draw.
    pub look: &'a Look,
    /// Columns of the screen.
    pub columns: u16,
}

/// Draws it; tells where the cursor blinks.
pub fn draw(confirm: &Confirm, around: Around<'_>, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    let (body, foot) = (body(confirm, around), foot(confirm, around));
    let dialog = dialog(confirm, around, &body, &foot);
    (&dialog).render(screen, buf);
    confirm.types().then(|| {
        let at = dialog.foot_area(screen);
        // the last line but one is what is typed on
        let place = foot.len().saturating_sub(2);
        let before = foot.get(place).map_or(0, |line| draw::pieces_width(&line.pieces));
        Position { x: (at.x + before as u16).min(at.right().saturating_sub(1)), y: at.y + place as u16 }
    })
}

/// The top of its text after moving by so many rows.
pub fn scrolled(confirm: &Confirm, around: Around<'_>, screen: Rect, by: isize) -> Top {
    let (body, foot) = (body(confirm, around), foot(confirm, around));
    dialog(confirm, around, &body, &foot).scrolled(screen, by)
}

fn dialog<'a>(confirm: &'a Confirm, around: Around<'a>, body: &'a [Line<'a>], foot: &'a [Line<'a>]) -> Dialog<'a> {
    let mut title = Vec::new();
    if around.dry_run {
        title.extend([Piece::new(" DRY RUN ", Role::Match), Piece::new(" ", Role::Text)]);
    }
    title.push(Piece::new(confirm.chosen.offer.title.as_str(), Role::Title));
    let danger = confirm.chosen.offer.danger;
    title.push(Piece::new(format!(" {} ", around.look.glyphs.dot()), Role::Muted));
    title.push(Piece::new(danger.word(), role_of_danger(danger)));
    Dialog { look: around.look, title, note: "", body, top: confirm.top, foot, columns: WIDTH }
}

/// How a danger looks.
pub fn role_of_danger(danger: Danger) -> Role {
    match danger {
        Danger::Safe => Role::Ok,
        Danger::Reversible => Role::Text,
        Danger::Disruptive => Role::Warning,
        Danger::Destructive => Role::Failed,
    }
}

fn body<'a>(confirm: &'a Confirm, around: Around<'a>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let several = confirm.drafts.len() > 1;
    if several {
        let kinds = confirm.phrase.wanted().to_owned();
        let sendable = confirm.sendable(around.store);
        let text = if sendable == confirm.drafts.len() || !confirm.is_asked() { kinds } else { format!("{kinds}, {sendable} can be done") };
        lines.push(row("targets", vec![Piece::new(text, Role::Title)]));
        shared(&mut lines, confirm, around);
    }
    for (draft, standing) in confirm.drafts.iter().zip(confirm.standings(around.store)) {
        if several {
            lines.push(Line::default());
        }
        target(&mut lines, &draft.order.target, several, around);
        step(&mut lines, draft, around);
        change(&mut lines, &draft.order.target, &standing, around);
        requests(&mut lines, draft, around);
        dry_run(&mut lines, draft, around);
    }
    if !several {
        shared(&mut lines, confirm, around);
    }
    for (place, (entity, why)) in confirm.chosen.left_out.iter().enumerate() {
        let key = if place == 0 { "left out" } else { "" };
        if place == 0 {
            lines.push(Line::default());
        }
        lines.push(row(key, vec![Piece::new(entity.title(), Role::Text), Piece::new(format!("  {why}"), Role::Muted)]));
    }
    lines
}

fn target(lines: &mut Vec<Line<'_>>, entity: &Entity, several: bool, around: Around<'_>) {
    let (sign, role) = around.look.state(entity.state);
    listed(lines, if several { "" } else { "target" }, [format!("{} {}", entity.kind(), entity.title())], Role::Title, around);
    let mut state = vec![Piece::new(format!("{sign} {}", entity.state), role)];
    if let Some(why) = &entity.reason {
        let room = usize::from(WIDTH.min(around.columns.saturating_sub(2))).saturating_sub(KEY + 14);
        state.push(Piece::new(format!("  {}", draw::cut(why.first_line(), room, around.look.glyphs)), Role::Muted));
    }
    lines.push(row(if several { "" } else { "state" }, state));
    let source = around.store.sources.get(entity.id.source());
    let info = source.and_then(|source| source.info.as_ref());
    let env = entity.env.as_ref().or_else(|| info.and_then(|info| info.env.as_ref()));
    let mut pieces = Vec::new();
    if let Some(env) = env {
        let loud = around.rules.typed_confirm_env.contains(env) || env.starts_with("prod");
        pieces.push(if loud { Piece::new(format!(" {env} "), Role::Prod) } else { Piece::new(env.to_string(), Role::Accent) });
        pieces.push(Piece::new("  ", Role::Text));
    }
    pieces.push(Piece::new(entity.id.source().to_owned(), Role::Text));
    if let Some(info) = info.filter(|_| !several) {
        pieces.push(Piece::new(format!("  {} at {}", info.title, info.url), Role::Muted));
    }
    lines.push(row(if several { "" } else { "where" }, pieces));
    if let Some(failure) = around.store.stale(entity) {
        let ago = words::age(around.now.since(entity.seen_at).max(0.0));
        lines.push(row("", vec![Piece::new(format!("seen {ago} ago: {}", failure.detail.first_line()), Role::Warning)]));
    }
}

fn step(lines: &mut Vec<Line<'_>>, draft: &Draft, around: Around<'_>) {
    let Some(step) = &draft.order.step else { return };
    let (sign, role) = around.look.state(step.state);
    let word = step.reason.as_ref().map_or(step.state.word(), |reason| reason.first_line());
    let pieces = vec![Piece::new(step.name.first_line().to_owned(), Role::Title), Piece::new(format!("  {sign} {word}"), role)];
    lines.push(row("step", pieces));
}

fn change<'a>(lines: &mut Vec<Line<'a>>, target: &Entity, standing: &Standing, around: Around<'_>) {
    let arrow = around.look.glyphs.arrow();
    match standing {
        Standing::Same => {}
        Standing::Vanished => {
            lines.push(row("changed", vec![Piece::new("it is not there any more: nothing will be sent to it", Role::Failed)]));
        }
        Standing::Changed(now) => {
            let why = now.reason.as_ref().map_or(String::new(), |why| format!("  {}", why.first_line()));
            lines.push(row(
                "changed",
                vec![
                    Piece::new("since the key was pressed: ", Role::Warning),
                    Piece::new(target.state.word(), role_of(target.state)),
                    Piece::new(format!(" {arrow} "), Role::Muted),
                    Piece::new(now.state.word(), role_of(now.state)),
                    Piece::new(why, Role::Muted),
                ],
            ));
        }
    }
}

fn requests<'a>(lines: &mut Vec<Line<'a>>, draft: &'a Draft, around: Around<'_>) {
    match &draft.preview {
        None => lines.push(row("sends", vec![Piece::new("asking what would be sent", Role::Muted)])),
        Some(Err(failure)) => {
            listed(lines, "cannot", [failure.doing.as_str(), failure.detail.as_str()], Role::Failed, around);
            listed(lines, "", [failure.hint.as_str()].into_iter().filter(|hint| !hint.is_empty()), Role::Muted, around);
        }
        Some(Ok(preview)) => {
            listed(lines, "sends", preview.requests.iter().map(Text::as_str), Role::Accent, around);
            listed(lines, "note", preview.notes.iter().map(Text::as_str), Role::Warning, around);
        }
    }
}

fn dry_run<'a>(lines: &mut Vec<Line<'a>>, draft: &'a Draft, around: Around<'_>) {
    match &draft.dry {
        None => {}
        Some((_, None)) => lines.push(row("dry run", vec![Piece::new("asking what would happen", Role::Muted)])),
        Some((_, Some(Outcome::DryRun(preview)))) if preview.notes.is_empty() => {
            lines.push(row("dry run", vec![Piece::new("nothing was sent; the system has no dry run of its own", Role::Ok)]));
        }
        Some((_, Some(Outcome::DryRun(preview)))) => {
            lines.push(row("dry run", vec![Piece::new("nothing was changed; it says:", Role::Ok)]));
            listed(lines, "", preview.notes.iter().map(Text::as_str), Role::Text, around);
        }
        Some((_, Some(outcome))) => lines.push(row("dry run", vec![Piece::new(outcome.line(), Role::Failed)])),
    }
}

/// What is the same for all: what else is touched, and how it is undone.
fn shared<'a>(lines: &mut Vec<Line<'a>>, confirm: &'a Confirm, around: Around<'_>) {
    let offer = &confirm.chosen.offer;
    // some sources say it of each target as well
    let said = |text: &Text| confirm.drafts.iter().any(|draft| matches!(&draft.preview, Some(Ok(preview)) if preview.notes.contains(text)));
    listed(lines, "touches", offer.touches.iter().filter(|text| !said(text)).map(Text::as_str), Role::Text, around);
    let own = confirm.drafts.first().and_then(|draft| draft.preview.as_ref()?.as_ref().ok()?.undo.as_ref());
    match own.or(offer.undo.as_ref()) {
        Some(undo) => listed(lines, "undo", [undo.as_str()], Role::Text, around),
        None if offer.danger > Danger::Safe => lines.push(row("undo", vec![Piece::new("cannot be undone from here", Role::Warning)])),
        None => {}
    }
    if confirm.drafts.len() > 1 {
        let text = if confirm.stop_at_failure { "the rest is not sent" } else { "the rest is sent all the same" };
        let pieces = vec![
            Piece::new("if one fails ", Role::Text),
            Piece::new(text, Role::Accent),
            Piece::new("; shift-tab changes that", Role::Muted),
        ];
        lines.push(row("order", pieces));
    }
}

/// Texts under one word, each wrapped beside it rather than under it.
fn listed<T: AsRef<str>>(lines: &mut Vec<Line<'_>>, key: &'static str, texts: impl IntoIterator<Item = T>, role: Role, around: Around<'_>) {
    let columns = usize::from(WIDTH.min(around.columns.saturating_sub(2))).saturating_sub(KEY + 1);
    let mut key = key;
    for text in texts {
        for text in text.as_ref().lines() {
            for range in rows(text, columns, Wrap::Words) {
                lines.push(row(std::mem::take(&mut key), vec![Piece::new(text[range].to_owned(), role)]));
            }
        }
    }
}

fn row<'a>(key: &'static str, pieces: Vec<Piece<'a>>) -> Line<'a> {
    let mut all = vec![Piece::new(format!("{key:<KEY$}"), Role::Muted)];
    all.extend(pieces);
    Line { pieces: all, hits: Vec::new() }
}

/// What can be pressed.
fn foot<'a>(confirm: &'a Confirm, around: Around<'_>) -> Vec<Line<'a>> {
    let line = |pieces| Line { pieces, hits: Vec::new() };
    let key = |key: String| Piece::new(format!(" {key}"), Role::Accent);
    let more = || {
        let mut pieces = vec![key("tab".to_owned()), Piece::new(" dry run ", Role::Text)];
        pieces.extend([key("ctrl-y".to_owned()), Piece::new(" copy ", Role::Text)]);
        pieces
    };
    let sendable = confirm.sendable(around.store);
    if confirm.is_asked() && sendable == 0 {
        return vec![line(vec![Piece::new(" nothing can be sent; any key closes this", Role::Warning)])];
    }
    if confirm.types() {
        let wanted = confirm.phrase.wanted();
        let stands_in = matches!(confirm.drafts.as_slice(), [one] if confirm.phrase.stands_in(&one.order.target));
        let mut asked = vec![Piece::new(format!(" type {wanted} "), Role::Title)];
        asked.extend(stands_in.then(|| Piece::new("in place of its name ", Role::Text)));
        let mut typed = vec![Piece::new("and enter: ", Role::Text), Piece::new(confirm.typed.as_str(), Role::Accent)];
        // a long name needs a line of its own, so that what is typed stays in sight
        let room = usize::from(WIDTH.min(around.columns.saturating_sub(2)));
        let fits = draw::pieces_width(&asked) + wanted.len() + 16 < room;
        let typed = if fits {
            asked.append(&mut typed);
            vec![line(asked)]
        } else {
            typed.insert(0, Piece::new(" ", Role::Text));
            vec![line(asked), line(typed)]
        };
        let mut keys = match (confirm.complaint, confirm.wait_s(around.now)) {
            (Some(complaint), _) => vec![Piece::new(format!(" {complaint} "), Role::Failed)],
            (None, None) => vec![Piece::new(" asking what would be sent ", Role::Muted)],
            (None, Some(_)) => vec![key("esc".to_owned()), Piece::new(" or enter alone cancels ", Role::Text)],
        };
        keys.extend(more());
        return typed.into_iter().chain([line(keys)]).collect();
    }
    // what stands behind a colon explains it, and is in the title of the box
    let title = confirm.chosen.offer.title.first_line().split(": ").next().unwrap_or_default();
    let mut pieces = match confirm.wait_s(around.now) {
        None => vec![Piece::new(" asking what would be sent ", Role::Muted)],
        Some(0.0) => {
            let what = if around.dry_run { format!(" {title}: only says what it would do ") } else { format!(" {title} ") };
            vec![key(confirm.yes.to_string()), Piece::new(what, Role::Title)]
        }
        Some(left) => {
            let whole = (super::confirm::DELAY_S * 4.0) as usize;
            let bar: String = (0..whole).map(|place| around.look.glyphs.bar(place as f64 >= left * 4.0)).collect();
            vec![
                Piece::new(format!(" {} works in {:.0} s ", confirm.yes, left.ceil()), Role::Muted),
                Piece::new(bar, Role::Warning),
                Piece::new(" ", Role::Text),
            ]
        }
    };
    pieces.push(Piece::new(" any other key cancels ", Role::Text));
    pieces.extend(more());
    vec![line(pieces)]
}

/// How much must be confirmed, in a few words for the menu.
pub fn level(confirm: domain::Confirm) -> &'static str {
    match confirm {
        domain::Confirm::None => "at once",
        domain::Confirm::Key => "asks",
        domain::Confirm::DelayedKey => "asks, after a moment",
        domain::Confirm::TypeName => "asks for the name",
    }
}
