"""SuShiE 0.20 on its own example: EUR, EAS and AFR genotypes at a locus, phenotypes simulated.

`sushie finemap --pheno EUR.pheno EAS.pheno AFR.pheno --plink EUR EAS AFR --covar ... --min-tol 1e-8`: 102
variants. It stops at 500 rounds, before it has converged, scales by n where we scale by n - 1, and keeps
effects that are nearly 0, hence 3e-3 on weights and 0.3 on the bound.

Its two PIPs, of a run with `--L 10` and its own `--min-tol` of 1e-3, which ends after 110 rounds: `pip_all`
counts all effects, there or not, so that every variant has 0.075; `pip_cs` those of kept credible sets. Ours
is as the second, and as the first where no effect is dropped.
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
BOUND, ROUNDS_OF_TEN, BOUND_OF_TEN = -1682.62464, 110, -1682.713


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


RARE = {"rs10914991", "rs12566354", "rs10799058", "rs10799059", "rs4653062", "rs12047023", "rs12033008"}
"""Below 1 % in one population or more: it leaves them out."""
PIP_ALL = {"median": 0.07531746, "third largest": 0.08619832}


def locus(shared: Path) -> tuple[list[np.ndarray], list[np.ndarray], list[str], dict[str, str]]:
    """Genotypes and phenotypes by population, the variants, and the alleles that are counted."""
    folder = shared / "realdata" / "sushie_3anc_locus"
    held = [population(folder, name) for name in POPULATIONS]
    common = [snp for snp in held[0][0] if snp not in RARE and all(snp in rows for rows, _, _ in held)]
    first = held[0][1]
    x = []
    for rows, alleles, _ in held:
        x.append(
            np.stack([rows[snp] if alleles[snp] == first[snp] else -rows[snp] for snp in common], axis=1)
        )
    return x, [y for _, _, y in held], common, first


@pytest.mark.requires_shared
@pytest.mark.parametrize(("method", "threshold"), [("EM", -math.inf), ("EM", None), ("optim", None)])
def test_sushie(shared: Path, method: str, threshold: float | None) -> None:
    x, y, common, first = locus(shared)
    fit = susie_multi(x, y, estimate_prior_method=method, check_null_threshold=threshold)
    sets = [[common[row] for row in one.variants] for one in fit.credible_sets]
    assert sorted(sets) == [["rs10914958"], ["rs1886340"]]
    scale = np.stack([one.std(axis=0, ddof=1) for one in x])
    for snp, expected in WEIGHTS.items():
        at = common.index(snp)
        sign = 1.0 if first[snp] == "G" else -1.0
        np.testing.assert_allclose(sign * fit.coefficients[:, at] * scale[:, at], expected, atol=3e-3)
    assert fit.elbo[-1] == pytest.approx(BOUND, abs=0.3)
    pip = np.sort(fit.pip)
    np.testing.assert_allclose(pip[-2:], 1.0, atol=1e-9)
    if threshold is None:
        assert pip[-3] < 1e-9
    else:
        assert pip[-3] == pytest.approx(PIP_ALL["third largest"], abs=1e-3)
        assert (len(common), fit.n_iter) == (102, ROUNDS_OF_TEN)
        assert fit.elbo[-1] == pytest.approx(BOUND_OF_TEN, abs=1e-3)
        assert np.median(pip) == pytest.approx(PIP_ALL["median"], abs=1e-3)
