"""The files, figures and stored table of sample quality."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.expression.import_files import Prefix
from postgwas.expression.outliers import Axes
from postgwas.expression.qc_checks import SexTable
from postgwas.expression.run_mixups import Mixups
from postgwas.expression.sample_qc import Verdicts
from postgwas.staging import appear_together
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from postgwas.expression.run_qc import QcOptions


def planned(options: QcOptions, prefix: Prefix) -> list[str]:
    """Names of the files that a run may write."""
    figures = {"outliers": True, "sex": True, "mixups": bool(options.genotypes)}
    names = ["sample_qc.tsv", "keep.txt"]
    names += [
        f"{what}.png"
        for what, drawn in figures.items()
        if drawn and options.figures and what not in options.skip
    ]
    names += ["mixups.tsv.gz"] if options.genotypes and "mixups" not in options.skip else []
    return [prefix.name(name) for name in names]


def write_quality(
    table: pl.DataFrame,
    prefix: Prefix,
    *,
    axes: Axes | None,
    d: NDArray[np.float64] | None,
    sex: SexTable | None,
    mixups: Mixups | None,
    options: QcOptions,
) -> None:
    """Write everything at once."""
    from postgwas.plot.saving import save_figure

    figures: dict[str, Figure] = {}
    samples = table["sample"].to_list()
    if axes is not None and options.figures:
        figures["outliers"] = _outliers(table, axes, d, samples, options)
    if sex is not None and options.figures:
        figures["sex"] = _sex(table, sex, samples, options)
    if mixups is not None and options.figures:
        figures["mixups"] = _mixups(mixups)
    with appear_together(prefix.folder) as aside:
        write_delimited(table, aside / prefix.name("sample_qc.tsv"))
        kept = table.filter(table["PASS"])["sample"].to_list()
        (aside / prefix.name("keep.txt")).write_text("".join(f"{name}\n" for name in kept))
        if mixups is not None:
            write_delimited(_mismatch_frame(mixups), aside / prefix.name("mixups.tsv.gz"), decimals=5)
        for what, figure in figures.items():
            save_figure(figure, aside / prefix.name(f"{what}.png"))


def store_table(
    table: pl.DataFrame,
    store: str | os.PathLike[str],
    key: str,
    path: str | os.PathLike[str],
    options: QcOptions,
    verdicts: Verdicts,
    started: float,
    overwrite: bool,
) -> None:
    """Put the table under a key, such as ``expression/qc/lcl``."""
    from postgwas.genotypes.inputs import input_files, selection_lists
    from postgwas.store import Study
    from postgwas.store.provenance import Provenance

    beside = [options.gtf, options.metrics, options.sheet, options.match, *selection_lists(options.selection)]
    made = Provenance.collect(
        parameters=asdict(options),
        inputs=[path, *input_files(options.genotypes, beside)],
        rows_in=table.height,
        rows_out=int(verdicts.passed.sum()),
        dropped=verdicts.counts(),
        wall_seconds=time.perf_counter() - started,
    )
    Study.open(store, create=True).write_table(
        key, table, kind="expression-qc", provenance=made, overwrite=overwrite
    )


def _outliers(
    table: pl.DataFrame, axes: Axes, d: NDArray[np.float64] | None, samples: list[str], options: QcOptions
) -> Figure:
    from postgwas.plot.expression_qc import outlier_figure

    failed = table["REASONS"].str.contains("SDs out|SDs low|D below").to_numpy()
    name = "PC" if options.outlier_method == "pca" else "MDS "
    return outlier_figure(axes.scores, axes.share, d, samples, failed, name=name)


def _sex(table: pl.DataFrame, sex: SexTable, samples: list[str], options: QcOptions) -> Figure:
    from postgwas.plot.expression_qc import sex_figure

    failed = table["REASONS"].str.contains("sex differs", literal=True).to_numpy()
    return sex_figure(
        sex.told.xist, sex.told.y, sex.reported, samples, failed, unit=sex.unit, limit=options.sex_limit
    )


def _mixups(mixups: Mixups) -> Figure:
    from postgwas.expression.mixups import MIXED_UP
    from postgwas.plot.expression_qc import mixup_figure

    told = mixups.assessment
    return mixup_figure(
        mixups.mismatches,
        mixups.own,
        told.z_own,
        told.z_best,
        told.best,
        mixups.samples,
        told.verdict == MIXED_UP,
    )


def _mismatch_frame(mixups: Mixups) -> pl.DataFrame:
    import polars as pl

    values = pl.DataFrame(mixups.mismatches, schema=list(mixups.people), orient="row")
    return pl.DataFrame({"sample": list(mixups.samples)}).hstack(values)
