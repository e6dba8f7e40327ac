"""Clusters of many traits that share a causal variant: HyPrColoc's search, branch by branch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Selection = Literal["regional", "align", "regional_only"]

P1 = 1e-4
"""Prior probability of a variant to be causal for one trait."""
P_SHARED = 0.02
"""Prior probability that a variant that is causal for one trait is causal for a second."""


@dataclass(frozen=True)
class ClusterSettings:
    """How clusters are looked for.

    Attributes
    ----------
    p1 : float
        Prior of a variant to be causal for one trait.
    p_shared : float
        Prior to be causal for a second trait, given one; for a third the chance to be none is its square,
        and so on.
    uniform : bool
        Equal priors of all hypotheses instead.
    regional_threshold, alignment_threshold : float, optional
        What both probabilities must exceed; 0.5, or 0.7 with uniform priors, if None.
    selection : {"regional", "align", "regional_only"}
        Which probability says what trait to drop; with "regional_only" alignment is not looked at.
    search : bool
        Look for clusters; otherwise all traits are taken together.
    """

    p1: float = P1
    p_shared: float = P_SHARED
    uniform: bool = False
    regional_threshold: float | None = None
    alignment_threshold: float | None = None
    selection: Selection = "regional"
    search: bool = True

    @property
    def thresholds(self) -> tuple[float, float]:
        """As used."""
        default = 0.7 if self.uniform else 0.5
        given = (self.regional_threshold, self.alignment_threshold)
        one, two = (default if value is None else value for value in given)
        return one, two

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name, value in (("p1", self.p1), ("p_shared", self.p_shared)):
            if not 0 < value < 1:
                raise UsageError(f"{name} = {value:g}: expected a probability between 0 and 1")
        least = 0.6 if self.uniform else 0.5
        for name, value in zip(("regional_threshold", "alignment_threshold"), self.thresholds):
            if self.search and not least <= value < 1:
                raise UsageError(
                    f"{name} = {value:g}: expected {least:g} or more and below 1"
                    + (" with uniform priors" if self.uniform else ""),
                    hint="below, more than one cluster may hold a trait",
                )
        if self.selection not in ("regional", "align", "regional_only"):
            raise UsageError(f"selection = {self.selection!r}: expected regional, align or regional_only")


@dataclass(frozen=True, eq=False)
class Regional:
    """Whether traits have causal variants in a region together.

    Attributes
    ----------
    probability : float
    weakest : int
        Which trait (of those given) the rest does best without.
    snp_pp : ndarray, shape (V,)
        Probability of each variant to be the shared one.
    log_sum : float
        Log sum of joint Bayes factors.
    """

    probability: float
    weakest: int
    snp_pp: Floats
    log_sum: float


class Evidence(Protocol):
    """Bayes factors of sets of traits; independent or correlated."""

    def regional(self, traits: Rows, settings: ClusterSettings) -> Regional: ...

    def alignment(self, traits: Rows, settings: ClusterSettings) -> tuple[float, int]:
        """Probability that causal variants are one, and the trait (of those given) that fits least."""


@dataclass(frozen=True, eq=False)
class Cluster:
    """One round of the search.

    Attributes
    ----------
    traits : ndarray of int64
        Those that share a variant; empty where the last trait was dropped.
    posterior : float
        Regional times alignment probability; NaN without a cluster, or where alignment was not looked at.
    regional, alignment : float
    candidate : int
        The most probable shared variant; -1 without a cluster.
    snp_pp : ndarray, shape (V,)
        Empty without a cluster.
    dropped : int
        The trait that was left alone; -1 where there is a cluster.
    """

    traits: Rows
    posterior: float
    regional: float
    alignment: float
    candidate: int
    snp_pp: Floats
    dropped: int = -1


@dataclass
class _Round:
    """Traits that are still together, and what is known of them."""

    traits: Rows
    regional: Regional | None = None
    alignment: float = field(default=0.0)


def prior_of(number: int, settings: ClusterSettings) -> float:
    """Prior of one variant to be causal for `number` traits.

    Examples
    --------
    >>> round(prior_of(3, ClusterSettings()) / 1e-4, 6)
    0.000792
    """
    steps = np.arange(1, number)
    return float(settings.p1 * np.prod(1.0 - (1.0 - settings.p_shared) ** steps))


def find_clusters(evidence: Evidence, n_traits: int, settings: ClusterSettings) -> list[Cluster]:
    """Divide traits into clusters.

    All traits begin together. While the regional probability is too low the trait that the rest does best
    without is dropped; then the alignment probability drops traits likewise. What is left is a cluster, or a
    trait alone; the search begins anew with the traits dropped on the way.

    References
    ----------
    Foley et al. 2021, Nature Communications 12:764, methods.
    """
    left = np.arange(n_traits)
    if not settings.search:
        return [_together(evidence, left, settings)]
    found = []
    while left.size > 1:
        now = _one_round(evidence, left, settings)
        found.append(_cluster(now, settings))
        left = left[~np.isin(left, now.traits)]
    return found


def _one_round(evidence: Evidence, traits: Rows, settings: ClusterSettings) -> _Round:
    regional_least, align_least = settings.thresholds
    now = _Round(traits)
    while True:
        now.regional = evidence.regional(now.traits, settings)
        low = now.regional.probability <= regional_least
        if low and settings.selection != "align":
            now.traits = np.delete(now.traits, now.regional.weakest)
            if now.traits.size <= 1:
                return now
            continue
        if settings.selection == "regional_only":
            return now
        now.alignment, worst = evidence.alignment(now.traits, settings)
        if not low and now.alignment > align_least:
            return now
        now.traits = np.delete(now.traits, worst)
        if now.traits.size <= 1:
            return now


def _cluster(now: _Round, settings: ClusterSettings) -> Cluster:
    assert now.regional is not None
    regional = now.regional.probability
    if now.traits.size <= 1:
        return Cluster(now.traits[:0], np.nan, regional, np.nan, -1, np.zeros(0), int(now.traits[0]))
    alignment = np.nan if settings.selection == "regional_only" else now.alignment
    snp_pp = now.regional.snp_pp
    return Cluster(now.traits, regional * alignment, regional, alignment, int(snp_pp.argmax()), snp_pp)


def _together(evidence: Evidence, traits: Rows, settings: ClusterSettings) -> Cluster:
    regional = evidence.regional(traits, settings)
    alignment, _ = evidence.alignment(traits, settings)
    pp = regional.snp_pp
    posterior = regional.probability * alignment
    return Cluster(traits, posterior, regional.probability, alignment, int(pp.argmax()), pp)
