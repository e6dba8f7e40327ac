"""METAL's correction study after study: naive sums, calibration of null z-scores."""

import numpy as np
import pytest

from postgwas.meta.cumulative_overlap import RunningSums, combine_cumulative
from postgwas.meta.sample_overlap import overlap_correlation


def three(m=60_000, seed=3):
    rng = np.random.default_rng(seed)
    shared = np.array([[1, 0.4, 0.1], [0.4, 1, 0.3], [0.1, 0.3, 1]])
    z = rng.multivariate_normal(np.zeros(3), shared, m).T
    n = np.repeat([[9000.0], [4000.0], [6000.0]], m, axis=1)
    gone = rng.random(z.shape) < 0.2
    z[gone], n[gone] = np.nan, np.nan
    return z, n


def told(z, n, order, cut=1.0):
    v = z.shape[1]
    sums, steps = RunningSums(np.zeros(v), np.zeros(v), np.zeros(v)), []
    for at in order:
        rows = np.flatnonzero(np.isfinite(z[at]))
        w = n[at, rows]
        mine = np.sqrt(w) * z[at, rows]
        steps.append(sums.estimate(rows, mine, w, cut=cut))
        sums.add(rows, mine, w, steps[-1])
    return steps


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_null_z_scores_are_calibrated(order):
    z, n = three()
    found, people = combine_cumulative(z, n, order, told(z, n, order, cut=2.0))
    have = np.isfinite(found.z)
    with np.errstate(invalid="ignore"):
        plain = np.nansum(np.sqrt(n) * z, axis=0) / np.sqrt(np.nansum(n, axis=0))
    m = have.sum()
    assert np.var(plain[have]) > 1.2
    assert np.var(found.z[have]) == pytest.approx(1.0, abs=5 * np.sqrt(2 / m))
    assert (np.abs(found.z[have]) > 1.959964).mean() == pytest.approx(0.05, abs=5 * np.sqrt(0.0475 / m))
    assert (people[have] <= np.nansum(n, axis=0)[have]).all()


def test_one_variant_at_a_time():
    z, n = three(4000, seed=5)
    order = (1, 2, 0)
    found, people = combine_cumulative(z, n, order, told(z, n, order))
    s, w, k = np.zeros(4000), np.zeros(4000), np.zeros(4000)
    for at in order:
        steps = {}
        for row in range(4000):
            if np.isfinite(z[at, row]) and w[row] > 0:
                steps.setdefault(int(k[row] + n[at, row]) // 1000, []).append(row)
        rho = np.zeros(4000)
        for rows in steps.values():
            near = [r for r in rows if abs(s[r]) < np.sqrt(w[r]) and abs(z[at, r]) < 1]
            rho[rows] = overlap_correlation(s[near] / np.sqrt(w[near]), z[at, near])
        for row in np.flatnonzero(np.isfinite(z[at])):
            shared = rho[row] * np.sqrt(w[row] * n[at, row])
            s[row] += np.sqrt(n[at, row]) * z[at, row]
            w[row] += n[at, row] + 2 * shared
            k[row] += n[at, row] - shared
    have = w > 0
    np.testing.assert_allclose(found.z[have], (s / np.sqrt(np.where(have, w, 1)))[have], rtol=1e-6)
    np.testing.assert_allclose(people, k, rtol=1e-6)
    assert np.isnan(found.z[~have]).all()
