//! The views over the tabs: detail of every kind, JSON, logs, charts, boxes and words to the person, each in the states it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use serde_json::json;
use triops::app::Model;
use triops::domain::{
    Answer, Ask, Batch, Cost, Entity, Eye, Failure, FailureKind, LogLine, LogPart, LogStream, Point, PollId, PollInfo, Rules, Scope,
    Series, SourceInfo, SourceName, State, Step, Text,
};
use triops::msg::{Effect, Fetched, LogView, Msg, Notice};
use triops::ui::Glyphs;
use triops::ui::color::ColorDepth;

use crate::sheet::{Of, sheet, strange};
use crate::world::{Night, ago, draw, model, model_with, now, press, send, settings};

/// A view: what is pressed to come there, and what the runtime then tells.
struct View {
    name: &'static str,
    night: Night,
    keys: &'static str,
    told: fn(&mut Model, &[Effect]),
}

const fn view(name: &'static str, keys: &'static str, told: fn(&mut Model, &[Effect])) -> View {
    View { name, night: Night::Full, keys, told }
}

fn nothing(_: &mut Model, _: &[Effect]) {}

/// The screen of a view.
fn drawn(view: &View, mut model: Model, size: (u16, u16)) -> Buffer {
    more_kinds(&mut model, view.night);
    draw(&mut model, size);
    let effects = press(&mut model, view.keys);
    draw(&mut model, size);
    (view.told)(&mut model, &effects);
    draw(&mut model, size)
}

fn show(views: &[View]) {
    for view in views {
        let mut pages = String::new();
        for (size, of) in [((80, 24), Of::Symbols), ((120, 40), Of::SymbolsAndStyles)] {
            pages.push_str(&sheet(&drawn(view, model(view.night), size), of));
        }
        let ascii = model_with(view.night, settings("mono", ColorDepth::None, Glyphs::Ascii));
        assert_eq!(strange(&drawn(view, ascii, (120, 40))), Vec::<String>::new(), "{} on a terminal without Unicode", view.name);
        insta::assert_snapshot!(format!("view-{}", view.name), pages);
    }
}

/// Presses keys before something is told, or after.
fn then(model: &mut Model, keys: &str) -> Vec<Effect> {
    draw(model, (120, 40));
    press(model, keys)
}

#[test]
fn detail_of_each_kind_shows_what_is_known() {
    show(&[
        view("detail-alert", "2 enter", nothing),
        view("detail-alert-history", "2 enter", |model, effects| answer(model, effects, Ok(Answer::Series(firings())))),
        view("detail-alert-muted", "2 j enter", nothing),
        view("detail-pipeline", "3 enter", nothing),
        view("detail-run-asking", "3 tab j enter", nothing),
        view("detail-run", "3 tab j enter", |model, effects| answer(model, effects, Ok(Answer::Steps(steps())))),
        view("detail-run-failed", "3 tab j enter", |model, effects| answer(model, effects, Err(refused()))),
        view("detail-workload", "4 enter", nothing),
        view("detail-host", "4 tab enter", nothing),
        view("detail-model", "5 enter", nothing),
        view("detail-endpoint", "5 tab tab enter", nothing),
        view("detail-dataset", "6 enter", nothing),
        view("detail-check", "6 tab enter", nothing),
        view("detail-change", "7 enter", nothing),
        view("detail-stack", "7 tab enter", nothing),
        view("detail-source", "8 enter", nothing),
        View { night: Night::Stale, ..view("detail-source-stale", "8 enter", nothing) },
        View { night: Night::Failed, ..view("detail-source-failed", "8 enter", nothing) },
        View { night: Night::Stale, ..view("detail-alert-stale", "2 enter", nothing) },
        view("detail-gone", "4 tab enter", |model, _| told(model, "puppet", Ok(Vec::new()))),
        view("detail-search", "2 enter", |model, _| {
            then(model, "/ r e f");
        }),
    ]);
}

