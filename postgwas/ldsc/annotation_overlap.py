"""Overlap of annotations: sums of their products over all variants, from ``.annot`` files.

The files have a row for every variant of the reference, ten million in all, so they are read
in pieces, a chromosome a task.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.errors import InputError, PanelError, UsageError
from postgwas.ld.panel_files import CHROMOSOMES
from postgwas.ldsc.jackknife import Array
from postgwas.sumstats.chunks import squeeze
from postgwas.sumstats.compression import ByteStream

NOT_ANNOTATIONS = ("CHR", "BP", "SNP", "CM")
ENDINGS = (".gz", ".bz2", "", ".xz", ".zst")
#: Variants counted in M_5_50 have an allele frequency between these.
FREQUENCIES = (0.05, 0.95)
_NO_FREQUENCY = ("NA", "NaN", "nan", ".")
_READ = 1 << 25


@dataclass(frozen=True)
class Overlap:
    """Sums over all variants (those of frequency above 5 % where frequencies were given).

    Attributes
    ----------
    products : ndarray, shape (A, A)
        Sum of the product of two annotations.
    sums : ndarray, shape (A,)
        Sum of each.
    m_tot : int
        Number of variants.
    n_rows : int
        Variants in the files.
    annotations : tuple of str
        Names of the columns.
    """

    products: Array
    sums: Array
    m_tot: int
    n_rows: int
    annotations: tuple[str, ...]


@dataclass(frozen=True)
class OverlapTask:
    """The annotation files of one chromosome, one for each prefix, and its frequencies."""

    annot: tuple[str, ...]
    frq: str | None


def overlap_tasks(prefixes: Sequence[str], frq: str | None, *, by_chromosome: bool) -> list[OverlapTask]:
    """Find the files: one task a chromosome.

    Raises
    ------
    PanelError
        A prefix has no annotation files, or lacks those of a chromosome.
    InputError
        No frequencies for a chromosome.
    """
    if not by_chromosome:
        whole = tuple(_found(prefix, ".annot") or "" for prefix in prefixes)
        if "" in whole:
            raise _no_annotations(prefixes[whole.index("")] + ".annot[.gz]")
        return [OverlapTask(whole, None if frq is None else _frequencies(frq))]
    tasks = []
    for chromosome in CHROMOSOMES:
        files = [_found(_stem(prefix, chromosome), ".annot") for prefix in prefixes]
        present = [file for file in files if file is not None]
        if not present:
            continue
        if len(present) < len(files):
            raise _no_annotations(_stem(prefixes[files.index(None)], chromosome) + ".annot[.gz]")
        tasks.append(
            OverlapTask(tuple(present), None if frq is None else _frequencies(_stem(frq, chromosome)))
        )
    if not tasks:
        raise _no_annotations(_stem(prefixes[0], 1) + ".annot[.gz]")
    return tasks


def overlap_of(task: OverlapTask) -> Overlap:
    """The sums of one task; for :meth:`postgwas.compute.engine.Engine.map`.

    Raises
    ------
    InputError
        Files of different lengths or variants, or something that is no number.
    """
    tables = [_AnnotationRows(path) for path in task.annot]
    names = [name for table in tables for name in table.annotations]
    common, ids = (None, None) if task.frq is None else _common(task.frq)
    products, sums = np.zeros((len(names), len(names))), np.zeros(len(names))
    n_rows = m_tot = 0
    for snps, first in tables[0]:
        blocks = [first, *(_same(table, tables[0], snps, first.shape[0]) for table in tables[1:])]
        values = blocks[0] if len(blocks) == 1 else np.hstack(blocks)
        stop = n_rows + values.shape[0]
        if common is not None and ids is not None and task.frq is not None:
            _check_frequencies(task.frq, ids[n_rows:stop], tables[0].path, snps, values.shape[0], n_rows)
            values = values[common[n_rows:stop]]
        products += values.T @ values
        sums += values.sum(axis=0)
        n_rows, m_tot = stop, m_tot + values.shape[0]
    if ids is not None and len(ids) != n_rows:
        raise InputError(
            f"{task.frq} has {len(ids):,} variants, {tables[0].path} has {n_rows:,}; they must have the same"
        )
    for table in tables[1:]:
        if table.take(1)[1].shape[0]:
            raise InputError(f"{table.path} has more variants than {tables[0].path} ({n_rows:,})")
    return Overlap(products, sums, m_tot, n_rows, tuple(names))


def add_overlaps(parts: Sequence[Overlap], tasks: Sequence[OverlapTask]) -> Overlap:
    """All chromosomes together, in their order.

    Raises
    ------
    InputError
        Chromosomes have different annotations.
    """
    for part, task in zip(parts, tasks):
        if part.annotations != parts[0].annotations:
            raise InputError(
                f"{task.annot[0]}: its annotations ({', '.join(part.annotations[:6])}) are not those of "
                f"{tasks[0].annot[0]} ({', '.join(parts[0].annotations[:6])})"
            )
    return Overlap(
        sum((part.products for part in parts[1:]), parts[0].products.copy()),
        sum((part.sums for part in parts[1:]), parts[0].sums.copy()),
        sum(part.m_tot for part in parts),
        sum(part.n_rows for part in parts),
        parts[0].annotations,
    )


class _AnnotationRows:
    """Rows of one annotation file, piece by piece: ids (or None) and values (rows, A)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._stream = ByteStream(path)
        data = self._stream.read(_READ)
        header, _, self._rest = data.partition(b"\n")
        self._names = header.decode("utf-8", "replace").split()
        self._tabs = b" " not in header.strip() and not header.startswith(b"\t")
        self.annotations = [name for name in self._names if name not in NOT_ANNOTATIONS]
        if not self.annotations:
            raise InputError(f"{path}: line 1 has no annotation besides {', '.join(self._names[:6])}")
        self._line = 2
        self._left: tuple[pl.Series | None, Array] = (None, np.empty((0, len(self.annotations))))

    def __iter__(self) -> Iterator[tuple[pl.Series | None, Array]]:
        while True:
            more = self._stream.read(_READ)
            data = self._rest + more
            end = data.rfind(b"\n") + 1 if more else len(data)
            self._rest = data[end:]
            if end:
                yield self._parsed(data[:end])
            if not more:
                self._stream.close()
                return

    def take(self, n_rows: int) -> tuple[pl.Series | None, Array]:
        """The next rows, fewer only at the end."""
        if not hasattr(self, "_pieces"):
            self._pieces = iter(self)
        ids, values = self._left
        while values.shape[0] < n_rows and (piece := next(self._pieces, None)) is not None:
            more_ids, more = piece
            ids = more_ids if ids is None or more_ids is None else pl.concat([ids, more_ids])
            values = np.vstack([values, more])
        self._left = (None if ids is None else ids[n_rows:], values[n_rows:])
        return (None if ids is None else ids[:n_rows]), values[:n_rows]

    def _parsed(self, data: bytes) -> tuple[pl.Series | None, Array]:
        text = data.replace(b"\r", b"") if b"\r" in data else data
        text = text if self._tabs else squeeze(text)
        types: dict[str, type[pl.DataType]] = dict.fromkeys(self._names, pl.Float64)
        types |= {name: pl.String for name in NOT_ANNOTATIONS if name in types}
        kept = [name for name in self._names if name == "SNP" or name in self.annotations]
        try:
            frame = pl.read_csv(
                io.BytesIO(text),
                separator="\t" if self._tabs else " ",
                has_header=False,
                new_columns=self._names,
                schema=types,
                quote_char=None,
            )[kept]
        except pl.exceptions.PolarsError as error:
            raise InputError(
                f"{self.path}: after line {self._line}: not {len(self._names)} columns with numbers in "
                f"{', '.join(self.annotations[:4])}: {str(error).splitlines()[0]}"
            ) from error
        values = frame[self.annotations].to_numpy().astype(np.float64, copy=False)
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            line = self._line + int(np.flatnonzero(bad)[0])
            raise InputError(f"{self.path}: line {line}: expected a number in every annotation")
        self._line += frame.height
        return (frame["SNP"] if "SNP" in kept else None), values


