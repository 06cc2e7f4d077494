//! A tab: one to three tables under each other, described by data. All eight tabs are this, each with its own `Spec`.
//! Not for: the tables' rows (each section picks them), overlays such as detail and logs.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::column::Column;
use super::list::List;
use super::look::Look;
use super::{Pane, Wish, table, wishes};
use crate::domain::{Entity, Filter, Kind, Timestamp};
use crate::insight::timeline;
use crate::msg::{Action, Context};

/// Rows a section must have for its column titles to be worth a row.
const ROWS_FOR_HEADER: u16 = 6;

/// A tab, as data.
#[derive(Debug)]
pub struct Spec {
    /// Its name.
    pub title: &'static str,
    /// Its tables, top to bottom.
    pub sections: &'static [Section],
    /// Whether they draw processor, memory and the like.
    pub numbers: bool,
}

/// Chooses a section's entities, given what is selected in the first section.
pub type Pick = fn(&Look<'_>, Option<&Arc<Entity>>) -> Vec<Arc<Entity>>;

/// One table of a tab.
#[derive(Debug)]
pub struct Section {
    /// In its border, left.
    pub title: &'static str,
    /// In its border, right.
    pub note: &'static str,
    /// What must be fresh for it.
    pub kinds: &'static [Kind],
    /// Its columns.
    pub columns: &'static [Column],
    /// Its share of the height.
    pub weight: u16,
    /// Rows it keeps, if there is room.
    pub min_rows: u16,
    /// Its entities, in its own order; sections below the first see what is selected in the first.
    pub pick: Pick,
    /// What stands there when there are none.
    pub empty: Empty,
    /// It is about the selection of the first section: the filter does not touch it.
    pub follows: bool,
}

/// What an empty section shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// That nothing needs anybody, and how sure that is.
    AllWell,
    /// That no source is known, and what was looked for.
    NoSource,
    /// These words.
    Says(&'static str),
    /// Nothing, not even itself.
    Hidden,
}

/// A tab's state.
#[derive(Debug)]
pub struct Sections {
    spec: &'static Spec,
    lists: Vec<List>,
    focus: usize,
    filter: Filter,
}

impl Sections {
    /// A tab without rows.
    pub fn new(spec: &'static Spec) -> Self {
        Self { spec, lists: spec.sections.iter().map(|section| List::new(section.columns)).collect(), focus: 0, filter: Filter::default() }
    }

    /// Puts the cursor on an entity, in whichever section has it.
    pub fn select_id(&mut self, id: &crate::domain::EntityId) -> bool {
        let found = self.lists.iter_mut().position(|list| list.select_id(id));
        if let Some(section) = found {
            self.focus = section;
        }
        found.is_some()
    }

    /// Entities marked in the focused section, or the selected one.
    pub fn marked(&self) -> Vec<&Arc<Entity>> {
        let list = &self.lists[self.focus];
        let marked: Vec<&Arc<Entity>> = list.rows().iter().filter(|entity| list.is_marked(&entity.id)).collect();
        if marked.is_empty() { list.selected().into_iter().collect() } else { marked }
    }

    fn is_visible(&self, section: usize) -> bool {
        self.spec.sections[section].empty != Empty::Hidden || self.lists[section].total() > 0
    }

    fn move_focus(&mut self, forward: bool) {
        let count = self.lists.len();
        for step in 1..=count {
            let next = if forward { self.focus + step } else { self.focus + count - step } % count;
            if self.is_visible(next) {
                self.focus = next;
                return;
            }
        }
    }

    /// Where each section stands; hidden ones have no height. Each has a border line above, the last also one below.
    fn layout(&self, area: Rect) -> Vec<Rect> {
        let visible: Vec<usize> = (0..self.lists.len()).filter(|section| self.is_visible(*section)).collect();
        let mut heights = vec![0; self.lists.len()];
        let borders = visible.len() as u16 + 1;
        let mut free = area.height.saturating_sub(borders);
        let wants = |section: usize| (self.lists[section].rows().len() as u16).clamp(1, 1000) + u16::from(section == 0);
        for section in &visible {
            let least = self.spec.sections[*section].min_rows.min(free).min(wants(*section).max(1));
            heights[*section] = least;
            free -= least;
        }
        // what is left goes to those that have more rows than room, by weight, until nobody wants more
        while free > 0 {
            let hungry: Vec<usize> = visible.iter().copied().filter(|section| heights[*section] < wants(*section)).collect();
            let Some(total) = hungry.iter().map(|section| self.spec.sections[*section].weight).reduce(|a, b| a + b).filter(|sum| *sum > 0)
            else {
                break;
            };
            let share = free;
            for section in hungry {
                let more = (share * self.spec.sections[section].weight / total).max(1).min(free).min(wants(section) - heights[section]);
                heights[section] += more;
                free -= more;
            }
        }
        // then column titles, where a row is left for them
        for section in visible.iter().skip(1).filter(|section| !self.lists[**section].rows().is_empty()) {
            let titles = u16::from(free > 0);
            heights[*section] += titles;
            free -= titles;
        }
        if let Some(first) = visible.first() {
            heights[*first] += free;
        }
        let mut rects = Vec::with_capacity(heights.len());
        let mut y = area.y;
        for (section, height) in heights.iter().enumerate() {
            if visible.contains(&section) {
                let last = visible.last() == Some(&section);
                let rect = Rect { x: area.x, y, width: area.width, height: height + 1 + u16::from(last) };
                y += height + 1;
                rects.push(rect.intersection(area));
            } else {
                rects.push(Rect::default());
            }
        }
        rects
    }

    fn fill(&mut self, from: usize, look: &Look<'_>) {
        for section in from..self.lists.len() {
            let above = if section == 0 { None } else { self.lists[0].selected().cloned() };
            let spec = &self.spec.sections[section];
            let entities = (spec.pick)(look, above.as_ref());
            let filter = if spec.follows { &Filter::default() } else { &self.filter };
            self.lists[section].fill(entities, filter, look);
        }
        if !self.is_visible(self.focus) {
            self.focus = 0;
        }
    }
}

impl Pane for Sections {
    fn title(&self) -> String {
        self.spec.title.to_owned()
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::List, Context::Global]
    }

    fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.spec.sections.iter().flat_map(|section| section.kinds.iter().copied()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    fn draws_numbers(&self) -> bool {
        self.spec.numbers
    }

    fn refresh(&mut self, look: &Look<'_>) {
        self.fill(0, look);
    }

    fn on(&mut self, action: Action, look: &Look<'_>) -> Vec<Wish> {
        match action {
            Action::NextSection => self.move_focus(true),
            Action::PreviousSection => self.move_focus(false),
            Action::CopyRow => return wishes::copy_json(&self.marked()),
            Action::CopyCell => return wishes::copy_names(&self.marked()),
            Action::WhatChanged if self.focus == 0 && self.spec.sections.get(1).is_some_and(|section| section.follows) => self.focus = 1,
            _ => {
                let sorted = matches!(action, Action::SortNext | Action::SortPrevious | Action::SortInvert);
                if self.lists[self.focus].on(action) {
                    if sorted {
                        self.fill(self.focus, look);
                    } else if self.focus == 0 && self.spec.sections.iter().any(|section| section.follows) {
                        self.fill(1, look);
                    }
                } else if let Some(entity) = self.selected() {
                    return wishes::of(action, entity, look);
                }
            }
        }
        Vec::new()
    }

    fn selected(&self) -> Option<&Arc<Entity>> {
        self.lists[self.focus].selected()
    }

    fn query(&self) -> &str {
        self.filter.text()
    }

    fn set_query(&mut self, text: &str, look: &Look<'_>) {
        self.filter = Filter::parse(text);
        self.fill(0, look);
    }

    fn resize(&mut self, area: Rect, _: &Look<'_>) {
        for (section, rect) in self.layout(area).into_iter().enumerate() {
            let last = rect.bottom() == area.bottom();
            let rows = rect.height.saturating_sub(1 + u16::from(last));
            let list = &mut self.lists[section];
            let header = u16::from(has_header(rows, list));
            list.set_page(usize::from(rows - header));
        }
    }

    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let rects = self.layout(area);
        for (section, rect) in rects.iter().enumerate().filter(|(_, rect)| rect.height > 0) {
            let spec = &self.spec.sections[section];
            let list = &self.lists[section];
            let last = rect.bottom() == area.bottom();
            let rows = rect.height.saturating_sub(1 + u16::from(last));
            let place = table::Place {
                title: spec.title,
                note: spec.note,
                header: has_header(rows, list),
                focused: section == self.focus,
                pointed: section == self.focus || section == 0,
                first: rect.y == area.y,
                last,
                filter: if spec.follows { "" } else { self.filter.text().trim() },
                empty: &empty_words(section, spec.empty, list, &self.filter, look),
            };
            table::draw(list, &place, look, *rect, buf);
        }
    }

    fn click(&mut self, _: u16, row: u16, area: Rect, look: &Look<'_>) -> Vec<Wish> {
        for (section, rect) in self.layout(area).into_iter().enumerate() {
            if (rect.top()..rect.bottom()).contains(&row) {
                self.focus = section;
                let list = &mut self.lists[section];
                let header = has_header(rect.height.saturating_sub(1), list);
                let first = rect.y + 1 + u16::from(header);
                if row >= first {
                    let target = list.offset() + usize::from(row - first);
                    if target < list.rows().len() {
                        list.select(target);
                    }
                }
            }
        }
        self.fill(1, look);
        Vec::new()
    }
}

