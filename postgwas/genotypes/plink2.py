"""PLINK 2: .pgen, .pvar (or .pvar.zst, .bim), .psam (or .fam)."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.alleles import Multiallelic, named_apart, variant_alleles
from postgwas.genotypes.genotypes import Calls, Genotypes, Moments, Rows, moments_by_reading
from postgwas.genotypes.samples import read_psam
from postgwas.genotypes.text_table import read_text, split_columns
from postgwas.genotypes.variants import read_bim, variant_table

if TYPE_CHECKING:
    import polars as pl

_OPEN = threading.local()
_KEPT = 4
"""Readers that a thread keeps open: opening one reads the index of all variants."""


def open_plink2(
    prefix: str | os.PathLike[str], *, dosage: bool = False, multiallelic: Multiallelic = "split"
) -> Genotypes:
    """A PLINK 2 file set by its prefix (or its .pgen); A1 is ALT, A2 is REF.

    Parameters
    ----------
    prefix : path-like
        ``prefix`` or ``prefix.pgen``.
    dosage : bool
        Read dosages (float32) rather than hard calls (int8).
    multiallelic : {"split", "skip"}
        As :func:`postgwas.genotypes.opening.open_genotypes`.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the .pgen has other numbers of variants and
        samples than the .pvar and .psam; if a sample occurs twice.
    """
    stem = str(prefix).removesuffix(".pgen")
    pgen = stem + ".pgen"
    if not Path(pgen).is_file():
        raise InputError(f"{pgen}: no such file")
    samples = read_psam(_beside(stem, (".psam", ".fam")))
    variants = read_pvar(_beside(stem, (".pvar", ".pvar.zst", ".pvar.gz", ".bim")))
    table, index, offsets, skipped, notes = _one_an_allele(variants, multiallelic)
    source = PgenSource(pgen, variants.height, samples.height, dosage, offsets, index)
    source.check()
    if not table.height:
        raise InputError(f"{pgen}: no variant has an ALT allele to count")
    return Genotypes(table, samples, source, pgen, skipped, notes)


def _one_an_allele(
    variants: pl.DataFrame, multiallelic: Multiallelic
) -> tuple[pl.DataFrame, Rows | None, NDArray[np.uintp] | None, dict[str, int], dict[str, int]]:
    """One row an ALT allele, its variant's row and its number in the file, and pgenlib's allele offsets."""
    import polars as pl

    n_alts = variants["A1"].str.count_matches(",", literal=True).to_numpy().astype(np.int64) + 1
    text = variants["A1"].str
    special = (n_alts > 1) | (text.starts_with("<") | text.starts_with("*")).to_numpy()
    if not special.any():
        return named_apart(variants, pl.Series([False])), None, None, {}, {}
    alleles = np.ones((variants.height, 2), np.int64)  # variants of one ordinary ALT; others below
    alleles[:, 0] = np.arange(variants.height)
    tally: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    extra = []
    for row in np.flatnonzero(special).tolist():
        alts = variants["A1"][row].split(",")
        extra += [(row, number) for number in variant_alleles(alts, tally, notes, multiallelic)]
    offsets = None
    if np.any(n_alts > 1):
        offsets = np.concatenate([[0], np.cumsum(n_alts + 1)]).astype(np.uintp)
    index = np.concatenate([alleles[~special], np.array(extra, np.int64).reshape(-1, 2)])
    index = index[np.lexsort((index[:, 1], index[:, 0]))]
    rows, numbers = index[:, 0], index[:, 1]
    table = variants[rows]
    alt = pl.col("A1").str.split(",").list.get(pl.lit(pl.Series(numbers - 1)))
    table = table.with_columns(alt.alias("A1"))
    split = pl.Series(np.bincount(rows, minlength=variants.height)[rows] > 1)
    return named_apart(table, split), index, offsets, dict(tally), dict(notes)


def _beside(stem: str, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes:
        if Path(stem + suffix).is_file():
            return stem + suffix
    raise InputError(f"{stem}{suffixes[0]}: no such file; a .pgen needs it beside it")


def read_pvar(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Variants of PLINK 2 (a .bim too); ALT becomes A1, REF becomes A2.

    Raises
    ------
    InputError
        If columns CHROM, POS, ID, REF or ALT are missing, or positions are no numbers.
    """
    data = read_text(path)
    n_header = 0
    header: list[str] = []
    while data.startswith(b"#"):
        line, _, data = data.partition(b"\n")
        n_header += 1
        if line.startswith(b"#CHROM"):
            header = line[1:].decode(errors="replace").split()
            break
    if not header:
        return read_bim(path)
    absent = [name for name in ("CHROM", "POS", "ID", "REF", "ALT") if name not in header]
    if absent:
        raise InputError(f"{path}: the header has no column {', '.join(absent)}")
    text = split_columns(data, header, str(path), first_line=n_header + 1)
    names = {"ID": "SNPID", "ALT": "A1", "REF": "A2"}
    kept = [name for name in ("CHROM", "POS", "ID", "REF", "ALT", "CM") if name in header]
    return variant_table(text.select(kept).rename(names), str(path), first_line=n_header + 1)


