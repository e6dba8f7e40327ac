"""Put a harmonised trait into a study's store, a column at a time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import polars as pl

from postgwas.store.part import ColumnsOnDemand
from postgwas.store.provenance import Provenance
from postgwas.store.study import Study
from postgwas.sumstats.harmonise.formats import table_columns
from postgwas.sumstats.harmonise.options import HarmoniseOptions
from postgwas.sumstats.harmonise.run_file import Work


def store_key(name: str) -> str:
    """Key of a trait's table."""
    return f"sumstats/{name}"


def write_store(name: str, work: Work, options: HarmoniseOptions, *, wall_seconds: float) -> str:
    """Store the table with its account; returns the key.

    One column at a time is in memory.
    """
    assert options.store is not None
    summary, account = work.spilled.summary, work.account
    columns, effective = work.columns, summary.n_kind == "effective"
    shown = table_columns(columns, effective=effective)
    parts = [result.part for result in work.results]

    def load(column: str) -> pl.Series:
        return pl.concat([_column(part, column, *shown[column]) for part in parts])

    order = [c for c in ("CHR", "POS") if c in shown] + [c for c in shown if c not in ("CHR", "POS")]
    key = store_key(name)
    inputs = [summary.source, options.chain, options.fasta, options.reference]
    Study.open(options.store, create=True).write_table(
        key,
        ColumnsOnDemand(order, load, key=key),
        kind="harmonised-sumstats",
        attrs={
            "trait": name,
            "genome_build": work.plan.target,
            "source_build": work.plan.source,
            "build_evidence": work.plan.evidence,
            "effect_allele": "EA",
            "n_kind": summary.n_kind,
            "dialect": summary.dialect,
            "columns": dict(summary.columns),
            "account": [asdict(line) for line in account.lines()],
            # The file is the provenance's; the same words of several files are said once on a page.
            "warnings": [text.removeprefix(f"{summary.source}: ") for text in work.warnings],
        },
        units={
            **({"MLOG10P": "-log10 P"} if "MLOG10P" in shown else {}),
            **({"N_EFF": "4 / (1/cases + 1/controls)"} if "N_EFF" in shown else {}),
            **({"N": f"people ({summary.n_kind})"} if "N" in shown else {}),
        },
        provenance=Provenance.collect(
            parameters=asdict(options),
            inputs=[file for file in inputs if file is not None and Path(file).is_file()],
            rows_in=account.n_read,
            rows_out=account.n_kept,
            dropped=account.dropped,
            wall_seconds=wall_seconds,
        ),
        overwrite=options.overwrite,
    )
    return key


def _column(part: str, name: str, source: str, expression: pl.Expr) -> pl.Series:
    with open(part, "rb") as stream:
        frame = pl.read_ipc(stream, columns=[source])
    # Chromosomes stay numbers in the store, which finds regions by them.
    return frame["CHR"] if name == "CHR" else frame.select(expression.alias(name)).to_series()
