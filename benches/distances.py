"""The same drift measures of the same sizes with scipy, one feature after the other; prints milliseconds.

Needs numpy and scipy. Compare with `cargo bench --bench distances`.
"""

import time

import numpy as np
from scipy import stats
from scipy.spatial import distance

FEATURES, CELLS = 10_000, 50
rng = np.random.default_rng(1)
reference = rng.integers(1, 1024, (FEATURES, CELLS)).astype(float)
current = rng.integers(1, 1024, (FEATURES, CELLS)).astype(float)
places = np.arange(CELLS) + 0.5

began = time.perf_counter()
for r, c in zip(reference, current):
    n, m = r.sum(), c.sum()
    p, q = r / n, c / m
    psi = np.sum((q - p) * np.log(q / p))
    jensen_shannon = distance.jensenshannon(p, q, 2)
    hellinger = np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2))
    total_variation = 0.5 * np.abs(p - q).sum()
    ks = np.abs(np.cumsum(p) - np.cumsum(q)).max()
    ks_p = stats.kstwobign.sf(ks * np.sqrt(n * m / (n + m)))
    chi2 = stats.chi2_contingency(np.array([r, c]), correction=False)
    wasserstein = stats.wasserstein_distance(places, places, p, q)
    quantiles = [np.interp((0.1, 0.5, 0.9), np.cumsum(x), places) for x in (p, q)]
print(f"scipy     {FEATURES} features x {CELLS} cells {(time.perf_counter() - began) * 1e3:10.0f} ms")
