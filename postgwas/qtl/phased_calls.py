"""Alleles on each of two haplotypes, of the few variants whose joint effects are fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.genotypes.genotypes import Genotypes, Rows, SubsetSource
from postgwas.genotypes.joined import JoinedSource
from postgwas.genotypes.plink2 import PgenSource

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_VCF = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")


def phased_calls(genotypes: Genotypes, rows: Rows) -> Floats:
    """Copies of A1, 0 or 1, on each haplotype.

    Parameters
    ----------
    genotypes : Genotypes
        Of a PLINK 2 file, a VCF or a BCF. A VCF is read again for these variants, by its index if it has one.
    rows : ndarray of int64, shape (V,)
        Of its variants.

    Returns
    -------
    ndarray of float64, shape (2, V, samples)
        NaN where the call is missing. A heterozygous call without phase is 0.5 on both haplotypes, the
        mean of its two phases.

    Raises
    ------
    UsageError
        If the file's format has no phases.
    InputError
        If no heterozygous call at these variants has a phase, or a file cannot be read.
    """
    calls = np.full((2, len(rows), genotypes.n_samples), np.nan)
    if genotypes.path.endswith(_VCF):
        _fill_from_vcf(genotypes, rows, calls)
    else:
        _fill_from_pgen(genotypes.source, np.asarray(rows, np.int64), None, calls, genotypes.path)
    unphased = calls[0] == 0.5
    phased = (calls[0] != calls[1]) & ~np.isnan(calls[0])
    if unphased.any() and not phased.any():
        raise InputError(
            f"{genotypes.path}: none of {int(unphased.sum()):,} heterozygous calls of these variants has a "
            "phase",
            hint="--phase unknown takes the mean over phases",
        )
    return calls


def _fill_from_pgen(source: Any, rows: Rows, samples: Rows | None, calls: Floats, path: str) -> None:
    """Down through subsets and joined files to the .pgen, filling `calls` in place."""
    if isinstance(source, SubsetSource):
        people = source.people
        if samples is not None:
            people = samples if people is None else people[samples]
        _fill_from_pgen(source.source, source.variants[rows], people, calls, path)
    elif isinstance(source, JoinedSource):
        ends = np.cumsum([part.n_variants for part in source.sources])
        which = np.searchsorted(ends, rows, side="right")
        for number, part in enumerate(source.sources):
            here = np.flatnonzero(which == number)
            if here.size:
                some = calls[:, here]
                _fill_from_pgen(part, rows[here] - (ends[number] - part.n_variants), samples, some, path)
                calls[:, here] = some
    elif isinstance(source, PgenSource):
        _read_pgen(source, rows, samples, calls)
    else:
        raise UsageError(
            f"{path}: phases are read from PLINK 2, VCF and BCF files only",
            hint="--phase unknown takes the mean over phases",
        )


def _read_pgen(source: PgenSource, rows: Rows, samples: Rows | None, calls: Floats) -> None:
    reader = source._open(samples)
    n_samples = calls.shape[2]
    alleles = np.empty(2 * n_samples, np.int32)
    phased = np.empty(n_samples, np.bool_)
    for at, row in enumerate(rows.tolist()):
        variant, number = (row, 1) if source.index is None else source.index[row].tolist()
        try:
            reader.read_alleles_and_phasepresent(variant, alleles, phased)
        except RuntimeError as error:
            raise InputError(f"{source.path}: cannot be read ({error})") from None
        _put(calls[:, at], alleles.reshape(n_samples, 2), phased, number)


def _put(target: Floats, alleles: NDArray[Any], phased: NDArray[np.bool_], number: int) -> None:
    """One variant's calls: alleles by number, -9 or -1 missing, shape (samples, 2)."""
    known = (alleles >= 0).all(axis=1)
    copies = (alleles == number).astype(np.float64).T
    mixed = known & ~phased & (alleles[:, 0] != alleles[:, 1])
    copies[:, mixed] = copies[:, mixed].mean(axis=0)
    copies[:, ~known] = np.nan
    target[:] = copies


def _fill_from_vcf(genotypes: Genotypes, rows: Rows, calls: Floats) -> None:
    chosen = genotypes.variants[np.asarray(rows, np.int64)].select("CHROM", "POS", "A1", "A2")
    for path, here in _files(genotypes.path, chosen["CHROM"].to_list()):
        _read_vcf(path, chosen[here], genotypes.samples["IID"].to_list(), calls, here)


def _files(path: str, chroms: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Each file, and which variants it holds."""
    if "@" not in path:
        yield path, list(range(len(chroms)))
        return
    for chrom in dict.fromkeys(chroms):
        names = [path.replace("@", form) for form in (chrom, chrom.removeprefix("chr"), f"chr{chrom}")]
        found = next((name for name in names if Path(name).is_file()), None)
        if found is None:
            raise InputError(f"{names[0]}: no such file")
        yield found, [at for at, name in enumerate(chroms) if name == chrom]


def _read_vcf(path: str, chosen: pl.DataFrame, samples: list[str], calls: Floats, here: list[int]) -> None:
    from postgwas.genotypes.vcf_index import usable_index
    from postgwas.genotypes.vcf_opening import htslib_reader
    from postgwas.genotypes.vcf_records import readable

    reader = htslib_reader(path)
    place = {name: at for at, name in enumerate(reader.samples)}
    people = np.array([place[name] for name in samples])
    wanted = {tuple(one): at for one, at in zip(chosen.rows(), here)}
    indexed = not path.endswith(".vcf") and usable_index(path)
    places = dict.fromkeys((chrom, pos) for chrom, pos, _, _ in wanted)
    records = (one for c, p in places for one in reader(f"{c}:{p}-{p}")) if indexed else iter(reader)
    for record in readable(records, path):
        for number, alt in enumerate(record.ALT, start=1):
            at = wanted.get((record.CHROM, record.POS, alt, record.REF))
            if at is None:
                continue
            found = np.asarray(record.genotype.array())[people]
            if found.shape[1] == 3:  # two alleles and whether they are phased; haploid calls have one
                _put(calls[:, at], found[:, :2], found[:, 2] != 0, number)
    reader.close()
