"""The same bits whatever the number of workers and however the file is read."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.genotypes import open_genotypes
from postgwas.ld import run_sums, scores
from postgwas.ld.run import ld_scores
from postgwas.ld.run_cross import cross_ld_scores


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    calls = random_calls(1, 3000, 40)
    return write_plink1(
        tmp_path_factory.mktemp("bits") / "any", calls, chromosomes=["1"] * 1900 + ["2"] * 1100,
        positions=[*range(1, 1901), *range(1, 1101)],
    )  # fmt: skip


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_sums, "_PIECE", 500)


@pytest.mark.usefixtures("small_pieces")
def test_workers(prefix: Path) -> None:
    annot = np.random.default_rng(1).normal(size=(3000, 3))
    one, two = (ld_scores(prefix, window=0.2, unit="kb", annot=annot, cores=cores) for cores in (1, 2))
    np.testing.assert_array_equal(one.l2, two.l2)


@pytest.mark.usefixtures("small_pieces")
def test_blocks_of_the_file(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ld_scores(prefix, window=0.2, unit="kb")
    monkeypatch.setattr(run_sums, "_READ_BYTES", 700)
    monkeypatch.setattr(run_sums, "_COUNTED", 77)
    np.testing.assert_array_equal(ld_scores(prefix, window=0.2, unit="kb").l2, whole.l2)


def test_pieces_tiles_and_rows_change_rounding_only(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def double() -> np.ndarray:
        return ld_scores(prefix, window=0.9, unit="kb", double=True).l2

    usual = double()
    for module, name, value in (
        (run_sums, "_PIECE", 311), (scores, "TILE", 37), (scores, "_ROWS", 100), (scores, "_ROWS", 20)
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
        np.testing.assert_allclose(double(), usual, rtol=0, atol=1e-10)


def test_single_precision_costs_a_millionth_of_the_sum_of_squares(prefix: Path) -> None:
    single = ld_scores(prefix, window=0.2, unit="kb").l2
    double = ld_scores(prefix, window=0.2, unit="kb", double=True).l2
    # About 400 squares with a mean of 1/40 are summed before the bias is taken away.
    assert np.max(np.abs(single - double)) < 1e-6 * 400 / 40


def test_kinds_of_file_agree(prefix: Path, tmp_path: Path) -> None:
    from genotypes.test_plink2 import write_plink2

    calls = np.asarray(open_genotypes(prefix).block(0, 300))
    write_plink1(tmp_path / "one", calls, positions=list(range(100, 400)))
    write_plink2(tmp_path / "two", calls)
    from_bed = ld_scores(tmp_path / "one.bed", window=0.05, unit="kb")
    from_pgen = ld_scores(tmp_path / "two.pgen", window=0.05, unit="kb")
    np.testing.assert_array_equal(from_bed.l2, from_pgen.l2)
    some = [f"I{i}" for i in range(3, 30)]
    np.testing.assert_array_equal(
        ld_scores(tmp_path / "one.bed", window=0.05, unit="kb", keep=some).l2,
        ld_scores(tmp_path / "two.pgen", window=0.05, unit="kb", keep=some).l2,
    )


def test_order_of_the_populations_swaps_the_scores(prefix: Path, tmp_path: Path) -> None:
    other = write_plink1(
        tmp_path / "other", random_calls(2, 3000, 50), chromosomes=["1"] * 1900 + ["2"] * 1100,
        positions=[*range(1, 1901), *range(1, 1101)],
    )  # fmt: skip
    one = cross_ld_scores(prefix, other, window=0.1, unit="kb")
    two = cross_ld_scores(other, prefix, window=0.1, unit="kb")
    np.testing.assert_array_equal(one.l2_1, two.l2_2)
    np.testing.assert_array_equal(one.l2_cross, two.l2_cross)


def test_windows_of_much_memory_are_said(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ld_scores(prefix, window=0.2, unit="kb")
    assert "GB a worker" not in caplog.text
    monkeypatch.setattr(run_sums, "_MUCH_MEMORY", 1e-6)
    monkeypatch.setattr(logging.getLogger("postgwas"), "propagate", True)
    ld_scores(prefix, window=0.2, unit="kb")
    assert "The longest LD window has 201 variants of 40 people" in caplog.text
