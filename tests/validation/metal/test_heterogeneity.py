"""METAL's heterogeneity over three real studies of fasting glucose, whose alleles are coded in all ways.

``SCHEME STDERR; ANALYZE HETEROGENEITY`` of METAL (statgen/METAL@ab5d191, test 07), which prints 4 decimals of
effects and P, 3 of Q, 1 of I2; test 10 is the same without heterogeneity at 12 decimals.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas import qtl
from postgwas.qtl.effect_sharing import aligned

pytestmark = pytest.mark.requires_shared

LETTERS = {"1": "A", "2": "C", "3": "G", "4": "T"}


def study(path: Path, separator: str, names: tuple[str, str, str, str, str]) -> pl.DataFrame:
    frame = pl.read_csv(path, separator=separator, infer_schema=False, null_values=["NA", "."])
    columns = [frame[name] for name in names]
    table = pl.DataFrame(dict(zip(["SNP", "EA", "NEA", "BETA", "SE"], columns)))
    return table.with_columns(
        pl.col("EA", "NEA").str.to_uppercase().replace(LETTERS),
        pl.col("BETA", "SE").cast(pl.Float64, strict=False),
    ).unique("SNP", keep="none")


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "realdata" / "metal_glucose"


def test_q_and_i2_are_metals(folder: Path) -> None:
    ours = ("SNP", "EFFECT_ALLELE", "NON_EFFECT_ALLELE", "BETA", "SE")
    studies = [
        study(folder / "DGI_three_regions.txt", "\t", ours),
        study(folder / "MAGIC_FUSION_Results.txt.gz", " ", ours),
        study(folder / "magic_SARDINIA.tbl", "\t", ("SNP", "AL1", "AL2", "EFFECT", "SE")),
    ]
    peer = pl.read_csv(folder / "expected_test_07.TBL.gz", separator="\t", infer_schema_length=None)
    peer = peer.with_columns(pl.col("Allele1", "Allele2").str.to_uppercase())
    reference = peer["Allele1"].to_list(), peer["Allele2"].to_list()
    effects, errors = np.full((2, peer.height, 3), np.nan)
    swapped = 0
    for at, one in enumerate(studies):
        rows = peer.select(SNP="MarkerName").join(one, on="SNP", how="left", maintain_order="left")
        effects[:, at], how = aligned(
            rows["BETA"].to_numpy(), rows["EA"].to_list(), rows["NEA"].to_list(), reference
        )
        swapped += int((how == 1).sum())
        errors[:, at] = np.where(np.isfinite(effects[:, at]), rows["SE"].to_numpy(), np.nan)
    assert swapped > 1000
    found = qtl.heterogeneity(effects, errors)
    df = peer["HetDf"].to_numpy()
    assert np.array_equal(found.n_groups - 1, df)
    np.testing.assert_allclose(found.mean, peer["Effect"].to_numpy(), atol=5.1e-5)
    np.testing.assert_allclose(found.se, peer["StdErr"].to_numpy(), atol=5.1e-5)
    several = df > 0
    np.testing.assert_allclose(found.q[several], peer["HetChiSq"].to_numpy()[several], atol=5.1e-4)
    np.testing.assert_allclose(
        found.pval_q[several], peer["HetPVal"].to_numpy()[several], rtol=1e-3, atol=6e-5
    )
    np.testing.assert_allclose(100 * found.i2[several], peer["HetISq"].to_numpy()[several], atol=5.1e-2)
    p = peer["P-value"].to_numpy()
    np.testing.assert_allclose(10.0**-found.mlog10p, p, rtol=1e-3, atol=6e-5)
    assert several.sum() > 2000
