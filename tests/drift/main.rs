//! What drift measures promise of any input, how often they are wrong without drift, and that they say what Evidently says of the same
//! sample.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a test fails loudly, and says what it compares")]

use proptest::prelude::*;
use triops::domain::State;
use triops::insight::drift::verdict::{enough, judge};
use triops::insight::drift::{Distances, Doubt, Histogram, Layout, Limits, Smoothing, Thresholds, align, compare};

const CELLS: usize = 12;

fn of(reference: &[f64], current: &[f64]) -> Option<Distances> {
    let edges: Vec<f64> = (0..=reference.len()).map(|edge| edge as f64).collect();
    compare(Layout::Edges(&edges), reference, current, Smoothing::Half, &mut Limits::default())
}

fn counts() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), 1.0..1000.0_f64], CELLS)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #[test]
    fn every_distance_is_the_same_both_ways_and_within_its_bounds(a in counts(), b in counts()) {
        let (Some(there), Some(back)) = (of(&a, &b), of(&b, &a)) else { return Ok(()) };
        let (along, behind) = (there.along.unwrap(), back.along.unwrap());
        for (x, y) in [
            (there.psi, back.psi), (there.jensen_shannon, back.jensen_shannon), (there.hellinger, back.hellinger),
            (there.total_variation, back.total_variation), (there.chebyshev, back.chebyshev), (there.chi2, back.chi2),
            (along.ks, behind.ks), (along.wasserstein, behind.wasserstein),
        ] {
            prop_assert!(near(x, y), "{x} is not {y}");
        }
        for share in [there.jensen_shannon, there.hellinger, there.total_variation, there.chebyshev, along.ks, there.chi2_p] {
            prop_assert!((0.0..=1.0).contains(&share), "{there:?}");
        }
        prop_assert!(there.psi >= 0.0 && along.wasserstein >= 0.0 && along.wasserstein <= CELLS as f64);
        // known between any two distributions
        prop_assert!(along.ks <= there.total_variation + 1e-12 && there.chebyshev <= there.total_variation + 1e-12);
        prop_assert!(there.hellinger.powi(2) <= there.total_variation + 1e-9);
        prop_assert!(there.total_variation <= there.hellinger * 2.0_f64.sqrt() + 1e-9);
        prop_assert!(along.reference[0] <= along.reference[1] && along.reference[1] <= along.reference[2]);
    }

    #[test]
    fn what_is_the_same_is_not_apart_however_large_it_is(a in counts(), factor in 0.5..20.0_f64) {
        let larger: Vec<f64> = a.iter().map(|count| count * factor).collect();
        let Some(told) = of(&a, &larger) else { return Ok(()) };
        prop_assert!(told.psi < 1e-3 && told.jensen_shannon < 1e-6 && told.hellinger < 1e-6, "{told:?}");
        prop_assert!(told.along.unwrap().ks < 1e-9 && told.along.unwrap().wasserstein < 1e-9 && told.chi2 < 1e-6);
    }

    #[test]
    fn order_matters_to_distances_along_the_scale_only(a in counts(), b in counts()) {
        let reversed = |counts: &[f64]| counts.iter().rev().copied().collect::<Vec<_>>();
        let (Some(there), Some(back)) = (of(&a, &b), of(&reversed(&a), &reversed(&b))) else { return Ok(()) };
        prop_assert!(near(there.psi, back.psi) && near(there.hellinger, back.hellinger) && near(there.chi2, back.chi2));
        prop_assert!(near(there.along.unwrap().wasserstein, back.along.unwrap().wasserstein), "a mirror keeps distances");
    }

    #[test]
    fn one_cell_divided_into_two_equal_halves_moves_nothing_but_its_own_measure(a in counts(), b in counts()) {
        let halves = |counts: &[f64]| counts.iter().flat_map(|count| [count / 2.0, count / 2.0]).collect::<Vec<_>>();
        let edges: Vec<f64> = (0..=2 * CELLS).map(|edge| edge as f64 / 2.0).collect();
        let fine = compare(Layout::Edges(&edges), &halves(&a), &halves(&b), Smoothing::Half, &mut Limits::default());
        let (Some(coarse), Some(fine)) = (of(&a, &b), fine) else { return Ok(()) };
        prop_assert!(near(coarse.jensen_shannon, fine.jensen_shannon) && near(coarse.total_variation, fine.total_variation));
        prop_assert!(near(coarse.along.unwrap().wasserstein, fine.along.unwrap().wasserstein));
    }

    #[test]
    fn no_histogram_a_server_can_tell_is_a_panic(
        a in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY), 0..12),
        b in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY, prop::num::f64::ANY), 0..12),
    ) {
        let histograms = [Histogram::classic(a, None), Histogram::native(b)];
        for (one, other) in histograms.iter().zip(histograms.iter().rev()) {
            if let (Ok(one), Ok(other)) = (one, other) && let Some(aligned) = align(one, other) {
                prop_assert_eq!(aligned.edges.len(), aligned.reference.len() + 1);
                compare(Layout::Edges(&aligned.edges), &aligned.reference, &aligned.current, Smoothing::Half, &mut Limits::default());
            }
        }
    }
}

