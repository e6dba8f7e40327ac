"""Colocalisation of two traits with one causal variant each at most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.hypotheses import (
    P1,
    P2,
    P12,
    Sensitivity,
    log_sums,
    over_p12,
    posterior,
    prior_probabilities,
)
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import NoVariantsError
from postgwas.finemap.abf import check_starts
from postgwas.finemap.matrix_checks import finite_vector

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Coloc:
    """What :func:`abf` found in a region.

    Attributes
    ----------
    pp : ndarray, shape (5,)
        Posterior probabilities: H0 no causal variant; H1, H2 one for trait 1 or 2 only; H3 one
        each; H4 a shared one.
    prior : ndarray, shape (5,)
        What they were before, for a region of this size.
    snp : tuple of str
        Variants that both traits have, in the order of trait 1.
    log_bf1, log_bf2 : ndarray, shape (n_shared,)
    n1, n2 : int
        Variants of each trait before they were joined.
    p1, p2, p12 : float
    sums : ndarray, shape (4,)
        Log sums of Bayes factors; see :func:`postgwas.coloc.hypotheses.log_sums`.
    """

    pp: Floats
    prior: Floats
    snp: tuple[str, ...]
    log_bf1: Floats
    log_bf2: Floats
    n1: int
    n2: int
    p1: float
    p2: float
    p12: float
    sums: Floats

    @property
    def n_shared(self) -> int:
        """Variants that both traits have."""
        return len(self.snp)

    @cached_property
    def snp_pp_h4(self) -> Floats:
        """Probability of each variant to be the shared causal one, given H4; shape (n_shared,)."""
        return shares(self.log_bf1 + self.log_bf2)

    def table(self) -> pl.DataFrame:
        """Variants with `lABF1`, `lABF2` and `SNP.PP.H4`."""
        import polars as pl

        columns = {"lABF1": self.log_bf1, "lABF2": self.log_bf2, "SNP.PP.H4": self.snp_pp_h4}
        return pl.DataFrame({"snp": list(self.snp), **columns})

    def sensitivity(self, p12: ArrayLike | None = None) -> Sensitivity:
        """Posteriors over priors `p12`; see :func:`postgwas.coloc.hypotheses.over_p12`."""
        return over_p12(self.sums, self.n_shared, self.p1, self.p2, p12)


@dataclass(frozen=True, eq=False)
class ColocRegions:
    """What :func:`abf_regions` found, of R regions.

    Attributes
    ----------
    pp, prior : ndarray, shape (R, 5)
        Posterior and prior probabilities of H0 to H4.
    n_shared : ndarray of int64, shape (R,)
    sums : ndarray, shape (R, 4)
    """

    pp: Floats
    prior: Floats
    n_shared: Rows
    sums: Floats


def abf(d1: Dataset, d2: Dataset, p1: float = P1, p2: float = P2, p12: float = P12) -> Coloc:
    """Do two traits share their causal variant in a region? At most one causal variant each is assumed.

    Parameters
    ----------
    d1, d2 : Dataset
        Joined by the names of variants; signs of effects do not matter.
    p1, p2 : float
        Prior probability of a variant to be causal for trait 1 (2) only.
    p12 : float
        Prior probability of a variant to be causal for both.

    Returns
    -------
    Coloc

    Raises
    ------
    NoVariantsError
        If the traits share no variant.
    UsageError
        If a prior is not between 0 and 1, or sums to 1 or more over the region.

    References
    ----------
    Giambartolomei et al. 2014, PLoS Genetics 10:e1004383, equations 1 to 4.

    Examples
    --------
    >>> one = Dataset(snp=["a", "b"], beta=[0.2, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    >>> two = Dataset(snp=["b", "a"], beta=[0.0, -0.3], se=[0.04, 0.04], type="cc")
    >>> found = abf(one, two)
    >>> found.pp.round(4), found.snp, found.snp_pp_h4.round(4)
    (array([0., 0., 0., 0., 1.]), ('a', 'b'), array([1., 0.]))
    """
    rows1, rows2 = shared_rows(list(d1.snp), list(d2.snp))
    one, two = d1.log_bf[rows1], d2.log_bf[rows2]
    prior = prior_probabilities(rows1.size, p1, p2, p12)
    sums = log_sums(one, two, np.zeros(1, np.int64))[0]
    names = tuple(d1.snp[row] for row in rows1)
    return Coloc(
        posterior(sums, p1, p2, p12), prior, names, one, two, len(d1.snp), len(d2.snp), p1, p2, p12, sums
    )


def abf_regions(
    log_bf1: ArrayLike,
    log_bf2: ArrayLike,
    starts: ArrayLike | None = None,
    *,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12,
) -> ColocRegions:
    """The same for many regions in one pass, from Bayes factors of variants that both traits have.

    Parameters
    ----------
    log_bf1, log_bf2 : array-like, shape (V,)
        Log Bayes factors (:func:`postgwas.finemap.log_abf`), one region after the other, rows in step.
    starts : array-like of int, shape (R,), optional
        First row of each region, ascending from 0; all rows are one region if None.
    p1, p2, p12 : float

    Returns
    -------
    ColocRegions

    Raises
    ------
    InputError
        If a Bayes factor is missing or infinite.
    UsageError
        If lengths differ, a region is empty, or priors are out of range for the largest region.

    Examples
    --------
    >>> found = abf_regions([12.0, 0.0, 12.0, 0.0], [15.0, 0.0, 0.0, 15.0], starts=[0, 2])
    >>> found.pp.round(3)
    array([[0.   , 0.   , 0.   , 0.   , 1.   ],
           [0.   , 0.003, 0.057, 0.934, 0.006]])
    """
    one = finite_vector(log_bf1, "log_bf1")
    two = finite_vector(log_bf2, "log_bf2", size=one.size)
    first = check_starts(starts, one.size)
    sizes = np.diff(np.append(first, one.size))
    prior = prior_probabilities(sizes, p1, p2, p12)
    sums = log_sums(one, two, first)
    return ColocRegions(posterior(sums, p1, p2, p12), prior, sizes, sums)


def shares(log_weights: Floats) -> Floats:
    """Weights that sum to 1 over the last axis, from their logarithms."""
    weights: Floats = np.exp(log_weights - log_weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def shared_rows(names1: list[str], names2: list[str]) -> tuple[Rows, Rows]:
    """Rows of the names that both have, in the order of the first.

    Raises
    ------
    NoVariantsError
        If there are none.
    """
    where = {name: row for row, name in enumerate(names2)}
    pairs = [(row, where[name]) for row, name in enumerate(names1) if name in where]
    if not pairs:
        raise NoVariantsError(
            f"the traits share no variant: {len(names1)} of trait 1, such as '{names1[0]}', and "
            f"{len(names2)} of trait 2, such as '{names2[0]}'",
            hint="name variants the same way in both",
        )
    both = np.array(pairs, np.int64)
    return both[:, 0], both[:, 1]
