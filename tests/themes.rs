//! Every theme we ship can be read, shown and told apart; a broken one says where it is broken.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test says no by panicking")]

use ratatui::style::{Color, Modifier, Style};
use triops::config::theme::{self, Role};
use triops::ui::Theme;
use triops::ui::color::{ColorDepth, Rgb, contrast, distance, linear, rgb, times};

const DEPTHS: [ColorDepth; 4] = [ColorDepth::TrueColor, ColorDepth::Ansi256, ColorDepth::Ansi16, ColorDepth::None];

/// Lines and bars need less contrast than text; borders are ornament.
const DRAWN: [Role; 4] = [Role::Border, Role::BorderFocus, Role::Graph, Role::GraphAlt];

fn all(depth: ColorDepth) -> Vec<Theme> {
    let load = |name: &String| match Theme::load(name, None, depth) {
        (theme, None) => theme,
        (_, Some(error)) => panic!("{error}"),
    };
    theme::names(None).iter().map(load).collect()
}

fn ground(theme: &Theme, style: Style) -> Option<Rgb> {
    style.bg.filter(|bg| *bg != Color::Reset).or(theme.style(Role::Text).bg).and_then(rgb)
}

#[test]
fn at_least_eight_themes_load_and_set_every_role() {
    let names = theme::names(None);
    assert!(names.len() >= 8, "{names:?}");
    for wanted in ["ansi", "light", "dark", "high-contrast", "mono", "colorblind", "solarized-dark", "gruvbox-dark"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}");
    }
    for name in names {
        let config = theme::load(&name, None).unwrap_or_else(|error| panic!("{error}"));
        assert!(!config.about.is_empty(), "{name} says what it is");
        for role in Role::ALL {
            assert!(config.roles.contains_key(role), "{name} has no {}", role.word());
        }
    }
}

#[test]
fn text_can_be_read_on_every_ground_a_theme_sets() {
    for (depth, least) in [(ColorDepth::TrueColor, 4.5), (ColorDepth::Ansi256, 4.0), (ColorDepth::Ansi16, 3.0)] {
        for theme in all(depth) {
            for role in Role::ALL.iter().filter(|role| !DRAWN.contains(role)) {
                let style = theme.style(*role);
                let fg = style.fg.or(theme.style(Role::Text).fg).and_then(rgb);
                if let (Some(fg), Some(bg)) = (fg, ground(&theme, style)) {
                    let contrast = contrast(fg, bg);
                    assert!(contrast >= least, "{} {} at {depth:?}: {contrast:.2}", theme.name(), role.word());
                }
            }
        }
    }
}

#[test]
fn text_of_every_role_can_be_read_in_a_selected_row() {
    for theme in all(ColorDepth::TrueColor) {
        let selection = theme.style(Role::Selection);
        for role in Role::ALL.iter().filter(|role| !DRAWN.contains(role) && !matches!(role, Role::Match | Role::Prod)) {
            let style = theme.style(*role).patch(selection);
            let style = theme.style(Role::Text).patch(style);
            let (Some(fg), Some(bg)) = (style.fg.and_then(rgb), style.bg.and_then(rgb)) else { continue };
            let contrast = contrast(fg, bg);
            assert!(contrast >= 3.0, "{} {}: {contrast:.2}", theme.name(), role.word());
        }
    }
}

#[test]
fn lines_can_be_seen() {
    for theme in all(ColorDepth::TrueColor) {
        for role in [Role::BorderFocus, Role::Graph, Role::GraphAlt] {
            let style = theme.style(role);
            if let (Some(fg), Some(bg)) = (style.fg.and_then(rgb), ground(&theme, style)) {
                assert!(contrast(fg, bg) >= 3.0, "{} {}", theme.name(), role.word());
            }
        }
    }
}

#[test]
fn the_default_theme_uses_the_terminals_own_sixteen_colours_and_ground() {
    let (theme, _) = Theme::load("ansi", None, ColorDepth::TrueColor);
    for role in Role::ALL {
        let style = theme.style(*role);
        assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{}", role.word());
        assert!(matches!(style.bg, None | Some(Color::Reset)), "{}", role.word());
    }
}

#[test]
fn a_lesser_depth_gets_only_colours_it_can_show_and_still_shows_what_is_selected() {
    for depth in DEPTHS {
        for theme in all(depth) {
            for role in Role::ALL {
                let style = theme.style(*role);
                for color in [style.fg, style.bg].into_iter().flatten() {
                    let fits = match color {
                        Color::Rgb(..) => depth == ColorDepth::TrueColor,
                        Color::Indexed(_) => depth >= ColorDepth::Ansi256,
                        Color::Reset => true,
                        _ => depth >= ColorDepth::Ansi16,
                    };
                    assert!(fits, "{} {} at {depth:?}: {color:?}", theme.name(), role.word());
                }
            }
            let text = theme.style(Role::Text);
            for role in [Role::Selection, Role::Match, Role::Prod] {
                let laid = text.patch(theme.style(role));
                assert!(laid.bg != text.bg || laid.add_modifier.contains(Modifier::REVERSED), "{} at {depth:?}", theme.name());
            }
        }
    }
}

