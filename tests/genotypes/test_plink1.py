"""PLINK 1 files: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import bed_reader
import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.genotypes import moments_of
from postgwas.genotypes.plink1 import pack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plink1")


@given(seed=st.integers(0, 10**6), n_variants=st.integers(1, 40), n_samples=st.integers(1, 70))
def test_calls_are_those_of_bed_reader(folder: Path, seed: int, n_variants: int, n_samples: int) -> None:
    calls = random_calls(seed, n_variants, n_samples, missing=0.1)
    write_plink1(folder / "any", calls)
    genotypes = open_genotypes(folder / "any")
    np.testing.assert_array_equal(genotypes.block(0, n_variants), calls)
    with bed_reader.open_bed(folder / "any.bed", count_A1=True) as bed:
        peer = bed.read(dtype="int8").T
    np.testing.assert_array_equal(np.where(peer < 0, -9, peer), calls)
    np.testing.assert_array_equal(
        pack(calls).tobytes(), (folder / "any.bed").read_bytes()[3:], err_msg="packing is not the inverse"
    )


@given(seed=st.integers(0, 10**6), n_samples=st.integers(1, 140))
def test_counts_are_those_of_the_calls(folder: Path, seed: int, n_samples: int) -> None:
    rng = np.random.default_rng(seed)
    calls = random_calls(seed, 30, n_samples, missing=0.1)
    write_plink1(folder / "counts", calls)
    # The bits after the last sample mean nothing, whatever they are.
    data = bytearray((folder / "counts.bed").read_bytes())
    width = -(-n_samples // 4)
    if n_samples % 4:
        for row in range(30):
            data[2 + (row + 1) * width] |= int(rng.integers(256)) << (2 * (n_samples % 4)) & 255
    (folder / "counts.bed").write_bytes(data)
    genotypes = open_genotypes(folder / "counts")
    some = np.flatnonzero(rng.random(n_samples) < 0.6)
    for samples in (None, some):
        expected = moments_of(calls if samples is None else calls[:, samples])
        found = genotypes.moments(0, 30, samples)
        np.testing.assert_array_equal(found.n_observed, expected.n_observed)
        np.testing.assert_array_equal(found.total, expected.total)
        np.testing.assert_array_equal(found.squares, expected.squares)


def test_scattered_variants(folder: Path) -> None:
    calls = random_calls(1, 200, 13)
    source = open_genotypes(write_plink1(folder / "scattered", calls)).source
    for rows in ([3, 4, 6], [0, 150, 199], [7, 5], []):
        np.testing.assert_array_equal(source.read(np.array(rows, np.int64), None), calls[rows])


def test_chromosome_names_of_any_style(folder: Path) -> None:
    names = ["1", "chr2", "X", "23", "Y", "24", "XY", "25", "MT", "26", "chrM", "0", "scaffold_9"]
    write_plink1(folder / "names", random_calls(1, len(names), 4), chromosomes=names)
    variants = open_genotypes(folder / "names").variants
    assert variants["CHR"].to_list() == [1, 2, 23, 23, 24, 24, 23, 23, 25, 25, 25, None, None]
    assert variants["CHROM"].to_list() == names


def test_blanks_between_columns_and_windows_line_ends(folder: Path) -> None:
    write_plink1(folder / "blanks", random_calls(1, 2, 4))
    (folder / "blanks.bim").write_bytes(b"1   rs0 0.5  1000 A C\r\n1 rs1\t0.6 2000 G   T\r\n")
    variants = open_genotypes(folder / "blanks").variants
    assert variants.drop("CHR").rows() == [
        ("1", "rs0", 0.5, 1000, "A", "C"),
        ("1", "rs1", 0.6, 2000, "G", "T"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["bed"].write_bytes(p["bed"].read_bytes()[:-3]), r"expected 63 .*truncated"),
        (lambda p: p["bed"].write_bytes(p["bed"].read_bytes() + b"1234"), r"67 bytes, expected 63 .*another"),
        (lambda p: p["bed"].write_bytes(b"\x6c\x1b\x00" + p["bed"].read_bytes()[3:]), "--make-bed"),
        (lambda p: p["bed"].write_bytes(b"PK" + p["bed"].read_bytes()[2:]), "not a PLINK 1 .bed file"),
        (lambda p: p["bim"].write_text("1 rs0 0 5 A C\n" * 19), "20.0 variants"),
        (lambda p: p["bim"].write_text(""), "the file is empty"),
        (
            lambda p: p["bim"].write_text("1 a 0 5 A C\n1 b 0 6 A\n"),
            "line 2: 5 columns found, expected 6",
        ),
        (
            lambda p: p["bim"].write_text("1 a 0 5 A C\n1 b 0 six A C\n"),
            "line 2: 'six' is not a position",
        ),
        (lambda p: p["bim"].write_text("1 rs0 x 5 A C\n"), "line 1: 'x' is not a genetic position"),
        (lambda p: p["fam"].write_text("F I 0 0 0 -9\n" * 10), "sample 'F I' occurs more than once"),
        (lambda p: p["fam"].unlink(), "any.fam: no such file"),
        (lambda p: p["bim"].write_bytes(b"\xff 2"), "not a text file in UTF-8"),
        (lambda p: p["bim"].write_bytes(b"\xff\xfe\x00\x01 2"), "text in UTF-16; expected UTF-8"),
        (lambda p: p["fam"].write_bytes(b"\x89PNG\r\n\0\0"), "fam: binary data"),
    ],
)
def test_damaged_files(tmp_path: Path, change: object, message: str) -> None:
    write_plink1(tmp_path / "any", random_calls(1, 20, 10))
    change({end: tmp_path / f"any.{end}" for end in ("bed", "bim", "fam")})  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        open_genotypes(tmp_path / "any")


def test_nothing_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no genotypes found"):
        open_genotypes(tmp_path / "absent")
