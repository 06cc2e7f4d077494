//! Two distributions over each other, a line per cell: what both have, then what only one has more of.
//! Not for: measuring how far apart they are (see `insight::drift`).

use super::super::look::Look;
use super::fields::{KEY_WIDTH, Line};
use crate::domain::{Detail, Entity};
use crate::ui::draw;
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells drawn; the others are counted.
const MAX_CELLS: usize = 64;
/// Columns of the two shares in words.
const SHARES: usize = 18;

/// The lines of a check that compared two windows.
pub(super) fn lines(entity: &Entity, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Detail::Check(check) = &entity.detail else { return };
    let Some(windows) = &check.windows else { return };
    let cells: Vec<(&str, f64, f64)> = windows
        .cells
        .iter()
        .zip(windows.reference.iter().zip(&windows.current))
        .map(|(cell, (p, q))| (cell.first_line(), *p, *q))
        .collect();
    let most = cells.iter().map(|(_, p, q)| p.max(*q)).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let (both, more) = (look.ui.glyphs.bar(true), look.ui.glyphs.bar(false));
    let mut heading = Line::heading("Reference against current");
    heading.value = vec![
        (format!("  {both} both  "), Role::Text),
        (format!("{more} more now  "), Role::Warning),
        (format!("{more} more in the reference"), Role::Muted),
    ];
    lines.push(heading);
    let room = columns.saturating_sub(KEY_WIDTH + SHARES + 6).clamp(12, 80);
    let long = |share: f64| (share / most * room as f64).round() as usize;
    for (cell, p, q) in cells.iter().take(MAX_CELLS) {
        let (common, all) = (long(p.min(*q)), long(p.max(*q)));
        let role = if q > p { Role::Warning } else { Role::Muted };
        let key = draw::cut(cell, KEY_WIDTH, look.ui.glyphs).into_owned();
        let mut line = Line::new(&key, both.repeat(common), Role::Text);
        line.value.push((more.repeat(all - common), role));
        line.value.push((" ".repeat(room - all.min(room)), Role::Text));
        line.value.push((format!(" {} {} {}", words::percent(*p), look.ui.glyphs.arrow(), words::percent(*q)), Role::Muted));
        lines.push(line);
    }
    if cells.len() > MAX_CELLS {
        lines.push(Line::new("", format!("and {} more cells", cells.len() - MAX_CELLS), Role::Muted));
    }
}
