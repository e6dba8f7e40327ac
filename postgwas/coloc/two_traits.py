"""Colocalisation of two traits with one causal variant each at most."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.causal_products import causal_probabilities
from postgwas.coloc.hypotheses import Sensitivity, log_sums, over_p12, posterior
from postgwas.coloc.priors import P1, P2, P12, log_weights, region_priors
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import NoVariantsError, PostgwasWarning
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
    pip1, pip2 : ndarray, shape (n_shared,)
        Probability of each variant to be a trait's causal one, by that trait alone.
    n1, n2 : int
        Variants of each trait before they were joined.
    p1, p2, p12 : float
        As used: lowered where they summed to 1 or more over the region.
    sums : ndarray, shape (4,)
        Log sums of Bayes factors, weighted by priors of variants relative to p1, p2, p12 where there are
        some; see :func:`postgwas.coloc.hypotheses.log_sums`.
    log_weight : ndarray, shape (n_shared,), optional
        Logarithms of both traits' weights together.
    notes : tuple of str
        Warnings about priors and data.
    """

    pp: Floats
    prior: Floats
    snp: tuple[str, ...]
    log_bf1: Floats
    log_bf2: Floats
    pip1: Floats
    pip2: Floats
    n1: int
    n2: int
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

    @cached_property
    def snp_pp_h4(self) -> Floats:
        """Probability of each variant to be the shared causal one, given H4; shape (n_shared,)."""
        both = self.log_bf1 + self.log_bf2
        return shares(both if self.log_weight is None else both + self.log_weight)

    @cached_property
    def clpp(self) -> Floats:
        """eCAVIAR's probability of each variant to be causal for both: PIP times PIP; shape (n_shared,)."""
        product: Floats = self.pip1 * self.pip2
        return product

    def table(self) -> pl.DataFrame:
        """Variants with `lABF1`, `lABF2`, `SNP.PP.H4` and `CLPP`."""
        import polars as pl

        columns = {
            "lABF1": self.log_bf1, "lABF2": self.log_bf2, "SNP.PP.H4": self.snp_pp_h4, "CLPP": self.clpp,
        }  # fmt: skip
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
    notes : tuple of str
        Priors that were lowered.
    """

    pp: Floats
    prior: Floats
    n_shared: Rows
    sums: Floats
    notes: tuple[str, ...] = ()


def abf(
    d1: Dataset,
    d2: Dataset,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12,
    *,
    prior_weights1: ArrayLike | None = None,
    prior_weights2: ArrayLike | None = None,
) -> Coloc:
    """Do two traits share their causal variant in a region? At most one causal variant each is assumed.

    Parameters
    ----------
    d1, d2 : Dataset
        Joined by the names of variants; signs of effects do not matter.
    p1, p2 : float
        Prior probability of a variant to be causal for trait 1 (2) only.
    p12 : float
        Prior probability of a variant to be causal for both. Each prior that sums to 1 or more over the m
        variants that both have is lowered to 1 / (m + 1), with a warning.
    prior_weights1, prior_weights2 : array-like, shape (V1,), (V2,), optional
        How much more likely some variants of a trait are causal than others; see
        :func:`postgwas.coloc.priors.log_weights`.

    Returns
    -------
    Coloc

    Raises
    ------
    NoVariantsError
        If the traits share no variant.
    UsageError
        If a prior is not between 0 and 1, or weights are negative, all 0, or not one a variant.

    Warns
    -----
    PostgwasWarning
        If a prior is lowered, or standard errors look like variances.

    References
    ----------
    Giambartolomei et al. 2014, PLoS Genetics 10:e1004383, equations 1 to 4; with weights Pullin and
    Wallace 2025, PLoS Genetics 21:e1011697.

    Examples
    --------
    >>> one = Dataset(snp=["a", "b"], beta=[0.2, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    >>> two = Dataset(snp=["b", "a"], beta=[0.0, -0.3], se=[0.04, 0.04], type="cc")
    >>> found = abf(one, two)
    >>> found.pp.round(4), found.snp, found.snp_pp_h4.round(4)
    (array([0., 0., 0., 0., 1.]), ('a', 'b'), array([1., 0.]))
    """
    found = compare(d1, d2, (p1, p2, p12), (prior_weights1, prior_weights2))
    for note in found.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    return found


def compare(
    d1: Dataset,
    d2: Dataset,
    priors: tuple[float, float, float],
    weights: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
) -> Coloc:
    """The same as :func:`abf`, with warnings in `notes` alone."""
    rows1, rows2 = shared_rows(list(d1.snp), list(d2.snp))
    one, two = d1.log_bf[rows1], d2.log_bf[rows2]
    logs = [
        log_weights(given, len(data.snp), f"prior_weights{trait}", rows)
        for trait, (given, data, rows) in enumerate(((weights[0], d1, rows1), (weights[1], d2, rows2)), 1)
    ]
    given = [log for log in logs if log is not None]
    together: Floats | None = np.sum(given, axis=0) if given else None
    used = region_priors(
        rows1.size, *priors, together=None if together is None else float(np.exp(together).sum())
    )
    weighted = [log if weight is None else log + weight for log, weight in zip((one, two), logs)]
    sums = log_sums(weighted[0], weighted[1], np.zeros(1, np.int64))[0]
    p1, p2, p12 = float(used.p1[0]), float(used.p2[0]), float(used.p12[0])
    pips = [
        causal_probabilities(
            data.log_bf, min(prior, 1 / (len(data.snp) + 1)),
            log_weights(weight, len(data.snp), "prior_weights"),
        )[rows]
        for data, prior, weight, rows in ((d1, p1, weights[0], rows1), (d2, p2, weights[1], rows2))
    ]  # fmt: skip
    return Coloc(
        pp=posterior(sums, p1, p2, p12), prior=used.prior[0], snp=tuple(d1.snp[row] for row in rows1),
        log_bf1=one, log_bf2=two, pip1=pips[0], pip2=pips[1], n1=len(d1.snp), n2=len(d2.snp), p1=p1, p2=p2,
        p12=p12, sums=sums, log_weight=together, notes=(*_named(d1, 1), *_named(d2, 2), *used.notes),
    )  # fmt: skip


def _named(data: Dataset, trait: int) -> list[str]:
    return [f"{data.name or f'trait {trait}'}: {note}" for note in data.notes]


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
        If lengths differ, a region is empty, or a prior is not between 0 and 1.

    Warns
    -----
    PostgwasWarning
        If priors are lowered, as by :func:`abf`.

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
    used = region_priors(sizes, p1, p2, p12)
    for note in used.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    sums = log_sums(one, two, first)
    pp = posterior(sums, used.p1, used.p2, used.p12)
    return ColocRegions(pp, used.prior, sizes, sums, used.notes)


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
