"""Conversion: what is written is what is read, for every pair of formats; what is refused."""

from __future__ import annotations

import logging
import pickle
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.vcf_files import binary, compressed, naive, random_rows, vcf_text

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.genotypes import moments_of
from postgwas.genotypes.run_convert import Format, convert
from postgwas.genotypes.selection import Selection

FORMATS: tuple[Format, ...] = ("bed", "pgen", "vcf", "bcf")
ENDINGS = {"bed": ".bed", "pgen": ".pgen", "vcf": ".vcf.gz", "bcf": ".bcf"}


def same(one: Genotypes, two: Genotypes) -> None:
    """All that every format can hold."""
    columns = ["CHR", "CHROM", "SNPID", "POS", "A1", "A2"]
    assert one.variants.select(columns).equals(two.variants.select(columns))
    assert one.samples["IID"].equals(two.samples["IID"])
    np.testing.assert_array_equal(one.block(0, one.n_variants), two.block(0, two.n_variants))


@pytest.mark.parametrize(("first", "second"), list(product(FORMATS, FORMATS)))
def test_write_and_read_is_identity(tmp_path: Path, first: Format, second: Format) -> None:
    (tmp_path / "any.vcf").write_text(vcf_text(random_rows(4, 150, 11), 11))
    source = open_genotypes(tmp_path / "any.vcf")
    convert(tmp_path / "any.vcf", out=tmp_path / "one", format=first, quiet=True)
    convert(tmp_path / f"one{ENDINGS[first]}", out=tmp_path / "two", format=second, quiet=True)
    for name, form in (("one", first), ("two", second)):
        same(open_genotypes(tmp_path / f"{name}{ENDINGS[form]}"), source)


@pytest.mark.parametrize(("first", "second"), list(product(("pgen", "vcf", "bcf"), repeat=2)))
def test_dosages_stay_too(tmp_path: Path, first: Format, second: Format) -> None:
    values = np.random.default_rng(1).integers(0, 32769, (39, 6)) / 16384
    rows = [
        f"chr1 {j} v{j} A C . . . GT:DS ./.:. " + " ".join(f"./.:{one}" for one in row)
        for j, row in enumerate(values, start=1)
    ]
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 7))
    source = open_genotypes(tmp_path / "any.vcf", dosage=True)
    convert(tmp_path / "any.vcf", out=tmp_path / "one", format=first, dosage=True, quiet=True)
    convert(tmp_path / f"one{ENDINGS[first]}", out=tmp_path / "two", format=second, dosage=True, quiet=True)
    for name, form in (("one", first), ("two", second)):
        found = open_genotypes(tmp_path / f"{name}{ENDINGS[form]}", dosage=True)
        assert found.variants.equals(source.variants)
        np.testing.assert_allclose(found.block(0, 39), source.block(0, 39), atol=1e-6)
    # VCF keeps every float32 as it is.
    if first == second == "vcf":
        np.testing.assert_array_equal(found.block(0, 39), source.block(0, 39))


def test_any_format_gives_the_same_block(tmp_path: Path) -> None:
    rows = random_rows(5, 120, 9)
    (tmp_path / "any.vcf").write_text(vcf_text(rows, 9))
    sites, calls = naive(rows)
    paths = [tmp_path / "any.vcf", compressed(tmp_path / "any.vcf"), binary(tmp_path / "any.vcf")]
    for form in ("bed", "pgen"):
        convert(paths[0], out=tmp_path / form, format=form, quiet=True)
        paths.append(tmp_path / f"{form}.{form}")
    people = np.array([1, 4, 8])
    for path in paths:
        genotypes = open_genotypes(path)
        assert genotypes.n_variants == len(sites)
        for size in (1, 7, 1000):
            starts = range(0, len(sites), size)
            parts = [genotypes.block(at, min(at + size, len(sites)), people) for at in starts]
            np.testing.assert_array_equal(np.concatenate(parts), calls[:, people])
        rows = np.array([3, 50, 119])
        travelled = pickle.loads(pickle.dumps(genotypes.source))
        np.testing.assert_array_equal(travelled.read(rows, people), calls[rows][:, people])
        np.testing.assert_array_equal(
            travelled.moments(rows, people).total, moments_of(calls[rows][:, people]).total
        )


