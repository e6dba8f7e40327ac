"""Second step of a run: the traits side by side, on one effect allele per variant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError
from postgwas.mtag.align import align, is_ambiguous
from postgwas.mtag.merge_counts import MergeCounts, nothing_shared
from postgwas.mtag.run_traits import Trait
from postgwas.stopwatch import Stopwatch

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Aligned:
    """All traits on the effect alleles of the first trait that has the variant.

    Rows are in canonical order (chromosome, position, id), so that no result
    depends on the order of the input's rows; `file_order` brings them back.

    Attributes
    ----------
    snpid : polars.Series
    ea, nea : ndarray of uint8, shape (n_variants,)
    chr : ndarray of int8 or None; pos : ndarray of int32 or None
    z, n, eaf, scale : ndarray, shape (n_variants, n_traits)
        NaN where a trait lacks the variant (`eaf`, `scale` also where unknown).
    present : ndarray of bool, shape (n_variants, n_traits)
    ambiguous : ndarray of bool, shape (n_variants,)
    file_order : ndarray of int64, shape (n_variants,)
        Permutation that puts rows back in the order of the files.
    counts : list of MergeCounts, one a trait
    """

    snpid: pl.Series
    ea: NDArray[np.uint8]
    nea: NDArray[np.uint8]
    chr: NDArray[np.int8] | None
    pos: NDArray[np.int32] | None
    z: Floats
    n: Floats
    eaf: Floats
    scale: Floats | None
    present: Mask
    ambiguous: Mask
    file_order: NDArray[np.int64]
    counts: list[MergeCounts] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.snpid)

    def take(self, rows: Mask | NDArray[np.int64]) -> Aligned:
        """The rows of a mask or index, everything else unchanged."""
        index = np.flatnonzero(rows) if rows.dtype == bool else rows
        # Rank of the surviving rows among themselves, in file order.
        rank = np.empty(len(self), dtype=np.int64)
        rank[self.file_order] = np.arange(len(self))
        return replace(
            self,
            snpid=self.snpid.gather(index),
            ea=self.ea[index],
            nea=self.nea[index],
            chr=None if self.chr is None else self.chr[index],
            pos=None if self.pos is None else self.pos[index],
            z=self.z[index],
            n=self.n[index],
            eaf=self.eaf[index],
            scale=None if self.scale is None else self.scale[index],
            present=self.present[index],
            ambiguous=self.ambiguous[index],
            file_order=np.argsort(rank[index], kind="stable"),
        )


class _Table:
    """The growing table: ids and alleles once, one column of every quantity a trait."""

    def __init__(self, first: Trait) -> None:
        frame = first.frame
        self.ids = frame["SNPID"]
        self.ea, self.nea = frame["EA"].to_numpy(), frame["NEA"].to_numpy()
        self.chr, self.pos = _positions(frame)
        self.columns = [_column(frame)]
        self.sign: list[NDArray[np.int8]] = [np.ones(frame.height, dtype=np.int8)]

    def append_rows(self, frame: pl.DataFrame) -> None:
        """Rows that no earlier trait has: NaN for those."""
        extra = frame.height
        self.ids = pl.concat([self.ids, frame["SNPID"]])
        self.ea = np.concatenate([self.ea, frame["EA"].to_numpy()])
        self.nea = np.concatenate([self.nea, frame["NEA"].to_numpy()])
        chrom, pos = _positions(frame)
        if self.chr is not None and self.pos is not None:
            self.chr = np.concatenate([self.chr, np.zeros(extra, np.int8) if chrom is None else chrom])
            self.pos = np.concatenate([self.pos, np.zeros(extra, np.int32) if pos is None else pos])
        padding = np.full(extra, np.nan)
        self.columns = [
            {name: np.concatenate([values, padding]) for name, values in column.items()}
            for column in self.columns
        ]
        self.sign = [np.concatenate([sign, np.full(extra, _ABSENT, np.int8)]) for sign in self.sign]


#: Ids compared at a time.
_COMPARED = 1 << 20

#: Sign of a variant that a trait does not have (0 is: has it, with other alleles).
_ABSENT = np.int8(2)


def merge(
    traits: Iterable[Trait],
    *,
    flip_strand: bool,
    swap: bool = True,
    keep_ambiguous: bool = False,
    union: bool = False,
    align_alleles: bool = True,
    watch: Stopwatch | None = None,
) -> Aligned:
    """Put traits side by side.

    Parameters
    ----------
    traits : iterable of Trait
        Read one after the other, so that a generator keeps one at a time in memory.
    flip_strand : bool
        Accept pairs that agree on the other strand (never for A/T and C/G).
    swap : bool
        Accept swapped alleles, Z and EAF turned; otherwise they are inconsistent.
    keep_ambiguous : bool
        Keep A/T and C/G variants.
    union : bool
        Keep variants that only some traits have.
    align_alleles : bool
        False takes every trait's Z as it stands (mtag.py's --meta_format).

    Raises
    ------
    NoVariantsError
        Nothing is shared, or nothing shared has consistent alleles.
    """
    clock = watch or Stopwatch()
    counts: list[MergeCounts] = []
    table: _Table | None = None
    names: list[str] = []
    for trait in traits:
        names.append(trait.name)
        if table is None:
            table = _Table(trait)
            ambiguous = is_ambiguous(table.ea, table.nea)
            dropped = 0 if keep_ambiguous else int(ambiguous.sum())
            if dropped and not union:
                table = _Table(replace(trait, frame=trait.frame.filter(~pl.Series(ambiguous))))
            counts.append(
                MergeCounts(
                    trait.name,
                    len(trait),
                    ambiguous=dropped,
                    lost_ambiguous=dropped,
                    shared=len(trait),
                    remaining=len(trait) - dropped,
                    example=trait.frame["SNPID"][0] if len(trait) else None,
                )
            )
            del trait
            continue
        with clock("merging"):
            counts.append(_add(table, trait, flip_strand, swap, union, align_alleles, keep_ambiguous))
        del trait
    if table is None:
        raise NoVariantsError("no traits to merge")
    with clock("merging"):
        return _finish(table, counts, names, union=union, keep_ambiguous=keep_ambiguous, check=align_alleles)


def _add(
    table: _Table,
    trait: Trait,
    flip_strand: bool,
    swap: bool,
    union: bool,
    align_alleles: bool,
    keep_ambiguous: bool,
) -> MergeCounts:
    frame = trait.frame
    index = _lookup(table.ids, frame["SNPID"])
    found = index >= 0
    at = np.where(found, index, 0)
    ea, nea = frame["EA"].to_numpy()[at], frame["NEA"].to_numpy()[at]
    if align_alleles:
        got = align(ea, nea, table.ea, table.nea, flip_strand=flip_strand)
        sign = got.sign
        if not swap:
            sign = np.where(sign == -1, np.int8(0), sign)
        other_strand = int((found & got.other_strand & (sign != 0)).sum())
    else:
        sign, other_strand = np.ones(len(at), dtype=np.int8), 0
    sign = np.where(found, sign, _ABSENT)
    column = {name: np.where(found, _floats(frame[name])[at], np.nan) for name in _quantities(frame)}
    turned = sign == -1
    np.negative(column["Z"], out=column["Z"], where=turned)
    if "EAF" in column:
        np.subtract(1, column["EAF"], out=column["EAF"], where=turned)
    table.columns.append(column)
    table.sign.append(sign)
    positions, other_position = _meet_positions(table, frame, at, found)
    if union:
        seen = np.zeros(frame.height, dtype=bool)
        seen[index[found]] = True
        if not seen.all():
            fresh = frame.filter(~pl.Series(seen))
            table.append_rows(fresh)
            # The rows just added are this trait's own: their alleles are the reference.
            start = len(at)
            for name, values in _column(fresh).items():
                table.columns[-1][name][start:] = values
            table.sign[-1][start:] = 1
    all_signs = np.vstack([s[: len(at)] for s in table.sign])
    usable = ((all_signs == 1) | (all_signs == -1)).all(axis=0)
    if not keep_ambiguous:
        usable &= ~is_ambiguous(table.ea[: len(at)], table.nea[: len(at)])
    # Its own ambiguous pairs count as such, whatever they met.
    own = np.zeros(frame.height, dtype=bool)
    if not keep_ambiguous and align_alleles:
        own = is_ambiguous(frame["EA"].to_numpy(), frame["NEA"].to_numpy())
    lost = (sign == 0) & ~own[at]
    return MergeCounts(
        trait.name,
        len(trait),
        rejected=_rejected(trait, at[lost]),
        positions=positions,
        other_position=other_position,
        lost_ambiguous=int(own.sum()),
        lost_inconsistent=int(lost.sum()),
        shared=int(found.sum()),
        inconsistent=int((sign == 0).sum()),
        swapped=int(turned.sum()),
        other_strand=other_strand,
        remaining=int(usable.sum()),
        example=frame["SNPID"][0] if frame.height else None,
    )


def _rejected(trait: Trait, rows: NDArray[np.int64]) -> pl.DataFrame:
    frame = trait.frame[np.sort(rows)]
    return frame.select(
        pl.col("ROW") if "ROW" in frame.columns else pl.lit(None, pl.UInt32).alias("ROW"),
        "SNPID",
        pl.lit("inconsistent alleles").alias("REASON"),
    )


def _meet_positions(
    table: _Table, frame: pl.DataFrame, at: NDArray[np.int64], found: Mask
) -> tuple[int, int]:
    """Take positions that were unknown so far; how many both know, and how many of these differ."""
    chrom, pos = _positions(frame)
    if chrom is None or pos is None:
        return 0, 0
    chrom, pos = np.where(found, chrom[at], 0), np.where(found, pos[at], 0)
    if table.chr is None or table.pos is None:
        table.chr, table.pos = chrom.astype(np.int8), pos.astype(np.int32)
        return 0, 0
    ours, theirs = (table.chr > 0) & (table.pos > 0), (chrom > 0) & (pos > 0)
    both = ours & theirs
    differ = int((both & ((table.chr != chrom) | (table.pos != pos))).sum())
    fresh = theirs & ~ours
    if fresh.any():
        table.chr = np.where(fresh, chrom, table.chr).astype(np.int8)
        table.pos = np.where(fresh, pos, table.pos).astype(np.int32)
    return int(both.sum()), differ


def _finish(
    table: _Table,
    counts: list[MergeCounts],
    names: Sequence[str],
    *,
    union: bool,
    keep_ambiguous: bool,
    check: bool,
) -> Aligned:
    signs = np.vstack(table.sign)
    ambiguous = is_ambiguous(table.ea, table.nea)
    keep = ~(signs == 0).any(axis=0)
    if not union:
        keep &= ~(signs == _ABSENT).any(axis=0)
    if not keep_ambiguous and check:
        keep &= ~ambiguous
    if not keep.any():
        raise nothing_shared(counts)
    order = _canonical_order(table, keep)
    columns = table.columns

    def stacked(name: str) -> Floats:
        values = np.empty((len(order), len(columns)))
        for t, column in enumerate(columns):
            # Each column is let go as soon as it is in its place.
            found = column.pop(name, None)
            values[:, t] = np.nan if found is None else found[order]
        return values

    rank = np.cumsum(keep) - 1
    present = (signs[:, order] != _ABSENT).T
    merged = present.sum(axis=0)
    return Aligned(
        snpid=table.ids.gather(order),
        ea=table.ea[order],
        nea=table.nea[order],
        chr=None if table.chr is None else table.chr[order],
        pos=None if table.pos is None else table.pos[order],
        z=stacked("Z"),
        n=stacked("N"),
        eaf=stacked("EAF"),
        scale=stacked("SCALE") if any("SCALE" in c for c in columns) else None,
        present=present,
        ambiguous=ambiguous[order],
        file_order=np.argsort(rank[order], kind="stable"),
        counts=[replace(count, merged=int(n)) for count, n in zip(counts, merged)],
    )


def _canonical_order(table: _Table, keep: Mask) -> NDArray[np.int64]:
    """Rows to keep, by chromosome, position and id."""
    rows = np.flatnonzero(keep)
    if table.chr is None or table.pos is None:
        return rows[table.ids.gather(rows).arg_sort().to_numpy()]
    key = table.chr[rows].astype(np.int64) << 32 | table.pos[rows].astype(np.int64)
    if np.all(key[1:] > key[:-1]):
        return rows
    by_key = pl.DataFrame({"key": key, "id": table.ids.gather(rows)})
    return rows[by_key.select(pl.arg_sort_by("key", "id")).to_series().to_numpy()]


def _lookup(ids: pl.Series, other: pl.Series) -> NDArray[np.int64]:
    """Row of every id in `other`, -1 where it has none; ids are unique in each.

    Hashes are joined and the ids compared afterwards: half the time and memory of joining text.
    """
    left = pl.DataFrame(
        [ids.hash().alias("key"), pl.arange(len(ids), dtype=pl.UInt32, eager=True).alias("to")]
    )
    right = pl.DataFrame(
        [other.hash().alias("key"), pl.arange(len(other), dtype=pl.UInt32, eager=True).alias("row")]
    )
    pairs = left.join(right, on="key")
    to, row = pairs["to"], pairs["row"]
    index = np.full(len(ids), -1, dtype=np.int64)
    for start in range(0, len(to), _COMPARED):
        here, there = to.slice(start, _COMPARED), row.slice(start, _COMPARED)
        same = (ids.gather(here) == other.gather(there)).to_numpy()
        index[here.to_numpy()[same]] = there.to_numpy()[same]
    return index


def _column(frame: pl.DataFrame) -> dict[str, Floats]:
    return {name: _floats(frame[name]) for name in _quantities(frame)}


def _quantities(frame: pl.DataFrame) -> list[str]:
    return [name for name in ("Z", "N", "EAF", "SCALE") if name in frame.columns]


def _floats(series: pl.Series) -> Floats:
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()


def _positions(frame: pl.DataFrame) -> tuple[NDArray[np.int8] | None, NDArray[np.int32] | None]:
    if "CHR" not in frame.columns or "POS" not in frame.columns:
        return None, None
    return (
        frame["CHR"].cast(pl.Int8).fill_null(0).to_numpy().copy(),
        frame["POS"].cast(pl.Int32).fill_null(0).to_numpy().copy(),
    )
