//! triops, a terminal operations cockpit with three eyes: DevOps, MLOps and DataOps.
//!
//! ```text
//!  system ─HTTP/socket/exec/file─▶ source ─Batch─▶ runtime ─Msg─▶ app::update ─▶ store ─▶ insight
//!  keyboard ──────────────────────────────────────────▶ Msg ─▶ app::update ─▶ Vec<Effect> ─▶ runtime ─▶ source
//!  app::view(&Model) ─▶ pane ─▶ ui widgets ─▶ ratatui Buffer ─▶ one buffered write
//! ```
//!
//! Everything a system says becomes the same few entities at the door ([`domain`]); everything behind the door knows only
//! entities. Each module may use only what stands to its left:
//! `domain ← msg ← config ← source`, `domain ← insight ← store, source`, and `domain, msg, config, insight ← ui`, all of these ← `pane ← app`;
//! `runtime` joins `app` and `source`, `cli` drives `runtime` and `demo`, and `demo` uses `domain` alone. `tests/layers.rs` enforces it.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod insight;
pub mod msg;
pub mod pane;
pub mod runtime;
pub mod source;
pub mod store;
pub mod ui;
