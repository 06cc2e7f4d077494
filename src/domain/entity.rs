//! One thing of one system: its identity, state and relations; what is particular to its kind stands in `detail`.
//! Not for: how a system's words map to these (that is each connector's business, done once).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Detail, Kind, SourceName, Text, Timestamp};

/// `source/kind/key`, stable across polls. The key may itself hold slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(Text);

impl EntityId {
    /// Joins the three parts.
    pub fn new(source: &SourceName, kind: Kind, key: &str) -> Self {
        Self(Text::from(format!("{source}/{kind}/{key}")))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first slash.
    pub fn source(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// What stands behind the second slash: the system's own identifier.
    pub fn key(&self) -> &str {
        self.0.splitn(3, '/').nth(2).unwrap_or_default()
    }
}

impl From<&str> for EntityId {
    fn from(id: &str) -> Self {
        Self(Text::from(id))
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a thing is. Each system's own words are mapped to these once; the original word is kept in `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Works, or ended well.
    Ok,
    /// Under way.
    Running,
    /// Waits to start, or an alert whose `for` has not passed yet.
    Pending,
    /// Degraded, suspicious.
    Warning,
    /// Broken, or ended badly.
    Failed,
    /// Ended by somebody.
    Cancelled,
    /// The system said nothing we know.
    #[default]
    Unknown,
}

impl State {
    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// How much it needs a person: greater is worse.
    pub fn severity(self) -> u8 {
        match self {
            Self::Failed => 5,
            Self::Warning => 4,
            Self::Pending => 3,
            Self::Unknown => 2,
            Self::Running | Self::Cancelled => 1,
            Self::Ok => 0,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Which of the three disciplines a thing belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Eye {
    /// Services, hosts, CI, deployment.
    #[default]
    DevOps,
    /// Models, training, serving.
    MlOps,
    /// Pipelines, datasets, quality.
    DataOps,
}

impl Eye {
    /// The short word shown in rows.
    pub fn short(self) -> &'static str {
        match self {
            Self::DevOps => "DEV",
            Self::MlOps => "ML",
            Self::DataOps => "DATA",
        }
    }
}

/// A relation to another entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What the other is to this one: `pipeline`, `run`, `model`, `dataset`, `image`, `commit`.
    pub rel: Text,
    /// Which one.
    #[serde(flatten)]
    pub to: LinkTarget,
}

/// How the other end of a link is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkTarget {
    /// By id.
    Id(EntityId),
    /// Every entity that has all these labels.
    Labels(BTreeMap<Text, Text>),
}

/// One thing of one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// `source/kind/key`.
    pub id: EntityId,
    /// What people call it.
    pub name: Text,
    /// How it is.
    pub state: State,
    /// One short line: why it is in that state, with the system's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// In this state since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When the source last told us about it.
    pub seen_at: Timestamp,
    /// Its discipline.
    pub eye: Eye,
    /// `prod`, `staging`, …, as configured at its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Text>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Text>,
    /// The system's labels and tags, and those configured at the source.
    #[serde(default)]
    pub labels: BTreeMap<Text, Text>,
    /// The system's own page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// Relations.
    #[serde(default)]
    pub links: Vec<Link>,
    /// What is particular to its kind; in files `kind` and `detail` stand beside each other.
    #[serde(flatten)]
    pub detail: Detail,
}

impl Entity {
    /// An entity with an id and a name, and everything else absent.
    pub fn new(source: &SourceName, key: &str, name: &str, state: State, detail: Detail, seen_at: Timestamp) -> Self {
        Self {
            id: EntityId::new(source, detail.kind(), key),
            name: Text::from(name),
            state,
            reason: None,
            since: None,
            seen_at,
            eye: Eye::default(),
            env: None,
            owner: None,
            labels: BTreeMap::new(),
            url: None,
            links: Vec::new(),
            detail,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.detail.kind()
    }

    /// The name with what tells it from others of that name: a model's version, a run's number. One line.
    pub fn title(&self) -> String {
        let name = self.name.first_line();
        let (sign, more) = match &self.detail {
            Detail::Model(model) => (" v", model.version.as_ref()),
            Detail::Run(run) => (" ", run.number.as_ref()),
            _ => ("", None),
        };
        match more.map(Text::first_line) {
            Some(more) if !name.ends_with(more) => format!("{name}{sign}{more}"),
            _ => name.to_owned(),
        }
    }

    /// A shared handle, as the store keeps it.
    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}
