"""BGEN: .bgen with its .sample file and .bgi index, read by the package bgen (an extra)."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes.alleles import Multiallelic, named_apart, variant_alleles
from postgwas.genotypes.genotypes import (
    MISSING,
    Calls,
    Genotypes,
    Moments,
    Rows,
    moments_by_reading,
)
from postgwas.genotypes.regions import in_regions, no_chromosome
from postgwas.genotypes.samples import check_samples, read_sample_file
from postgwas.genotypes.variants import variant_table
from postgwas.runlog import get_logger
from postgwas.store.position import Region

if TYPE_CHECKING:
    import polars as pl

log = get_logger("genotypes")

_DOUBT = 0.1
"""A dosage this far from a whole number is no hard call (PLINK 2's --hard-call-threshold)."""
_ROUNDING = 1e-4
_ROWS = 256
"""Variants of which calls are made together."""

Record = tuple[str, str, int, list[str], int]
"""Chromosome, id, position, alleles, number in the file."""


def open_bgen(
    path: str | os.PathLike[str],
    *,
    dosage: bool = False,
    regions: Sequence[Region] | None = None,
    multiallelic: Multiallelic = "split",
) -> Genotypes:
    """Genotypes of a BGEN file; A1 is the second allele, A2 the first.

    Samples are those of a .sample file beside it (``x.sample`` for ``x.bgen``), otherwise the
    file's own. The id of a variant is its rsid, or if there is none its variant id. A haploid
    dosage counts twice. Of a record with more than two alleles each but the first is counted;
    haploid people are missing there.

    Parameters
    ----------
    path : path-like
    dosage : bool
        Expected copies (float32). Otherwise hard calls (int8): the nearest whole number, missing
        where it is more than 0.1 away.
    regions : sequence of Region, optional
        Only variants there; with a .bgi index the others are not looked at.
    multiallelic : {"split", "skip"}
        As :func:`postgwas.genotypes.opening.open_genotypes`.

    Raises
    ------
    UsageError
        If the package bgen is not installed.
    InputError
        If a file is missing, damaged or truncated, the index or .sample file is of another
        file, there are no sample ids, or a sample occurs twice.
    NoVariantsError
        If no variant lies in the regions.
    """
    name = os.fspath(path)
    reader = reader_of(name)
    samples = _samples(name, reader)
    indexed = Path(name + ".bgi").is_file()
    if indexed:
        records = _indexed(name, reader, regions)
    else:
        if regions:
            log.warning("%s: no index (.bgi): all variants are looked at; bgenix -g FILE -index", name)
        records = _scanned(name)
    tally: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    table, rows, numbers = _one_an_allele(records, name, tally, notes, multiallelic)
    if regions:
        inside = np.flatnonzero(in_regions(table, regions))
        if not len(inside):
            if not indexed and not table["CHR"].is_in([one.chromosome for one in regions]).any():
                raise no_chromosome(name, regions, table["CHROM"].unique(maintain_order=True).to_list())
            raise NoVariantsError(f"{name}: no variant lies in the region")
        table, rows, numbers = table[inside], rows[inside], numbers[inside]
    elif not table.height:
        raise InputError(f"{name}: no variant has two alleles")
    source = BgenSource(name, samples.height, rows, numbers, dosage)
    return Genotypes(table, samples, source, name, dict(tally), dict(notes))


def reader_of(name: str) -> Any:
    """The open reader of a file; the last few are kept open.

    Raises
    ------
    UsageError, InputError
        As :func:`open_bgen`.
    """
    try:
        state = os.stat(name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    if state.st_size == 0:
        raise InputError(f"{name}: the file is empty")
    return _opened(name, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _opened(name: str, changed: int, size: int) -> Any:
    try:
        from bgen import BgenReader
    except ImportError:
        raise UsageError(
            f"{name}: BGEN files need the package bgen", hint="pip install 'postgwas[bgen]'"
        ) from None
    _check_index(name, size)
    try:
        return BgenReader(name, delay_parsing=True)
    except Exception as error:
        raise InputError(f"{name}: not a readable BGEN file ({error})") from None


def _check_index(name: str, size: int) -> None:
    if not Path(name + ".bgi").is_file():
        return
    with closing(sqlite3.connect(f"file:{name}.bgi?mode=ro", uri=True)) as index, open(name, "rb") as file:
        try:
            meta = index.execute("SELECT file_size, first_1000_bytes FROM Metadata").fetchall()
            (end,) = index.execute("SELECT max(file_start_position + size_in_bytes) FROM Variant").fetchone()
        except sqlite3.Error as error:
            raise InputError(f"{name}.bgi: not a readable index ({error})", hint=_reindex(name)) from None
        if (
            any(told != size or start != file.read(len(start)) for told, start in meta[:1])
            or (end or 0) > size
        ):
            raise InputError(
                f"{name}.bgi: the index of another file, or {Path(name).name} is truncated ({size:,} bytes)",
                hint=_reindex(name),
            )


def _reindex(name: str) -> str:
    return f"bgenix -g {Path(name).name} -index -clobber, or remove it"


def _samples(name: str, reader: Any) -> pl.DataFrame:
    import polars as pl

    beside = Path(name).with_suffix(".sample")
    expected = reader.header.nsamples
    if beside.is_file():
        samples = read_sample_file(beside)
        if samples.height != expected:
            raise InputError(f"{beside}: {samples.height:,} samples; {name} has {expected:,}")
        return samples
    if not reader.header.has_sample_ids:
        raise InputError(f"{name}: has no sample ids", hint=f"put them beside it in {beside.name}")
    kinds = {"FID": pl.String, "IID": pl.String, "SEX": pl.Int8}
    return check_samples(pl.DataFrame({"FID": None, "IID": reader.samples, "SEX": None}, schema=kinds), name)


def _scanned(name: str) -> list[Record]:
    from bgen import BgenReader

    records: list[Record] = []
    end = 0
    try:
        for number, var in enumerate(BgenReader(name, delay_parsing=True)):
            records.append((var.chrom, _id(var), var.pos, var.alleles, number))
            end = var.next_variant_offset
    except Exception as error:
        raise InputError(f"{name}: damaged or truncated ({error})") from None
    if end > (size := os.path.getsize(name)):
        raise InputError(f"{name}: truncated: {size:,} bytes, expected {end:,}", hint="copy it again")
    return records


def _indexed(name: str, reader: Any, regions: Sequence[Region] | None) -> list[Record]:
    from postgwas.sumstats.values import chromosome_code

    columns = "chromosome, rsid, position, allele1, allele2, number_of_alleles, file_start_position"
    with closing(sqlite3.connect(f"file:{name}.bgi?mode=ro", uri=True)) as index:
        starts = np.fromiter(
            (row[0] for row in index.execute("SELECT file_start_position FROM Variant")), np.int64
        )
        starts.sort()
        if regions is None:
            rows = index.execute(f"SELECT {columns} FROM Variant ORDER BY file_start_position").fetchall()
        else:
            contigs = [row[0] for row in index.execute("SELECT DISTINCT chromosome FROM Variant")]
            places = {
                (contig, region)
                for contig in contigs
                for region in regions
                if chromosome_code(contig) == region.chromosome
            }
            if not places:
                raise no_chromosome(name, regions, contigs)
            found: set[tuple[Any, ...]] = set()
            for contig, region in places:
                condition = "WHERE chromosome = ? AND position BETWEEN ? AND ?"
                limits = (contig, region.start, region.stop or 2**31)
                found.update(index.execute(f"SELECT {columns} FROM Variant {condition}", limits))
            rows = sorted(found, key=lambda row: row[-1])
    numbers = np.searchsorted(starts, [row[-1] for row in rows]).tolist()
    records: list[Record] = []
    for (contig, rsid, position, first, second, n_alleles, _), number in zip(rows, numbers):
        plain = n_alleles == 2 and rsid not in ("", ".")
        var = None if plain else reader[number]
        alleles = [first, second] if var is None else var.alleles
        records.append((contig, rsid if var is None else _id(var), position, alleles, number))
    return records


def _id(var: Any) -> str:
    return next((one for one in (var.rsid, var.varid) if one not in ("", ".")), ".")


def _one_an_allele(
    records: list[Record], name: str, tally: Counter[str], notes: Counter[str], multiallelic: Multiallelic
) -> tuple[pl.DataFrame, Rows, Rows]:
    """A row of the table for each allele but the first, its record's number and its own."""
    import polars as pl

    kinds = dict.fromkeys(("CHROM", "SNPID", "POS", "A1", "A2"), pl.String) | {"SPLIT": pl.Boolean}
    sites, rows, numbers = [], [], []
    for contig, identifier, position, alleles, row in records:
        chosen = variant_alleles(alleles[1:], tally, notes, multiallelic)
        for number in chosen:
            sites.append((contig, identifier, str(position), alleles[number], alleles[0], len(chosen) > 1))
            rows.append(row)
            numbers.append(number)
    text = pl.DataFrame(sites, schema=kinds, orient="row")
    table = named_apart(variant_table(text, name, plink=False), text["SPLIT"])
    return table, np.array(rows, np.int64), np.array(numbers, np.int64)


@dataclass(frozen=True, eq=False)
class BgenSource:
    """Blocks of a .bgen file.

    Attributes
    ----------
    rows, numbers : ndarray of int64
        Of each variant its record in the file, and which of its alleles is counted (1, 2, ...).
    dosage : bool
    """

    path: str
    n_samples: int
    rows: Rows
    numbers: Rows
    dosage: bool

    @property
    def n_variants(self) -> int:
        return len(self.rows)

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, shape (len(variants), samples)."""
        reader = reader_of(self.path)
        n_samples = self.n_samples if samples is None else len(samples)
        kind: type[np.float32 | np.int8] = np.float32 if self.dosage else np.int8
        calls = np.empty((len(variants), n_samples), kind)
        rows, numbers = self.rows[variants].tolist(), self.numbers[variants].tolist()
        for start in range(0, len(rows), _ROWS):
            part = calls[start : start + _ROWS]
            dosages = cast("NDArray[np.float32]", part if self.dosage else np.empty(part.shape, np.float32))
            for at in range(len(part)):
                row, number = rows[start + at], numbers[start + at]
                try:
                    one = dosages_of(reader[row], number)
                except Exception as error:
                    raise InputError(f"{self.path}: variant {row + 1} is damaged ({error})") from None
                dosages[at] = one if samples is None else one[samples]
            if not self.dosage:
                part[:] = hard_calls(dosages)
        return cast(Calls, calls)

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts over the samples."""
        return moments_by_reading(self, variants, samples)


def dosages_of(var: Any, number: int) -> NDArray[np.float32]:
    """Expected copies of an allele, shape (n_samples,); a haploid's count twice, missing is NaN."""
    if len(var.alleles) == 2:
        dosages: NDArray[np.float32] = var.alt_dosage
        ploidy = var.ploidy
        if ploidy.min() != 2 or ploidy.max() != 2:
            dosages = dosages * np.divide(2, ploidy, out=np.full(len(ploidy), np.nan), where=ploidy > 0)
        return dosages.astype(np.float32)
    probabilities = var.probabilities.astype(np.float64)
    n_alleles = len(var.alleles)
    if var.is_phased:
        dosages = probabilities[:, number] + probabilities[:, n_alleles + number]
    else:
        # Genotypes are ordered by their higher allele, then by the lower (BGEN 1.2).
        pairs = sorted((high, low) for low, high in combinations_with_replacement(range(n_alleles), 2))
        copies = np.array([pair.count(number) for pair in pairs], np.float64)
        dosages = probabilities[:, : len(pairs)] @ copies
    return np.where(var.ploidy == 2, dosages, np.nan).astype(np.float32)


def hard_calls(dosages: NDArray[np.float32]) -> NDArray[np.int8]:
    """Nearest whole number, -9 where it is more than 0.1 away or the dosage is missing.

    Examples
    --------
    >>> hard_calls(np.array([0.05, 0.9, 1.5, np.nan], np.float32)).tolist()
    [0, 1, -9, -9]
    """
    nearest = np.rint(dosages)
    with np.errstate(invalid="ignore"):
        sure = np.abs(dosages - nearest) <= _DOUBT + _ROUNDING
    return np.where(sure, nearest, np.float32(MISSING)).astype(np.int8)
