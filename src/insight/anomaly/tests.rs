//! What the detector says of series as they come.

use super::*;

fn wave(at: u32) -> f64 {
    let noise = f64::from(at.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24) - 0.5;
    1e6 + 2e5 * (f64::from(at) * std::f64::consts::TAU / 24.0).sin() + 2e4 * noise
}

#[test]
fn a_value_that_is_odd_for_its_hour_only_is_found_and_told_with_what_was_expected() {
    let mut detector = Detector::default();
    let mut worst = 0.0_f64;
    for at in 0..500 {
        let opinion = detector.step(f64::from(at) * 3600.0, wave(at));
        worst = if at > 200 { worst.max(opinion.score) } else { worst };
    }
    assert_eq!(detector.season(), Some(24));
    // 510 is a peak's hour; what comes is usual half a day later
    for at in 500..510 {
        detector.step(f64::from(at) * 3600.0, wave(at));
    }
    let odd = detector.step(510.0 * 3600.0, wave(522));
    assert!(odd.score > 0.5 && odd.score > worst * 1.3, "{} against {worst}", odd.score);
    let expected = odd.expected.unwrap();
    assert!(expected.low < wave(510) && wave(510) < expected.high && wave(522) > expected.high || wave(522) < expected.low);
}

#[test]
fn gaps_and_missing_values_keep_the_season_in_step() {
    let mut detector = Detector::default();
    for at in (0..480).chain(495..700) {
        let value = if at % 50 == 7 { f64::NAN } else { wave(at) };
        let opinion = detector.step(f64::from(at) * 3600.0, value);
        assert!((0.0..=1.0).contains(&opinion.score));
        assert!(at < 300 || opinion.score < 0.5, "{at}: {}", opinion.score);
    }
}

#[test]
fn a_new_level_is_odd_when_it_comes_and_usual_soon_after() {
    let mut detector = Detector::default();
    let scores: Vec<f64> =
        (0..400_u32).map(|at| detector.step(f64::from(at), f64::from(at % 7) + if at < 300 { 0.0 } else { 100.0 }).score).collect();
    assert!(scores[300] > 0.6, "{}", scores[300]);
    assert!(scores[360..].iter().all(|score| *score < 0.6), "{:?}", &scores[360..]);
}

#[test]
fn the_score_knows_nothing_of_what_comes_after() {
    let run = |values: u32| -> Vec<f64> {
        let mut detector = Detector::default();
        (0..values).map(|at| detector.step(f64::from(at), wave(at)).score).collect()
    };
    assert_eq!(run(200), run(400)[..200]);
}

/// A daily sawtooth of hourly values without noise: every midnight it falls at once.
fn sawtooth(at: u32) -> f64 {
    100.0 + f64::from(at % 24) * 5.0
}

#[test]
fn a_clear_spike_scores_above_four_fifths_after_two_seasons_and_what_is_abrupt_every_day_is_soon_usual() {
    for days in [2, 3, 5, 10] {
        let mut detector = Detector::default();
        let spike = days * 24 + 5;
        let mut last_midnight = 0.0;
        for at in 0..spike {
            let score = detector.step(f64::from(at) * 3600.0, sawtooth(at)).score;
            // the first time that it falls nobody could know
            assert!(at < 50 || score < 0.5, "{at}: {score}");
            last_midnight = if at % 24 == 0 { score } else { last_midnight };
        }
        let odd = detector.step(f64::from(spike) * 3600.0, 900.0).score;
        assert!(odd > 0.8, "after {days} days: {odd}");
        assert!(days < 5 || last_midnight < 0.1, "after {days} days: {last_midnight}");
    }
}

#[test]
fn a_constant_a_count_and_a_short_series_are_judged_too() {
    let run = |values: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
        let mut detector = Detector::default();
        values.enumerate().map(|(at, value)| detector.step(at as f64 * 60.0, value).score).collect()
    };
    let constant = run(&mut (0..500).map(|at| if at == 400 { 6.0 } else { 5.0 }));
    assert!(constant[400] > 0.8 && constant[..400].iter().all(|score| *score < 0.5), "{}", constant[400]);
    let counts = run(&mut (0..500_u32).map(|at| if at == 400 { 30.0 } else { f64::from(at.wrapping_mul(2_654_435_761) >> 8) % 3.0 }));
    assert!(counts[400] > 0.8 && counts[50..400].iter().all(|score| *score < 0.5), "{}", counts[400]);
    assert!(run(&mut [1.0, 1e9, -1e9].into_iter()).iter().all(|score| *score <= 0.0), "nothing is known yet");
    let wild = [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, 0.0, 1e-300, -0.0];
    assert!(run(&mut wild.into_iter().cycle().take(700)).iter().all(|score| (0.0..=1.0).contains(score)));
}

#[test]
fn instants_that_repeat_or_go_back_keep_the_order_in_which_they_came() {
    let mut detector = Detector::default();
    for at in 0..400_u32 {
        let instant = f64::from(match at % 50 {
            10 => at - 1,
            20 => at - 2,
            _ => at,
        });
        let score = detector.step(instant * 3600.0, wave(at)).score;
        assert!(at < 200 || score < 0.5, "{at}: {score}");
    }
}
