"""Principal components against numpy's SVD, and what must not change them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import write_plink1
from genotypes.structured import structured_calls
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import (
    Genotypes,
    PcaSettings,
    ProjectSettings,
    Selection,
    open_genotypes,
    pca,
    project,
)
from postgwas.genotypes.krylov import leading_axes
from postgwas.genotypes.pca_result import PCAResult


def naive_pca(calls: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Eigenvalues, scores and variants used, variant by variant and with numpy's SVD."""
    rows = []
    for row in calls:
        seen = row[row >= 0]
        p = seen.sum() / (2 * len(seen)) if len(seen) else 0.0
        if 0 < p < 1:
            rows.append([(x - 2 * p) / np.sqrt(2 * p * (1 - p)) if x >= 0 else 0.0 for x in row])
    _, singular, right = np.linalg.svd(np.array(rows), full_matrices=False)
    return singular**2 / len(rows), right.T, len(rows)


def written(folder: Path, calls: np.ndarray, name: str = "sim") -> Genotypes:
    return open_genotypes(write_plink1(folder / name, calls))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of scores, whatever the sides of their axes."""
    return float(np.abs(one - other * np.sign((one * other).sum(axis=0))).max())


@pytest.fixture(scope="module")
def calls() -> np.ndarray:
    calls, _ = structured_calls(1, 700, (25, 20, 15))
    calls[3], calls[4] = 2, -9
    return calls


@pytest.fixture(scope="module")
def genotypes(calls: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Genotypes:
    return written(tmp_path_factory.mktemp("pca"), calls)


@pytest.mark.parametrize("method", ["exact", "randomised"])
def test_against_numpy(genotypes: Genotypes, calls: np.ndarray, method: str) -> None:
    values, scores, used = naive_pca(calls)
    found = pca(genotypes, settings=PcaSettings(n_axes=4, method=method, tolerance=1e-5))
    exact = method == "exact"
    assert np.allclose(found.eigenvalues, values[:4], rtol=1e-12 if exact else 1e-6)
    assert distance(found.scores, scores[:, :4]) < (1e-10 if exact else 1e-4)
    assert found.total_variance == pytest.approx(values.sum(), rel=1e-10)
    assert found.dropped["monomorphic"] == 700 - used >= 2 and found.loadings.variants.height == used
    assert np.allclose(np.linalg.norm(found.scores, axis=0), 1, atol=1e-6)
    assert np.all(found.scores[np.abs(found.scores).argmax(axis=0), range(4)] > 0)


def test_few_variants_of_many_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgwas.genotypes.run_axes.FEW_SAMPLES", 50)
    calls, _ = structured_calls(2, 40, (30, 30))
    values, scores, _ = naive_pca(calls)
    found = pca(written(tmp_path, calls), settings=PcaSettings(n_axes=3))
    assert found.exact and np.allclose(found.eigenvalues, values[:3], rtol=1e-10)
    assert distance(found.scores, scores[:, :3]) < 1e-9


def test_the_krylov_method_finds_close_eigenvalues_and_restarts() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([[9.0, 5.0], np.linspace(1.2, 0.2, 298)])
    q, _ = np.linalg.qr(rng.standard_normal((300, 300)))
    matrix = (q * values) @ q.T
    found = leading_axes(
        lambda x: matrix @ x.astype(np.float64), 300, 6, seed=1, tolerance=1e-5, max_blocks=3
    )
    assert found.n_passes > 3 and np.all(found.residuals <= 1e-5)
    assert np.allclose(found.values, values[:6], rtol=1e-8)
    assert np.linalg.norm(matrix @ found.vectors - found.vectors * found.values, axis=0).max() < 1e-4


def test_axes_that_have_not_converged_say_so(
    genotypes: Genotypes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from postgwas.genotypes.write_pca import pca_files

    few = PcaSettings(n_axes=8, method="randomised", max_passes=1)
    found = pca_files(genotypes.path, str(tmp_path / "out"), settings=few)
    assert found.residuals.max() > 1e-3 and found.n_passes == 1
    assert "have not converged after 1 sweeps" in capsys.readouterr().err


def same(one: PCAResult, other: PCAResult) -> bool:
    pairs = (
        (one.scores, other.scores), (one.eigenvalues, other.eigenvalues),
        (one.loadings.weights, other.loadings.weights),
    )  # fmt: skip
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(("method", "cores"), [("exact", 1), ("randomised", 2)])
def test_same_bits_for_any_workers_and_blocks(
    genotypes: Genotypes, method: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.genotypes.sweeps.PIECE", 256)  # three pieces, two of which may run at once
    wanted = PcaSettings(n_axes=3, method=method, max_passes=2)
    one = pca(genotypes, settings=wanted)
    assert same(one, pca(genotypes, settings=replace(wanted, block=1), cores=cores))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=5)
def test_other_alleles_turn_loadings_and_orders_move_scores(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("swap")
    rng = np.random.default_rng(seed)
    calls, _ = structured_calls(seed, 200, (15, 15, 10))
    swap, order = rng.random(200) < 0.5, rng.permutation(40)
    turned = np.where(swap[:, None] & (calls >= 0), 2 - calls, calls).astype(np.int8)
    wanted = PcaSettings(n_axes=2)
    one = pca(written(folder, calls), settings=wanted)
    two = pca(written(folder, turned, "turned"), settings=wanted)
    three = pca(written(folder, calls[:, order], "moved"), settings=wanted)
    assert np.allclose(one.scores, two.scores, atol=1e-10)
    kept = ~swap[one.loadings.variants["SNPID"].str.slice(2).cast(int).to_numpy()]
    sign = np.where(kept, 1, -1)[:, None]
    assert np.allclose(one.loadings.weights, two.loadings.weights * sign, atol=1e-10)
    assert np.allclose(one.scores[order], three.scores, atol=1e-10)


@pytest.mark.parametrize("method", ["exact", "randomised"])
def test_samples_project_onto_their_own_scores(genotypes: Genotypes, method: str) -> None:
    found = pca(genotypes, settings=PcaSettings(n_axes=3, method=method))
    again = project(genotypes, found.loadings, settings=ProjectSettings(missing="mean"))
    assert np.abs(again.scores - found.scores).max() < (1e-12 if method == "exact" else 1e-6)


def test_samples_left_out_are_projected(genotypes: Genotypes) -> None:
    relatives = [f"I{i}" for i in range(0, 60, 6)]
    found = pca(genotypes, settings=PcaSettings(n_axes=2, fit_remove=relatives))
    alone = pca(genotypes, selection=Selection(remove=relatives), settings=PcaSettings(n_axes=2))
    fit = found.role == "fit"
    assert (found.role[::6] == "projected").all() and fit.sum() == 50
    assert np.array_equal(found.scores[fit], alone.scores)
    again = project(genotypes, alone.loadings)
    assert np.allclose(found.scores[~fit], again.scores[~fit], atol=1e-12)


def test_outliers_are_left_out_round_by_round(tmp_path: Path) -> None:
    calls, _ = structured_calls(5, 600, (80, 1), fst=0.3, missing=0.0)
    data = written(tmp_path, calls)
    seen = pca(data, settings=PcaSettings(n_axes=2))
    assert seen.distance[80] > 6 and seen.role[80] == "fit"
    found = pca(data, settings=PcaSettings(n_axes=2, outlier_rounds=5))
    assert found.role[80] == "outlier" and (found.role[:80] == "fit").all()
    assert np.isfinite(found.scores[80]).all() and found.loadings.n_samples == 80
    assert found.eigenvalues[0] < 0.7 * seen.eigenvalues[0]


def test_too_many_axes(genotypes: Genotypes, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="60 axes of 60 samples"):
        pca(genotypes, settings=PcaSettings(n_axes=60))
    few = written(tmp_path, structured_calls(1, 4, (30,))[0])
    with pytest.raises(UsageError, match="5 axes of 4 variants"):
        pca(few, settings=PcaSettings(n_axes=5))


def test_nothing_varies(tmp_path: Path) -> None:
    data = written(tmp_path, np.full((5, 8), 2, np.int8))
    with pytest.raises(NoVariantsError, match="5 monomorphic"):
        pca(data, settings=PcaSettings(n_axes=2))


def test_no_autosome(tmp_path: Path) -> None:
    prefix = write_plink1(tmp_path / "x", structured_calls(1, 5, (9,))[0], chromosomes=["X"] * 5)
    with pytest.raises(NoVariantsError, match="none of the 5 variants is on an autosome"):
        pca(open_genotypes(prefix))


def test_nobody_to_fit_to(genotypes: Genotypes) -> None:
    everybody = [f"I{i}" for i in range(60)]
    with pytest.raises(InputError, match="no sample is left to fit axes to"):
        pca(genotypes, settings=PcaSettings(fit_remove=everybody))
