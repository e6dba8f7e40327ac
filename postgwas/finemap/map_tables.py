"""Results of fine-mapped regions as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.finemap.population_fit import PopulationRegion
from postgwas.finemap.region_fit import RegionResult
from postgwas.finemap.run_finemap import FinemappedRegions
from postgwas.store.position import chromosome_names

if TYPE_CHECKING:
    import polars as pl

_COPIED = ("CHR", "POS", "SNPID", "EA", "NEA", "EAF", "BETA", "SE", "Z", "MLOG10P", "N")


def variants_table(found: FinemappedRegions) -> pl.DataFrame:
    """A row a variant of each region: REGION, what the summary statistics say, PIP, CS, EFFECT.

    CS is the number of the credible set within the region, null outside of sets; EFFECT the posterior mean
    of the joint effect of EA in standard deviations of genotype and trait (null for "abf"). EXPECTED_Z,
    Z_DIFFERENCE and SWAP_LOG_RATIO only where LD was fully checked; LD_OUTLIER where it was checked.
    """
    import polars as pl

    parts = []
    for one in found.regions:
        if one.posterior is None:
            continue
        held = one.variants
        columns: list[pl.Series] = [held[name] for name in _COPIED if name in held.columns]
        numbers = np.zeros(held.height, np.int32)
        for number in range(len(one.posterior.sets), 0, -1):
            numbers[one.posterior.sets[number - 1].variants] = number
        frame = pl.DataFrame(columns).with_columns(
            pl.lit(one.region.name).alias("REGION"),
            pl.Series("PIP", one.posterior.pip),
            pl.Series("CS", numbers).replace(0, None),
            pl.Series("EFFECT", one.posterior.effect).fill_nan(None),
            *_checked(one),
        )
        parts.append(frame.select("REGION", pl.exclude("REGION")))
    table = pl.concat(parts, how="diagonal")
    return table.sort("CHR", "POS", "REGION", "SNPID", maintain_order=True)


def _checked(one: RegionResult) -> list[pl.Series]:
    import polars as pl

    if one.findings is None:
        return []
    made = [pl.Series("LD_OUTLIER", one.findings.outlier | one.findings.swapped)]
    told = one.findings.kriging
    if told is not None:
        made += [
            pl.Series("EXPECTED_Z", told.mean), pl.Series("Z_DIFFERENCE", told.difference),
            pl.Series("SWAP_LOG_RATIO", told.log_ratio),
        ]  # fmt: skip
    return made


def sets_table(regions: Sequence[RegionResult | PopulationRegion]) -> pl.DataFrame:
    """A row a credible set.

    REGION, CS, CHR, START and END of its variants, SIZE, COVERAGE, PURITY_MIN, PURITY_MEAN, PURITY_MEDIAN
    (null without LD), LOG10_BF, LEAD with LEAD_POS, EA, NEA and LEAD_PIP, and VARIANTS, ids with commas.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    for one in regions:
        if one.posterior is None:
            continue
        ids, places = one.variants["SNPID"], one.variants["POS"]
        for number, credible in enumerate(one.posterior.sets, start=1):
            lead, within = credible.lead, credible.variants
            rows.append(
                {
                    "REGION": one.region.name, "CS": number, "CHR": one.region.chromosome,
                    "START": places.gather(within).min(), "END": places.gather(within).max(),
                    "SIZE": within.size, "COVERAGE": credible.coverage,
                    "PURITY_MIN": credible.purity.min, "PURITY_MEAN": credible.purity.mean,
                    "PURITY_MEDIAN": credible.purity.median, "LOG10_BF": credible.log_bf / math.log(10.0),
                    "LEAD": ids[lead], "LEAD_POS": places[lead],
                    "EA": one.variants["EA"][lead] if "EA" in one.variants.columns else None,
                    "NEA": one.variants["NEA"][lead] if "NEA" in one.variants.columns else None,
                    "LEAD_PIP": float(one.posterior.pip[lead]),
                    "VARIANTS": ",".join(ids.gather(within).to_list()),
                }
            )  # fmt: skip
    schema = {
        "REGION": pl.String, "CS": pl.Int32, "CHR": pl.Int8, "START": pl.Int32, "END": pl.Int32,
        "SIZE": pl.Int32, "COVERAGE": pl.Float64, "PURITY_MIN": pl.Float64, "PURITY_MEAN": pl.Float64,
        "PURITY_MEDIAN": pl.Float64, "LOG10_BF": pl.Float64, "LEAD": pl.String, "LEAD_POS": pl.Int32,
        "EA": pl.String, "NEA": pl.String, "LEAD_PIP": pl.Float64, "VARIANTS": pl.String,
    }  # fmt: skip
    table = pl.DataFrame(rows, schema=schema)
    return table.with_columns(pl.col("^PURITY_.*$").fill_nan(None))


