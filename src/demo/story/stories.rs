//! The stories, as data.
//! Not for: what their words mean (see `story`).

use super::{Bend, Cure, Event, Happening, Moment, Story, Symptom};
use crate::domain::Kind;

/// When the cause of a story happens: about a minute of calm comes before it.
const CAUSE_S: f64 = 60.0;

const fn bends(on: &'static str, bend: Bend, from_s: f64, rise_s: f64, linger_s: f64, fall_s: f64) -> Symptom {
    Symptom { on, bend, from_s, rise_s, linger_s, fall_s }
}

const fn shows(from_s: f64, by_s: f64, kind: Kind, name: &'static str, says: &'static str) -> Moment {
    Moment { from_s, by_s, kind, name, says }
}

const fn happens(at_s: f64, by: &'static str, what: Event) -> Happening {
    Happening { at_s, by, what }
}

/// A silence that somebody made for a planned work: an innocent change of several stories.
const MAINTENANCE: Happening = happens(
    -180.0,
    "sofia",
    Event::Silence { label: "service", value: "support-desk", for_s: 5400.0, comment: "planned database move of support-desk" },
);

/// Every story. The first is the one that is told when nobody names one.
pub const STORIES: &[Story] = &[
    Story {
        name: "bad-load",
        summary: "a vendor's file arrives with half its rows, and the shop's refunds become slow",
        cause: "vendor_drop fetched the vendor's file while it was still being written: half of its rows are missing",
        root: Some((Kind::Run, "vendor_drop")),
        cause_s: CAUSE_S,
        affected: &[
            "vendor_orders_file",
            "raw_orders",
            "orders",
            "orders_quality",
            "features_fraud",
            "fraud-score",
            "fraud-scorer",
            "refunds-api",
        ],
        timeline: &[
            shows(60.0, 180.0, Kind::Run, "vendor_drop", "ends well, with half the usual rows"),
            shows(145.0, 240.0, Kind::Run, "orders_quality", "fails in its volume test"),
            shows(140.0, 240.0, Kind::Alert, "DatasetVolumeLow", "orders has half its rows"),
            shows(140.0, 240.0, Kind::Alert, "DatasetNulls", "orders has columns that should not be empty"),
            shows(200.0, 330.0, Kind::Alert, "FeatureDrift", "inputs of fraud-score have shifted"),
            shows(240.0, 390.0, Kind::Alert, "ModelScoreLow", "fraud-score decides worse"),
            shows(270.0, 420.0, Kind::Alert, "LatencyHigh", "refunds-api is slow: refunds go to review"),
            shows(270.0, 420.0, Kind::Alert, "ErrorsHigh", "refunds-api fails: reviews time out"),
        ],
        happenings: &[
            MAINTENANCE,
            happens(-240.0, "olga", Event::Deploy { service: "search-api", title: "Cache synonyms for an hour" }),
            happens(20.0, "mara", Event::Deploy { service: "storefront-web", title: "New colours of the basket" }),
            happens(45.0, "olga", Event::Alias { model: "search-ranking", alias: "champion", version: 5 }),
        ],
        innocent: &["search-api", "storefront-web", "search-ranking champion", "silence"],
        symptoms: &[
            bends("vendor_orders_file", Bend::Missing(0.51), 95.0, 1.0, 40.0, 1.0),
            bends("raw_orders", Bend::Missing(0.51), 138.0, 1.0, 80.0, 1.0),
            bends("orders", Bend::Missing(0.47), 140.0, 1.0, 80.0, 1.0),
            bends("orders", Bend::Nulls(0.18), 140.0, 1.0, 80.0, 1.0),
            bends("orders_quality", Bend::Fail, 130.0, 0.0, 60.0, 0.0),
            bends("fraud-score", Bend::Drift(0.55), 190.0, 20.0, 125.0, 20.0),
            bends("fraud-score", Bend::Score(0.16), 215.0, 40.0, 130.0, 30.0),
            bends("fraud-scorer", Bend::Slow(0.004), 215.0, 40.0, 130.0, 30.0),
            bends("refunds-api", Bend::Slow(0.28), 240.0, 40.0, 140.0, 30.0),
            bends("refunds-api", Bend::Errors(0.07), 255.0, 40.0, 140.0, 30.0),
        ],
        cures: &[Cure::Rerun("vendor_drop")],
        remedy: "run vendor_drop again: the file is whole by now",
    },
    Story {
        name: "bad-deploy",
        summary: "a deploy leaks memory, its container dies again and again; a model promotion beside it is innocent",
        cause: "the deploy of orders-api keeps every order in memory; its container is killed for memory a minute after each start",
        root: Some((Kind::Workload, "orders-api")),
        cause_s: CAUSE_S,
        affected: &["orders-api", "checkout-api", "storefront-web"],
        timeline: &[
            shows(60.0, 180.0, Kind::Change, "orders-api", "is deployed"),
            shows(110.0, 260.0, Kind::Workload, "orders-api", "is killed for memory and started again"),
            shows(90.0, 300.0, Kind::Alert, "ErrorsHigh", "orders-api answers with errors"),
            shows(120.0, 330.0, Kind::Alert, "ContainerOutOfMemory", "orders-api is killed again and again"),
        ],
        happenings: &[
            MAINTENANCE,
            happens(-300.0, "lena", Event::Deploy { service: "inventory-sync", title: "Ask the supplier in batches of 200" }),
            happens(40.0, "olga", Event::Alias { model: "search-ranking", alias: "champion", version: 5 }),
            happens(CAUSE_S, "ravi", Event::Deploy { service: "orders-api", title: "Keep recent orders in memory for faster lookups" }),
            happens(75.0, "olga", Event::Deploy { service: "recommender", title: "Log why nothing was recommended" }),
        ],
        innocent: &["inventory-sync", "recommender", "search-ranking champion", "silence"],
        symptoms: &[
            bends("orders-api", Bend::OutOfMemory(48.0), 66.0, 0.0, 24.0, 0.0),
            bends("orders-api", Bend::Errors(0.19), 80.0, 60.0, 30.0, 20.0),
            bends("orders-api", Bend::Slow(0.08), 80.0, 60.0, 30.0, 20.0),
            bends("checkout-api", Bend::Errors(0.012), 120.0, 60.0, 30.0, 20.0),
        ],
        cures: &[Cure::RollBack("orders-api")],
        remedy: "deploy the version before again: retry the pipeline of the last good deploy of orders-api",
    },
    Story {
        name: "alias-mistake",
        summary: "the wrong version of a model is made the champion",
        cause: "fraud-score's champion was pointed to version 4, trained before the new payment methods, instead of staying at 7",
        root: Some((Kind::Change, "fraud-score champion")),
        cause_s: CAUSE_S,
        affected: &["fraud-score", "fraud-scorer", "payments-api", "refunds-api"],
        timeline: &[
            shows(60.0, 190.0, Kind::Change, "fraud-score champion", "moves from 7 to 4"),
            shows(75.0, 220.0, Kind::Alert, "ModelScoreLow", "fraud-score decides worse"),
            shows(120.0, 320.0, Kind::Alert, "ErrorsHigh", "payments-api refuses good payments"),
        ],
        happenings: &[
            MAINTENANCE,
            happens(-200.0, "tomas", Event::Deploy { service: "payments-api", title: "Retry the acquirer twice" }),
            happens(30.0, "lena", Event::Register { model: "demand-forecast" }),
            happens(50.0, "olga", Event::Deploy { service: "search-api", title: "Cache synonyms for an hour" }),
            happens(CAUSE_S, "jun", Event::Alias { model: "fraud-score", alias: "champion", version: 4 }),
        ],
        innocent: &["payments-api", "search-api", "silence", "daily_report"],
        symptoms: &[
            bends("fraud-score", Bend::Score(0.24), 65.0, 40.0, 4.0, 30.0),
            bends("payments-api", Bend::Errors(0.055), 95.0, 60.0, 6.0, 30.0),
            bends("payments-api", Bend::Slow(0.03), 95.0, 60.0, 6.0, 30.0),
            bends("refunds-api", Bend::Errors(0.012), 110.0, 60.0, 6.0, 30.0),
        ],
        cures: &[Cure::Alias { model: "fraud-score", alias: "champion", version: 7 }],
        remedy: "make fraud-score version 7 the champion again",
    },
    Story {
        name: "upstream-down",
        summary: "the message broker stops; datasets grow stale and pipelines wait",
        cause: "events-broker ended: its disk was full when it wanted to roll a log segment",
        root: Some((Kind::Workload, "events-broker")),
        cause_s: CAUSE_S,
        affected: &["events-broker", "payments_events", "clickstream", "build_features", "payments-api", "orders-api"],
        timeline: &[
            shows(60.0, 150.0, Kind::Workload, "events-broker", "exited with 1"),
            shows(60.0, 200.0, Kind::Alert, "TargetDown", "events-broker does not answer"),
            shows(80.0, 260.0, Kind::Alert, "ConsumerLagHigh", "readers of payments_events fall behind"),
            shows(150.0, 360.0, Kind::Alert, "DatasetStale", "payments_events is not renewed"),
            shows(145.0, 420.0, Kind::Alert, "PipelineQueued", "build_features waits for events"),
        ],
        happenings: &[
            MAINTENANCE,
            happens(-260.0, "ines", Event::Deploy { service: "refunds-api", title: "Say why a refund waits" }),
            happens(25.0, "tomas", Event::Deploy { service: "checkout-api", title: "Round taxes per line" }),
            happens(35.0, "olga", Event::Alias { model: "search-ranking", alias: "champion", version: 5 }),
        ],
        innocent: &["refunds-api", "checkout-api", "search-ranking champion", "silence"],
        symptoms: &[
            bends("events-broker", Bend::Down(1), CAUSE_S, 0.0, 0.0, 0.0),
            bends("payments_events", Bend::Lag(310.0), 62.0, 5.0, 4.0, 1.0),
            bends("clickstream", Bend::Lag(900.0), 62.0, 5.0, 4.0, 1.0),
            bends("payments_events", Bend::Stale, CAUSE_S, 0.0, 6.0, 0.0),
            bends("clickstream", Bend::Stale, CAUSE_S, 0.0, 6.0, 0.0),
            bends("build_features", Bend::Queue, CAUSE_S, 0.0, 8.0, 0.0),
            bends("payments-api", Bend::Slow(0.05), 70.0, 30.0, 5.0, 20.0),
            bends("orders-api", Bend::Slow(0.04), 70.0, 30.0, 5.0, 20.0),
        ],
        cures: &[Cure::Restart("events-broker")],
        remedy: "start events-broker again: its disk was cleaned by the host's own timer",
    },
    Story {
        name: "flapping",
        summary: "one alert comes and goes; nothing is wrong beyond it",
        cause: "inventory-sync keeps dead connections to its supplier in a pool: some requests wait for them to time out; nobody is hurt",
        root: Some((Kind::Workload, "inventory-sync")),
        cause_s: CAUSE_S,
        affected: &["inventory-sync"],
        timeline: &[shows(60.0, 200.0, Kind::Alert, "LatencyHigh", "inventory-sync is slow, then well, then slow")],
        happenings: &[
            MAINTENANCE,
            happens(-280.0, "lena", Event::Register { model: "demand-forecast" }),
            happens(-220.0, "mara", Event::Deploy { service: "support-desk", title: "Sort tickets by age" }),
            happens(15.0, "olga", Event::Deploy { service: "search-api", title: "Cache synonyms for an hour" }),
        ],
        innocent: &["support-desk", "search-api", "silence"],
        symptoms: &[bends("inventory-sync", Bend::Flap(240.0), CAUSE_S, 0.0, 3.0, 0.0)],
        cures: &[Cure::Restart("inventory-sync")],
        remedy: "nothing at night: silence it; a restart of inventory-sync empties the pool",
    },
    Story {
        name: "quiet",
        summary: "nothing is wrong",
        cause: "none",
        root: None,
        cause_s: CAUSE_S,
        affected: &[],
        timeline: &[],
        happenings: &[
            MAINTENANCE,
            happens(-240.0, "olga", Event::Deploy { service: "search-api", title: "Cache synonyms for an hour" }),
            happens(20.0, "mara", Event::Deploy { service: "storefront-web", title: "New colours of the basket" }),
            happens(45.0, "olga", Event::Alias { model: "search-ranking", alias: "champion", version: 5 }),
        ],
        innocent: &["search-api", "storefront-web", "search-ranking champion", "silence"],
        symptoms: &[],
        cures: &[],
        remedy: "sleep",
    },
];