@dataclass(frozen=True, eq=False)
class PgenSource:
    """Blocks of a .pgen file."""

    path: str
    n_in_file: int
    n_samples: int
    dosage: bool
    offsets: NDArray[np.uintp] | None
    """Numbers of alleles before each variant; None if all variants have two."""
    index: Rows | None
    """Shape (variants served, 2): the variant of the file that each is an allele of, and which of its
    ALTs: 1, 2, ... None if each variant of the file has one ALT, and all are served."""

    @property
    def n_variants(self) -> int:
        return self.n_in_file if self.index is None else len(self.index)

    def check(self) -> None:
        """Open the file and read its last variant, which a truncated one lacks."""
        reader = self._open(None)
        try:
            reader.count(self.n_in_file - 1, np.empty(4, np.uint32))
        except RuntimeError as error:
            raise InputError(f"{self.path}: truncated or damaged ({error})") from None

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of ALT, shape (len(variants), samples)."""
        n_samples = self.n_samples if samples is None else len(samples)
        kind: type[np.float32 | np.int8] = np.float32 if self.dosage else np.int8
        calls = np.empty((len(variants), n_samples), kind)
        reader = self._open(samples)
        read = reader.read_dosages_list if self.dosage else reader.read_list
        try:
            if self.index is None:
                read(variants.astype(np.uint32), calls)
            else:
                rows, numbers = self.index[variants].T
                for number in np.unique(numbers).tolist():
                    here = numbers == number
                    some = np.empty((int(here.sum()), n_samples), kind)
                    read(rows[here].astype(np.uint32), some, number)
                    calls[here] = some
        except RuntimeError as error:
            raise InputError(f"{self.path}: cannot be read ({error})") from None
        if self.dosage:
            calls[calls < 0] = np.nan
        return cast(Calls, calls)

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts of the hard calls as the file packs them, or sums of the dosages."""
        if self.dosage:
            return moments_by_reading(self, variants, samples)
        counts = np.empty((len(variants), 4), np.uint32)
        reader = self._open(samples)
        rows = variants if self.index is None else self.index[variants, 0]
        try:
            for row, variant in enumerate(rows.tolist()):
                reader.count(variant, counts[row])
        except RuntimeError as error:
            raise InputError(f"{self.path}: cannot be read ({error})") from None
        ref, het, alt, _ = counts.astype(np.float64).T
        found = Moments((ref + het + alt).astype(np.int64), het + 2 * alt, het + 4 * alt)
        if self.offsets is not None:  # pgenlib counts all ALTs of a variant as one
            several = np.flatnonzero(np.diff(self.offsets)[rows] > 2)
            if len(several):
                found.put(several, moments_by_reading(self, variants[several], samples))
        return found

    def _open(self, samples: Rows | None) -> Any:
        """The reader that this thread keeps open, set to the samples."""
        subset = None if samples is None else samples.astype(np.uint32)
        if subset is not None and np.any(subset[1:] <= subset[:-1]):
            raise InputError(f"{self.path}: samples to read must ascend")
        try:
            state = os.stat(self.path)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror or error}") from None
        n_alleles = None if self.offsets is None else int(self.offsets[-1])
        file = (self.path, state.st_mtime_ns, state.st_size, state.st_ino)
        key = (*file, self.n_in_file, self.n_samples, n_alleles)
        kept: dict[Any, Any] = _OPEN.__dict__.setdefault("readers", {})
        reader = kept.pop(key, None)
        if reader is None:
            reader = self._new_reader()
            while len(kept) >= _KEPT:
                kept.pop(next(iter(kept))).close()
        kept[key] = reader
        reader.change_sample_subset(subset)
        return reader

    def _new_reader(self) -> Any:
        from pgenlib import PgenReader

        try:
            return PgenReader(
                self.path.encode(), self.n_samples, self.n_in_file, allele_idx_offsets=self.offsets
            )
        except RuntimeError as error:
            told = error.args[0] if error.args else error
            text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
            if "was called with raw_" in text:
                what = "samples than its .psam" if "sample_ct" in text else "variants than its .pvar"
                found = text.rsplit("contains", 1)[-1].strip().rstrip(".")
                said = self.n_samples if "sample_ct" in text else self.n_in_file
                raise InputError(f"{self.path}: has other {what}: {found}, expected {said:,}") from None
            raise InputError(f"{self.path}: not a readable .pgen file ({text.strip()})") from None
