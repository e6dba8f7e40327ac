"""Fixed effects of studies that share people: against matrices written out, one variant at a time."""

import numpy as np
import pytest

from postgwas.meta.correlated_effects import combine_correlated
from postgwas.meta.fixed_effects import combine_fixed
from postgwas.meta.run_fixed import distinct_people

K, V = 4, 60
R = np.array([[1, 0.3, 0.1, 0], [0.3, 1, 0.2, 0.4], [0.1, 0.2, 1, 0.05], [0, 0.4, 0.05, 1]])


def figures(seed=4):
    rng = np.random.default_rng(seed)
    beta, se = rng.normal(0, 0.2, (K, V)), rng.uniform(0.05, 0.3, (K, V))
    n = rng.uniform(1e3, 1e5, (K, V))
    gone = rng.random((K, V)) < 0.4
    gone[:, 0], gone[:, 1] = True, [False, True, True, True]
    for values in (beta, se, n):
        values[gone] = np.nan
    return beta, se, beta / se, n


@pytest.mark.parametrize("scheme", ["stderr", "samplesize", "stouffer"])
def test_matrices_written_out(scheme):
    beta, se, z, n = figures()
    found = combine_correlated(beta, se, z=z, n=n, correlation=R, scheme=scheme)
    assert np.isnan(found.z[0]) and np.isnan(found.q[0]) and found.n_studies[0] == 0
    for at in range(1, V):
        use = np.flatnonzero(np.isfinite(z[:, at]))
        if not use.size:
            continue
        r = R[np.ix_(use, use)]
        if scheme == "stderr":
            design, y, scale = np.ones(use.size), beta[use, at], se[use, at]
        else:
            weight = n[use, at] if scheme == "samplesize" else np.ones(use.size)
            design, y, scale = np.sqrt(weight), z[use, at], np.ones(use.size)
        inverse = np.linalg.inv(np.diag(scale) @ r @ np.diag(scale))
        mean = (design @ inverse @ y) / (design @ inverse @ design)
        rest = y - design * mean
        assert found.q[at] == pytest.approx(rest @ inverse @ rest, rel=1e-9, abs=1e-9)
        if scheme == "stderr":
            assert found.beta[at] == pytest.approx(mean, rel=1e-10)
            assert found.se[at] == pytest.approx((design @ inverse @ design) ** -0.5, rel=1e-10)
            assert found.z[at] == pytest.approx(found.beta[at] / found.se[at])
        else:
            assert found.weight[at] == pytest.approx(design @ r @ design, rel=1e-12)
            assert found.z[at] == pytest.approx(design @ y / np.sqrt(design @ r @ design), rel=1e-10)


@pytest.mark.parametrize("scheme", ["stderr", "samplesize", "stouffer"])
def test_nothing_shared_is_the_usual_sum(scheme):
    beta, se, z, n = figures(5)
    found = combine_correlated(beta, se, z=z, n=n, correlation=np.eye(K), scheme=scheme)
    usual = combine_fixed(beta, se, z=z, n=n, scheme=scheme)
    for name in ("beta", "se", "z", "q", "n_studies"):
        np.testing.assert_allclose(getattr(found, name), getattr(usual, name), rtol=1e-12, atol=1e-12)


def test_people_of_two_studies_are_counted_once():
    n, there = np.array([[1000.0], [4000.0]]), np.ones((2, 1), bool)
    # 600 people in both: correlation of the estimates 600 / sqrt(1000 x 4000).
    rho = np.array([[1, 0.3], [0.3, 1]])
    assert distinct_people(n, there, rho)[0] == pytest.approx(4400)


@pytest.mark.parametrize("scheme", ["stderr", "samplesize", "stouffer"])
def test_shared_people_without_correction_and_with(scheme):
    """Null z-scores of three studies that share people, of different sizes: 1/20 reach P of 1/20, no more."""
    rng = np.random.default_rng(8)
    size = np.array([20_000.0, 5_000.0, 10_000.0])[:, None]
    shared = np.array([[1, 0.45, 0], [0.45, 1, 0.3], [0, 0.3, 1]])
    m = 200_000
    z = rng.multivariate_normal(np.zeros(3), shared, m).T
    n = np.broadcast_to(size, z.shape)
    se = np.broadcast_to(1 / np.sqrt(size), z.shape)
    plain = combine_fixed(z * se, se, z=z, n=n, scheme=scheme)
    found = combine_correlated(z * se, se, z=z, n=n, correlation=shared, scheme=scheme)
    error = 4 * np.sqrt(0.05 * 0.95 / m)
    assert (np.abs(plain.z) > 1.959964).mean() > 0.05 + 5 * error
    assert (np.abs(found.z) > 1.959964).mean() == pytest.approx(0.05, abs=error)
    tail = 1e-3
    assert (np.abs(found.z) > 3.290527).mean() == pytest.approx(tail, abs=4 * np.sqrt(tail / m))
    assert found.q.mean() == pytest.approx(2.0, abs=4 * 2 / np.sqrt(m))
    if scheme == "stderr":
        # Of all weights that are unbiased these have the least variance.
        assert np.var(found.beta) < np.var(plain.beta)
        assert np.var(found.beta) == pytest.approx(found.se[0] ** 2, rel=4 * np.sqrt(2 / m))
