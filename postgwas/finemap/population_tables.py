"""Results of regions that were fine-mapped in several populations as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.finemap.map_tables import sets_table
from postgwas.finemap.run_populations import FinemappedPopulations

if TYPE_CHECKING:
    import polars as pl


def variants_of_populations(found: FinemappedPopulations) -> pl.DataFrame:
    """A row a variant of each region: REGION, CHR, POS, SNPID, EA, NEA, PIP, CS, then of each population.

    Z_<name> and MLOG10P_<name> of EA; EFFECT_<name>, the posterior mean of the joint effect of EA in standard
    deviations of genotype and trait; LD_OUTLIER_<name> where LD was checked. Null where a population lacks
    the variant.
    """
    import polars as pl

    parts = []
    for one in found.regions:
        if one.posterior is None:
            continue
        size = one.variants.height
        numbers = np.zeros(size, np.int32)
        for number in range(len(one.posterior.sets), 0, -1):
            numbers[one.posterior.sets[number - 1].variants] = number
        columns = [
            pl.lit(one.region.name).alias("REGION"), pl.Series("PIP", one.posterior.pip),
            pl.Series("CS", numbers).replace(0, None),
        ]  # fmt: skip
        for k, (name, part) in enumerate(zip(found.names, one.populations)):
            z, height = np.full((2, size), np.nan)
            z[part.rows] = part.z
            height[part.rows] = part.stats["MLOG10P"].cast(pl.Float64).fill_null(np.nan).to_numpy()
            columns += [
                pl.Series(f"Z_{name}", z).fill_nan(None), pl.Series(f"MLOG10P_{name}", height).fill_nan(None),
                pl.Series(f"EFFECT_{name}", one.effects[k]).fill_nan(None),
            ]  # fmt: skip
            told = one.findings[k]
            if told is not None:
                marked = np.zeros(size, np.bool_)
                marked[part.rows] = told.outlier | told.swapped
                columns.append(pl.Series(f"LD_OUTLIER_{name}", marked))
        frame = one.variants.with_columns(columns)
        parts.append(frame.select("REGION", pl.exclude("REGION")))
    table = pl.concat(parts, how="diagonal")
    return table.sort("CHR", "POS", "REGION", "SNPID", maintain_order=True)


def sets_of_populations(found: FinemappedPopulations) -> pl.DataFrame:
    """As :func:`sets_table`, and of each set's effect: what it is at the lead, prior SD, correlations.

    EFFECT_<name> at LEAD, PRIOR_SD_<name>, CORRELATION_<name>_<name> of the prior between populations (null
    where a variance is 0).
    """
    import polars as pl

    table = sets_table(found.regions)
    rows: list[dict[str, Any]] = []
    for one in found.regions:
        for at, credible in enumerate(() if one.posterior is None else one.posterior.sets):
            spread = np.sqrt(np.diagonal(one.covariance[at]))
            row: dict[str, Any] = {}
            for k, name in enumerate(found.names):
                row[f"EFFECT_{name}"] = one.effects[k, credible.lead]
                row[f"PRIOR_SD_{name}"] = spread[k]
            for k, name in enumerate(found.names):
                for j in range(k + 1, len(found.names)):
                    both = spread[k] * spread[j]
                    r = float(one.covariance[at][k, j] / both) if both > 0 else math.nan
                    row[f"CORRELATION_{name}_{found.names[j]}"] = r
            rows.append(row)
    if not rows:
        return table
    return pl.concat([table, pl.DataFrame(rows).fill_nan(None)], how="horizontal")


def regions_of_populations(found: FinemappedPopulations) -> pl.DataFrame:
    """A row a region: REGION, CHR, START, END, SENTINEL, N_VARIANTS, N_SETS, N_ITER, ELBO, STATUS."""
    import polars as pl

    rows = []
    for one in found.regions:
        numbers = {} if one.posterior is None else one.posterior.numbers
        rows.append(
            {
                "REGION": one.region.name, "CHR": one.region.chromosome, "START": one.region.start,
                "END": one.region.stop, "SENTINEL": one.region.lead, "N_VARIANTS": one.variants.height,
                "N_SETS": 0 if one.posterior is None else len(one.posterior.sets),
                "N_ITER": numbers.get("N_ITER"), "ELBO": numbers.get("ELBO"), "STATUS": one.status,
            }
        )  # fmt: skip
    schema = {
        "REGION": pl.String, "CHR": pl.Int8, "START": pl.Int32, "END": pl.Int32, "SENTINEL": pl.String,
        "N_VARIANTS": pl.Int32, "N_SETS": pl.Int32, "N_ITER": pl.Int32, "ELBO": pl.Float64,
        "STATUS": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, strict=False)


def populations_table(found: FinemappedPopulations) -> pl.DataFrame:
    """A row a population of each region: what was used of it, and what the checks of its LD say.

    REGION, POPULATION, N, N_VARIANTS, N_LEFT_OUT, N_OTHER_STRAND, SIGNS_AGREE, S, N_OUTLIERS, N_SWAPPED.
    """
    import polars as pl

    rows = []
    for one in found.regions:
        for name, part, told in zip(found.names, one.populations, one.findings):
            rows.append(
                {
                    "REGION": one.region.name, "POPULATION": name, "N": part.n,
                    "N_VARIANTS": part.rows.size, "N_LEFT_OUT": len(part.left_out),
                    "N_OTHER_STRAND": part.n_flipped,
                    "SIGNS_AGREE": None if told is None else told.alignment.share,
                    "S": None if told is None else told.s,
                    "N_OUTLIERS": None if told is None else int(told.outlier.sum()),
                    "N_SWAPPED": None if told is None else int(told.swapped.sum()),
                }
            )  # fmt: skip
    schema = {
        "REGION": pl.String, "POPULATION": pl.String, "N": pl.Float64, "N_VARIANTS": pl.Int32,
        "N_LEFT_OUT": pl.Int32, "N_OTHER_STRAND": pl.Int32, "SIGNS_AGREE": pl.Float64, "S": pl.Float64,
        "N_OUTLIERS": pl.Int32, "N_SWAPPED": pl.Int32,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, strict=False).with_columns(
        pl.col("N", "SIGNS_AGREE", "S").fill_nan(None)
    )


def rejected_of(found: FinemappedPopulations, k: int) -> pl.DataFrame:
    """Rows of a population's file that were used in no region: ROW, SNPID, REASON."""
    import polars as pl

    reasons: dict[int, str] = {}
    used: set[int] = set()
    for one in found.regions:
        if len(one.populations) > k:
            reasons.update(one.populations[k].left_out)
            used.update(one.populations[k].stats["ROW"].to_list())
    stats = found.stats[k]
    left = stats.frame.select("ROW", "SNPID").filter(pl.col("ROW").is_in(sorted(set(reasons) - used)))
    left = left.sort("ROW").cast({"ROW": pl.UInt32})
    why = pl.Series("REASON", [reasons[row] for row in left["ROW"].to_list()], dtype=pl.String)
    return pl.concat([stats.rejected, left.with_columns(why)])
