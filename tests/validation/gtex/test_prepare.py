"""The GTEx pipeline's eqtl_prepare_expression.py (728ea22, qtl 0.1.10) on 698 simulated genes x 300 samples.

`--tpm_threshold 0.1 --count_threshold 6 --sample_frac_threshold 0.2`, normalisation tmm and qn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import read_bed, read_expression, rle, tmm, tmmwsp, upper_quartile


@pytest.mark.requires_shared
@pytest.mark.parametrize("norm", ["tmm", "qn"])
def test_the_whole_command(shared: Path, tmp_path: Path, norm: str) -> None:
    """The same genes in the same places and order, and the same bits: both read quantiles off scipy."""
    folder = shared / "oracle" / "eqtl"
    given = folder / "sim_inputs"
    out = tmp_path / norm
    status = main(
        [
            "expression", "prepare", "--counts", str(given / "expression.counts.gct.gz"),
            "--tpm", str(given / "expression.tpm.gct.gz"), "--gtf", str(given / "genes.gtf"),
            "--sample_to_participant", str(given / "sample_to_participant.txt"),
            "--norm", norm, "--out", str(out), "--quiet",
        ]
    )  # fmt: skip
    assert status == 0
    ours = read_bed(f"{out}.expression.bed.gz")
    theirs = read_bed(folder / "expression_prep_gtex" / f"{norm}.expression.bed.gz")
    assert ours.gene_ids == theirs.gene_ids
    assert ours.samples == theirs.samples
    assert ours.genes.select("CHROM", "TSS").equals(theirs.genes.select("CHROM", "TSS"))
    np.testing.assert_array_equal(ours.values, theirs.values)


@pytest.mark.requires_shared
def test_one_chromosome_at_a_time(shared: Path, tmp_path: Path) -> None:
    """Their rows of chr21 and chr22; factors and ranks do not depend on --chr."""
    given = shared / "oracle" / "eqtl" / "sim_inputs"
    out = tmp_path / "cis"
    assert (
        main(
            [
                "expression", "prepare", "--counts", str(given / "expression.counts.gct.gz"),
                "--tpm", str(given / "expression.tpm.gct.gz"), "--gtf", str(given / "genes.gtf"),
                "--sample_to_participant", str(given / "sample_to_participant.txt"),
                "--filter", "gtex", "--chr", "chr21,22", "--out", str(out), "--quiet",
            ]
        )
        == 0
    )  # fmt: skip
    ours = read_bed(f"{out}.expression.bed.gz")
    theirs = read_bed(shared / "oracle" / "eqtl" / "expression_prep_gtex" / "cis.expression.bed.gz")
    assert ours.gene_ids == theirs.gene_ids
    np.testing.assert_array_equal(ours.values, theirs.values)


@pytest.mark.requires_shared
def test_factors(shared: Path) -> None:
    """qtl.norm.edger_calcnormfactors, and edgeR 3.40.2 itself, of all genes."""
    folder = shared / "oracle" / "eqtl"
    counts = read_expression(folder / "sim_inputs" / "expression.counts.gct.gz").values
    theirs = pl.read_csv(folder / "expression_prep_gtex" / "edger_factors.tsv", separator="\t")
    theirs = theirs.rename({name: name.strip() for name in theirs.columns})
    for name, call in (("tmm", tmm), ("TMMwsp", tmmwsp), ("RLE", rle), ("upperquartile", upper_quartile)):
        column = theirs[name].cast(pl.String).str.strip_chars().cast(pl.Float64).to_numpy()
        np.testing.assert_allclose(call(counts), column, rtol=1e-12, err_msg=name)
    python = pl.read_csv(folder / "expression_prep_gtex" / "qtlnorm_factors.tsv", separator="\t")
    np.testing.assert_allclose(tmm(counts), python["qtl_tmm"].to_numpy(), rtol=1e-12)
