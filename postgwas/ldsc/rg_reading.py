"""Read the traits of a genetic correlation run: each file once, aligned once to the LD scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import ColumnError, NoVariantsError, UsageError
from postgwas.ld.panel import LDScorePanel
from postgwas.ld.variant_ids import VariantIds
from postgwas.ldsc.allele_classes import Alleles, allele_classes
from postgwas.ldsc.inputs import SMALLEST_COVER, Munged, other_ids, read_munged
from postgwas.ldsc.munged import trait_name
from postgwas.ldsc.rg_pairs import FITTING, AlignedTrait, aligned


@dataclass(frozen=True, eq=False)
class Ground:
    """The variants that have LD scores of the model and for the weights, in the order of the panel.

    Attributes
    ----------
    panel : LDScorePanel
        Of the model, all of its variants.
    places : ndarray of int64, shape (V_panel,), or None
        Place of each panel row among the variants with weights, -1 without; None where every
        panel row has one.
    l2 : ndarray, shape (V, A)
    w_l2 : ndarray, shape (V,)
    """

    panel: LDScorePanel
    places: npt.NDArray[np.int32] | None
    l2: npt.NDArray[np.float64]
    w_l2: npt.NDArray[np.float64]

    @classmethod
    def of(cls, panel: LDScorePanel, weights: LDScorePanel) -> Ground:
        """Merge the LD scores of the model with those for the weights by id."""
        if weights.ids.same(panel.ids):
            return cls(panel, None, panel.l2, np.ascontiguousarray(weights.l2[:, 0]))
        weight_rows = weights.ids.index.find(panel.ids)
        rows = np.flatnonzero(weight_rows >= 0)
        places = np.full(panel.n_variants, -1, dtype=np.int32)
        places[rows] = np.arange(rows.size, dtype=np.int32)
        return cls(panel, places, panel.l2[rows], weights.l2[weight_rows[rows], 0])

    @property
    def chr(self) -> npt.NDArray[np.int8]:
        """Chromosome of each variant."""
        return self.panel.chr if self.places is None else self.panel.chr[self.places >= 0]

    def find(self, ids: VariantIds) -> tuple[npt.NDArray[np.int32], int]:
        """Place of each id among the variants with both LD scores, or -1; how many have the model's."""
        rows = self.panel.ids.index.find(ids)
        n_reference = int(np.count_nonzero(rows >= 0))
        return (rows if self.places is None else np.where(rows < 0, -1, self.places[rows])), n_reference


@dataclass(frozen=True, eq=False)
class ReadTrait:
    """A trait on the LD scores, and what was counted on the way.

    Attributes
    ----------
    name, source : str
    trait : AlignedTrait
    n_reference, n_weights : int
        Variants with LD scores of the model, and of these with weights.
    listed : ndarray of bool, shape (V,), or None
        Which variants have a row in the file, complete or not; None where all rows are complete.
    sign : ndarray of int8, shape (V,), or None
        Orientation of the alleles, where they were read but are not to be compared.
    munged : Munged or None
        What was read, where it was to be kept.
    """

    name: str
    source: str
    trait: AlignedTrait
    n_reference: int
    n_weights: int
    listed: npt.NDArray[np.bool_] | None
    sign: npt.NDArray[np.int8] | None
    munged: Munged | None = None

    def in_common(self, first: ReadTrait) -> int:
        """Variants of `first` that have a row here, complete or not: what ldsc says it merged."""
        there = self.trait.kind != 0 if self.listed is None else self.listed
        return int(np.count_nonzero(there & (first.trait.kind != 0)))


def read_file(file: Any, name: str, *, check_alleles: bool) -> Munged:
    """A munged trait; its alleles may be missing where they are not to be compared.

    Raises
    ------
    ColumnError, InputError, NoVariantsError, StoreError
        As :func:`postgwas.ldsc.munged.read_munged`.
    """
    try:
        return read_munged(file, alleles=True, name=name)
    except ColumnError:
        if check_alleles:
            raise
        return read_munged(file, alleles=False, name=name)


