"""One causal variant a region at most: PIPs and credible sets from Bayes factors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import PostgwasWarning, UsageError
from postgwas.finemap.abf import check_starts
from postgwas.finemap.credible_sets import smallest_set
from postgwas.finemap.matrix_checks import finite_vector

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

PRIOR = 1e-4
"""Prior probability of each variant to be causal."""


@dataclass(frozen=True, eq=False)
class SmallestSet:
    """The fewest variants, and perhaps the null, that hold a region's cause with some probability.

    Attributes
    ----------
    variants : ndarray of int64, shape (k,)
        Rows of all variants, the most probable first.
    coverage : float
        Their probability, with the null's if it is among them.
    with_null : bool
        Whether no causal variant at all is among the likely.
    """

    variants: Rows
    coverage: float
    with_null: bool


@dataclass(frozen=True, eq=False)
class SingleCausal:
    """Posterior of regions with one causal variant or none.

    Attributes
    ----------
    pip : ndarray, shape (V,)
        Probability of each variant to be the region's causal one.
    pip_null : ndarray, shape (R,)
        Probability of none.
    log_bf : ndarray, shape (R,)
        Log Bayes factor of one causal variant against none: variants weighted by their priors.
    starts : ndarray of int64, shape (R,)
        First row of each region.
    p1 : ndarray, shape (R,)
        The prior used; lowered where it summed to 1 or more over a region.
    notes : tuple of str
        What was lowered, to what.
    """

    pip: Floats
    pip_null: Floats
    log_bf: Floats
    starts: Rows
    p1: Floats
    notes: tuple[str, ...] = ()

    def rows(self, region: int) -> slice:
        """Rows of a region."""
        stop = self.starts[region + 1] if region + 1 < self.starts.size else self.pip.size
        return slice(int(self.starts[region]), int(stop))

    def credible_set(self, region: int = 0, *, coverage: float = 0.95) -> SmallestSet:
        """The smallest set of a region, the null counted as one more variant.

        Raises
        ------
        UsageError
            If `coverage` is no share between 0 and 1.
        """
        if not 0 < coverage < 1:
            raise UsageError(f"coverage = {coverage:g}: expected a share between 0 and 1", hint="0.95")
        rows = self.rows(region)
        ranked = np.append(self.pip[rows], self.pip_null[region])
        chosen = smallest_set(ranked, coverage)
        variants = chosen[chosen < ranked.size - 1]
        total = float(ranked[chosen].sum())
        return SmallestSet(variants + rows.start, total, variants.size < chosen.size)


def single_causal(
    log_bf: ArrayLike,
    *,
    p1: float = PRIOR,
    prior_weights: ArrayLike | None = None,
    starts: ArrayLike | None = None,
) -> SingleCausal:
    r"""PIPs of regions with at most one causal variant.

    Variant j of a region of m has the prior :math:`p_1`, or :math:`p_1 m w_j / \sum w`; the null what
    is left to 1.

    Parameters
    ----------
    log_bf : array-like, shape (V,)
        Log Bayes factors of all regions' variants, one region after the other.
    p1 : float
        Prior probability of a variant to be causal; lowered to 1 / (m + 1), with a warning, where it sums
        to 1 or more over the m variants of a region.
    prior_weights : array-like, shape (V,), optional
        How much more likely some variants of a region are than others.
    starts : array-like of int, shape (R,), optional
        First row of each region; all are one region if None.

    Returns
    -------
    SingleCausal

    Raises
    ------
    InputError
        If a Bayes factor is missing or infinite.
    UsageError
        If priors are out of range.

    Warns
    -----
    PostgwasWarning
        If the prior is lowered.

    References
    ----------
    Maller et al. 2012, Nature Genetics 44:1294-1301; Wakefield 2009, Genetic Epidemiology 33:79-86.

    Examples
    --------
    >>> found = single_causal([12.0, 3.0, 0.0, 9.0, 0.0, 0.0], starts=[0, 3])
    >>> found.pip.round(4), found.pip_null.round(4)
    (array([9.420e-01, 1.000e-04, 0.000e+00, 4.476e-01, 1.000e-04, 1.000e-04]), array([0.0579, 0.5523]))
    >>> found.credible_set(0).variants, found.credible_set(1).with_null
    (array([0]), True)
    """
    factors = finite_vector(log_bf, "log Bayes factors")
    first = check_starts(starts, factors.size)
    sizes = np.diff(np.append(first, factors.size))
    if not 0 < p1 < 1:
        raise UsageError(f"p1 = {p1:g}: expected a probability between 0 and 1", hint="1e-4")
    used, notes = lower_prior("p1", p1, sizes)
    for note in notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    prior = used * sizes
    log_prior = _log_prior(used, prior_weights, first, sizes)
    weighted = factors + log_prior
    top = np.maximum.reduceat(weighted, first)
    shares = np.exp(weighted - np.repeat(top, sizes))
    log_sum = top + np.log(np.add.reduceat(shares, first))
    whole = np.logaddexp(log_sum, np.log1p(-prior))
    pip = np.exp(weighted - np.repeat(whole, sizes))
    return SingleCausal(
        pip, np.exp(np.log1p(-prior) - whole), log_sum - np.log(prior), first, used, tuple(notes)
    )


def lower_prior(name: str, value: float, sizes: NDArray[np.generic]) -> tuple[Floats, list[str]]:
    """The prior of a variant for regions of m variants, and a line that says where it was lowered.

    Parameters
    ----------
    name : str
        For the line.
    value : float
    sizes : ndarray, shape (R,)

    References
    ----------
    As coloc does: 1 / (m + 1) where m times the prior is 1 or more.

    Examples
    --------
    >>> lower_prior("p1", 1e-4, np.array([500, 9999]))
    (array([0.0001, 0.0001]), [])
    >>> lower_prior("p1", 1e-4, np.array([12000]))[1]
    ['p1 = 0.0001 sums to 1.2 over 12000 variants: lowered to 8.33264e-05']
    """
    count = np.asarray(sizes, np.float64)
    large = value * count >= 1
    used: Floats = np.where(large, 1.0 / (count + 1.0), value)
    if not large.any():
        return used, []
    most = float(count.max())
    told = (
        f"{name} = {value:g} sums to {value * most:g} over {most:.0f} variants: lowered to {used.min():.6g}"
    )
    others = int(large.sum()) - 1
    if others:
        told += f" there, and in {others} more regions to 1 / (variants + 1)"
    return used, [told]


def _log_prior(p1: Floats, weights: ArrayLike | None, first: Rows, sizes: Rows) -> Floats:
    if weights is None:
        return np.repeat(np.log(p1), sizes)
    given = finite_vector(weights, "prior_weights", size=int(sizes.sum()))
    if given.min() < 0:
        row = int(given.argmin())
        raise UsageError(f"prior_weights: {given[row]:g} at variant {row}, expected numbers of 0 or more")
    total = np.add.reduceat(given, first)
    if total.min() <= 0:
        raise UsageError(f"prior_weights: all are 0 in region {int(total.argmin())}")
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(given * np.repeat(p1 * sizes / total, sizes))
    return logs
