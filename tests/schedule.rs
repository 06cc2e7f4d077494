//! The poll schedule keeps its promises over any sources, latencies, failures and wishes. Time is simulated: nothing waits.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test may fail loudly; its times only grow"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use triops::domain::{Eye, Failure, FailureKind, Kind, PollId, PollInfo, Shown, SourceInfo, SourceName, Text};
use triops::runtime::schedule::{BACKOFF_CAP, HIDDEN_FACTOR, JITTER, Limits, REFRESH_FLOOR, RETRY_AFTER_CAP, STUBBORN_CAP, Schedule, Slot};

fn source(name: &str, polls: &[(f64, Vec<Kind>)]) -> SourceInfo {
    let poll = |(n, (every_s, kinds)): (usize, &(f64, Vec<Kind>))| PollInfo {
        id: PollId::from(format!("p{n}").as_str()),
        every_s: *every_s,
        kinds: kinds.clone(),
        numbers: false,
    };
    SourceInfo {
        name: SourceName::from(name),
        connector: Text::default(),
        title: Text::default(),
        url: Text::default(),
        env: None,
        eye: Eye::default(),
        read_only: false,
        polls: polls.iter().enumerate().map(poll).collect(),
        logs: Vec::new(),
        readings: Vec::new(),
        discovered: false,
    }
}

/// What a poll of the simulated world does: how long it takes and how it fails.
#[derive(Debug, Clone, Copy)]
struct Behaviour {
    latency: Duration,
    fails: Option<FailureKind>,
    retry_after_s: Option<f64>,
}

const GOOD: Behaviour = Behaviour { latency: Duration::from_millis(20), fails: None, retry_after_s: None };

/// One question as the simulation saw it.
#[derive(Debug, Clone, Copy)]
struct Asked {
    slot: Slot,
    at: Duration,
}

struct World {
    schedule: Schedule,
    infos: Vec<SourceInfo>,
    now: Duration,
    flying: BTreeMap<Slot, Duration>,
    asked: Vec<Asked>,
    done: Vec<(Slot, Duration, Duration)>,
    quiet: BTreeMap<usize, Duration>,
    wakes: usize,
    most: usize,
}

impl World {
    fn new(infos: Vec<SourceInfo>, limits: Limits) -> Self {
        let mut schedule = Schedule::new(limits, 7);
        schedule.add(infos.iter(), Duration::ZERO);
        Self {
            schedule,
            infos,
            now: Duration::ZERO,
            flying: BTreeMap::new(),
            asked: Vec::new(),
            done: Vec::new(),
            quiet: BTreeMap::new(),
            wakes: 0,
            most: 0,
        }
    }

    /// Lets the world run until `end`, with polls behaving as told.
    fn run(&mut self, end: Duration, behave: impl Fn(Slot) -> Behaviour) {
        while self.now < end {
            self.wakes += 1;
            while let Some(slot) = self.schedule.next(self.now) {
                let before = self.flying.insert(slot, self.now + behave(slot).latency);
                assert!(before.is_none(), "{slot:?} was asked while in flight");
                let quiet = self.quiet.get(&slot.source).copied().unwrap_or_default();
                assert!(self.now >= quiet, "{slot:?} was asked at {:?}, not to be before {quiet:?}", self.now);
                self.asked.push(Asked { slot, at: self.now });
            }
            self.most = self.most.max(self.flying.len());
            let landing = self.flying.iter().map(|(slot, at)| (*at, *slot)).min();
            let wake = self.schedule.wake_at();
            let then = landing.map(|(at, _)| at).into_iter().chain(wake).min();
            self.now = self.now.max(then.expect("nothing would ever happen again")).min(end);
            if let Some((at, slot)) = landing.filter(|(at, _)| *at <= self.now) {
                self.flying.remove(&slot);
                self.land(slot, at, behave(slot));
            }
        }
    }

    fn land(&mut self, slot: Slot, at: Duration, behaviour: Behaviour) {
        let failure =
            behaviour.fails.map(|kind| Failure { retry_after_s: behaviour.retry_after_s, ..Failure::new(kind, "test", "as told") });
        let next = self.schedule.completed(slot, self.now, failure.as_ref().map_or(Ok(()), Err));
        if let (Some(wait), Some(_)) = (behaviour.retry_after_s, failure) {
            let until = self.now + Duration::from_secs_f64(wait.max(0.0).min(RETRY_AFTER_CAP.as_secs_f64()));
            let quiet = self.quiet.entry(slot.source).or_default();
            *quiet = until.max(*quiet);
        }
        self.done.push((slot, at, next));
    }

