"""LD scores of mama_ldscores.py (MAMA 1.0.0), three simulated populations in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ld.naive_scores import naive_in_window, naive_standardise

from postgwas.genotypes import open_genotypes
from postgwas.ld.run_cross import cross_ld_scores
from postgwas.ld.windows import chunked_edges, left_edges_across


@pytest.mark.requires_shared
@pytest.mark.parametrize("pair", [("EUR", "EAS"), ("AFR", "EUR"), ("AFR", "AFR")])
def test_mama(shared: Path, pair: tuple[str, str]) -> None:
    """MAMA 1.0.0 (commit 1686586) mama_ldscores.py, 1 cM, allele-count units, 150 people a population.

    Its windows are rounded to chunks of 50 variants, and it weighs a pair by v_j / v_k, the
    inverse of how effects per allele spread, for both members of a pair by that of the
    earlier one unless they share a chunk or lie in the first window. With these three, slow
    sums over our correlations meet all its digits; our scores are the sums without them.
    """
    files = shared / "oracle" / "rpeers" / "mama_sim"
    people = pl.read_csv(files / "iid_ances", separator="\t", has_header=False, new_columns=["IID", "POP"])
    ids = [people.filter(pl.col("POP") == one)["IID"].to_list() for one in pair]
    theirs = pl.read_csv(files / "ld.l2.ldscore.gz", separator="\t", null_values="NA")
    use = pl.read_csv(files / "snp_ances", separator="\t").filter(*[pl.col(one) == 1 for one in pair])["SNP"]
    name = "_".join(sorted(pair, key=["AFR", "EAS", "EUR"].index))
    genotypes = open_genotypes(files / "ref")
    rows = np.flatnonzero(genotypes.variants["SNPID"].is_in(use.to_list()))
    standard, deviation = [], []
    for kept in ids:
        samples = np.flatnonzero(genotypes.samples["IID"].is_in(kept))
        calls = np.asarray(genotypes.source.read(rows, samples))
        standard.append(naive_standardise(calls))
        p = calls.mean(axis=1) / 2
        deviation.append(np.sqrt(2 * p * (1 - p)))
    r1, r2 = (z @ z.T / 150 for z in standard)
    product = r1 * r2 if pair[0] != pair[1] else r1**2 - (1 - r1**2) / 148
    variance = deviation[0] * deviation[1]
    variants = genotypes.variants[rows]
    n = len(rows)
    starts = np.flatnonzero((variants["CHROM"] != variants["CHROM"].shift(1)).fill_null(True))
    exact = left_edges_across(variants["CM"].to_numpy(), 1.0, starts)
    left = chunked_edges(exact, 50)
    order = np.arange(n)
    in_window = (left[:, None] <= order) & (order <= order[:, None])
    in_window |= in_window.T
    in_window |= order[:, None] // 50 == order // 50
    ratio = variance[:, None] / variance
    first_window = 50 * -(-int(np.argmax(exact > 0)) // 50)
    own = (order[:, None] // 50 == order // 50) | (np.maximum(order[:, None], order) < first_window)
    weights = np.where(own | (order[:, None] < order), ratio, ratio.T)
    found = theirs.filter(pl.col("SNP").is_in(use.to_list()))[name].to_numpy()
    np.testing.assert_allclose((product * in_window * weights).sum(axis=1), found, atol=1e-8)
    if pair[0] == pair[1]:
        return
    scores = cross_ld_scores(
        genotypes, genotypes, keep1=ids[0], keep2=ids[1], extract=use.to_list(), window=1,
        allele_counts=True, double=True,
    )  # fmt: skip
    near = naive_in_window(variants["CHROM"].to_list(), variants["CM"].to_list(), 1.0)
    np.testing.assert_allclose(scores.l2_cross, (r1 * r2 * near * ratio.T).sum(axis=1), atol=1e-8)
