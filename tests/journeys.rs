//! Journeys through the whole program, as an on-call walks them: keys in, pictures out, recorded systems behind HTTP. Only the
//! terminal is not real.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "a live test uses the rest of it")]
#[path = "journeys/cockpit.rs"]
mod cockpit;
#[path = "journeys/glass.rs"]
mod glass;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "hostile/server.rs"]
mod server;
#[path = "journeys/systems.rs"]
mod systems;

use std::time::{Duration, Instant};

use cockpit::Cockpit;
use systems::Mood;
use triops::pane::Tab;
use triops::runtime::Ending;

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_screen_to_the_runbook_of_an_alert_and_out() {
    let ended = Cockpit::at(&["alertmanager", "airflow"])
        .await
        .walk(&[
            ("see", "InstanceDown"),
            ("see", "2/2 sources answer"),
            ("press", "/"),
            ("type", "instancedown"),
            ("press", "enter"),
            ("see", "Needs you 1/"),
            ("press", "enter"),
            ("see", "alert InstanceDown"),
            ("see", "runbook url      https://runbooks.example/InstanceDown"),
            ("see", "up == 0"),
            ("press", "q"),
            ("not see", "runbook url"),
            ("see", "Needs you 1/"),
            ("press", "q"),
            ("not see", "Needs you 1/"),
            ("press", "q"),
            ("leaves", ""),
        ])
        .await;
    assert_eq!(ended, Some(Ending::Quit));
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_failed_run_to_the_line_of_its_log_that_says_why_and_into_a_file() {
    Cockpit::at(&["airflow"])
        .await
        .walk(&[
            ("press", "3"),
            ("see", "fails_always"),
            ("press", "/"),
            ("type", "state=failed"),
            ("press", "enter tab"),
            ("see", "Runs 1/"),
            ("press", "enter"),
            ("see", "run fails_always manual_fails_always"),
            ("see", "charge"),
            ("press", "/"),
            ("type", "charge"),
            ("press", "enter"),
            ("lit", "charge"),
            ("press", "enter"),
            ("see", "logs fails_always charge"),
            ("see", "Task failed with exception"),
            ("press", "/"),
            ("type", "ValueError"),
            ("press", "enter"),
            ("see", "match 1/1"),
            ("lit", "ValueError: card gateway returned 503"),
            ("press", "S"),
            ("see", "saved "),
            ("saved", "ValueError: card gateway returned 503"),
            ("saved", "2026-11-23T22:22:39.342Z Task failed with exception"),
            ("press", "q"),
            ("not see", "match 1/1"),
            ("press", "q"),
            ("see", "run fails_always manual_fails_always"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_filtered_sorted_marked_and_copied() {
    Cockpit::at(&["airflow"])
        .await
        .walk(&[
            ("press", "3"),
            ("see", "fails_always"),
            ("press", "/"),
            ("type", "state=failed"),
            ("see", "Runs 1/"),
            ("press", "enter tab"),
            ("press", "C"),
            ("see", "sent to the terminal's clipboard"),
            ("copied", "\"id\": \"airflow/run/fails_always/manual_fails_always\""),
            ("copied", "\"state\": \"failed\""),
            ("press", "esc"),
            ("not see", "Runs 1/"),
            ("press", ">"),
            ("see", "by state"),
            ("press", "> >"),
            ("see", "by name"),
            ("press", "g space space"),
            ("see", "2 marked"),
            ("press", "c"),
            ("see", "characters sent"),
            ("copied", "\n"),
            ("press", "u"),
            ("not see", "marked"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_a_few_letters_away() {
    Cockpit::at(&["alertmanager", "airflow"])
        .await
        .walk(&[
            ("see", "BatchJobFailed"),
            ("press", ":"),
            ("see", "Find an action, a tab or an entity"),
            ("type", "btchjob"),
            ("see", "BatchJobFailed  alert of alertmanager"),
            ("press", "enter"),
            ("see", "alert BatchJobFailed"),
            ("see", "batch nightly-etl failed with 3"),
            ("press", "esc :"),
            ("type", "go to sources"),
            ("press", "enter"),
            ("see", "┌ Sources 2"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failing_source_told_stays_in_grey_until_it_answers_again() {
    Cockpit::at(&["alertmanager", "airflow"])
        .await
        .walk(&[
            ("see", "2/2 sources answer"),
            ("press", "2"),
            ("see", "Instance 127.0.0.1:19096 down"),
            ("press", "G"),
            ("not grey", "Instance 127.0.0.1:19096 down"),
            ("alertmanager", "fails"),
            ("press", "ctrl-r"),
            ("see", "1/2 sources answer"),
            ("grey", "Instance 127.0.0.1:19096 down"),
            ("press", "8"),
            ("see", "503"),
            ("press", "g enter"),
            ("see", "check alertmanager"),
            ("see", "503"),
            ("see", "last good"),
            ("press", "esc"),
            ("alertmanager", "answers"),
            ("press", "ctrl-r"),
            ("see", "2/2 sources answer"),
            ("press", "2"),
            ("not grey", "Instance 127.0.0.1:19096 down"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_picture_stays_while_the_world_goes_on() {
    Cockpit::at(&["alertmanager"])
        .await
        .walk(&[
            ("press", "2"),
            ("see", "InstanceDown"),
            ("press", "ctrl-f"),
            ("see", "FROZEN"),
            ("alertmanager", "is quiet"),
            ("press", "ctrl-r"),
            ("asked", "alertmanager"),
            ("press", "j"),
            ("see", "InstanceDown"),
            ("see", "BatchJobFailed"),
            ("press", "ctrl-f"),
            ("not see", "FROZEN"),
            ("not see", "InstanceDown"),
            ("see", "Alerts 0"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_those_of_the_keymap_and_read_only_is_said() {
    Cockpit::at(&["airflow"])
        .await
        .keys("[global]\nW = \"tab-3\"\n3 = \"none\"\n")
        .read_only()
        .walk(&[
            ("see", "READ-ONLY"),
            ("see", "W Pipelines"),
            ("press", "3"),
            ("press", "W"),
            ("see", "┌ Pipelines"),
            ("press", "?"),
            ("see", "In tables"),
            ("press", "pagedown"),
            ("see", "W                 Go to Pipelines"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_has_its_aliases_and_numbers_and_leads_to_its_run() {
    Cockpit::at(&["mlflow"])
        .await
        .walk(&[
            ("press", "5"),
            ("see", "churn-clf v3"),
            ("press", "/"),
            ("type", "churn-clf v3"),
            ("press", "enter enter"),
            ("see", "model churn-clf v3"),
            ("see", "aliases          challenger"),
            ("see", "auc = 0.9"),
            ("see", "● train-2"),
            ("press", "/"),
            ("type", "train-2"),
            ("press", "enter enter"),
            ("see", "run train-2"),
            ("press", "esc esc"),
            ("see", "model churn-clf v3"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_drawn_over_time() {
    Cockpit::at(&["prometheus"])
        .await
        .walk(&[
            ("press", "2"),
            ("see", "InstanceDown"),
            ("press", "/"),
            ("type", "instancedown"),
            ("press", "enter v"),
            ("see", "chart InstanceDown"),
            ("see", "last 1h 00m"),
            ("press", "+"),
            ("see", "last 30m"),
            ("press", "q"),
            ("see", "Alerts 1/"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged_in_three_keys_and_stands_in_the_audit_log() {
    Cockpit::at(&["alertmanager"])
        .await
        .walk(&[
            ("press", "2"),
            ("see", "InstanceDown"),
            ("press", "/"),
            ("type", "instancedown"),
            ("press", "enter"),
            ("see", "a ack"),
            ("press", "a"),
            ("see", "Acknowledge: a short silence in your name · reversible"),
            ("see", "/api/v2/silences"),
            ("see", "y Acknowledge"),
            ("pause", "1"),
            ("press", "y"),
            ("see", "silence 0d2f2c0e-7a35-4ac4-9c44-6a8d12ab0c11"),
            ("see", "acknowledging"),
            ("press", "L"),
            ("see", "Audit 1"),
            ("see", "acknowledge"),
            ("see", "done"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_a_failed_run_is_run_again_alone_from_its_line_in_the_detail() {
    Cockpit::at(&["airflow"])
        .await
        .walk(&[
            ("press", "3"),
            ("see", "fails_always"),
            ("press", "/"),
            ("type", "state=failed"),
            ("press", "enter tab"),
            ("see", "Runs 1/"),
            ("press", "enter"),
            ("see", "charge"),
            ("press", "/"),
            ("type", "charge"),
            ("press", "enter"),
            ("lit", "charge"),
            ("press", "m"),
            ("see", "step charge of fails_always"),
            ("see", "Run this task again, alone"),
            ("pause", "1"),
            ("press", "esc"),
            ("not see", "step charge of"),
            ("press", "r"),
            ("see", "Run this task and all that follow it again"),
            ("pause", "1"),
            ("press", "1"),
            ("see", "step     charge"),
            ("see", "\"task_ids\":[\"charge\"]"),
            ("press", "esc"),
            ("see", "cancelled: nothing was sent"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_or_refused_leaves_the_program_as_a_line_of_the_audit_log_alone() {
    Cockpit::at(&["alertmanager"])
        .await
        .walk(&[
            ("press", "2"),
            ("see", "a ack"),
            ("press", "a"),
            ("see", "any other key cancels"),
            ("pause", "1"),
            ("press", "enter"),
            ("see", "cancelled: nothing was sent"),
            ("press", "L"),
            ("see", "cancelled"),
            ("see", "Audit 1"),
        ])
        .await;
    Cockpit::at(&["alertmanager"])
        .await
        .read_only()
        .walk(&[
            ("press", "2"),
            ("see", "InstanceDown"),
            ("pause", "1"),
            ("press", "a"),
            ("see", "triops is read-only"),
            ("press", "L"),
            ("see", "refused"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_hangs_never_delays_a_key() {
    // far under the ten seconds for which a source may hang, far over what a picture takes
    const AT_ONCE: Duration = Duration::from_secs(4);
    Cockpit::at(&["alertmanager", "airflow"])
        .await
        .feeling("alertmanager", Mood::Hangs)
        .feeling("airflow", Mood::Hangs)
        .run(async |walker| {
            walker.until("the first picture", |picture| picture.text().contains("asking 2 sources")).await;
            for (place, tab) in Tab::ALL.iter().enumerate() {
                let pressed = Instant::now();
                walker.press((place + 1).to_string());
                let wanted = format!("┌ {} 0", tab.spec().sections[0].title);
                let wanted = if *tab == Tab::Sources { "┌ Sources 2".to_owned() } else { wanted };
                walker.until(&wanted, |picture| picture.text().contains(&wanted)).await;
                assert!(pressed.elapsed() < AT_ONCE, "{} took {:?}", tab.title(), pressed.elapsed());
            }
        })
        .await;
}
