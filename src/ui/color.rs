//! Colours as numbers: how many a terminal shows, and the nearest one where it shows fewer.
//! Not for: which colour means what (see `ui::theme`).

use ratatui::style::Color;

use crate::config::Color as Choice;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColorDepth {
    /// None: bold, dim, underlined and reversed only.
    None,
    /// The sixteen that the terminal's user chose.
    Ansi16,
    /// The xterm table.
    Ansi256,
    /// 24 bits.
    TrueColor,
}

impl ColorDepth {
    /// Decides in this order: `choice`; `NO_COLOR` (<https://no-color.org>: set and not empty); `CLICOLOR_FORCE` and `FORCE_COLOR`
    /// (set and not `0`), which lift `TERM=dumb`; then `COLORTERM` and `TERM`. `env` looks a variable up in a snapshot.
    pub fn detect(choice: Choice, env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| env(name).is_some_and(|value| !value.is_empty());
        let forced = |name| env(name).is_some_and(|value| !value.is_empty() && value != "0" && value != "false");
        let term = env("TERM").unwrap_or_default();
        let shows = match env("COLORTERM").unwrap_or_default().as_str() {
            "truecolor" | "24bit" => Self::TrueColor,
            _ if term.ends_with("-direct") => Self::TrueColor,
            _ if term.contains("256color") => Self::Ansi256,
            _ => Self::Ansi16,
        };
        match choice {
            Choice::Never => Self::None,
            Choice::Ansi16 => Self::Ansi16,
            Choice::Ansi256 => Self::Ansi256,
            Choice::TrueColor => Self::TrueColor,
            Choice::Auto if set("NO_COLOR") => Self::None,
            Choice::Auto if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") => shows,
            Choice::Auto if term == "dumb" => Self::None,
            Choice::Auto | Choice::Always => shows,
        }
    }

    /// The nearest colour this depth can show.
    pub fn nearest(self, color: Color) -> Color {
        match (self, rgb(color), color) {
            (Self::None, ..) | (_, None, _) => Color::Reset,
            (Self::Ansi256, Some(rgb), Color::Rgb(..)) => nearest_256(rgb),
            (Self::Ansi16, Some(rgb), Color::Rgb(..) | Color::Indexed(16..)) => nearest_16(rgb, |_| true),
            (Self::Ansi16, _, Color::Indexed(place)) => ANSI[usize::from(place & 15)].0,
            _ => color,
        }
    }

    /// The nearest colour this depth can show that can be read on `ground`: where the nearest of the sixteen comes too close to it,
    /// the next nearest is taken.
    pub fn nearest_on(self, color: Color, ground: Color) -> Color {
        let near = self.nearest(color);
        let (Some(wanted), Some(behind), Self::Ansi16) = (rgb(color), rgb(ground), self) else { return near };
        if contrast(rgb(near).unwrap_or(wanted), behind) >= READABLE {
            near
        } else {
            nearest_16(wanted, |candidate| contrast(candidate, behind) >= READABLE)
        }
    }
}

/// Contrast of large text in WCAG 2: what a fallback to sixteen colours must keep.
const READABLE: f64 = 3.0;

/// Red, green, blue; 0–255.
pub type Rgb = (u8, u8, u8);

/// xterm's own values of the sixteen; a terminal's user may have others.
const ANSI: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// The steps of the 6×6×6 cube, colours 16–231 of xterm's table; 232–255 are greys 8, 18 … 238.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// One of the sixteen by its number.
pub fn ansi(place: u8) -> Color {
    ANSI[usize::from(place & 15)].0
}

/// The number of one of the sixteen, by name or number.
pub fn ansi_place(color: Color) -> Option<u8> {
    match color {
        Color::Indexed(place @ 0..16) => Some(place),
        named => ANSI.iter().position(|(color, _)| *color == named).map(|place| place as u8),
    }
}

/// What a colour looks like; `None` for the terminal's own.
pub fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(place @ 0..16) => Some(ANSI[usize::from(place)].1),
        Color::Indexed(place @ 16..232) => {
            let step = |size: u8| CUBE[usize::from((place - 16) / size % 6)];
            Some((step(36), step(6), step(1)))
        }
        Color::Indexed(place) => Some(grey(place - 232)),
        named => ANSI.iter().find(|(color, _)| *color == named).map(|(_, rgb)| *rgb),
    }
}

fn grey(step: u8) -> Rgb {
    let level = 8 + 10 * step;
    (level, level, level)
}

fn nearest_256(wanted: Rgb) -> Color {
    let step = |level: u8| (0..6_u8).min_by_key(|i| CUBE[usize::from(*i)].abs_diff(level)).unwrap_or(0);
    let (r, g, b) = (step(wanted.0), step(wanted.1), step(wanted.2));
    let cube = 16 + 36 * r + 6 * g + b;
    let mean = (u16::from(wanted.0) + u16::from(wanted.1) + u16::from(wanted.2)) / 3;
    let tone = (mean.saturating_sub(3) / 10).min(23) as u8;
    let cube_rgb = (CUBE[usize::from(r)], CUBE[usize::from(g)], CUBE[usize::from(b)]);
    if distance(grey(tone), wanted) < distance(cube_rgb, wanted) { Color::Indexed(232 + tone) } else { Color::Indexed(cube) }
}

