//! Every sign that is drawn, in Unicode and in ASCII. All are one column wide.
//! Not for: which colour they have (see `ui::theme`).

use crate::config::Glyphs as Choice;
use crate::domain::State;

/// Which set of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Glyphs {
    /// Box drawing, blocks, braille, geometric shapes. Some are "ambiguous" in Unicode's words: terminals set to draw those two
    /// columns wide (an option of CJK users) need ASCII.
    #[default]
    Unicode,
    /// What every terminal and font has.
    Ascii,
}

/// The lines of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named by their place")]
pub struct Lines {
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub top_left: &'static str,
    pub top_right: &'static str,
    pub bottom_left: &'static str,
    pub bottom_right: &'static str,
    pub left_join: &'static str,
    pub right_join: &'static str,
}

const UNICODE_LINES: Lines = Lines {
    horizontal: "─",
    vertical: "│",
    top_left: "┌",
    top_right: "┐",
    bottom_left: "└",
    bottom_right: "┘",
    left_join: "├",
    right_join: "┤",
};

const ASCII_LINES: Lines = Lines {
    horizontal: "-",
    vertical: "|",
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    left_join: "+",
    right_join: "+",
};

/// Eighths of a column's height, lowest first.
const UNICODE_LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_LEVELS: [&str; 8] = ["_", ".", ".", "-", "-", "=", "=", "#"];
/// Eighths of a row's width, narrowest first.
const UNICODE_EIGHTHS: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const ASCII_EIGHTHS: [&str; 8] = [" ", " ", " ", "=", "=", "=", "=", "="];
const UNICODE_SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠹"];
const ASCII_SPINNER: [&str; 4] = ["|", "/", "-", "\\"];

impl Glyphs {
    /// As chosen; else Unicode if the environment's character set is UTF-8: the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set and not empty
    /// decides (POSIX 8.2). `TERM=linux`, the kernel's console, has 512 signs at most and gets ASCII.
    pub fn detect(choice: Choice, env: impl Fn(&str) -> Option<String>) -> Self {
        match choice {
            Choice::Unicode => return Self::Unicode,
            Choice::Ascii => return Self::Ascii,
            Choice::Auto => {}
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        if utf8 && env("TERM").as_deref() != Some("linux") { Self::Unicode } else { Self::Ascii }
    }

    fn pick<T>(self, unicode: T, ascii: T) -> T {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }

    /// The sign of a state.
    pub fn state(self, state: State) -> &'static str {
        match state {
            State::Ok => self.pick("●", "+"),
            State::Running => self.pick("▶", ">"),
            State::Pending => self.pick("◌", "."),
            State::Warning => self.pick("▲", "!"),
            State::Failed => self.pick("✖", "X"),
            State::Cancelled => self.pick("■", "#"),
            State::Unknown => "?",
        }
    }

