"""Pruning from files to files: what ``postgwas genotypes prune`` does."""

from __future__ import annotations

import os
import time
from typing import Any

from postgwas.destination import Destination
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.run_prune import PruneResult, PruneSettings, prune
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.genotypes.variants import require_unique_ids
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited

log = get_logger(__name__)

ENDINGS = (".prune.in", ".prune.out", ".prune.tsv.gz")


def prune_files(
    genotypes: str | os.PathLike[str],
    out: str,
    *,
    selection: Selection | None = None,
    settings: PruneSettings | None = None,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> PruneResult:
    """Prune and write OUT.prune.in and OUT.prune.out (ids, as plink), OUT.prune.tsv.gz, OUT.log.

    Parameters
    ----------
    genotypes, selection, settings
        As :func:`postgwas.genotypes.run_prune.prune`.
    out : str
        Prefix of the files.
    store : str, optional
        A study's store, for ``genotypes/prune/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    InputError
        If ids are not unique: lists of them could not tell kept from pruned variants.
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings = settings or PruneSettings()
    settings.check()
    target = Destination(out, ENDINGS, store, ("prune",) if store else (), overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        chosen = open_selected(genotypes, selection, scratch=target.folder)
        data = chosen.genotypes
        require_unique_ids(data.variants, data.path, "a list of what is kept")
        n_in = data.n_samples + sum(chosen.samples_dropped.values())
        log_step(log, "Samples", rows_in=n_in, rows_out=data.n_samples, dropped=chosen.samples_dropped,
                 unit="samples")  # fmt: skip
        log_step(log, "Variants", rows_in=data.n_variants + sum(chosen.variants_dropped.values()),
                 rows_out=data.n_variants, dropped=chosen.variants_dropped)  # fmt: skip
        result = prune(data, settings=settings, **where)
        n_kept = int(result.kept.sum())
        log_step(log, "Pruning", rows_in=data.n_variants, rows_out=n_kept, dropped=result.dropped)
        table = result.table()
        with target.together() as aside:
            for ending, mask in ((ENDINGS[0], result.kept), (ENDINGS[1], ~result.kept)):
                write_delimited(
                    result.variants.filter(mask).select("SNPID"), aside.path(ending), header=False
                )
            write_delimited(table, aside.path(ENDINGS[2]))
        if store is not None:
            origin = Origin(
                parameters_of(data, selection, settings), input_files(data, selection_lists(selection)),
                time.perf_counter() - began, data.n_variants, n_kept, result.dropped,
            )  # fmt: skip
            attrs = {"n_samples": data.n_samples, "n_kept": n_kept}
            store_tables(target, {"prune": (table, "pruned-variants")}, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result
