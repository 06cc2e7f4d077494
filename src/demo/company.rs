//! Who the fictional company is: its services, pipelines, models, datasets, teams, and what depends on what.
//! Not for: how they are doing (see `world`).
//!
//! Lumen Market sells through one chain: a vendor's file → orders → features → a fraud model → refunds → the shop. With a scale
//! of N it runs N markets that are alike; market 0 is the home market, whose names are bare, and the only one in which a story happens.

/// The company's name.
pub const NAME: &str = "Lumen Market";
/// Its environment.
pub const ENV: &str = "prod";
/// Host name under which its machines and pages are known; reserved for examples (RFC 2606).
pub const DOMAIN: &str = "lumen.example";
/// Markets that share one instance of each system; more markets mean more instances.
pub const MARKETS_A_SITE: usize = 10;

/// A running service, one container per market.
#[derive(Debug, PartialEq)]
pub struct Service {
    /// Its name, which is also its container's, its job's and its project's.
    pub name: &'static str,
    /// Who answers for it.
    pub team: &'static str,
    /// The person who mostly changes it.
    pub author: &'static str,
    /// Port of its metrics page.
    pub port: u16,
    /// Major and minor version; the third number counts deploys.
    pub version: (u32, u32),
    /// Requests (or records) per second.
    pub requests_per_s: f64,
    /// Median seconds of a request.
    pub p50_s: f64,
    /// Share of requests that fail on a good day.
    pub errors: f64,
    /// Memory it may use, bytes.
    pub memory_limit: u64,
    /// Share of that memory it uses on a good day.
    pub memory: f64,
    /// Cores it uses on a good day.
    pub cpu: f64,
    /// Model that it serves.
    pub model: Option<&'static str>,
    /// Services it calls.
    pub calls: &'static [&'static str],
    /// What it does, for logs: verb and path of its main request.
    pub request: &'static str,
}

/// A pipeline: a DAG of Airflow.
#[derive(Debug, PartialEq)]
pub struct Pipeline {
    /// The DAG's id.
    pub name: &'static str,
    /// Who answers for it.
    pub team: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What starts a run.
    pub start: Start,
    /// Seconds a run takes.
    pub takes_s: f64,
    /// Tasks in order; each waits for the one before.
    pub tasks: &'static [&'static str],
    /// The task that fails when a run fails.
    pub tested: &'static str,
    /// Datasets read.
    pub reads: &'static [&'static str],
    /// Datasets written.
    pub writes: &'static [&'static str],
}

/// What starts the runs of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// The clock: every `every_s` story seconds, one of them at `at_s`.
    Every {
        /// Seconds between two runs.
        every_s: f64,
        /// When one of them starts.
        at_s: f64,
    },
    /// A good end of another pipeline's run, which renewed a dataset.
    After(&'static str),
}

/// A registered model.
#[derive(Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Who answers for it.
    pub team: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Library that made it, as the key of its flavor.
    pub flavor: &'static str,
    /// Version of that library.
    pub flavor_version: &'static str,
    /// Versions registered before the story, the newest last number.
    pub versions: u32,
    /// Version that `champion` points to before the story.
    pub champion: u32,
    /// Area under the curve of the champion; others differ by version.
    pub auc: f64,
    /// Dataset it was trained on.
    pub trained_on: &'static str,
    /// Service that serves it.
    pub served_by: &'static str,
    /// Features watched for drift.
    pub features: &'static [&'static str],
}

/// A dataset.
#[derive(Debug, PartialEq)]
pub struct Dataset {
    /// Its name.
    pub name: &'static str,
    /// Who answers for it.
    pub team: &'static str,
    /// Its address: `s3://…`, `postgres://…`, `kafka://…`.
    pub uri: &'static str,
    /// `landing`, `warehouse`, `stream`, `features`.
    pub group: &'static str,
    /// Rows on a good day.
    pub rows: f64,
    /// Seconds between two renewals on a good day.
    pub renewed_s: f64,
}

const MIB: u64 = 1 << 20;

macro_rules! services {
    ($($name:literal $team:literal $author:literal $port:literal v $major:literal . $minor:literal, $rps:literal/s $p50:literal s err $errors:literal,
        mem $limit:literal x $memory:literal cpu $cpu:literal, $model:expr, $calls:expr, $request:literal;)+) => {
        /// The twelve services.
        pub const SERVICES: &[Service] = &[$(Service {
            name: $name, team: $team, author: $author, port: $port, version: ($major, $minor), requests_per_s: $rps, p50_s: $p50, errors: $errors,
            memory_limit: $limit * MIB, memory: $memory, cpu: $cpu, model: $model, calls: $calls, request: $request,
        }),+];
    };
}

