//! Configuration: text of files, environment and flags into typed settings, with file, line and column in every complaint.
//! Not for: reaching sources, drawing.

pub mod action;
pub mod check;
pub mod connector;
pub mod drift;
pub mod error;
pub mod keymap;
pub mod layer;
pub mod load;
pub mod model;
pub mod paths;
pub mod secret;
pub mod settings;
pub mod source;
pub mod span;
pub mod theme;
pub mod validate;

pub use action::ActionConfig;
pub use check::{CheckConfig, ColumnsConfig, FreshnessConfig, SeverityConfig};
pub use connector::{Connector, Connectors};
pub use drift::{DriftConfig, SmoothingConfig};
pub use error::ConfigError;
pub use keymap::Keymap;
pub use layer::{Config, Environment, Flags, load};
pub use load::{Document, parse};
pub use model::{BetterConfig, MetricConfig, ModelConfig};
pub use paths::Paths;
pub use secret::{Secret, SecretError, SecretRef};
pub use settings::{Color, Glyphs, LogFile, LogLevel, LogSettings, SafetySettings, Settings, UiSettings};
pub use source::{AuthConfig, ReadingConfig, SourceConfig, TlsConfig};
pub use span::Span;
pub use validate::Readers;