#[test]
fn json_of_an_entity_shows_what_we_know_and_what_the_system_says() {
    show(&[
        view("raw-alert", "2 y", nothing),
        view("raw-run", "3 tab j y", |model, effects| {
            answer(model, effects, Ok(Answer::Raw(Text::from("{\n  \"dag_run_id\": \"#418\",\n  \"state\": \"failed\"\n}"))));
            then(model, "G");
        }),
        view("raw-run-failed", "3 tab j y", |model, effects| {
            answer(model, effects, Err(refused()));
            then(model, "G");
        }),
    ]);
}

#[test]
fn a_log_shows_its_lines_or_why_there_are_none() {
    show(&[
        view("logs-waiting", "4 l", nothing),
        view("logs-full", "4 l", |model, _| logged(model, Ok(part(false)))),
        view("logs-plain", "4 l", |model, _| {
            logged(model, Ok(part(false)));
            then(model, "t w");
        }),
        view("logs-search", "4 l", |model, _| {
            logged(model, Ok(part(false)));
            then(model, "/ r e f u s e d enter");
        }),
        view("logs-search-none", "4 l", |model, _| {
            logged(model, Ok(part(false)));
            then(model, "/ x y z enter n");
        }),
        view("logs-ended", "4 l", |model, _| logged(model, Ok(part(true)))),
        view("logs-empty", "4 l", |model, _| logged(model, Ok(LogPart { ended: true, ..LogPart::default() }))),
        view("logs-failed", "4 l", |model, _| logged(model, Err(refused()))),
        view("logs-broken-off", "4 l", |model, _| {
            logged(model, Ok(LogPart { lines: lines(5), ..LogPart::default() }));
            logged(model, Err(refused()));
        }),
        view("logs-scrolled", "4 l", |model, _| {
            logged(model, Ok(LogPart { lines: lines(500), ..LogPart::default() }));
            then(model, "pageup k");
        }),
    ]);
}

#[test]
fn a_chart_shows_its_lines_or_why_there_are_none() {
    show(&[
        view("chart-asking", "2 v", nothing),
        view("chart-full", "2 v", |model, effects| answer(model, effects, Ok(Answer::Series(series())))),
        view("chart-cursor", "2 v", |model, effects| {
            answer(model, effects, Ok(Answer::Series(series())));
            then(model, "left left left left left left left left left left left left left left left left n");
        }),
        view("chart-empty", "2 v", |model, effects| answer(model, effects, Ok(Answer::Series(Vec::new())))),
        view("chart-failed", "2 v", |model, effects| answer(model, effects, Err(refused()))),
        view("chart-own", "4 v", |model, effects| {
            answer(model, effects, Err(Failure::new(FailureKind::Unsupported, "history", "no such thing")));
        }),
    ]);
}

#[test]
fn boxes_lie_over_the_screen() {
    show(&[
        view("help", "?", nothing),
        view("help-end", "?", |model, _| {
            then(model, "G");
        }),
        view("help-logs", "4 l ?", nothing),
        view("palette", ":", nothing),
        view("palette-action", ": l o", nothing),
        view("palette-entity", ": r e f u n d", nothing),
        view("palette-nothing", ": q q q q", nothing),
        view("filter-asking", "/", nothing),
        view("filter", "/ a p i", nothing),
        view("filter-none", "2 / x y z", nothing),
        view("filter-kept", "2 / s t a t e = f a i l e d enter", nothing),
        view("search-asking", "4 l /", nothing),
    ]);
}

#[test]
fn the_table_shows_its_order_and_its_marks() {
    show(&[view("marks", "2 space space", nothing), view("sorted", "3 tab > > >", nothing), view("sorted-inverted", "4 > > > I", nothing)]);
}

