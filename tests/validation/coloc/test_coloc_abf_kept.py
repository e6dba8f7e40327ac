"""coloc.abf of coloc 6.0.1 on the region that is kept with the tests: 1e-6 of themselves, closed formulae."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc

DATA = Path(__file__).parent / "data"
TOLD: dict[str, Any] = json.loads((DATA / "r04_abf.json").read_text())
CALLS = pl.read_csv(DATA / "r04_coloc_abf.tsv", separator="\t", infer_schema_length=None)
LEFT_OUT = ("weights1", "weights12", "partial_overlap_trait2_80pct", "one_snp")


@pytest.mark.parametrize("call", [name for name in CALLS["call"] if name not in LEFT_OUT])
def test_posteriors(call: str) -> None:
    row = CALLS.row(CALLS["call"].to_list().index(call), named=True)
    with np.load(DATA / "r04_abf.npz") as given:
        both = [{key: given[f"{key}{trait}"] for key in ("beta", "se", "p", "maf")} for trait in (1, 2)]
    traits = []
    for trait, one in enumerate(both, 1):
        if call == "pvalues_MAF_N" or (call == "mixed_beta1_pval2" and trait == 2):
            del one["beta"], one["se"]
        sd = None if trait == 2 or call == "beta_varbeta_sdYest" else TOLD["sdY1"]
        names = [f"v{number}" for number in range(one["maf"].size)]
        share = TOLD["s2"] if trait == 2 else None
        traits.append(
            coloc.Dataset(snp=names, n=TOLD[f"n{trait}"], type="cc" if trait == 2 else "quant", sd_y=sd,
                          case_fraction=share, **one)
        )  # fmt: skip
    found = coloc.abf(*traits, p1=row["p1"], p2=row["p2"], p12=row["p12"])
    told = [row[f"PP.H{number}.abf"] for number in range(5)]
    np.testing.assert_allclose(found.pp, told, rtol=1e-6, atol=1e-30)
