//! Models: registered versions with their aliases, drift of what they see, endpoints that serve them, and training runs.
//! Not for: measuring drift (see `insight::drift`), one feature's distributions (see `detail`).

use std::sync::Arc;

use super::column::{Cell, Column, number, word};
use super::columns::{AGE, ENV, NAME, OWNER, REASON, REASON_BRIEF, SOURCE, STATE};
use super::look::Look;
use super::sections::{Empty, Section, Spec, by_trouble, newest_first};
use crate::domain::{Detail, Endpoint, Entity, Eye, Kind, Model, State};
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Models", sections: &[MODELS, DRIFTS, ENDPOINTS, TRAINING], numbers: true };

const MODELS: Section = Section {
    title: "Model versions",
    note: "",
    kinds: &[Kind::Model],
    columns: &[STATE, AGE, NAME, ALIASES, HEAT, METRICS, REASON_BRIEF, FRAMEWORK, STAGE, SOURCE, ENV, OWNER],
    weight: 3,
    min_rows: 3,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Model)),
    empty: Empty::Says("no models"),
    follows: false,
};

const DRIFTS: Section = Section {
    title: "Drift and quality",
    note: "worst first",
    kinds: &[Kind::Check],
    columns: &[STATE, AGE, NAME, HEAT, REASON, SOURCE, ENV, OWNER],
    weight: 2,
    min_rows: 1,
    pick: |look, _| drifts(look),
    empty: Empty::Hidden,
    follows: false,
};

const ENDPOINTS: Section = Section {
    title: "Endpoints",
    note: "",
    kinds: &[Kind::Endpoint],
    columns: &[STATE, AGE, NAME, SERVES, P99, REQUESTS, REASON, SOURCE, ENV],
    weight: 1,
    min_rows: 0,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Endpoint)),
    empty: Empty::Hidden,
    follows: false,
};

const TRAINING: Section = Section {
    title: "Training runs",
    note: "newest first",
    kinds: &[Kind::Run],
    columns: super::pipelines::RUN_COLUMNS,
    weight: 2,
    min_rows: 2,
    pick: |look, _| newest_first(look.store.entities.of(Kind::Run).filter(|run| run.eye == Eye::MlOps)),
    empty: Empty::Says("no training runs"),
    follows: false,
};

/// Models that are compared with a reference, each followed by its features that drift, and those whose versions are compared.
fn drifts(look: &Look<'_>) -> Vec<Arc<Entity>> {
    let whole = |entity: &&Arc<Entity>| matches!(&entity.detail, Detail::Check(check) if matches!(check.test.as_deref(), Some("model drift" | "model quality")));
    let mut rows = Vec::new();
    for model in by_trouble(look.store.entities.of(Kind::Check).filter(whole)) {
        let features = features(&model, look).unwrap_or_default();
        let drifting = features.iter().filter(|feature| matches!(feature.state, State::Failed | State::Warning)).cloned();
        rows.push(Arc::clone(&model));
        rows.extend(drifting);
    }
    rows
}

/// The checks of a model's features, those that drift most first. A feature's own check has none.
fn features<'a>(entity: &Entity, look: &'a Look<'_>) -> Option<&'a [Arc<Entity>]> {
    let name = match &entity.detail {
        Detail::Check(check) if check.test.as_deref() == Some("model drift") => check.subject.as_ref()?,
        Detail::Model(_) if !look.derived.judged.contains(&entity.id) => return None,
        Detail::Model(_) => entity.labels.get("model").unwrap_or(&entity.name),
        _ => return None,
    };
    look.derived.drift.get(name).map(Vec::as_slice)
}

/// Features that have a sign in a row.
const HEAT_SIGNS: usize = 10;

