"""Fold changes of aFC.py (6ad5237), aFC-n (6bfdbc8) and tensorQTL 1.0.10, and the simulation's truth.

Inputs are simulated: log2(counts / DESeq2's size factor + 1), printed with 8 decimals, of 300 people with
known hidden factors, and phased genotypes of the variants that the peers were asked about.

- ``aFC.py --log_xform 1 --log_base 2 --boot 0``, with and without ``--cov``.
- ``afcn.py --conf``.
- ``tensorqtl.post.calculate_afc(covariates_df=..., select_covariates=True, imputation="offset")``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas import expression, genotypes, qtl
from postgwas.qtl.phased_calls import phased_calls

DATA = Path(__file__).parent / "data"


class Study:
    def __init__(self) -> None:
        self.genotypes = genotypes.open_genotypes(DATA / "leads.vcf.gz")
        self.samples = self.genotypes.samples["IID"].to_list()
        self.row = {name: row for row, name in enumerate(self.genotypes.variants["SNPID"].to_list())}
        self.log2 = expression.read_bed(DATA / "log2_expression.bed.gz", unit="log2").select(
            samples=self.samples
        )
        self.gene = {name: row for row, name in enumerate(self.log2.gene_ids)}
        known = expression.read_covariates(DATA / "covariates.txt.gz", samples=self.samples)
        self.covariates = known.values[:, [known.samples.index(name) for name in self.samples]]

    def y(self, gene: str) -> np.ndarray:
        return self.log2.values[self.gene[gene]]

    def copies(self, *variants: str) -> np.ndarray:
        rows = np.array([self.row[one] for one in variants])
        found = np.stack([self.genotypes.block(row, row + 1)[0] for row in rows]).astype(float)
        return np.where(found < 0, np.nan, found)

    def haplotypes(self, *variants: str) -> np.ndarray:
        return phased_calls(self.genotypes, np.array([self.row[one] for one in variants]))


@pytest.fixture(scope="module")
def study() -> Study:
    return Study()


def table(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / name, separator="," if name == "afcn_out.tsv" else "\t")


@pytest.mark.parametrize("name", ["aFC_boot0_nocov.tsv", "aFC_boot0_cov.tsv"])
def test_the_approximation_is_afc_py(study: Study, name: str) -> None:
    # Both print all digits; the inputs have 8 decimals, the same for both: rounding alone is left.
    peer = table(name)
    options = qtl.AfcOptions(estimator="approximation")
    known = study.covariates if name == "aFC_boot0_cov.tsv" else None
    ours = [
        qtl.afc(study.y(gene), study.copies(variant)[0], known, options=options).estimate[0]
        for gene, variant in peer.select("pid", "sid").rows()
    ]
    assert len(ours) == 47
    np.testing.assert_allclose(ours, peer["log2_aFC"].to_numpy(), rtol=0, atol=1e-12)


def test_least_squares_on_haplotypes_are_afcn(study: Study) -> None:
    # lmfit stops at a relative change of 1e-8 of the sum of squares, which is 1e-4 of an estimate.
    peer = table("afcn_out.tsv")
    for (gene,), rows in peer.group_by("gene_id", maintain_order=True):
        found = qtl.afc_joint(study.y(gene), study.haplotypes(*rows["variant_id"].to_list()))
        if gene == "ENSG00000015.1":  # two variants in complete LD: see below
            continue
        np.testing.assert_allclose(found.estimate, rows["log2_aFC"].to_numpy(), rtol=0, atol=2e-4)
        np.testing.assert_allclose(found.se, rows["log2_aFC_error"].to_numpy(), rtol=6e-4)
        # aFC-n's c0 is of one haplotype.
        assert found.baseline - 1 == pytest.approx(rows["log2_aFC_c0"][0], abs=2e-4)
        assert found.converged and set(found.reason) == {""}


def test_collinear_variants_are_refused_where_afcn_gives_noise(study: Study) -> None:
    rows = table("afcn_out.tsv").filter(pl.col("gene_id") == "ENSG00000015.1")
    assert rows["log2_aFC_error"].min() > 9000
    found = qtl.afc_joint(study.y("ENSG00000015.1"), study.haplotypes(*rows["variant_id"].to_list()))
    assert found.reason == ("", "collinear")
    assert found.partner.tolist() == [-1, 0]
    assert np.isnan(found.estimate[1])
    # The two effects of the peer add up to the one that can be known.
    assert found.estimate[0] == pytest.approx(rows["log2_aFC"].sum(), abs=2e-3)
    assert found.se[0] < 0.1


def test_first_order_is_tensorqtl(study: Study) -> None:
    # tensorQTL was given covariates, but what it printed is twice the slope without any, in float32.
    peer = table("calculate_afc.tsv")
    options = qtl.AfcOptions(estimator="linear", max_r2=0.9999)
    for (gene,), rows in peer.group_by("gene_id", maintain_order=True):
        found = qtl.afc_joint(study.y(gene), study.copies(*rows["variant_id"].to_list()), options=options)
        np.testing.assert_allclose(found.estimate, rows["afc"].to_numpy(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(found.se, rows["afc_se"].to_numpy(), rtol=0, atol=3e-6)


def test_intervals_hold_the_truth_with_covariates(study: Study) -> None:
    """Hidden factors and populations are among the covariates; without them 3 of 4 intervals hold it."""
    inside: dict[str, list[bool]] = {"with": [], "without": []}
    for (gene,), rows in table("truth.tsv").group_by("gene_id", maintain_order=True):
        for how, known in (("with", study.covariates), ("without", None)):
            found = qtl.afc_joint(study.y(gene), study.copies(*rows["variant_id"].to_list()), known)
            truth = rows["log2_aFC"].to_numpy()
            fitted = np.array([not reason for reason in found.reason])
            inside[how] += ((found.lower <= truth) & (truth <= found.upper))[fitted].tolist()
    n = len(inside["with"])
    assert n > 120
    # 95 % of n, three standard errors below; the model without covariates is wrong.
    assert np.mean(inside["with"]) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n)
    assert np.mean(inside["without"]) < 0.85
