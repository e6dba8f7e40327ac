"""Genetic correlation of pairs of traits that are aligned once to the LD scores.

A pair is regressed on the variants that both traits have with alleles that agree, as ldsc does;
so a trait's heritability is fitted anew for each pair, except where the variants are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.errors import NoVariantsError, PostgwasError
from postgwas.ldsc.allele_classes import Alleles
from postgwas.ldsc.block_sums import Room, Shared
from postgwas.ldsc.fits import H2Fit, RgFit
from postgwas.ldsc.jackknife import Array
from postgwas.ldsc.regression import correlation, gencov, h2, rg

Mask = npt.NDArray[np.bool_]
#: Status of a pair whose correlation has a value but no standard error.
NO_SE = "no standard error"


@dataclass(frozen=True, eq=False)
class AlignedTrait:
    """One trait on the variants that have LD scores, in their order.

    Attributes
    ----------
    z : ndarray of float64, shape (V,)
        Z for the allele that :class:`~postgwas.ldsc.allele_classes.Alleles` takes as the effect
        allele (for the file's own without alleles); 0 where the trait lacks the variant.
    n : ndarray of float64, shape (V,) or (1,)
        Sample size; one value where it is constant.
    kind : ndarray of uint8, shape (V,)
        Alleles that agree with another trait's have a bit in common with it; 0 where the trait
        lacks the variant, 4 where its alleles fit no other trait's.
    """

    z: Array
    n: Array
    kind: npt.NDArray[np.uint8]

    @property
    def n_variants(self) -> int:
        """Variants that the trait has."""
        return int(np.count_nonzero(self.kind))


#: Kind of a variant whose alleles agree with none.
UNFIT = 4
#: Bits of the kinds that can agree.
FITTING = 3


def aligned(
    places: npt.NDArray[np.integer], z: Array, n: Array, alleles: Alleles | None, length: int
) -> AlignedTrait:
    """Put a trait on the variants with LD scores, for one orientation of alleles.

    Parameters
    ----------
    places : ndarray of int, shape (K,)
        Where the trait's variants stand among those with LD scores, each once.
    z, n : ndarray, shape (K,)
    alleles : Alleles, length K, or None
        None takes signs and alleles as agreeing (``--no_check_alleles``).
    length : int
        V, the number of variants with LD scores.
    """
    # Otherwise each of the assignments would convert them.
    places = places.astype(np.intp, copy=False)
    on_z, on_kind = np.zeros(length), np.zeros(length, dtype=np.uint8)
    if alleles is None:
        on_z[places] = z
        on_kind[places] = 1
    else:
        on_z[places] = z * alleles.sign
        on_kind[places] = np.where(alleles.kind == 0, UNFIT, alleles.kind)
    if n.size and n.min() == n.max():
        return AlignedTrait(on_z, n[:1].copy(), on_kind)
    on_n = np.zeros(length)
    on_n[places] = n
    return AlignedTrait(on_z, on_n, on_kind)


@dataclass(frozen=True, eq=False)
class Scores:
    """LD scores of V variants and how to regress on them.

    Attributes
    ----------
    l2 : ndarray, shape (V, A)
    w_l2 : ndarray, shape (V,)
    m : ndarray, shape (A,)
    n_blocks : int
    two_step, chisq_max : float or None
        As in :func:`postgwas.ldsc.regression.rg`.
    """

    l2: Array
    w_l2: Array
    m: Array
    n_blocks: int = 200
    two_step: float | None = None
    chisq_max: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class PairFit:
    """What came of one pair.

    Attributes
    ----------
    fit : RgFit or None
        None where the regression could not be made.
    status : str
        ``ok``, ``h2 out of bounds``, ``rg out of bounds``, ``no standard error`` (a jackknife
        block without which a heritability is negative) or ``failed``.
    reason : str
        Why, in a line; empty for ``ok``.
    n_common : int
        Variants that both traits have.
    n_mismatched : int
        Those of them with alleles that do not agree, which are left out.
    n_snps : int
        Variants in the regression.
    """

    fit: RgFit | None
    status: str
    reason: str
    n_common: int
    n_mismatched: int
    n_snps: int

    @classmethod
    def failed(cls, reason: str, *, n_common: int = 0, n_mismatched: int = 0, n_snps: int = 0) -> PairFit:
        """A pair without regressions, and why."""
        return cls(
            fit=None, status="failed", reason=reason, n_common=n_common, n_mismatched=n_mismatched,
            n_snps=n_snps,
        )  # fmt: skip


@dataclass(eq=False)
class PairFitter:
    """Fits pairs of aligned traits; keeps heritabilities that another pair can use.

    Parameters
    ----------
    scores : Scores
    traits : mapping of place to AlignedTrait
        May lose and gain traits between pairs; a place stays that of one trait.
    intercept_h2 : sequence of float or None
        Constrained intercept of each trait's heritability, by place.
    """

    scores: Scores
    traits: dict[int, AlignedTrait]
    intercept_h2: Sequence[float | None]
    _fits: dict[tuple[int, bytes], H2Fit] = field(default_factory=dict)
    _last: tuple[bytes, Array, Array, Shared | None] = (b"", np.empty(0), np.empty(0), None)
    _room: Room = field(default_factory=Room)

    def agreeing(self, first: int, other: int) -> tuple[Mask, int]:
        """Which variants both traits have with alleles that agree, and how many they have."""
        one, two = self.traits[first].kind, self.traits[other].kind
        n_common = int(np.count_nonzero((one != 0) & (two != 0)))
        return (one & two & FITTING) != 0, n_common

    def fit(self, first: int, other: int, intercept_gencov: float | None) -> PairFit:
        """Regress one pair; what the data do not allow is a status, not an error."""
        keep, n_common = self.agreeing(first, other)
        n_kept = int(np.count_nonzero(keep))
        counts = {"n_common": n_common, "n_mismatched": n_common - n_kept}
        try:
            if n_kept == 0:
                raise NoVariantsError(
                    "the two traits have no variant in common with LD scores"
                    if n_common == 0
                    else f"none of {n_common:,} common variants has alleles that agree"
                )
            found = self._regress(first, other, keep, intercept_gencov)
        except PostgwasError as error:
            return PairFit.failed(str(error), n_snps=n_kept, **counts)
        status, reason = _judged(found)
        n_snps = found.gencov.n_variants
        return PairFit(fit=found, status=status, reason=reason, n_snps=n_snps, **counts)

    def _regress(self, first: int, other: int, keep: Mask, intercept_gencov: float | None) -> RgFit:
        rows = None if keep.all() else np.flatnonzero(keep)
        key, l2, w_l2, shared = self._on(keep, rows)
        one, two = (self.traits[i] for i in (first, other))
        z1, z2 = self._taken(one.z, rows, "z1"), self._taken(two.z, rows, "z2")
        n1, n2 = self._taken(one.n, rows, "n1"), self._taken(two.n, rows, "n2")
        scores = self.scores
        if scores.chisq_max is not None:
            return rg(
                z1, z2, l2, w_l2, n1, n2, scores.m,
                n_blocks=scores.n_blocks,
                intercept_h2=(self.intercept_h2[first], self.intercept_h2[other]),
                intercept_gencov=intercept_gencov,
                two_step=scores.two_step,
                chisq_max=scores.chisq_max,
            )  # fmt: skip
        fits = [
            self._heritability(trait, key, z, n, l2, w_l2, shared)
            for trait, z, n in ((first, z1, n1), (other, z2, n2))
        ]
        both = gencov(
            z1, z2, l2, w_l2, n1, n2, scores.m, *fits,
            n_blocks=scores.n_blocks, intercept=intercept_gencov, two_step=scores.two_step,
            shared=shared,
        )  # fmt: skip
        return correlation(fits[0], fits[1], both)

    def _on(self, keep: Mask, rows: npt.NDArray[np.intp] | None) -> tuple[bytes, Array, Array, Shared | None]:
        """A name for the set of kept variants, and their LD scores."""
        key = hashlib.blake2b(np.packbits(keep).tobytes(), digest_size=16).digest()
        if self._last[0] != key:
            l2 = self.scores.l2
            if rows is not None:
                l2 = self._taken(l2, rows, "l2") if l2.ndim == 1 else l2[rows]
            w_l2 = self._taken(self.scores.w_l2, rows, "w_l2")
            shared = Shared.of(w_l2, self._room) if l2.ndim == 1 else None
            self._last = key, l2, w_l2, shared
        return self._last

    def _taken(self, values: Array, rows: npt.NDArray[np.intp] | None, name: str) -> Array:
        """The rows of a vector, in room that all pairs share: making it anew costs more than filling it."""
        if rows is None or values.size == 1:
            return values
        # The rows are in range; 'clip' only spares the copy that 'raise' makes.
        return np.take(values, rows, out=self._room.array(name, rows.size), mode="clip")

    def _heritability(
        self, trait: int, key: bytes, z: Array, n: Array, l2: Array, w_l2: Array, shared: Shared | None
    ) -> H2Fit:
        found = self._fits.get((trait, key))
        if found is None:
            chi2 = np.multiply(z, z, out=self._room.array("y", z.size))
            found = h2(
                chi2, l2, w_l2, n, self.scores.m,
                n_blocks=self.scores.n_blocks,
                intercept=self.intercept_h2[trait],
                two_step=self.scores.two_step,
                shared=shared,
            )  # fmt: skip
            self._fits[trait, key] = found
        return found


def _judged(fit: RgFit) -> tuple[str, str]:
    if fit.status == "h2 out of bounds":
        negative = [
            f"{name} = {one.tot:.4g}"
            for name, one in (("h2 of the first", fit.hsq1), ("h2 of the second", fit.hsq2))
            if one.tot <= 0
        ]
        return fit.status, f"a heritability is not positive: {', '.join(negative)}"
    if not fit.se >= 0:
        return NO_SE, "without some jackknife blocks a heritability is negative: h2 is too small for its SE"
    if fit.status == "rg out of bounds":
        return fit.status, f"rg = {fit.rg:.4g} is beyond 1.2"
    return "ok", ""