#[test]
fn words_to_the_person_stand_above_the_hints() {
    show(&[
        view("toast-good", "2", |model, _| {
            send(model, Msg::Noted(Notice { good: true, text: "512 characters sent to the terminal's clipboard".to_owned() }));
        }),
        view("toast-bad", "2", |model, _| {
            send(model, Msg::Noted(Notice { good: false, text: "not saved in /var/lib/triops/saved: No space left on device".to_owned() }));
        }),
        view("toast-refused", "2 l", nothing),
        view("toast-pasted", "2", |model, _| {
            send(model, Msg::Pasted("rm -rf".to_owned()));
        }),
        view("frozen", "2 ctrl-f", nothing),
        View {
            night: Night::Empty,
            ..view("nothing-found", "1", |model, _| {
                send(model, Msg::Discovered { missing: vec!["Docker at /var/run/docker.sock".to_owned()] });
            })
        },
        View {
            night: Night::Empty,
            ..view("misconfigured", "8", |model, _| {
                let failure = Failure::new(FailureKind::Config, "make source prom", "there is no connector `prometeus`");
                send(model, Msg::Misconfigured { source: SourceName::from("prom"), failure: failure.hint("`triops sources` lists them") });
            })
        },
    ]);
}

#[test]
fn a_cockpit_that_may_change_nothing_says_so() {
    let read_only = triops::app::Settings {
        rules: Rules { read_only: true, ..Rules::default() },
        ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode)
    };
    let mut model = model_with(Night::Quiet, read_only);
    insta::assert_snapshot!("view-read-only", sheet(&draw(&mut model, (80, 24)), Of::SymbolsAndStyles));
}

// What the runtime tells.

fn refused() -> Failure {
    Failure::new(FailureKind::Denied, "GET http://airflow.example:8080/api/v2", "403 Forbidden").hint("may this user read it?")
}

/// Answers what was asked.
#[expect(clippy::needless_pass_by_value, reason = "written where it is made")]
fn answer(model: &mut Model, effects: &[Effect], outcome: Result<Answer, Failure>) {
    let asks: Vec<Ask> = effects.iter().filter_map(|effect| if let Effect::Ask(ask) = effect { Some(ask.clone()) } else { None }).collect();
    assert!(!asks.is_empty(), "nothing was asked: {effects:?}");
    for ask in asks {
        let fits = matches!(
            (&ask, &outcome),
            (_, Err(_))
                | (Ask::Steps { .. }, Ok(Answer::Steps(_)))
                | (Ask::Raw { .. }, Ok(Answer::Raw(_)))
                | (Ask::History { .. } | Ask::Range { .. }, Ok(Answer::Series(_)))
        );
        if fits {
            send(model, Msg::Answered { ask, outcome: outcome.clone() });
        }
    }
}

fn logged(model: &mut Model, outcome: Result<LogPart, Failure>) {
    send(model, Msg::Logged { view: LogView(1), outcome });
}

fn line(before_s: i64, stream: LogStream, level: Option<&str>, text: &str) -> LogLine {
    LogLine { at: Some(ago(before_s)), stream, level: level.map(Text::from), text: Text::from(text) }
}

fn lines(count: i64) -> Vec<LogLine> {
    (0..count).map(|n| line(count - n, LogStream::Out, None, &format!("GET /refunds/{n} 200 in {} ms", 10 + n % 7))).collect()
}

fn part(ended: bool) -> LogPart {
    use LogStream as S;
    let lines = vec![
        LogLine { at: None, stream: S::System, level: None, text: Text::from("container api-7f9c started") },
        line(60, S::Out, Some("info"), "listening on 0.0.0.0:8080"),
        line(50, S::Out, Some("warning"), "pool is full: 20 of 20 connections"),
        line(40, S::Out, Some("error"), "connection refused: orders-db:5432"),
        line(40, S::Err, None, "Traceback (most recent call last):"),
        line(40, S::Err, None, "\tFile \"pool.py\", line 41, in connect"),
        line(
            30,
            S::Out,
            None,
            "日本語 のログ, следующая строка, and a line that is longer than most screens are wide: retrying in 2 s, attempt 3 of 5, last error was: connection refused, giving up after that",
        ),
        line(20, S::Out, Some("error"), "connection refused: orders-db:5432"),
        line(10, S::Out, None, "exit 137"),
    ];
    LogPart { lines, from_start: true, ended }
}

