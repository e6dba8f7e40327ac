"""LD scores from files to files: what ``postgwas ldsc --l2`` does, with ldsc.py's lines in its log."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError, UsageError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.text_table import read_text
from postgwas.ld.annotations import read_annotations
from postgwas.ld.continuous import parse_breaks, read_bins
from postgwas.ld.run import LDScores, ld_scores
from postgwas.ld.run_windows import Unit
from postgwas.ld.score_summary import annotation_lines, score_lines
from postgwas.ld.write_scores import (
    ScoreTable,
    check_writable,
    result_names,
    score_columns,
    store_scores,
    together,
    write_binned_annotations,
    write_counts,
    write_scores,
)
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AnnotationFiles:
    """Where annotations come from: ``.annot`` files, or continuous variables to cut in bins.

    Attributes
    ----------
    annot : tuple of str
        Annotation files or prefixes; see :func:`postgwas.ld.annotations.read_annotations`.
    thin : bool
        They have annotation columns alone.
    cts_bin : tuple of str
        Files of ids and values.
    cts_breaks : str, optional
        As ``--cts-breaks``: ``1,2,4x0.5``.
    cts_names : tuple of str, optional
        Names of the variables.
    """

    annot: tuple[str, ...] = ()
    thin: bool = False
    cts_bin: tuple[str, ...] = ()
    cts_breaks: str | None = None
    cts_names: tuple[str, ...] | None = None

    def check(self, *, extract: bool) -> None:
        """Refuse combinations that have no meaning.

        Raises
        ------
        UsageError
        """
        if self.annot and self.cts_bin:
            raise UsageError("--annot and --cts_bin exclude each other")
        if self.annot and extract:
            raise UsageError(
                "--annot and --extract exclude each other: an annotation file goes with all variants of the "
                "genotypes",
                hint="extract the variants with PLINK first, or use --print_snps to write some of them",
            )
        if self.cts_bin and extract:
            raise UsageError("--cts_bin and --extract exclude each other")
        if bool(self.cts_bin) != (self.cts_breaks is not None):
            raise UsageError("--cts_bin and --cts_breaks must be given together")
        if self.cts_names and not self.cts_bin:
            raise UsageError("--cts_names names the files of --cts_bin, which is not given")
        if self.thin and not self.annot:
            raise UsageError("--thin_annot says how --annot is to be read, which is not given")


@dataclass(frozen=True, eq=False)
class _Annotated:
    """Annotations of all variants of the genotypes."""

    values: Floats
    names: tuple[str, ...]
    whole: bool
    sources: tuple[str, ...]

    def frame(self) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame({name: self.values[:, i] for i, name in enumerate(self.names)})


def ld_score_files(
    genotypes: str | os.PathLike[str],
    *,
    out: str,
    window: float,
    unit: Unit = "cm",
    annotations: AnnotationFiles | None = None,
    keep: str | os.PathLike[str] | None = None,
    extract: str | os.PathLike[str] | None = None,
    maf: float | None = None,
    print_snps: str | os.PathLike[str] | None = None,
    pq_exp: float | None = None,
    per_allele: bool = False,
    print_annot: bool = True,
    whole_chromosome: bool = False,
    compat: bool = False,
    chunk_size: int = 50,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> LDScores:
    """Compute LD scores and write them: OUT.l2.ldscore.gz, OUT.l2.M, OUT.l2.M_5_50, OUT.log.

    Parameters
    ----------
    genotypes : path
        PLINK 1 or PLINK 2 prefix, or a VCF or BCF file.
    out : str
        Prefix of the files.
    window, unit, keep, extract, maf, pq_exp, per_allele, whole_chromosome, compat, chunk_size
        As :func:`postgwas.ld.run.ld_scores`. With `compat` the files are also those of
        ldsc.py: three decimals.
    annotations : AnnotationFiles, optional
        LD scores by annotation.
    print_snps : path, optional
        Write only variants of this list; all count.
    print_annot : bool
        Write the annotations made from ``cts_bin`` to OUT.annot.gz.
    store : path, optional
        Study to put the scores into, under ``ld_scores/`` and the last part of `out`.
    overwrite : bool
        Replace existing results.
    quiet, log_json : bool
        As :func:`postgwas.runlog.run_log`.
    where
        `cores`, `scheduler`, `jobqueue`, `jobqueue_options` of :func:`ld_scores`.

    Returns
    -------
    LDScores
        Of all variants that have one, whatever `print_snps` says.

    Raises
    ------
    UsageError, InputError, NoVariantsError, OutputError
        Nothing is written then, the log apart.
    """
    wanted = annotations or AnnotationFiles()
    wanted.check(extract=extract is not None)
    prints_bins = bool(wanted.cts_bin) and print_annot
    names = result_names(out, annotations=prints_bins)
    check_writable(out, names, overwrite=overwrite)
    begun = time.perf_counter()
    with run_log(f"{out}.log", plain=True, fresh=True, quiet=quiet, json_lines=log_json):
        data = open_genotypes(genotypes)
        log.info("Read list of %d SNPs from %s", data.n_variants, _beside(data.path, "bim"))
        annotated = _annotated(wanted, data, compat=compat)
        log.info("Read list of %d individuals from %s", data.n_samples, _beside(data.path, "fam"))
        log.info("Reading genotypes from %s", data.path)
        if per_allele or pq_exp:
            _log_exponent("1" if per_allele else str(pq_exp), compat=compat)
        log.info("Estimating LD Score.")
        scores = ld_scores(
            data, window=window, unit=unit, annot=None if annotated is None else annotated.frame(), keep=keep,
            extract=extract, maf=maf, pq_exp=pq_exp, per_allele=per_allele,
            whole_chromosome=whole_chromosome, compat=compat, chunk_size=chunk_size, **where,
        )  # fmt: skip
        if keep is not None:
            log.info("After --keep, %d of %d individuals remain.", scores.n_samples, data.n_samples)
        log_step(
            log, "Variants with LD scores", rows_in=data.n_variants, rows_out=scores.variants.height,
            dropped=scores.dropped,
        )  # fmt: skip
        scaled = per_allele or bool(pq_exp)
        columns = score_columns(scores.annotations, pq_exp if scaled else None, per_allele=per_allele)
        table = ScoreTable(scores.variants, scores.l2, columns, scores.m, scores.m_5_50)
        printed = _printed(table, print_snps)
        whole = not scaled and (annotated is None or annotated.whole)
        log.info("Writing LD Scores for %d SNPs to %s", printed.variants.height, names[0])
        with together(names) as files:
            write_scores(printed, files[0], compat=compat)
            write_counts(scores.m, files[1], whole=whole if compat else None)
            write_counts(scores.m_5_50, files[2], whole=whole if compat else None)
            if prints_bins:
                assert annotated is not None
                log.info("Writing annot matrix produced by --cts-bin to %s", names[3])
                _write_bins(scores, columns, files[3], compat=compat)
        if store is not None:
            key = _store(
                printed, scores, store, Path(out).name, annotated, overwrite=overwrite,
                seconds=time.perf_counter() - begun,
                settings={
                    "genotypes": data.path, "window": window, "unit": unit, "keep": keep,
                    "extract": extract, "maf": maf, "print_snps": print_snps, "pq_exp": pq_exp,
                    "per_allele": per_allele, "compat": compat, "chunk_size": chunk_size,
                },
            )  # fmt: skip
            log.info("Stored %s in %s", key, store)
        _log_summary(printed, scores, names[0], whole=whole, annotated=annotated is not None or scaled)
    return scores


def _log_exponent(exponent: str, *, compat: bool) -> None:
    log.info("Computing LD with pq ^ %s.", exponent)
    are_not = "arenot" if compat else "are not"  # its two words run together
    log.info(
        "Note that LD Scores with pq raised to a nonzero power %s directly comparable to normal LD Scores.",
        are_not,
    )


def _beside(path: str, ending: str) -> str:
    """The file of variants or samples that goes with a .bed; a VCF has all in one."""
    return f"{path.removesuffix('.bed')}.{ending}" if path.endswith(".bed") else path


def _annotated(wanted: AnnotationFiles, data: Genotypes, *, compat: bool) -> _Annotated | None:
    if wanted.annot:
        found = read_annotations(wanted.annot, data.variants, thin=wanted.thin, genotypes=data.path)
        sources = tuple(map(str, found.sources))
        log.info(
            "Read %d annotations for %d SNPs from %s",
            found.n_annotations,
            len(found.values),
            ",".join(sources),
        )
        for name, column in zip(found.names, found.values.T):
            if not column.any():
                log.warning("annotation %s is 0 for all variants", name)
        return _Annotated(found.values, found.names, found.whole, sources)
    if wanted.cts_bin:
        assert wanted.cts_breaks is not None
        breaks = parse_breaks(wanted.cts_breaks)
        for file in wanted.cts_bin:
            log.info("Reading numbers with which to bin SNPs from %s", file)
        bins = read_bins(
            wanted.cts_bin, breaks, data.variants["SNPID"], names=wanted.cts_names, compat=compat
        )
        return _Annotated(bins.values, bins.names, True, wanted.cts_bin)
    return None


def _printed(table: ScoreTable, print_snps: str | os.PathLike[str] | None) -> ScoreTable:
    """The table with the listed variants alone."""
    if print_snps is None:
        return table
    lines = read_text(print_snps).decode(errors="replace").splitlines()
    ids = [line.split(None, 1)[0] for line in lines if line.strip()]
    log.info("Reading list of %d SNPs for which to print LD Scores from %s", len(ids), print_snps)
    rows = np.flatnonzero(table.variants["SNPID"].is_in(ids).to_numpy())
    log.info("After merging with --print-snps, LD Scores for %d SNPs will be printed.", len(rows))
    if not len(rows):
        raise NoVariantsError(f"{print_snps}: none of its variants has an LD score")
    return ScoreTable(table.variants[rows], table.l2[rows], table.columns, table.m, table.m_5_50)


def _write_bins(scores: LDScores, columns: Sequence[str], path: Path, *, compat: bool) -> None:
    # ldsc.py writes the annotations under the names of their LD scores, and scaled by --pq-exp.
    names = columns if compat else scores.annotations
    values = scores.annot if compat else (scores.annot > 0).astype(np.float64)
    write_binned_annotations(scores.variants, values, names, path)


def _store(
    table: ScoreTable,
    scores: LDScores,
    store: str | os.PathLike[str],
    name: str,
    annotated: _Annotated | None,
    *,
    overwrite: bool,
    seconds: float,
    settings: Mapping[str, Any],
) -> str:
    from postgwas.store.provenance import Provenance

    files = [settings["genotypes"], *(settings[key] for key in ("keep", "extract", "print_snps"))]
    stem = settings["genotypes"].removesuffix(".bed").removesuffix(".pgen")
    files += [stem + ending for ending in (".bim", ".fam", ".pvar", ".psam")]
    files += [] if annotated is None else annotated.sources
    provenance = Provenance.collect(
        parameters=settings,
        inputs=[file for file in files if file is not None and Path(file).is_file()],
        rows_in=scores.variants.height + sum(scores.dropped.values()),
        rows_out=scores.variants.height,
        dropped=scores.dropped,
        wall_seconds=seconds,
    )
    attrs = {"n_samples": scores.n_samples, "window": f"{settings['window']:g} {settings['unit']}"}
    return store_scores(table, store, name, provenance=provenance, attrs=attrs, overwrite=overwrite)


def _log_summary(table: ScoreTable, scores: LDScores, file: Path, *, whole: bool, annotated: bool) -> None:
    maf = table.variants["MAF"].to_numpy()
    lines = score_lines(table.columns, str(file), maf, table.l2)
    if annotated:
        # ldsc.py has no name for the one column of (pq)^exponent.
        names = scores.annotations if scores.annotations != ("L2",) else ("0",)
        lines += annotation_lines(names, scores.annot, whole=whole)
    log.info("%s", "\n".join(lines))
