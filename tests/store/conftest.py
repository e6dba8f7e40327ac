"""A study with two traits and their covariances, made anew for each test that asks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from postgwas.store import Provenance, Study


def results(n=5000, seed=0):
    """A table of results in no particular order."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "SNPID": [f"rs{i}" for i in rng.permutation(n)],
            "CHR": rng.integers(1, 24, n).astype("i1"),
            "POS": rng.integers(1, 50_000, n).astype("i4"),
            "EA": rng.choice(["A", "C", "G", "T"], n),
            "Z": np.where(rng.random(n) < 0.01, np.nan, rng.normal(size=n)),
        }
    )


@pytest.fixture
def study(tmp_path):
    made = Study.open(tmp_path / "study.h5", create=True)
    provenance = Provenance.collect("postgwas mtag", rows_in=10, rows_out=9, dropped={"INFO": 1}, seed=7)
    for seed, trait in enumerate(["height", "bmi"]):
        made.write_table(
            f"mtag/{trait}",
            results(seed=seed),
            kind="mtag-results",
            attrs={"trait": trait, "mean_chi2": 1.25},
            units={"Z": "standard deviations"},
            provenance=provenance,
        )
    made.write_arrays(
        "mtag/covariances",
        {"omega": np.array([[1.0, 0.5], [0.5, 2.0]]), "traits": ["height", "bmi"], "n": np.float64(3)},
        kind="mtag-covariances",
        provenance=provenance,
    )
    return made
