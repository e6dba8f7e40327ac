"""Exact tests of Hardy-Weinberg proportions, of many variants at once and without underflow."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from postgwas.errors import UsageError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))
_NEGLIGIBLE = 1e-17
"""Terms of a tail below this share of its sum change nothing."""


@dataclass(frozen=True, eq=False)
class HardyWeinberg:
    """Exact tests of variants.

    Attributes
    ----------
    p : ndarray of float64, shape (V,)
        Two-sided P value; 0 where it underflows, NaN where nobody has a call.
    mlog10p : ndarray of float64, shape (V,)
        -log10 of it, which never underflows.
    expected_het : ndarray of float64, shape (V,)
        2 p q, the share of heterozygotes expected; NaN where nobody has a call.
    """

    p: Floats
    mlog10p: Floats
    expected_het: Floats


def hwe_exact(hom1: ArrayLike, het: ArrayLike, hom2: ArrayLike, *, midp: bool = False) -> HardyWeinberg:
    """Exact test of Hardy-Weinberg proportions from genotype counts.

    Given the number of people and of minor alleles, the P value is the probability of all numbers
    of heterozygotes that are as likely as the observed one or less. Which those are is decided in
    whole numbers where two are nearly equally likely.

    Parameters
    ----------
    hom1, het, hom2 : array-like of int, shape (V,)
        People with two copies of one allele, with one, and with none. Which allele is which does
        not matter.
    midp : bool
        Count only half of the outcomes that are exactly as likely as the observed one.

    Returns
    -------
    HardyWeinberg

    Raises
    ------
    UsageError
        If a count is negative or no whole number, or the arrays differ in length.

    References
    ----------
    Wigginton, Cutler & Abecasis (2005) Am J Hum Genet 76, 887-893, equation 2.
    Graffelman & Moreno (2013) Stat Appl Genet Mol Biol 12, 433-448 (mid-p).

    Examples
    --------
    >>> hwe_exact([57], [14], [50]).p.round(10).tolist()
    [0.0]
    >>> hwe_exact([57], [14], [50]).mlog10p.round(3).tolist()
    [18.255]
    >>> hwe_exact([3], [5], [2]).p.tolist(), hwe_exact([3], [5], [2], midp=True).p.round(4).tolist()
    ([1.0], [0.7599])
    """
    counts = _checked(hom1, het, hom2)
    ordered = np.stack([counts[[0, 2]].min(axis=0), counts[1], counts[[0, 2]].max(axis=0)])
    unique, where = np.unique(ordered, axis=1, return_inverse=True)
    log_p = _log_p(unique, midp=midp)[where.reshape(-1)] if counts.shape[1] else np.empty(0)
    n = counts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = (2 * counts[0] + counts[1]) / (2 * n)
        log_p = np.where(n > 0, log_p, np.nan)
        expected = 2.0 * frequency * (1.0 - frequency)
    return HardyWeinberg(np.exp(log_p), -log_p / _LN10 + 0.0, expected)


def _checked(*counts: ArrayLike) -> Ints:
    arrays = [np.atleast_1d(np.asarray(one)) for one in counts]
    if any(one.ndim != 1 or one.shape != arrays[0].shape for one in arrays):
        raise UsageError("genotype counts must be three arrays of one length")
    whole = np.stack(arrays)
    if np.any(whole < 0) or np.any(whole != np.floor(whole)):
        raise UsageError("genotype counts must be whole numbers, none of them negative")
    return whole.astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Family:
    """Numbers of heterozygotes that are possible: parity + 2 k, k from 0 to `last`."""

    n: Ints
    minor: Ints
    parity: Ints
    last: Ints
    log_factorial: Floats

    def of(self, rows: NDArray[np.bool_] | Ints) -> _Family:
        return _Family(self.n[rows], self.minor[rows], self.parity[rows], self.last[rows], self.log_factorial)

    def genotypes(self, k: Ints) -> tuple[Ints, Ints, Ints]:
        """Rare homozygotes, heterozygotes, common homozygotes."""
        het = self.parity + 2 * k
        rare = (self.minor - het) // 2
        return rare, het, self.n - het - rare

    def log_weight(self, k: Ints) -> Floats:
        """Log probability, but for a constant of the family."""
        rare, het, common = self.genotypes(k)
        table = self.log_factorial
        weight: Floats = het * _LN2 - table[rare] - table[het] - table[common]
        return weight

    def log_constant(self) -> Floats:
        """What makes probabilities of the weights."""
        table = self.log_factorial
        log_constant: Floats = (
            table[self.n] + table[self.minor] + table[2 * self.n - self.minor] - table[2 * self.n]
        )
        return log_constant

    def rises(self, k: Ints) -> Ints:
        """1 where k + 1 is likelier than k, 0 where equally likely, -1 where less."""
        rare, het, common = self.genotypes(k)
        return np.sign(4 * rare * common - (het + 2) * (het + 1))


def _log_p(ordered: Ints, *, midp: bool) -> Floats:
    rare, het, common = ordered
    n = rare + het + common
    minor = 2 * rare + het
    table = gammaln(np.arange(2 * int(n.max()) + 1) + 1.0)
    family = _Family(n, minor, minor % 2, minor // 2, table)
    k = het // 2
    log_observed = family.log_weight(k) + family.log_constant()
    log_observed[family.last == 0] = 0.0  # the only outcome: no rounding
    rises = family.rises(k)
    falls = np.where(k > 0, -family.rises(np.maximum(k - 1, 0)), -1)  # of k - 1 against k: 1 if likelier
    at_mode = (rises <= 0) & (falls <= 0)
    # At the mode every outcome counts, the equally likely neighbours among them.
    ties = 1.0 + (rises == 0) + ((falls == 0) & (k > 0))
    log_p = np.zeros(len(n))
    if midp:
        log_p[at_mode] = np.log1p(-0.5 * ties[at_mode] * np.exp(log_observed[at_mode]))
    away = np.flatnonzero(~at_mode)
    if len(away):
        mass = _tails(family.of(away), k[away], np.where(rises[away] > 0, 1, -1), midp=midp)
        log_p[away] = np.minimum(log_observed[away] + np.log(mass), 0.0)
    return log_p


def _tails(family: _Family, k: Ints, side: Ints, *, midp: bool) -> Floats:
    """Sum of all outcomes that are not likelier than k, in units of k's probability.

    `side` says on which side of k the likelier ones lie: 1 above, -1 below.
    """
    other, log_ratio, tied = _opposite(family, k, side)
    mass = _outward(family, k, -side)
    found = other >= 0
    rows = np.flatnonzero(found)
    if len(rows):
        start = np.exp(np.where(tied, 0.0, log_ratio)[rows])
        mass[rows] += start * _outward(family.of(rows), other[rows], side[rows])
    if midp:
        mass -= 0.5 * (1.0 + (tied & found))
    return mass


def _opposite(family: _Family, k: Ints, side: Ints) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """The outcome beyond the mode that is first not likelier than k; -1 where there is none.

    Also its log probability relative to k's, and whether both are equally likely.
    """
    reference = family.log_weight(k)
    slack = 1e-12 + 1e-14 * family.log_factorial[family.n]
    near, far = _mode(family), np.where(side > 0, family.last, 0)
    end = far + side  # the first place that is not possible
    low, high = near.copy(), end.copy()  # low is likelier than k, high is not
    while np.any(np.abs(high - low) > 1):
        middle = (low + high) // 2
        inside = np.clip(middle, 0, family.last)
        likelier = family.log_weight(inside) - reference > slack
        moving = np.abs(high - low) > 1
        low = np.where(moving & likelier, middle, low)
        high = np.where(moving & ~likelier, middle, high)
    tied = np.zeros(len(k), np.bool_)
    inside = np.clip(high, 0, family.last)
    log_ratio = family.log_weight(inside) - reference
    for row in np.flatnonzero((high != end) & (np.abs(log_ratio) <= slack)):
        sign = _compare(family, int(row), int(high[row]), int(k[row]))
        tied[row] = sign == 0
        high[row] += side[row] * (sign > 0)
    high[high == end] = -1
    inside = np.clip(high, 0, family.last)
    return high, family.log_weight(inside) - reference, tied


def _mode(family: _Family) -> Ints:
    """The likeliest outcome."""
    low, high = np.zeros_like(family.last) - 1, family.last.copy()  # k rises at low, not at high
    while np.any(high - low > 1):
        middle = (low + high) // 2
        rising = family.rises(np.maximum(middle, 0)) > 0
        moving = high - low > 1
        low = np.where(moving & rising, middle, low)
        high = np.where(moving & ~rising, middle, high)
    return high


def _outward(family: _Family, k: Ints, step: Ints) -> Floats:
    """Sum over k and all beyond it in the direction of `step`, in units of k's probability."""
    total = np.ones(len(k))
    rows = np.arange(len(k))
    term, at, kind, way = np.ones(len(k)), k.copy(), family, step
    while len(rows):
        rare, het, common = kind.genotypes(at)
        up = (4.0 * rare * common) / ((het + 2.0) * (het + 1.0))
        down = (het * (het - 1.0)) / (4.0 * (rare + 1.0) * (common + 1.0))
        term = term * np.where(way > 0, up, down)
        total[rows] += term
        going = term > _NEGLIGIBLE * total[rows]
        if not going.all():
            rows, term, at, way, kind = rows[going], term[going], at[going], way[going], kind.of(going)
        at = at + way
    return total


def _compare(family: _Family, row: int, a: int, b: int) -> int:
    """Sign of P(a) - P(b), in whole numbers."""
    one = family.of(np.array([row]))
    low, high = min(a, b), max(a, b)
    steps = [one.genotypes(np.array([k])) for k in range(low, high)]
    up = prod(4 * int(rare[0]) * int(common[0]) for rare, _, common in steps)
    down = prod((int(het[0]) + 2) * (int(het[0]) + 1) for _, het, _ in steps)
    sign = (up > down) - (up < down)  # of P(high) - P(low)
    return sign if a > b else -sign