fn steps() -> Vec<Step> {
    let step = |key: &str, state: State, reason: &str, from: Option<i64>, to: Option<i64>, attempt: u32| Step {
        key: Text::from(key),
        name: Text::from(key),
        state,
        reason: Some(Text::from(reason)),
        started_at: from.map(ago),
        ended_at: to.map(ago),
        attempt: Some(attempt),
        after: Vec::new(),
    };
    vec![
        step("extract", State::Ok, "success", Some(1500), Some(1462), 1),
        step("validate_the_schema_of_orders", State::Ok, "success", Some(1461), Some(1460), 1),
        step("load", State::Failed, "failed", Some(1459), Some(1400), 3),
        step("publish", State::Failed, "upstream_failed", None, None, 0),
    ]
}

fn series() -> Vec<Series> {
    let line = |quantile: &str, height: f64| Series {
        reading: Text::from("refund latency"),
        labels: BTreeMap::from([(Text::from("quantile"), Text::from(quantile))]),
        unit: Text::from("s"),
        points: (0..240)
            .filter(|n| !(100..130).contains(n))
            .map(|n| Point { at: ago(3600 - n * 15), value: height * (1.2 + (n as f64 / 20.0).sin()) })
            .collect(),
    };
    vec![line("0.5", 0.4), line("0.99", 1.1)]
}

/// Two firings: an hour ago for ten minutes, and now.
fn firings() -> Vec<Series> {
    let firing = |from: i64, to: i64| (0..=(from - to) / 300).map(move |n| Point { at: ago(from - n * 300), value: 1.0 });
    let labels = BTreeMap::from([(Text::from("alertstate"), Text::from("firing"))]);
    vec![Series { labels, points: firing(4200, 3600).chain(firing(600, 0)).collect(), ..Series::default() }]
}

/// A source more, with the kinds that the night has none of.
fn more_kinds(model: &mut Model, night: Night) {
    if night != Night::Full {
        return;
    }
    let info = SourceInfo {
        name: SourceName::from("puppet"),
        connector: Text::from("puppetdb"),
        title: Text::from("PuppetDB"),
        url: Text::from("http://puppet.example:8080"),
        env: Some(Text::from("prod")),
        eye: Eye::DevOps,
        read_only: false,
        polls: vec![PollInfo { id: PollId::from("all"), every_s: 60.0, kinds: Vec::new(), numbers: false }],
        logs: Vec::new(),
        readings: Vec::new(),
        discovered: false,
    };
    send(model, Msg::Configured(vec![Arc::new(info)]));
    let entity = |kind: &str, key: &str, state: &str, reason: &str, detail: serde_json::Value| -> Entity {
        serde_json::from_value(json!({
            "id": format!("puppet/{kind}/{key}"), "name": key, "state": state, "reason": reason, "since": ago(7_200), "seen_at": ago(3),
            "eye": "devops", "env": "prod", "labels": {}, "kind": kind, "detail": detail,
        }))
        .unwrap()
    };
    let entities = vec![
        entity(
            "host",
            "db-1.example",
            "warning",
            "changed: 3 resources",
            json!({"last_report_at": ago(600), "changed": 3, "failed": 0, "drifted": true}),
        ),
        entity(
            "stack",
            "network/prod",
            "warning",
            "2 of 41 resources drifted",
            json!({"resources": 41, "drifted": 2, "last_apply_at": ago(86_400)}),
        ),
    ];
    told(model, "puppet", Ok(entities));
}

fn told(model: &mut Model, source: &str, outcome: Result<Vec<Entity>, Failure>) {
    let outcome = outcome.map(|entities| Batch { entities, scope: Scope::Whole, ..Batch::default() });
    send(
        model,
        Msg::Fetched(Box::new(Fetched {
            source: SourceName::from(source),
            poll: PollId::from("all"),
            at: ago(2),
            latency_ms: 42,
            next_at: now().plus(58.0),
            spent: Cost { requests: 1, bytes: 1_000 },
            outcome,
        })),
    );
}
