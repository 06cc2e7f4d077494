//! Prints one frame of widgets to the terminal: `cargo run --example gallery -- [THEME [WIDTH HEIGHT [svg]]]`.
//! Not for: being interactive; it is for looking at a theme or a glyph set in a real terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use triops::config;
use triops::domain::{Point, State, Timestamp};
use triops::ui::chart::{self, Chart, Threshold};
use triops::ui::color::ColorDepth;
use triops::ui::frame::{Frame, stack};
use triops::ui::header::Header;
use triops::ui::hints::{Hint, Hints};
use triops::ui::strip::strip;
use triops::ui::svg::{Palette, picture};
use triops::ui::table::{Cell, Column, Row, Table, Width};
use triops::ui::tabs::{Tab, Tabs};
use triops::ui::{Glyphs, Look, Role, Theme, draw, words};

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let env = |name: &str| std::env::var(name).ok();
    let depth = ColorDepth::detect(config::Color::Auto, env);
    let (theme, error) = Theme::load(args.first().map_or("ansi", String::as_str), None, depth);
    if let Some(error) = error {
        eprintln!("{error}");
    }
    let look = Look { theme, glyphs: Glyphs::detect(config::Glyphs::Auto, env), zone: words::system_zone() };
    let size = |place: usize, or: u16| args.get(place).and_then(|text| text.parse().ok()).unwrap_or(or);
    let mut buf = Buffer::empty(Rect::new(0, 0, size(1, 80), size(2, 24)));
    screen(&look, &mut buf);
    if args.get(3).is_some_and(|word| word == "svg") {
        println!("{}", picture(&buf, &Palette::default(), "triops"));
        return Ok(());
    }
    let mut terminal = CrosstermBackend::new(std::io::stdout().lock());
    terminal.clear_region(ClearType::All)?;
    let cells = Buffer::empty(buf.area).diff(&buf);
    terminal.draw(cells.into_iter())?;
    terminal.set_cursor_position((0, buf.area.height.saturating_sub(1)))?;
    Backend::flush(&mut terminal)
}

const STATES: [State; 7] = [State::Failed, State::Warning, State::Pending, State::Running, State::Ok, State::Cancelled, State::Unknown];

fn screen(look: &Look, buf: &mut Buffer) {
    let area = buf.area;
    look.clear(area, buf);
    let now = Timestamp::from_ms(1_795_749_165_000);
    let header = Header {
        look,
        env: Some("prod".into()),
        prod: true,
        note: "2 contexts".into(),
        answering: 7,
        sources: 7,
        oldest_s: Some(4.0),
        now,
        frozen: false,
        read_only: false,
        dry_run: false,
    };
    (&header).render(draw::row(area, 0), buf);
    let titles = ["Triage", "Alerts", "Pipelines", "Workloads", "Models", "Data", "Changes", "Sources"];
    let tab = |(place, title): (usize, &'static str)| Tab {
        key: (place + 1).to_string().into(),
        title: title.into(),
        count: (place < 6).then(|| draw::Piece::new((6 - place).to_string(), Role::Failed)),
    };
    let tabs: Vec<Tab<'_>> = titles.into_iter().enumerate().map(tab).collect();
    (&Tabs { look, tabs: &tabs, open: 0 }).render(draw::row(area, 1), buf);
    let body = Rect { y: 2.min(area.height), height: area.height.saturating_sub(3), ..area };
    for (place, section) in stack(body, &[8, 6], 1).into_iter().enumerate() {
        let Some((rect, part)) = section else { continue };
        let frame =
            Frame::new(look, ["Needs you (7)", "refund latency"][place]).right(look.theme.name().to_owned()).focused(place == 0).part(part);
        if place == 0 {
            rows(look, frame, rect, buf);
        } else {
            (&frame).render(rect, buf);
            lines(look, now, frame.inner(rect), buf);
        }
    }
    let hints = [("enter", "detail"), ("l", "logs"), ("w", "what changed"), ("m", "actions"), ("/", "filter")]
        .map(|(key, word)| Hint::new(key, word));
    (&Hints { look, hints: &hints, last: Some(&Hint::new("?", "help")) }).render(draw::row(area, area.height.saturating_sub(1)), buf);
}

fn rows(look: &Look, frame: Frame<'_>, area: Rect, buf: &mut Buffer) {
    let columns = [
        Column::new("", Width::Fixed(1)),
        Column::new("AGE", Width::Fixed(4)).right(),
        Column::new("STATE", Width::Fixed(9)),
        Column::new("NAME", Width::Min(16)),
        Column::new("RUNS", Width::Fixed(7)).fold(1),
    ];
    let row = |place: usize| {
        let state = STATES[place];
        let (sign, role) = look.state(state);
        let runs: Vec<_> = STATES.iter().cycle().skip(place).take(7).map(|state| Some(*state)).collect();
        Row {
            cells: vec![
                Cell::new(sign, role),
                Cell::new(words::age(60.0 * place as f64 * 3.0), Role::Muted),
                Cell::new(state.word(), role),
                Cell::text("load_orders #418").and("  2 tasks upstream_failed", Role::Muted),
                Cell(strip(&runs, 7, look)),
            ],
            marked: place == 3,
            stale: place == 5,
        }
    };
    let table = Table {
        look,
        frame: Some(frame),
        columns: &columns,
        header: true,
        rows: STATES.len(),
        row: &row,
        offset: 0,
        selected: Some(1),
        focused: true,
        sort: None,
        empty: "",
    };
    (&table).render(area, buf);
}

fn lines(look: &Look, now: Timestamp, area: Rect, buf: &mut Buffer) {
    let from = now.plus(-3600.0);
    let points = |shift: f64| -> Vec<Point> {
        let known = (0..240).filter(|i| !(100..120).contains(i));
        known.map(|i| Point { at: from.plus(f64::from(i) * 15.0), value: 0.8 + (f64::from(i) / 20.0 + shift).sin() * 0.6 }).collect()
    };
    let (p99, p50) = (points(0.0), points(2.0));
    let line = |name: &'static str, points, place| chart::Line { name: name.into(), points, role: chart::role(place) };
    let lines = [line("p99", &p99[..], 0), line("p50", &p50[..], 1)];
    let thresholds = [Threshold { value: 1.0, role: Role::Failed }];
    (&Chart { look, lines: &lines, unit: "s", from, to: now, thresholds: &thresholds, cursor: None, empty: "" }).render(area, buf);
}
