"""A reference of variants with their alleles, frequencies and ids, one chromosome at a time."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError, OutputError, full_disk
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.harmonise.reference_cache import (
    ChromosomeWriter,
    chromosome_file,
    place_of,
    read_meta,
    settle,
    temporary_folder,
    write_meta,
)
from postgwas.sumstats.harmonise.reference_ids import (
    ID_AMBIGUOUS,
    ID_UNKNOWN,
    LOCATED,
    Located,
    build_index,
    index_file,
    look_up,
)
from postgwas.sumstats.harmonise.reference_source import Source

if TYPE_CHECKING:
    import os

    import polars as pl

__all__ = ["ID_AMBIGUOUS", "ID_UNKNOWN", "LOCATED", "Located", "Reference", "open_reference"]

_CHROMOSOME_NAMES = (*(str(c) for c in range(1, 27)), "X", "Y", "XY", "MT", "M")
_MAF_ROWS = 1000


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference, parsed once into columns; small enough to be sent to workers.

    Attributes
    ----------
    source : str
        What it was opened by.
    folder : Path
        Where the columns of each chromosome are.
    build : str or None
        ``"GRCh37"``, ``"GRCh38"``: by the file's header, or by the places of known SNPs where that
        does not say; None where neither tells.
    ref_known : bool
        Whether REF is the reference genome's allele. False for ``.bim`` and for tables with
        A1 and A2: their order says nothing, A1 is given as ALT.
    has_af : bool
        Whether any frequency is known.
    n_variants : mapping of int to int
        Chromosome -> rows of its frame, chromosomes in genome order.
    af_field : str or None
        Where the frequencies come from.
    warnings : tuple of str
        One line each; for the log.
    skipped : mapping of str to int
        Reason -> records left out of the frames (symbolic alleles and the like).
    """

    source: str
    folder: Path
    build: str | None
    ref_known: bool
    has_af: bool
    n_variants: Mapping[int, int]
    af_field: str | None = None
    warnings: tuple[str, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def chromosomes(self) -> tuple[int, ...]:
        """Codes of the chromosomes that have variants."""
        return tuple(self.n_variants)

    def frame(self, chr: int) -> pl.DataFrame:
        """Variants of one chromosome by position; empty where there is none.

        Returns
        -------
        polars.DataFrame
            SNPID (String, null if none), POS (Int32), REF, ALT (String of A, C, G, T),
            AF (Float32 frequency of ALT, null if unknown). Multi-allelic records are split,
            one row an ALT, and trimmed of bases that both alleles share. Variants of one
            position keep their order in the file.
        """
        import polars as pl

        if chr not in self.n_variants:
            types: dict[str, Any] = {"SNPID": pl.String, "POS": pl.Int32, "REF": pl.String}
            return pl.DataFrame(schema={**types, "ALT": pl.String, "AF": pl.Float32})
        try:
            return pl.read_ipc(chromosome_file(self.folder, chr))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{chromosome_file(self.folder, chr)}: the columns made of {self.source} are gone or "
                f"damaged: {str(error).splitlines()[0]}",
                hint="run again; they are made anew where the folder is removed",
            ) from None

    def locate(self, ids: pl.Series) -> Located:
        """Chromosome and position of variants by SNPID, for files without positions.

        Parameters
        ----------
        ids : polars.Series of String, length n
        """
        import numpy as np

        path = index_file(self.folder)
        try:
            index = np.load(path, mmap_mode="r")
        except (OSError, ValueError):
            index = build_index(self.folder, self.chromosomes, self.frame)
        return look_up(index, ids)


def open_reference(
    path: str | os.PathLike[str], *, af_field: str | None = None, cache: bool = True
) -> Reference:
    """Open a reference of variants, parsing it unless that was done before.

    Parameters
    ----------
    path : path-like
        VCF or BCF (with or without genotypes and index), ``.bim``, ``.pvar`` or a table (TSV, CSV,
        Parquet) with columns SNPID, CHR, POS, REF, ALT and AF; compressed or not. A ``@`` stands
        for the chromosome where there is one file each.
    af_field : str, optional
        INFO field (VCF, BCF, .pvar) or column (table) with the frequency of ALT. Else AF, or
        AC / AN.
    cache : bool
        Keep the columns under the cache folder for the next run; else they are removed with the
        object.

    Raises
    ------
    InputError
        A file is missing, damaged or no reference, or the files are of different builds.
    UsageError, ColumnError
        `af_field` is not there.
    OutputError
        The disk of the columns is full.
    """
    source = str(path)
    files = _files(source)
    place = place_of(files, af_field) if cache else None
    meta = read_meta(place) if place is not None else None
    if place is not None and meta is not None:
        return _reference(source, place, meta)
    folder = temporary_folder(place)
    try:
        meta = _convert(files, folder, af_field, source)
        write_meta(folder, meta)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and full_disk(error):
            raise OutputError(
                f"{folder.parent}: disk full while writing the columns of {source}",
                hint="POSTGWAS_CACHE names another folder",
            ) from None
        raise
    if place is not None and folder.parent == place.parent:
        folder = settle(folder, place)
    reference = _reference(source, folder, meta)
    if folder != place:
        weakref.finalize(reference, shutil.rmtree, folder, ignore_errors=True)
    return reference


