"""Files that cannot be used, and files that can with a word about it: one test for each promise."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.test_plink2 import write_plink2
from genotypes.vcf_files import binary, compressed, random_rows, vcf_text

from postgwas.errors import InputError, UsageError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.samples import read_sexes
from postgwas.genotypes.variants import require_unique_ids, told_duplicates


def dosage_file(path: Path, *values: str) -> Path:
    rows = [f"chr1 {j} v{j} A C . . . GT:DS 0/0:0.5 0/1:{value}" for j, value in enumerate(values, start=1)]
    path.write_text(vcf_text(rows, 2))
    return path


@pytest.mark.parametrize("value", ["2.01", "-0.1", "inf", "-inf"])
def test_impossible_dosages(tmp_path: Path, value: str) -> None:
    path = dosage_file(tmp_path / "any.vcf", "1", value)
    with pytest.raises(InputError, match=r"record chr1:2: DS is .* in sample 2; expected 0 to 2"):
        open_genotypes(path, dosage=True)


def test_missing_and_nan_dosages_are_missing(tmp_path: Path) -> None:
    path = dosage_file(tmp_path / "any.vcf", ".", "nan", "2")
    found = open_genotypes(path, dosage=True).block(0, 3)
    np.testing.assert_array_equal(found, [[0.5, np.nan], [0.5, np.nan], [0.5, 2]])


def test_dosages_of_several_alleles(tmp_path: Path) -> None:
    rows = ["chr1 1 v A C,G . . . GT:DS 0/0:0.5,0.25 0/1:1,.", "chr1 2 w A C,G . . . GT:DS 0/0:1 0/0:1"]
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 2))
    genotypes = open_genotypes(tmp_path / "any.vcf", dosage=True)
    np.testing.assert_array_equal(genotypes.block(0, 2), [[0.5, 1], [0.25, np.nan]])
    assert genotypes.skipped == {"dosages_not_one_an_allele": 1}


def test_dosages_of_plink1(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="PLINK 1 files hold no dosages"):
        open_genotypes(write_plink1(tmp_path / "any", random_calls(1, 3, 4)), dosage=True)


def test_symbolic_alleles_alone_are_variants(tmp_path: Path) -> None:
    rows = ["chr1 1 v A <DEL> . . . GT 0/0 0/1", "chr1 2 w A <DEL>,<INS> . . . GT 1/2 0/1"]
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 2))
    genotypes = open_genotypes(tmp_path / "any.vcf")
    assert genotypes.variants["SNPID"].to_list() == ["v", "w:A:<DEL>", "w:A:<INS>"]
    assert genotypes.block(0, 3).tolist() == [[0, 1], [1, 1], [1, 0]]
    assert genotypes.notes == {"symbolic_alleles": 3, "split_records": 1}


def test_damaged_inside(tmp_path: Path) -> None:
    (tmp_path / "any.vcf").write_text(vcf_text(random_rows(1, 4000, 30, odd=False), 30))
    path = compressed(tmp_path / "any.vcf")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 40] = bytes(40)
    path.write_bytes(bytes(whole))
    with pytest.raises(InputError, match="damaged"):
        open_genotypes(path)


def test_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "any.vcf").write_text(vcf_text(random_rows(1, 40, 3), 3))
    path = compressed(tmp_path / "any.vcf")
    Path(f"{path}.tbi").write_bytes(b"something else")
    with pytest.raises(InputError, match="its index cannot be read"):
        open_genotypes(path, region="1")


def test_truncated_bcf(tmp_path: Path) -> None:
    (tmp_path / "any.vcf").write_text(vcf_text(random_rows(1, 400, 20), 20))
    path = binary(tmp_path / "any.vcf", index=False)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match="truncated"):
        open_genotypes(path)


def test_duplicated_variant_ids(tmp_path: Path) -> None:
    prefix = write_plink1(tmp_path / "any", random_calls(1, 5, 4), ids=["a", "b", "a", "c", "b"])
    genotypes = open_genotypes(prefix)
    assert genotypes.n_variants == 5
    assert told_duplicates(genotypes.variants) == "4 variants share their id with another ('a', 'b')"
    with pytest.raises(InputError, match=r"any\.bed: 4 variants share .*; pruning needs ids of their own"):
        require_unique_ids(genotypes.variants, genotypes.path, "pruning")
    require_unique_ids(genotypes.variants[[0, 1]], genotypes.path, "pruning")


@pytest.mark.parametrize(
    ("ending", "text", "message"),
    [
        (".psam", "", r"any\.psam: the file is empty"),
        (".psam", "#IID\n", "there are no samples|expected 1 column"),
        (".psam", "#IID SEX\n" + "I1 1\n" * 7, "sample 'I1' occurs more than once"),
        (".psam", "#FID SEX\nI1 1\n", "no column IID|IID"),
        (".pvar", "", r"any\.pvar: the file is empty"),
        (".pvar", "#CHROM POS ID REF ALT\n1 x a A C\n", "line 2: 'x' is not a position"),
        (".pvar", "#CHROM POS ID REF ALT\n1 5 a A\n", r"line 2: 4 columns found, expected 5"),
        (".pgen", "", r"any\.pgen"),
    ],
)
def test_plink2_files(tmp_path: Path, ending: str, text: str, message: str) -> None:
    write_plink2(tmp_path / "any", random_calls(1, 6, 7))
    (tmp_path / f"any{ending}").write_text(text)
    with pytest.raises(InputError, match=message):
        open_genotypes(tmp_path / "any")


@pytest.mark.parametrize("ending", [".bed", ".bim", ".fam"])
def test_empty_plink1_files(tmp_path: Path, ending: str) -> None:
    write_plink1(tmp_path / "any", random_calls(1, 6, 7))
    (tmp_path / f"any{ending}").write_text("")
    with pytest.raises(InputError, match=rf"any\{ending}: the file is empty"):
        open_genotypes(tmp_path / "any")


def test_sexes(tmp_path: Path) -> None:
    path = tmp_path / "sex"
    path.write_text("F a 1\nG b female\nG c NA\n")
    assert read_sexes(path).rows() == [("F", "a", 1), ("G", "b", 2), ("G", "c", None)]
    path.write_text("#IID SEX\na M\n")
    assert read_sexes(path).rows() == [(None, "a", 1)]
    path.write_text("a\nb\n")
    with pytest.raises(InputError, match="1 columns; expected IID SEX"):
        read_sexes(path)


def test_index_as_old_as_its_file_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "any.vcf").write_text(vcf_text(random_rows(1, 40, 3), 3))
    path = compressed(tmp_path / "any.vcf")
    os.utime(path, (5, 5))
    os.utime(f"{path}.tbi", (5, 5))
    with caplog.at_level(logging.WARNING, "postgwas"):
        found = open_genotypes(path, region="2")
    assert not caplog.records
    assert found.variants["CHR"].unique().to_list() == [2]
    assert isinstance(found.variants, pl.DataFrame)


def test_negative_positions(tmp_path: Path) -> None:
    prefix = write_plink1(tmp_path / "any", random_calls(1, 3, 4), positions=[5, -7, 9])
    with pytest.raises(InputError, match=r"any\.bim, line 2: '-7' is not a position"):
        open_genotypes(prefix)
    path = tmp_path / "any.vcf"
    path.write_text(vcf_text(["chr1 -5 v A C . . . GT 0/0 0/1"], 2))
    with pytest.raises(InputError, match="'-5' is not a position"):
        open_genotypes(path)


def test_id_of_a_variant_and_of_a_record_that_is_split(tmp_path: Path) -> None:
    path = tmp_path / "any.vcf"
    path.write_text(vcf_text(["chr1 1 r A C . . . GT 0/0 0/1", "chr1 2 r A C,G . . . GT 0/1 0/2"], 2))
    with pytest.raises(InputError, match="'r' is a variant's id and that of a record with several ALT"):
        require_unique_ids(open_genotypes(path).variants, "any.vcf", "a list")


@pytest.mark.parametrize("place", ["sample", "id"])
def test_bytes_that_are_no_text(tmp_path: Path, place: str) -> None:
    text = vcf_text(random_rows(2, 4, 3, odd=False), 3).encode()
    lines = text.split(b"\n")
    columns = next(i for i, line in enumerate(lines) if line.startswith(b"#CHROM"))
    if place == "sample":
        lines[columns] = lines[columns][:-1] + b"\x80"
    else:
        fields = lines[columns + 1].split(b"\t")
        lines[columns + 1] = b"\t".join([*fields[:2], b"rs\x80", *fields[3:]])
    path = tmp_path / "a.vcf"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match="no text"):
        open_genotypes(path)
