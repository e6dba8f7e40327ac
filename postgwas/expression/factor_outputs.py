"""Files and store of hidden factors."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.errors import InputError
from postgwas.expression.covariate_files import write_covariates
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.runlog import get_logger
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

    from postgwas.expression.run_peer import HiddenFactorOptions, HiddenFactors, Method

log = get_logger(__name__)


def factor_destination(
    out: str, method: Method, *, residuals: bool, figures: bool, store: str | None, overwrite: bool
) -> Destination:
    """Where a run's results go: every file that it may write."""
    endings = [f".{method}_factors.txt", ".factors.tsv", ".rejected.tsv.gz", ".number.tsv"]
    endings += [".correlation.tsv"]
    keys = ["factors", "factor_table"]
    if method == "peer":
        endings += [".weights.tsv.gz", ".noise.tsv.gz", ".trace.tsv"]
        keys += ["factor_trace", "factor_weights"]
    if residuals:
        endings += [".residuals.bed.gz", ".residuals.bed.gz.tbi"]
    if figures:
        endings += [".relevance.png", ".trace.png", ".number.png", ".correlation.png"]
    return Destination(out, tuple(endings), store, tuple(keys) if store else (), overwrite, "expression")


def write_factors(found: HiddenFactors, target: Destination, *, residuals: bool, figures: bool) -> list[str]:
    """Write all files; gives their endings.

    Raises
    ------
    InputError
        If residuals are wanted and genes have no places.
    """
    import polars as pl

    samples = found.inputs.matrix.samples
    main = f".{found.method}_factors.txt"
    write_covariates(CovariateMatrix(found.factors.T.copy(), found.names, samples), target.path(main))
    tables: dict[str, pl.DataFrame | None] = {
        ".factors.tsv": factor_table(found),
        ".rejected.tsv.gz": found.inputs.rejected if found.inputs.rejected.height else None,
        ".number.tsv": number_table(found),
        ".correlation.tsv": correlation_table(found),
    }
    if found.fit is not None:
        genes = pl.Series("GENE_ID", found.inputs.matrix.gene_ids)
        tables[".weights.tsv.gz"] = weight_table(found)
        tables[".noise.tsv.gz"] = pl.DataFrame([genes, pl.Series("PRECISION", found.fit.eps)])
        tables[".trace.tsv"] = trace_table(found)
    written = [main]
    for ending, table in tables.items():
        if table is not None:
            write_delimited(table, target.path(ending))
            written.append(ending)
    if residuals:
        _write_residuals(found, target.path(".residuals.bed.gz"))
        written.append(".residuals.bed.gz")
    if figures:
        written += _draw(found, target)
    return written


def factor_table(found: HiddenFactors) -> pl.DataFrame:
    """A row a column of the model: what it is, its relevance, its share of variance."""
    import polars as pl

    if found.fit is None:
        assert found.variance is not None
        return pl.DataFrame({"FACTOR": found.names, "VARIANCE_EXPLAINED": found.variance[: len(found.names)]})
    fit, known = found.fit, _known_names(found)
    return pl.DataFrame(
        {
            "FACTOR": [*known, *found.names],
            "KIND": ["known"] * len(known) + ["hidden"] * len(found.names),
            "ALPHA": fit.alpha,
            "RELEVANCE": 1.0 / fit.alpha,
            "VARIANCE_EXPLAINED": fit.variance_explained,
            "ACTIVE": [None] * len(known) + fit.is_active.tolist(),
            "CONVERGED": [fit.converged] * len(fit.alpha),
        }
    )


def weight_table(found: HiddenFactors) -> pl.DataFrame:
    """A row a gene: weights of known covariates and hidden factors."""
    import polars as pl

    assert found.fit is not None
    names = [*_known_names(found), *found.names]
    columns = [pl.Series(name, np.ascontiguousarray(one)) for name, one in zip(names, found.fit.weights.T)]
    return pl.DataFrame([pl.Series("GENE_ID", found.inputs.matrix.gene_ids), *columns])


def trace_table(found: HiddenFactors) -> pl.DataFrame:
    """A row an iteration."""
    import polars as pl

    assert found.fit is not None
    fit = found.fit
    return pl.DataFrame(
        {
            "ITERATION": np.arange(1, fit.n_iterations + 1),
            "BOUND": fit.bound,
            "RESIDUAL_VARIANCE": fit.residual_variance,
        }
    )


def number_table(found: HiddenFactors) -> pl.DataFrame | None:
    """The evidence for the number of factors, if a rule chose it."""
    import polars as pl

    if found.discovery is not None:
        numbers = found.discovery.n_factors
        return pl.DataFrame(
            {
                "N_FACTORS": numbers,
                "N_DISCOVERIES": found.discovery.n_discoveries,
                "CHOSEN": numbers == found.discovery.n,
            }
        )
    if found.pcs is None:
        return None
    pcs = found.pcs
    table = pl.DataFrame({"COMPONENT": np.arange(1, len(pcs.variance) + 1), "VARIANCE": pcs.variance})
    if pcs.rule == "be":
        table = table.with_columns(
            pl.Series("NULL_MEAN", pcs.null.mean(axis=0)), pl.Series("NULL_MAX", pcs.null.max(axis=0)),
            pl.Series("P", pcs.p),
        )  # fmt: skip
    else:
        table = table.with_columns(pl.Series("CHORD_HEIGHT", pcs.p))
    return table.with_columns((pl.col("COMPONENT") <= pcs.n).alias("CHOSEN"))


