"""PLINK 2 files: calls, dosages, multi-allelic variants, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pgenlib
import pytest
import zstandard
from genotypes.plink1_files import random_calls
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.genotypes import moments_of


def write_plink2(
    prefix: Path, calls: NDArray[np.int8], *, dosages: NDArray[np.float32] | None = None
) -> Path:
    n_variants, n_samples = calls.shape
    with pgenlib.PgenWriter(
        f"{prefix}.pgen".encode(), n_samples, variant_ct=n_variants, nonref_flags=False,
        dosage_present=dosages is not None,
    ) as writer:  # fmt: skip
        for j in range(n_variants):
            if dosages is None:
                writer.append_biallelic(calls[j])
            else:
                writer.append_dosages(dosages[j])
    sites = "".join(
        f"chr1\t{100 + j}\t{'.' if j == 1 else f'rs{j}'}\tG\tT\tPASS\n" for j in range(n_variants)
    )
    Path(f"{prefix}.pvar").write_text(f"##note\n#CHROM\tPOS\tID\tREF\tALT\tFILTER\n{sites}")
    Path(f"{prefix}.psam").write_text("#IID\tSEX\n" + "".join(f"I{i}\t1\n" for i in range(n_samples)))
    return prefix


def test_calls_counts_and_samples(tmp_path: Path) -> None:
    calls = random_calls(1, 60, 37, missing=0.1)
    genotypes = open_genotypes(write_plink2(tmp_path / "any", calls))
    some = np.array([0, 5, 6, 30])
    np.testing.assert_array_equal(genotypes.block(0, 60), calls)
    np.testing.assert_array_equal(genotypes.block(10, 12, some), calls[10:12][:, some])
    for samples in (None, some):
        expected = moments_of(calls if samples is None else calls[:, samples])
        found = genotypes.moments(0, 60, samples)
        np.testing.assert_array_equal(found.n_observed, expected.n_observed)
        np.testing.assert_array_equal(found.total, expected.total)
        np.testing.assert_array_equal(found.squares, expected.squares)


def test_columns_of_the_tables(tmp_path: Path) -> None:
    genotypes = open_genotypes(write_plink2(tmp_path / "any", random_calls(1, 3, 4)))
    assert genotypes.variants.row(0) == (1, "chr1", "rs0", None, 100, "T", "G")
    assert genotypes.variants["SNPID"].to_list() == ["rs0", "chr1:101:G:T", "rs2"]
    assert genotypes.samples.row(0)[:2] == (None, "I0")


def test_compressed_pvar(tmp_path: Path) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 3, 4))
    plain = open_genotypes(tmp_path / "any").variants
    text = (tmp_path / "any.pvar").read_bytes()
    (tmp_path / "any.pvar.zst").write_bytes(zstandard.ZstdCompressor().compress(text))
    (tmp_path / "any.pvar").unlink()
    assert open_genotypes(tmp_path / "any").variants.equals(plain)


def test_dosages(tmp_path: Path) -> None:
    calls = random_calls(1, 20, 11, missing=0.0)
    dosages = (calls + np.random.default_rng(1).uniform(-0.2, 0.2, calls.shape)).clip(0, 2).astype(np.float32)
    dosages[3, 4] = -9
    genotypes = open_genotypes(write_plink2(tmp_path / "any", calls, dosages=dosages), dosage=True)
    expected = np.where(dosages < 0, np.nan, dosages)
    block = genotypes.block(0, 20)
    assert block.dtype == np.float32
    np.testing.assert_allclose(block, expected, atol=1 / 16384)
    moments = genotypes.moments(0, 20)
    np.testing.assert_allclose(moments.total, np.nansum(block.astype(float), axis=1))
    assert moments.n_observed.tolist() == [11, 11, 11, 10] + [11] * 16


def write_multiallelic(prefix: Path) -> Path:
    """Four variants of three people: two, three, two and four alleles."""
    alleles = np.array(
        [[0, 1, 1, 1, -9, -9], [0, 2, 1, 1, 2, 2], [1, 1, 0, 0, 0, 1], [3, 3, -9, -9, 1, 3]], np.int32
    )
    with pgenlib.PgenWriter(
        f"{prefix}.pgen".encode(), 3, variant_ct=4, nonref_flags=False, allele_ct_limit=4
    ) as writer:
        for row, n_alleles in zip(alleles, (2, 3, 2, 4)):
            writer.append_alleles(row, allele_ct=n_alleles)
    sites = "1 1 a A C\n1 2 b A C,G\n1 3 c A C\n1 4 . A C,*,<DEL>\n"
    Path(f"{prefix}.pvar").write_text(f"#CHROM POS ID REF ALT\n{sites}")
    Path(f"{prefix}.psam").write_text("#IID\nx\ny\nz\n")
    return prefix


def test_multi_allelic_variants_are_split(tmp_path: Path) -> None:
    genotypes = open_genotypes(write_multiallelic(tmp_path / "multi"))
    assert genotypes.variants["SNPID"].to_list() == ["a", "b:A:C", "b:A:G", "c", "1:4:A:C", "1:4:A:<DEL>"]
    assert genotypes.variants["A1"].to_list() == ["C", "C", "G", "C", "C", "<DEL>"]
    expected = np.array([[1, 2, -9], [0, 2, 0], [1, 0, 2], [2, 0, 1], [0, -9, 1], [2, -9, 1]], np.int8)
    np.testing.assert_array_equal(genotypes.block(0, 6), expected)
    np.testing.assert_array_equal(genotypes.block(1, 5, np.array([0, 2])), expected[1:5][:, [0, 2]])
    np.testing.assert_array_equal(genotypes.moments(0, 6).total, moments_of(expected).total)
    assert genotypes.skipped == {"no_allele_of_its_own": 1}
    assert genotypes.notes == {"split_records": 2, "symbolic_alleles": 1}
    dosages = open_genotypes(tmp_path / "multi", dosage=True).block(0, 6)
    np.testing.assert_array_equal(dosages, np.where(expected < 0, np.nan, expected))


def test_multi_allelic_variants_are_left_out_and_counted(tmp_path: Path) -> None:
    genotypes = open_genotypes(write_multiallelic(tmp_path / "multi"), multiallelic="skip")
    assert genotypes.skipped == {"multi_allelic": 2}
    assert genotypes.variants["SNPID"].to_list() == ["a", "c"]
    np.testing.assert_array_equal(genotypes.block(0, 2), [[1, 2, -9], [2, 0, 1]])
    np.testing.assert_array_equal(genotypes.moments(0, 2).total, [3, 3])


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:-size])


def drop_line(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def test_truncated(tmp_path: Path) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 60, 37))
    cut(tmp_path / "any.pgen", 20)
    with pytest.raises(InputError, match="truncated or damaged"):
        open_genotypes(tmp_path / "any")


def test_other_variants_or_samples(tmp_path: Path) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 60, 37))
    drop_line(tmp_path / "any.pvar")
    with pytest.raises(InputError, match=r"other variants than its .pvar: 60 variants, expected 59"):
        open_genotypes(tmp_path / "any")
    write_plink2(tmp_path / "any", random_calls(1, 60, 37))
    drop_line(tmp_path / "any.psam")
    with pytest.raises(InputError, match=r"other samples than its .psam: 37 samples, expected 36"):
        open_genotypes(tmp_path / "any")


def test_not_a_pgen(tmp_path: Path) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 6, 7))
    (tmp_path / "any.pgen").write_text("something else altogether")
    with pytest.raises(InputError, match="not a readable"):
        open_genotypes(tmp_path / "any")


def test_pvar_without_a_needed_column(tmp_path: Path) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 6, 7))
    (tmp_path / "any.pvar").write_text("#CHROM POS ID REF\n1 1 a A\n")
    with pytest.raises(InputError, match="no column ALT"):
        open_genotypes(tmp_path / "any")


@pytest.mark.requires_shared
def test_real_file_of_3313_people(shared: Path) -> None:
    genotypes = open_genotypes(shared / "realdata" / "geno_1kg_hgdp_chr22_6pops" / "ref.chr22")
    assert (genotypes.n_variants, genotypes.n_samples) == (1000, 3313)
    expected = moments_of(genotypes.block(0, 1000))
    np.testing.assert_array_equal(genotypes.moments(0, 1000).total, expected.total)
