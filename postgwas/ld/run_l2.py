"""LD scores from files to files: what ``postgwas ldsc --l2`` does, with ldsc.py's lines in its log."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.opening import genotype_files, only_bed
from postgwas.genotypes.plain_plink1 import PlainPlink1, open_plain
from postgwas.genotypes.text_table import read_text
from postgwas.ld.run import FEWEST_SAMPLES, LDScores, ld_scores
from postgwas.ld.run_annotations import AnnotationFiles, load_annotations
from postgwas.ld.run_windows import Unit
from postgwas.ld.score_summary import annotation_lines, score_lines
from postgwas.ld.write_scores import (
    Destination,
    ScoreTable,
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

    from postgwas.ld.annotations import Annotations

log = get_logger(__name__)


@dataclass(frozen=True)
class ScoreOptions:
    """What is summed; the arguments of :func:`postgwas.ld.run.ld_scores` of the same names.

    `print_snps` is a list of variants to write; all count. With `compat` numbers, files and
    log are those of ldsc.py 1.0.1.
    """

    window: float
    unit: Unit = "cm"
    keep: str | None = None
    extract: str | None = None
    maf: float | None = None
    pq_exp: float | None = None
    per_allele: bool = False
    cm_map: str | None = None
    whole_chromosome: bool = False
    print_snps: str | None = None
    compat: bool = False
    chunk_size: int = 50

    @property
    def files(self) -> list[str]:
        """Lists and maps that are read."""
        return [f for f in (self.keep, self.extract, self.print_snps, self.cm_map) if f and Path(f).is_file()]

    @property
    def without_tables(self) -> bool:
        """Whether nothing is asked for that needs tables of variants and samples."""
        asked = (self.keep, self.extract, self.print_snps, self.cm_map)
        return self.window > 0 and not (self.scaled or self.compat or any(one is not None for one in asked))

    @property
    def scaled(self) -> bool:
        """Whether annotations are multiplied by a power of p(1-p)."""
        return self.per_allele or bool(self.pq_exp)


def ld_score_files(
    genotypes: str | os.PathLike[str],
    options: ScoreOptions,
    destination: Destination,
    *,
    annotations: AnnotationFiles | None = None,
    quiet: bool = False,
    log_json: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> None:
    """Compute LD scores and write them: OUT.l2.ldscore.gz, OUT.l2.M, OUT.l2.M_5_50, OUT.log.

    :func:`postgwas.ld.run.ld_scores` gives them as arrays. PLINK 1 files without annotations and lists
    are worked through without tables where nothing in them is unusual, with the same results.

    Parameters
    ----------
    genotypes : path
        PLINK 1 or PLINK 2 files, or a VCF or BCF file.
    options : ScoreOptions
    destination : Destination
    annotations : AnnotationFiles, optional
        LD scores by annotation.
    quiet, log_json : bool
        As :func:`postgwas.runlog.run_log`.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    UsageError, InputError, NoVariantsError, OutputError
        Nothing is written then, the log apart.
    """
    wanted = annotations or AnnotationFiles()
    wanted.check(extract=options.extract is not None)
    destination.check()
    where: dict[str, Any] = {
        "cores": cores, "scheduler": scheduler, "jobqueue": jobqueue, "jobqueue_options": jobqueue_options,
    }  # fmt: skip
    with log_of(destination, quiet=quiet, log_json=log_json) as begun:
        plain = None
        if options.without_tables and destination.store is None and wanted == AnnotationFiles():
            plain = _opened_plainly(genotypes)
        data = plain or open_genotypes(genotypes, multiallelic="skip" if options.compat else "split")
        log.info("Read list of %d SNPs from %s", data.n_variants, _beside(data.path, "bim"))
        annotated = (
            None if isinstance(data, PlainPlink1) else load_annotations(wanted, data, compat=options.compat)
        )
        _log_start(data, options)
        if plain is not None and _plainly(plain, options, destination, where):
            return
        if isinstance(data, PlainPlink1):
            data = open_genotypes(genotypes)
        scores = ld_scores(
            data, window=options.window, unit=options.unit,
            annot=None if annotated is None else annotated.values, keep=options.keep,
            extract=options.extract, maf=options.maf, pq_exp=options.pq_exp, per_allele=options.per_allele,
            cm_map=options.cm_map, whole_chromosome=options.whole_chromosome, compat=options.compat,
            chunk_size=options.chunk_size, **where,
        )  # fmt: skip
        if annotated is not None:
            scores = replace(scores, annotations=annotated.names)
        if options.keep is not None:
            log.info("After --keep, %d of %d individuals remain.", scores.n_samples, data.n_samples)
        _log_counts(data.n_variants, scores.variants.height, scores.dropped)
        columns = score_columns(
            scores.annotations, options.pq_exp if options.scaled else None, per_allele=options.per_allele
        )
        table = _printed(
            ScoreTable(scores.variants, scores.l2, columns, scores.m, scores.m_5_50), options.print_snps
        )
        whole = not options.scaled and (annotated is None or annotated.whole)
        with _writing(destination, table.variants.height, read=wanted.annot) as files:
            write_scores(table, files[0], compat=destination.compat)
            for sums, file in ((table.m, files[1]), (table.m_5_50, files[2])):
                write_counts(sums, file, whole=whole if destination.compat else None)
            if destination.binned:
                _write_binned(table, scores, destination, files[3])
        if destination.store is not None:
            _store(table, data, scores, options, destination, annotated, seconds=time.perf_counter() - begun)
        lines = score_lines(
            table.columns, str(destination.names[0]), table.variants["MAF"].to_numpy(), table.l2
        )
        if annotated is not None or options.scaled:
            # ldsc.py has no name for the one column of (pq)^exponent.
            names = scores.annotations if scores.annotations != ("L2",) else ("0",)
            lines += annotation_lines(names, scores.annot, whole=whole)
        _log_lines(lines)


def _opened_plainly(genotypes: str | os.PathLike[str]) -> PlainPlink1 | None:
    """The genotypes without tables; None where they are of another kind, or too few for LD scores."""
    bed = only_bed(genotypes)
    found = None if bed is None else open_plain(bed)
    return found if found is not None and found.n_samples >= FEWEST_SAMPLES else None


def _plainly(
    data: PlainPlink1, options: ScoreOptions, destination: Destination, where: dict[str, Any]
) -> bool:
    """Compute and write without tables; False, and nothing done, where that would be refused."""
    from postgwas.ld.run_l2_plain import plain_scores, write_plain

    scores = plain_scores(
        data,
        options.window,
        options.unit,
        options.maf or 0.0,
        whole_chromosome=options.whole_chromosome,
        **where,
    )
    if scores is None:
        return False
    _log_counts(data.n_variants, len(scores.variants), scores.dropped)
    with _writing(destination, len(scores.variants)) as files:
        write_plain(scores, files[0])
        write_counts(scores.m, files[1])
        write_counts(scores.m_5_50, files[2])
    _log_lines(
        score_lines(
            score_columns(["L2"], None, per_allele=False), str(destination.names[0]), scores.maf, scores.l2
        )
    )
    return True


@contextmanager
def log_of(destination: Destination, *, quiet: bool, log_json: bool) -> Iterator[float]:
    """OUT.log and the terminal, begun and ended as ldsc does; gives the time of its beginning."""
    begun = time.perf_counter()
    with run_log(
        f"{destination.out}.log", plain=True, fresh=True, stream_stdout=True, quiet=quiet, json_lines=log_json
    ):
        log.info("Beginning analysis at %s", time.ctime())
        yield begun
        log.info("Analysis finished at %s", time.ctime())
        log.info("Total time elapsed: %ss", round(time.perf_counter() - begun, 2))


def _beside(path: str, ending: str) -> str:
    """The file of variants or samples that goes with a .bed; other kinds are named themselves."""
    return f"{path.removesuffix('.bed')}.{ending}" if path.endswith(".bed") else path


def _log_start(data: Genotypes | PlainPlink1, options: ScoreOptions) -> None:
    log.info("Read list of %d individuals from %s", data.n_samples, _beside(data.path, "fam"))
    log.info("Reading genotypes from %s", data.path)
    if options.scaled:
        log.info("Computing LD with pq ^ %s.", "1" if options.per_allele else options.pq_exp)
        are_not = "arenot" if options.compat else "are not"  # ldsc's two words run together
        log.info(
            "Note that LD Scores with pq raised to a nonzero power %s directly comparable to normal "
            "LD Scores.",
            are_not,
        )
    log.info("Estimating LD Score.")


def _log_counts(n_before: int, n_after: int, dropped: Mapping[str, int]) -> None:
    log_step(log, "Variants with LD scores", rows_in=n_before, rows_out=n_after, dropped=dropped)


def _printed(table: ScoreTable, print_snps: str | None) -> ScoreTable:
    """The table with the listed variants alone."""
    if print_snps is None:
        return table
    rows = rows_to_print(table.variants["SNPID"], print_snps)
    return ScoreTable(table.variants[rows], table.l2[rows], table.columns, table.m, table.m_5_50)


def rows_to_print(snpid: pl.Series, print_snps: str) -> NDArray[np.int64]:
    """Rows of the variants of a list; refused if there are none."""
    lines = read_text(print_snps).decode(errors="replace").splitlines()
    ids = [line.split(None, 1)[0] for line in lines if line.strip()]
    log.info("Reading list of %d SNPs for which to print LD Scores from %s", len(ids), print_snps)
    rows = np.flatnonzero(snpid.is_in(ids).to_numpy())
    log.info("After merging with --print-snps, LD Scores for %d SNPs will be printed.", len(rows))
    if not len(rows):
        raise NoVariantsError(f"{print_snps}: none of its {len(ids):,} variants has an LD score")
    return rows


@contextmanager
def _writing(destination: Destination, n_variants: int, *, read: Sequence[str] = ()) -> Iterator[list[Path]]:
    """Names to write all files under, which appear at once.

    The annotations that were read, often under the same prefix, are no leftovers of an earlier run.
    """
    inputs = {Path(text + ending) for text in read for ending in ("", ".annot.gz")}
    old = [path for path in destination.leftovers() if path not in inputs]
    log.info("Writing LD Scores for %d SNPs to %s", n_variants, destination.names[0])
    with together(destination.names) as files:
        yield files
    if old:
        log.warning("of an earlier run, not of this one: %s", ", ".join(map(str, old)))


def _write_binned(table: ScoreTable, scores: LDScores, destination: Destination, file: Path) -> None:
    compat = destination.compat
    log.info("Writing annot matrix produced by --cts-bin to %s", destination.names[3])
    # ldsc.py writes the annotations under the names of their LD scores, and scaled by --pq-exp.
    values = scores.annot if compat else (scores.annot > 0).astype(np.float64)
    write_binned_annotations(scores.variants, values, table.columns if compat else scores.annotations, file)


def _store(
    table: ScoreTable,
    data: Genotypes,
    scores: LDScores,
    options: ScoreOptions,
    destination: Destination,
    annotated: Annotations | None,
    *,
    seconds: float,
) -> None:
    import polars as pl

    from postgwas.store.provenance import Provenance

    files = [*genotype_files(data), *(map(str, annotated.sources) if annotated else ())]
    made = Provenance.collect(
        parameters={"genotypes": data.path, **asdict(options)},
        inputs=[*files, *options.files],
        rows_in=scores.variants.height + sum(scores.dropped.values()),
        rows_out=scores.variants.height,
        dropped=scores.dropped,
        wall_seconds=seconds,
    )
    frame = table.variants.select("CHR", "POS", "SNPID", "CM", "MAF")
    frame = frame.with_columns(pl.Series(name, table.l2[:, i]) for i, name in enumerate(table.columns))
    attrs = {
        "columns": list(table.columns), "m": table.m.tolist(), "m_5_50": table.m_5_50.tolist(),
        "n_samples": scores.n_samples, "window": f"{options.window:g} {options.unit}",
    }  # fmt: skip
    store_scores(frame, destination, provenance=made, attrs=attrs)
    log.info("Stored %s in %s", destination.key, destination.store)


def _log_lines(lines: Sequence[str]) -> None:
    for line in lines:
        log.info("%s", line)
