//! The embedded world: one fictional company, its systems, and incidents that a person can repair. Everything here is computed.
//! Not for: the cockpit, which reaches these systems through its ordinary sources and knows nothing of them.
//!
//! ```text
//!  Spec (seed, story, scale, speed, zero) ┐
//!  deeds so far (who did what, when)      ├─▶ World at an instant ─▶ System::answer(&World, &Request) ─▶ Reply ─▶ Host ─▶ socket
//!  the instant                            ┘        (pure)                      (pure)                            (the only I/O)
//! ```
//!
//! **A world is a function**, not a simulation that runs: [`World`] holds a [`Spec`](world::Spec), the [`Deed`]s done so far and an
//! instant, and derives everything from them: what a container used two hours ago is computed when somebody asks. So the same
//! spec, deeds and instant give the same bodies, byte for byte, and nothing needs to run before the first question.
//!
//! **To add a system**: a file `demo/NAME.rs` (parts in `demo/NAME/`) with a unit struct that implements [`System`], and one
//! row in [`systems`]. It derives its answers from the world's methods alone ([`World::containers`], [`World::runs`], …) and reads no
//! clock: `world.now()` is the instant of the request. A request that changes something returns [`Reply::after`] with a
//! [`Deed`]; the host records it, and the next request sees a world in which it was done. A body that goes on for ever (logs,
//! events) is a [`Feed`](system::Feed): the host asks it again and again for what is new. What the system does not know is answered as the real
//! server answers it.
//!
//! **To add a story**: a row in [`story::STORIES`]: its written truth, the symptoms that bend the company's curves, and the
//! deeds that cure it.

pub mod airflow;
pub mod alertmanager;
pub mod chance;
pub mod chaos;
pub mod clock;
pub mod company;
pub mod deed;
pub mod docker;
pub mod exposition;
pub mod gitlab;
pub mod host;
pub mod mlflow;
pub mod prometheus;
pub mod settings;
pub mod stamp;
pub mod story;
pub mod system;
pub mod truth;
pub mod world;

use std::sync::Arc;

pub use deed::{Act, Deed};
pub use system::{Reply, Request, System};
pub use world::World;

/// The systems of one site, in the order they are served and listed.
pub fn systems() -> Vec<Arc<dyn System>> {
    let ruler = Arc::new(prometheus::ruler::Ruler::default());
    vec![
        Arc::new(prometheus::Prometheus::new(Arc::clone(&ruler))),
        Arc::new(alertmanager::Alertmanager::new(ruler)),
        Arc::new(docker::Docker),
        Arc::new(airflow::Airflow),
        Arc::new(mlflow::Mlflow),
        Arc::new(gitlab::Gitlab),
        Arc::new(exposition::Exposition),
    ]
}
