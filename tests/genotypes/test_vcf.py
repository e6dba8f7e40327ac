"""VCF and BCF files: calls, dosages, records that cannot be used, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest
from genotypes.plink1_files import random_calls
from genotypes.vcf_files import compressed
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.vcf_text import line_blocks

HEADER = """##fileformat=VCFv4.2
##contig=<ID=1>
##contig=<ID=X>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">
"""


def vcf_text(rows: list[str], samples: list[str]) -> str:
    columns = "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples])
    return HEADER + columns + "\n" + "".join(row.replace(" ", "\t") + "\n" for row in rows)


def written(path: Path, calls: NDArray[np.int8]) -> Path:
    names = {0: "0/0", 1: "0|1", 2: "1/1", -9: "./."}
    rows = [
        f"1 {10 + j} {f'rs{j}' if j else '.'} G T . PASS . GT " + " ".join(names[int(c)] for c in row)
        for j, row in enumerate(calls)
    ]
    path.write_text(vcf_text(rows, [f"I{i}" for i in range(calls.shape[1])]))
    return path


def test_calls(tmp_path: Path) -> None:
    calls = random_calls(1, 1100, 9, missing=0.1)
    plain = written(tmp_path / "any.vcf", calls)
    pysam.tabix_compress(str(plain), str(tmp_path / "bgzipped.vcf.gz"), force=True)
    with pysam.VariantFile(str(plain)) as source, pysam.VariantFile(
        str(tmp_path / "binary.bcf"), "wb", header=source.header
    ) as target:  # fmt: skip
        for record in source:
            target.write(record)
    for path in (plain, tmp_path / "bgzipped.vcf.gz", tmp_path / "binary.bcf", tmp_path / "binary"):
        genotypes = open_genotypes(path)
        np.testing.assert_array_equal(genotypes.block(0, 1100), calls)
        np.testing.assert_array_equal(genotypes.block(600, 700, np.array([2, 5])), calls[600:700][:, [2, 5]])
        assert genotypes.variants.row(0) == (1, "1", "1:10:G:T", None, 10, "T", "G")
        assert genotypes.samples["IID"].to_list() == [f"I{i}" for i in range(9)]


def test_haploid_half_missing_and_odd_calls(tmp_path: Path) -> None:
    rows = [
        "X 10 a A C . . . GT 0/1 1 0 ./1 . 1|1",  # men have one copy
        "X 11 b A C . . . GT 1 1 0 0 . 0",  # everyone has
        "X 12 c A C . . . GT 0/0 0|1 1|0 1/. ./0 1/1",
        "X 13 d A C,T . . . GT 0/0 0|1 1/2 1/. ./0 1/1",
        "X 14 e A . . . . GT 0/0 0/0 0/0 0/0 0/0 0/0",
        "X 15 f A C . . . GT 0/0/1 0/0 0/0 0/0 0/0 0/0",
    ]
    (tmp_path / "odd.vcf").write_text(vcf_text(rows, list("abcdef")))
    genotypes = open_genotypes(tmp_path / "odd.vcf")
    expected = [
        [1, 2, 0, -9, -9, 2], [2, 2, 0, 0, -9, 0], [0, 1, 1, -9, -9, 2],
        [0, 1, 1, -9, -9, 2], [0, 0, 1, -9, -9, 0],
    ]  # fmt: skip
    np.testing.assert_array_equal(genotypes.block(0, 5), expected)
    assert genotypes.variants["CHR"].to_list() == [23] * 5
    assert genotypes.variants["SNPID"].to_list() == ["a", "b", "c", "d:A:C", "d:A:T"]
    assert genotypes.skipped == {"no_alternate_allele": 1, "more_than_two_copies": 1}
    assert genotypes.notes == {"split_records": 1}
    left = open_genotypes(tmp_path / "odd.vcf", multiallelic="skip")
    np.testing.assert_array_equal(left.block(0, 3), expected[:3])
    assert left.skipped == genotypes.skipped | {"multi_allelic": 1}


def test_dosages(tmp_path: Path) -> None:
    rows = ["1 10 a A C . . . GT:DS 0/1:0.9 1/1:1.75 ./.:.", "1 11 b A C . . . GT:DS 0/0:0 0/0:0.5 0/1:1.25"]
    (tmp_path / "dosages.vcf").write_text(vcf_text(rows, list("abc")))
    genotypes = open_genotypes(tmp_path / "dosages.vcf", dosage=True)
    expected = np.array([[0.9, 1.75, np.nan], [0, 0.5, 1.25]], np.float32)
    np.testing.assert_array_equal(genotypes.block(0, 2), expected)
    np.testing.assert_allclose(genotypes.moments(0, 2).total, [2.65, 1.75], rtol=1e-6)
    assert genotypes.moments(0, 2).n_observed.tolist() == [2, 3]


def test_no_dosages(tmp_path: Path) -> None:
    path = written(tmp_path / "any.vcf", random_calls(1, 3, 4))
    with pytest.raises(InputError, match="record 1:10 has no FORMAT/DS; it has GT"):
        open_genotypes(path, dosage=True)


def test_temporary_file_goes_with_the_object(tmp_path: Path) -> None:
    path = written(tmp_path / "any.vcf", random_calls(1, 3, 4))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    genotypes = open_genotypes(path, scratch=scratch)
    assert len(list(scratch.iterdir())) == 1
    del genotypes
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (vcf_text(["1 10 a A C . . . GT 0/0 0/1"], ["a", "a"]), "sample 'a' occurs more than once"),
        (vcf_text(["1 10 a A C . . . DP 7 8"], ["a", "b"]), "record 1:10 has no FORMAT/GT; it has DP"),
        (vcf_text(["1 10 a A C . . . GT 0/0 0/2"], ["a", "b"]), "record 1:10 has allele 2, of 2"),
        (vcf_text(["1 10 a A C . . . GT 0/0 0/x"], ["a", "b"]), "record 1:10 has the call '0/x'"),
        (vcf_text(["1 x a A C . . . GT 0/0 0/1"], ["a", "b"]), "'x' is not a position"),
        (vcf_text(["1 1_0 a A C . . . GT 0/0 0/1"], ["a", "b"]), "'1_0' is not a position"),
        (vcf_text([f"1 {1 << 31} a A C . . . GT 0/0 0/1"], ["a", "b"]), "damaged: '2147483648' is not"),
        (vcf_text([f"1 {1 << 64} a A C . . . GT 0/0 0/1"], ["a", "b"]), "'18446744073709551616' is not"),
        (vcf_text([f"1 {'9' * 5000} a A C . . . GT 0/0 0/1"], ["a", "b"]), "' is not a position"),
        (vcf_text(["1 10 a A C . . . GT 0/0 0/1"], ["a", "b"])[:-2], "in the middle of a line"),
        (vcf_text([], ["a", "b"]), "no record has an ALT allele to count .no records"),
        (vcf_text(["1 10 a A *,<NON_REF> . . . GT 0/0 0/1"], ["a", "b"]), "no record has an ALT allele"),
        (vcf_text(["1 10 a A C . . . GT 0/0 0/1"], ["a", "b"])[:-20], "damaged or truncated"),
        (vcf_text(["1 10 a A C . . . GT 0/0 0/1", "1 11 b A C . . . GT 0/0"], ["a", "b"]), "damaged"),
        ("something else", "not a readable VCF"),
        ("", "the file is empty"),
    ],
)
def test_damaged_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "any.vcf").write_text(text)
    with pytest.raises(InputError, match=message):
        open_genotypes(tmp_path / "any.vcf")


def test_sites_without_samples(tmp_path: Path) -> None:
    (tmp_path / "sites.vcf").write_text(vcf_text(["1 10 a A C . . ."], []).replace("\tFORMAT\n", "\n"))
    with pytest.raises(InputError, match="there are no samples"):
        open_genotypes(tmp_path / "sites.vcf")


def test_truncated_at_a_block_of_bgzip(tmp_path: Path) -> None:
    plain = written(tmp_path / "any.vcf", random_calls(1, 30, 9))
    pysam.tabix_compress(str(plain), str(tmp_path / "cut.vcf.gz"), force=True)
    (tmp_path / "cut.vcf.gz").write_bytes((tmp_path / "cut.vcf.gz").read_bytes()[:-28])
    with pytest.raises(InputError, match="lacks its end-of-file block"):
        open_genotypes(tmp_path / "cut.vcf.gz")


@pytest.mark.requires_shared
def test_real_file_of_504_people(shared: Path) -> None:
    path = shared / "realdata" / "geno_1000G_eas504_chr7" / "1kg_eas_hg19.chr7_126253550_128253550.vcf.gz"
    genotypes = open_genotypes(path)
    assert (genotypes.n_variants + sum(genotypes.skipped.values()), genotypes.n_samples) == (54234, 504)
    with pysam.VariantFile(str(path)) as peer:
        for row, record in zip(range(300), peer):
            copies = [sum(call.allele_indices) for call in record.samples.values()]
            assert genotypes.block(row, row + 1)[0].tolist() == copies


@pytest.mark.parametrize("kind", ["Float", "String", None])
def test_dosages_that_are_no_numbers(tmp_path: Path, kind: str | None) -> None:
    """Whatever the header calls them, or without a line of the header."""
    text = vcf_text(
        ["1 10 a A C . . . GT:DS 0/1:0.9 1/1:1", "1 11 b A C . . . GT:DS 0/1:2 1/1:much"], list("ab")
    )
    declared = next(line for line in text.splitlines(keepends=True) if "ID=DS" in line)
    changed = text.replace(declared, declared.replace("Float", kind) if kind else "")
    (tmp_path / "any.vcf").write_text(changed)
    with pytest.raises(InputError, match="record 1:11: DS is 'much' in sample 2; expected a number from 0"):
        open_genotypes(tmp_path / "any.vcf", dosage=True)
    (tmp_path / "good.vcf").write_text(changed.replace("much", "."))
    found = open_genotypes(tmp_path / "good.vcf", dosage=True).block(0, 2)
    np.testing.assert_array_equal(found, np.array([[0.9, 1], [2, np.nan]], np.float32))


def test_whole_dosages(tmp_path: Path) -> None:
    text = vcf_text(["1 10 a A C . . . GT:DS 0/1:1 1/1:. ./.:2"], list("abc"))
    (tmp_path / "any.vcf").write_text(text.replace("Number=1,Type=Float", "Number=1,Type=Integer"))
    found = open_genotypes(tmp_path / "any.vcf", dosage=True).block(0, 1)
    np.testing.assert_array_equal(found, np.array([[1, np.nan, 2]], np.float32))


def test_many_people_without_copies_are_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300,000 people with GT alone a sound file unpacks to 445 times its size."""
    monkeypatch.setattr("postgwas.sumstats.compression._MOST_BYTES", 1 << 16)
    monkeypatch.setattr("postgwas.sumstats.compression._MOST_TIMES", 20)
    people = [f"P{i}" for i in range(2000)]
    rows = [f"1 {at} r{at} A C . . . GT {'0|0 ' * 1999}0|1" for at in range(1, 101)]
    (tmp_path / "x.vcf").write_text(vcf_text(rows, people))
    path = compressed(tmp_path / "x.vcf", index=False)
    assert (tmp_path / "x.vcf").stat().st_size > 20 * path.stat().st_size
    assert open_genotypes(path).block(0, 100).sum() == 100


def test_a_record_without_an_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.genotypes.vcf_text._LONGEST", 1 << 23)
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(gzip.compress(b"##fileformat=VCFv4.2\n1\t5\t" + bytes(1 << 25)))
    with pytest.raises(InputError, match="a line has no end within 8,388,608 bytes"):
        list(line_blocks(str(path)))
