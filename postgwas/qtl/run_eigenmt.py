"""Effective number of tests of each phenotype's window: ``postgwas.qtl.eigenmt``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.effective_tests import effective_tests
from postgwas.qtl.inputs import EMPTY_WINDOW, Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.qtl.qvalues import qvalue
from postgwas.qtl.rejections import Rejections, SegmentRejections, gather_rejections, segment_rejections
from postgwas.qtl.run_cis import refuse_untested
from postgwas.qtl.segments import Segment, segments_of
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

WHAT = "eigenmt"


@dataclass(frozen=True, eq=False)
class EffectiveTests:
    """Effective tests of phenotypes.

    Attributes
    ----------
    table : polars.DataFrame
        phenotype_id, num_var (variants of its window that are tested), tests_emt; with nominal
        results also variant_id, pval_nominal of the best, pval_emt = min(1, tests_emt pval_nominal)
        and pval_adj_bh (Benjamini and Hochberg over phenotypes).
    rejected : Rejections
    """

    table: pl.DataFrame
    rejected: Rejections


def eigenmt(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    nominal: Paths | pl.DataFrame | None = None,
    eigenmt_window: int = 200,
    eigenmt_variance: float = 0.99,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> EffectiveTests:
    """Effective number of tests of each phenotype, and nominal results corrected by it.

    Parameters
    ----------
    genotypes : Genotypes, path or QtlInputs
    phenotypes : ExpressionMatrix or path
        A phenotype BED; only its places and samples are used.
    options : QtlInputOptions, optional
        Window and limits: those of the nominal pass.
    nominal : path or polars.DataFrame, optional
        Nominal results: all pairs, or the best of each phenotype.
    eigenmt_window : int
        Variants of a window of eigenMT.
    eigenmt_variance : float
        Share of the variance that the counted eigenvalues hold.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.qtl.inputs.load_inputs`; or the nominal results are of other phenotypes.

    References
    ----------
    Davis et al. 2016, Am J Hum Genet 98:216-224.

    Examples
    --------
    >>> eigenmt("geno.pgen", "expression.bed.gz").table["tests_emt"].sum()  # doctest: +SKIP
    """
    if isinstance(genotypes, QtlInputs):
        inputs = genotypes
    elif phenotypes is None:
        raise UsageError("no phenotypes are given")
    else:
        inputs = load_inputs(genotypes, phenotypes, options=options)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        return _run(inputs, nominal, eigenmt_window, eigenmt_variance, eng)


@dataclass(frozen=True, eq=False)
class _Task:
    segment: Segment
    window: int
    variance: float


@dataclass(frozen=True, eq=False)
class _Counts:
    names: list[str]
    num_var: list[int]
    tests: list[int]
    rejected: SegmentRejections


def _run(
    inputs: QtlInputs, nominal: Paths | pl.DataFrame | None, window: int, variance: float, eng: Any
) -> EffectiveTests:
    import polars as pl

    effective_tests(np.empty((0, 1)), window=window, variance=variance)  # refuses what is out of range
    best = None if nominal is None else _best(nominal)
    tasks = [_Task(segment, window, variance) for segment in segments_of(inputs)]
    parts: list[_Counts] = eng.map(_count, tasks, label="eigenMT")
    rejected = gather_rejections([part.rejected for part in parts], inputs.rejected)
    table = pl.DataFrame(
        {
            "phenotype_id": pl.Series([name for part in parts for name in part.names], dtype=pl.String),
            "num_var": pl.Series([one for part in parts for one in part.num_var], dtype=pl.Int64),
            "tests_emt": pl.Series([one for part in parts for one in part.tests], dtype=pl.Int64),
        }
    )
    refuse_untested(table.height, inputs, rejected)
    return EffectiveTests(table if best is None else _corrected(table, best), rejected)


def _count(task: _Task) -> _Counts:
    segment = task.segment
    names, num_var, tests, empty = [], [], [], []
    for gene, rows, block in segment.gene_blocks():
        if not len(rows):
            empty.append((segment.gene_ids[gene], EMPTY_WINDOW))
            continue
        names.append(segment.gene_ids[gene])
        num_var.append(len(rows))
        tests.append(effective_tests(block.dosage, window=task.window, variance=task.variance))
    none = np.zeros(segment.n_variants, np.int64)
    return _Counts(
        names, num_var, tests, segment_rejections(segment, none.astype(np.int8), none, phenotypes=empty)
    )


def _best(nominal: Paths | pl.DataFrame) -> pl.DataFrame:
    """The pair of the smallest P of each phenotype, the first of several."""
    import polars as pl

    frame = read_qtl_table(nominal, needed=("phenotype_id", "variant_id", "pval_nominal"))
    return (
        frame.drop_nulls("pval_nominal")
        .group_by("phenotype_id", maintain_order=True)
        .agg(pl.col("variant_id", "pval_nominal").gather(pl.col("pval_nominal").arg_min()).first())
    )


def _corrected(table: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    joined = table.join(best, on="phenotype_id", how="left", maintain_order="left")
    if joined["variant_id"].null_count() == joined.height:
        theirs, ours = best["phenotype_id"][0], table["phenotype_id"][0]
        raise InputError(f"nominal results are of other phenotypes ({theirs}, here {ours})")
    pval = joined["pval_nominal"].fill_null(np.nan).to_numpy()
    pval_emt = np.minimum(joined["tests_emt"].to_numpy() * pval, 1.0)
    return joined.with_columns(
        pl.Series("pval_emt", pval_emt).fill_nan(None),
        pl.Series("pval_adj_bh", qvalue(pval_emt, method="bh").q).fill_nan(None),
    )


def eigenmt_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    options: QtlInputOptions | None = None,
    nominal: Paths | None = None,
    eigenmt_window: int = 200,
    eigenmt_variance: float = 0.99,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> EffectiveTests:
    """Write OUT.eigenmt.tsv.gz, OUT.eigenmt.rejected.tsv.gz and OUT.log.

    Parameters
    ----------
    genotypes, phenotypes, options, nominal, eigenmt_window, eigenmt_variance
        As :func:`eigenmt`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store, for ``qtl/eigenmt/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    target = destination(out, (WHAT,), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        inputs = load_inputs(genotypes, phenotypes, options=options)
        with engine(**where) as eng:
            found = _run(inputs, nominal, eigenmt_window, eigenmt_variance, eng)
        tell_inputs(inputs, found.rejected)
        num_var, tests = found.table["num_var"].sum(), found.table["tests_emt"].sum()
        log.info("%s pairs amount to %s tests", f"{num_var:,}", f"{tests:,}")
        with target.together() as aside:
            write_tables(aside, {WHAT: found.table}, format)
            write_rejections(aside, found.rejected)
        parameters = {"eigenmt_window": eigenmt_window, "eigenmt_variance": eigenmt_variance}
        store_results(
            target, {WHAT: found.table}, inputs, paths=(phenotypes, nominal), parameters=parameters,
            began=began, rejected=found.rejected,
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found
