"""Interactions against MatrixEQTL's modelLINEAR_CROSS.

Peer: MatrixEQTL (andreyshabalin/MatrixEQTL f88f97e, R 4.2.2): all cis pairs with P < 0.01 for sex as the last
covariate of the simulated study; all pairs of the package's sample data (15 SNPs, 10 genes, 16 people) for
age. Both compute in doubles and it prints 17 digits: t and effects to 1e-10 of themselves. Its model is the
whole one although sex is a covariate too: 278 degrees of freedom.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.qtl import InteractionOptions, cis_interaction
from postgwas.qtl.interaction import (
    inner_products,
    interaction_block,
    interaction_effects,
    interaction_model,
    phenotype_parts,
)

pytestmark = pytest.mark.requires_shared
NUMBERS = ("statistic", "pvalue", "beta")


def test_pairs_below_a_limit_of_p(oracle: Oracle) -> None:
    theirs = oracle.table("matrixeqtl/cis_linear_cross_sex_p1e-2.tsv.gz", numbers=NUMBERS)
    options = InteractionOptions(maf_min_interaction=0.0, eigenmt=False)
    found = cis_interaction(
        oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates, interaction_options=options
    )
    ours = found.table.with_columns(t=pl.col("b_gi") / pl.col("b_gi_se"))
    both = ours.join(theirs.rename({"snps": "variant_id", "gene": "phenotype_id"}), on=PAIR)
    assert both.height == theirs.height == ours.filter(pl.col("pval_gi") < 0.01).height == 2_905
    np.testing.assert_allclose(both["t"], both["statistic"], rtol=1e-10)
    np.testing.assert_allclose(both["b_gi"], both["beta"], rtol=1e-10)
    np.testing.assert_allclose(both["mlog10p_gi"], -both["pvalue"].log10(), rtol=1e-10)


def test_the_package_s_sample_data(oracle: Oracle) -> None:
    folder = oracle.folder / "matrixeqtl_sample"
    snps, genes, covariates = (
        pl.read_csv(folder / f"{name}.txt", separator="\t", infer_schema_length=None)
        for name in ("SNP", "GE", "Covariates")
    )
    dosage, values, known = (frame[:, 1:].to_numpy().astype(float) for frame in (snps, genes, covariates))
    dosage = np.where(np.isnan(dosage), np.nanmean(dosage, axis=1, keepdims=True), dosage)
    model = interaction_model(known[1:], known)  # age, the last covariate
    block = interaction_block(model, dosage)
    rows = []
    for name, part in zip(genes[:, 0], phenotype_parts(model, values)):
        found = interaction_effects(model, block, part, inner_products(block, part.residual[None])[:, :, 0])
        t = found.b_gi[:, 0] / found.b_gi_se[:, 0]
        rows += [(snp, name, *each) for snp, *each in zip(snps[:, 0], t, found.b_gi[:, 0])]
    ours = pl.DataFrame(rows, schema=["snps", "gene", "t", "b_gi"], orient="row")
    theirs = oracle.table("matrixeqtl_sample/all_modelLINEAR_CROSS.tsv", numbers=NUMBERS)
    both = ours.join(theirs, on=["snps", "gene"])
    assert model.df == 11 and both.height == theirs.height == 150
    np.testing.assert_allclose(both["t"], both["statistic"], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(both["b_gi"], both["beta"], rtol=1e-9, atol=1e-12)
