"""susieR 0.12.35 on all 11 simulated regions, 285 to 1449 variants; a few of its calls."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from validation.susier.peer import CALLS, Region, agree

REGIONS = (
    "r01_shared_qq", "r02_distinct_qq", "r03_distinct_ld_qq", "r04_shared_qcc", "r05_distinct_qcc",
    "r06_multi_qq", "r07_multi3_qq_refLD", "r08_one_qq", "r09_null_qq", "r10_multi_qcc", "r11_big_multi_qq",
)  # fmt: skip
NAMES = ("rss_default", "rss_erv_TRUE", "rss_L20", "rss_nullweight", "rss_EM", "rss_priorweights", "rss_no_n",
         "rss_default_trait2")  # fmt: skip


@cache
def load(folder: Path) -> tuple[Region, dict[str, Any], pl.DataFrame]:
    def table(name: str) -> pl.DataFrame:
        return pl.read_csv(folder / name, separator="\t", infer_schema_length=None)

    stats, told = table("sumstats.tsv.gz"), json.loads((folder / "meta.json").read_text())
    size = stats.height
    r = np.zeros((size, size))
    with gzip.open(folder / "LD_upper.tsv.gz", "rt") as lines:
        for row, line in enumerate(lines):
            r[row, row:] = np.array(line.split(), np.float64)
    r = np.triu(r) + np.triu(r, 1).T
    weights = table("abf_persnp.tsv.gz")["weight1"].to_numpy()
    columns = [stats[name].to_numpy() for name in ("beta1", "se1", "beta2", "se2")]
    region = Region(r, *columns, told["n1"], told["n2"], told["sdY1"], weights)
    fits = json.loads((folder / "susie_fits.json").read_text())
    at = {name: row for row, name in enumerate(stats["snp"].to_list())}
    for fit in fits.values():
        held = fit["sets"]["cs"]
        named = (
            [[one] if isinstance(one, str) else one for one in held.values()]
            if isinstance(held, dict)
            else []
        )
        fit["sets"] = [sorted(at[name] for name in one) for one in named]
        fit["elbo"] = np.atleast_1d(fit["elbo"])[-1]
    return region, fits, table("susie_pips.tsv.gz")


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", REGIONS)
def test_susier(shared: Path, name: str) -> None:
    region, fits, pips = load(shared / "oracle" / "rpeers" / "coloc" / name)
    for call in NAMES:
        agree(CALLS[call](region), fits[call], pips[call].cast(pl.Float64).to_numpy())
    load.cache_clear()
