"""``postgwas.harmonise``: summary statistics onto one build, strand and effect allele."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from postgwas.compute.engine import Engine, engine
from postgwas.destination import check_store
from postgwas.errors import PostgwasError, UsageError
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.staging import scratch_folder
from postgwas.stopwatch import Stopwatch
from postgwas.sumstats.chunks import CHUNK_BYTES
from postgwas.sumstats.harmonise.assembly import BUILDS
from postgwas.sumstats.harmonise.chain_file import read_chain
from postgwas.sumstats.harmonise.fasta import Fasta
from postgwas.sumstats.harmonise.match import EffectAllele, Palindromic, Unmatched
from postgwas.sumstats.harmonise.options import ENDINGS, HarmoniseOptions, names_of, prefixes
from postgwas.sumstats.harmonise.reading import Spilled
from postgwas.sumstats.harmonise.reference import open_reference
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run_file import (
    Given,
    ReadTask,
    Work,
    harmonise_rows,
    read_file,
    reading_of,
)
from postgwas.sumstats.harmonise.run_outputs import write_trait
from postgwas.sumstats.harmonise.run_store import store_key, write_store
from postgwas.sumstats.harmonise.staging import Stage, refuse_existing, staged

log = get_logger(__name__)

_NAME_FLAGS = {
    "SNPID": "--snp_name",
    "CHR": "--chr_name",
    "POS": "--bpos_name",
    "EA": "--a1_name",
    "NEA": "--a2_name",
    "EAF": "--eaf_name",
    "BETA": "--beta_name",
    "OR": "--or_name",
    "SE": "--se_name",
    "Z": "--z_name",
    "P": "--p_name",
    "N": "--n_name",
    "INFO": "--info_name",
}


def harmonise(
    sumstats: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str],
    build: str = "auto",
    target_build: str | None = None,
    chain: str | os.PathLike[str] | None = None,
    reference: str | os.PathLike[str] | None = None,
    af_field: str | None = None,
    reference_cache: bool = True,
    fasta: str | os.PathLike[str] | None = None,
    palindromic: Palindromic = "drop",
    palindromic_maf: float = 0.4,
    effect_allele: EffectAllele | None = None,
    unmatched: Unmatched = "drop",
    eaf_difference: float = 0.2,
    formats: Sequence[str] = ("tsv",),
    store: str | os.PathLike[str] | None = None,
    trait_names: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    header: Sequence[str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    sample: str | None = None,
    ssf_metadata: Mapping[str, Any] | None = None,
    report: bool = True,
    figures: bool = False,
    overwrite: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    verbose: bool = False,
    log_json: bool = False,
) -> list[Harmonised]:
    """Harmonise summary statistics.

    Each file is read once in chunks, its rows are lifted to the target build, brought onto the
    forward strand and one effect allele by a reference or a sequence, and written sorted, one
    row a variant. Every row is accounted for.

    Parameters
    ----------
    sumstats : path or sequence of paths
        Any format; each file is a trait of its own.
    out : path
        Prefix of the output files; with several files, a folder.
    build : str
        Build of the files: ``"GRCh37"`` (hg19), ``"GRCh38"`` (hg38), or ``"auto"``, by the
        positions of known SNPs.
    target_build : str, optional
        Build to end in; default: the reference's or the chain's, else the file's own.
    chain : path, optional
        UCSC chain file from the file's build to the target's.
    reference : path, optional
        VCF, BCF, ``.bim``, ``.pvar`` or a table of variants; see
        :func:`~postgwas.sumstats.harmonise.reference.open_reference`.
    af_field : str, optional
        Its frequency of ALT.
    reference_cache : bool
        Keep the parsed reference for the next run.
    fasta : path, optional
        Indexed sequence of the target build: checks REF and writes indels in normal form.
    palindromic : {"drop", "infer", "keep"}
        What to do with A/T and C/G SNPs.
    palindromic_maf : float
        Largest minor allele frequency at which a strand is inferred.
    effect_allele : {"alt", "ref", "given"}, optional
        Allele that effects refer to; default ``"alt"`` where there is a reference or sequence.
    unmatched : {"drop", "keep"}
        Rows that the reference does not have.
    eaf_difference : float
        Differences of EAF from the reference's above this are flagged.
    formats : sequence of str
        Of ``"tsv"``, ``"parquet"``, ``"ssf"``, ``"ldsc"``, ``"vcf"``.
    store : path, optional
        Study to put the tables in, as ``sumstats/<trait>``.
    trait_names : sequence of str, optional
        Default: the file names without endings.
    columns, header, dialect, dialect_files, n, n_cases, n_controls, sample
        As for :func:`~postgwas.sumstats.run.read_sumstats`; for all files alike.
    ssf_metadata : mapping, optional
        Further entries of the GWAS-SSF description.
    report : bool
        Write ``<out>.report.html``.
    figures : bool
        Write the report's figures as PNG files too.
    overwrite : bool
        Replace existing results.
    chunk_bytes : int
        Text parsed at a time; changes no result.
    cores, scheduler, jobqueue, jobqueue_options
        Where chromosomes are worked on; see :func:`postgwas.compute.engine.engine`.
    quiet, verbose, log_json
        What the log tells.

    Returns
    -------
    list of Harmonised
        One a file, in their order.

    Raises
    ------
    PostgwasError
        Something is wrong with a file or the arguments. Of several files the others are
        harmonised all the same before that is raised.
    """
    given = [sumstats] if isinstance(sumstats, (str, os.PathLike)) else sumstats
    paths = [os.fspath(path) for path in given]
    if not paths:
        raise UsageError("no summary statistics given", hint="--sumstats FILE ...")
    options = HarmoniseOptions(
        build=build,
        target_build=target_build,
        chain=_text(chain),
        reference=_text(reference),
        af_field=af_field,
        reference_cache=reference_cache,
        fasta=_text(fasta),
        palindromic=palindromic,
        palindromic_maf=palindromic_maf,
        effect_allele=effect_allele,
        unmatched=unmatched,
        eaf_difference=eaf_difference,
        formats=tuple(dict.fromkeys(formats)),
        store=_text(store),
        columns=dict(columns or {}),
        header=header,
        dialect=dialect,
        dialect_files=tuple(map(os.fspath, dialect_files)),
        n=n,
        n_cases=n_cases,
        n_controls=n_controls,
        sample=sample,
        ssf_metadata=dict(ssf_metadata or {}),
        report=report,
        figures=figures,
        overwrite=overwrite,
        chunk_bytes=chunk_bytes,
    )
    names = names_of(paths, trait_names)
    outs = prefixes(out, names)
    for prefix in outs:
        refuse_existing(prefix, _endings(options), overwrite=overwrite)
    check_store(options.store, [store_key(name) for name in names], overwrite=overwrite)
    log_path = outs[0] if len(outs) == 1 else Path(out) / "harmonise"
    with (
        run_log(f"{log_path}.log", quiet=quiet, verbose=verbose, json_lines=log_json, fresh=overwrite),
        engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as where,
    ):
        return _all_files(paths, names, outs, options, where)


def _all_files(
    paths: Sequence[str], names: Sequence[str], outs: Sequence[Path], options: HarmoniseOptions, where: Engine
) -> list[Harmonised]:
    given = _open_given(options)
    done: list[Harmonised] = []
    failed: list[PostgwasError] = []
    # As many files at a time as there are workers: their rows lie on disk until all are written.
    at_once = where.cores
    for first in range(0, len(paths), at_once):
        batch = range(first, min(first + at_once, len(paths)))
        with scratch_folder(outs[first].parent) as folder:
            reading = reading_of(replace(options, read_ahead=len(batch) == 1 and at_once > 1), _NAME_FLAGS)
            tasks = [ReadTask(paths[i], reading, folder / str(i)) for i in batch]
            for i, read in zip(batch, where.map(read_file, tasks, label="Reading files")):
                try:
                    if isinstance(read, PostgwasError):
                        raise read
                    done.append(_one_file(read, names[i], outs[i], options, given, where))
                except PostgwasError as error:
                    if len(paths) == 1:
                        raise
                    log.error("%s", error)
                    failed.append(error)
                shutil.rmtree(folder / str(i), ignore_errors=True)
    if failed:
        rest = f" (and {len(failed) - 1} more files failed, see the log)" if len(failed) > 1 else ""
        failed[0].message += rest
        raise failed[0]
    return done


def _one_file(
    spilled: Spilled, name: str, prefix: Path, options: HarmoniseOptions, given: Given, where: Engine
) -> Harmonised:
    watch = Stopwatch()
    with staged(prefix, overwrite=options.overwrite) as stage:
        work = harmonise_rows(spilled, options, given, where, stage.scratch)
        for warning in work.warnings:
            log.warning("%s", warning)
        files, n_written = write_trait(name, work, options, stage, where)
        if options.store is not None:
            key = write_store(name, work, options, wall_seconds=time.perf_counter() - watch.began)
            log.info("%s: stored as %s in %s", name, key, options.store)
        summary = work.spilled.summary
        result = Harmonised(
            name=name,
            source=summary.source,
            files=files,
            account=work.account,
            plan=work.plan,
            call=work.spilled.call,
            dialect=summary.dialect,
            columns=summary.columns,
            derived=tuple(dict.fromkeys([*summary.derived, *(d for r in work.results for d in r.derived)])),
            n_kind=summary.n_kind,
            warnings=work.warnings,
            frequencies=work.frequencies,
            consistency=work.consistency,
            n_normalised=sum(r.n_normalised for r in work.results),
            n_written=n_written,
        )
        if options.report or options.figures:
            result = _illustrate(result, work, options, stage, watch)
    _tell(result, watch)
    return result


def _illustrate(
    result: Harmonised, work: Work, options: HarmoniseOptions, stage: Stage, watch: Stopwatch
) -> Harmonised:
    # Drawing takes half a second to import: only runs that draw pay for it.
    from postgwas.sumstats.harmonise.report import draw, write_report

    pictures = draw(work, options)
    files = dict(result.files)
    if options.figures:
        for name, image in pictures.images.items():
            stage.path(f".{name}.png").write_bytes(image)
            files[name] = stage.final(f".{name}.png")
    if options.report:
        path = stage.path(".report.html")
        seconds = time.perf_counter() - watch.began
        write_report(path, replace(result, files=files), work, options, pictures, seconds=seconds)
        files["report"] = stage.final(".report.html")
    return replace(result, files=files)


def _tell(result: Harmonised, watch: Stopwatch) -> None:
    account = result.account
    log_step(
        log,
        result.name,
        rows_in=account.n_read,
        rows_out=account.n_kept,
        dropped=account.dropped,
        unit="rows",
    )
    for line in account.lines():
        if line.group in ("kept", "of the kept") and line.code != "total":
            log.info("%s: %s %s", result.name, f"{line.rows:,}", line.text)
    for kind, rows in result.n_written.items():
        log.info("%s: %s of the rows have what the format %s demands", result.name, f"{rows:,}", kind)
    seconds = time.perf_counter() - watch.began
    log.info("%s: N is %s; %.1f s", result.name, result.n_kind, seconds)


def _open_given(options: HarmoniseOptions) -> Given:
    """Reference, sequence and chain; refuses those that contradict each other."""
    found = None
    build = None
    if options.reference is not None:
        found = open_reference(options.reference, af_field=options.af_field, cache=options.reference_cache)
        for warning in found.warnings:
            log.warning("%s", warning)
        log.info(
            "%s: %s variants of %s chromosomes, build %s",
            found.source,
            f"{sum(found.n_variants.values()):,}",
            len(found.n_variants),
            found.build or "not told",
        )
        for reason, count in found.skipped.items():
            log.info("%s: %s of its records: %s", found.source, f"{count:,}", reason)
        build = found.build
    if options.fasta is not None:
        of_sequence = Fasta(options.fasta).build
        if build is not None and of_sequence not in (None, build):
            raise UsageError(f"the reference is {build}, but {options.fasta} is {of_sequence}")
        build = build or of_sequence
    if build is not None and build not in BUILDS:
        raise UsageError(f"the reference is of build {build}; expected {' or '.join(BUILDS)}")
    return Given(found, build, read_chain(options.chain) if options.chain is not None else None)


def _endings(options: HarmoniseOptions) -> tuple[str, ...]:
    endings = [ENDINGS[kind] for kind in options.formats]
    return (*endings, ".account.tsv", ".rejected.tsv.gz", *((".report.html",) if options.report else ()))


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