/// Numbers that are the same on every machine (xorshift64*).
struct Dice(u64);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Counts of so many draws over ten cells; `tilt` moves mass to the right.
fn drawn(dice: &mut Dice, draws: u32, tilt: f64) -> Vec<f64> {
    let mut counts = vec![0.0; 10];
    for _ in 0..draws {
        let place = f64::midpoint(dice.share(), dice.share());
        counts[((place.powf(1.0 / (1.0 + tilt)) * 10.0) as usize).min(9)] += 1.0;
    }
    counts
}

#[test]
fn without_drift_a_thousand_comparisons_alarm_no_more_often_than_stated() {
    const SEEDS: u64 = 1000;
    let thresholds = Thresholds::default();
    for (draws, most_verdicts) in [(60, 0.05), (250, 0.05), (2000, 0.0)] {
        let (mut ks, mut chi2, mut chance, mut alarms) = (0, 0, 0, 0);
        for seed in 1..=SEEDS {
            let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for _ in 0..8 {
                dice.share();
            }
            let told = of(&drawn(&mut dice, draws, 0.0), &drawn(&mut dice, draws, 0.0)).unwrap();
            ks += u32::from(told.along.unwrap().ks_p.unwrap() < 0.05);
            chi2 += u32::from(told.chi2_p < 0.05);
            chance += u32::from(told.psi > told.psi_limit);
            let verdict = enough(told.n, told.m, &thresholds).map(|()| told);
            alarms += u32::from(judge(&[verdict], &[], &thresholds).0[0].state.severity() >= State::Warning.severity());
        }
        let rate = |count: u32| f64::from(count) / SEEDS as f64;
        // three deviations of a share of 5 % in a thousand
        assert!(rate(ks) <= 0.05 + 0.021 && rate(chi2) <= 0.05 + 0.021, "{draws}: KS {ks}, chi-square {chi2}");
        // the limit is of large samples; half a sample in empty cells makes it a little lower than it should be in small ones
        assert!(rate(chance) <= 0.10, "{draws}: {chance}");
        assert!(rate(alarms) <= most_verdicts, "{draws}: {alarms}");
    }
}

#[test]
fn real_drift_is_found_in_every_one_of_a_hundred_comparisons() {
    let thresholds = Thresholds::default();
    for seed in 1..=100_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let told = of(&drawn(&mut dice, 1000, 0.0), &drawn(&mut dice, 1000, 1.0)).unwrap();
        assert_eq!(judge(&[Ok(told)], &[], &thresholds).0[0].state, State::Failed, "{seed}: {told:?}");
    }
    assert_eq!(enough(1000.0, 0.0, &thresholds).unwrap_err(), Doubt::Nothing(triops::insight::drift::verdict::Window::Current));
}

