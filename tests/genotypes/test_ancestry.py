"""Groups and proportions of projected samples: held-out members, simulated mixtures, strangers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import write_plink1

from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.genotypes import (
    AncestrySettings,
    PcaSettings,
    ProjectSettings,
    Selection,
    ancestry,
    open_genotypes,
    pca,
    project,
)
from postgwas.genotypes.reference_groups import describe_groups, proportions
from postgwas.genotypes.run_ancestry import AncestryResult
from postgwas.genotypes.score_files import read_scores


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Three sources (60 labelled, 20 more each), 80 mixtures of them, 5 of a fourth group."""
    rng = np.random.default_rng(1)
    ancestral = rng.uniform(0.1, 0.9, 3000)
    sources = np.stack([rng.beta(ancestral * 9, (1 - ancestral) * 9) for _ in range(4)], axis=1)
    shares = np.vstack([
        np.repeat(np.eye(4)[:3], 80, axis=0), np.pad(rng.dirichlet([0.6] * 3, 80), ((0, 0), (0, 1))),
        np.repeat(np.eye(4)[3:], 5, axis=0),
    ])  # fmt: skip
    calls = rng.binomial(2, np.clip(sources @ shares.T, 0, 1)).astype(np.int8)
    calls[rng.random(calls.shape) < 0.02] = -9
    data = open_genotypes(write_plink1(tmp_path_factory.mktemp("mix") / "mix", calls))
    labelled = [f"I{80 * g + i}" for g in range(3) for i in range(60)]
    labels = {name: f"S{int(name[1:]) // 80}" for name in labelled}
    found = pca(data, settings=PcaSettings(n_axes=4), selection=Selection(keep=labelled))
    moved = project(
        data, found.loadings, settings=ProjectSettings(unshrink=True), selection=Selection(remove=labelled)
    )
    rows = [int(name[1:]) for name in moved.samples["IID"].to_list()]
    return {
        "scores": (moved.samples, moved.scores), "reference": (found.samples, found.scores),
        "labels": labels, "shares": shares[rows],
    }  # fmt: skip


def told(cohort: dict[str, object], **wanted: object) -> AncestryResult:
    settings = AncestrySettings(**wanted)  # type: ignore[arg-type]
    return ancestry(cohort["scores"], cohort["reference"], cohort["labels"], settings=settings)  # type: ignore[arg-type]


def test_held_out_members_are_found(cohort: dict[str, object]) -> None:
    found = told(cohort)
    assert found.labels()[:60] == ["S0"] * 20 + ["S1"] * 20 + ["S2"] * 20
    assert np.allclose(found.assignment.probabilities.sum(axis=1), 1)


def test_strangers_and_even_mixtures_are_unassigned(cohort: dict[str, object]) -> None:
    found = told(cohort)
    labels = np.array(found.labels())
    assert (labels[140:] == "unassigned").all()
    shares = cohort["shares"][60:140]  # type: ignore[index]
    assert (labels[60:140][shares.max(axis=1) < 0.7] == "unassigned").all()
    assert np.median(found.proportions.residual[140:]) > np.quantile(found.proportions.residual[:60], 0.99)


def test_proportions_of_mixtures(cohort: dict[str, object]) -> None:
    found, shares = told(cohort), cohort["shares"]
    error = found.proportions.values[:140] - shares[:140, :3]  # type: ignore[index]
    assert np.sqrt((error**2).mean()) < 0.04
    assert abs(error.mean(axis=0)).max() < 0.015
    assert found.proportions.values.min() >= 0
    assert np.allclose(found.proportions.values.sum(axis=1), 1, atol=1e-12)


def test_two_sources_alone(cohort: dict[str, object]) -> None:
    found = told(cohort, sources=("S2", "S0"))
    assert found.proportions.values[:20, 1].mean() > 0.95
    assert [name for name in found.table().columns if name.startswith("Q_")] == ["Q_S2", "Q_S0"]


def test_proportions_do_not_depend_on_the_scale_of_axes() -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(3), 30)
    scores = rng.standard_normal((3, 4))[codes] * 3 + rng.standard_normal((90, 4))
    points = rng.standard_normal((10, 4)) * 3
    turn = rng.standard_normal((4, 4))
    one = proportions(describe_groups(scores, codes, ("a", "b", "c")), points)
    two = proportions(describe_groups(scores @ turn, codes, ("a", "b", "c")), points @ turn)
    assert np.allclose(one.values, two.values, atol=1e-6)


def test_samples_without_scores(cohort: dict[str, object]) -> None:
    samples, scores = cohort["scores"]  # type: ignore[misc]
    holes = np.vstack([np.full((1, 4), np.nan), scores[1:]])
    found = ancestry((samples, holes), cohort["reference"], cohort["labels"])  # type: ignore[arg-type]
    assert found.labels()[0] == "unassigned" and np.isnan(found.proportions.values[0]).all()
    assert found.labels()[1:60] == told(cohort).labels()[1:60]


def test_what_is_refused(cohort: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'S7' is none of S0, S1, S2"):
        told(cohort, sources=("S0", "S7"))
    with pytest.raises(UsageError, match="share 4 axes"):
        told(cohort, n_axes=5)
    with pytest.raises(InputError, match="gives a group to none of the 180 samples"):
        ancestry(cohort["scores"], cohort["reference"], {"nobody": "S0"})  # type: ignore[arg-type]
    one = dict.fromkeys(cohort["labels"], "S0")  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="expected two groups"):
        ancestry(cohort["scores"], cohort["reference"], one)  # type: ignore[arg-type]
    bad = tmp_path / "bad.tsv"
    bad.write_text("#IID\tPC1\tPC2\na\t0.1\t0.2\nb\t0.1\tx\n")
    with pytest.raises(InputError, match="line 3: 'x' in column PC2"):
        read_scores(bad)
    bad.write_text("IID\tQ1\na\t0.1\n")
    with pytest.raises(ColumnError, match="expected columns IID, PC1"):
        read_scores(bad)


def test_tables_of_plink_and_na_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.eigenvec"
    path.write_text("#FID\tIID\tPC1\tPC2\n0\ta\t0.5\t-1\n0\tb\tNA\tNA\n")
    samples, scores = read_scores(path)
    assert samples.equals(pl.DataFrame({"FID": ["0", "0"], "IID": ["a", "b"]}))
    assert scores[0].tolist() == [0.5, -1.0] and np.isnan(scores[1]).all()
