"""Chromosomes of which men have one copy, or nobody has two: where they are, and calls that cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.genotypes.genotypes import (
    MISSING,
    BlockSource,
    Calls,
    Genotypes,
    Moments,
    Rows,
    joined,
    moments_by_reading,
)

if TYPE_CHECKING:
    import polars as pl

PSEUDOAUTOSOMAL = {
    "GRCh37": ((60_001, 2_699_520), (154_931_044, 155_260_560)),
    "GRCh38": ((10_001, 2_781_479), (155_701_383, 156_030_895)),
}
"""PAR1 and PAR2 of X, both ends included (Genome Reference Consortium)."""
_PAR_NAMES = ("XY", "25", "PAR1", "PAR2", "PAR")
_BATCH_VALUES = 1 << 22


class Copies(IntEnum):
    """How many copies of a variant people have."""

    TWO = 0
    X = 1
    """Two in women, one in men: X outside the pseudo-autosomal regions."""
    Y = 2
    """One in men."""
    MT = 3
    """One in all."""


def copies_by_place(variants: pl.DataFrame, build: str | None) -> NDArray[np.int8]:
    """:class:`Copies` of each variant, by its chromosome and position.

    Parameters
    ----------
    variants : polars.DataFrame
        CHR, CHROM, POS.
    build : str or None
        ``GRCh37`` (hg19) or ``GRCh38`` (hg38), which says where the pseudo-autosomal regions
        are; None if no variant is on X, or none of X is in them. PLINK's XY and PAR1, PAR2
        have two copies whatever the build.

    Raises
    ------
    UsageError
        If the build is another one.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"CHR": [1, 23, 23], "CHROM": ["1", "X", "X"], "POS": [5, 70000, 3000000]})
    >>> copies_by_place(table, "hg19").tolist()
    [0, 0, 1]
    """
    chromosome = variants["CHR"].fill_null(0).to_numpy()
    found = np.zeros(variants.height, np.int8)
    for code, kind in ((23, Copies.X), (24, Copies.Y), (25, Copies.MT)):
        found[chromosome == code] = kind
    position = variants["POS"].to_numpy()
    named = variants["CHROM"].str.to_uppercase().str.strip_prefix("CHR").is_in(list(_PAR_NAMES)).to_numpy()
    shared = named.copy()
    for start, stop in PSEUDOAUTOSOMAL[_known(build)] if build is not None else ():
        shared |= (position >= start) & (position <= stop)
    found[(found == Copies.X) & shared] = Copies.TWO
    return found


def _known(build: str) -> str:
    from postgwas.sumstats.harmonise.assembly import build_name

    name = build_name(build)
    if name not in PSEUDOAUTOSOMAL:
        raise UsageError(f"build {build}: expected GRCh37 (hg19) or GRCh38 (hg38)")
    return name


@dataclass(frozen=True)
class Cleared:
    """Genotypes without impossible calls, and how many there were.

    Attributes
    ----------
    genotypes : Genotypes
    set_missing : dict of str to int
        Calls that are missing now: ``heterozygous on X in men``, ``heterozygous on Y``,
        ``on Y in women``, ``heterozygous on MT``.
    n_unknown_sex : int
        People of unknown sex; of their calls only those on MT are cleared.
    """

    genotypes: Genotypes
    set_missing: dict[str, int]
    n_unknown_sex: int


def clear_impossible_calls(genotypes: Genotypes, *, build: str | None = None) -> Cleared:
    """Set missing: men's heterozygous calls on X, women's on Y, anyone's heterozygous ones on Y and MT.

    Dosages of X, Y and MT between 0 and 2 express doubt, not two copies: of them only
    women's on Y go. Variants of these chromosomes are read once for the counts, the others
    not at all.

    Parameters
    ----------
    genotypes : Genotypes
        With SEX in its samples.
    build : str, optional
        Which pseudo-autosomal regions of X are spared, see :func:`copies_by_place`.

    Raises
    ------
    UsageError
        If there are variants of X and no build, or the build is unknown.
    """
    if build is None and (genotypes.variants["CHR"] == 23).any():
        raise UsageError(
            f"{genotypes.path}: variants on X: the build is needed for its pseudo-autosomal regions",
            hint="--haploid GRCh37 or GRCh38",
        )
    kinds = copies_by_place(genotypes.variants, build)
    sex = genotypes.samples["SEX"].fill_null(0).to_numpy()
    source = HaploidSource(genotypes.source, kinds, sex == 1, sex == 2)
    counts: Counter[str] = Counter()
    rows = np.flatnonzero(kinds)
    step = max(1, _BATCH_VALUES // genotypes.n_samples)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        for reason, _, mask in source.impossible(genotypes.source.read(some, None), some, None):
            counts[reason] += int(mask.sum())
    cleared = replace(genotypes, source=source) if counts.total() else genotypes
    return Cleared(cleared, dict(counts), int((sex == 0).sum()))


@dataclass(frozen=True, eq=False)
class HaploidSource:
    """Another source without the calls that cannot be.

    Attributes
    ----------
    kinds : ndarray of int8
        :class:`Copies` of each variant.
    men, women : ndarray of bool
        Of the samples.
    """

    source: BlockSource
    kinds: NDArray[np.int8]
    men: NDArray[np.bool_]
    women: NDArray[np.bool_]

    @property
    def n_variants(self) -> int:
        return self.source.n_variants

    @property
    def n_samples(self) -> int:
        return self.source.n_samples

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, shape (len(variants), samples)."""
        calls = self.source.read(variants, samples)
        if not self.kinds[variants].any():
            return calls
        calls = calls.copy()
        for _, rows, mask in self.impossible(calls, variants, samples):
            block = calls[rows]
            block[mask] = MISSING if calls.dtype == np.int8 else np.nan
            calls[rows] = block
        return calls

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts over the samples."""
        found = self.source.moments(variants, samples)
        rows = np.flatnonzero(self.kinds[variants])
        if len(rows):
            found = joined([found])  # a copy
            found.put(rows, moments_by_reading(self, variants[rows], samples))
        return found

    def impossible(
        self, calls: Calls, variants: Rows, samples: Rows | None
    ) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.bool_]]]:
        """Reason, rows of `calls`, and which calls of these rows it takes."""
        men = self.men if samples is None else self.men[samples]
        women = self.women if samples is None else self.women[samples]
        kinds = self.kinds[variants]
        all_people = np.ones(calls.shape[1], np.bool_)
        for reason, kind, people, only_hets in (
            ("heterozygous on X in men", Copies.X, men, True),
            ("heterozygous on Y", Copies.Y, ~women, True),
            ("on Y in women", Copies.Y, women, False),
            ("heterozygous on MT", Copies.MT, all_people, True),
        ):
            rows = np.flatnonzero(kinds == kind)
            if not len(rows) or (only_hets and calls.dtype != np.int8):
                continue
            block = calls[rows]
            mask = (block == 1) if only_hets else (block >= 0)
            yield reason, rows, mask & people
