//! Every story that has a cause is repaired by keys alone: what is wrong is found, the right thing is done to it, and the alerts end.

use crate::seat::Seat;
use crate::stage::spec;

/// One thing that a person does.
#[derive(Debug, Clone, Copy)]
enum Do {
    /// Presses these keys.
    Press(&'static str),
    /// Types this.
    Type(&'static str),
    /// Sees this.
    See(&'static str),
}

use Do::{Press, See, Type};

/// From the first screen to the question, answered. `bad-deploy` is told in the tour as well.
const REPAIRS: &[(&str, &[Do])] = &[
    (
        "bad-deploy",
        &[
            See("ErrorsHigh"),
            Press("7 /"),
            Type("lumen/orders-api environment=prod"),
            Press("enter j R"),
            See("Deploy this commit again"),
            Type("deployment/18/180008"),
            Press("enter"),
        ],
    ),
    (
        "bad-load",
        &[
            See("DatasetVolumeLow"),
            Press("3 /"),
            Type("vendor_drop"),
            Press("enter t"),
            See("Start a run"),
            Type("vendor_drop"),
            Press("enter"),
        ],
    ),
    (
        "alias-mistake",
        &[
            See("ModelScoreLow"),
            Press("5 /"),
            Type("model=fraud-score"),
            Press("enter G P"),
            See("Alias*"),
            Press("enter"),
            See("champion of fraud-score: v4 → v7"),
            Type("fraud-score v7"),
            Press("enter"),
        ],
    ),
    (
        "upstream-down",
        &[See("TargetDown"), Press("4 /"), Type("events-broker"), Press("enter t"), See("Start"), Type("events-broker"), Press("enter")],
    ),
    (
        "flapping",
        &[
            See("LatencyHigh"),
            Press("4 /"),
            Type("service=inventory-sync"),
            Press("enter r"),
            See("Restart"),
            Type("inventory-sync"),
            Press("enter"),
        ],
    ),
];

async fn repaired(story: &str) {
    let (_, steps) = REPAIRS.iter().find(|(name, _)| *name == story).unwrap();
    // where all of a story's alerts fire
    let sick_s = if story == "flapping" { 140.0 } else { 360.0 };
    let mut seat = Seat::new(spec(story, 1, 1), (100, 30)).await;
    // an alias that moves is seen only by who was there before
    seat.wait_until(50.0).await;
    seat.skip_until(sick_s - 10.0);
    seat.wait_until(sick_s).await;
    for step in *steps {
        match step {
            Press(keys) => seat.press(keys).await,
            Type(text) => seat.write(text).await,
            See(text) => seat.see(text),
        }
        // a question is read before it is answered
        seat.wait(3.0).await;
    }
    assert_eq!(seat.stage.shared.world(0).cured_s().map(|s| s > sick_s), Some(true), "{story}: nothing was done:\n{}", seat.text());
    // what looks back over a while, as drift does, has forgotten it by then, and twice in a row
    seat.skip_until(sick_s + 1_770.0);
    seat.wait_until(sick_s + 1_800.0).await;
    seat.press("esc esc 1").await;
    seat.see("0 firing; all 7 sources answered");
}

macro_rules! each_repair {
    ($($test:ident $name:literal),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            repaired($name).await;
        })+

        #[test]
        fn every_story_that_can_be_repaired_is() {
            let told: Vec<&str> =
                triops::demo::story::STORIES.iter().filter(|story| !story.cures.is_empty()).map(|story| story.name).collect();
            let mut done = vec![$($name),+];
            done.sort_by_key(|name| told.iter().position(|story| story == name));
            assert_eq!(told, done);
        }
    };
}

each_repair! {
    a_bad_deploy_is_rolled_back_by_keys "bad-deploy",
    a_bad_load_is_run_again_by_keys "bad-load",
    a_wrong_alias_is_moved_back_by_keys "alias-mistake",
    a_broker_that_is_down_is_started_by_keys "upstream-down",
    a_flapping_service_is_restarted_by_keys "flapping",
}
