//! How well scores rank the odd values, and simple ways to score that a detector has to beat.
//! Not for: making series (see `series`).

/// Widths of the soft edges around what is odd.
const EDGES: [usize; 5] = [0, 5, 10, 20, 40];

/// Volume under the surface of precision and recall: the area with labels that fade out over some values, averaged over several
/// widths of that edge, 0 to 1 (J. Paparrizos et al., "Volume under the surface", PVLDB 15, 2022).
pub fn volume(scores: &[f64], odd: &[bool]) -> f64 {
    EDGES.iter().map(|edge| area(scores, odd, *edge)).sum::<f64>() / EDGES.len() as f64
}

fn area(scores: &[f64], odd: &[bool], edge: usize) -> f64 {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, odd) in odd.iter().enumerate().filter(|(_, odd)| **odd) {
        match stretches.last_mut() {
            Some((_, end)) if *end == at && *odd => *end = at + 1,
            _ => stretches.push((at, at + 1)),
        }
    }
    let mut soft: Vec<f64> = odd.iter().map(|odd| f64::from(u8::from(*odd))).collect();
    let hard: f64 = soft.iter().sum();
    for (from, to) in &stretches {
        for away in 1..=edge / 2 {
            let weight = (1.0 - away as f64 / edge as f64).sqrt();
            for at in [from.checked_sub(away), Some(to - 1 + away)].into_iter().flatten().filter(|at| *at < odd.len()) {
                soft[at] = soft[at].max(weight);
            }
        }
    }
    let positive = f64::midpoint(hard, soft.iter().sum());
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut met = vec![false; stretches.len()];
    let (mut hit, mut area, mut recall_before, mut precision_before) = (0.0, 0.0, 0.0, 1.0);
    let mut taken = 0;
    for same in order.chunk_by(|a, b| scores[*a].total_cmp(&scores[*b]).is_eq()) {
        for at in same {
            hit += soft[*at];
            taken += 1;
            for (met, (from, to)) in met.iter_mut().zip(&stretches) {
                *met |= (from.saturating_sub(edge / 2)..to + edge / 2).contains(at);
            }
        }
        let found = met.iter().filter(|met| **met).count() as f64 / stretches.len() as f64;
        let (recall, precision) = ((hit / positive).min(1.0) * found, hit / f64::from(taken));
        area += (recall - recall_before) * f64::midpoint(precision, precision_before);
        (recall_before, precision_before) = (recall, precision);
    }
    area
}

/// Distance from the mean of the last hundred values, in their deviations.
pub fn rolling_z(values: &[f64]) -> Vec<f64> {
    let score = |at: usize| {
        let before = &values[at.saturating_sub(100)..at];
        let mean = before.iter().sum::<f64>() / before.len() as f64;
        let spread = (before.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / before.len() as f64).sqrt();
        (values[at] - mean).abs() / (spread + 1e-9)
    };
    (0..values.len()).map(|at| if at < 10 { 0.0 } else { score(at) }).collect()
}

/// Distance from the value one (known) season ago, in its usual size.
pub fn seasonal_naive(values: &[f64], season: usize) -> Vec<f64> {
    let mut usual = 0.0;
    (0..values.len())
        .map(|at| {
            let Some(before) = at.checked_sub(season) else { return 0.0 };
            let apart = (values[at] - values[before]).abs();
            let score = if before < season { 0.0 } else { apart / (usual + 1e-9) };
            usual += (apart.min(usual * 5.0 + 1e-9) - usual) * 0.01_f64.max(1.0 / (before + 1) as f64);
            score
        })
        .collect()
}
