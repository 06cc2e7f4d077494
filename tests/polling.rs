//! Sources are asked beside one another: a hanging, failing, panicking or chatty one costs the others nothing.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use ratatui::backend::TestBackend;
use tokio::sync::mpsc;
use triops::domain::{
    Answer, Ask, Batch, Cost, Detail, Entity, Eye, Failure, FailureKind, Kind, LogLine, LogPart, LogRequest, LogStream, PollId, PollInfo,
    Rules, SourceInfo, SourceName, State, Text, Timestamp,
};
use triops::msg::{Effect, Fetched, LogView, Msg};
use triops::runtime::act::Gate;
use triops::runtime::audit::Audit;
use triops::runtime::clock::Clock;
use triops::runtime::effects::{COPY_MAX, Effects, Wanted};
use triops::runtime::env::Env;
use triops::runtime::listen::EVENTS;
use triops::runtime::poll::{self, Bounds, Wishes};
use triops::runtime::signals::Signals;
use triops::runtime::{App, Arrival, Ending, Inlets, Options, run};
use triops::source::{Flow, Pending, Probe, Source};

/// How the source under test behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Good,
    Hangs,
    Panics,
    Fails,
    /// Tells one event, then closes the stream.
    TellsOnce,
    /// Its log has three lines and ends without saying so.
    Logs,
}

struct Fake {
    info: Arc<SourceInfo>,
    manner: Manner,
    flying: AtomicUsize,
    most: AtomicUsize,
    asked: AtomicUsize,
    streams: AtomicUsize,
}

impl Fake {
    fn new(name: &str, manner: Manner, every_s: f64) -> Arc<Self> {
        let info = SourceInfo {
            name: SourceName::from(name),
            connector: Text::from("fake"),
            title: Text::from("Fake"),
            url: Text::default(),
            env: None,
            eye: Eye::default(),
            read_only: false,
            polls: vec![PollInfo { id: PollId::from("alerts"), every_s, kinds: vec![Kind::Alert], numbers: false }],
            logs: Vec::new(),
            readings: vec![Text::from("latency")],
            discovered: false,
        };
        let zero = AtomicUsize::default;
        Arc::new(Self { info: Arc::new(info), manner, flying: zero(), most: zero(), asked: zero(), streams: zero() })
    }
}

impl Source for Fake {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, _: &'a PollId, _: Timestamp) -> Pending<'a, Batch> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.most.fetch_max(self.flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            match self.manner {
                Manner::Hangs => pending().await,
                Manner::Panics => panic!("index out of bounds"),
                _ => {}
            }
            self.flying.fetch_sub(1, Ordering::SeqCst);
            match self.manner {
                Manner::Fails => Err(Failure::new(FailureKind::Server, "GET /", "500")),
                _ => Ok(Batch::default()),
            }
        })
    }

    fn events(&self) -> Option<Flow<Batch>> {
        (self.manner == Manner::TellsOnce).then(|| {
            self.streams.fetch_add(1, Ordering::SeqCst);
            stream::once(async { Ok(Batch::default()) }).boxed()
        })
    }

    fn ask<'a>(&'a self, _: &'a Ask) -> Pending<'a, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            match self.manner {
                Manner::Panics => panic!("no such row"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            Ok(Answer::Series(Vec::new()))
        })
    }

    fn logs(&self, _: LogRequest) -> Flow<LogPart> {
        let line = |n: u32| LogLine { at: None, stream: LogStream::Out, level: None, text: Text::from(format!("line {n}")) };
        let part = move |n| Ok(LogPart { lines: vec![line(n)], from_start: n == 1, ended: false });
        match self.manner {
            Manner::Logs => stream::iter(1..=3).map(part).boxed(),
            Manner::Panics => panic!("no log"),
            _ => stream::repeat_with(move || part(0)).then(|part| async { part }).boxed(),
        }
    }

    fn probe(&self) -> Pending<'_, Probe> {
        Box::pin(async { Ok(Probe { product: "Fake".to_owned() }) })
    }

    fn spent(&self) -> Cost {
        Cost { requests: self.asked.load(Ordering::SeqCst) as u64, bytes: 0 }
    }
}

