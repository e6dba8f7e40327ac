"""hyprcoloc 0.0.2 (0348bbd) on its package's data: 10 traits, 1,062 variants.

The peer rounds posteriors to 4 decimals (5e-5 here); SNP scores and credible sets are told in full (1e-9).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc

CALLS: dict[str, dict[str, Any]] = {
    "default": {},
    "bb_align": {"selection": "align"},
    "uniform": {"uniform_priors": True},
    "prior_c_0.05": {"p_shared": 0.05},
    "prior12": {"p12": 1e-5},
    "p1_1e3": {"p1": 1e-3},
    "thresh0.8": {"regional_threshold": 0.8, "alignment_threshold": 0.8},
    "no_bb": {"search": False},
    "binary": {"binary": [True, True, *[False] * 8]},
    # The five remaining traits have a regional probability of 0.947: the peer went on, so its threshold was
    # above that, whatever the call's name says.
    "regonly_0.9": {"selection": "regional_only", "regional_threshold": 0.95},
    "two_traits": {"traits": 2},
    "subset": {"traits": 2},
    "ind_traits_true": {},
}


class Given:
    """The package's data."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "oracle" / "rpeers" / "hyprcoloc"
        betas, ses = self.read("betas.tsv.gz"), self.read("ses.tsv.gz")
        self.snp = betas["snp"].to_list()
        self.trait = betas.columns[1:]
        self.beta, self.se = (one.select(self.trait).to_numpy() for one in (betas, ses))
        self.told = json.loads((self.folder / "hyprcoloc_results.json").read_text())

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.folder / name, separator="\t", infer_schema_length=None)


@pytest.fixture(scope="module")
def given(shared: Path) -> Given:
    return Given(shared)


def compare(found: coloc.HyprColoc, told: list[dict[str, Any]]) -> None:
    ours = list(found.table().iter_rows(named=True))
    assert len(ours) == len(told)
    for one, row in zip(ours, told, strict=True):
        assert one["REGIONAL"] == pytest.approx(row["regional_prob"], abs=5.001e-5)
        if row["traits"] == "None":
            assert one["TRAITS"] is None and one["DROPPED"] == row["dropped_trait"]
            continue
        assert one["TRAITS"] == row["traits"].replace(" ", "")
        assert one["CANDIDATE_SNP"] == row["candidate_snp"]
        assert one["CANDIDATE_PP"] == pytest.approx(row["posterior_explained_by_snp"], abs=5.001e-5)
        if one["POSTERIOR"] is not None:
            assert one["POSTERIOR"] == pytest.approx(row["posterior_prob"], abs=5.001e-5)


@pytest.mark.requires_shared
@pytest.mark.parametrize("call", CALLS)
def test_clusters(given: Given, call: str) -> None:
    options = dict(CALLS[call])
    number = options.pop("traits", 10)
    found = coloc.hyprcoloc(
        given.beta[:, :number], given.se[:, :number], snp=given.snp, trait=given.trait[:number], **options
    )
    compare(found, given.told[call]["results"])


@pytest.mark.requires_shared
def test_correlated_traits(given: Given) -> None:
    found = coloc.hyprcoloc(
        given.beta[:, :5], given.se[:, :5], snp=given.snp, trait=given.trait[:5],
        trait_cor=given.read("trait_cor.tsv").to_numpy()[:5, :5],
        ld=given.read("ld.tsv.gz").to_numpy().astype(float),
    )  # fmt: skip
    compare(found, given.told["cor_adjust_T1_5"]["results"])


@pytest.mark.requires_shared
def test_scores_and_credible_sets(given: Given) -> None:
    found = coloc.hyprcoloc(given.beta, given.se, snp=given.snp, trait=given.trait)
    scores = given.read("snpscores_default.tsv.gz")
    sets = json.loads((given.folder / "cred_sets_0.95.json").read_text())
    for number, cluster in enumerate(found.clusters):
        told = scores[f"cluster{number + 1}"].to_numpy()
        np.testing.assert_allclose(cluster.snp_pp, told, rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(
            cluster.snp_pp[found.credible_set(number)], np.ravel(sets[number]), rtol=1e-9
        )


@pytest.mark.requires_shared
def test_similarity_over_thresholds_and_priors(given: Given) -> None:
    told = given.read("sensitivity_similarity_matrix.tsv").select(given.trait).to_numpy()
    np.testing.assert_allclose(coloc.similarity(given.beta, given.se), told, atol=1e-12)