fn nearest_16(wanted: Rgb, fits: impl Fn(Rgb) -> bool) -> Color {
    let near = |a: &&(Color, Rgb), b: &&(Color, Rgb)| distance(a.1, wanted).total_cmp(&distance(b.1, wanted));
    ANSI.iter().filter(|(_, rgb)| fits(*rgb)).min_by(near).map_or(Color::Reset, |(color, _)| *color)
}

/// How different two colours look: euclidean in Oklab (<https://bottosson.github.io/posts/oklab/>), about 0.02 is just noticeable.
pub fn distance(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (oklab(a), oklab(b));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Contrast ratio of WCAG 2.2, 1–21: <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |rgb| {
        let [r, g, b] = linear(rgb);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// sRGB to linear light, each 0–1 (IEC 61966-2-1).
pub fn linear((r, g, b): Rgb) -> [f64; 3] {
    [r, g, b].map(|level| {
        let level = f64::from(level) / 255.0;
        if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
    })
}

/// Linear light to the responses of the eye's three cones, and their cube roots to lightness, green–red, blue–yellow.
const CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const LAB: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

fn oklab(rgb: Rgb) -> [f64; 3] {
    times(&LAB, times(&CONES, linear(rgb)).map(f64::cbrt))
}

/// A matrix times a column.
pub fn times(matrix: &[[f64; 3]; 3], column: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(column).map(|(a, b)| a * b).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_in_the_documented_order() {
        use Choice::{Always, Auto, Never};
        use ColorDepth::{Ansi16, Ansi256, None, TrueColor};
        type Env = &'static [(&'static str, &'static str)];
        let cases: &[(Choice, Env, ColorDepth)] = &[
            (Auto, &[], Ansi16),
            (Auto, &[("TERM", "xterm-256color")], Ansi256),
            (Auto, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], TrueColor),
            (Auto, &[("COLORTERM", "24bit")], TrueColor),
            (Auto, &[("TERM", "xterm-direct")], TrueColor),
            (Auto, &[("TERM", "dumb")], None),
            (Auto, &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")], None),
            (Auto, &[("NO_COLOR", "")], Ansi16),
            (Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], None),
            (Auto, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], Ansi16),
            (Auto, &[("TERM", "dumb"), ("FORCE_COLOR", "0")], None),
            (Always, &[("NO_COLOR", "1"), ("TERM", "screen-256color")], Ansi256),
            (Always, &[("TERM", "dumb")], Ansi16),
            (Choice::Ansi256, &[("NO_COLOR", "1")], Ansi256),
            (Choice::TrueColor, &[], TrueColor),
            (Never, &[("COLORTERM", "truecolor"), ("FORCE_COLOR", "1")], None),
        ];
        for (choice, env, depth) in cases {
            let get = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(ColorDepth::detect(*choice, get), *depth, "{choice:?} {env:?}");
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_that_can_be_shown() {
        for (color, at_256, at_16) in [
            (Color::Rgb(255, 0, 0), Color::Indexed(196), Color::LightRed),
            (Color::Rgb(0, 0, 0), Color::Indexed(16), Color::Black),
            (Color::Rgb(22, 24, 29), Color::Indexed(234), Color::Black),
            (Color::Rgb(250, 250, 250), Color::Indexed(231), Color::White),
            (Color::Indexed(208), Color::Indexed(208), Color::LightRed),
            (Color::Indexed(1), Color::Indexed(1), Color::Red),
            (Color::Cyan, Color::Cyan, Color::Cyan),
            (Color::Reset, Color::Reset, Color::Reset),
        ] {
            assert_eq!(ColorDepth::TrueColor.nearest(color), color);
            assert_eq!(ColorDepth::Ansi256.nearest(color), at_256, "{color:?}");
            assert_eq!(ColorDepth::Ansi16.nearest(color), at_16, "{color:?}");
            assert_eq!(ColorDepth::None.nearest(color), Color::Reset);
        }
    }

    #[test]
    fn every_colour_of_the_table_is_its_own_nearest() {
        for place in 16..=255 {
            let (r, g, b) = rgb(Color::Indexed(place)).unwrap();
            let near = ColorDepth::Ansi256.nearest(Color::Rgb(r, g, b));
            assert_eq!(rgb(near), Some((r, g, b)), "{place}");
        }
    }

    #[test]
    fn text_does_not_vanish_into_its_ground_at_sixteen_colours() {
        let ground = Color::Rgb(0, 43, 54);
        let behind = ColorDepth::Ansi16.nearest(ground);
        let text = ColorDepth::Ansi16.nearest_on(Color::Rgb(10, 60, 70), behind);
        assert!(contrast(rgb(text).unwrap(), rgb(behind).unwrap()) >= READABLE);
    }

    #[test]
    fn contrast_is_that_of_the_recommendation() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.01);
    }
}