services! {
    "storefront-web" "shop" "mara" 9101 v 5 . 31, 180.0/s 0.042 s err 0.0008, mem 768 x 0.52 cpu 0.61, None, &["search-api", "checkout-api", "recommender"], "GET /";
    "checkout-api" "payments" "tomas" 9102 v 3 . 12, 42.0/s 0.061 s err 0.0011, mem 512 x 0.47 cpu 0.38, None, &["payments-api", "inventory-sync"], "POST /checkout";
    "payments-api" "payments" "tomas" 9103 v 4 . 2, 38.0/s 0.083 s err 0.0014, mem 512 x 0.44 cpu 0.33, None, &["fraud-scorer", "events-broker"], "POST /payments";
    "refunds-api" "payments" "ines" 9104 v 1 . 18, 9.0/s 0.096 s err 0.0013, mem 384 x 0.41 cpu 0.14, None, &["fraud-scorer", "orders-api"], "POST /refunds";
    "fraud-scorer" "fraud" "jun" 9105 v 2 . 7, 47.0/s 0.024 s err 0.0004, mem 1536 x 0.58 cpu 0.92, Some("fraud-score"), &["feature-store"], "POST /score";
    "search-api" "discovery" "olga" 9106 v 6 . 4, 95.0/s 0.035 s err 0.0007, mem 1024 x 0.55 cpu 0.71, Some("search-ranking"), &["feature-store"], "GET /search";
    "recommender" "discovery" "olga" 9107 v 2 . 1, 64.0/s 0.029 s err 0.0006, mem 1536 x 0.49 cpu 0.66, Some("recommendations"), &["feature-store"], "GET /recommend";
    "orders-api" "orders" "ravi" 9108 v 2 . 14, 55.0/s 0.047 s err 0.0010, mem 512 x 0.43 cpu 0.41, None, &["events-broker", "inventory-sync"], "POST /orders";
    "inventory-sync" "supply" "lena" 9109 v 1 . 9, 12.0/s 0.120 s err 0.0020, mem 256 x 0.46 cpu 0.09, Some("demand-forecast"), &["events-broker"], "PUT /stock";
    "feature-store" "ml-platform" "jun" 9110 v 3 . 0, 210.0/s 0.006 s err 0.0002, mem 2048 x 0.61 cpu 0.83, None, &[], "GET /features";
    "events-broker" "platform" "sofia" 9111 v 2 . 8, 320.0/s 0.004 s err 0.0001, mem 2048 x 0.66 cpu 0.57, None, &[], "produce payments_events";
    "support-desk" "care" "mara" 9112 v 1 . 3, 6.0/s 0.110 s err 0.0015, mem 384 x 0.39 cpu 0.08, Some("refund-risk"), &["refunds-api"], "GET /tickets";
}

/// The six pipelines.
pub const PIPELINES: &[Pipeline] = &[
    Pipeline {
        name: "vendor_drop",
        team: "orders",
        about: "Fetches the vendor's order file into the landing zone",
        start: Start::Every { every_s: 900.0, at_s: 60.0 },
        takes_s: 38.0,
        tasks: &["wait_for_file", "fetch", "unpack"],
        tested: "fetch",
        reads: &[],
        writes: &["vendor_orders_file"],
    },
    Pipeline {
        name: "load_orders",
        team: "orders",
        about: "Loads the landed file into the warehouse",
        start: Start::After("vendor_drop"),
        takes_s: 34.0,
        tasks: &["stage", "merge", "publish"],
        tested: "merge",
        reads: &["vendor_orders_file"],
        writes: &["raw_orders", "orders"],
    },
    Pipeline {
        name: "orders_quality",
        team: "orders",
        about: "Tests volume, schema and freshness of the orders",
        start: Start::After("load_orders"),
        takes_s: 24.0,
        tasks: &["volume", "schema", "freshness", "publish_report"],
        tested: "volume",
        reads: &["orders"],
        writes: &[],
    },
    Pipeline {
        name: "build_features",
        team: "ml-platform",
        about: "Builds the features of the fraud and ranking models",
        start: Start::After("load_orders"),
        takes_s: 42.0,
        tasks: &["wait_for_events", "join", "aggregate", "push_online"],
        tested: "join",
        reads: &["orders", "customers", "payments_events", "clickstream"],
        writes: &["features_fraud", "features_search"],
    },
    Pipeline {
        name: "train_fraud_score",
        team: "fraud",
        about: "Trains a candidate of the fraud model and registers it",
        start: Start::Every { every_s: 7200.0, at_s: -2400.0 },
        takes_s: 420.0,
        tasks: &["sample", "train", "evaluate", "register"],
        tested: "evaluate",
        reads: &["features_fraud"],
        writes: &[],
    },
    Pipeline {
        name: "daily_report",
        team: "finance",
        about: "Writes the revenue report",
        start: Start::Every { every_s: 3600.0, at_s: -900.0 },
        takes_s: 150.0,
        tasks: &["collect", "render", "send"],
        tested: "collect",
        reads: &["orders", "customers"],
        writes: &["revenue_report"],
    },
];

