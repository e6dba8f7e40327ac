"""Overlap of two studies from their z-scores: against distributions of SciPy and a search over a grid."""

import numpy as np
import pytest
from scipy import stats

from postgwas.meta.sample_overlap import overlap_correlation, square_probability


@pytest.mark.parametrize("cut", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("rho", [-0.8, -0.1, 0.0, 0.3, 0.95])
def test_probability_of_a_square(cut, rho):
    both = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    expected = both.cdf([cut, cut], lower_limit=[-cut, -cut])
    assert square_probability(cut, rho) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("rho", [0.0, 0.2, 0.7])
def test_maximum_of_the_cut_off_likelihood(rho):
    rng = np.random.default_rng(7)
    z = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], 400)
    z = z[(np.abs(z) < 1).all(axis=1)]

    def height(r):
        both = stats.multivariate_normal([0, 0], [[1, r], [r, 1]])
        return both.logpdf(z).sum() - len(z) * np.log(both.cdf([1, 1], lower_limit=[-1, -1]))

    found = overlap_correlation(z[:, 0], z[:, 1])
    grid = np.linspace(0, 0.99, 100)
    best = grid[int(np.argmax([height(r) for r in grid]))]
    assert found == pytest.approx(best, abs=0.0101)
    assert height(found) >= max(height(best), height(0.0)) - 1e-4


def test_opposite_studies_share_nobody():
    z = np.random.default_rng(2).multivariate_normal([0, 0], [[1, -0.6], [-0.6, 1]], 500)
    z = z[(np.abs(z) < 1).all(axis=1)]
    assert overlap_correlation(z[:, 0], z[:, 1]) == 0.0
    assert overlap_correlation(np.zeros(0), np.zeros(0)) == 0.0
