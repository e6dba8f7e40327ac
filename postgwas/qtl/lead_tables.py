"""Leads in groups: the tasks that test them, and the tables of what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.genotypes.genotypes import BlockSource
from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.interaction_terms import Codes
from postgwas.qtl.lead_interaction import GroupEffects, group_effects, group_frequencies
from postgwas.qtl.projection import Floats, Projection, projection
from postgwas.qtl.qvalues import qvalue
from postgwas.qtl.segments import narrowed
from postgwas.qtl.t_tails import p_of
from postgwas.qtl.variant_block import VariantReason, variant_block

if TYPE_CHECKING:
    import polars as pl

_PHENOTYPES = 256
"""Phenotypes of a task."""

NO_PHENOTYPE = "phenotype_not_found"
NO_VARIANT = "variant_not_found"
AMBIGUOUS = "variant_id_not_unique"
RARE = "maf_below_limit_in_all_but_one_group"
SAME = "depends_on_other_leads"
ONE_GROUP = "varies_in_one_group_only"


@dataclass(frozen=True, eq=False)
class LeadTask:
    """Leads of some phenotypes.

    Attributes
    ----------
    values : ndarray, shape (G, n)
        Phenotypes.
    gene : ndarray of int64, shape (L,)
        Row of `values` of each lead; ascending.
    rows : ndarray of int64, shape (L,)
        Row of the leads' table.
    alleles : list of (str, str)
        Effect allele and other allele of each lead.
    source : BlockSource
        Reads these L variants.
    """

    values: Floats
    gene: Codes
    rows: Codes
    alleles: list[tuple[str, str]]
    source: BlockSource
    codes: Codes
    n_groups: int
    projection: Projection
    maf_min: float


@dataclass(frozen=True, eq=False)
class LeadResult:
    """One lead; effects are None where it was not tested, for `reason`."""

    row: int
    alleles: tuple[str, str]
    n_leads: int
    n_groups: int
    frequencies: Floats
    alone: GroupEffects | None
    conditional: GroupEffects | None
    reason: str | None


def lead_tasks(
    inputs: QtlInputs,
    leads: pl.DataFrame,
    codes: Codes,
    n_groups: int,
    basis: Projection,
    maf_min: float,
) -> tuple[list[LeadTask], dict[int, str]]:
    """Tasks, and why leads that are in none of them cannot be tested (row -> reason)."""
    import polars as pl

    genes = {name: row for row, name in enumerate(inputs.phenotypes.gene_ids)}
    ids = inputs.genotypes.variants.with_row_index("row").filter(
        pl.col("SNPID").is_in(leads["variant_id"].unique().to_list())
    )
    variants: dict[str, int] = {}
    twice: set[str] = set()
    for name, row in zip(ids["SNPID"].to_list(), ids["row"].to_list()):
        if name in variants:
            twice.add(name)
        variants[name] = row
    reasons: dict[int, str] = {}
    found: list[tuple[int, int, int]] = []
    for row, (gene, variant) in enumerate(leads.select("phenotype_id", "variant_id").iter_rows()):
        if gene not in genes:
            reasons[row] = inputs.rejected.get(gene, NO_PHENOTYPE)
        elif variant not in variants:
            reasons[row] = NO_VARIANT
        elif variant in twice:
            reasons[row] = AMBIGUOUS
        else:
            found.append((genes[gene], row, variants[variant]))
    found.sort()
    tasks = []
    used = sorted({gene for gene, _, _ in found})
    for start in range(0, len(used), _PHENOTYPES):
        some = used[start : start + _PHENOTYPES]
        low, high = some[0], some[-1]
        mine = [one for one in found if low <= one[0] <= high]
        place = {gene: at for at, gene in enumerate(some)}
        at = np.array([variant for _, _, variant in mine], np.int64)
        table = inputs.genotypes.variants[at]
        tasks.append(
            LeadTask(
                inputs.phenotypes.values[some], np.array([place[gene] for gene, _, _ in mine], np.int64),
                np.array([row for _, row, _ in mine], np.int64),
                list(zip(table["A1"].to_list(), table["A2"].to_list())),
                narrowed(inputs.genotypes.source, at), codes, n_groups, basis, maf_min,
            )
        )  # fmt: skip
    return tasks, reasons


def fit_leads(task: LeadTask) -> list[LeadResult]:
    """Fit both models of each lead."""
    calls = task.source.read(np.arange(len(task.gene)), None)
    block = variant_block(calls, projection(None, task.projection.n_samples))
    missing = (calls < 0) if calls.dtype == np.int8 else np.isnan(calls)
    results = []
    order = np.arange(len(task.gene))
    for at, gene in enumerate(task.gene.tolist()):
        others = np.flatnonzero((task.gene == gene) & (order != at))
        n_leads = len(others) + 1
        dosage = block.dosage[at]
        frequencies = group_frequencies(dosage, task.codes, task.n_groups, observed=~missing[at])
        minor = np.minimum(frequencies, 1.0 - frequencies)
        n_groups = int((minor >= task.maf_min * (1.0 - 1e-12)).sum())
        reason = None
        alone = conditional = None
        if not block.usable[at]:
            reason = VariantReason(int(block.reason[at])).name.lower()
        elif n_groups < 2:
            reason = RARE
        else:
            y = task.values[gene]
            alone = group_effects(y, dosage, task.codes, task.n_groups, task.projection)
            conditional = alone
            if len(others):
                conditional = group_effects(
                    y, dosage, task.codes, task.n_groups, task.projection, block.dosage[others]
                )
            if np.isnan(alone.f):
                reason = ONE_GROUP
            elif np.isnan(conditional.f):
                reason = SAME
        results.append(
            LeadResult(
                int(task.rows[at]),
                task.alleles[at],
                n_leads,
                n_groups,
                frequencies,
                alone,
                conditional,
                reason,
            )
        )
    return results


def effects_tables(
    leads: pl.DataFrame,
    results: Sequence[LeadResult],
    reasons: Mapping[int, str],
    names: Sequence[str],
    codes: Codes,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tests, in the order of the leads, and effects in groups."""
    import polars as pl

    by_row = {result.row: result for result in results}
    sizes = np.bincount(codes, minlength=len(names)).tolist()
    tests: list[dict[str, Any]] = []
    slopes: list[tuple[Any, ...]] = []
    for row, (gene, variant) in enumerate(leads.select("phenotype_id", "variant_id").iter_rows()):
        result = by_row.get(row)
        if result is None:
            tests.append({"phenotype_id": gene, "variant_id": variant, "reason": reasons[row]})
            continue
        line: dict[str, Any] = {
            "phenotype_id": gene, "variant_id": variant, "effect_allele": result.alleles[0],
            "other_allele": result.alleles[1], "n_leads": result.n_leads, "n_groups": result.n_groups,
            "reason": result.reason,
        }  # fmt: skip
        for model, effects in (("", result.alone), ("_conditional", result.conditional)):
            if effects is None:
                continue
            line |= {f"f{model}": effects.f, f"mlog10p{model}": effects.mlog10p}
            line |= {f"df1{model}": effects.df1, f"df2{model}": effects.df2}
            for at, name in enumerate(names):
                slopes.append(
                    (gene, variant, model[1:] or "alone", name, sizes[at], float(result.frequencies[at]),
                     float(effects.slope[at]), float(effects.slope_se[at]))
                )  # fmt: skip
        tests.append(line)
    frame = pl.DataFrame(tests, schema=_schema())
    for model in ("", "_conditional"):
        p = p_of(frame[f"mlog10p{model}"].fill_null(np.nan).to_numpy())
        frame = frame.with_columns(
            pl.Series(f"pval{model}", p), pl.Series(f"pval_adj_bh{model}", qvalue(p, method="bh").q)
        )
    order = [*_schema()][:6]
    for model in ("", "_conditional"):
        order += [f"{name}{model}" for name in ("f", "df1", "df2", "pval", "mlog10p", "pval_adj_bh")]
    columns = {
        "phenotype_id": pl.String, "variant_id": pl.String, "model": pl.String, "group": pl.String,
        "n_samples": pl.Int64, "af": pl.Float64, "slope": pl.Float64, "slope_se": pl.Float64,
    }  # fmt: skip
    effects_frame = pl.DataFrame(slopes, schema=columns, orient="row")
    unknown = pl.col(pl.Float64).fill_nan(None)
    return frame.select(*order, "reason").with_columns(unknown), effects_frame.with_columns(unknown)


def _schema() -> dict[str, Any]:
    import polars as pl

    schema: dict[str, Any] = {
        "phenotype_id": pl.String, "variant_id": pl.String, "effect_allele": pl.String,
        "other_allele": pl.String, "n_leads": pl.Int64, "n_groups": pl.Int64, "reason": pl.String,
    }  # fmt: skip
    for model in ("", "_conditional"):
        schema |= {f"f{model}": pl.Float64, f"mlog10p{model}": pl.Float64}
        schema |= {f"df1{model}": pl.Int64, f"df2{model}": pl.Int64}
    return schema
