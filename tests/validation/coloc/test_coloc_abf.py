"""coloc.abf and sensitivity of coloc 6.0.1 on 11 simulated regions: closed formulae, 1e-6 of themselves."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc
from postgwas.errors import PostgwasWarning

CASES = (
    "r01_shared_qq", "r02_distinct_qq", "r03_distinct_ld_qq", "r04_shared_qcc", "r05_distinct_qcc",
    "r06_multi_qq", "r07_multi3_qq_refLD", "r08_one_qq", "r09_null_qq", "r10_multi_qcc", "r11_big_multi_qq",
)  # fmt: skip
PP = [f"PP.H{number}.abf" for number in range(5)]


class Case:
    """One region: its statistics and the peer's tables."""

    def __init__(self, shared: Path, name: str) -> None:
        self.folder = shared / "oracle" / "rpeers" / "coloc" / name
        self.meta = json.loads((self.folder / "meta.json").read_text())
        self.stats = self.read("sumstats.tsv.gz")
        self.variants = self.read("abf_persnp.tsv.gz")

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.folder / name, separator="\t", infer_schema_length=None, null_values="NA")

    def dataset(self, trait: int, form: str, rows: np.ndarray | slice = slice(None)) -> coloc.Dataset:
        kind = self.meta["type2"] if trait == 2 else "quant"
        given: dict[str, Any] = {"maf": self.column(f"maf{trait}", rows), "n": self.meta[f"n{trait}"]}
        if form == "p":
            given["p"] = self.column(f"p{trait}", rows)
        else:
            given |= {"beta": self.column(f"beta{trait}", rows), "se": self.column(f"se{trait}", rows)}
        if form == "sd" and kind == "quant":
            given["sd_y"] = self.meta[f"sdY{trait}"]
        if kind == "cc":
            given["case_fraction"] = self.meta["s2"]
        return coloc.Dataset(snp=self.column("snp", rows).tolist(), type=kind, **given)

    def as_the_peer_applied(self, weights: str) -> np.ndarray:
        """The peer sorts variants by name, but not their weights: the first name gets the first weight."""
        order = np.argsort(self.column("snp", slice(None)).astype(str), kind="stable")
        applied = np.empty(order.size)
        applied[order] = self.variants[weights].to_numpy()
        return applied

    def column(self, name: str, rows: np.ndarray | slice) -> np.ndarray:
        return self.stats[name].to_numpy()[rows]


FORMS = {
    "beta_varbeta_sdY": ("sd", "sd"),
    "beta_varbeta_sdYest": ("estimate", "estimate"),
    "pvalues_MAF_N": ("p", "p"),
    "mixed_beta1_pval2": ("sd", "p"),
}


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::postgwas.errors.PostgwasWarning")
def test_posteriors(shared: Path, name: str) -> None:
    """All calls; priors that are too large are lowered as the peer does, to the values that it tells."""
    case = Case(shared, name)
    subset = case.variants["in_sub2"].to_numpy() == 1
    seen = 0
    for row in case.read("abf_summary.tsv").iter_rows(named=True):
        call = row["call"]
        one, two = FORMS.get(call, ("sd", "sd"))
        rows1 = slice(0, 1) if call == "one_snp" else slice(None)
        rows2 = subset if call.startswith("partial") else rows1
        priors: dict[str, Any] = {key: row[key] for key in ("p1", "p2", "p12")}
        if call == "priors_too_big":
            priors = {"p1": 0.01, "p2": 0.01, "p12": 0.005}
        if call.startswith("weights"):
            priors["prior_weights1"] = case.as_the_peer_applied("weight1")
        if call == "weights12":
            priors["prior_weights2"] = case.as_the_peer_applied("weight2")
        found = coloc.abf(case.dataset(1, one, rows1), case.dataset(2, two, rows2), **priors)
        assert [found.p1, found.p2, found.p12] == pytest.approx([row[key] for key in ("p1", "p2", "p12")])
        assert found.n_shared == row["nsnps"], call
        np.testing.assert_allclose(found.pp, [row[key] for key in PP], rtol=1e-6, atol=1e-9, err_msg=call)
        seen += 1
    assert seen == 12


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("call", ["beta_varbeta_sdY", "beta_varbeta_sdYest", "pvalues_MAF_N"])
def test_variants(shared: Path, name: str, call: str) -> None:
    case = Case(shared, name)
    one, two = FORMS[call]
    found = coloc.abf(case.dataset(1, one), case.dataset(2, two)).table()
    told = case.variants
    assert found["snp"].to_list() == told["snp"].to_list()
    np.testing.assert_allclose(found["lABF1"], told[f"{call}:lABF.df1"], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found["lABF2"], told[f"{call}:lABF.df2"], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found["SNP.PP.H4"], told[f"{call}:SNP.PP.H4"], rtol=1e-6, atol=1e-12)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
def test_sensitivity(shared: Path, name: str) -> None:
    case = Case(shared, name)
    path = case.folder / "sensitivity_H4gt0.5_npoints100.tsv"
    if not path.exists():
        pytest.skip("the peer has none")
    told = case.read(path.name)
    found = coloc.abf(case.dataset(1, "sd"), case.dataset(2, "sd")).sensitivity()
    np.testing.assert_allclose(found.p12, told["p12"], rtol=1e-9)
    # The peer reweights H0 by 1 less the other priors here, but by 1 in coloc.abf; we take 1 in both.
    assert found.pp.shape == (100, 5)
    ours, theirs = found.pp[:, 1:], told.select(PP[1:]).to_numpy()
    ratios = [one / one.sum(axis=1, keepdims=True) for one in (ours, theirs)]
    np.testing.assert_allclose(ratios[0], ratios[1], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.pp, told.select(PP).to_numpy(), atol=0.01)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CASES)
def test_finemap_abf(shared: Path, name: str) -> None:
    """finemap.abf of both traits, of P-values with p1 = 1e-3, with weights, and its credible sets."""
    case = Case(shared, name)
    told = case.read("finemap_abf.tsv.gz")
    one, two = case.dataset(1, "sd"), case.dataset(2, "sd")
    weights = case.variants["weight1"].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PostgwasWarning)  # r11 has 1,449 variants: p1 = 1e-3 is lowered
        found = {
            "t1_PP": coloc.finemap_abf(one), "t2_PP": coloc.finemap_abf(two),
            "t1_pval_p1_1e3_PP": coloc.finemap_abf(case.dataset(1, "p"), 1e-3),
            "t1_weights1_PP": coloc.finemap_abf(one, prior_weights=weights),
        }  # fmt: skip
    for column, fit in found.items():
        ours = fit.table()
        assert ours["snp"].to_list() == told["snp"].to_list()
        np.testing.assert_allclose(ours["SNP.PP"], told[column], rtol=1e-9, atol=1e-300, err_msg=column)
    sets = json.loads((case.folder / "finemap_credible_sets.json").read_text())
    for key, rows in sets.items():
        trait, coverage = key.removeprefix("trait").split("_")
        names, with_null = found[f"t{trait}_PP"].credible_set(coverage=int(coverage) / 100)
        peers = [row["snp"] for row in rows if row["snp"] != "null"]
        pip = dict(zip(case.column("snp", slice(None)).tolist(), found[f"t{trait}_PP"].pip))
        assert with_null == (len(peers) < len(rows)) and len(names) == len(peers)
        # Of variants in complete LD the peer may name others.
        np.testing.assert_allclose([pip[one] for one in names], [pip[one] for one in peers], rtol=1e-9)
