"""Files of single chromosomes as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.errors import InputError
from postgwas.genotypes import open_genotypes
from postgwas.ld.run import ld_scores


@pytest.fixture
def three(tmp_path: Path) -> np.ndarray:
    calls = random_calls(1, 90, 30)
    for name, start, stop in (("1", 0, 40), ("2", 40, 45), ("X", 45, 90)):
        write_plink1(tmp_path / f"chr{name}", calls[start:stop], chromosomes=[name] * (stop - start),
                     ids=[f"rs{j}" for j in range(start, stop)])  # fmt: skip
    write_plink1(
        tmp_path / "whole", calls, chromosomes=["1"] * 40 + ["2"] * 5 + ["X"] * 45,
        positions=[1000 * (j + 1) for n in (40, 5, 45) for j in range(n)],
    )  # fmt: skip
    return calls


@pytest.mark.parametrize("name", ["chr@", "chr@.bed"])
def test_blocks_counts_and_scores(tmp_path: Path, three: np.ndarray, name: str) -> None:
    genotypes = open_genotypes(tmp_path / name)
    np.testing.assert_array_equal(genotypes.block(0, 90), three)
    np.testing.assert_array_equal(genotypes.block(38, 50), three[38:50])
    np.testing.assert_array_equal(genotypes.block(46, 46), three[46:46])
    rows = np.array([3, 41, 44, 60])
    np.testing.assert_array_equal(genotypes.source.read(rows, np.array([1, 7])), three[rows][:, [1, 7]])
    whole = open_genotypes(tmp_path / "whole")
    assert genotypes.variants.equals(whole.variants)
    np.testing.assert_array_equal(genotypes.moments(10, 80).total, whole.moments(10, 80).total)
    one, other = (ld_scores(data, window=20, unit="kb") for data in (genotypes, whole))
    np.testing.assert_array_equal(one.l2, other.l2)


@pytest.mark.usefixtures("three")
def test_other_people(tmp_path: Path) -> None:
    fam = tmp_path / "chr2.fam"
    fam.write_text("".join(reversed(fam.read_text().splitlines(keepends=True))))
    with pytest.raises(InputError, match=r"chr2.bed: its 30 samples are not those of .*chr1.bed"):
        open_genotypes(tmp_path / "chr@")


def test_no_chromosome(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no genotypes found of any chromosome"):
        open_genotypes(tmp_path / "chr@")
