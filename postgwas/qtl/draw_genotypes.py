"""Expression by genotype at pairs of phenotype and variant, as figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import InputError
from postgwas.qtl.inputs import QtlInputs

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


def draw_genotypes(
    data: QtlInputs, pairs: Sequence[tuple[str, str]], leads: pl.DataFrame | None
) -> dict[str, Figure]:
    """Expression of each pair by genotype, beside the covariates.

    Parameters
    ----------
    data : QtlInputs
    pairs : sequence of (str, str)
        Phenotype and variant.
    leads : polars.DataFrame, optional
        With slope and height (-log10 P), told over the figure.

    Returns
    -------
    dict of name to Figure
        ``genotype.<phenotype>.<variant>``.

    Raises
    ------
    InputError
        If a phenotype or variant is not there, or a name is that of several variants.
    """
    from postgwas.plot.qtl import genotype_figure
    from postgwas.plot.qtl_numbers import genotype_groups

    gene_row = {name: row for row, name in enumerate(data.phenotypes.gene_ids)}
    wanted = {variant for _, variant in pairs}
    variant_rows: dict[str, list[int]] = {}
    for row, name in enumerate(data.genotypes.variants["SNPID"].to_list()):
        if name in wanted:
            variant_rows.setdefault(name, []).append(row)
    figures = {}
    for gene, variant in pairs:
        for what, name, known in (("phenotypes", gene, gene_row), ("genotypes", variant, variant_rows)):
            if name not in known:
                raise InputError(
                    f"the {what} have no {name}", hint="--pair PHENOTYPE VARIANT, or other files"
                )
        lead = _lead(leads, gene, variant)
        row = _one_row(data, variant, variant_rows[variant], lead)
        calls = data.genotypes.block(row, row + 1)[0].astype(np.float64)
        values = data.residuals[gene_row[gene]]
        if data.covariates is None:
            values = data.phenotypes.values[gene_row[gene]]
        effect, other = data.genotypes.variants.select("A1", "A2").row(row)
        groups = genotype_groups(
            values, np.where(calls < 0, np.nan, calls), effect_allele=effect, other_allele=other
        )
        figures[f"genotype.{_file_name(gene)}.{_file_name(variant)}"] = genotype_figure(
            groups, title=f"{gene}\n{variant}", subtitle=_told(lead),
            ylabel="expression" if data.covariates is None else "expression beside covariates",
        )  # fmt: skip
    return figures


def _one_row(data: QtlInputs, variant: str, rows: Sequence[int], lead: dict[str, Any]) -> int:
    """The row of a variant; of several of one name, as alleles of one place have, that with the lead's."""
    if len(rows) == 1:
        return rows[0]
    alleles = data.genotypes.variants.select("A1", "A2")
    wanted = (lead.get("effect_allele"), lead.get("other_allele"))
    fitting = [row for row in rows if set(alleles.row(row)) == set(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    raise InputError(
        f"{len(rows)} variants of the genotypes are called {variant}, and nothing tells which is meant",
        hint="--leads with effect_allele and other_allele, or genotypes with ids of their own",
    )


def _lead(leads: pl.DataFrame | None, gene: str, variant: str) -> dict[str, Any]:
    """The row of a pair, if it is a lead."""
    if leads is None:
        return {}
    found: list[dict[str, Any]] = leads.filter(
        (leads["phenotype_id"] == gene) & (leads["variant_id"] == variant)
    ).to_dicts()
    return found[0] if found else {}


def _told(lead: dict[str, Any]) -> str:
    """Effect and P of a lead."""
    if lead.get("slope") is None or lead["height"] is None:
        return ""
    power, height = divmod(-lead["height"], 1.0)
    return rf"slope {lead['slope']:.2f}, $P = {10**height:.1f} \times 10^{{{int(power)}}}$"


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)
