//! Recursive least squares with forgetting: a linear prediction that learns with every value, without a training step.
//! Not for: what the inputs are (see `expert`).

/// Inputs of the prediction.
pub const INPUTS: usize = 10;
/// What counts of an observation after each further one: half of it is forgotten after 700.
const FORGET: f64 = 0.999;
/// How unsure the weights are at first, in squared units of the inputs.
const UNSURE: f64 = 10.0;

/// Weights and their covariance (S. Haykin, Adaptive Filter Theory, chapter on RLS).
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    weights: [f64; INPUTS],
    covariance: [[f64; INPUTS]; INPUTS],
}

impl Default for Regression {
    fn default() -> Self {
        let mut covariance = [[0.0; INPUTS]; INPUTS];
        for (at, row) in covariance.iter_mut().enumerate() {
            row[at] = UNSURE;
        }
        // the first input is the value before: without any knowledge tomorrow is like today
        let mut weights = [0.0; INPUTS];
        weights[0] = 1.0;
        Self { weights, covariance }
    }
}

impl Regression {
    /// The value that these inputs lead to.
    pub fn predict(&self, inputs: &[f64; INPUTS]) -> f64 {
        self.weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum()
    }

    /// Learns by how much the prediction from these inputs was off.
    pub fn learn(&mut self, inputs: &[f64; INPUTS], error: f64) {
        let mut gain = [0.0; INPUTS];
        for (gain, row) in gain.iter_mut().zip(&self.covariance) {
            *gain = row.iter().zip(inputs).map(|(cell, input)| cell * input).sum();
        }
        let power: f64 = FORGET + gain.iter().zip(inputs).map(|(gain, input)| gain * input).sum::<f64>();
        if !(power.is_finite() && power > 0.0) {
            *self = Self { weights: self.weights, ..Self::default() };
            return;
        }
        for (weight, gain) in self.weights.iter_mut().zip(&gain) {
            *weight += gain * error / power;
        }
        let mut trace = 0.0;
        for (at, row) in self.covariance.iter_mut().enumerate() {
            for (cell, other) in row.iter_mut().zip(&gain) {
                *cell = (*cell - gain[at] * other / power) / FORGET;
            }
            trace += row[at];
        }
        // inputs that stand still tell nothing, and forgetting alone would make the covariance grow without end
        if trace > UNSURE * 100.0 * INPUTS as f64 {
            for row in &mut self.covariance {
                for cell in row {
                    *cell *= 0.1;
                }
            }
        }
        if !self.weights.iter().all(|weight| weight.abs() < 1e6) {
            *self = Self::default();
        }
    }
}