/// One sign per feature, those that drift most first.
const HEAT: Column = Column {
    head: Head::new("features", Width::Fixed(HEAT_SIGNS as u16)).fold(2),
    descending: true,
    cell: |entity, look| {
        let signs = features(entity, look).unwrap_or_default().iter().take(HEAT_SIGNS).map(|feature| {
            let (sign, role) = look.ui.state(feature.state);
            (sign.into(), role)
        });
        Cell::pieces(signs.collect())
    },
    key: |entity, look| {
        let drifting = |features: &[Arc<Entity>]| features.iter().filter(|feature| feature.state.severity() >= 4).count();
        number(features(entity, look).map(|features| drifting(features) as f64))
    },
};

fn model(entity: &Entity) -> Option<&Model> {
    match &entity.detail {
        Detail::Model(model) => Some(model),
        _ => None,
    }
}

fn endpoint(entity: &Entity) -> Option<&Endpoint> {
    match &entity.detail {
        Detail::Endpoint(endpoint) => Some(endpoint),
        _ => None,
    }
}

const ALIASES: Column = Column {
    head: Head::new("aliases", Width::Fixed(16)).fold(1),
    descending: false,
    cell: |entity, _| Cell::with(joined(entity), Role::Accent),
    key: |entity, _| word(Some(joined(entity).as_str()).filter(|aliases| !aliases.is_empty())),
};

fn joined(entity: &Entity) -> String {
    model(entity).map(|model| model.aliases.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ")).unwrap_or_default()
}

const METRICS: Column = Column {
    head: Head::new("metrics", Width::Share { min: 14, weight: 2 }).fold(2).unsortable(),
    descending: false,
    cell: |entity, _| {
        let metrics = model(entity).map(|model| &model.metrics);
        let words: Vec<String> =
            metrics.into_iter().flatten().take(4).map(|(name, value)| format!("{name} {}", words::number(*value))).collect();
        Cell::plain(words.join("  "))
    },
    key: |_, _| number(None),
};

const FRAMEWORK: Column = Column {
    head: Head::new("framework", Width::Fixed(16)).fold(4),
    descending: false,
    cell: |entity, _| framework(entity).map_or_else(Cell::absent, Cell::muted),
    key: |entity, _| word(framework(entity).as_deref()),
};

fn framework(entity: &Entity) -> Option<String> {
    let model = model(entity)?;
    let name = model.framework.as_ref()?;
    Some(model.framework_version.as_ref().map_or_else(|| name.to_string(), |version| format!("{name} {version}")))
}

const STAGE: Column = Column {
    head: Head::new("stage", Width::Fixed(10)).fold(5),
    descending: false,
    cell: |entity, _| {
        model(entity).and_then(|model| model.stage.as_ref()).map_or_else(Cell::absent, |stage| Cell::muted(stage.to_string()))
    },
    key: |entity, _| word(model(entity).and_then(|model| model.stage.as_deref())),
};

const SERVES: Column = Column {
    head: Head::new("serves", Width::Fixed(20)).fold(1),
    descending: false,
    cell: |entity, _| {
        let Some(endpoint) = endpoint(entity) else { return Cell::absent() };
        let version = endpoint.version.as_ref().map(|version| format!(" v{version}")).unwrap_or_default();
        endpoint.model.as_ref().map_or_else(Cell::absent, |model| Cell::plain(format!("{model}{version}")))
    },
    key: |entity, _| word(endpoint(entity).and_then(|endpoint| endpoint.model.as_deref())),
};

const P99: Column = Column {
    head: Head::new("p99", Width::Fixed(8)).right().fold(2),
    descending: true,
    cell: |entity, _| endpoint(entity).and_then(|e| e.latency_p99_s).map_or_else(Cell::absent, |s| Cell::plain(words::duration(s))),
    key: |entity, _| number(endpoint(entity).and_then(|endpoint| endpoint.latency_p99_s)),
};

const REQUESTS: Column = Column {
    head: Head::new("req/s", Width::Fixed(6)).right().fold(3),
    descending: true,
    cell: |entity, _| endpoint(entity).and_then(|e| e.requests_per_s).map_or_else(Cell::absent, |n| Cell::plain(words::number(n))),
    key: |entity, _| number(endpoint(entity).and_then(|endpoint| endpoint.requests_per_s)),
};
