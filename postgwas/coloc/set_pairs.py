"""Colocalisation between all pairs of signals of two traits, from their log Bayes factors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.hypotheses import Sensitivity, combine_sums, over_p12, posterior
from postgwas.coloc.priors import P1, P2, region_priors
from postgwas.coloc.signal_factors import Scaled, Signals, shared_columns
from postgwas.coloc.two_traits import shares
from postgwas.errors import PostgwasWarning
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
    clpp : ndarray, shape (S1, S2)
        eCAVIAR's probability that one variant is causal for both signals: over the shared variants, the
        sum of products of the signals' posteriors.
    snp : tuple of str
        Variants that both traits have, in the order of trait 1.
    log_bf1, log_bf2 : ndarray, shape (S1, n_shared), (S2, n_shared)
    p1, p2, p12 : float
        As used: lowered where they summed to 1 or more over the region.
    sums : ndarray, shape (S1, S2, 4)
        Log sums of Bayes factors; see :func:`postgwas.coloc.hypotheses.log_sums`.
    log_weight : ndarray, shape (n_shared,), optional
        Logarithms of both traits' prior weights together.
    notes : tuple of str
        Priors that were lowered.
    """

    pp: Floats
    prior: Floats
    signal1: Rows
    signal2: Rows
    hit1: tuple[str, ...]
    hit2: tuple[str, ...]
    overlap1: Floats
    overlap2: Floats
    clpp: Floats
    snp: tuple[str, ...]
    log_bf1: Floats
    log_bf2: Floats
    p1: float
    p2: float
    p12: float
    sums: Floats
    log_weight: Floats | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_shared(self) -> int:
        """Variants that both traits have."""
        return len(self.snp)

    def snp_pp_h4(self, one: int, two: int) -> Floats:
        """Probability of each variant to be the one shared by a pair, given H4; shape (n_shared,)."""
        both = self.log_bf1[one] + self.log_bf2[two]
        return shares(both if self.log_weight is None else both + self.log_weight)

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
                "CLPP": self.clpp.ravel(),
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
    prior_weights1: ArrayLike | None = None,
    prior_weights2: ArrayLike | None = None,
) -> ColocPairs:
    """Colocalisation between all credible sets of two fits of SuSiE; nothing is fitted again.

    Parameters
    ----------
    fit1, fit2 : SusieFit
    snp1, snp2 : sequence of str
        Names of each fit's variants, in its order.
    p1, p2, p12 : float
        Prior probabilities of a variant to be causal for trait 1 only, trait 2 only, both.
    prior_weights1, prior_weights2 : array-like, shape (V1,), (V2,), optional
        How much more likely some variants are causal; see :func:`postgwas.coloc.priors.log_weights`.

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
    one = Signals.of_fit(fit1, snp1, prior_weights=prior_weights1, what="1")
    two = Signals.of_fit(fit2, snp2, prior_weights=prior_weights2, what="2")
    return _warned(compare_signals(one, two, (p1, p2, p12)))


def bf_bf(
    log_bf1: ArrayLike,
    log_bf2: ArrayLike,
    snp1: Sequence[str],
    snp2: Sequence[str],
    *,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12_PAIRS,
    prior_weights1: ArrayLike | None = None,
    prior_weights2: ArrayLike | None = None,
) -> ColocPairs:
    """Colocalisation between all signals of two traits, given as log Bayes factors.

    Parameters
    ----------
    log_bf1, log_bf2 : array-like, shape (S1, V1), (S2, V2) or (V1,), (V2,)
        A row a signal; a vector is one signal.
    snp1, snp2 : sequence of str
        Names of the columns. Columns are joined by them, in whatever order.
    p1, p2, p12 : float
        Lowered to 1 / (m + 1), with a warning, where they sum to 1 or more over the m shared variants.
    prior_weights1, prior_weights2 : array-like, shape (V1,), (V2,), optional

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
        If there are not as many names as columns, or a prior is not between 0 and 1.

    Examples
    --------
    >>> found = bf_bf([[12.0, 0.0], [0.0, 9.0]], [0.0, 15.0], ["a", "b"], ["b", "a"])
    >>> found.pp[:, 0, 4].round(3), found.hit1, found.hit2
    (array([1.   , 0.027]), ('a', 'b'), ('a',))
    """
    one = Signals.of(log_bf1, snp1, prior_weights=prior_weights1, what="1")
    two = Signals.of(log_bf2, snp2, prior_weights=prior_weights2, what="2")
    return _warned(compare_signals(one, two, (p1, p2, p12)))


def compare_signals(one: Signals, two: Signals, priors: tuple[float, float, float]) -> ColocPairs:
    """All pairs of prepared signals; warnings in `notes` alone."""
    columns = shared_columns(one, two)
    left, right = (_at(one, None), _at(two, None)) if columns is None else (
        _at(one, columns[0]), _at(two, columns[1])
    )  # fmt: skip
    logs = [side.log_weight for side in (left, right) if side.log_weight is not None]
    together: Floats | None = np.sum(logs, axis=0) if logs else None
    used = region_priors(
        len(left.snp), *priors, together=None if together is None else float(np.exp(together).sum())
    )
    a, b = left.scaled, right.scaled
    sums = combine_sums(a.top[:, None], a.total[:, None], b.top[None], b.total[None], a.weight @ b.weight.T)
    p1, p2, p12 = float(used.p1[0]), float(used.p2[0]), float(used.p12[0])
    return ColocPairs(
        pp=posterior(sums, p1, p2, p12), prior=used.prior[0], signal1=one.signal, signal2=two.signal,
        hit1=tuple(left.snp[row] for row in left.lead), hit2=tuple(left.snp[row] for row in right.lead),
        overlap1=_overlap(one, left), overlap2=_overlap(two, right), clpp=_clpp(one, two, left, right),
        snp=left.snp, log_bf1=left.log_bf, log_bf2=right.log_bf, p1=p1, p2=p2, p12=p12, sums=sums,
        log_weight=together, notes=used.notes,
    )  # fmt: skip


def _at(whole: Signals, columns: Rows | None) -> Signals:
    if columns is None:
        return whole
    weight = whole.log_weight
    if weight is not None:
        weight = weight[columns]
        weight = weight - np.log(np.exp(weight).mean())
    names = tuple(whole.snp[column] for column in columns)
    return Signals(names, whole.signal, whole.log_bf[:, columns], weight)


def _overlap(whole: Signals, part: Signals) -> Floats:
    share: Floats = np.exp(part.log_total - whole.log_total)
    return np.minimum(share, 1.0)


def _clpp(one: Signals, two: Signals, left: Signals, right: Signals) -> Floats:
    a, b = (Scaled.of(side.log_bf, None) for side in (left, right))
    logs = (a.top - one.log_total)[:, None] + (b.top - two.log_total)[None]
    products: Floats = np.exp(logs) * (a.weight @ b.weight.T)
    return products


def _warned(found: ColocPairs) -> ColocPairs:
    for note in found.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=3)
    return found
