"""The relationship matrix against loops, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import write_plink1
from genotypes.structured import structured_calls

from postgwas.genotypes import Genotypes, grm, open_genotypes
from postgwas.genotypes.run_grm import grm_files
from postgwas.genotypes.sweeps import PIECE


@pytest.fixture(params=[0.02, 0.3], ids=["few missing", "many missing"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[np.ndarray, Genotypes]:
    calls, _ = structured_calls(3, 80, (5, 4), missing=request.param)
    calls[0] = 0
    return calls, open_genotypes(write_plink1(tmp_path / "sim", calls))


def test_against_loops(sample: tuple[np.ndarray, Genotypes]) -> None:
    calls, data = sample
    found = grm(data)
    p = [row[row >= 0].mean() / 2 for row in calls]
    varying = [v for v in range(80) if 0 < p[v] < 1]
    assert found.dropped["monomorphic"] == 80 - len(varying) >= 1
    for i in range(9):
        for j in range(9):
            both = [v for v in varying if calls[v, i] >= 0 and calls[v, j] >= 0]
            products = [
                (calls[v, i] - 2 * p[v]) * (calls[v, j] - 2 * p[v]) / (2 * p[v] * (1 - p[v])) for v in both
            ]
            assert found.matrix.n_variants[i, j] == len(both)
            assert found.matrix.values[i, j] == pytest.approx(np.mean(products), abs=1e-12)


def test_files_of_gcta(sample: tuple[np.ndarray, Genotypes], tmp_path: Path) -> None:
    _, data = sample
    found = grm_files(data.path, str(tmp_path / "out"), format="gcta", quiet=True)
    lower = np.tril_indices(9)
    values = np.fromfile(tmp_path / "out.grm.bin", "<f4")
    assert np.array_equal(values, found.matrix.values[lower].astype(np.float32))
    numbers = np.fromfile(tmp_path / "out.grm.N.bin", "<f4")
    assert np.array_equal(numbers, found.matrix.n_variants[lower])
    assert (tmp_path / "out.grm.id").read_text().splitlines()[:2] == ["F0\tI0", "F1\tI1"]


def test_workers_change_nothing(tmp_path: Path) -> None:
    """More variants than one task has."""
    calls, _ = structured_calls(5, PIECE + 300, (5, 4), missing=0.1)
    data = open_genotypes(write_plink1(tmp_path / "long", calls))
    one, two = grm(data), grm(data, cores=2)
    assert np.array_equal(one.matrix.values, two.matrix.values)
    assert np.array_equal(one.matrix.n_variants, two.matrix.n_variants)
