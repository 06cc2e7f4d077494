//! Configuration: text of files, environment and flags into typed settings, with file, line and column in every complaint.
//! Not for: reaching sources, drawing.

pub mod connector;
pub mod error;
pub mod load;
pub mod secret;
pub mod source;
pub mod span;

pub use connector::{Connector, Connectors};
pub use error::ConfigError;
pub use load::{Document, parse};
pub use secret::{Secret, SecretError, SecretRef};
pub use source::{AuthConfig, ReadingConfig, SourceConfig, TlsConfig};
pub use span::Span;
