"""Genotypes of any format, or a selection of them, written as another: ``postgwas genotypes convert``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.genotypes.genotypes import Calls, Genotypes, SubsetSource
from postgwas.genotypes.opening import genotype_files
from postgwas.genotypes.regions import order_by_place
from postgwas.genotypes.selection import Selected, Selection, open_selected
from postgwas.genotypes.variants import told_duplicates
from postgwas.progress import progress
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.staging import appear_together

log = get_logger("genotypes")

Format = Literal["bed", "pgen", "vcf", "bcf"]
FILES: dict[str, tuple[str, ...]] = {
    "bed": (".bed", ".bim", ".fam"),
    "pgen": (".pgen", ".pvar", ".psam"),
    "vcf": (".vcf.gz", ".vcf.gz.tbi"),
    "bcf": (".bcf", ".bcf.csi"),
}
"""Endings of the files of each format."""
_BLOCK_VALUES = 1 << 22


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    n_variants, n_samples : int
    """

    files: tuple[Path, ...]
    n_variants: int
    n_samples: int


def convert(
    genotypes: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    format: Format,
    selection: Selection | None = None,
    dosage: bool = False,
    scratch: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> Converted:
    """Write genotypes, or a selection of them, in another format.

    Variants of several ALT alleles are written as one variant for each. Phase is not kept;
    nor are sex and family in VCF and BCF, and genetic positions there. VCF and BCF are
    written in order; PLINK files in the order of the input.

    Parameters
    ----------
    genotypes : path-like
        As :func:`postgwas.genotypes.opening.open_genotypes`.
    out : path-like
        Prefix of the files; a log is written beside them.
    format : {"bed", "pgen", "vcf", "bcf"}
        VCF is compressed with bgzip; VCF and BCF are indexed.
    selection : Selection, optional
        Samples and variants to write; all if None.
    dosage : bool
        Dosages rather than hard calls (not for bed). .pgen keeps them to 1/16384.
    scratch : path-like, optional
        Folder for the temporary file that reading a VCF needs.
    overwrite : bool
        Replace existing files.
    quiet, log_json : bool
        As :func:`postgwas.runlog.run_log`.

    Returns
    -------
    Converted

    Raises
    ------
    UsageError, InputError, NoVariantsError, OutputError
        Nothing is written then, the log apart.
    """
    if format not in get_args(Format):
        raise UsageError(f"format {format}: expected one of {', '.join(get_args(Format))}")
    if dosage and format == "bed":
        raise UsageError(
            "--format bed: PLINK 1 files hold no dosages", hint="without --dosage, or --format pgen"
        )
    target = Path(out)
    files = [target.with_name(target.name + ending) for ending in FILES[format]]
    _refuse_existing(files, overwrite=overwrite)
    with run_log(f"{target}.log", quiet=quiet, json_lines=log_json):
        chosen = open_selected(genotypes, selection, dosage=dosage, scratch=scratch)
        log_inputs(chosen.genotypes)
        with appear_together(target.parent) as aside:
            ready = write_selected(chosen, aside / target.name, format, dosage=dosage)
        log.info(
            "%s variants of %s samples written to %s",
            f"{ready.n_variants:,}", f"{ready.n_samples:,}", ", ".join(map(str, files)),
        )  # fmt: skip
    return Converted(tuple(files), ready.n_variants, ready.n_samples)


def write_selected(chosen: Selected, stem: Path, format: Format, *, dosage: bool = False) -> Genotypes:
    """Write what was selected under a name without ending; what is lost is logged.

    Raises
    ------
    InputError
        If the format cannot tell the samples apart.
    """
    ready = _prepared(chosen, format, dosage)
    _write(stem, ready, format, dosage)
    return ready


def _refuse_existing(files: list[Path], *, overwrite: bool) -> None:
    if not files[0].parent.is_dir():
        raise OutputError(
            f"folder '{files[0].parent}' does not exist", hint="create it or give another --out"
        )
    there = [file for file in files if file.exists()]
    if there and not overwrite:
        raise OutputError(f"{there[0]}: the file exists already", hint="--overwrite replaces it")


def log_inputs(genotypes: Genotypes) -> None:
    """Log the files with their checksums, and what became of records that are not plain."""
    from postgwas.store.provenance import InputFile

    for file in genotype_files(genotypes):
        known = InputFile.of(file)
        log.info("Input %s: %s bytes, SHA-256 %s", file, f"{known.size:,}", known.sha256)
    for reasons, what in ((genotypes.skipped, "left out"), (genotypes.notes, "in use")):
        for reason, number in reasons.items():
            log.info("%s: %s %s (%s)", genotypes.path, f"{number:,}", reason.replace("_", " "), what)


def _prepared(chosen: Selected, format: Format, dosage: bool) -> Genotypes:
    genotypes = chosen.genotypes
    for step, dropped, left, unit in (
        ("Selected samples", chosen.samples_dropped, genotypes.n_samples, "samples"),
        ("Selected variants", chosen.variants_dropped, genotypes.n_variants, "variants"),
    ):
        log_step(log, step, rows_in=left + sum(dropped.values()), rows_out=left, dropped=dropped, unit=unit)
    if told := told_duplicates(genotypes.variants):
        log.warning("%s: %s; they are written as they are", genotypes.path, told)
    if not genotypes.path.endswith((".bed", ".bgen")):
        log.info("Phase, where there is any, is not kept.")
    if format in ("vcf", "bcf"):
        genotypes = _for_vcf(genotypes)
    elif dosage and format == "pgen":
        log.info("Dosages are kept to 1/16384 of a copy.")
    return genotypes


def _for_vcf(genotypes: Genotypes) -> Genotypes:
    twice = genotypes.samples["IID"].is_duplicated()
    if twice.any():
        raise InputError(
            f"{genotypes.path}: {int(twice.sum())} samples share their IID with another (such as "
            f"'{genotypes.samples['IID'].filter(twice)[0]}'), and a VCF has no FID",
            hint="--keep one of each, or --format bed or pgen",
        )
    lost = [
        what
        for what, column in (("FID", genotypes.samples["FID"]), ("sex", genotypes.samples["SEX"]),
                             ("genetic positions", genotypes.variants["CM"]))
        if not column.is_null().all()
    ]  # fmt: skip
    if lost:
        log.info("Not kept in a VCF: %s.", ", ".join(lost))
    if genotypes.path.endswith(".bed"):
        log.info("REF is A2; PLINK 1 files do not say which allele is the reference's.")
    unknown = int(genotypes.variants["A1"].is_in(["0", "."]).sum())
    if unknown:
        log.warning("%s: %s variants without A1 get ALT '.'", genotypes.path, f"{unknown:,}")
    order = order_by_place(genotypes.variants)
    if order is None:
        return genotypes
    log.warning("%s: not sorted: the VCF is written in order", genotypes.path)
    source = SubsetSource(genotypes.source, order, None)
    return Genotypes(
        genotypes.variants[order], genotypes.samples, source, genotypes.path, keeper=genotypes.keeper
    )


def _write(stem: Path, genotypes: Genotypes, format: Format, dosage: bool) -> None:
    from postgwas.genotypes import write_plink, write_vcf

    tables = genotypes.variants, genotypes.samples
    with progress(f"Writing {stem.name}", genotypes.n_variants) as advance:
        blocks = _blocks(genotypes, advance)
        if format == "bed":
            write_plink.write_plink1(stem, *tables, blocks)
        elif format == "pgen":
            ref_known = not genotypes.path.endswith(".bed")
            write_plink.write_plink2(stem, *tables, blocks, ref_known=ref_known)
        elif format == "vcf":
            write_vcf.write_vcf(stem, *tables, blocks, dosage=dosage)
        else:
            write_vcf.write_bcf(stem, *tables, blocks, dosage=dosage)


def _blocks(genotypes: Genotypes, advance: object) -> Iterator[Calls]:
    step = int(np.clip(_BLOCK_VALUES // genotypes.n_samples, 1, 1 << 14))
    for start in range(0, genotypes.n_variants, step):
        stop = min(start + step, genotypes.n_variants)
        yield genotypes.block(start, stop)
        if callable(advance):
            advance(stop - start)