def correlation_table(found: HiddenFactors) -> pl.DataFrame | None:
    """Correlation of each factor with each known covariate, and R squared of the covariate on all factors."""
    import polars as pl

    made = correlations(found)
    if made is None:
        return None
    names, r, r2 = made
    columns = [pl.Series(name, np.ascontiguousarray(one)) for name, one in zip(found.names, r.T)]
    return pl.DataFrame([pl.Series("COVARIATE", names), pl.Series("R2_ALL_FACTORS", r2), *columns])


def correlations(found: HiddenFactors) -> tuple[list[str], Any, Any] | None:
    """Names of known covariates, their correlations with factors, R squared on the active ones.

    A factor that was switched off has none: it is numerically nothing.
    """
    groups = [made.matrix for made in (found.inputs.known, found.inputs.compared) if made is not None]
    if not groups:
        return None
    rows: dict[str, Any] = {}
    for matrix in groups:
        rows.update(zip(matrix.names, matrix.values))
    known = np.array([row - row.mean() for row in rows.values()])
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    factors = found.factors - found.factors.mean(axis=0)
    active = np.ones(len(found.names), np.bool_) if found.fit is None else found.fit.is_active
    r = np.full((len(rows), len(found.names)), np.nan)
    live = factors[:, active] / np.linalg.norm(factors[:, active], axis=0)
    r[:, active] = known @ live
    basis = np.linalg.qr(live)[0]
    return list(rows), r, ((known @ basis) ** 2).sum(axis=1)


def _known_names(found: HiddenFactors) -> list[str]:
    assert found.fit is not None
    names = [] if found.inputs.known is None else list(found.inputs.known.matrix.names)
    return ["mean"] * (found.fit.known.shape[1] - len(names)) + names


def _write_residuals(found: HiddenFactors, path: Path) -> None:
    from postgwas.expression.bed import write_bed

    matrix = found.inputs.matrix
    if found.fit is None:
        design = np.column_stack([np.ones(matrix.n_samples), found.factors])
        if found.inputs.known is not None:
            design = np.column_stack([design, found.inputs.known.matrix.values.T])
        basis = np.linalg.qr(design)[0]
        values = matrix.values - (matrix.values @ basis) @ basis.T
    else:
        values = found.fit.residuals
    try:
        write_bed(matrix.with_values(np.ascontiguousarray(values), "normalised"), path)
    except InputError as error:
        error.hint = "leave out --residuals, or give a BED"
        raise


def _draw(found: HiddenFactors, target: Destination) -> list[str]:
    from postgwas.plot import hidden_factors as draw
    from postgwas.plot.saving import save_figure

    figures: dict[str, Any] = {}
    if found.fit is not None:
        fit = found.fit
        hidden = slice(fit.known.shape[1], None)
        figures[".relevance.png"] = draw.relevance_figure(
            1.0 / fit.alpha[hidden], fit.variance_explained[hidden], fit.is_active
        )
        figures[".trace.png"] = draw.trace_figure(fit.bound, fit.residual_variance, converged=fit.converged)
    else:
        assert found.variance is not None
        n = len(found.names)
        figures[".relevance.png"] = draw.relevance_figure(None, found.variance[:n], np.ones(n, np.bool_))
    if found.discovery is not None:
        one = found.discovery
        figures[".number.png"] = draw.discovery_figure(one.n_factors, one.n_discoveries, one.n)
    elif found.pcs is not None:
        figures[".number.png"] = draw.components_figure(found.pcs.variance, found.pcs.null, found.pcs.n)
    made = correlations(found)
    if made is not None:
        figures[".correlation.png"] = draw.correlation_figure(made[1], made[0], found.names)
    for ending, figure in figures.items():
        save_figure(figure, target.path(ending))
    return list(figures)


def store_factors(
    found: HiddenFactors, target: Destination, options: HiddenFactorOptions, expression: str, seconds: float
) -> None:
    """Put factors, their table, trace and weights into the store."""
    import polars as pl

    from postgwas.genotypes.inputs import input_files, selection_lists
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    beside = [*options.covariates, *options.compare, options.discoveries, *selection_lists(options.selection)]
    inputs = [expression, *input_files(options.genotypes, beside)]
    rejected = dict(found.inputs.rejected.group_by("REASON").len().iter_rows())
    n_genes = found.inputs.matrix.n_genes
    made = Provenance.collect(
        parameters={"expression": expression, **asdict(options)}, inputs=inputs,
        rows_in=n_genes + found.inputs.rejected.height, rows_out=n_genes, dropped=rejected,
        wall_seconds=seconds,
        seed=options.seed if found.pcs is not None and found.pcs.rule == "be" else None,
    )  # fmt: skip
    attrs = {"method": found.method, "how": found.how}
    tables = {
        "factors": pl.DataFrame(
            {"SAMPLE": found.inputs.matrix.samples, **dict(zip(found.names, found.factors.T.copy()))}
        ),
        "factor_table": factor_table(found),
    }
    if found.fit is not None:
        attrs |= {"converged": str(found.fit.converged), "stop": found.fit.stop}
        tables |= {"factor_trace": trace_table(found), "factor_weights": weight_table(found)}
    assert target.store is not None
    study = Study.open(target.store, create=True)
    for key, table in tables.items():
        study.write_table(
            target.key(key), table, kind=f"expression-{key.replace('_', '-')}", attrs=attrs, provenance=made,
            overwrite=target.overwrite,
        )  # fmt: skip
    log.info("Stored %s in %s", target.key("factors"), target.store)
