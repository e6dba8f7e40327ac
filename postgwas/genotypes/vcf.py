"""VCF and BCF: read once, from beginning to end, into packed calls or dosages on disk."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import MISSING, Calls, Genotypes, Moments, Rows, joined, moments_of
from postgwas.genotypes.plink1 import BedSource, pack
from postgwas.genotypes.samples import check_samples
from postgwas.genotypes.variants import named_by_position, variant_table
from postgwas.progress import progress

if TYPE_CHECKING:
    import polars as pl

_BATCH = 512
_UNKNOWN, _NO_COPY = -1, -2
"""cyvcf2's codes of a missing allele, and of the second one of a haploid call."""
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def open_vcf(
    path: str | os.PathLike[str], *, dosage: bool = False, scratch: str | os.PathLike[str] | None = None
) -> Genotypes:
    """Genotypes of a VCF or BCF file; A1 is ALT, A2 is REF.

    The file is read once: its calls are kept, four in a byte (dosages: four bytes each), in
    a temporary file that goes with the returned object.

    Parameters
    ----------
    path : path-like
        .vcf, .vcf.gz, .bcf.
    dosage : bool
        Read FORMAT/DS (float32) rather than FORMAT/GT (int8). A haploid call counts as
        two copies, a half-missing one as missing.
    scratch : path-like, optional
        Folder for the temporary file; the system's own if None. Workers on other machines
        must see it.

    Raises
    ------
    InputError
        If the file is missing, truncated or damaged, has no samples, a sample twice, or
        lacks the field.
    """
    import polars as pl

    name = os.fspath(path)
    _refuse_truncated(name)
    reader = _reader(name)
    try:
        samples = check_samples(
            pl.DataFrame({"FID": None, "IID": reader.samples, "SEX": None},
                         schema={"FID": pl.String, "IID": pl.String, "SEX": pl.Int8}), name
        )  # fmt: skip
        keeper = tempfile.TemporaryDirectory(prefix="postgwas-genotypes-", dir=scratch)
        spool = Path(keeper.name) / ("dosages" if dosage else "calls.bed")
        skipped: Counter[str] = Counter()
        with open(spool, "wb") as file, progress(f"Reading {Path(name).name}") as advance:
            field = "DS" if dosage else "GT"
            sites = list(_spooled(reader, name, file, field, skipped, advance))
    finally:
        reader.close()
    if not sites:
        raise InputError(f"{name}: no record with one ALT allele ({sum(skipped.values()):,} records skipped)")
    variants = _table(sites, name)
    source = (
        DosageSource(str(spool), len(sites), samples.height)
        if dosage
        else BedSource(str(spool), len(sites), samples.height)
    )
    return Genotypes(variants, samples, source, name, dict(skipped), keeper)


Site = tuple[str, str | None, int, str, str]


def _spooled(
    reader: Any, name: str, file: IO[bytes], field: str, skipped: Counter[str], advance: Any
) -> Iterator[Site]:
    """Sites of usable records, while their genotypes go to the file."""
    if field == "GT":
        file.write(b"\x6c\x1b\x01")
    batch: list[NDArray[Any]] = []
    for record in _records(reader, name):
        advance(1)
        if len(record.ALT) != 1:
            skipped["multi_allelic" if record.ALT else "no_alternate_allele"] += 1
            continue
        values = _alleles(record) if field == "GT" else _dosages(record)
        if values is None:
            raise InputError(
                f"{name}: record {record.CHROM}:{record.POS} has no FORMAT/{field}; it has "
                f"{', '.join(record.FORMAT or ()) or 'none'}",
                hint="dosage=False" if field == "DS" else "dosage=True reads FORMAT/DS",
            )
        if field == "GT" and values.shape[1] != 3:
            if values.shape[1] > 3:
                skipped["more_than_two_copies"] += 1
                continue
            values = np.insert(values, 1, _NO_COPY, axis=1)
        batch.append(values)
        if len(batch) == _BATCH:
            _flush(batch, file, field)
        yield record.CHROM, record.ID, record.POS, record.ALT[0], record.REF
    _flush(batch, file, field)


def _records(reader: Any, name: str) -> Iterator[Any]:
    try:
        yield from reader
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name}: damaged or truncated: {error}") from None


def _alleles(record: Any) -> NDArray[np.int16] | None:
    """Alleles of each sample's copies, and a last column that says whether they are phased."""
    genotype = record.genotype
    return None if genotype is None else genotype.array()


def _copies(alleles: NDArray[np.int16]) -> NDArray[np.int8]:
    """Copies of ALT from alleles, shape (V, n, 3). (cyvcf2's gt_types takes a haploid 0 for a 0/1.)"""
    first, second = alleles[:, :, 0], alleles[:, :, 1]
    copies = (first == 1).view(np.int8) + (second == 1).view(np.int8)
    haploid = second == _NO_COPY
    if haploid.any():
        copies[haploid] *= 2
    copies[(first == _UNKNOWN) | (second == _UNKNOWN)] = MISSING
    return copies


def _dosages(record: Any) -> NDArray[np.float32] | None:
    values = record.format("DS")
    return None if values is None else values[:, 0].astype(np.float32)


def _flush(batch: list[NDArray[Any]], file: IO[bytes], field: str) -> None:
    if batch:
        block = np.stack(batch)
        file.write((pack(_copies(block)) if field == "GT" else block).tobytes())
        batch.clear()


def _table(sites: list[Site], name: str) -> pl.DataFrame:
    import polars as pl

    names = ["CHROM", "SNPID", "POS", "A1", "A2"]
    frame = pl.DataFrame(sites, schema=dict.fromkeys(names, pl.String) | {"POS": pl.Int64}, orient="row")
    text = frame.with_columns(pl.col("POS").cast(pl.String), pl.col("SNPID").fill_null("."))
    return named_by_position(variant_table(text, name, plink=False))


def _reader(name: str) -> Any:
    from cyvcf2 import VCF

    try:
        reader = VCF(name, lazy=False)
    except Exception as error:
        raise InputError(f"{name}: not a readable VCF or BCF file ({error})") from None
    return reader


def _refuse_truncated(name: str) -> None:
    """Cut at a block's border, a bgzip file looks complete to htslib."""
    try:
        with open(name, "rb") as file:
            first = file.read(18)
            size = file.seek(0, os.SEEK_END)
            file.seek(-min(28, size), os.SEEK_END)
            tail = file.read()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    if not first:
        raise InputError(f"{name}: the file is empty")
    if first[:2] == b"\x1f\x8b" and first[12:14] == b"BC" and tail != _BGZF_END:
        raise InputError(
            f"{name}: truncated: the bgzip file lacks its end-of-file block", hint="copy or download it again"
        )


@dataclass(frozen=True)
class DosageSource:
    """Blocks of a file of float32, variants x samples."""

    path: str
    n_variants: int
    n_samples: int

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Dosages of ALT, float32, shape (len(variants), samples); missing NaN."""
        whole = np.memmap(self.path, np.float32, mode="r", shape=(self.n_variants, self.n_samples))
        rows: NDArray[np.float32] = np.asarray(whole[variants])
        return rows if samples is None else rows[:, samples]

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Sums over the samples."""
        parts = [
            moments_of(self.read(variants[i : i + _BATCH], samples)) for i in range(0, len(variants), _BATCH)
        ]
        return joined(parts)
