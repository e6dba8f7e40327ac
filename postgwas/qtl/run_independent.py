"""Conditionally independent signals: ``postgwas.qtl.cis_independent``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, NoSignalError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.beta_fit import BetaFit
from postgwas.qtl.independent_segment import IndependentTask, Lead, SegmentSignals, independent_segment
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs
from postgwas.qtl.permutation_options import PermutationOptions
from postgwas.qtl.permutation_table import PERMUTATION
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.qtl.rejections import Rejections
from postgwas.qtl.run_cis import as_inputs
from postgwas.qtl.run_permutation import permuted_values, some_phenotypes
from postgwas.qtl.segments import refuse_scattered_groups, segments_of
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Results = str | os.PathLike[str]

#: columns of the permutation pass that the search begins with
NEEDED = ("phenotype_id", "variant_id", "pval_nominal", "pval_beta", "qval")
#: columns beside tensorQTL's
OURS = ("tss_distance", "effect_allele", "other_allele", "mlog10p", "mlog10p_beta")


@dataclass(frozen=True, eq=False)
class CisIndependent:
    """Independent signals.

    Attributes
    ----------
    table : polars.DataFrame
        A row a signal: tensorQTL's columns of map_independent (those of the permutation pass, statistics
        beside the other signals of the phenotype, and rank); with groups also group_id and group_size; then
        tss_distance, effect_allele, other_allele, mlog10p, mlog10p_beta.
    threshold : float
        Of pval_beta: the largest of a significant phenotype.
    n_phenotypes : int
        Significant phenotypes, or groups, that were searched.
    options : PermutationOptions
    fdr : float
    most : int
        Largest number of signals of a phenotype.
    rejected : Rejections
    inputs : QtlInputs
    """

    table: pl.DataFrame
    threshold: float
    n_phenotypes: int
    options: PermutationOptions
    fdr: float
    most: int
    rejected: Rejections
    inputs: QtlInputs


def cis_independent(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    results: Results | pl.DataFrame,
    fdr: float = 0.05,
    permutations: int = 10_000,
    seed: int | None = None,
    most: int = 20,
    options: QtlInputOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CisIndependent:
    """Find further signals of significant phenotypes, each beside all others of its phenotype.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, window, maf_min
        As :func:`postgwas.qtl.cis_permutation`; the same data and covariates as for `results`.
    results : path, ``STUDY.h5::KEY`` or polars.DataFrame
        Of the permutation pass, of this package or of tensorQTL: phenotype_id, variant_id, pval_nominal,
        pval_beta, qval.
    fdr : float
        Phenotypes with a q-value up to this are searched; the largest pval_beta among them is the threshold
        of all rounds.
    permutations : int
    seed : int, optional
        Drawn and logged if None.
    most : int
        Largest number of signals.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    CisIndependent

    Raises
    ------
    InputError
        As :func:`postgwas.qtl.cis_permutation`; if no phenotype is significant; or if results are of
        other data: phenotypes, or nominal P-values of leads, are not those of the inputs.
    UsageError
        If options are out of range.

    References
    ----------
    GTEx Consortium (2017), Nature 550, 204; tensorQTL's map_independent.

    Examples
    --------
    >>> cis_independent("geno.pgen", "expr.bed.gz", results="lcl.cis_permutation.tsv.gz")  # doctest: +SKIP
    """
    chosen = PermutationOptions(permutations, seed)
    if not 0 < fdr < 1:
        raise UsageError(f"--fdr {fdr:g}: expected between 0 and 1")
    if most < 1:
        raise UsageError(f"--max_signals {most}: expected at least 1")
    inputs = as_inputs(genotypes, phenotypes, covariates, options=options, window=window, maf_min=maf_min)
    chosen.check(grouped="GROUP_ID" in inputs.phenotypes.genes.columns)
    refuse_scattered_groups(inputs)
    told = "results" if not isinstance(results, (str, os.PathLike)) else os.fspath(results)
    leads, threshold = _leads(read_qtl_table(results, needed=NEEDED), fdr, told)
    searched = some_phenotypes(inputs, _searched(inputs, leads, told))
    chosen = chosen.with_seed()
    assert chosen.seed is not None
    values = permuted_values(searched)
    tasks = [
        IndependentTask(
            one, values[one.genes], {name: leads[name] for name in one.gene_ids if name in leads},
            chosen.seed, permutations, threshold, most,
        )
        for one in segments_of(searched)
    ]  # fmt: skip
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(independent_segment, tasks, label="Independent signals")
    _refuse_strangers(parts, told)
    left = {name: why for part in parts for name, why in part.left_out}
    notes = [(name, None, why) for part in parts for name, why in part.notes]
    if left or notes:
        log.warning("%d phenotypes were not searched, %d searches ended early", len(left), len(notes))
    table = _table(parts, searched)
    log.info(
        "%d signals of %d phenotypes (pval_beta up to %.3g), %d of them with more than one",
        table.height, len(leads) - len(left), threshold, table.filter(table["rank"] == 2).height,
    )  # fmt: skip
    rejected = Rejections({**inputs.rejected, **left}, {}, pairs=notes)
    return CisIndependent(table, threshold, len(leads), chosen, fdr, most, rejected, inputs)


def _leads(table: pl.DataFrame, fdr: float, told: str) -> tuple[dict[str, Lead], float]:
    import polars as pl

    kept = table.filter(pl.col("qval") <= fdr)
    if not kept.height:
        raise NoSignalError(f"{told}: no phenotype has a q-value up to {fdr:g}", hint="--fdr")
    extra = ("num_var", "beta_shape1", "beta_shape2", "true_df", "pval_perm")
    here = [name for name in extra if name in kept.columns]
    kept = kept.with_columns(pl.col(here).cast(pl.Float64, strict=False))
    leads = {}
    for row in kept.iter_rows(named=True):
        number = {name: np.nan if row.get(name) is None else float(row[name]) for name in extra}
        fit = BetaFit(number["beta_shape1"], number["beta_shape2"], number["true_df"])
        count = -1 if np.isnan(number["num_var"]) else int(number["num_var"])
        p = np.nan if row["pval_nominal"] is None else row["pval_nominal"]
        leads[row["phenotype_id"]] = Lead(
            row["variant_id"], p, count, number["pval_perm"], row["pval_beta"], fit
        )
    return leads, float(kept["pval_beta"].max())  # type: ignore[arg-type]


def _searched(inputs: QtlInputs, leads: Mapping[str, Lead], told: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Phenotypes to search: the significant, or all of their groups."""
    ids = inputs.phenotypes.gene_ids
    known = set(ids)
    lost = [name for name in leads if name not in known]
    if lost:
        raise InputError(
            f"{told}: {len(lost)} of {len(leads)} significant phenotypes, such as {lost[0]}, are not among "
            f"those of {inputs.phenotypes.path} that can be tested",
            hint="the phenotypes, samples and covariates that the results are of",
        )
    if "GROUP_ID" not in inputs.phenotypes.genes.columns:
        return np.flatnonzero([name in leads for name in ids])
    groups = inputs.phenotypes.genes["GROUP_ID"].to_list()
    wanted = {group for name, group in zip(ids, groups) if name in leads}
    return np.flatnonzero([group in wanted for group in groups])