def _same(table: _AnnotationRows, first: _AnnotationRows, snps: pl.Series | None, n_rows: int) -> Array:
    ids, values = table.take(n_rows)
    if values.shape[0] < n_rows:
        raise InputError(f"{table.path} has fewer variants than {first.path}; they must have the same")
    if snps is not None and ids is not None and not snps.equals(ids):
        row = int(snps.ne_missing(ids).arg_true()[0])
        raise InputError(
            f"{first.path} and {table.path} are of different variants: {snps[row]} against {ids[row]}"
        )
    return values


def _common(path: str) -> tuple[npt.NDArray[np.bool_], pl.Series]:
    """Which variants of a frequency file are common, and their ids."""
    with ByteStream(path) as stream:
        data = b""
        while part := stream.read(_READ):
            data += part
    header, _, text = squeeze(data.replace(b"\r", b"")).lstrip(b" ").partition(b"\n")
    names = header.decode("utf-8", "replace").split()
    column = next((name for name in ("FRQ", "MAF") if name in names), None)
    if column is None or "SNP" not in names:
        raise InputError(
            f"{path}: line 1 lacks SNP or MAF (or FRQ); columns found: {', '.join(names[:10])}",
            hint="plink --freq makes such a file",
        )
    try:
        frame = pl.read_csv(
            io.BytesIO(text),
            separator=" ",
            has_header=False,
            new_columns=names,
            infer_schema=False,
            quote_char=None,
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{path}: not a table of {len(names)} columns: {str(error).splitlines()[0]}"
        ) from error
    low, high = FREQUENCIES
    # NA, a monomorphic site of plink's, is not common.
    frequencies = frame[column].cast(pl.Float64, strict=False)
    for row in frequencies.is_null().arg_true():
        cell = frame[column][row]
        if cell is not None and cell not in _NO_FREQUENCY:
            raise InputError(f"{path}: line {row + 2}: {column} {cell!r} is not a number")
    frequency = frequencies.fill_null(0.0).to_numpy()
    return (frequency > low) & (frequency < high), frame["SNP"]


