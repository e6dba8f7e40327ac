"""Scores of `popcorn compute` (1.1), two simulated populations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ld.naive_scores import naive_in_window, naive_standardise

from postgwas.genotypes import open_genotypes
from postgwas.ld.run_cross import cross_ld_scores


@pytest.mark.requires_shared
def test_popcorn(shared: Path) -> None:
    """Popcorn 1.1 compute, 1 Mb windows, genetic impact and effect, 150 EUR and 150 EAS simulated people.

    Its scores within a population are the unbiased sums (the genetic effect's divided by the
    mean weight), exact to rounding. Across, it takes (1 - |r1 r2|)/(n - 2) from each |r1 r2|
    though the samples are independent, and turns A/T and C/G variants round by frequency (5
    here): both are redone by the slow way here.
    """
    files = shared / "oracle" / "rpeers" / "popcorn"
    names = ["chr", "pos", "id", "a1", "a2", "af1", "af2", "one", "two", "cross"]
    impact, effect = (
        pl.read_csv(
            files / f"cross_{kind}.cscore.gz",
            separator="\t",
            has_header=False,
            new_columns=names,
        )
        for kind in ("gi", "ge")
    )
    arguments = {"window": 1000, "unit": "kb", "extract": impact["id"].to_list(), "double": True}
    scores = cross_ld_scores(files / "ref_EUR", files / "ref_EAS", **arguments)  # type: ignore[arg-type]
    assert scores.variants["SNPID"].equals(impact["id"], check_names=False)
    np.testing.assert_allclose(scores.l2_1, impact["one"], rtol=1e-10)
    np.testing.assert_allclose(scores.l2_2, impact["two"], rtol=1e-10)
    weighed = cross_ld_scores(files / "ref_EUR", files / "ref_EAS", per_allele=True, **arguments)  # type: ignore[arg-type]
    n = scores.variants.height
    np.testing.assert_allclose(weighed.l2_1 / (weighed.m[0] / n), effect["one"], rtol=1e-10)
    np.testing.assert_allclose(weighed.l2_2 / (weighed.m[1] / n), effect["two"], rtol=1e-10)

    standard = []
    for name in ("ref_EUR", "ref_EAS"):
        genotypes = open_genotypes(files / name)
        rows = np.flatnonzero(genotypes.variants["SNPID"].is_in(impact["id"].to_list()))
        standard.append(naive_standardise(genotypes.source.read(rows, None)))  # type: ignore[arg-type]
    near = naive_in_window(scores.variants["CHROM"].to_list(), scores.variants["POS"].to_list(), 1e6)
    r1, r2 = (rows @ rows.T / 150 for rows in standard)
    np.testing.assert_allclose(scores.l2_cross, (r1 * r2 * near).sum(axis=1), atol=1e-9)
    turned = np.where(
        np.abs(1 - scores.variants["FRQ_2"].to_numpy() - impact["af2"].to_numpy()) > 1e-9, -1, 1
    )
    assert (turned < 0).sum() == 5
    product = r1 * r2 * np.outer(turned, turned)
    theirs = np.sign(product) * (np.abs(product) - (1 - np.abs(product)) / 148)
    # Where a product is 0 but for rounding, its sign, and so 1/148, is chance.
    np.testing.assert_allclose((theirs * near).sum(axis=1), impact["cross"], atol=0.25)
    same = np.abs((theirs * near).sum(axis=1) - impact["cross"].to_numpy()) < 1e-9
    assert same.mean() > 0.6
