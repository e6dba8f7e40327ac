"""A region's rows of several files as datasets whose variants are named alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.align_traits import AlignedTraits, align_traits
from postgwas.coloc.allele_rules import AlleleRules
from postgwas.coloc.genome_settings import GwasInput
from postgwas.coloc.trait_data import Dataset
from postgwas.coloc.trait_factors import NO_CASES, NO_FREQUENCY, NO_SIZE, NoFactors

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NO_EFFECT = "no_effect"
"""Why a variant of a file takes no part: it has neither effect and error, nor z-score, frequency and N."""


@dataclass(frozen=True, eq=False)
class RegionTrait:
    """One trait in a region.

    Attributes
    ----------
    given : GwasInput
    frame : polars.DataFrame
        Rows that are used.
    keys : tuple of str
        Names under which variants are joined with the other traits.
    beta, se, frequency, n : ndarray, shape (V,)
        Of the effect allele; NaN where a frequency or N is not known.
    case_fraction : float or None
    notes : tuple of str
    """

    given: GwasInput
    frame: pl.DataFrame
    keys: tuple[str, ...]
    beta: Floats
    se: Floats
    frequency: Floats
    n: Floats
    case_fraction: float | None
    standardised: bool
    notes: tuple[str, ...]

    @property
    def sd_y(self) -> float | None:
        """As given; 1 where effects are on that scale."""
        return 1.0 if self.standardised else self.given.sd_y

    def dataset(
        self, rows: Rows | None = None, sign: Floats | None = None, ld: Floats | None = None
    ) -> Dataset:
        """Checked, of some rows, with effects turned and LD where they are given.

        Raises
        ------
        NoFactors
            If a quantitative trait's standard deviation can neither be told nor estimated.
        """
        at = np.arange(len(self.keys)) if rows is None else rows
        turn = np.ones(at.size) if sign is None else sign
        frequency = np.where(turn > 0, self.frequency[at], 1.0 - self.frequency[at])
        known = bool(np.isfinite(frequency).all()) and bool(((frequency > 0) & (frequency < 1)).all())
        sized = bool(np.isfinite(self.n[at]).all())
        spread = self.sd_y
        if self.given.kind == "quant" and spread is None:
            spread = self._estimated()
        return Dataset(
            snp=[self.keys[row] for row in at], beta=self.beta[at] * turn, se=self.se[at],
            maf=frequency if known else None, n=self.n[at] if sized else None, type=self.given.kind,
            sd_y=spread if self.given.kind == "quant" else None, case_fraction=self.case_fraction, ld=ld,
            name=self.given.name,
        )  # fmt: skip

    def scale_notes(self) -> tuple[str, ...]:
        """Warnings about standard errors, as `Dataset.notes` has them, where sdY is not known."""
        from postgwas.coloc.error_scale import error_notes, strength_notes

        good = (self.frequency > 0) & (self.frequency < 1)
        sized = bool(np.isfinite(self.n).all())
        strong: tuple[str, ...] = ()
        if sized and self.given.kind == "quant":
            strong = strength_notes(self.beta / self.se, self.n)
        told = error_notes(
            self.se[good], self.frequency[good], self.n[good] if sized else None,
            case_control=self.given.kind == "cc", sd_y=self.sd_y, case_fraction=self.case_fraction,
        )  # fmt: skip
        return tuple(f"{self.given.name}: {note}" for note in (*strong, *told))

    def _estimated(self) -> float:
        """From all variants of the region whose frequency and N are known, before traits are joined."""
        from postgwas.finemap.abf import estimate_sd_y

        if not np.isfinite(self.n).any():
            raise NoFactors(NO_SIZE, self.given.name)
        good = (self.frequency > 0) & (self.frequency < 1) & np.isfinite(self.n)
        if not good.any():
            raise NoFactors(NO_FREQUENCY, self.given.name)
        return float(estimate_sd_y(self.se[good], self.frequency[good], self.n[good])[0])


@dataclass(frozen=True, eq=False)
class RegionTraits:
    """All traits of a region.

    Attributes
    ----------
    traits : tuple of RegionTrait
    names : dict of str to (str, int, str, str)
        Key of a variant -> what it is called, its position, effect and other allele.
    aligned : AlignedTraits or None
        How the files fitted each other; None for one trait.
    left_out : tuple of list of (int, str)
        ROW and reason of each file's variants that are not used.
    """

    traits: tuple[RegionTrait, ...]
    names: dict[str, tuple[str, int, str | None, str | None]]
    aligned: AlignedTraits
    left_out: tuple[list[tuple[int, str]], ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings about traits."""
        return tuple(note for one in self.traits for note in one.notes)


