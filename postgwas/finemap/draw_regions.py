"""Figures of fine-mapped regions: association with LD, PIPs with credible sets, genes; and their numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.finemap.population_fit import PopulationRegion
from postgwas.finemap.region_fit import RegionResult
from postgwas.plot.region_numbers import Track, track
from postgwas.store.position import chromosome_names

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

Drawn = dict[str, "tuple[Figure, pl.DataFrame]"]


def draw_finemapped(
    regions: Sequence[RegionResult | PopulationRegion],
    variants: pl.DataFrame,
    *,
    labels: Sequence[str],
    coverage: float,
    gtf: str | os.PathLike[str] | None = None,
) -> Drawn:
    """One figure a region that was mapped, by ``finemap.<region>``, with the rows of the table behind it.

    Parameters
    ----------
    regions : sequence of RegionResult or PopulationRegion
    variants : polars.DataFrame
        OUT.pip.tsv.gz's table: REGION, SNPID, POS, MLOG10P (of each population: MLOG10P_<label>), PIP, CS.
    labels : sequence of str
        The trait, or the populations.
    coverage : float
    gtf : path, optional
        Genes.
    """
    from postgwas.plot.gene_models import genes_from
    from postgwas.plot.pip_track import pip_figure

    features = None
    if gtf is not None:
        from postgwas.expression.gtf import read_gtf

        features = read_gtf(gtf)
    made: Drawn = {}
    for one in regions:
        if one.posterior is None:
            continue
        table = one.variants.select("SNPID", "POS").with_columns(_r2(one, len(labels)))
        table = table.join(
            variants.filter(variants["REGION"] == one.region.name), on=["SNPID", "POS"], how="left",
            maintain_order="left",
        )  # fmt: skip
        low, high = int(table["POS"].min()), int(table["POS"].max())  # type: ignore[arg-type]
        start, stop = max(one.region.start, low - 20_000), min(one.region.stop, high + 20_000)
        code = one.region.chromosome
        genes = None if features is None else genes_from(features, code, start, stop)
        figure = pip_figure(
            _tracks(table, labels), table["PIP"].to_numpy(), table["POS"].to_numpy() / 1e6,
            [part.variants for part in one.posterior.sets], names=table["SNPID"].to_list(),
            chromosome=str(chromosome_names(np.array([code]))[0]), span=(start, stop), genes=genes,
            coverage=coverage,
        )  # fmt: skip
        made[f"finemap.{re.sub(r'[^A-Za-z0-9_.-]+', '_', one.region.name)}"] = figure, table
    return made


def _tracks(table: pl.DataFrame, labels: Sequence[str]) -> list[Track]:
    single = "MLOG10P" in table.columns
    made = []
    for label in labels:
        r2 = "R2" if single else f"R2_{label}"
        height = table["MLOG10P" if single else f"MLOG10P_{label}"].cast(float).fill_null(np.nan)
        made.append(
            track(
                label, table["SNPID"].to_list(), table["POS"].to_numpy(), height.to_numpy(),
                r2=table[r2].cast(float).fill_null(np.nan).to_numpy() if r2 in table.columns else None,
            )
        )  # fmt: skip
    return made


def _r2(one: RegionResult | PopulationRegion, k: int) -> list[Any]:
    """r^2 with each track's strongest variant, where LD is known."""
    import polars as pl

    if isinstance(one, RegionResult):
        return [] if one.lead_r2 is None else [pl.Series("R2", one.lead_r2).fill_nan(None)]
    return [
        pl.Series(f"R2_{name}", values).fill_nan(None)
        for name, values in zip(one.names, one.lead_r2, strict=True)
    ][:k]
