"""A result into a study's store."""

from __future__ import annotations

import os
import time
from dataclasses import asdict

from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.result import Munged


def write_store(
    result: Munged,
    path: str | os.PathLike[str],
    key: str,
    options: MungeOptions,
    *,
    overwrite: bool,
    begin: float,
) -> None:
    """Put the table into a study's store under `key`."""
    import polars as pl

    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    frame = result.frame.drop_nulls("N")
    study = Study.open(path, create=True)
    inputs = [result.source] + ([os.fspath(options.merge_alleles)] if options.merge_alleles else [])
    study.write_table(
        key,
        frame.with_columns(pl.col(c).cast(pl.String) for c in ("A1", "A2") if c in frame.columns),
        kind="ldsc-sumstats",
        attrs={**asdict(result.summary), "effect_allele": "A1", "warnings": list(result.warnings)},
        units={"Z": "standard errors", "N": "people"},
        provenance=Provenance.collect(
            parameters=asdict(options), inputs=inputs, rows_in=result.n_rows, rows_out=frame.height,
            dropped=result.counts, wall_seconds=time.perf_counter() - begin,
        ),
        overwrite=overwrite,
    )  # fmt: skip
