//! What the demo promises: each story's truth shows on the screens, what it says to do repairs it, its answers have the shapes of the real
//! servers', and it runs where there is no network at all.
//! Not for: Docker, Airflow, MLflow and GitLab each by itself (see `demo_systems`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "the functions beside the tests are tests too")]

mod alone;
mod causes;
mod repairs;
mod seat;
mod shapes;
mod stage;
mod stories;
mod tour;