def _refuse_strangers(parts: list[SegmentSignals], told: str) -> None:
    strangers = [one for part in parts for one in part.strangers]
    if strangers:
        name, variant, ours, theirs = strangers[0]
        raise InputError(
            f"{told}: -log10 P of {name} with {variant} is {theirs:.4g}, here {ours:.4g} (one of "
            f"{len(strangers)} such): expected results of the same samples, covariates and model"
        )


def _table(parts: list[SegmentSignals], inputs: QtlInputs) -> pl.DataFrame:
    import polars as pl

    rows = [row for part in parts for row in part.rows]
    if not rows:
        raise InputError(f"{inputs.phenotypes.path}: no lead variant of a phenotype is in its window")
    frame = pl.DataFrame(rows, infer_schema_length=None)
    genes = inputs.phenotypes.genes[frame["row"].to_list()]
    columns = [*PERMUTATION]
    if "GROUP_ID" in genes.columns:
        sizes = dict(inputs.phenotypes.genes["GROUP_ID"].value_counts().iter_rows())
        groups = genes["GROUP_ID"]
        size = pl.Series("group_size", [sizes[group] for group in groups], dtype=pl.Int64)
        frame = frame.with_columns(groups.alias("group_id"), size)
        columns += ["group_id", "group_size"]
    frame = frame.with_columns(
        start_distance=frame["POS"] - genes["START"].fill_null(genes["TSS"]),
        end_distance=frame["POS"] - genes["END"].fill_null(genes["TSS"]),
    )
    return frame.select(*columns, "rank", *OURS).with_columns(pl.col(pl.Float64).fill_nan(None))