fn start(sources: &[Arc<Fake>], bounds: Bounds) -> (Wishes, mpsc::Receiver<Msg>) {
    let (out, messages) = mpsc::channel(64);
    let wishes = poll::start(out, Clock::new(|| Timestamp::from_ms(1_000_000)), bounds);
    wishes.add(sources.iter().cloned().map(|source| source as Arc<dyn Source>));
    (wishes, messages)
}

/// The next message for which `take` has an answer; fails after ten seconds.
async fn wait_for<T>(messages: &mut mpsc::Receiver<Msg>, take: impl Fn(&Msg) -> Option<T>) -> T {
    let found = async {
        loop {
            let msg = messages.recv().await.expect("the poller goes on");
            if let Some(taken) = take(&msg) {
                return taken;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found).await.expect("within ten seconds")
}

fn fetched_of(name: &'static str) -> impl Fn(&Msg) -> Option<Box<Fetched>> {
    move |msg| match msg {
        Msg::Fetched(fetched) if fetched.source.as_str() == name => Some(fetched.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_asked_again_and_again_while_others_hang_fail_and_panic() {
    let good = Fake::new("good", Manner::Good, 0.1);
    let mut sources = vec![good.clone(), Fake::new("panics", Manner::Panics, 0.1), Fake::new("fails", Manner::Fails, 0.1)];
    sources.extend((0..20).map(|n| Fake::new(&format!("hangs{n}"), Manner::Hangs, 0.1)));
    let (_wishes, mut messages) = start(&sources, Bounds::default());
    for round in 1..=5 {
        let fetched = wait_for(&mut messages, fetched_of("good")).await;
        assert_eq!((fetched.outcome.is_ok(), fetched.spent.requests), (true, round));
        assert!(fetched.latency_ms >= 5 && fetched.next_at > fetched.at);
    }
    assert_eq!(good.most.load(Ordering::SeqCst), 1);
    assert!(sources[3..].iter().all(|hangs| hangs.asked.load(Ordering::SeqCst) == 1), "a slow one was asked twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_source_is_that_sources_failure_and_it_is_asked_again() {
    let (_wishes, mut messages) = start(&[Fake::new("panics", Manner::Panics, 0.1)], Bounds::default());
    for _ in 0..2 {
        let failure = wait_for(&mut messages, fetched_of("panics")).await.outcome.expect_err("it panicked");
        assert!(failure.detail.contains("index out of bounds"), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_announced_before_it_comes_back_and_given_up_at_the_deadline() {
    let bounds = Bounds { deadline: Duration::from_millis(50), ..Bounds::default() };
    let (_wishes, mut messages) = start(&[Fake::new("hangs", Manner::Hangs, 60.0)], bounds);
    let first = messages.recv().await;
    assert!(matches!(first, Some(Msg::Asked { ref source, .. }) if source.as_str() == "hangs"), "{first:?}");
    let failure = wait_for(&mut messages, fetched_of("hangs")).await.outcome.expect_err("it hangs");
    assert_eq!(failure.kind, FailureKind::Timeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_asks_at_once_what_would_be_due_in_an_hour() {
    let (wishes, mut messages) = start(&[Fake::new("good", Manner::Good, 3600.0)], Bounds::default());
    wait_for(&mut messages, fetched_of("good")).await;
    wishes.refresh(Some(SourceName::from("good")));
    wait_for(&mut messages, fetched_of("good")).await;
    wishes.refresh(None);
    wait_for(&mut messages, fetched_of("good")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_found_later_is_polled_like_the_others() {
    let (wishes, mut messages) = start(&[], Bounds::default());
    wishes.add([Fake::new("late", Manner::Good, 60.0) as Arc<dyn Source>]);
    assert!(wait_for(&mut messages, fetched_of("late")).await.outcome.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_that_ends_is_opened_again() {
    let source = Fake::new("tells", Manner::TellsOnce, 3600.0);
    let (_wishes, mut messages) = start(std::slice::from_ref(&source), Bounds::default());
    let event = |msg: &Msg| matches!(msg, Msg::Fetched(fetched) if fetched.poll.as_str() == EVENTS).then_some(());
    wait_for(&mut messages, event).await;
    wait_for(&mut messages, event).await;
    assert!(source.streams.load(Ordering::SeqCst) >= 2);
    assert_eq!(source.asked.load(Ordering::SeqCst), 1, "a stream that dies at once does not hurry the polls");
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_ends_when_nobody_listens() {
    let source = Fake::new("good", Manner::Good, 0.1);
    let (_wishes, messages) = start(std::slice::from_ref(&source), Bounds::default());
    drop(messages);
    let gone = async {
        while Arc::strong_count(&source) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("the poller lets its sources go");
}

// Effects that reach a source.

fn effects(sources: &[Arc<Fake>], env: &[(&str, &str)]) -> (Effects, mpsc::Receiver<Msg>) {
    let (out, messages) = mpsc::channel(64);
    let mut effects =
        Effects::new(out, Wishes::default(), Env::of(env), Gate::new(Rules::default(), Audit::new(None, Clock::system())), None);
    effects.add(sources.iter().cloned().map(|source| source as Arc<dyn Source>).collect());
    (effects, messages)
}

fn entity(source: &str) -> Arc<Entity> {
    let source = SourceName::from(source);
    Entity::new(&source, "api", "api", State::Ok, Detail::empty(Kind::Workload), Timestamp::from_ms(0)).shared()
}

fn follow(view: u32, source: &str) -> Effect {
    let request = LogRequest { entity: entity(source), step: None, attempt: None, since: None, until: None, tail: 100, follow: true };
    Effect::Follow { view: LogView(view), request }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_in_flight_is_put_once_and_every_question_gets_an_answer() {
    let good = Fake::new("good", Manner::Good, 60.0);
    let (mut effects, mut messages) = effects(&[good.clone(), Fake::new("panics", Manner::Panics, 60.0)], &[]);
    let ask = Ask::Raw { entity: entity("good") };
    for _ in 0..3 {
        assert!(effects.run(Effect::Ask(ask.clone())).is_empty());
    }
    let answered = |msg: &Msg| match msg {
        Msg::Answered { outcome, .. } => Some(outcome.clone()),
        _ => None,
    };
    assert!(wait_for(&mut messages, answered).await.is_ok());
    assert_eq!(good.asked.load(Ordering::SeqCst), 1);
    effects.run(Effect::Ask(Ask::Raw { entity: entity("panics") }));
    assert!(wait_for(&mut messages, answered).await.is_err());
    let unknown = effects.run(Effect::Ask(Ask::Raw { entity: entity("nobody") }));
    assert!(matches!(&unknown[..], [Wanted::Tell(Msg::Answered { outcome: Err(_), .. })]), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_comes_in_order_and_says_that_it_ended() {
    let (mut effects, mut messages) = effects(&[Fake::new("logs", Manner::Logs, 60.0), Fake::new("panics", Manner::Panics, 60.0)], &[]);
    effects.run(follow(1, "logs"));
    let mut lines = Vec::new();
    let mut ended = false;
    while !ended {
        let part = wait_for(&mut messages, |msg| match msg {
            Msg::Logged { view: LogView(1), outcome: Ok(part) } => Some(part.clone()),
            _ => None,
        });
        let part = part.await;
        assert_eq!(part.from_start, lines.is_empty());
        lines.extend(part.lines.iter().map(|line| line.text.to_string()));
        ended = part.ended;
        if ended && part.lines.is_empty() {
            break;
        }
    }
    assert_eq!(lines, ["line 1", "line 2", "line 3"]);
    effects.run(follow(2, "panics"));
    wait_for(&mut messages, |msg| matches!(msg, Msg::Logged { view: LogView(2), outcome: Err(_) }).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_end_waits_for_the_reader_and_stops_when_it_is_closed() {
    let (mut effects, mut messages) = effects(&[Fake::new("chatty", Manner::Good, 60.0)], &[]);
    effects.run(follow(1, "chatty"));
    wait_for(&mut messages, |msg| matches!(msg, Msg::Logged { .. }).then_some(())).await;
    effects.run(Effect::Unfollow(LogView(1)));
    let drained = async {
        // What was sent before is still there; then there is silence.
        while tokio::time::timeout(Duration::from_millis(200), messages.recv()).await.is_ok() {}
    };
    tokio::time::timeout(Duration::from_secs(10), drained).await.expect("the log falls silent");
}

// Effects on the person's side.

#[test]
fn text_too_large_for_a_terminals_clipboard_is_refused_with_a_word() {
    let (mut effects, _messages) = effects(&[], &[]);
    let wanted = effects.run(Effect::Copy("x".repeat(COPY_MAX)));
    assert!(matches!(&wanted[..], [Wanted::Copy(_), Wanted::Tell(Msg::Noted(notice))] if notice.good), "sent and said");
    let wanted = effects.run(Effect::Copy("x".repeat(COPY_MAX + 1)));
    assert!(matches!(&wanted[..], [Wanted::Tell(Msg::Noted(notice))] if !notice.good && notice.text.contains("too large")));
}

#[test]
fn a_link_is_copied_where_there_is_no_desktop_and_only_web_pages_are_opened() {
    for env in [&[][..], &[("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22"), ("DISPLAY", "localhost:10.0")], &[("SSH_TTY", "/dev/pts/1")]] {
        let (mut effects, _messages) = effects(&[], env);
        let wanted = effects.run(Effect::Open("https://am.example/#/alerts".to_owned()));
        assert_eq!(wanted[0], Wanted::Copy("https://am.example/#/alerts".to_owned()), "{env:?}");
        assert!(matches!(&wanted[1], Wanted::Tell(Msg::Noted(notice)) if notice.text.contains("clipboard")));
        let wanted = effects.run(Effect::Open("file:///etc/passwd".to_owned()));
        assert!(matches!(&wanted[..], [Wanted::Tell(Msg::Noted(notice))] if !notice.good), "{wanted:?}");
    }
}

// The whole loop, without a terminal.

/// Notes what it is told; leaves when both sources have answered.
#[derive(Default)]
struct Notes {
    told: Vec<String>,
    answered: usize,
}

impl App for Notes {
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let word = match msg {
            Msg::Ticked(now) => format!("ticked {}", now.ms()),
            Msg::Resized(width, height) => format!("resized {width}×{height}"),
            Msg::Configured(infos) => format!("configured {}", infos.iter().map(|info| info.name.as_str()).collect::<Vec<_>>().join(" ")),
            Msg::Asked { source, poll } => format!("asked {source} {poll}"),
            Msg::Fetched(fetched) => {
                self.answered += 1;
                format!("fetched {} {}", fetched.source, fetched.outcome.is_ok())
            }
            _ => return Vec::new(),
        };
        self.told.push(word);
        if self.answered < 2 { Vec::new() } else { vec![Effect::Quit] }
    }

    fn view(&mut self, _: &mut ratatui::Frame<'_>) {}

    fn take_dirty(&mut self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_hears_the_time_its_size_and_its_sources_before_any_answer() {
    let late: Arc<dyn Source> = Fake::new("late", Manner::Good, 3600.0);
    let inlets = Inlets {
        sources: vec![Fake::new("first", Manner::Fails, 3600.0) as Arc<dyn Source>],
        arrivals: stream::iter([Arrival::Found(late)]).boxed(),
        input: stream::empty(),
        signals: Signals::none(),
        clock: Clock::new(|| Timestamp::from_ms(1_000_500)),
    };
    let mut notes = Notes::default();
    let running = run(&mut notes, TestBackend::new(80, 24), inlets, Options::new(Env::default()));
    let ended = tokio::time::timeout(Duration::from_secs(10), running).await.expect("within ten seconds");
    assert_eq!(ended.expect("nothing fails"), Ending::Quit);
    assert_eq!(notes.told[..3], ["ticked 1000500", "resized 80×24", "configured first"]);
    let place = |word: &str| notes.told.iter().position(|told| told == word).unwrap_or_else(|| panic!("no {word:?} in {:?}", notes.told));
    assert!(place("asked first alerts") < place("fetched first false"));
    assert!(place("configured first late") < place("asked late alerts"));
    assert!(place("asked late alerts") < place("fetched late true"));
}
