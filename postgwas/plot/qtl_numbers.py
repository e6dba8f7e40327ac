"""The numbers that figures of QTL results show, from columns of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from .qq import CHI2_MEDIAN, QQ, ranks_to_draw

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def qq_of_p(mlog10p: ArrayLike, *, level: float = 0.95, top: int = 1000, spaced: int = 1500) -> QQ:
    """Quantiles of a QQ plot from -log10 P, thinned where points would cover each other.

    Parameters
    ----------
    mlog10p : array-like, shape (n,)
        Of any size; NaN is left out.
    level, top, spaced
        As :func:`postgwas.plot.qq.qq_points`, which takes Z scores instead.

    Examples
    --------
    >>> found = qq_of_p(-np.log10(np.linspace(0.005, 0.995, 100)))
    >>> found.n_variants, round(found.lambda_gc, 2)
    (100, 1.0)
    """
    height = np.asarray(mlog10p, np.float64)
    height = np.sort(height[~np.isnan(height)])[::-1]
    n = height.size
    if n == 0:
        empty = np.empty(0)
        return QQ(empty, empty, empty, empty, 0, float("nan"), float("nan"))
    rank = ranks_to_draw(n, top=top, spaced=spaced)
    half = (1.0 - level) / 2.0
    # Chi-squared of the smallest P that a double holds, 1e-300, is the most that counts in the mean.
    chi2 = ndtri(np.maximum(10.0**-height, 1e-300) / 2.0) ** 2
    return QQ(
        expected=-np.log10(rank / (n + 1.0)),
        observed=height[rank - 1],
        lower=-np.log10(betaincinv(rank, n + 1.0 - rank, 1.0 - half)),
        upper=-np.log10(betaincinv(rank, n + 1.0 - rank, half)),
        n_variants=n,
        lambda_gc=float(np.median(chi2) / CHI2_MEDIAN),
        mean_chi2=float(np.mean(chi2)),
    )


@dataclass(frozen=True)
class LeadDistances:
    """Lead variants around the start of transcription.

    Attributes
    ----------
    kilobases : ndarray, shape (n,)
    mlog10p : ndarray, shape (n,)
    significant : ndarray of bool, shape (n,)
    edges, counts : ndarray, shape (bins + 1,), (bins,)
        Significant leads in bins of the distance.
    median : float
        Of the absolute distance of significant leads, in kilobases; NaN without any.
    """

    kilobases: FloatArray
    mlog10p: FloatArray
    significant: BoolArray
    edges: FloatArray
    counts: NDArray[np.int64]
    median: float


def lead_distances(
    distance: ArrayLike, mlog10p: ArrayLike, significant: ArrayLike, *, bins: int = 40
) -> LeadDistances:
    """Where leads lie beside the start of transcription; rows without a number are left out.

    Parameters
    ----------
    distance : array-like, shape (n,)
        Bases; below 0 before the start.
    mlog10p : array-like, shape (n,)
    significant : array-like of bool, shape (n,)
    bins : int
    """
    x, y = np.asarray(distance, np.float64) / 1000.0, np.asarray(mlog10p, np.float64)
    good = np.isfinite(x) & np.isfinite(y)
    x, y, yes = x[good], y[good], np.asarray(significant, np.bool_)[good]
    widest = float(np.abs(x).max(initial=1.0))
    counts, edges = np.histogram(x[yes], bins=bins, range=(-widest, widest))
    median = float(np.median(np.abs(x[yes]))) if yes.any() else float("nan")
    return LeadDistances(x, y, yes, edges, counts.astype(np.int64), median)


@dataclass(frozen=True)
class GenotypeGroups:
    """Expression by genotype.

    Attributes
    ----------
    labels : tuple of str
        Genotypes that occur, such as "A/A", by copies of the effect allele.
    values : tuple of ndarray
        Expression of the samples of each.
    boxes : ndarray, shape (groups, 5)
        Lower whisker, quartiles, upper whisker: the furthest values within 1.5 interquartile ranges.
    n_missing : int
        Samples without a call or a value.
    """

    labels: tuple[str, ...]
    values: tuple[FloatArray, ...]
    boxes: FloatArray
    n_missing: int


def genotype_groups(
    expression: ArrayLike, copies: ArrayLike, *, effect_allele: str, other_allele: str
) -> GenotypeGroups:
    """Samples by genotype; dosages go to the nearest one.

    Parameters
    ----------
    expression, copies : array-like, shape (n,)
        NaN missing.
    effect_allele, other_allele : str

    Examples
    --------
    >>> found = genotype_groups([1.0, 2.0, 3.0], [0, 0, 2], effect_allele="G", other_allele="A")
    >>> found.labels, found.boxes[0].tolist()
    (('A/A', 'G/G'), [1.0, 1.25, 1.5, 1.75, 2.0])
    """
    y, x = np.asarray(expression, np.float64), np.asarray(copies, np.float64)
    known = np.isfinite(y) & np.isfinite(x)
    nearest = np.rint(x[known])
    names = {
        0: f"{_short(other_allele)}/{_short(other_allele)}",
        1: f"{_short(other_allele)}/{_short(effect_allele)}",
        2: f"{_short(effect_allele)}/{_short(effect_allele)}",
    }
    there = [g for g in names if (nearest == g).any()]
    values = tuple(y[known][nearest == g] for g in there)
    boxes = np.array([_box(one) for one in values]).reshape(-1, 5)
    return GenotypeGroups(tuple(names[g] for g in there), values, boxes, int((~known).sum()))


def _short(allele: str) -> str:
    return allele if len(allele) <= 6 else f"{allele[:5]}..."


def _box(values: FloatArray) -> list[float]:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inside = values[(values >= low - reach) & (values <= high + reach)]
    return [float(inside.min()), float(low), float(middle), float(high), float(inside.max())]


@dataclass(frozen=True)
class EffectPair:
    """Effects of signals in two groups.

    Attributes
    ----------
    one, two : ndarray, shape (n,)
        In the group of discovery and the other.
    one_se, two_se : ndarray, shape (n,)
    same_sign : ndarray of bool, shape (n,)
    correlation : float
        Pearson's; NaN with fewer than three.
    """

    one: FloatArray
    two: FloatArray
    one_se: FloatArray
    two_se: FloatArray
    same_sign: BoolArray
    correlation: float


def effect_pair(one: ArrayLike, two: ArrayLike, one_se: ArrayLike, two_se: ArrayLike) -> EffectPair:
    """Signals that both groups tested."""
    columns = [np.asarray(column, np.float64) for column in (one, two, one_se, two_se)]
    good = np.isfinite(columns).all(axis=0)
    b1, b2, s1, s2 = (column[good] for column in columns)
    varies = len(b1) > 2 and np.ptp(b1) > 0 and np.ptp(b2) > 0
    r = float(np.corrcoef(b1, b2)[0, 1]) if varies else float("nan")
    return EffectPair(b1, b2, s1, s2, np.sign(b1) == np.sign(b2), r)


def sharing_table(
    groups: Sequence[str], discovery: Sequence[str], replication: Sequence[str], values: ArrayLike
) -> FloatArray:
    """Rows of a long table as groups of discovery x groups of replication; NaN where there is none."""
    place = {name: at for at, name in enumerate(groups)}
    table = np.full((len(groups), len(groups)), np.nan)
    for one, two, value in zip(discovery, replication, np.asarray(values, np.float64)):
        table[place[one], place[two]] = value
    return table