def _check_frequencies(
    frq: str, expected: pl.Series, annot: str, snps: pl.Series | None, n_rows: int, start: int
) -> None:
    if len(expected) < n_rows:
        raise InputError(
            f"{frq} has {start + len(expected):,} variants, {annot} more than that; they must have the same"
        )
    if snps is not None and not snps.equals(expected):
        row = int(snps.ne_missing(expected).arg_true()[0])
        raise InputError(
            f"{annot} and {frq} are of different variants: number {start + row + 1:,} is {snps[row]} in one "
            f"and {expected[row]} in the other"
        )


def _stem(prefix: str, chromosome: int) -> str:
    pattern = f"{prefix}/" if Path(prefix).is_dir() and not prefix.endswith("/") else prefix
    return (pattern if "@" in pattern else f"{pattern}@").replace("@", str(chromosome))


def _found(stem: str, suffix: str) -> str | None:
    return next((file for ending in ENDINGS if Path(file := stem + suffix + ending).is_file()), None)


def _frequencies(stem: str) -> str:
    file = _found(stem, ".frq")
    if file is None:
        raise InputError(
            f"{stem}.frq[.gz]: no such file; it should hold allele frequencies", hint="--frqfile_chr"
        )
    return file


def _no_annotations(name: str) -> PanelError:
    return PanelError(
        f"{name}: no such file; --overlap_annot needs the annotations that the LD scores were made of",
        hint="drop --overlap_annot for annotations that do not overlap",
    )


def check_frequencies_given(not_m_5_50: bool, frq: str | None) -> None:
    """M_5_50 counts common variants, so the overlap must too.

    Raises
    ------
    UsageError
        Without frequencies.
    """
    if frq is None and not not_m_5_50:
        raise UsageError(
            "--overlap_annot needs allele frequencies: the .l2.M_5_50 files count common variants alone",
            hint="--frqfile_chr with --ref_ld_chr, --frqfile with --ref_ld, or --not_M_5_50",
        )
