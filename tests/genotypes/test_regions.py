"""Regions: by an index or without one, the same as a filter of the whole file; what is said and refused."""

from __future__ import annotations

import gzip
import logging
import os
from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.vcf_files import binary, compressed, naive, random_rows, vcf_text
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.selection import Selection, open_selected

N_SAMPLES = 13


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("regions")
    plain = folder / "any.vcf"
    plain.write_text(vcf_text(random_rows(1, 400, N_SAMPLES), N_SAMPLES))
    return {"plain": plain, "tabix": compressed(plain), "bcf": binary(plain)}


def same(one: Genotypes, two: Genotypes) -> None:
    assert one.variants.equals(two.variants)
    np.testing.assert_array_equal(one.block(0, one.n_variants), two.block(0, two.n_variants))


@pytest.mark.parametrize("kind", ["plain", "tabix", "bcf"])
def test_whole_file_against_a_naive_reading(files: dict[str, Path], kind: str) -> None:
    sites, calls = naive(random_rows(1, 400, N_SAMPLES))
    genotypes = open_genotypes(files[kind])
    table = genotypes.variants.select("CHROM", "POS", "SNPID", "A1", "A2")
    assert table.rows() == sites
    np.testing.assert_array_equal(genotypes.block(0, genotypes.n_variants), calls)
    assert genotypes.notes["split_records"] > 10
    assert genotypes.notes["symbolic_alleles"] > 10
    assert genotypes.skipped["no_allele_of_its_own"] > 10


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(["plain", "tabix", "bcf"]),
    contig=st.sampled_from(["1", "chr2", "X", "23"]),
    start=st.integers(1, 5000),
    length=st.integers(0, 3000),
)
def test_region_is_a_filter_of_the_whole(
    files: dict[str, Path], kind: str, contig: str, start: int, length: int
) -> None:
    region = f"{contig}:{start}-{start + length}"
    whole = open_genotypes(files["plain"])
    code = 23 if contig in ("X", "23") else int(contig.removeprefix("chr"))
    table = whole.variants
    inside = ((table["CHR"] == code) & table["POS"].is_between(start, start + length)).to_numpy()
    if inside.any():
        same(open_genotypes(files[kind], region=region), whole.select(variants=np.flatnonzero(inside)))
    else:
        with pytest.raises(NoVariantsError, match="no variant lies in the region"):
            open_genotypes(files[kind], region=region)


@pytest.mark.parametrize("kind", ["plain", "tabix", "bcf"])
def test_several_regions_and_chromosomes(files: dict[str, Path], kind: str) -> None:
    whole = open_genotypes(files["plain"])
    table = whole.variants
    several = ["X", "chr1:100-900", "1:500-2000"]
    inside = (table["CHR"] == 23) | ((table["CHR"] == 1) & table["POS"].is_between(100, 2000))
    same(
        open_genotypes(files[kind], region=several),
        whole.select(variants=np.flatnonzero(inside.to_numpy())),
    )
    selection = Selection(chromosomes=["X", "chr2", "7"], remove=["I3"])
    chosen = open_selected(files[kind], selection).genotypes
    rows, people = np.flatnonzero((table["CHR"] > 1).to_numpy()), np.delete(np.arange(N_SAMPLES), 3)
    same(chosen, whole.select(variants=rows, samples=people))


def test_only_the_region_is_read(files: dict[str, Path], tmp_path: Path) -> None:
    """A file that is damaged elsewhere serves the region all the same."""
    rows = [
        f"chr{c} {100 * j} . A C . . . GT {'0/0' if c == 1 else 'x/y'} 0/1"
        for c in (1, 2)
        for j in range(1, 9)
    ]
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 2))
    path = compressed(tmp_path / "any.vcf")
    assert open_genotypes(path, region="1:200-400").variants["POS"].to_list() == [200, 300, 400]
    with pytest.raises(InputError, match="damaged or truncated: record chr2:100 has the call 'x/y'"):
        open_genotypes(path)


