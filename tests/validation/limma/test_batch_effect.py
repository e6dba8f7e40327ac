"""removeBatchEffect of limma 3.54.1 on log CPM of simulated counts; 13 digits are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas.expression import remove_batch_effect

DATA = Path(__file__).parent / "data"
DESIGN = pl.read_csv(DATA / "batch_design.tsv", separator="\t")
COVARIATES = DESIGN.select("cov1", "cov2").to_numpy()
KEPT = np.column_stack([np.ones(60), DESIGN["grp"].to_numpy()])


def values(name: str) -> np.ndarray:
    return pl.read_csv(DATA / f"{name}.tsv.gz", separator="\t", infer_schema_length=None)[:, 1:].to_numpy()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("rbe_batch_first60", {"batch": DESIGN["batch"]}),
        ("rbe_batch_batch2_first60", {"batch": DESIGN["batch"], "batch2": DESIGN["batch2"]}),
        ("rbe_cov_first60", {"covariates": COVARIATES}),
        (
            "rbe_all_design_grp_first60",
            {
                "batch": DESIGN["batch"],
                "batch2": DESIGN["batch2"],
                "covariates": COVARIATES,
                "design": KEPT,
            },
        ),
    ],
)
def test_limma(name: str, options: dict[str, Any]) -> None:
    """30 genes x 60 samples."""
    found = remove_batch_effect(values("rbe_input"), **options)
    np.testing.assert_allclose(found, values(name), rtol=0, atol=6e-12)
