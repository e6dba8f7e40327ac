"""SuShiE 0.20 on its own example: EUR, EAS and AFR genotypes at a locus, phenotypes simulated.

`sushie finemap --pheno EUR.pheno EAS.pheno AFR.pheno --plink EUR EAS AFR --covar ... --min-tol 1e-8`: 102
variants. It stops at 500 rounds, before it has converged, scales by n where we scale by n - 1, and keeps
effects that are nearly 0, hence 3e-3 on weights and 0.3 on the bound.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from postgwas.finemap import susie_multi
from postgwas.genotypes import open_genotypes
from postgwas.qtl.projection import projection

POPULATIONS = ("EUR", "EAS", "AFR")
WEIGHTS = {
    "rs10914958": (-0.19409064, -0.65983759, -0.41746212),
    "rs1886340": (0.69378131, 0.30804712, 0.68581842),
}
"""Of G, A1 in every population."""
BOUND = -1682.62464


def population(folder: Path, name: str) -> tuple[dict[str, np.ndarray], dict[str, str], np.ndarray]:
    """Genotypes by variant and the phenotype, covariates projected out, and the alleles that are counted."""
    data = open_genotypes(folder / f"{name}.bed")
    covariates, phenotype = (
        {
            line.split()[0]: [float(cell) for cell in line.split()[1:]]
            for line in (folder / f"{name}.{kind}").read_text().splitlines()
        }
        for kind in ("covar", "pheno")
    )
    people = data.samples["IID"].to_list()
    basis = projection(np.array([covariates[one] for one in people]).T, len(people))
    y = basis.residuals(np.array([phenotype[one] for one in people]).T)[0]
    calls = data.block(0, data.n_variants).astype(float)
    mean = np.where(calls < 0, 0, calls).sum(axis=1) / (calls >= 0).sum(axis=1)
    calls = np.where(calls < 0, mean[:, None], calls)
    ids = data.variants["SNPID"].to_list()
    rows = basis.residuals(calls)
    return dict(zip(ids, rows)), dict(zip(ids, data.variants["A1"].to_list())), y / y.std()


@pytest.mark.requires_shared
@pytest.mark.parametrize("method", ["EM", "optim"])
def test_sushie(shared: Path, method: str) -> None:
    folder = shared / "realdata" / "sushie_3anc_locus"
    held = [population(folder, name) for name in POPULATIONS]
    common = [snp for snp in held[0][0] if all(snp in rows for rows, _, _ in held)]
    first = held[0][1]
    x = []
    for rows, alleles, _ in held:
        x.append(
            np.stack([rows[snp] if alleles[snp] == first[snp] else -rows[snp] for snp in common], axis=1)
        )
    threshold = -math.inf if method == "EM" else 0.0
    fit = susie_multi(
        x, [y for _, _, y in held], estimate_prior_method=method, check_null_threshold=threshold
    )
    sets = [[common[row] for row in one.variants] for one in fit.credible_sets]
    assert sorted(sets) == [["rs10914958"], ["rs1886340"]]
    scale = np.stack([one.std(axis=0, ddof=1) for one in x])
    for snp, expected in WEIGHTS.items():
        at = common.index(snp)
        sign = 1.0 if first[snp] == "G" else -1.0
        np.testing.assert_allclose(sign * fit.coefficients[:, at] * scale[:, at], expected, atol=3e-3)
    assert fit.elbo[-1] == pytest.approx(BOUND, abs=0.3)