def test_no_index_or_an_older_one_is_told(
    files: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = open_genotypes(files["tabix"], region="2")
    (tmp_path / "any.vcf.gz").write_bytes(files["tabix"].read_bytes())
    with caplog.at_level(logging.WARNING, "postgwas"):
        same(open_genotypes(tmp_path / "any.vcf.gz", region="2"), expected)
    assert "no index (.tbi or .csi): the whole file is read" in caplog.text
    caplog.clear()
    (tmp_path / "plain.vcf").write_bytes(gzip.decompress(files["tabix"].read_bytes()))
    with caplog.at_level(logging.WARNING, "postgwas"):
        open_genotypes(tmp_path / "plain.vcf", region="2")
    assert "plain.vcf: plain text has no index: the whole file is read" in caplog.text
    caplog.clear()
    index = tmp_path / "any.vcf.gz.tbi"
    index.write_bytes(b"of another file")
    os.utime(index, (1, 1))
    with caplog.at_level(logging.WARNING, "postgwas"):
        same(open_genotypes(tmp_path / "any.vcf.gz", region="2"), expected)
    assert "any.vcf.gz.tbi: older than its file and not used" in caplog.text


def test_unsorted_file_is_put_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = random_rows(3, 60, 5)
    (tmp_path / "sorted.vcf").write_text(vcf_text(rows, 5))
    mixed = [rows[0], *np.random.default_rng(1).permutation(rows[1:]).tolist()]
    (tmp_path / "mixed.vcf").write_text(vcf_text(mixed, 5))
    with caplog.at_level(logging.WARNING, "postgwas"):
        found = open_genotypes(tmp_path / "mixed.vcf")
    assert "mixed.vcf: not sorted" in caplog.text and "its variants are put in order" in caplog.text
    expected = open_genotypes(tmp_path / "sorted.vcf")
    for code in (1, 2, 23):
        of = [
            g.select(variants=np.flatnonzero((g.variants["CHR"] == code).to_numpy()))
            for g in (found, expected)
        ]
        assert of[0].variants["POS"].to_list() == of[1].variants["POS"].to_list()
        assert sorted(of[0].variants["SNPID"]) == sorted(of[1].variants["SNPID"])
        by_id = [np.argsort(g.variants["SNPID"].to_numpy(), kind="stable") for g in of]
        np.testing.assert_array_equal(
            of[0].block(0, of[0].n_variants)[by_id[0]], of[1].block(0, of[1].n_variants)[by_id[1]]
        )


@pytest.mark.parametrize("kind", ["plain", "tabix", "bcf", "bed"])
def test_absent_chromosome(files: dict[str, Path], tmp_path: Path, kind: str) -> None:
    path = write_plink1(tmp_path / "any", random_calls(1, 5, 4), chromosomes=["chr1"] * 5)
    with pytest.raises(InputError, match="nothing on chromosome 9; it has chr1"):
        open_genotypes(path if kind == "bed" else files[kind], region="chr9")
    with pytest.raises(UsageError, match="expected a form such as"):
        open_genotypes(path if kind == "bed" else files[kind], region="chr9:x")


def test_only_the_chromosomes_wanted_are_opened(tmp_path: Path) -> None:
    for name in ("1", "2", "MT"):
        write_plink1(tmp_path / f"c{name}", random_calls(1, 5, 4), chromosomes=[name] * 5)
    (tmp_path / "c2.bed").write_bytes(b"damaged")
    found = open_genotypes(tmp_path / "c@", region=["1:2000-3000", "MT"])
    assert found.variants["CHROM"].to_list() == ["1", "1", "MT", "MT", "MT", "MT", "MT"]
    with pytest.raises(InputError, match=r"c2\.bed: not a PLINK 1"):
        open_genotypes(tmp_path / "c@")
    with pytest.raises(InputError, match="nothing on chromosome 5; it has 1, 2, MT"):
        open_genotypes(tmp_path / "c@", region="5")