fn has_header(rows: u16, list: &List) -> bool {
    let all_fit = usize::from(rows) > list.rows().len();
    !list.rows().is_empty() && (all_fit || rows >= ROWS_FOR_HEADER || (list.sort().is_some() && rows > 1))
}

fn empty_words(section: usize, empty: Empty, list: &List, filter: &Filter, look: &Look<'_>) -> String {
    if list.total() > 0 && !filter.is_empty() {
        return format!("none of {} matches `{}`; esc clears the filter", list.total(), filter.text());
    }
    match empty {
        Empty::AllWell => all_well(look),
        Empty::NoSource => no_source(look),
        Empty::Says(_) if section == 0 && look.store.sources.is_empty() => no_source(look),
        Empty::Says(words) => how_sure(words, look),
        Empty::Hidden => String::new(),
    }
}

/// "0 firing; all 7 sources answered, oldest 3 s ago", or why that cannot be said.
fn all_well(look: &Look<'_>) -> String {
    let sources = &look.store.sources;
    let answering = sources.iter().filter(|source| source.standing().answers()).count();
    let waiting = sources.iter().filter(|source| source.standing() == crate::store::Standing::Waiting).count();
    let oldest = look.store.oldest_answer().map(|at| crate::ui::words::age(look.age_s(at)));
    match (sources.len(), oldest) {
        (0, _) => no_source(look),
        (all, Some(oldest)) if answering == all => format!("0 firing; all {all} sources answered, oldest {oldest} ago"),
        (all, _) if waiting > 0 => format!("asking {all} sources; {answering} answered so far"),
        (all, _) => format!("0 known to be firing, but only {answering} of {all} sources answer: see Sources (8)"),
    }
}

