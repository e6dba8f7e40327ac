"""coloc.susie and coloc.bf_bf of coloc 6.0.1, from the Bayes factors of the peer's own fits (12 digits)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas import coloc
from postgwas.errors import PostgwasWarning
from postgwas.finemap import CredibleSet, Purity, SusieFit

CASES = (
    "r01_shared_qq", "r02_distinct_qq", "r03_distinct_ld_qq", "r04_shared_qcc",
    "r06_multi_qq", "r07_multi3_qq_refLD", "r10_multi_qcc", "r11_big_multi_qq",
)  # fmt: skip
PP = [f"PP.H{number}.abf" for number in range(5)]


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", infer_schema_length=None, null_values="NA")


def peers_fit(folder: Path, trait: int) -> tuple[SusieFit, list[str]]:
    """Only what colocalisation reads of a fit is true; the rest is empty."""
    table = read(folder / f"runsusie_trait{trait}_alpha_lbf_mu.tsv.gz")
    lbf = table.select([f"lbf_L{number}" for number in range(1, 11)]).to_numpy().T.astype(float)
    fits = json.loads((folder / "susie_fits.json").read_text())
    index = fits[f"runsusie_trait{trait}"]["sets"]
    none = np.zeros(0)
    sets = tuple(
        CredibleSet(np.zeros(1, np.int64), 1.0, Purity(1, 1, 1), 0, one - 1, 0.0)
        for one in np.atleast_1d(index["cs_index"])
    )
    empty = [
        "pip",
        "alpha",
        "mu",
        "mu2",
        "alpha_null",
        "lbf",
        "divergence",
        "V",
        "elbo",
        "fitted",
        "coefficients",
    ]
    fit = SusieFit(
        **dict.fromkeys(empty, none), lbf_variable=lbf, credible_sets=sets, sigma2=1.0, converged=True,
        n_iter=0, intercept=0.0, coverage=0.95, min_abs_corr=0.5,
    )  # fmt: skip
    return fit, table["snp"].to_list()


def compare(found: coloc.ColocPairs, told: pl.DataFrame) -> int:
    ours = {(row["signal1"] + 1, row["signal2"] + 1): row for row in found.table().iter_rows(named=True)}
    for row in told.iter_rows(named=True):
        one = ours[row["idx1"], row["idx2"]]
        assert one["n_shared"] == row["nsnps"]
        for hit, names, factors in (
            ("hit1", found.snp, found.log_bf1[found.signal1.tolist().index(one["signal1"])]),
            ("hit2", found.snp, found.log_bf2[found.signal2.tolist().index(one["signal2"])]),
        ):  # of variants in complete LD either may be named
            if row[hit] in names:  # the peer may name a variant that the other trait lacks
                assert factors[names.index(row[hit])] == pytest.approx(factors.max(), abs=1e-9), (
                    one[hit],
                    row[hit],
                )
        if row["PP.H4.abf"] is None:  # the peer answers NA where less than half of a signal overlaps
            assert min(one["overlap1"], one["overlap2"]) < 0.5
            continue
        posteriors = [one[f"PP.H{number}"] for number in range(5)]
        np.testing.assert_allclose(posteriors, [row[key] for key in PP], rtol=1e-5, atol=1e-9)
    return len(ours)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("table", "priors"),
    [
        ("coloc_susie_summary.tsv", {}),
        ("coloc_susie_summary_p1_1e3_p2_1e3_p12_1e5.tsv", {"p1": 1e-3, "p2": 1e-3, "p12": 1e-5}),
    ],
)
def test_pairs_of_sets(shared: Path, name: str, table: str, priors: dict[str, float]) -> None:
    folder = shared / "oracle" / "rpeers" / "coloc" / name
    (fit1, names1), (fit2, names2) = peers_fit(folder, 1), peers_fit(folder, 2)
    if priors and len(names1) >= 1000:
        with pytest.warns(PostgwasWarning, match=r"sums to 1\.449"):  # the peer takes them
            coloc.susie(fit1, fit2, names1, names2, **priors)
        return
    told = read(folder / table)
    assert compare(coloc.susie(fit1, fit2, names1, names2, **priors), told) == told.height


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
def test_some_variants_in_another_order(shared: Path, name: str) -> None:
    """Reversed names and columns give what the peer gives for names in step (it does not join them)."""
    folder = shared / "oracle" / "rpeers" / "coloc" / name
    (fit1, names1), (fit2, names2) = peers_fit(folder, 1), peers_fit(folder, 2)
    subset = read(folder / "abf_persnp.tsv.gz")["in_sub2"].to_numpy() == 1
    sets1, sets2 = (np.array([one.effect for one in fit.credible_sets]) for fit in (fit1, fit2))
    found = coloc.bf_bf(
        fit1.lbf_variable[sets1][:, subset],
        fit2.lbf_variable[sets2][:, ::-1],
        np.array(names1)[subset].tolist(),
        names2[::-1],
    )
    order = np.array(names1)[subset]
    assert list(found.snp) == order.tolist()
    told = read(folder / "coloc_bf_bf_trait1_on_sub2.tsv")
    compare(found, told)