def _reference(source: str, folder: Path, meta: Mapping[str, Any]) -> Reference:
    return Reference(
        source=source,
        folder=folder,
        build=meta["build"],
        ref_known=meta["ref_known"],
        has_af=meta["has_af"],
        n_variants={int(chr): n for chr, n in meta["n_variants"].items()},
        af_field=meta["af_field"],
        warnings=tuple(meta["warnings"]),
        skipped=meta["skipped"],
    )


def _files(source: str) -> list[Path]:
    if "@" not in Path(source).name:
        path = Path(source)
        if path.is_dir():
            raise InputError(f"{source}: is a folder; expected a file, or a name with @ for the chromosome")
        # Genotypes are asked for as often as the list of their variants.
        swaps = {".bed": (".bim",), ".pgen": (".pvar", ".pvar.zst")}.get(path.suffix, ())
        for suffix in swaps:
            if path.with_suffix(suffix).is_file():
                return [path.with_suffix(suffix)]
        if swaps:
            raise InputError(
                f"{source}: no {path.stem}{swaps[0]} beside it; the variants are read from there"
            )
        if not path.exists():
            raise InputError(f"{source}: no such file")
        return [path]
    named = (Path(source.replace("@", name)) for name in _CHROMOSOME_NAMES)
    files = [path for path in named if path.is_file()]
    if not files:
        raise InputError(f"{source}: no such file for any chromosome, as in {source.replace('@', '1')}")
    return files


def _open(path: Path, af_field: str | None) -> Source:
    """The reader for a file, by its first bytes where they tell, else by its name."""
    from postgwas.sumstats.harmonise.reference_table import open_bim, open_table

    with ByteStream(path) as stream:
        head = stream.read(16)
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if head.startswith(b"BCF\x02"):
        from postgwas.sumstats.harmonise.reference_bcf import open_bcf

        return open_bcf(path, af_field=af_field)
    if head.startswith(b"##fileformat=VCF") or (".pvar" in suffixes and head.startswith(b"#")):
        from postgwas.sumstats.harmonise.reference_vcf import open_vcf

        return open_vcf(path, af_field=af_field, plink=".pvar" in suffixes)
    if ".bim" in suffixes or ".pvar" in suffixes:
        return open_bim(path)
    return open_table(path, af_field=af_field)


def _convert(files: list[Path], folder: Path, af_field: str | None, source: str) -> dict[str, Any]:
    from postgwas.sumstats.harmonise.build import BuildVotes
    from postgwas.sumstats.harmonise.reference_alleles import split_sites

    writer = ChromosomeWriter(folder)
    opened: list[Source] = []
    skipped: dict[str, int] = {}
    votes = BuildVotes()
    for path in files:
        one = _open(path, af_field)
        opened.append(one)
        for batch in one.batches:
            variants, left_out = split_sites(batch)
            writer.add(variants)
            if one.build is None:
                votes.add(variants["SNPID"], variants["CHR"], variants["POS"])
            for reason, count in left_out.items():
                skipped[reason] = skipped.get(reason, 0) + count
    n_variants = writer.finish()
    if writer.n_duplicates:
        skipped["record given twice"] = writer.n_duplicates
    if not n_variants:
        why = ", ".join(f"{reason}: {count:,}" for reason, count in skipped.items()) or "no rows"
        raise InputError(f"{source}: no variants with a position and two alleles ({why})")
    builds = {one.build for one in opened if one.build}
    if len(builds) > 1:
        raise InputError(f"{source}: files of different builds: {' and '.join(sorted(builds))}")
    warnings = list(dict.fromkeys(line for one in opened for line in one.warnings))
    fields = {one.af_field for one in opened}
    field_name = next(iter(fields)) if len(fields) == 1 else None
    if field_name and not writer.n_af:
        warnings.append(f"{source}: {field_name} holds no frequency in any variant")
    if not writer.n_af and not warnings:
        warnings.append(f"{source}: the reference has no frequencies")
    if writer.n_af >= _MAF_ROWS and writer.highest_af <= 0.5:
        warnings.append(
            f"{source}: {field_name} is never above 0.5 in {writer.n_af:,} variants: it looks like a minor "
            "allele's frequency; if it is not ALT's, frequencies and palindromic SNPs come out wrong"
        )
    return {
        "build": builds.pop() if builds else votes.call().build,
        "ref_known": all(one.ref_known for one in opened),
        "has_af": writer.n_af > 0,
        "n_variants": {str(chr): n for chr, n in n_variants.items()},
        "af_field": field_name,
        "warnings": warnings,
        "skipped": skipped,
    }
