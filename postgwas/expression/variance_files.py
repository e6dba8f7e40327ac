"""The table, summary, figure and stored result of expression variance."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.expression.import_files import Prefix
from postgwas.staging import appear_together
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

    from postgwas.expression.run_variance import VarianceOptions

NAMES = ("variance.tsv.gz", "variance_summary.tsv", "variance.png")


def write_variance(frame: pl.DataFrame, prefix: Prefix, options: VarianceOptions) -> pl.DataFrame:
    """Write all files at once; gives the summary: a row a group with means over genes."""
    from postgwas.plot.expression_variance import variance_figure
    from postgwas.plot.saving import save_figure

    summary = summarise(frame, options)
    shares = {term: frame[f"SHARE_LEFT_{term}"].drop_nulls().to_numpy() for term in options.groups}
    figure = variance_figure(shares)
    with appear_together(prefix.folder) as aside:
        write_delimited(frame, aside / prefix.name(NAMES[0]))
        write_delimited(summary, aside / prefix.name(NAMES[1]))
        save_figure(figure, aside / prefix.name(NAMES[2]))
    return summary


def summarise(frame: pl.DataFrame, options: VarianceOptions) -> pl.DataFrame:
    """Mean and median shares of each group over genes, and genes with P below 0.05 after Bonferroni."""
    import polars as pl

    rows = []
    for term in options.groups:
        share = frame[f"SHARE_{term}"].drop_nulls().to_numpy()
        left = frame[f"SHARE_LEFT_{term}"].drop_nulls().to_numpy()
        level = -np.log10(0.05 / max(len(share), 1))
        significant = int((frame[f"MLOG10P_{term}"].fill_null(0.0) > level).sum())
        rows.append(
            (term, len(share), share.mean(), np.median(share), left.mean(), np.median(left), significant)
        )
    names = [
        "TERM",
        "N_GENES",
        "MEAN_SHARE",
        "MEDIAN_SHARE",
        "MEAN_SHARE_LEFT",
        "MEDIAN_SHARE_LEFT",
        "N_SIGNIFICANT",
    ]
    return pl.DataFrame(rows, schema=names, orient="row")


def store_variance(
    frame: pl.DataFrame,
    store: str | os.PathLike[str],
    key: str,
    *,
    files: Sequence[str],
    parameters: Mapping[str, Any],
    dropped: Mapping[str, int],
    seconds: float,
    overwrite: bool,
) -> None:
    """Put the table under a key, such as ``expression/variance/lcl``."""
    from postgwas.store import Study
    from postgwas.store.provenance import Provenance

    made = Provenance.collect(
        parameters=parameters, inputs=files, rows_in=frame.height,
        rows_out=frame.height - sum(dropped.values()),
        dropped=dropped, wall_seconds=seconds,
    )  # fmt: skip
    table = frame.rename({"TSS": "POS"})
    Study.open(store, create=True).write_table(
        key, table, kind="expression-variance", provenance=made, overwrite=overwrite
    )