/// How red-blind (protan) and green-blind (deutan) eyes see linear light: Viénot, Brettel and Mollon 1999,
/// "Digital video colourmaps for checking the legibility of displays by dichromats".
const PROTAN: [[f64; 3]; 3] = [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_01, -0.004_01, 1.0]];
const DEUTAN: [[f64; 3]; 3] = [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]];

fn seen(color: Rgb, eyes: &[[f64; 3]; 3]) -> Rgb {
    let [r, g, b] = times(eyes, linear(color)).map(|level| {
        let level = level.clamp(0.0, 1.0);
        let encoded = if level <= 0.003_130_8 { level * 12.92 } else { 1.055 * level.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    });
    (r, g, b)
}

#[test]
fn good_doubtful_and_broken_look_different_to_red_and_green_blind_eyes() {
    let (theme, _) = Theme::load("colorblind", None, ColorDepth::TrueColor);
    let color = |role| theme.style(role).fg.and_then(rgb).unwrap();
    let states = [Role::Ok, Role::Warning, Role::Failed];
    let least = |theme_color: &dyn Fn(Role) -> Rgb, eyes| {
        let pairs = [(0, 1), (0, 2), (1, 2)];
        pairs
            .map(|(a, b)| distance(seen(theme_color(states[a]), eyes), seen(theme_color(states[b]), eyes)))
            .into_iter()
            .fold(f64::MAX, f64::min)
    };
    for eyes in [&PROTAN, &DEUTAN] {
        assert!(least(&color, eyes) > 0.12, "{}", least(&color, eyes));
    }
    // the measure itself tells a bad pair: red against green of equal lightness
    let traffic_light = |role| if role == Role::Ok { (0, 135, 0) } else { (205, 60, 0) };
    assert!(least(&traffic_light, &DEUTAN) < 0.12);
}

#[test]
fn a_file_of_the_user_wins_and_may_build_on_ours_of_the_same_name() {
    let folder = tempdir("wins");
    std::fs::write(folder.join("dark.toml"), "inherits = \"dark\"\n[roles]\nok = \"#010203\"\n").unwrap();
    std::fs::write(folder.join("mine.toml"), "inherits = \"dark\"\n[palette]\nred = \"#0a0b0c\"\n").unwrap();
    let (dark, error) = Theme::load("dark", Some(&folder), ColorDepth::TrueColor);
    assert_eq!(error, None);
    assert_eq!(dark.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(dark.style(Role::Failed), Theme::load("dark", None, ColorDepth::TrueColor).0.style(Role::Failed));
    let (mine, _) = Theme::load("mine", Some(&folder), ColorDepth::TrueColor);
    assert_eq!(mine.style(Role::Failed).fg, Some(Color::Rgb(10, 11, 12)), "a palette colours inherited roles");
    assert!(theme::names(Some(&folder)).contains(&"mine".to_owned()));
}

#[test]
fn a_broken_theme_says_where_and_the_default_is_used() {
    let folder = tempdir("broken");
    for (text, place, word) in [
        ("[roles]\nok = \"gren\"\n", ":2:1: ", "`gren` is no colour"),
        ("[roles]\nokay = \"green\"\n", ":2:1: ", "okay"),
        ("[roles]\nok = { fg = \"grene\" }\n", ":2:", "did you mean `green`?"),
        ("[roles]\nok = { fg = \"green\", blod = true }\n", ":2:", "blod"),
        ("[roles]\n\nok = { bg = \"#12\" }\n", ":3:8: ", "#12"),
        ("[palette]\nred = \"#gg0000\"\n", ":2:1: ", "#gg0000"),
        ("[roles\n", ":1:7: ", ""),
        ("inherits = \"nowhere\"\n", ":1:1: ", "there is no theme `nowhere`"),
        ("inherits = \"other\"\n", "", "inherits itself"),
        ("roles = 7\n", ":1:9: ", "must be a table"),
    ] {
        std::fs::write(folder.join("bad.toml"), text).unwrap();
        std::fs::write(folder.join("other.toml"), "inherits = \"bad\"\n").unwrap();
        let (theme, error) = Theme::load("bad", Some(&folder), ColorDepth::TrueColor);
        let error = error.unwrap_or_else(|| panic!("{text:?} was taken")).to_string();
        assert!(error.contains("bad.toml") && error.contains(place) && error.contains(word), "{text:?}: {error}");
        assert_eq!(theme, Theme::load("ansi", None, ColorDepth::TrueColor).0);
    }
    for name in ["nowhere", "", "../escape", "/etc/passwd", "."] {
        assert!(theme::load(name, Some(&folder)).is_err(), "{name:?}");
    }
}

fn tempdir(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("triops-themes-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