def test_columns_that_formats_keep(tmp_path: Path) -> None:
    write_plink1(tmp_path / "any", random_calls(1, 6, 4), cm=[0.1 * j for j in range(6)])
    (tmp_path / "any.fam").write_text("".join(f"F{i} I{i} 0 0 {i % 3} -9\n" for i in range(4)))
    source = open_genotypes(tmp_path / "any.bed")
    convert(tmp_path / "any.bed", out=tmp_path / "two", format="pgen", quiet=True)
    convert(tmp_path / "two.pgen", out=tmp_path / "one", format="bed", quiet=True)
    for name in ("two.pgen", "one.bed"):
        found = open_genotypes(tmp_path / name)
        assert found.variants.equals(source.variants) and found.samples.equals(source.samples)
    log = (tmp_path / "two.log").read_text()
    assert "SHA-256" in log and "any.bim" in log and "6 variants of 4 samples written" in log


def test_selection_is_written(tmp_path: Path) -> None:
    calls = random_calls(2, 40, 10, missing=0.1)
    write_plink1(tmp_path / "any", calls, chromosomes=["1"] * 20 + ["2"] * 20)
    chosen = Selection(remove=["I2", "I9"], chromosomes=["chr2"], exclude=["rs25"])
    convert(tmp_path / "any", out=tmp_path / "part", format="vcf", selection=chosen, quiet=True)
    found = open_genotypes(tmp_path / "part.vcf.gz")
    rows = [j for j in range(20, 40) if j != 25]
    assert found.variants["SNPID"].to_list() == [f"rs{j}" for j in rows]
    np.testing.assert_array_equal(found.block(0, 19), np.delete(calls, [2, 9], axis=1)[rows])
    log = (tmp_path / "part.log").read_text()
    assert "10 samples in, 8 out" in log and "20 on other chromosomes" in log and "1 in --exclude" in log


def test_unsorted_and_unknown_alleles(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    calls = random_calls(1, 4, 5)
    calls[3] = 0
    alleles = [("A", "C"), ("A", "C"), ("A", "0"), ("0", "C")]
    write_plink1(tmp_path / "any", calls, positions=[30, 10, 20, 40], alleles=alleles)
    convert(tmp_path / "any", out=tmp_path / "out", format="bcf")
    found = open_genotypes(tmp_path / "out")
    np.testing.assert_array_equal(found.block(0, 3), calls[[1, 2, 0]])
    assert found.variants.select("POS", "A2").rows() == [(10, "C"), (20, "N"), (30, "C")]
    assert found.skipped == {"no_alternate_allele": 1}
    log = (tmp_path / "out.log").read_text()
    assert "not sorted" in log and "1 variants without A1" in log and "REF is A2" in log
    convert(tmp_path / "any", out=tmp_path / "two", format="pgen", quiet=True)
    again = open_genotypes(tmp_path / "two")
    np.testing.assert_array_equal(again.block(0, 4), calls)
    assert again.variants.equals(open_genotypes(tmp_path / "any").variants)


def test_refusals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_plink1(tmp_path / "any", random_calls(1, 4, 3), ids=["a", "a", "b", "c"])
    with pytest.raises(OutputError, match=r"any\.bed: the file exists already"):
        convert(tmp_path / "any", out=tmp_path / "any", format="bed")
    with pytest.raises(UsageError, match="PLINK 1 files hold no dosages"):
        convert(tmp_path / "any", out=tmp_path / "x", format="bed", dosage=True)
    with pytest.raises(OutputError, match="does not exist"):
        convert(tmp_path / "any", out=tmp_path / "no" / "x", format="bed")
    unknown: Any = "ped"
    with pytest.raises(UsageError, match="format ped: expected one of bed, pgen, vcf, bcf"):
        convert(tmp_path / "any", out=tmp_path / "x", format=unknown)
    (tmp_path / "any.fam").write_text("A I 0 0 0 -9\nB I 0 0 0 -9\nB J 0 0 0 -9\n")
    with pytest.raises(InputError, match="2 samples share their IID"):
        convert(tmp_path / "any", out=tmp_path / "x", format="vcf")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["any.bed", "any.bim", "any.fam", "x.log"]
    with caplog.at_level(logging.WARNING, "postgwas"):
        convert(tmp_path / "any", out=tmp_path / "x", format="pgen")
    assert "2 variants share their id with another ('a'); they are written as they are" in caplog.text
    convert(tmp_path / "any", out=tmp_path / "x", format="pgen", overwrite=True)
