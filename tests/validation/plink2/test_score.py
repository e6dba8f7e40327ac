"""Polygenic scores against PLINK 2's; clumping against PLINK 1.9's.

Peers: PLINK v2.00a3.5, ``plink2 --pfile geno --score lin.ENSG00000003.1.glm.linear 3 6 11 header
cols=+scoresums`` (missing calls by mean, as ours), printed to six digits. PLINK v1.90b6.26, ``--clump`` of
the same file with p1 = p2: it takes r2 of haplotypes estimated by EM, ours is that of copies, so a few index
variants differ.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from postgwas.qtl import ScoreSettings, score

pytestmark = pytest.mark.requires_shared

#: SCORE1_SUM of the first six samples, and the sum over all 300.
FIRST = (103.373, 6.94848, -56.2378, -58.5789, -36.3559, -25.8467)
TOTAL = -54.392
#: p1 = p2, r2, window in kb: number of PLINK 1.9's index variants.
CLUMPS = {(1e-2, 0.1, 250): 65, (1e-3, 0.5, 250): 14, (1e-4, 0.01, 1000): 1}


@pytest.fixture(scope="module")
def sumstats(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("score") / "ENSG00000003.glm.linear"
    packed = shared / "oracle" / "eqtl" / "plink_glm" / "lin.ENSG00000003.1.glm.linear.gz"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path


def test_scores(shared: Path, sumstats: Path) -> None:
    genotypes = shared / "oracle" / "eqtl" / "sim_inputs" / "geno.pgen"
    found = score(genotypes, sumstats, settings=ScoreSettings(palindromic="keep"))
    assert found.n_variants.tolist() == [10_494]
    np.testing.assert_allclose(found.values[0, :6], FIRST, rtol=5e-6)
    assert found.values[0].sum() == pytest.approx(TOTAL, abs=300 * 5e-4)


@pytest.mark.parametrize("limits", CLUMPS)
def test_number_of_clumps(shared: Path, sumstats: Path, limits: tuple[float, float, int]) -> None:
    p, r2, kb = limits
    genotypes = shared / "oracle" / "eqtl" / "sim_inputs" / "geno.bed"
    settings = ScoreSettings((p,), r2, 1000 * kb, palindromic="keep")
    assert abs(int(score(genotypes, sumstats, settings=settings).n_variants[0]) - CLUMPS[limits]) <= 2
