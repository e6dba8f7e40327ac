"""Forward and backward regression beside least squares, and where it ends."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.qtl.independent_search import Search, Window, search
from postgwas.qtl.permutations import permutations
from postgwas.qtl.projection import projection
from postgwas.qtl.variant_block import variant_block

N = 120


class Case:
    """Some variants and a phenotype of two of them, beside two covariates."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        self.covariates = rng.normal(size=(2, N))
        self.calls = rng.integers(0, 3, (12, N)).astype(np.int8)
        self.y = self.calls[2] - 0.8 * self.calls[7] + 0.7 * rng.normal(size=N) + self.covariates[0]

    def window(self, gene: int = 0, rows: slice = slice(None), y: np.ndarray | None = None) -> Window:
        block = variant_block(self.calls[rows], projection(self.covariates, N))
        kept = np.arange(12)[rows]
        return Window(gene, self.y if y is None else y, kept, block.unit, block.norm)

    def search(self, windows: list[Window], first: int, *, threshold: float = 1e-3, most: int = 20) -> Search:
        basis = projection(self.covariates, N).basis
        unit = variant_block(self.calls, projection(self.covariates, N)).unit
        orders = permutations(1, N, start=0, stop=300).T.astype(np.intp)
        return search(windows, unit[first], orders, basis, threshold=threshold, most=most)


def least_squares(case: Case, variants: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and standard errors of variants together."""
    design = np.column_stack([np.ones(N), case.covariates.T, case.calls[variants].T.astype(float)])
    slopes, squares, _, _ = np.linalg.lstsq(design, case.y, rcond=None)
    variance = squares[0] / (N - design.shape[1])
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    return slopes[3:], errors[3:]


def test_two_signals_have_the_slopes_of_the_joint_model() -> None:
    case = Case()
    found = case.search([case.window()], first=2)
    assert [(one.at, one.rank) for one in found.signals] == [(2, 1), (7, 2)]
    slopes, errors = least_squares(case, [2, 7])
    for one, slope, error in zip(found.signals, slopes, errors):
        ours = one.r * one.y_norm / one.x_norm
        assert ours == pytest.approx(slope, rel=1e-9)
        assert one.df == N - 5
        assert one.y_norm / one.x_norm * np.sqrt((1 - one.r**2) / one.df) == pytest.approx(error, rel=1e-9)
        assert one.n_better == 0 and one.p_perm == 1 / 301 and one.log_p_beta < np.log(1e-6)


def test_a_first_signal_that_stood_for_two_is_put_right() -> None:
    """A variant between two causal ones leads; beside the other it gives way to the causal one."""
    case = Case()
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 2, (2, N))
    case.calls[2], case.calls[7] = left, right
    case.calls[4] = np.where(rng.random(N) < 0.1, 1, left + right)
    case.y = 1.0 * left + 1.8 * right + 0.5 * rng.normal(size=N)
    found = case.search([case.window()], first=4, threshold=0.05)
    assert sorted(one.at for one in found.signals) == [2, 7]


def test_what_is_collinear_with_a_signal_is_no_other() -> None:
    case = Case()
    case.calls[5] = case.calls[2]
    case.calls[6] = 2 - case.calls[2]
    found = case.search([case.window()], first=2, threshold=0.9)
    chosen = [one.at for one in found.signals]
    assert len({2, 5, 6} & set(chosen)) == 1
    # With copies alone beside the first signal, the search ends.
    case.calls[:] = case.calls[2]
    assert case.search([case.window()], first=2, threshold=0.9).signals == ()


def test_the_number_of_signals_has_a_limit() -> None:
    case = Case()
    found = case.search([case.window()], first=2, threshold=0.999, most=3)
    assert found.capped and len(found.signals) <= 3
    assert not case.search([case.window()], first=2).capped


def test_a_perfect_fit_ends_the_search() -> None:
    case = Case()
    case.y = case.calls[2] - 0.5 * case.calls[7] + case.covariates[1]
    found = case.search([case.window()], first=2)
    assert found.perfect and found.signals == ()


def test_signals_of_a_group_come_from_any_of_its_phenotypes() -> None:
    """The second phenotype has a signal that the first lacks, in a window of its own."""
    case = Case()
    rng = np.random.default_rng(6)
    other = 1.2 * case.calls[10] + 0.5 * rng.normal(size=N)
    windows = [case.window(0, slice(0, 6)), case.window(1, slice(6, 12), other)]
    found = case.search(windows, first=2)
    assert {(one.window, int(windows[one.window].rows[one.at])) for one in found.signals} == {(0, 2), (1, 10)}
