"""Sites of several ALT alleles: a score for each; left out as before with ldsc's own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from genotypes.plink1_files import random_calls
from genotypes.vcf_files import vcf_text

from postgwas.genotypes import open_genotypes
from postgwas.ld.run import ld_scores


def test_split_sites_have_scores(tmp_path: Path) -> None:
    calls = random_calls(1, 12, 40, missing=0.0)
    names = {0: "0/0", 1: "0/1", 2: "1/1"}
    rows = [
        f"chr1 {1000 * (j + 1)} rs{j} A C . . . GT " + " ".join(names[int(c)] for c in row)
        for j, row in enumerate(calls)
    ]
    both = " ".join(["0/1", "1/2", "2/2", "0/0"] * 10)
    rows[5] = f"chr1 6000 rs5 A C,G . . . GT {both}"
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 40))
    (tmp_path / "without.vcf").write_text(vcf_text(rows[:5] + rows[6:], 40))
    scores = ld_scores(tmp_path / "any.vcf", window=1000, unit="kb", whole_chromosome=True)
    assert scores.variants["SNPID"].to_list()[4:8] == ["rs4", "rs5:A:C", "rs5:A:G", "rs6"]
    block = open_genotypes(tmp_path / "any.vcf").block(0, 13).astype(float)
    r2 = np.corrcoef(block) ** 2
    unbiased = r2 - (1 - r2) / 38
    np.testing.assert_allclose(scores.l2[:, 0], unbiased.sum(axis=1), rtol=1e-5)
    old = ld_scores(tmp_path / "any.vcf", window=1000, unit="kb", whole_chromosome=True, compat=True)
    without = ld_scores(tmp_path / "without.vcf", window=1000, unit="kb", whole_chromosome=True, compat=True)
    assert old.variants["SNPID"].to_list() == without.variants["SNPID"].to_list()
    np.testing.assert_array_equal(old.l2, without.l2)
