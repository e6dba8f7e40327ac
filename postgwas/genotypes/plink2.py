"""PLINK 2: .pgen, .pvar (or .pvar.zst, .bim), .psam (or .fam)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import Calls, Genotypes, Moments, Rows, joined, moments_of
from postgwas.genotypes.samples import read_psam
from postgwas.genotypes.text_table import read_text, split_columns
from postgwas.genotypes.variants import named_by_position, read_bim, variant_table

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 4096


def open_plink2(prefix: str | os.PathLike[str], *, dosage: bool = False) -> Genotypes:
    """A PLINK 2 file set by its prefix (or its .pgen); A1 is ALT, A2 is REF.

    Multi-allelic variants are left out and counted in ``skipped``.

    Parameters
    ----------
    prefix : path-like
        ``prefix`` or ``prefix.pgen``.
    dosage : bool
        Read dosages (float32) rather than hard calls (int8).

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
    n_alleles = variants["A1"].str.count_matches(",", literal=True).to_numpy().astype(np.int64) + 2
    two = np.flatnonzero(n_alleles == 2)
    offsets = None
    if len(two) < len(n_alleles):
        offsets = np.concatenate([[0], np.cumsum(n_alleles)]).astype(np.uintp)
    source = PgenSource(pgen, variants.height, samples.height, dosage, offsets, two)
    source.check()
    skipped = {} if offsets is None else {"multi_allelic": len(n_alleles) - len(two)}
    return Genotypes(variants[two], samples, source, pgen, skipped)


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
    table = variant_table(text.select(kept).rename(names), str(path), first_line=n_header + 1)
    return named_by_position(table)


@dataclass(frozen=True, eq=False)
class PgenSource:
    """Blocks of a .pgen file."""

    path: str
    n_in_file: int
    n_samples: int
    dosage: bool
    offsets: NDArray[np.uintp] | None
    """Numbers of alleles before each variant; None if all variants have two."""
    two: NDArray[np.int64]
    """Variants of two alleles, the only ones that are served."""

    @property
    def n_variants(self) -> int:
        return len(self.two)

    def check(self) -> None:
        """Open the file and read its last variant, which a truncated one lacks."""
        reader = self._open(None)
        try:
            reader.count(self.n_in_file - 1, np.empty(4, np.uint32))
        except RuntimeError as error:
            raise InputError(f"{self.path}: truncated or damaged ({error})") from None
        finally:
            reader.close()

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of ALT, shape (len(variants), samples)."""
        n_samples = self.n_samples if samples is None else len(samples)
        rows = self.two[variants].astype(np.uint32)
        reader = self._open(samples)
        try:
            if self.dosage:
                dosages = np.empty((len(rows), n_samples), np.float32)
                reader.read_dosages_list(rows, dosages)
                dosages[dosages < 0] = np.nan
                return dosages
            calls = np.empty((len(rows), n_samples), np.int8)
            reader.read_list(rows, calls)
            return calls
        except RuntimeError as error:
            raise InputError(f"{self.path}: cannot be read ({error})") from None
        finally:
            reader.close()

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts of the hard calls as the file packs them, or sums of the dosages."""
        if self.dosage:
            blocks = [variants[i : i + _BLOCK] for i in range(0, len(variants), _BLOCK)]
            parts = [moments_of(self.read(block, samples)) for block in blocks]
            return joined(parts)
        counts = np.empty((len(variants), 4), np.uint32)
        reader = self._open(samples)
        try:
            for row, variant in enumerate(self.two[variants].tolist()):
                reader.count(variant, counts[row])
        except RuntimeError as error:
            raise InputError(f"{self.path}: cannot be read ({error})") from None
        finally:
            reader.close()
        ref, het, alt, _ = counts.astype(np.float64).T
        return Moments((ref + het + alt).astype(np.int64), het + 2 * alt, het + 4 * alt)

    def _open(self, samples: Rows | None) -> Any:
        from pgenlib import PgenReader

        subset = None if samples is None else samples.astype(np.uint32)
        if subset is not None and np.any(subset[1:] <= subset[:-1]):
            raise InputError(f"{self.path}: samples to read must ascend")
        try:
            return PgenReader(
                self.path.encode(), self.n_samples, self.n_in_file, subset, allele_idx_offsets=self.offsets
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