    /// Sorted from small to great.
    pub fn ascending(self) -> &'static str {
        self.pick("↑", "^")
    }

    /// Sorted from great to small.
    pub fn descending(self) -> &'static str {
        self.pick("↓", "v")
    }

    /// Before the selected row.
    pub fn selected(self) -> &'static str {
        self.pick("▸", ">")
    }

    /// Before a marked row.
    pub fn marked(self) -> &'static str {
        self.pick("✓", "*")
    }

    /// Before a row that is both.
    pub fn selected_marked(self) -> &'static str {
        self.pick("✔", "@")
    }

    /// Where text was cut.
    pub fn ellipsis(self) -> &'static str {
        self.pick("…", "~")
    }

    /// Between two words.
    pub fn dot(self) -> &'static str {
        self.pick("·", "-")
    }

    /// From one thing to the next.
    pub fn arrow(self) -> &'static str {
        self.pick("→", ">")
    }

    /// More to the left, more to the right.
    pub fn more(self) -> (&'static str, &'static str) {
        self.pick(("‹", "›"), ("<", ">"))
    }

    /// Where nothing is known of a place in a history.
    pub fn gap(self) -> &'static str {
        self.pick("·", ".")
    }

    /// One of a row of points that count something: there, or not.
    pub fn point(self, there: bool) -> &'static str {
        if there { self.pick("●", "*") } else { self.pick("○", ".") }
    }

    /// A step of the turning sign; grows with time.
    pub fn spinner(self, step: usize) -> &'static str {
        match self {
            Self::Unicode => UNICODE_SPINNER[step % UNICODE_SPINNER.len()],
            Self::Ascii => ASCII_SPINNER[step % ASCII_SPINNER.len()],
        }
    }

    /// The lines of boxes.
    pub fn lines(self) -> &'static Lines {
        self.pick(&UNICODE_LINES, &ASCII_LINES)
    }

    /// A column `eighths` (1–8) of a cell high; nothing for 0.
    pub fn level(self, eighths: usize) -> &'static str {
        match eighths {
            0 => " ",
            n => self.pick(UNICODE_LEVELS, ASCII_LEVELS)[n.min(8) - 1],
        }
    }

    /// A bar `eighths` (1–8) of a cell wide; nothing for 0.
    pub fn eighth(self, eighths: usize) -> &'static str {
        match eighths {
            0 => " ",
            n => self.pick(UNICODE_EIGHTHS, ASCII_EIGHTHS)[n.min(8) - 1],
        }
    }

    /// A piece of a bar over time: of what has ended, of what goes on.
    pub fn bar(self, ended: bool) -> &'static str {
        if ended { self.pick("█", "=") } else { self.pick("▒", "-") }
    }

    /// A line across a chart.
    pub fn threshold(self) -> &'static str {
        self.pick("╌", "-")
    }

    /// A tick of a chart's y axis.
    pub fn tick(self) -> &'static str {
        self.pick("┤", "+")
    }

    /// The moving part of a scrollbar and the track it moves on.
    pub fn scrollbar(self) -> (&'static str, &'static str) {
        self.pick(("█", "│"), ("#", "|"))
    }

    /// All of a set, for tests and for the page that shows them.
    pub fn all(self) -> Vec<&'static str> {
        let states = [State::Ok, State::Running, State::Pending, State::Warning, State::Failed, State::Cancelled, State::Unknown];
        let lines = self.lines();
        let mut all: Vec<&str> = states.into_iter().map(|state| self.state(state)).collect();
        all.extend([self.ascending(), self.descending(), self.selected(), self.marked(), self.selected_marked(), self.ellipsis()]);
        all.extend([
            self.dot(),
            self.arrow(),
            self.more().0,
            self.more().1,
            self.gap(),
            self.threshold(),
            self.tick(),
            self.bar(true),
            self.bar(false),
            self.point(true),
            self.point(false),
        ]);
        all.extend([self.scrollbar().0, self.scrollbar().1, lines.horizontal, lines.vertical, lines.top_left, lines.top_right]);
        all.extend([lines.bottom_left, lines.bottom_right, lines.left_join, lines.right_join]);
        all.extend((0..8).map(|step| self.spinner(step)));
        all.extend((1..=8).flat_map(|n| [self.level(n), self.eighth(n)]));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    /// Those of the Unicode set that a terminal may be told to draw two columns wide. A new one is a decision, not an accident.
    const AMBIGUOUS: &str = "▒●○▶▲■↑↓…·→▁▂▃▄▅▆▇█▏▎▍▌▋▊▉─│┌┐└┘├┤";

    #[test]
    fn every_sign_is_one_column_wide_and_ambiguous_ones_are_known() {
        for sign in Glyphs::Unicode.all() {
            assert_eq!(sign.width(), 1, "{sign}");
            assert_eq!(sign.chars().count(), 1, "{sign}");
            assert_eq!(sign.width_cjk() > 1, AMBIGUOUS.contains(sign), "{sign}");
        }
        for sign in Glyphs::Ascii.all() {
            assert!(sign.len() == 1 && sign.is_ascii(), "{sign}");
        }
    }

    #[test]
    fn every_state_has_a_sign_of_its_own() {
        let states = [State::Ok, State::Running, State::Pending, State::Warning, State::Failed, State::Cancelled, State::Unknown];
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let mut signs: Vec<_> = states.iter().map(|state| glyphs.state(*state)).collect();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), states.len());
        }
    }

    #[test]
    fn the_character_set_of_the_locale_decides() {
        for (env, glyphs) in [
            (&[("LANG", "en_US.UTF-8")][..], Glyphs::Unicode),
            (&[("LANG", "C.utf8")], Glyphs::Unicode),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], Glyphs::Ascii),
            (&[("LANG", "C"), ("LC_ALL", ""), ("LC_CTYPE", "de_DE.UTF-8")], Glyphs::Unicode),
            (&[("LANG", "C.UTF-8"), ("TERM", "linux")], Glyphs::Ascii),
            (&[], Glyphs::Ascii),
        ] {
            let get = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Glyphs::detect(Choice::Ascii, get), Glyphs::Ascii);
            assert_eq!(Glyphs::detect(Choice::Unicode, get), Glyphs::Unicode);
            assert_eq!(Glyphs::detect(Choice::Auto, get), glyphs, "{env:?}");
        }
    }
}