def align(munged: Munged, ground: Ground, *, check_alleles: bool, keep: bool = False) -> ReadTrait:
    """Put a trait on the variants that have LD scores; `keep` keeps what was read.

    Raises
    ------
    NoVariantsError
        The LD scores are not for these summary statistics.
    """
    places, n_reference = ground.find(munged.ids)
    rows = np.flatnonzero(places >= 0)
    _check_cover(n_reference, int(rows.size), munged, ground.panel)
    everywhere = rows.size == places.size
    z, n = (munged.z, munged.n) if everywhere else (munged.z.take(rows), munged.n.take(rows))
    classes = None
    if munged.a1 is not None and munged.a2 is not None:
        classes = allele_classes(munged.a1.letters, munged.a2.letters)
    if not everywhere:
        places = places.take(rows)
        classes = classes and Alleles(classes.kind.take(rows), classes.sign.take(rows))
    length = ground.w_l2.size
    trait = aligned(places, z, n, classes if check_alleles else None, length)
    sign = None
    if classes is not None and not check_alleles:
        sign = np.zeros(length, dtype=np.int8)
        # The kind beside the orientation: only alleles of one kind can be compared.
        sign[places] = classes.sign * classes.kind.astype(np.int8)
    return ReadTrait(
        name=munged.name,
        source=munged.source,
        trait=trait,
        n_reference=n_reference,
        n_weights=int(rows.size),
        listed=_listed(munged, ground, trait),
        sign=sign,
        munged=munged if keep else None,
    )


def swapped(first: ReadTrait, other: ReadTrait) -> int:
    """Variants whose effect alleles differ, of two traits read without comparing them."""
    if first.sign is None or other.sign is None:
        return 0
    # Kinds are 1 and 2, so a sum of 0 with both known means one kind and opposite orientations.
    return int(np.count_nonzero((first.sign != 0) & (first.sign + other.sign == 0)))


def trait_names(files: Sequence[Any], given: Sequence[str] | None) -> list[str]:
    """Names of the traits: those given, or the files', or the whole paths where files' names repeat.

    Raises
    ------
    UsageError
        Not one name for each file, or a name twice.

    Examples
    --------
    >>> trait_names(["a/height.sumstats.gz", "b/bmi.sumstats.gz"], None)
    ['height', 'bmi']
    """
    if given is not None:
        names = [name.strip() for name in given]
        if len(names) != len(files):
            raise UsageError(f"--trait_names has {len(names)} names for {len(files)} traits")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or "" in names:
            raise UsageError(f"--trait_names: {'empty name' if '' in names else f'{twice[0]} occurs twice'}")
        return names
    sources = [str(file) if isinstance(file, (str, Path)) else f"trait{i}" for i, file in enumerate(files, 1)]
    names = [trait_name(source) for source in sources]
    return names if len(set(names)) == len(names) else sources


def _listed(munged: Munged, ground: Ground, trait: AlignedTrait) -> npt.NDArray[np.bool_] | None:
    if munged.incomplete is None:
        return None
    listed = trait.kind != 0
    places, _ = ground.find(munged.incomplete)
    listed[places[places >= 0]] = True
    return listed


def _check_cover(n_reference: int, n_weights: int, munged: Munged, panel: LDScorePanel) -> None:
    possible = min(munged.n_variants, panel.n_variants)
    for found, flag in ((n_reference, "ref_ld_chr"), (n_weights, "w_ld_chr")):
        if found == 0 or found < SMALLEST_COVER * possible:
            raise NoVariantsError(
                f"{munged.source}: LD scores (--{flag}) for {found:,} of its {munged.n_variants:,} variants"
                f"{other_ids(munged, panel)}",
                hint=f"give LD scores of the same variants (--{flag})",
            )


def first_misfit(first: ReadTrait, other: ReadTrait, ground: Ground) -> str:
    """The alleles of both traits, A1 A2 A1 A2, at the first variant where they disagree."""
    both = (first.trait.kind != 0) & (other.trait.kind != 0)
    places = np.flatnonzero(both & ((first.trait.kind & other.trait.kind & FITTING) == 0))
    if not places.size or first.munged is None or other.munged is None:
        return "unknown"
    row = int(places[0]) if ground.places is None else int(np.flatnonzero(ground.places == places[0])[0])
    return "".join(_spelled(trait.munged, ground.panel.snpid[row]) for trait in (first, other))


def _spelled(munged: Munged | None, snpid: str) -> str:
    assert munged is not None and munged.a1 is not None and munged.a2 is not None
    row = int((munged.snpid == snpid).arg_true()[0])
    return f"{munged.a1.text(row)}{munged.a2.text(row)}".upper()
