//! The last values of a series, in a ring, and what is usual at a point of its season.
//! Not for: finding the season (see `period`).

/// Seasons back that are looked at for what is usual at this point of the season.
const SEASONS: usize = 3;

/// A ring of single precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    values: Vec<f32>,
    capacity: usize,
    newest: usize,
}

impl Memory {
    /// Of so many values; room is taken as they come.
    pub fn of(capacity: usize) -> Self {
        Self { values: Vec::new(), capacity, newest: 0 }
    }

    /// Values it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Values it holds.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the oldest is forgotten for the next.
    pub fn is_full(&self) -> bool {
        self.values.len() == self.capacity
    }

    /// Takes the newest.
    pub fn push(&mut self, x: f64) {
        if self.values.len() < self.capacity {
            self.values.push(x as f32);
            self.newest = self.values.len() - 1;
        } else {
            self.newest = (self.newest + 1) % self.capacity;
            self.values[self.newest] = x as f32;
        }
    }

    /// The value so many steps before the one that comes next; 1 is the newest.
    pub fn back(&self, steps: usize) -> Option<f64> {
        let len = self.values.len();
        (steps > 0 && steps <= len).then(|| f64::from(self.values[(self.newest + len + 1 - steps) % len]))
    }

    /// What is usual at the point of the season that comes next: the middle one of three seasons, so that one odd season is not
    /// expected again; the mean of fewer.
    pub fn usual(&self, season: usize) -> Option<f64> {
        let found: [Option<f64>; SEASONS] = std::array::from_fn(|k| self.back((k + 1) * season));
        match found {
            [Some(a), Some(b), Some(c)] => Some(a.max(b).min(a.min(b).max(c))),
            [Some(a), Some(b), None] => Some(f64::midpoint(a, b)),
            [first, ..] => first,
        }
    }

    /// All values, oldest first.
    pub fn ordered(&self) -> Vec<f32> {
        let len = self.values.len();
        (0..len).map(|at| self.values[(self.newest + 1 + at) % len]).collect()
    }

    /// Mean distance from the mean.
    pub fn spread(&self) -> f64 {
        let n = self.values.len() as f64;
        let mean = self.values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        self.values.iter().map(|x| (f64::from(*x) - mean).abs()).sum::<f64>() / n
    }

    /// Takes another unit.
    pub fn scale(&mut self, by: f64) {
        self.values.iter_mut().for_each(|x| *x = (f64::from(*x) * by) as f32);
    }
}
