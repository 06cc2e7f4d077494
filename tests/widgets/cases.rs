//! Each widget with something to show.
//! Not for: judging what it shows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use triops::domain::{Point, State, Timestamp};
use triops::msg::Notice;
use triops::ui::chart::{self, Chart, Threshold};
use triops::ui::dialog::Dialog;
use triops::ui::draw::{self, Piece};
use triops::ui::form::{self, Form, Value};
use triops::ui::frame::{Frame, stack};
use triops::ui::header::Header;
use triops::ui::hints::{Hint, Hints};
use triops::ui::input::Input;
use triops::ui::modal::Modal;
use triops::ui::sparkline::Sparkline;
use triops::ui::strip::{Strip, strip};
use triops::ui::table::{Cell, Column, Row, Sort, Table, Width};
use triops::ui::tabs::{Tab, Tabs};
use triops::ui::text::{self, TextView, Top, Wrap};
use triops::ui::toast::Toasts;
use triops::ui::{Look, Role};

/// A widget with something to show.
pub struct Case {
    pub name: &'static str,
    pub sizes: &'static [(u16, u16)],
    pub draw: fn(&Look, Rect, &mut Buffer),
    /// What its data holds beside ASCII.
    pub foreign: &'static [&'static str],
}

const fn case(name: &'static str, sizes: &'static [(u16, u16)], draw: fn(&Look, Rect, &mut Buffer)) -> Case {
    Case { name, sizes, draw, foreign: &[] }
}

pub const CASES: &[Case] = &[
    Case { foreign: &["日", "本", "語", "é", "ü"], ..case("table", &[(80, 10), (50, 8), (24, 5)], table) },
    case("table-empty", &[(40, 5)], table_empty),
    case("sections", &[(80, 15), (40, 8)], sections),
    case("header", &[(100, 1), (80, 1), (60, 1), (40, 1), (20, 1)], header),
    case("header-quiet", &[(80, 1)], header_quiet),
    case("tabs", &[(120, 1), (80, 1), (60, 1), (30, 1)], tabs),
    case("hints", &[(80, 1), (40, 1), (12, 1)], hints),
    case("toasts", &[(60, 4), (20, 2)], toasts),
    case("modal", &[(60, 10), (20, 4)], modal),
    case("dialog", &[(60, 12), (30, 9), (60, 5)], dialog),
    case("form", &[(60, 10), (60, 4), (30, 6)], form),
    Case { foreign: &["ü"], ..case("input", &[(40, 1), (12, 1)], input) },
    case("sparkline", &[(30, 1), (10, 1)], sparkline),
    case("strip", &[(20, 1), (4, 1)], history),
    Case { foreign: &["日", "本", "語"], ..case("text", &[(60, 8), (24, 8)], text) },
    Case { foreign: &["日", "本", "語"], ..case("text-wrapped", &[(24, 12)], text_wrapped) },
    case("chart", &[(80, 16), (40, 8), (20, 3)], chart),
    case("chart-empty", &[(40, 5)], chart_empty),
];

fn dialog(look: &Look, area: Rect, buf: &mut Buffer) {
    let body: Vec<text::Line<'_>> = [
        ("target   workload api-7f9c", Role::Title),
        ("sends    POST http://docker.example/v1.41/containers/api-7f9c/restart?t=10", Role::Accent),
        ("undo     cannot be undone from here", Role::Warning),
        ("one more line", Role::Text),
    ]
    .into_iter()
    .map(|(line, role)| text::Line::new(line, role))
    .collect();
    let foot = [text::Line::new(" y Restart  any other key cancels", Role::Accent)];
    let title = vec![Piece::new("Restart", Role::Title), Piece::new(" disruptive", Role::Warning)];
    let dialog = Dialog { look, title, note: "prod", body: &body, top: Top::default(), foot: &foot, columns: 50 };
    (&dialog).render(area, buf);
}

fn form(look: &Look, area: Rect, buf: &mut Buffer) {
    let field = |name: &'static str, value, help: &'static str, error: Option<&'static str>| form::Field {
        name: name.into(),
        required: name == "Matchers",
        value,
        help: help.into(),
        error: error.map(Into::into),
    };
    let fields = [
        field("Matchers", Value::Typed("alertname=\"QueueLag\"".into(), 9), "all must hold", None),
        field("For", Value::Typed("tomorrow".into(), 0), "30m, 2h, 1d", Some("For must be a number")),
        field("Only failed", Value::Switch(true), "", None),
        field("Branch", Value::Choice("main".into(), 0, 3), "", None),
    ];
    (&Form { look, fields: &fields, at: 0 }).render(area, buf);
}

fn at(seconds: i64) -> Timestamp {
    // 2026-11-27T03:00:00Z
    Timestamp::from_ms(1_795_748_400_000 + seconds * 1000)
}

