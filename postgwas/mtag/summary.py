"""The text that ends a run: mtag.py's blocks, with standard errors added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.mtag.omega import correlation_of

if TYPE_CHECKING:
    from postgwas.mtag.results import MtagResult, TraitSummary

Floats = NDArray[np.float64]

HEADINGS = (
    "Trait",
    "# SNPs used",
    "N (max)",
    "N (mean)",
    "GWAS mean chi^2",
    "MTAG mean chi^2",
    "GWAS equiv. (max) N",
)


def summary_text(result: MtagResult) -> str:
    """Summary table, Omega, Sigma, correlations, weights, maxFDR and warnings as text."""
    blocks = ["Summary of MTAG results:\n------------------------\n" + _table(result)]
    if result.options.equal_h2:
        blocks.append("Omega hat not computed because --equal_h2 was used.")
    else:
        blocks.append("Estimated Omega:\n" + matrix_text(result.omega, scientific=True))
        if np.isfinite(result.omega_se).any():
            blocks.append("(standard errors):\n" + matrix_text(result.omega_se, scientific=True))
        blocks.append("(Correlation):\n" + matrix_text(correlation_of(result.omega)))
        if np.isfinite(result.genetic_correlation_se).any() and result.n_traits > 1:
            blocks.append("(standard errors):\n" + matrix_text(result.genetic_correlation_se))
    blocks.append("Estimated Sigma:\n" + matrix_text(result.sigma))
    if np.isfinite(result.sigma_se).any():
        blocks.append("(standard errors):\n" + matrix_text(result.sigma_se))
    blocks.append("(Correlation):\n" + matrix_text(correlation_of(result.sigma)))
    units = {one.name: one.unit for one in result.summaries}
    if len(set(units.values())) == 1:
        blocks.append(f"Effects are in {next(iter(units.values()))}.")
    else:
        blocks.append("\n".join(f"Effects of {name} are in {unit}." for name, unit in units.items()))
    weights = " ".join(f"{one.weight:.3f}" for one in result.summaries)
    blocks.append(f"MTAG weight factors: (average across SNPs)\n[{weights}]")
    if result.max_fdr is not None:
        lines = [f"Max FDR of {name}: {value:.6g}" for name, value in zip(result.trait_names, result.max_fdr)]
        blocks.append("\n".join(lines))
    if result.warnings:
        blocks.append(
            "Look at this before you publish:\n" + "\n".join(f"- {text}" for text in result.warnings)
        )
    return "\n\n".join(blocks)


def _table(result: MtagResult) -> str:
    rows = [HEADINGS, *(_cells(one) for one in result.summaries)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADINGS))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        lines.append(f"{'' if number == 0 else number:<3}" + "  ".join(cells).rstrip())
    return "\n".join(lines)


def _cells(one: TraitSummary) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.n_variants}",
        f"{one.n_max:.0f}",
        f"{one.n_mean:.0f}",
        f"{one.gwas_mean_chi2:.3f}",
        f"{one.mtag_mean_chi2:.3f}",
        f"{one.gwas_equivalent_n:.0f}",
    )


def matrix_text(matrix: Floats, *, scientific: bool = False) -> str:
    """A matrix with three decimals, as mtag.py's log shows it."""
    shape = "{:.3e}" if scientific else "{:.3f}"
    return np.array2string(
        np.asarray(matrix), formatter={"float_kind": shape.format}, max_line_width=10_000, threshold=10_000
    )
