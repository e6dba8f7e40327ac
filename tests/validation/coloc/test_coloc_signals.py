"""coloc.signals and finemap.signals of coloc 6.0.1: closed formulae, 1e-9 of posteriors and z-scores.

Calls: p12 = 1e-5, pthr = 1e-6, maxhits = 3, r2thr = 0.01; package data with p12 = 1e-6.
"""

from __future__ import annotations

import gzip
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc

CASES = (
    "r01_shared_qq", "r02_distinct_qq", "r03_distinct_ld_qq", "r04_shared_qcc", "r05_distinct_qcc",
    "r06_multi_qq", "r07_multi3_qq_refLD", "r08_one_qq", "r09_null_qq", "r10_multi_qcc", "r11_big_multi_qq",
)  # fmt: skip
KINDS = [("single", "iterative"), ("mask", "iterative"), ("cond", "iterative"), ("cond", "allbutone")]


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", infer_schema_length=None, null_values="NA")


def triangle(path: Path, size: int) -> np.ndarray:
    """LD from the rows of its upper triangle."""
    with gzip.open(path, "rt") as lines:
        rows = [np.array(line.split(), np.float64) for line in lines if line.strip()]
    rows = [row for row in rows if row.size]
    full = np.zeros((size, size))
    for row, values in enumerate(rows):
        full[row, size - values.size :] = values
    return np.triu(full) + np.triu(full, 1).T


def traits(folder: Path) -> list[coloc.Dataset]:
    meta, stats = json.loads((folder / "meta.json").read_text()), read(folder / "sumstats.tsv.gz")
    ld = triangle(folder / "LD_upper.tsv.gz", stats.height)
    found = []
    for trait, kind in ((1, "quant"), (2, meta["type2"])):
        columns = {name: stats[f"{name}{trait}"].to_numpy() for name in ("beta", "se", "maf")}
        found.append(
            coloc.Dataset(
                snp=stats["snp"].to_list(), n=meta[f"n{trait}"], type=kind, ld=ld,
                sd_y=meta[f"sdY{trait}"] if kind == "quant" else None,
                case_fraction=meta["s2"] if kind == "cc" else None, **columns,
            )
        )  # fmt: skip
    return found


def compare(found: coloc.SignalPairs, told: pl.DataFrame) -> None:
    ours = {(row["hit1"], row["hit2"]): row for row in found.table().iter_rows(named=True)}
    assert set(ours) == set(told.select("hit1", "hit2").iter_rows())
    for at, pair in enumerate(ours):
        row = told.row(by_predicate=(pl.col("hit1") == pair[0]) & (pl.col("hit2") == pair[1]), named=True)
        assert len(found.snp) == row["nsnps"]
        np.testing.assert_allclose(found.pp[at], [row[f"PP.H{h}.abf"] for h in range(5)], rtol=1e-9)
        assert (found.z1[at], found.z2[at]) == pytest.approx((row["hit1.margz"], row["hit2.margz"]), rel=1e-9)
        for name, factors in (("best1", found.log_bf1[at]), ("best2", found.log_bf2[at])):
            # Of variants in complete LD either may be named.
            assert factors[found.snp.index(row[name])] == pytest.approx(factors.max(), abs=1e-9)


@pytest.mark.requires_shared
@pytest.mark.parametrize("case", CASES)
def test_signals(shared: Path, case: str) -> None:
    compare_region(shared / "oracle" / "rpeers" / "coloc" / case)


def test_signals_of_the_region_that_is_kept() -> None:
    """r10: two signals of a quantitative trait, one of a case-control trait."""
    compare_region(Path(__file__).parent / "data" / "r10")


def compare_region(folder: Path) -> None:
    one, two = traits(folder)
    for method, mode in KINDS:
        options: dict[str, Any] = {"method": method, "mode": mode, "p12": 1e-5}
        compare(coloc.signals(one, two, **options), read(folder / f"coloc_signals_{method}_{mode}.tsv"))
    told = json.loads((folder / "finemap_signals.json").read_text())["trait1_cond"]
    found = coloc.finemap_signals(one, method="cond")
    assert [one.snp[row] for row in found.rows] == list(told)
    assert found.z.tolist() == pytest.approx(list(told.values() if told else []), rel=1e-9)


@pytest.mark.requires_shared
@pytest.mark.filterwarnings("ignore::postgwas.errors.PostgwasWarning")
def test_package_data(shared: Path) -> None:
    """coloc_test_data; D3 and D4 have an LD of their own."""
    folder = shared / "oracle" / "rpeers" / "coloc_pkg_testdata"
    matrices = {name: triangle(folder / f"LD_upper_5dp{name}.tsv.gz", 500) for name in ("", "_D3")}
    data = {}
    for number in (1, 2, 3, 4):
        table = read(folder / f"D{number}.tsv.gz")
        meta = json.loads((folder / f"D{number}_meta.json").read_text())
        data[number] = coloc.Dataset(
            snp=table["snp"].to_list(), beta=table["beta"].to_numpy(),
            se=np.sqrt(table["varbeta"].to_numpy()), maf=table["MAF"].to_numpy(), n=meta["N"],
            type=meta["type"], sd_y=meta.get("sdY"), ld=matrices["_D3" if number > 2 else ""],
        )  # fmt: skip
    seen = 0
    for one, two in combinations(data, 2):
        for method in ("single", "mask", "cond"):
            path = folder / f"coloc_signals_{method}_D{one}_D{two}.tsv"
            if path.exists():
                compare(coloc.signals(data[one], data[two], method=method, p12=1e-6), read(path))
                seen += 1
    assert seen == 15
