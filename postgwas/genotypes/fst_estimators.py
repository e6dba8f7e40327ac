"""F_ST by variant as numerator and denominator: Weir and Cockerham's, and Hudson's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postgwas.genotypes.group_counts import Floats, GroupCounts


@dataclass(frozen=True, eq=False)
class Ratio:
    """F_ST is numerator over denominator; over many variants, the ratio of their sums.

    Attributes
    ----------
    numerator, denominator : ndarray of float64, shape (V,)
        Both 0 where a group has no call, or no group varies: such a variant says nothing.
    """

    numerator: Floats
    denominator: Floats

    @property
    def usable(self) -> Floats:
        """1 where a variant has an F_ST, else 0."""
        return (self.denominator > 0).astype(np.float64)

    @property
    def by_variant(self) -> Floats:
        """F_ST of each variant; NaN where it has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.denominator > 0, self.numerator / self.denominator, np.nan)


def weir_cockerham(counts: GroupCounts) -> Ratio:
    """Weir and Cockerham's theta: a over a + b + c, for any number of groups.

    Parameters
    ----------
    counts : GroupCounts
        Of two or more groups. Hard calls: the heterozygotes enter.

    References
    ----------
    Weir and Cockerham 1984, Evolution 38:1358-1370, equations 2 to 4.

    Examples
    --------
    >>> def row(*values): return np.array([values], float)
    >>> weir_cockerham(GroupCounts(row(10, 10), row(20, 0), row(0, 0))).by_variant
    array([1.])
    """
    n, r = counts.n, counts.n.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        p, h = counts.total / (2.0 * n), counts.het / n
        size = n.sum(axis=1)
        mean = size / r
        n_c = (size - (n**2).sum(axis=1) / size) / (r - 1)
        p_mean = counts.total.sum(axis=1) / (2.0 * size)
        s2 = (n * (p - p_mean[:, None]) ** 2).sum(axis=1) / ((r - 1) * mean)
        h_mean = (n * h).sum(axis=1) / size
        within = p_mean * (1.0 - p_mean) - (r - 1) / r * s2
        a = mean / n_c * (s2 - (within - h_mean / 4.0) / (mean - 1.0))
        b = mean / (mean - 1.0) * (within - (2.0 * mean - 1.0) / (4.0 * mean) * h_mean)
        c = h_mean / 2.0
    return _where_known(a, a + b + c, counts)


def hudson(counts: GroupCounts) -> Ratio:
    """Hudson's F_ST of pairs of groups; of more groups, numerators and denominators of all pairs are added.

    Parameters
    ----------
    counts : GroupCounts
        Of two or more groups.

    References
    ----------
    Hudson, Slatkin and Maddison 1992, Genetics 132:583-589; Bhatia, Patterson, Sankararaman and Price
    2013, Genome Research 23:1514-1521, equation 10.

    Examples
    --------
    >>> def row(*values): return np.array([values], float)
    >>> hudson(GroupCounts(row(10, 10), row(20, 0), row(0, 0))).by_variant
    array([1.])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p = counts.total / (2.0 * counts.n)
        # What sampling adds to a squared difference of frequencies.
        noise = p * (1.0 - p) / (2.0 * counts.n - 1.0)
    n_groups = p.shape[1]
    numerator, denominator = np.zeros(len(p)), np.zeros(len(p))
    for i in range(n_groups):
        for j in range(i + 1, n_groups):
            numerator += (p[:, i] - p[:, j]) ** 2 - noise[:, i] - noise[:, j]
            denominator += p[:, i] * (1.0 - p[:, j]) + p[:, j] * (1.0 - p[:, i])
    return _where_known(numerator, denominator, counts)


def _where_known(numerator: Floats, denominator: Floats, counts: GroupCounts) -> Ratio:
    """Zeros where a group has no call or only one allele is seen in all of them."""
    size, total = 2.0 * counts.n.sum(axis=1), counts.total.sum(axis=1)
    known = (counts.n > 0).all(axis=1) & (total > 0) & (total < size)
    known &= np.isfinite(numerator) & np.isfinite(denominator)
    return Ratio(np.where(known, numerator, 0.0), np.where(known, denominator, 0.0))


ESTIMATORS = {"hudson": hudson, "wc": weir_cockerham}


@dataclass(frozen=True, eq=False)
class RatioEstimate:
    """Genome-wide F_ST of several comparisons, with block jackknife standard errors.

    Attributes
    ----------
    values, se : ndarray of float64, shape (C,)
        NaN where no variant says anything; `se` also where there are fewer than two blocks.
    """

    values: Floats
    se: Floats


def ratio_of_sums(numerators: Floats, denominators: Floats) -> RatioEstimate:
    """Ratio of sums over blocks, and its delete-one-block jackknife.

    Parameters
    ----------
    numerators, denominators : ndarray of float64, shape (B, C)
        Sums over each of B blocks of variants.

    Examples
    --------
    >>> ratio_of_sums(np.array([[1.0], [1.0]]), np.array([[2.0], [2.0]])).values.tolist()
    [0.5]
    """
    top, bottom = numerators.sum(axis=0), denominators.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(bottom > 0, top / bottom, np.nan)
        without = (top - numerators) / (bottom - denominators)
        n_blocks = len(numerators)
        spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
        se = np.sqrt((n_blocks - 1) / n_blocks * spread) if n_blocks > 1 else np.full(len(values), np.nan)
    return RatioEstimate(values, np.where(np.isfinite(values), se, np.nan))