def region_traits(
    frames: Sequence[pl.DataFrame], inputs: Sequence[GwasInput], fractions: Sequence[float | None],
    rules: AlleleRules,
) -> RegionTraits:  # fmt: skip
    """Align the rows of a region and name variants alike.

    Raises
    ------
    NoVariantsError
        If no variant is in all traits.
    """
    aligned = align_traits(frames, names=[one.name for one in inputs], rules=rules)
    keys = [[f"{trait}:{row}" for row in range(frame.height)] for trait, frame in enumerate(frames)]
    for trait in range(1, len(frames)):
        for own, first in zip(aligned.rows[trait].tolist(), aligned.rows[0].tolist()):
            keys[trait][own] = keys[0][first]
    frequency = _frequencies(frames, aligned)
    traits, left_out = [], []
    for frame, given, share, named, known in zip(frames, inputs, fractions, keys, frequency):
        made, gone = _trait(frame, given, share, named, known)
        traits.append(made)
        left_out.append([(int(frame["ROW"][row]), NO_EFFECT) for row in gone.tolist()])
    names: dict[str, tuple[str, int, str | None, str | None]] = {}
    for frame, named in zip(reversed(frames), reversed(keys)):
        allele = [frame[name].to_list() if name in frame.columns else [None] * frame.height
                  for name in ("EA", "NEA")]  # fmt: skip
        names |= dict(zip(named, zip(frame["SNPID"].to_list(), frame["POS"].to_list(), *allele)))
    return RegionTraits(tuple(traits), names, aligned, tuple(left_out))


def _frequencies(frames: Sequence[pl.DataFrame], aligned: AlignedTraits) -> list[Floats]:
    """Frequencies of effect alleles, or of minor ones where no more is known; all uses take either.

    Those that a file lacks are taken from another trait that has them.
    """
    own = [_column(frame, "EAF" if "EAF" in frame.columns else "MAF") for frame in frames]
    turned = [
        np.where(sign > 0, known[rows], 1.0 - known[rows])
        for known, rows, sign in zip(own, aligned.rows, aligned.sign)
    ]
    for trait, known in enumerate(own):
        rows, sign = aligned.rows[trait], aligned.sign[trait]
        for other, theirs in enumerate(turned):
            lacking = ~np.isfinite(known[rows])
            if other == trait or not lacking.any():
                continue
            known[rows[lacking]] = np.where(sign > 0, theirs, 1.0 - theirs)[lacking]
    return own


def _trait(
    frame: pl.DataFrame, given: GwasInput, share: float | None, keys: list[str], frequency: Floats
) -> tuple[RegionTrait, Rows]:
    beta, se, n = (_column(frame, name) for name in ("BETA", "SE", "N"))
    with np.errstate(invalid="ignore"):
        effects = np.isfinite(beta) & np.isfinite(se) & (se > 0)
    notes: list[str] = []
    standardised = 2 * int(effects.sum()) < effects.size
    if standardised:
        beta, se = _from_z(_column(frame, "Z"), frequency, n, given, share)
        effects = np.isfinite(beta) & np.isfinite(se)
        if not effects.any():
            raise NoFactors(NO_FREQUENCY if np.isfinite(n).any() else NO_SIZE, given.name)
        notes.append(f"{given.name}: effects from z-scores, frequencies and N")
    elif (
        given.kind == "quant"
        and given.sd_y is None
        and not {"EAF", "MAF"} & set(frame.columns)
        and np.isfinite(frequency).any()
    ):
        notes.append(f"{given.name}: frequencies of another trait are taken")
    kept = np.flatnonzero(effects)
    made = RegionTrait(
        given, frame[kept], tuple(keys[row] for row in kept), beta[kept], se[kept], frequency[kept], n[kept],
        share, standardised, tuple(notes),
    )  # fmt: skip
    return made, np.flatnonzero(~effects)


def _from_z(
    z: Floats, frequency: Floats, n: Floats, given: GwasInput, share: float | None
) -> tuple[Floats, Floats]:
    """Effects in standard deviations of the trait, or log odds ratios, with their errors."""
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = 1.0 / (2.0 * n * frequency * (1.0 - frequency))
        if given.kind == "cc":
            if share is None:
                raise NoFactors(NO_CASES, given.name)
            variance = variance / (share * (1.0 - share))
        good = (frequency > 0) & (frequency < 1) & (n > 0)
        se = np.where(good, np.sqrt(variance), np.nan)
    return z * se, se


def _column(frame: pl.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    return frame[name].cast(float).fill_null(np.nan).to_numpy().copy()
