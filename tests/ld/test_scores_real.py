"""LD scores of real genotypes of each kind of file, against all correlations at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ld.naive_scores import naive_ld_scores

from postgwas.genotypes import open_genotypes
from postgwas.ld.run import ld_scores

pytestmark = pytest.mark.requires_shared


def check(path: Path, kilobases: float, n_variants: int, monomorphic: int) -> None:
    genotypes = open_genotypes(path)
    scores = ld_scores(genotypes, window=kilobases, unit="kb", whole_chromosome=True)
    assert scores.variants.height == n_variants
    assert scores.dropped["monomorphic"] == monomorphic
    # The first 1,500 variants have their whole windows among the first 3,000.
    calls = np.asarray(genotypes.block(0, min(20_000, genotypes.n_variants)))
    some = np.flatnonzero(genotypes.variants["SNPID"].is_in(scores.variants["SNPID"].head(3000).to_list()))
    position = scores.variants["POS"].head(3000).to_numpy().astype(float)
    near = np.abs(position[:, None] - position) <= 1000 * kilobases
    whole = position + 1000 * kilobases < position[-1] if n_variants > 3000 else np.ones(len(some), bool)
    assert whole.sum() > 500
    expected = naive_ld_scores(calls[some], near)
    np.testing.assert_allclose(scores.l2[: len(some)][whole], expected[whole], rtol=1e-5, atol=5e-4)


def test_plink1_of_489_people(shared: Path, tmp_path: Path) -> None:
    folder = shared / "realdata" / "geno_1000G_eur489_22regions"
    for name, of in ((".22.bed", ".bed"), (".22.bim.gz", ".bim.gz"), (".fam", ".fam")):
        (tmp_path / f"chr22{of}").symlink_to(folder / f"1000G.subset{name}")
    check(tmp_path / "chr22", 100, 2608, 0)


def test_plink2_of_3313_people(shared: Path) -> None:
    check(shared / "realdata" / "geno_1kg_hgdp_chr22_6pops" / "ref.chr22.pgen", 2000, 1000, 0)


def test_vcf_of_504_people(shared: Path) -> None:
    folder = shared / "realdata" / "geno_1000G_eas504_chr7"
    check(folder / "1kg_eas_hg19.chr7_126253550_128253550.vcf.gz", 50, 15208, 39026)