def regions_table(found: FinemappedRegions) -> pl.DataFrame:
    """A row a region: what was used of it, how the fit ended, and what the checks of LD say.

    REGION, CHR, START, END, SENTINEL, N_VARIANTS, N_LEFT_OUT (in the summary statistics but not in LD),
    N_OTHER_STRAND, N, N_SETS, N_ITER, ELBO, RESIDUAL_VARIANCE or PIP_NULL, SIGNS_AGREE (share), S,
    N_OUTLIERS, N_SWAPPED, STATUS.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    for one in found.regions:
        posterior, findings = one.posterior, one.findings
        numbers = {} if posterior is None else posterior.numbers
        rows.append(
            {
                "REGION": one.region.name, "CHR": one.region.chromosome, "START": one.region.start,
                "END": one.region.stop, "SENTINEL": one.region.lead, "N_VARIANTS": one.variants.height,
                "N_LEFT_OUT": len(one.left_out), "N_OTHER_STRAND": one.n_flipped, "N": one.n,
                "N_SETS": 0 if posterior is None else len(posterior.sets),
                "N_ITER": numbers.get("N_ITER"), "ELBO": numbers.get("ELBO"),
                "RESIDUAL_VARIANCE": numbers.get("RESIDUAL_VARIANCE"), "PIP_NULL": numbers.get("PIP_NULL"),
                "SIGNS_AGREE": None if findings is None else findings.alignment.share,
                "S": None if findings is None else findings.s,
                "N_OUTLIERS": None if findings is None else int(findings.outlier.sum()),
                "N_SWAPPED": None if findings is None else int(findings.swapped.sum()),
                "STATUS": one.status,
            }
        )  # fmt: skip
    schema = {
        "REGION": pl.String, "CHR": pl.Int8, "START": pl.Int32, "END": pl.Int32, "SENTINEL": pl.String,
        "N_VARIANTS": pl.Int32, "N_LEFT_OUT": pl.Int32, "N_OTHER_STRAND": pl.Int32, "N": pl.Float64,
        "N_SETS": pl.Int32, "N_ITER": pl.Int32, "ELBO": pl.Float64, "RESIDUAL_VARIANCE": pl.Float64,
        "PIP_NULL": pl.Float64, "SIGNS_AGREE": pl.Float64, "S": pl.Float64, "N_OUTLIERS": pl.Int32,
        "N_SWAPPED": pl.Int32, "STATUS": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, strict=False).with_columns(
        pl.col("N", "SIGNS_AGREE", "S").fill_nan(None)
    )


def log_bf_table(regions: Sequence[RegionResult | PopulationRegion]) -> pl.DataFrame:
    """Log Bayes factors of all variants for the effect behind each credible set: what colocalisation takes.

    REGION, CS, CHR, POS, SNPID, EA, NEA, LOG_BF.
    """
    import polars as pl

    first = regions[0].variants
    names = [name for name in ("CHR", "POS", "SNPID", "EA", "NEA") if name in first.columns]
    parts = [pl.DataFrame(schema={name: first.schema[name] for name in names})]
    parts[0] = parts[0].with_columns(
        pl.lit(None, pl.String).alias("REGION"), pl.lit(None, pl.Int32).alias("CS"),
        pl.lit(None, pl.Float64).alias("LOG_BF"),
    )  # fmt: skip
    for one in regions:
        if one.posterior is None:
            continue
        for number, factors in enumerate(one.posterior.log_bf, start=1):
            parts.append(
                one.variants.select(names).with_columns(
                    pl.lit(one.region.name).alias("REGION"), pl.lit(number, pl.Int32).alias("CS"),
                    pl.Series("LOG_BF", factors),
                )
            )  # fmt: skip
    table = pl.concat(parts, how="diagonal")
    return table.select("REGION", "CS", *names, "LOG_BF")


def rejected_table(found: FinemappedRegions) -> pl.DataFrame:
    """Rows that were used in no region: ROW, SNPID, REASON."""
    import polars as pl

    reasons: dict[int, str] = {}
    used: set[int] = set()
    for one in found.regions:
        reasons.update(one.left_out)
        used.update(one.variants["ROW"].to_list())
    rows = sorted(set(reasons) - used)
    left = found.stats.frame.select("ROW", "SNPID").filter(pl.col("ROW").is_in(rows)).sort("ROW")
    why = pl.Series("REASON", [reasons[row] for row in left["ROW"].to_list()], dtype=pl.String)
    return pl.concat([found.stats.rejected, left.cast({"ROW": pl.UInt32}).with_columns(why)])


def with_names(table: pl.DataFrame) -> pl.DataFrame:
    """Chromosomes as text has them: 1 to 22, X, Y, MT."""
    import polars as pl

    return table.with_columns(pl.Series("CHR", chromosome_names(table["CHR"].to_numpy()), dtype=pl.String))
