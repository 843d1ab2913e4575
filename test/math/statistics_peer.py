# This script computes the same statistics by SciPy. rliable's interquartile mean is SciPy's trimmed mean, and its intervals are
# percentiles of a bootstrap that draws each stratum by itself, as scipy.stats.bootstrap does with several samples.
import json
import sys

import numpy as np
from scipy import special, stats

rng = np.random.default_rng(3)


def sample(n):
    """Normal, with ties half of the time."""
    values = rng.normal(rng.normal(0, 0.5), rng.uniform(0.5, 2), n)
    return np.round(values, 1) if rng.random() < 0.5 else values


def pair(n, m):
    x, y = sample(n), sample(m)
    t = stats.ttest_ind(x, y)
    u = stats.mannwhitneyu(x, y, method="asymptotic")
    return {
        "x": x.tolist(), "y": y.tolist(),
        "t": [t.statistic, t.pvalue], "u": [u.statistic, u.pvalue],
        "improvement": ((x[:, None] > y).mean() + 0.5 * (x[:, None] == y).mean()),
    }


def sharpe(x, axis=-1):
    return x.mean(axis=axis) / x.std(axis=axis, ddof=1)


def sortino(x, axis=-1):
    return x.mean(axis=axis) / np.sqrt((np.minimum(x, 0) ** 2).mean(axis=axis))


def interval(samples, statistic):
    result = stats.bootstrap(samples, statistic, n_resamples=20000, method="percentile", rng=rng, paired=False)
    return list(result.confidence_interval)


x, y = rng.normal(0.1, 1, 80), rng.normal(-0.2, 1.5, 60)
distance = lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis))
resampled = {
    "x": x.tolist(), "y": y.tolist(),
    "permutation": stats.permutation_test(
        (x, y), distance, n_resamples=20000, vectorized=True, alternative="greater", rng=rng
    ).pvalue,
    "iqm": interval((x,), lambda a, axis: stats.trim_mean(a, 0.25, axis=axis)),
    "sum_of_strata": interval((x, y), lambda a, b, axis: a.mean(axis=axis) + b.mean(axis=axis)),
    "sharpe": [interval((x,), sharpe), interval((y,), sharpe),
               interval((x, y), lambda a, b, axis: sharpe(a, axis) - sharpe(b, axis))],
    "sortino": [interval((x,), sortino), interval((y,), sortino),
                interval((x, y), lambda a, b, axis: sortino(a, axis) - sortino(b, axis))],
}
samples = [sample(int(rng.integers(1, 40))) for _ in range(100)]
a, b, z = rng.uniform(0.1, 300, 500), rng.uniform(0.1, 300, 500), rng.uniform(0, 1, 500)
shape, upto = rng.uniform(0.1, 50, 500), rng.uniform(0.01, 80, 500)
json.dump(
    {
        "pairs": [pair(int(rng.integers(2, 60)), int(rng.integers(2, 60))) for _ in range(300)],
        "far": pair(2000, 3000),
        "exact": stats.permutation_test(([1, 2, 3.5], [2, 4, 6, 7]), distance, vectorized=True, alternative="greater").pvalue,
        "resampled": resampled,
        "samples": [
            {"values": s.tolist(), "iqm": stats.trim_mean(s, 0.25), "median": np.median(s), "q": np.quantile(s, 0.1)}
            for s in samples
        ],
        "beta": np.column_stack([z, a, b, special.betainc(a, b, z)]).tolist(),
        "gamma": np.column_stack([shape, upto, special.gammaincc(shape, upto), special.gammaln(shape)]).tolist(),
    },
    sys.stdout,
)