fn row(place: usize) -> Row<'static> {
    let names = ["api-7f9c", "orders-db", "日本語-worker", "caf\u{e9}-frontend-with-a-long-name", "über"];
    let states = [State::Ok, State::Failed, State::Warning, State::Running, State::Unknown];
    let state = states[place % 5];
    let look = Look::default();
    Row {
        cells: vec![
            Cell::new(look.glyphs.state(state), triops::ui::theme::role_of(state)),
            Cell::new(format!("{}m", place * 7 % 60), Role::Muted),
            Cell::text(names[place % 5]),
            Cell::text(if place == 1 { "p99 > 1 s & rising" } else { "2 restarts, OOMKilled" }),
            Cell::text(format!("{}.{:02}", place % 4, place * 13 % 100)),
            Cell(strip(&[Some(State::Ok), Some(state), None], 3, &look)),
        ],
        marked: place == 3,
        stale: place == 2,
    }
}

fn columns() -> [Column; 6] {
    [
        Column::new("", Width::Fixed(1)).unsortable(),
        Column::new("AGE", Width::Fixed(4)).right(),
        Column::new("NAME", Width::Min(12)),
        Column::new("WHY", Width::Share { min: 16, weight: 2 }).fold(1),
        Column::new("CPU", Width::Fixed(6)).right().fold(2),
        Column::new("RUNS", Width::Fixed(5)).unsortable().fold(3),
    ]
}

fn ascii_row(place: usize, look: &Look) -> Row<'static> {
    let mut row = row(place);
    if look.glyphs == triops::ui::Glyphs::Ascii {
        let state = [State::Ok, State::Failed, State::Warning, State::Running, State::Unknown][place % 5];
        row.cells[0] = Cell::new(look.glyphs.state(state), triops::ui::theme::role_of(state));
        row.cells[5] = Cell(strip(&[Some(State::Ok), Some(state), None], 3, look));
    }
    row
}

fn table(look: &Look, area: Rect, buf: &mut Buffer) {
    let columns = columns();
    let table = Table {
        look,
        frame: Some(Frame::new(look, "Workloads 20/340").right("by age").focused(true)),
        columns: &columns,
        header: true,
        rows: 20,
        row: &|place| ascii_row(place, look),
        offset: 0,
        selected: Some(1),
        focused: true,
        sort: Some(Sort { column: 1, descending: true }),
        empty: "",
    };
    (&table).render(area, buf);
}

fn table_empty(look: &Look, area: Rect, buf: &mut Buffer) {
    let columns = columns();
    let table = Table {
        look,
        frame: None,
        columns: &columns,
        header: true,
        rows: 0,
        row: &|_| Row::default(),
        offset: 0,
        selected: None,
        focused: false,
        sort: None,
        empty: "0 firing; all 7 sources answered\noldest 3s ago",
    };
    (&table).render(area, buf);
}

fn sections(look: &Look, area: Rect, buf: &mut Buffer) {
    let titles = [("Needs you (6)", "worst first"), ("Before it broke", ""), ("Reaches", "")];
    for (place, section) in stack(area, &[4, 3, 1], 0).into_iter().enumerate() {
        let Some((rect, part)) = section else { continue };
        let (title, right) = titles[place];
        let frame = Frame::new(look, title).right(right).focused(place == 1).part(part);
        (&frame).render(rect, buf);
        let inner = frame.inner(rect).intersection(buf.area);
        draw::put(buf, inner.x, inner.y, inner.width, &format!("inside {title}"), look.style(Role::Text));
    }
}

fn header(look: &Look, area: Rect, buf: &mut Buffer) {
    let header = Header {
        look,
        env: Some("prod".into()),
        prod: true,
        note: "2 contexts".into(),
        answering: 6,
        sources: 7,
        oldest_s: Some(4.2),
        now: at(765),
        frozen: true,
        read_only: true,
        dry_run: false,
    };
    (&header).render(area, buf);
}

fn header_quiet(look: &Look, area: Rect, buf: &mut Buffer) {
    let header = Header {
        look,
        env: Some("staging".into()),
        prod: false,
        note: "2 contexts".into(),
        answering: 7,
        sources: 7,
        oldest_s: Some(4.2),
        now: at(765),
        frozen: false,
        read_only: false,
        dry_run: false,
    };
    (&header).render(area, buf);
}

fn tabs(look: &Look, area: Rect, buf: &mut Buffer) {
    let titles =
        [("Triage", 6), ("Alerts", 3), ("Pipelines", 1), ("Workloads", 1), ("Models", 1), ("Data", 1), ("Changes", 0), ("Sources", 0)];
    let tabs: Vec<Tab<'_>> = titles
        .iter()
        .enumerate()
        .map(|(place, (title, count))| Tab {
            key: (place + 1).to_string().into(),
            title: (*title).into(),
            count: (*count > 0).then(|| Piece::new(count.to_string(), Role::Failed)),
        })
        .collect();
    (&Tabs { look, tabs: &tabs, open: 3 }).render(area, buf);
}

