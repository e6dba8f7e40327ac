"""Parts of genotype files: views read the same numbers, filters count what they leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.expression import PrepareOptions
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.genotypes import moments_of
from postgwas.genotypes.plink1 import pack
from postgwas.genotypes.selection import Selection, all_moments, select_genotypes
from postgwas.meta import MamaOptions

CALLS = np.array(
    [[0, 1, 2, -9, 1], [0, 0, 0, 0, 1], [2, 2, 1, 1, -9], [1, 1, 1, 1, 1], [-9, -9, -9, -9, -9]], np.int8
)


@pytest.fixture
def genotypes(tmp_path: Path) -> Genotypes:
    """Five variants of chromosomes 1, 2 and X in five people."""
    prefix = tmp_path / "small"
    prefix.with_suffix(".bed").write_bytes(b"\x6c\x1b\x01" + pack(CALLS).tobytes())
    places = [("1", 10), ("1", 20), ("2", 15), ("chrX", 5), ("X", 6)]
    lines = [f"{c}\tv{i}\t0\t{p}\tA\tG\n" for i, (c, p) in enumerate(places)]
    prefix.with_suffix(".bim").write_text("".join(lines))
    prefix.with_suffix(".fam").write_text("".join(f"f p{i} 0 0 {i % 3} -9\n" for i in range(5)))
    return open_genotypes(prefix)


def test_sex_is_read(genotypes: Genotypes) -> None:
    assert genotypes.samples["SEX"].to_list() == [None, 1, 2, None, 1]


def test_a_view_reads_what_the_file_holds(genotypes: Genotypes) -> None:
    view = genotypes.select(variants=np.array([0, 2, 4]), samples=np.array([1, 2, 4]))
    assert np.array_equal(view.block(0, 3), CALLS[[0, 2, 4]][:, [1, 2, 4]])
    again = view.select(variants=np.array([1]), samples=np.array([0, 2]))
    assert np.array_equal(again.block(0, 1), CALLS[[2]][:, [1, 4]])
    assert again.variants["SNPID"].to_list() == ["v2"] and again.samples["IID"].to_list() == ["p1", "p4"]
    expected = moments_of(CALLS[[2]][:, [1, 4]])
    assert np.array_equal(again.moments(0, 1).total, expected.total)


def test_rows_of_a_view_must_ascend(genotypes: Genotypes) -> None:
    with pytest.raises(UsageError, match="ascend"):
        genotypes.select(variants=np.array([2, 1]))


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (Selection(), ["v0", "v1", "v2", "v3", "v4"]),
        (Selection(chromosomes=["chr1", "X"]), ["v0", "v1", "v3", "v4"]),
        (Selection(region="chr1:11-30"), ["v1"]),
        (Selection(region="2"), ["v2"]),
        (Selection(extract=["v1", "v3"]), ["v1", "v3"]),
        (Selection(exclude=["v1", "v3"]), ["v0", "v2", "v4"]),
        (Selection(max_missing=0.2), ["v0", "v1", "v2", "v3"]),
        (Selection(maf_min=0.1), ["v0", "v1", "v2", "v3"]),  # v1 is exactly at 0.1
        (Selection(maf_min=0.11), ["v0", "v2", "v3"]),
        (Selection(maf_min=0.11, remove=["p0"]), ["v0", "v1", "v2", "v3"]),
    ],
)
def test_what_is_left(genotypes: Genotypes, selection: Selection, ids: list[str]) -> None:
    left = select_genotypes(genotypes, selection)
    assert left.genotypes.variants["SNPID"].to_list() == ids
    assert sum(left.variants_dropped.values()) == genotypes.n_variants - len(ids)


def test_samples_by_lists(genotypes: Genotypes) -> None:
    left = select_genotypes(genotypes, Selection(keep=["p0", "p1", "p2"], remove=["p1", "p4"]))
    assert left.genotypes.samples["IID"].to_list() == ["p0", "p2"]
    assert left.samples_dropped == {"not in --keep": 2, "in --remove": 1}


def test_counts_of_all_variants(genotypes: Genotypes) -> None:
    moments = all_moments(genotypes)
    assert moments.n_observed.tolist() == [4, 5, 4, 5, 0]
    assert moments.minor_frequency[:4].tolist() == [0.5, 0.1, 0.25, 0.5]


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        (Selection(chromosomes=["Z"]), UsageError, "--chr Z"),
        (Selection(region="1:20-10"), UsageError, "ends before"),
        (Selection(region="7"), InputError, "nothing on chromosome 7; it has 1, 2, chrX, X"),
        (Selection(region="2:16"), NoVariantsError, "none of 5 variants"),
        (Selection(keep=["nobody"]), InputError, "nobody"),
        (Selection(keep=["p0"], remove=["p0"]), InputError, "no sample is left"),
        (Selection(maf_min=0.6), UsageError, "--maf_min 0.6"),
        (Selection(max_missing=-0.1), UsageError, "--max_missing"),
    ],
)
def test_bad_selections(
    genotypes: Genotypes, selection: Selection, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select_genotypes(genotypes, selection)


def test_the_table_of_samples_is_typed(genotypes: Genotypes) -> None:
    assert genotypes.samples.schema == {"FID": pl.String, "IID": pl.String, "SEX": pl.Int8}


def test_a_chromosome_alone_is_one() -> None:
    """The letters of "12" are not chromosomes 1 and 2."""
    assert Selection(chromosomes="12").chromosomes == ("12",)
    assert PrepareOptions(chromosomes="12").chromosomes == ("12",)
    assert MamaOptions(allowed_chr_values="12").allowed_chr_values == ("12",)
