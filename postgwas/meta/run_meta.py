"""Meta-analysis from files to files: what ``postgwas meta`` does."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from postgwas.compute.engine import Engine, engine
from postgwas.destination import Destination
from postgwas.errors import NoVariantsError
from postgwas.meta.after_run import endings_of, extras_of
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.block_task import BlockResult, BlockTask, blocks_of, merged_partitions, run_block
from postgwas.meta.common_strand import StrandRules
from postgwas.meta.methods import Context, Method, loaded, method_named
from postgwas.meta.read_study import ReadStudy, ReadTask, RowRules, read_study
from postgwas.meta.settings import MetaSettings
from postgwas.meta.spool import group_of
from postgwas.meta.ssf_description import ENDING as DESCRIPTION
from postgwas.meta.strand_account import check_strands
from postgwas.meta.strand_panel import spool_panel
from postgwas.meta.studies import StudyList
from postgwas.meta.study_checks import check_builds, check_rows, warnings_of
from postgwas.meta.study_pairs import pair_warnings
from postgwas.meta.write_meta import ENDINGS, stored_names, tell, write_results
from postgwas.runlog import get_logger, run_log
from postgwas.staging import scratch_folder

log = get_logger("meta")


@dataclass(frozen=True, eq=False)
class MetaResult:
    """What a meta-analysis did.

    Attributes
    ----------
    studies : tuple of ReadStudy
        In the order of their names.
    lambdas : ndarray of float64, shape (K,)
        Genomic control that was applied.
    blocks : tuple of BlockResult
    seconds : float
    """

    studies: tuple[ReadStudy, ...]
    lambdas: np.ndarray
    blocks: tuple[BlockResult, ...]
    seconds: float = 0.0
    tables: dict[str, Any] = field(default_factory=dict)

    @property
    def n_variants(self) -> int:
        """Variants with a result."""
        return sum(block.n_variants for block in self.blocks)


def meta(
    studies: StudyList,
    out: str | os.PathLike[str],
    *,
    settings: MetaSettings | None = None,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> MetaResult:
    """Combine studies and write.

    OUT.tbl, OUT.tsv.gz, OUT.ssf.tsv.gz, OUT.parquet as asked for, OUT.rejected.tsv.gz, OUT.studies.tsv (the
    account of each study's rows), OUT.log; in the store ``meta/<method>/<prefix>``. Every study is read once;
    memory grows with the number of studies, not of variants. The same bits whatever the order of rows and
    studies and the number of workers.

    Parameters
    ----------
    studies : StudyList
    out : path-like
        Prefix of the files.
    settings : MetaSettings, optional
    store : str, optional
        A study's store.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen = settings or MetaSettings()
    chosen.check()
    method = method_named(chosen.method)
    endings = (
        *(ENDINGS[name] for name in chosen.formats),
        *((f"{ENDINGS['ssf']}{DESCRIPTION}",) if "ssf" in chosen.formats else ()),
        ".rejected.tsv.gz",
        ".studies.tsv",
        *method.endings,
        *endings_of(chosen),
    )
    target = Destination(
        os.fspath(out), endings, store, stored_names(chosen) if store else (), overwrite, "meta"
    )
    target.check()
    began = time.perf_counter()
    with run_log(f"{target.out}.log", quiet=quiet, json_lines=log_json), ExitStack() as stack:
        _tell_studies(studies)
        folder = stack.enter_context(scratch_folder(Path(target.out or "").parent))
        running = stack.enter_context(engine(**where))
        read = read_studies(studies, chosen, method, folder, running)
        lambdas = chosen_lambdas(studies, read, chosen)
        blocks, every = run_blocks(
            studies, read, lambdas, chosen, method, folder, running, frames=store is not None
        )
        tables = loaded(method.tables)(every.context) if method.tables else {}
        result = MetaResult(tuple(read), lambdas, tuple(blocks), time.perf_counter() - began, tables)
        if not result.n_variants:
            raise NoVariantsError(
                f"no variant of {chosen.min_studies} studies or more: are identifiers or builds the same?",
                hint="--min_studies 1, or --match id",
            )
        check_places(result, chosen)
        check_strands(result, chosen)
        counts = [one for block in blocks for one in block.pairs]
        for line in pair_warnings([study.name for study in studies.canonical], counts):
            log.warning("%s", line)
        tell(result, studies)
        extras = extras_of(result, studies, chosen, every)
        write_results(result, studies, chosen, target, extras)
    return result


def _tell_studies(studies: StudyList) -> None:
    if len(studies) == 1:
        log.warning(
            "%s is the only study: its own figures come out, and nothing tells of heterogeneity",
            studies.studies[0].name,
        )
    if studies.unused:
        log.warning("the table of studies has columns that nothing uses: %s", ", ".join(studies.unused))


def check_places(result: MetaResult, chosen: MetaSettings) -> None:
    """GWAS-SSF needs positions: a warning of variants that it cannot have, a refusal if it had none."""
    lost = sum(block.n_unplaced for block in result.blocks)
    if "ssf" not in chosen.formats or not lost:
        return
    if lost == result.n_variants:
        raise NoVariantsError("--format ssf: no variant has a position", hint="--format tbl,tsv")
    log.warning("%s variants have no position and are not in OUT.ssf.tsv.gz", f"{lost:,}")


@dataclass(frozen=True)
class AllBlocks:
    """Aligned studies of all partitions, as often as they are gone through; with `keep` aligned once."""

    tasks: Sequence[BlockTask]
    context: Context
    keep: bool = False

    def __iter__(self) -> Iterator[MetaBlock]:
        n_studies = len(self.context.names)
        for task in self.tasks:
            for merged in merged_partitions(task, n_studies, keep=self.keep):
                yield from blocks_of(merged, self.context.lambdas)


def read_studies(
    studies: StudyList, chosen: MetaSettings, method: Method, folder: Path, running: Engine
) -> list[ReadStudy]:
    """Every study read once and spooled; refuses those that cannot be combined."""
    needs = tuple(chosen.options.get("needs") or method.needs)
    rules = RowRules(
        needs, chosen.by_id, chosen.maf_min, chosen.info_min, chosen.n_min, chosen.palindromic == "drop"
    )
    chains = chains_for(studies, chosen, folder)
    tasks = [ReadTask(study, at, rules, folder, chains[at]) for at, study in enumerate(studies.canonical)]
    read = running.map(read_study, tasks, label="Reading studies")
    for study in read:
        for line in study.warnings:
            log.warning("%s", line)
    check_rows(read)
    if chosen.target_build is None and not chosen.by_id:
        for line in check_builds(read, any_build=chosen.any_build):
            log.info("%s", line)
    for line in warnings_of(read):
        log.warning("%s", line)
    return read


def chains_for(studies: StudyList, chosen: MetaSettings, folder: Path) -> Sequence[str | None]:
    """For each study in the order of names, the chain that lifts it to the target build, if it needs one."""
    if chosen.target_build is None:
        return [None] * len(studies)
    from postgwas.meta.lift_rows import plan_lifts

    return plan_lifts(studies.canonical, chosen.target_build, chosen.chain, folder)


def chosen_lambdas(studies: StudyList, read: Sequence[ReadStudy], chosen: MetaSettings) -> np.ndarray:
    """Genomic control of each study, in the order of names; at least 1."""
    found = []
    for spec, study in zip(studies.canonical, read):
        if spec.lambda_gc is not None:
            value = spec.lambda_gc
        elif chosen.genomic_control == "on":
            value = study.lambda_gc
        else:
            value = 1.0 if chosen.genomic_control == "off" else float(chosen.genomic_control)
        found.append(max(value, 1.0) if np.isfinite(value) else 1.0)
        if found[-1] > 1:
            log.info("%s: genomic control, lambda %.3f", spec.name, found[-1])
    return np.array(found)


def run_blocks(
    studies: StudyList,
    read: Sequence[ReadStudy],
    lambdas: np.ndarray,
    chosen: MetaSettings,
    method: Method,
    folder: Path,
    running: Engine,
    *,
    frames: bool,
) -> tuple[list[BlockResult], AllBlocks]:
    """Align and combine, some partitions a task; and the way to go through them again."""
    context = Context(
        names=tuple(study.name for study in studies.canonical),
        ancestries=tuple(study.ancestry for study in studies.canonical),
        environment=np.array([study.environment for study in studies.canonical], float).reshape(
            len(studies), -1
        ),
        environment_names=studies.environment,
        lambdas=lambdas,
        options=chosen.options,
        has=frozenset().union(*(study.has for study in read)),
    )
    path = Path(tempfile.mkstemp(prefix="context.", dir=folder)[1])
    partitions = sorted({one for study in read for one in study.partitions})
    strands = None
    if chosen.palindromic == "infer":
        strands = StrandRules(chosen.palindromic_maf, panel=chosen.reference is not None)
        if chosen.reference is not None:
            spool_panel(chosen, read, folder, set(partitions))
    texts = tuple(name for name in chosen.formats if name != "parquet")
    tasks = [
        BlockTask(
            folder, tuple(group), method.name, str(path), studies.display, texts,
            frames or "parquet" in chosen.formats, chosen.by_id, chosen.multiallelic == "separate",
            chosen.min_studies, None if chosen.loci is None else -float(np.log10(chosen.loci)), strands,
        )
        for _, group in groupby(partitions, group_of)
    ]  # fmt: skip
    if method.prepare is not None:
        path.write_bytes(pickle.dumps(context, protocol=5))
        context = replace(
            context, prepared=loaded(method.prepare)(AllBlocks(tasks, context, keep=True), context)
        )
    path.write_bytes(pickle.dumps(context, protocol=5))
    return running.map(run_block, tasks, label="Combining studies"), AllBlocks(tasks, context)