fn hints(look: &Look, area: Rect, buf: &mut Buffer) {
    let hints =
        [("enter", "detail"), ("l", "logs"), ("a", "ack"), ("w", "what changed"), ("g", "graph"), ("m", "actions"), ("/", "filter")];
    let hints: Vec<Hint<'_>> = hints.iter().map(|(key, word)| Hint::new(*key, *word)).collect();
    (&Hints { look, hints: &hints, last: Some(&Hint::new("?", "help")) }).render(area, buf);
}

fn toasts(look: &Look, area: Rect, buf: &mut Buffer) {
    let good = Notice { good: true, text: "copied the address of api-7f9c".into() };
    let bad = Notice { good: false, text: "prod-metrics: 503 Service Unavailable".into() };
    (&Toasts { look, notices: &[&good, &bad] }).render(area, buf);
}

fn modal(look: &Look, area: Rect, buf: &mut Buffer) {
    let inside = area.intersection(buf.area);
    for y in inside.top()..inside.bottom() {
        draw::put(buf, inside.x, y, inside.width, &"behind ".repeat(80), Style::default());
    }
    (&Modal { frame: Frame::new(look, "Silence").focused(true), columns: 30, rows: 3 }).render(area, buf);
}

fn input(look: &Look, area: Rect, buf: &mut Buffer) {
    (&Input { look, prompt: "/", text: "env=prod ~für !ok", cursor: 12, placeholder: "filter" }).render(area, buf);
}

fn wave(n: usize) -> Vec<Option<f64>> {
    (0..n).map(|i| (i % 11 != 7).then(|| (i as f64 / 3.0).sin().abs() * 10.0)).collect()
}

fn sparkline(look: &Look, area: Rect, buf: &mut Buffer) {
    (&Sparkline { look, values: &wave(24), range: None, role: Role::Graph }).render(area, buf);
}

const HISTORY: [State; 7] = [State::Ok, State::Ok, State::Failed, State::Ok, State::Cancelled, State::Warning, State::Running];

fn history(look: &Look, area: Rect, buf: &mut Buffer) {
    let states: Vec<_> = HISTORY.iter().map(|state| Some(*state)).chain([None, Some(State::Pending), Some(State::Unknown)]).collect();
    (&Strip { look, states: &states }).render(area, buf);
}

fn log<'a>(place: usize) -> text::Line<'a> {
    let lines = [
        ("03:12:45.250 INFO  started in 41 ms", Role::Text),
        ("03:12:46.001 ERROR connection refused: orders-db:5432 (attempt 3 of 5, next in 2 s)", Role::Failed),
        ("\tat pool.connect (pool.rs:41)", Role::Muted),
        ("03:12:47.100 INFO  日本語 日本語 日本語 日本語 日本語 日本語 日本語", Role::Text),
        ("", Role::Text),
    ];
    let (text, role) = lines[place % 5];
    let mut line = text::Line::new(text, role);
    line.hits = text.match_indices("connect").map(|(at, hit)| at..at + hit.len()).collect();
    line
}

fn text(look: &Look, area: Rect, buf: &mut Buffer) {
    (&TextView { look, lines: 40, line: &log, top: Top { line: 0, row: 0 }, left: 6, wrap: Wrap::Off, current: Some(2) }).render(area, buf);
}

fn text_wrapped(look: &Look, area: Rect, buf: &mut Buffer) {
    (&TextView { look, lines: 40, line: &log, top: Top { line: 1, row: 1 }, left: 0, wrap: Wrap::Words, current: Some(1) })
        .render(area, buf);
}

fn points(shift: f64) -> Vec<Point> {
    let value = |i: i64| if i == 50 { f64::NAN } else { 0.8 + (i as f64 / 9.0 + shift).sin() * 0.6 };
    (0..120).filter(|i| !(70..85).contains(i)).map(|i| Point { at: at(i * 30), value: value(i) }).collect()
}

fn chart(look: &Look, area: Rect, buf: &mut Buffer) {
    let (first, second) = (points(0.0), points(2.0));
    let lines = [
        chart::Line { name: "p99".into(), points: &first, role: chart::role(0) },
        chart::Line { name: "p50".into(), points: &second, role: chart::role(1) },
    ];
    let thresholds = [Threshold { value: 1.0, role: Role::Failed }];
    let chart =
        Chart { look, lines: &lines, unit: "s", from: at(0), to: at(3600), thresholds: &thresholds, cursor: Some(at(900)), empty: "" };
    (&chart).render(area, buf);
}

fn chart_empty(look: &Look, area: Rect, buf: &mut Buffer) {
    let chart =
        Chart { look, lines: &[], unit: "", from: at(0), to: at(3600), thresholds: &[], cursor: None, empty: "no points in this window" };
    (&chart).render(area, buf);
}
