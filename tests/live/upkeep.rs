//! Acknowledgements in a cockpit that runs, with keys and pictures, on a real Alertmanager that is asked by curl what it has.
//! Not for: when an acknowledgement is extended or ended (see `insight::upkeep`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use triops::config::SourceConfig;
use triops::runtime::clock::Clock;

use super::act::{fire, silences};
use super::cockpit::{Cockpit, Walker};
use super::seat::folder;
use super::support::{addresses, built, config, now, until};

/// Seconds after which an acknowledgement of a quarter of an hour is extended.
const TEN_MINUTES_AND_MORE: i64 = 660;

async fn take(walker: &mut Walker, steps: &[(&'static str, &str)]) {
    for (place, (what, with)) in steps.iter().enumerate() {
        walker.step(place, (what, with)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_cockpit_extends_an_acknowledgement_while_the_alert_fires_warns_on_leaving_and_ends_it_when_it_has_resolved() {
    let Some([url]) = addresses("keeping an acknowledgement up", ["TRIOPS_LIVE_ALERTMANAGER"]) else { return };
    let name = format!("Kept{}", std::process::id());
    fire(&url, &name, 60);
    let ahead = Arc::new(AtomicI64::new(0));
    let clock = {
        let ahead = Arc::clone(&ahead);
        Clock::new(move || now().plus(ahead.load(Ordering::SeqCst) as f64))
    };
    let folder = folder();
    let source = built(&SourceConfig { every: Some("1s".parse().unwrap()), ..config("alertmanager", &url, None) }, &folder);
    Cockpit::on(vec![source], clock)
        .run(async |walker| {
            let find =
                [("press", "2"), ("press", "/"), ("type", name.as_str()), ("press", "enter"), ("see", name.as_str()), ("see", "a ack")];
            take(walker, &find).await;
            take(walker, &[("press", "a"), ("see", "y Acknowledge"), ("pause", "1"), ("press", "y")]).await;
            let made = until("there is one silence", async || {
                let there = silences(&url, &name);
                if there.len() == 1 { Ok(there[0].clone()) } else { Err(format!("{there:?}")) }
            })
            .await;
            // the cockpit must have seen it before it can keep it up
            take(walker, &[("press", "A"), ("see", &format!("silence alertname={name}"))]).await;
            take(walker, &[("press", "q"), ("not see", "Acknowledged by you")]).await;
            ahead.store(TEN_MINUTES_AND_MORE, Ordering::SeqCst);
            let longer = until("it is extended", async || {
                let there = silences(&url, &name);
                let extended = there.len() == 1 && there[0]["endsAt"].as_str() > made["endsAt"].as_str();
                if extended { Ok(there[0].clone()) } else { Err(format!("{there:?}")) }
            })
            .await;
            assert_eq!((&longer["id"], &longer["createdBy"]), (&made["id"], &"oncall".into()), "{longer:#}");
            let leaving =
                [("press", "esc"), ("pause", "1"), ("press", "q"), ("see", "open acknowledgement"), ("see", &format!("alertname={name},"))];
            take(walker, &leaving).await;
            take(walker, &[("pause", "1"), ("press", "n"), ("not see", "open acknowledgement"), ("pause", "1")]).await;
            fire(&url, &name, -1);
            // the same silence is not touched twice within a minute
            ahead.store(TEN_MINUTES_AND_MORE + 90, Ordering::SeqCst);
            until("it is ended", async || {
                let there = silences(&url, &name);
                if there.is_empty() { Ok(()) } else { Err(format!("{there:?}")) }
            })
            .await;
            // nobody pressed a key for either: the log says who did it
            take(walker, &[("press", "L"), ("see", "extend"), ("see", "expire"), ("see", "triops")]).await;
        })
        .await;
    let _ = std::fs::remove_dir_all(&folder);
}