/// Columns of the samples that Evidently 0.7.23 was run on.
fn column(file: &str, place: usize) -> Vec<String> {
    let path = format!("{}/tests/fixtures/evidently/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().lines().skip(1).map(|line| line.split(',').nth(place).unwrap().to_owned()).collect()
}

fn numbers(file: &str, place: usize) -> Vec<f64> {
    column(file, place).iter().map(|cell| cell.parse().unwrap()).collect()
}

/// Counts between edges as numpy does it: the last cell holds its upper edge too.
fn binned(values: &[f64], edges: &[f64]) -> Vec<f64> {
    let mut counts = vec![0.0; edges.len() - 1];
    for value in values {
        let at = edges.partition_point(|edge| edge <= value).clamp(1, counts.len()) - 1;
        counts[at] += 1.0;
    }
    counts
}

fn even(values: &[f64], cells: usize) -> Vec<f64> {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    (0..=cells).map(|edge| low + (high - low) * edge as f64 / cells as f64).collect()
}

#[test]
fn the_same_sample_gives_the_numbers_of_evidently() {
    for (place, psi, ks, p, wasserstein, normed) in [
        (0, 0.325_058_110_557_862_7, 0.262, 1.718_743_259_350_663_3e-15, 5.449_156_305_611_098, 0.568_227_916_866_699_2),
        (1, 0.074_907_920_217_934_66, 0.04, 0.819_151_130_335_571_7, 871.011_621_485_085_1, 0.067_782_242_289_713_43),
    ] {
        let (reference, current) = (numbers("reference.csv", place), numbers("current.csv", place));
        let both: Vec<f64> = reference.iter().chain(&current).copied().collect();
        // Sturges' rule over both, as Evidently bins
        let cells = ((both.len() as f64).log2() + 1.0).ceil() as usize;
        let edges = even(&both, cells);
        let (r, c) = (binned(&reference, &edges), binned(&current, &edges));
        let told = compare(Layout::Edges(&edges), &r, &c, Smoothing::Evidently, &mut Limits::default()).unwrap();
        assert!(near(told.psi, psi), "{} is not {psi}", told.psi);
        // what needs the sample itself is met by fine cells, and never passed by coarse ones
        let coarse = told.along.unwrap();
        assert!(coarse.ks <= ks + 1e-12, "a histogram sees at most the gap of the sample");
        let edges = even(&both, 20_000);
        let (r, c) = (binned(&reference, &edges), binned(&current, &edges));
        let fine = compare(Layout::Edges(&edges), &r, &c, Smoothing::Evidently, &mut Limits::default()).unwrap().along.unwrap();
        assert!((fine.ks - ks).abs() < 0.004, "{} is not {ks}", fine.ks);
        assert!((fine.wasserstein / wasserstein - 1.0).abs() < 2e-3, "{} is not {wasserstein}", fine.wasserstein);
        assert!((fine.wasserstein_normed.unwrap() / normed - 1.0).abs() < 2e-3, "{:?} is not {normed}", fine.wasserstein_normed);
        // another law of the same statistic (see the formula's docs): of one opinion, not of one digit
        let own = fine.ks_p.unwrap();
        let theirs: f64 = p;
        assert!((own.ln() - theirs.ln()).abs() < 0.12 * theirs.ln().abs() + 0.2, "{own} against {p}");
    }
}

#[test]
fn the_same_categories_give_the_numbers_of_evidently_and_scipy() {
    let (reference, current) = (column("reference.csv", 2), column("current.csv", 2));
    let mut names: Vec<&String> = reference.iter().chain(&current).collect();
    names.sort();
    names.dedup();
    let count = |of: &[String]| names.iter().map(|name| of.iter().filter(|cell| cell == name).count() as f64).collect::<Vec<_>>();
    let told = compare(Layout::Unordered, &count(&reference), &count(&current), Smoothing::Evidently, &mut Limits::default()).unwrap();
    assert!(near(told.psi, 0.567_898_534_095_648_6), "{}", told.psi);
    assert!(near(told.jensen_shannon, 0.314_526_317_469_016_44), "{}", told.jensen_shannon);
    assert!((told.chi2_p / 1.532_655_022_867_602_6e-29 - 1.0).abs() < 1e-9, "{}", told.chi2_p);
}