    fn interval(&self, slot: Slot) -> f64 {
        self.infos[slot.source].polls[slot.poll].every_s
    }

    fn times(&self, slot: Slot) -> Vec<Duration> {
        self.asked.iter().filter(|asked| asked.slot == slot).map(|asked| asked.at).collect()
    }
}

fn behaviours(waits: &'static [f64]) -> impl Strategy<Value = Behaviour> {
    let kinds = prop::sample::select(vec![
        None,
        None,
        Some(FailureKind::Unreachable),
        Some(FailureKind::Timeout),
        Some(FailureKind::Auth),
        Some(FailureKind::RateLimited),
        Some(FailureKind::Server),
    ]);
    let waits = prop::option::of(prop::sample::select(waits));
    (1u64..30_000, kinds, waits).prop_map(|(ms, fails, retry_after_s)| Behaviour {
        latency: Duration::from_millis(ms),
        fails,
        retry_after_s,
    })
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    prop::collection::vec(prop::sample::select(Kind::ALL.to_vec()), 0..3)
}

fn infos() -> impl Strategy<Value = Vec<SourceInfo>> {
    let poll = (prop::sample::select(vec![1.0, 5.0, 15.0, 60.0, 600.0]), kinds());
    prop::collection::vec(prop::collection::vec(poll, 1..7), 1..8)
        .prop_map(|sources| sources.iter().enumerate().map(|(n, polls)| source(&format!("s{n}"), polls)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// `World::run` itself checks that none is asked twice at a time and none before its `Retry-After` is over.
    #[test]
    fn any_world_is_asked_within_its_bounds_and_every_poll_in_the_end(
        infos in infos(),
        behaviours in prop::collection::vec(behaviours(&[0.0, 1.0, 45.0, 300.0, -3.0]), 8),
        wishes in prop::collection::vec((prop::option::of(kinds()), prop::option::of(prop::option::of(0usize..8))), 6),
    ) {
        let limits = Limits { in_all: 12, ..Limits::default() };
        let mut world = World::new(infos, limits);
        let behave = |slot: Slot| behaviours[(slot.source * 6 + slot.poll) % behaviours.len()];
        for (step, (shown, refreshed)) in (1..).zip(&wishes) {
            world.run(Duration::from_secs(300 * step), behave);
            if let Some(kinds) = shown {
                world.schedule.show(kinds.as_slice());
            }
            if let Some(which) = refreshed {
                let name = which.map(|n| SourceName::from(format!("s{n}").as_str()));
                world.schedule.refresh(name.as_ref(), world.now);
            }
        }
        world.run(Duration::from_secs(4 * 3600), behave);
        prop_assert!(world.most <= limits.in_all);
        for (source, info) in world.infos.iter().enumerate() {
            for poll in 0..info.polls.len() {
                prop_assert!(world.times(Slot { source, poll }).len() >= 2, "{} {poll} was forgotten", info.name);
            }
        }
    }

    #[test]
    fn the_wait_after_a_poll_is_its_interval_or_its_backoff_give_or_take_the_jitter(
        every_s in prop::sample::select(vec![1.0, 15.0, 60.0, 1800.0]),
        behaviour in behaviours(&[0.0, 1.0, 45.0, 1e12, f64::NAN, -3.0]),
        hidden in any::<bool>(),
    ) {
        let mut world = World::new(vec![source("one", &[(every_s, vec![Kind::Run])])], Limits::default());
        world.schedule.show([if hidden { Kind::Model } else { Kind::Run }].as_slice());
        world.run(Duration::from_secs(100_000), |_| behaviour);
        let pace = if hidden { every_s * f64::from(HIDDEN_FACTOR) } else { every_s };
        let cap = match behaviour.fails {
            None => pace,
            Some(FailureKind::Auth) => STUBBORN_CAP.as_secs_f64(),
            Some(_) => BACKOFF_CAP.as_secs_f64(),
        };
        let asked_for = behaviour.fails.and(behaviour.retry_after_s).unwrap_or(0.0).max(0.0).min(RETRY_AFTER_CAP.as_secs_f64());
        let (mut least, mut longest) = (f64::MAX, 0.0_f64);
        for (_, at, next) in &world.done {
            let wait = (*next - *at).as_secs_f64();
            least = least.min(wait);
            longest = longest.max(wait);
        }
        prop_assert!(least >= (pace * (1.0 - JITTER)).max(asked_for) - 0.001, "waited {least} s only");
        prop_assert!(longest <= (pace.max(cap) * (1.0 + JITTER)).max(asked_for) + 0.001, "waited {longest} s");
    }
}

#[test]
fn failures_double_the_wait_up_to_the_cap_and_one_success_ends_it() {
    let mut schedule = Schedule::new(Limits::default(), 1);
    schedule.add([source("one", &[(15.0, vec![Kind::Alert])])].iter(), Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut wait = |outcome: Result<(), &Failure>| {
        let slot = schedule.next(now).expect("due");
        let next = schedule.completed(slot, now, outcome);
        let waited = (next - now).as_secs_f64();
        now = next;
        waited
    };
    let failure = Failure::new(FailureKind::Server, "test", "500");
    for expected in [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0] {
        let waited = wait(Err(&failure));
        assert!((waited / expected - 1.0).abs() <= JITTER, "{waited} s instead of {expected}");
    }
    assert!((wait(Ok(())) / 15.0 - 1.0).abs() <= JITTER);
    let stubborn = Failure::new(FailureKind::Auth, "test", "401");
    assert!(wait(Err(&stubborn)) >= 54.0, "a wrong password is not tried every 15 s");
}

#[test]
fn what_is_not_on_screen_is_asked_less_often_except_alerts() {
    let infos = vec![source("one", &[(10.0, vec![Kind::Run]), (10.0, vec![Kind::Workload]), (10.0, vec![Kind::Alert]), (10.0, vec![])])];
    let mut world = World::new(infos, Limits::default());
    world.schedule.show([Kind::Workload].as_slice());
    world.run(Duration::from_secs(1000), |_| GOOD);
    let counts: Vec<usize> = (0..4).map(|poll| world.times(Slot { source: 0, poll }).len()).collect();
    assert!((20..35).contains(&counts[0]), "hidden: {counts:?}");
    assert!(counts[1..].iter().all(|count| (90..115).contains(count)), "{counts:?}");
}

#[test]
fn numbers_that_are_not_drawn_are_asked_less_often() {
    let mut info = source("one", &[(10.0, vec![Kind::Workload]), (10.0, vec![Kind::Workload])]);
    info.polls[1].numbers = true;
    for (numbers, wanted) in [(true, 90..115), (false, 20..35)] {
        let mut world = World::new(vec![info.clone()], Limits::default());
        world.schedule.show(Shown { kinds: vec![Kind::Workload], numbers });
        world.run(Duration::from_secs(1000), |_| GOOD);
        let counts: Vec<usize> = (0..2).map(|poll| world.times(Slot { source: 0, poll }).len()).collect();
        assert!((90..115).contains(&counts[0]), "{counts:?}");
        assert!(wanted.contains(&counts[1]), "{counts:?}");
    }
}

#[test]
fn a_spared_line_carries_a_quarter_and_what_is_hidden_once_until_it_is_shown() {
    let infos = [source("one", &[(10.0, vec![Kind::Run]), (10.0, vec![Kind::Workload])])];
    let mut world = World::new(Vec::new(), Limits::default());
    world.schedule = Schedule::new(Limits::default(), 1).low_data(true);
    world.schedule.add(infos.iter(), Duration::ZERO);
    world.schedule.show([Kind::Workload].as_slice());
    world.run(Duration::from_secs(1000), |_| GOOD);
    let count = |world: &World, poll| world.times(Slot { source: 0, poll }).len();
    assert_eq!(count(&world, 0), 1);
    assert!((20..35).contains(&count(&world, 1)), "{}", count(&world, 1));
    world.schedule.show([Kind::Run].as_slice());
    world.run(Duration::from_secs(1002), |_| GOOD);
    assert_eq!(count(&world, 0), 2);
}

#[test]
fn what_comes_into_sight_is_asked_as_soon_as_its_own_interval_says() {
    let mut world = World::new(vec![source("one", &[(10.0, vec![Kind::Run])])], Limits::default());
    world.schedule.show([Kind::Alert].as_slice());
    world.run(Duration::from_secs(1), |_| GOOD);
    world.run(Duration::from_secs(20), |_| GOOD);
    let before = world.now;
    world.schedule.show([Kind::Run].as_slice());
    world.run(before + Duration::from_secs(15), |_| GOOD);
    let next = world.times(Slot { source: 0, poll: 0 }).into_iter().find(|at| *at >= before).expect("asked");
    assert!(next - before < Duration::from_secs(1), "waited {:?}", next - before);
}

#[test]
fn a_refresh_asks_now_but_neither_what_is_in_flight_nor_twice_a_second() {
    let mut world = World::new(vec![source("one", &[(60.0, vec![]), (60.0, vec![])])], Limits::default());
    let behave = |slot: Slot| if slot.poll == 0 { GOOD } else { Behaviour { latency: Duration::from_secs(30), ..GOOD } };
    world.run(Duration::from_secs(5), behave);
    for _ in 0..50 {
        world.schedule.refresh(None, world.now);
        world.run(world.now + Duration::from_millis(100), behave);
    }
    let times = world.times(Slot { source: 0, poll: 0 });
    assert!(times.len() > 1, "the refresh was not heard");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= REFRESH_FLOOR), "{times:?}");
    assert_eq!(world.times(Slot { source: 0, poll: 1 }).len(), 1, "one in flight was asked again");
}

#[test]
fn a_hundred_sources_that_never_answer_do_not_delay_the_one_that_does() {
    let mut infos: Vec<_> = (0..100).map(|n| source(&format!("dead{n}"), &[(5.0, vec![]), (5.0, vec![]), (5.0, vec![])])).collect();
    infos.push(source("good", &[(5.0, vec![])]));
    let good = Slot { source: 100, poll: 0 };
    let mut world = World::new(infos, Limits::default());
    let hang = Behaviour { latency: Duration::from_secs(10), fails: Some(FailureKind::Timeout), retry_after_s: None };
    world.run(Duration::from_secs(600), |slot| if slot == good { GOOD } else { hang });
    let times = world.times(good);
    assert!(times[0] <= Duration::from_secs(1), "first asked at {:?}", times[0]);
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().expect("asked more than once");
    assert!(longest <= Duration::from_secs_f64(5.0 * (1.0 + JITTER) + 0.05), "{longest:?} without a question");
}

#[test]
fn a_source_that_does_not_answer_is_asked_one_thing_at_a_time() {
    let polls: Vec<_> = (0..8).map(|_| (5.0, vec![])).collect();
    let mut world = World::new(vec![source("dead", &polls)], Limits::default());
    let hang = Behaviour { latency: Duration::from_secs(10), fails: Some(FailureKind::Timeout), retry_after_s: None };
    world.run(Duration::from_secs(60), |_| hang);
    assert_eq!(world.most, Limits::default().per_source);
    world.most = 0;
    world.run(Duration::from_secs(600), |_| hang);
    assert_eq!(world.most, 1);
}

#[test]
fn a_thousand_sources_cost_one_wake_per_question_not_a_scan() {
    let infos: Vec<_> = (0..1000).map(|n| source(&format!("s{n}"), &[(15.0, vec![])])).collect();
    let mut world = World::new(infos, Limits::default());
    let began = std::time::Instant::now();
    world.run(Duration::from_secs(600), |_| GOOD);
    let asked = world.asked.len();
    assert!((36_000..44_000).contains(&asked), "{asked} questions in 40 rounds");
    assert!(world.wakes <= 2 * asked + 1000, "{} wakes for {asked} questions", world.wakes);
    let each = began.elapsed() / u32::try_from(asked).unwrap();
    assert!(each < Duration::from_micros(200), "{each:?} per question, simulation included");
    let in_step = world.asked.iter().filter(|asked| asked.at > Duration::from_secs(300));
    let mut per_second = BTreeMap::<u64, usize>::new();
    in_step.for_each(|asked| *per_second.entry(asked.at.as_secs()).or_default() += 1);
    assert!(per_second.values().all(|count| *count < 250), "they march in step");
    assert!(world.interval(Slot { source: 0, poll: 0 }) > 0.0);
}