/// The five models.
pub const MODELS: &[Model] = &[
    Model {
        name: "fraud-score",
        team: "fraud",
        about: "Probability that a payment or refund is fraud",
        flavor: "xgboost",
        flavor_version: "2.1.4",
        versions: 7,
        champion: 7,
        auc: 0.943,
        trained_on: "features_fraud",
        served_by: "fraud-scorer",
        features: &["order_amount", "orders_24h", "account_age_days", "refund_rate", "basket_size", "hour_of_day"],
    },
    Model {
        name: "refund-risk",
        team: "care",
        about: "Probability that a refund is disputed",
        flavor: "sklearn",
        flavor_version: "1.6.1",
        versions: 3,
        champion: 3,
        auc: 0.871,
        trained_on: "features_fraud",
        served_by: "support-desk",
        features: &["order_amount", "refund_rate"],
    },
    Model {
        name: "search-ranking",
        team: "discovery",
        about: "Order of search results",
        flavor: "lightgbm",
        flavor_version: "4.6.0",
        versions: 5,
        champion: 4,
        auc: 0.812,
        trained_on: "features_search",
        served_by: "search-api",
        features: &["clicks_7d", "price_rank", "text_score"],
    },
    Model {
        name: "recommendations",
        team: "discovery",
        about: "What a customer may like next",
        flavor: "pytorch",
        flavor_version: "2.7.1",
        versions: 4,
        champion: 4,
        auc: 0.786,
        trained_on: "features_search",
        served_by: "recommender",
        features: &["clicks_7d", "basket_size"],
    },
    Model {
        name: "demand-forecast",
        team: "supply",
        about: "Units sold per day and article",
        flavor: "sklearn",
        flavor_version: "1.6.1",
        versions: 2,
        champion: 2,
        auc: 0.834,
        trained_on: "orders",
        served_by: "inventory-sync",
        features: &["units_7d", "price_rank"],
    },
];

macro_rules! datasets {
    ($($name:literal $team:literal $uri:literal $group:literal $rows:literal every $renewed:literal s;)+) => {
        /// The datasets: eight, and the report made of them.
        pub const DATASETS: &[Dataset] =
            &[$(Dataset { name: $name, team: $team, uri: $uri, group: $group, rows: $rows, renewed_s: $renewed }),+];
    };
}

datasets! {
    "vendor_orders_file" "orders" "s3://landing/vendor/orders.parquet" "landing" 850_000.0 every 900.0 s;
    "raw_orders" "orders" "postgres://warehouse/raw/orders" "warehouse" 850_000.0 every 900.0 s;
    "orders" "orders" "postgres://warehouse/core/orders" "warehouse" 1_240_000.0 every 900.0 s;
    "customers" "care" "postgres://warehouse/core/customers" "warehouse" 412_000.0 every 3600.0 s;
    "payments_events" "payments" "kafka://events-broker/payments_events" "stream" 2_600_000.0 every 15.0 s;
    "clickstream" "discovery" "kafka://events-broker/clickstream" "stream" 9_800_000.0 every 15.0 s;
    "features_fraud" "ml-platform" "redis://feature-store/fraud" "features" 412_000.0 every 900.0 s;
    "features_search" "ml-platform" "redis://feature-store/search" "features" 96_000.0 every 900.0 s;
    "revenue_report" "finance" "s3://reports/revenue.csv" "reports" 730.0 every 3600.0 s;
}

/// A thing of the company in one market.
#[derive(Debug, PartialEq)]
pub struct In<T: 'static> {
    /// The thing, alike in all markets.
    pub of: &'static T,
    /// Which market; 0 is the home market.
    pub market: usize,
}

impl<T> Clone for In<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for In<T> {}

impl<T> std::ops::Deref for In<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.of
    }
}

/// A name of the company in a market: bare at home, `name-m07` elsewhere (`name_m07` where names have underscores).
pub fn in_market(name: &str, market: usize) -> String {
    match (market, name.contains('_')) {
        (0, _) => name.to_owned(),
        (market, true) => format!("{name}_m{market:02}"),
        (market, false) => format!("{name}-m{market:02}"),
    }
}

macro_rules! full_names {
    ($($kind:ident),+) => {$(impl In<$kind> {
        /// Its name in its market.
        pub fn full_name(&self) -> String {
            in_market(self.of.name, self.market)
        }
    })+};
}

full_names!(Service, Pipeline, Model, Dataset);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_named_exists() {
        let service = |name: &str| SERVICES.iter().any(|service| service.name == name);
        let dataset = |name: &str| DATASETS.iter().any(|dataset| dataset.name == name);
        for each in SERVICES {
            assert!(each.calls.iter().all(|name| service(name)), "{}", each.name);
            assert!(
                each.model.is_none_or(|name| MODELS.iter().any(|model| model.name == name && model.served_by == each.name)),
                "{}",
                each.name
            );
        }
        for each in PIPELINES {
            assert!(each.reads.iter().chain(each.writes).all(|name| dataset(name)), "{}", each.name);
            assert!(each.tasks.contains(&each.tested), "{}", each.name);
            if let Start::After(name) = each.start {
                assert!(PIPELINES.iter().any(|other| other.name == name), "{}", each.name);
            }
        }
        assert!(MODELS.iter().all(|model| dataset(model.trained_on) && service(model.served_by) && model.champion <= model.versions));
    }
}
