//! The measures against scipy's values (scipy 1.17.1, numpy 2.4.6) and against `PromQL`'s quantiles (promtool 2.42).

use super::{Distances, Layout, Limits, Smoothing, compare};

const INF: f64 = f64::INFINITY;
const EDGES: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, INF];
const REFERENCE: [f64; 5] = [120.0, 360.0, 480.0, 180.0, 60.0];
const CURRENT: [f64; 5] = [60.0, 180.0, 360.0, 360.0, 240.0];

fn of(edges: &[f64], reference: &[f64], current: &[f64], smoothing: Smoothing) -> Distances {
    compare(Layout::Edges(edges), reference, current, smoothing, &mut Limits::default()).unwrap()
}

fn close(what: &str, got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{what}: {got} is not {expected}");
}

#[test]
fn every_measure_is_the_one_of_scipy() {
    let told = of(&EDGES, &REFERENCE, &CURRENT, Smoothing::Half);
    close("psi", told.psi, 0.479_313_874_609_142_6);
    close("limit", told.psi_limit, 0.015_812_881_727_968_593);
    close("jensen-shannon", told.jensen_shannon, 0.287_791_291_822_1);
    close("in nats", told.jensen_shannon * std::f64::consts::LN_2.sqrt(), 0.239_601_967_057_305_46);
    close("hellinger", told.hellinger, 0.242_105_538_258_919_73);
    close("total variation", told.total_variation, 0.3);
    close("chebyshev", told.chebyshev, 0.15);
    close("chi2", told.chi2, 265.142_857_142_857_1);
    close("chi2 p", told.chi2_p, 3.553_642_083_093_910_5e-56);
    let along = told.along.unwrap();
    close("ks", along.ks, 0.3);
    close("ks p", along.ks_p.unwrap(), 8.303_378_214_616_692e-48);
    close("wasserstein", along.wasserstein, 0.125);
    close("overflow", along.overflow, 0.2);
    for (what, got, expected) in [
        ("reference", along.reference, [0.2, 0.45, 0.733_333_333_333_333_3]),
        ("current", along.current, [0.266_666_666_666_666_66, 0.6, 0.8]),
    ] {
        got.iter().zip(expected).for_each(|(got, expected)| close(what, *got, expected));
    }
    let told_end = of(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], &REFERENCE, &CURRENT, Smoothing::Half);
    close("wasserstein with an end", told_end.along.unwrap().wasserstein, 0.14);
}

#[test]
fn the_rule_for_empty_cells_is_the_one_that_was_asked_for() {
    let (reference, current) = ([0.0, 50.0, 30.0, 20.0, 0.0], [10.0, 40.0, 20.0, 20.0, 10.0]);
    let half = of(&EDGES, &reference, &current, Smoothing::Half);
    close("half", half.psi, 0.654_343_222_935_089_6);
    close("evidently", of(&EDGES, &reference, &current, Smoothing::Evidently).psi, 1.443_030_370_682_868_4);
    close("jensen-shannon", half.jensen_shannon, 0.333_583_759_285_6);
    close("hellinger", half.hellinger, 0.328_386_099_312_568_74);
    close("ks", half.along.unwrap().ks, 0.1);
    close("without empty cells no rule is needed", of(&EDGES, &REFERENCE, &CURRENT, Smoothing::Evidently).psi, 0.479_313_874_609_142_6);
}

#[test]
fn categories_have_no_order() {
    let (reference, current) = ([200.0, 150.0, 150.0, 0.0], [240.0, 90.0, 60.0, 10.0]);
    let told = compare(Layout::Unordered, &reference, &current, Smoothing::Evidently, &mut Limits::default()).unwrap();
    close("psi", told.psi, 0.344_125_630_994_278_1);
    close("chi2", told.chi2, 56.797_889_610_389_62);
    close("chi2 p", told.chi2_p, 2.838_278_766_555_964_6e-12);
    close("jensen-shannon", told.jensen_shannon, 0.222_003_951_319_373);
    close("chebyshev", told.chebyshev, 0.2);
    close("total variation", told.total_variation, 0.225);
    assert_eq!(told.along, None);
}

#[test]
fn the_ends_of_every_scale_are_reached_and_not_passed() {
    let same = of(&EDGES, &REFERENCE, &REFERENCE.map(|count| count * 3.0), Smoothing::Half);
    assert!(same.psi.to_bits() == 0 && same.jensen_shannon < 1e-7 && same.hellinger < 1e-7, "{same:?}");
    assert_eq!((same.chi2_p > 0.999_999, same.along.unwrap().ks < 1e-12), (true, true));
    let apart = of(&[0.0, 1.0, 2.0, 3.0], &[500.0, 0.0, 0.0], &[0.0, 0.0, 500.0], Smoothing::Half);
    close("jensen-shannon", apart.jensen_shannon, 1.0);
    close("hellinger", apart.hellinger, 1.0);
    close("ks", apart.along.unwrap().ks, 1.0);
    close("wasserstein", apart.along.unwrap().wasserstein, 2.0);
    assert_eq!(apart.cells, 2, "a cell that neither uses counts for nothing");
    let nothing = compare(Layout::Unordered, &[0.0, 0.0], &[1.0, 2.0], Smoothing::Half, &mut Limits::default());
    assert_eq!(nothing, None, "no traffic is no verdict");
}

#[test]
fn quantiles_lie_where_prometheus_puts_them_also_at_the_ends() {
    let open = of(&[f64::NEG_INFINITY, -1.0, 1.0, INF], &[10.0, 80.0, 10.0], &[50.0, 10.0, 40.0], Smoothing::Half).along.unwrap();
    assert_eq!(open.current.map(|q| (q * 1e9).round() / 1e9), [-1.0, -1.0, 1.0]);
    let base = 2.0_f64.powf(0.25);
    let edges = [base.powi(6), base.powi(7)];
    let native = compare(Layout::Exponential(&edges), &[40.0], &[40.0], Smoothing::Half, &mut Limits::default()).unwrap();
    close("a tenth of the way", native.along.unwrap().current[0], base.powi(6) * base.powf(0.1));
}
