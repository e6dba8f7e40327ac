"""X, Y and MT: where people have one copy, and the calls that this excludes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import write_plink1

from postgwas.errors import UsageError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.genotypes import moments_of
from postgwas.genotypes.haploid import Copies, clear_impossible_calls, copies_by_place
from postgwas.genotypes.selection import Selection, select_genotypes

PLACES = [("1", 9), ("X", 60_000), ("X", 60_001), ("X", 2_699_520), ("X", 2_699_521), ("XY", 5_000_000),
          ("chrY", 7), ("26", 8)]  # fmt: skip
CALLS = np.tile(np.array([1, 1, 1, 2, -9, 1], np.int8), (8, 1))
SEX = [1, 2, None, 1, 1, 2]


@pytest.fixture
def genotypes(tmp_path: Path) -> Genotypes:
    names, positions = zip(*PLACES)
    write_plink1(tmp_path / "any", CALLS, chromosomes=names, positions=positions)
    people = "".join(f"f p{i} 0 0 {sex or 0} -9\n" for i, sex in enumerate(SEX))
    (tmp_path / "any.fam").write_text(people)
    return open_genotypes(tmp_path / "any")


def test_pseudoautosomal_regions_of_both_builds() -> None:
    positions = [10_000, 10_001, 60_000, 60_001, 2_699_520, 2_699_521, 2_781_479, 2_781_480,
                 154_931_043, 154_931_044, 155_260_560, 155_260_561, 155_701_382, 155_701_383,
                 156_030_895, 156_030_896]  # fmt: skip
    table = pl.DataFrame({"CHR": 23, "CHROM": "chrX", "POS": positions})
    shared = {build: copies_by_place(table, build) == Copies.TWO for build in ("hg19", "GRCh38")}
    assert [p for p, two in zip(positions, shared["hg19"]) if two] == [
        60_001, 2_699_520, 154_931_044, 155_260_560
    ]  # fmt: skip
    assert [p for p, two in zip(positions, shared["GRCh38"]) if two] == [
        10_001, 60_000, 60_001, 2_699_520, 2_699_521, 2_781_479, 155_701_383, 156_030_895
    ]  # fmt: skip


def test_impossible_calls_are_missing(genotypes: Genotypes) -> None:
    cleared = clear_impossible_calls(genotypes, build="GRCh37")
    expected = CALLS.copy()
    expected[[1, 4], 0] = -9  # the man's X; not in the pseudo-autosomal region or on XY
    expected[6] = [-9, -9, -9, 2, -9, -9]
    expected[7] = [-9, -9, -9, 2, -9, -9]
    np.testing.assert_array_equal(cleared.genotypes.block(0, 8), expected)
    assert cleared.set_missing == {
        "heterozygous on X in men": 2, "heterozygous on Y": 2, "on Y in women": 2, "heterozygous on MT": 4,
    }  # fmt: skip
    assert cleared.n_unknown_sex == 1
    for samples in (None, np.array([0, 3, 5])):
        found = cleared.genotypes.moments(0, 8, samples)
        of = moments_of(expected if samples is None else expected[:, samples])
        np.testing.assert_array_equal(found.total, of.total)
        np.testing.assert_array_equal(found.n_observed, of.n_observed)
    part = cleared.genotypes.select(variants=np.array([3, 4, 6]), samples=np.array([0, 1]))
    np.testing.assert_array_equal(part.block(0, 3), expected[[3, 4, 6]][:, :2])


def test_build_is_asked_for_where_it_matters(genotypes: Genotypes) -> None:
    with pytest.raises(UsageError, match="variants on X: the build is needed"):
        clear_impossible_calls(genotypes)
    with pytest.raises(UsageError, match="expected GRCh37"):
        clear_impossible_calls(genotypes, build="hg18")
    rest = genotypes.select(variants=np.array([0, 6]))
    assert clear_impossible_calls(rest).set_missing == {"heterozygous on Y": 2, "on Y in women": 2}


def test_as_part_of_a_selection(genotypes: Genotypes, tmp_path: Path) -> None:
    chosen = select_genotypes(genotypes, Selection(haploid="hg19", remove=["p4"], max_missing=0.3))
    assert chosen.set_missing["on Y in women"] == 2
    assert chosen.genotypes.variants["POS"].to_list() == [9, 60_000, 60_001, 2_699_520, 2_699_521, 5_000_000]
    assert chosen.genotypes.block(1, 2)[0].tolist() == [-9, 1, 1, 2, 1]
    (tmp_path / "sex").write_text("p0 2\np1 2\np9 1\n")
    other = select_genotypes(genotypes, Selection(haploid="hg19", sex=str(tmp_path / "sex")))
    assert other.genotypes.samples["SEX"].to_list() == [2, 2, None, None, None, None]
    assert other.set_missing["heterozygous on X in men"] == 0
