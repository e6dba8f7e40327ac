"""Colocalisation between all pairs of signals of two traits, from their log Bayes factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.hypotheses import (
    P1,
    P2,
    Sensitivity,
    combine_sums,
    over_p12,
    posterior,
    prior_probabilities,
)
from postgwas.coloc.two_traits import shared_rows, shares
from postgwas.errors import UsageError
from postgwas.finemap.matrix_checks import check_names, finite_vector
from postgwas.finemap.susie_result import SusieFit

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

P12_PAIRS = 5e-6
"""Prior probability of a shared causal variant between signals, as coloc.susie has it."""


@dataclass(frozen=True, eq=False)
class ColocPairs:
    """Colocalisation of each signal of trait 1 (S1 of them) with each of trait 2 (S2).

    Attributes
    ----------
    pp : ndarray, shape (S1, S2, 5)
        Posterior probabilities of H0 to H4.
    prior : ndarray, shape (5,)
        What they were before, for a region of this size.
    signal1, signal2 : ndarray of int64, shape (S1,), (S2,)
        Row of each signal among the Bayes factors given (the effect of the fit, from 0).
    hit1, hit2 : tuple of str
        The variant of each signal's largest Bayes factor, among those that both traits have.
    overlap1, overlap2 : ndarray, shape (S1,), (S2,)
        How much of a signal's posterior is at variants that both traits have. Where it is low the
        pair says little: the causal variant may be among those that are missing.
    snp : tuple of str
        Variants that both traits have, in the order of trait 1.
    log_bf1, log_bf2 : ndarray, shape (S1, n_shared), (S2, n_shared)
    p1, p2, p12 : float
    sums : ndarray, shape (S1, S2, 4)
        Log sums of Bayes factors; see :func:`postgwas.coloc.hypotheses.log_sums`.
    """

    pp: Floats
    prior: Floats
    signal1: Rows
    signal2: Rows
    hit1: tuple[str, ...]
    hit2: tuple[str, ...]
    overlap1: Floats
    overlap2: Floats
    snp: tuple[str, ...]
    log_bf1: Floats
    log_bf2: Floats
    p1: float
    p2: float
    p12: float
    sums: Floats

    @property
    def n_shared(self) -> int:
        """Variants that both traits have."""
        return len(self.snp)

    def snp_pp_h4(self, one: int, two: int) -> Floats:
        """Probability of each variant to be the one shared by a pair, given H4; shape (n_shared,)."""
        return shares(self.log_bf1[one] + self.log_bf2[two])

    def sensitivity(self, p12: ArrayLike | None = None) -> Sensitivity:
        """Posteriors of all pairs over priors `p12`; see :func:`postgwas.coloc.hypotheses.over_p12`."""
        return over_p12(self.sums, self.n_shared, self.p1, self.p2, p12)

    def table(self) -> pl.DataFrame:
        """A row a pair; signals of trait 2 change fastest."""
        import polars as pl

        one, two = np.indices(self.pp.shape[:2]).reshape(2, -1)
        posteriors = {f"PP.H{number}": self.pp[..., number].ravel() for number in range(5)}
        return pl.DataFrame(
            {
                "signal1": self.signal1[one],
                "signal2": self.signal2[two],
                "hit1": [self.hit1[row] for row in one],
                "hit2": [self.hit2[row] for row in two],
                "n_shared": np.full(one.size, self.n_shared),
                "overlap1": self.overlap1[one],
                "overlap2": self.overlap2[two],
                **posteriors,
            },
            schema_overrides={"hit1": pl.String, "hit2": pl.String},
        )


def susie(
    fit1: SusieFit,
    fit2: SusieFit,
    snp1: Sequence[str],
    snp2: Sequence[str],
    *,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12_PAIRS,
) -> ColocPairs:
    """Colocalisation between all credible sets of two fits of SuSiE; nothing is fitted again.

    Parameters
    ----------
    fit1, fit2 : SusieFit
    snp1, snp2 : sequence of str
        Names of each fit's variants, in its order.
    p1, p2, p12 : float
        Prior probabilities of a variant to be causal for trait 1 only, trait 2 only, both.

    Returns
    -------
    ColocPairs
        By rows of `alpha`; no pairs where a fit has no credible set.

    Raises
    ------
    NoVariantsError
        If the fits share no variant.
    InputError, UsageError
        As :func:`bf_bf`.

    References
    ----------
    Wallace 2021, PLoS Genetics 17:e1009440.
    """
    chosen = [np.array(sorted(one.effect for one in fit.credible_sets), np.int64) for fit in (fit1, fit2)]
    return _pairs(fit1.lbf_variable, fit2.lbf_variable, snp1, snp2, chosen[0], chosen[1], (p1, p2, p12))


def bf_bf(
    log_bf1: ArrayLike,
    log_bf2: ArrayLike,
    snp1: Sequence[str],
    snp2: Sequence[str],
    *,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12_PAIRS,
) -> ColocPairs:
    """Colocalisation between all signals of two traits, given as log Bayes factors.

    Parameters
    ----------
    log_bf1, log_bf2 : array-like, shape (S1, V1), (S2, V2) or (V1,), (V2,)
        A row a signal; a vector is one signal.
    snp1, snp2 : sequence of str
        Names of the columns. Columns are joined by them, in whatever order.
    p1, p2, p12 : float

    Returns
    -------
    ColocPairs

    Raises
    ------
    NoVariantsError
        If the traits share no variant.
    InputError
        If a Bayes factor is missing or infinite, or a name occurs twice.
    UsageError
        If there are not as many names as columns, or priors are out of range for the region.

    Examples
    --------
    >>> found = bf_bf([[12.0, 0.0], [0.0, 9.0]], [0.0, 15.0], ["a", "b"], ["b", "a"])
    >>> found.pp[:, 0, 4].round(3), found.hit1, found.hit2
    (array([1.   , 0.027]), ('a', 'b'), ('a',))
    """
    one = np.atleast_2d(np.asarray(log_bf1, np.float64))
    two = np.atleast_2d(np.asarray(log_bf2, np.float64))
    return _pairs(one, two, snp1, snp2, np.arange(len(one)), np.arange(len(two)), (p1, p2, p12))


def _pairs(
    all1: Floats,
    all2: Floats,
    snp1: Sequence[str],
    snp2: Sequence[str],
    chosen1: Rows,
    chosen2: Rows,
    priors: tuple[float, float, float],
) -> ColocPairs:
    names1, names2 = _names(snp1, all1, 1), _names(snp2, all2, 2)
    rows1, rows2 = shared_rows(names1, names2)
    prior = prior_probabilities(rows1.size, *priors)
    whole1, whole2 = all1[chosen1], all2[chosen2]
    one, two = whole1[:, rows1], whole2[:, rows2]
    top1, top2 = one.max(axis=1, keepdims=True), two.max(axis=1, keepdims=True)
    weight1, weight2 = np.exp(one - top1), np.exp(two - top2)
    sums = combine_sums(
        top1,
        weight1.sum(axis=1, keepdims=True),
        top2.T,
        weight2.sum(axis=1, keepdims=True).T,
        weight1 @ weight2.T,
    )
    names = tuple(names1[row] for row in rows1)
    return ColocPairs(
        pp=posterior(sums, *priors),
        prior=prior,
        signal1=chosen1,
        signal2=chosen2,
        hit1=tuple(names[row] for row in one.argmax(axis=1)),
        hit2=tuple(names[row] for row in two.argmax(axis=1)),
        overlap1=shares(whole1)[:, rows1].sum(axis=1),
        overlap2=shares(whole2)[:, rows2].sum(axis=1),
        snp=names,
        log_bf1=one,
        log_bf2=two,
        p1=priors[0],
        p2=priors[1],
        p12=priors[2],
        sums=sums,
    )


def _names(snp: Sequence[str], factors: Floats, trait: int) -> list[str]:
    if factors.ndim != 2:
        raise UsageError(f"log_bf{trait}: expected signals x variants, found shape {factors.shape}")
    names = [str(name) for name in snp]
    if len(names) != factors.shape[1]:
        raise UsageError(f"snp{trait}: {len(names)} names for {factors.shape[1]} variants of trait {trait}")
    check_names(names, None)
    for signal in factors:
        finite_vector(signal, f"log_bf{trait}", names=names)
    return names