/// The words, and how sure they are: only when every source answers, what is not known is not there.
fn how_sure(words: &str, look: &Look<'_>) -> String {
    let sources = &look.store.sources;
    let (all, answering) = (sources.len(), sources.iter().filter(|source| source.standing().answers()).count());
    let waiting = sources.iter().any(|source| source.standing() == crate::store::Standing::Waiting);
    match answering {
        _ if answering == all => words.to_owned(),
        _ if waiting => format!("{words} ({answering} of {all} sources answered so far)"),
        _ => format!("{words} (only {answering} of {all} sources answer)"),
    }
}

/// What to do when there is nothing to look at.
pub fn no_source(look: &Look<'_>) -> String {
    let Some(missing) = &look.store.not_found else { return "looking for systems on this machine".to_owned() };
    let mut lines = vec![
        "No source is configured, and none was found on this machine.".to_owned(),
        "`triops demo` shows this screen on a simulated company.".to_owned(),
        "`triops config init` writes a file to begin with.".to_owned(),
    ];
    if !missing.is_empty() {
        lines.push(String::new());
        lines.push("Looked for:".to_owned());
        lines.extend(missing.iter().map(|what| format!("  {what}")));
    }
    lines.join("\n")
}

/// Troubles first, then by name.
pub fn by_trouble<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>) -> Vec<Arc<Entity>> {
    let mut rows: Vec<&Arc<Entity>> = entities.collect();
    rows.sort_by(|a, b| (b.state.severity().cmp(&a.state.severity())).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id)));
    rows.into_iter().cloned().collect()
}

/// What began last comes first.
pub fn newest_first<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>) -> Vec<Arc<Entity>> {
    let mut rows: Vec<&Arc<Entity>> = entities.collect();
    let began = |entity: &Entity| timeline::happened_at(entity).or(entity.since).map_or(0, Timestamp::ms);
    rows.sort_by(|a, b| began(b).cmp(&began(a)).then_with(|| a.id.cmp(&b.id)));
    rows.into_iter().cloned().collect()
}
