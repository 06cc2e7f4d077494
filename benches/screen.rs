//! How fast the application thinks and draws with 10,000 entities: merging a batch, one message with its frame, one key with its frame.
//! Prints a table of times beside what is wanted; `cargo bench --bench screen`. Nothing here passes or fails.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table and ends where it cannot measure")]
#![allow(clippy::cast_possible_wrap, reason = "rounds are counted in hundreds")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use triops::app::{self, Model, Settings};
use triops::config::Keymap;
use triops::domain::{
    Alert, Batch, Change, Check, Cost, Detail, Entity, Eye, Kind, Link, LinkTarget, PollId, PollInfo, Run, Scope, SourceInfo, SourceName,
    State, Text, Timestamp, Workload,
};
use triops::msg::{Fetched, Msg};
use triops::ui::Look;

const ENTITIES: usize = 10_000;
const ROUNDS: usize = 300;
const NOW_MS: i64 = 1_795_749_165_000;

fn main() {
    let source = SourceName::from("bench");
    let batches: Vec<Batch> = (0..8).map(|round| batch(&source, round)).collect();

    let mut merges = Vec::new();
    let mut model = model(&source);
    for round in 0..ROUNDS / 10 {
        let msg = fetched(&source, batches[round % batches.len()].clone(), round);
        let start = Instant::now();
        app::update(&mut model, msg);
        merges.push(start.elapsed());
    }
    report("merge a batch of 10,000 entities", 10.0, &mut merges);

    let mut terminal = Terminal::new(TestBackend::new(200, 50)).expect("a test terminal");
    terminal.draw(|frame| app::draw(&mut model, frame)).expect("drawn");
    for (what, keys) in [
        ("key j and its frame, Triage 200×50", "j k"),
        ("tab change and its frame, 200×50", "2 4 3 1"),
        ("sort and its frame, 200×50", "> > > <"),
    ] {
        let keys: Vec<_> = keys.split(' ').map(|key| key.parse().expect("a key")).collect();
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let start = Instant::now();
            app::update(&mut model, Msg::Pressed(keys[round % keys.len()]));
            terminal.draw(|frame| app::draw(&mut model, frame)).expect("drawn");
            times.push(start.elapsed());
        }
        report(what, 4.0, &mut times);
    }

    app::update(&mut model, Msg::Pressed("1".parse().expect("a key")));
    let mut ticks = Vec::new();
    for round in 0..ROUNDS {
        let start = Instant::now();
        app::update(&mut model, Msg::Ticked(Timestamp::from_ms(NOW_MS + round as i64 * 1000)));
        terminal.draw(|frame| app::draw(&mut model, frame)).expect("drawn");
        ticks.push(start.elapsed());
    }
    report("tick and its frame, full Triage 200×50", 4.0, &mut ticks);

    let mut events = Vec::new();
    for round in 0..ROUNDS {
        let entities = vec![entity(&source, round % ENTITIES, round)];
        let msg = fetched(&source, Batch { entities, scope: Scope::Part, ..Batch::default() }, round);
        let start = Instant::now();
        app::update(&mut model, msg);
        terminal.draw(|frame| app::draw(&mut model, frame)).expect("drawn");
        events.push(start.elapsed());
    }
    report("one event among 10,000 and its frame, Triage 200×50", 4.0, &mut events);
}

/// `wanted`: milliseconds that the 99th of a hundred may take.
fn report(what: &str, wanted: f64, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let (median, p99, most) = (at(0.5), at(0.99), at(1.0));
    println!("{what:<54} median {median:>7.3} ms   p99 {p99:>7.3} ms (≤{wanted})   max {most:>7.3} ms");
}

fn model(source: &SourceName) -> Model {
    let mut model = Model::new(Settings { keymap: Keymap::embedded(), look: Look::default(), utc: true, mouse: false, read_only: false });
    let info = SourceInfo {
        name: source.clone(),
        connector: Text::from("prometheus"),
        title: Text::from("Prometheus"),
        url: Text::from("http://bench.example"),
        env: None,
        eye: Eye::DevOps,
        read_only: false,
        polls: vec![PollInfo { id: PollId::from("all"), every_s: 15.0, kinds: Kind::ALL.to_vec(), numbers: false }],
        logs: Vec::new(),
        readings: Vec::new(),
        discovered: false,
    };
    app::update(&mut model, Msg::Ticked(Timestamp::from_ms(NOW_MS)));
    app::update(&mut model, Msg::Configured(vec![Arc::new(info)]));
    model
}

fn fetched(source: &SourceName, batch: Batch, round: usize) -> Msg {
    let at = Timestamp::from_ms(NOW_MS + round as i64 * 1000);
    Msg::Fetched(Box::new(Fetched {
        source: source.clone(),
        poll: PollId::from("all"),
        at,
        latency_ms: 10,
        next_at: at.plus(15.0),
        spent: Cost::default(),
        outcome: Ok(black_box(batch)),
    }))
}

fn batch(source: &SourceName, round: usize) -> Batch {
    Batch { entities: (0..ENTITIES).map(|n| entity(source, n, round)).collect(), scope: Scope::Whole, ..Batch::default() }
}

/// Every fifth of them of another kind; a tenth is in trouble, and another tenth in each round.
fn entity(source: &SourceName, n: usize, round: usize) -> Entity {
    let at = Timestamp::from_ms(NOW_MS - (n as i64 * 7919) % 7_200_000);
    let detail: Detail = match n % 5 {
        0 => Alert { severity: Some(Text::from("critical")), value: Some(n as f64), ..Alert::default() }.into(),
        1 => Workload { cpu_cores: Some(n as f64 / 1e4), memory_bytes: Some(n as u64 * 1000), restarts: Some(0), ..Workload::default() }
            .into(),
        2 => Run {
            pipeline: Some(Text::from(format!("p{}", n % 97))),
            started_at: Some(at),
            ended_at: Some(at.plus(60.0)),
            ..Run::default()
        }
        .into(),
        3 => Check { test: Some(Text::from("volume")), observed: Some(Text::from("12")), ..Check::default() }.into(),
        _ => Change { what: Some(Text::from("api")), at: Some(at), ..Change::default() }.into(),
    };
    let state = if (n + round).is_multiple_of(10) { State::Failed } else { State::Ok };
    let mut entity = Entity::new(source, &format!("key-{n}"), &format!("service-{}-{n}", n % 211), state, detail, at);
    entity.reason = Some(Text::from("p99 2.4 s is above 1 s for 5 minutes"));
    entity.since = Some(at);
    for label in ["team", "service", "instance"] {
        entity.labels.insert(Text::from(label), Text::from(format!("{label}-{}", n % 53)));
    }
    entity.links.push(Link {
        rel: Text::from("pipeline"),
        to: LinkTarget::Id(triops::domain::EntityId::new(source, Kind::Run, &format!("key-{}", (n * 5 + 2) % ENTITIES))),
    });
    entity
}
