"""Projections from files to files: what ``postgwas genotypes project`` does."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.genotypes.groups import groups_of
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.pca_result import score_table
from postgwas.genotypes.run_project import Projection, ProjectSettings, project
from postgwas.genotypes.selection import Selection, open_for_selection
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

TABLE, FIGURE = ".projected.tsv", ".projected.png"


def project_files(
    genotypes: str | os.PathLike[str],
    loadings: str | os.PathLike[str],
    out: str,
    *,
    frequencies: str | None = None,
    selection: Selection | None = None,
    settings: ProjectSettings | None = None,
    dosage: bool = False,
    groups: str | None = None,
    group_column: str | None = None,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> Projection:
    """Project samples and write OUT.projected.tsv, OUT.projected.png and OUT.log.

    The table has ids, PC1, PC2, ..., N_OBSERVED (calls used) and SEEN (share of the axes that they hold).

    Parameters
    ----------
    genotypes, loadings, frequencies, selection, settings, dosage
        As :func:`postgwas.genotypes.run_project.project`.
    out : str
        Prefix of the files.
    groups, group_column : str, optional
        Colours of the figure.
    figures : bool
    store : str, optional
        A study's store, for ``genotypes/projected/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.
    """
    settings = settings or ProjectSettings()
    settings.check()
    optional = (FIGURE,) if figures else ()
    target = Destination(out, (TABLE, *optional), store, ("projected",) if store else (), overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        data = open_for_selection(genotypes, selection, dosage=dosage, scratch=target.folder)
        log.info("%s: %s variants, %s samples", data.path, f"{data.n_variants:,}", f"{data.n_samples:,}")
        result = project(
            data, loadings, frequencies=frequencies, selection=selection, settings=settings, **where
        )
        lost = int(np.isnan(result.scores).any(axis=1).sum())
        if lost:
            log.warning("%s samples have too few of these calls to be projected: NA", f"{lost:,}")
        if not settings.unshrink:
            log.info(
                "Scores are as they fall: nearer to 0 than those of the reference's samples (--unshrink)"
            )
        known = None if groups is None else groups_of(result.samples, groups, column=group_column)
        table = projected_table(result)
        with target.together() as aside:
            write_delimited(table, aside.path(TABLE))
            if figures:
                from postgwas.plot.pca import pca_figure
                from postgwas.plot.saving import save_figure

                unknown = np.full(result.scores.shape[1], np.nan)
                names = None if known is None else known.labels()
                save_figure(pca_figure(result.scores, unknown, groups=names), aside.path(FIGURE))
        if store is not None:
            parameters = parameters_of(data, selection, settings, loadings=os.fspath(loadings))
            inputs = input_files(data, [*selection_lists(selection), loadings, frequencies, groups])
            _store(result, table, target, parameters, inputs, time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def projected_table(result: Projection) -> pl.DataFrame:
    """Ids, scores, calls used, and the share of the axes that they hold."""
    import polars as pl

    return score_table(result.samples, result.scores).with_columns(
        pl.Series("N_OBSERVED", result.n_observed), pl.Series("SEEN", result.seen)
    )


def _store(
    result: Projection,
    table: pl.DataFrame,
    target: Destination,
    parameters: dict[str, Any],
    inputs: list[str],
    seconds: float,
) -> None:
    origin = Origin(parameters, inputs, seconds, result.n_loadings, result.n_matched, result.dropped)
    attrs = {
        "n_matched": result.n_matched, "n_loadings": result.n_loadings, "n_swapped": result.n_swapped,
        "eigenvalues": result.eigenvalues.tolist(),
    }  # fmt: skip
    store_tables(target, {"projected": (table, "pca-scores")}, origin, attrs=attrs)
