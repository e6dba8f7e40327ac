"""Variants that `postgwas mtag` loses: it says at which step, how many went where, and why."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from mtag.text_study import PNG, Accepted, Refused, Spoilt, TextStudy, given, write_table


@pytest.mark.parametrize(
    ("columns", "flags", "said"),
    [
        ({"freq": 0.001}, [], r"frequency .*: 2,000\); EAF .* 0.001 to 0.001 \(--maf_min"),
        ({"freq": 1.5}, [], r"frequency .*: 2,000\); EAF .* from 1.5 to 1.5 .*--eaf_name"),
        ({}, ["--n_min", "1e6,1e7"], r"N below limit: 2,000\).* from 100000 to 100000 \(--n_min"),
        ({}, ["--n_max", "1e6,10"], r"N above limit: 2,000\).* from 80000 to 80000 \(--n_max"),
        ({"n": 0}, [], r"N below limit: 2,000\).*; expected numbers above 0 \(--n_name"),
        ({"n": -5}, [], r"N below limit: 2,000\).*; expected numbers above 0 \(--n_name"),
        ({"pval": 7.3}, [], r"P out of bounds: 2,000\).* 7.3 \(is it -log10 P"),
        ({"a1": "2", "a2": "1"}, [], r"not a SNP: 2,000\); line 2 has alleles '2' and '1'; .*--a1_name"),
        ({"snpid": "."}, [], r"missing value: 2,000\).*: SNPID \(column snpid\) \(--snp_name"),
        ({"z": None, "beta": 0.1, "se": 0}, [], r"missing value: 2,000\).*: Z from BETA/SE"),
        ({"z": None, "beta": 0.1, "se": 0}, ["--use_beta_se"], r"missing value"),
    ],
)
def test_all_variants_filtered_away(
    columns, flags, said: str, study: TextStudy, refused: Refused, spoilt
) -> None:
    path = spoilt(**columns)
    if "--use_beta_se" in flags:
        first, number = path, 1
    else:
        first, number = study.a, 1 if "--n_min" in flags else 2
    line = refused("--sumstats", f"{first},{path if first != path else study.b}", *flags)
    assert re.search(rf"\(trait {number}\): none of 2,000 rows passed quality control \({said}", line)


def test_one_id_for_all_rows(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    said = refused("--sumstats", f"{study.a},{spoilt(snpid='rs1')}", "--median_z_cutoff", "9", "--force")
    assert "no variant is left after merging" in said


def test_effects_of_one_sign(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    said = refused("--sumstats", f"{study.a},{spoilt(z=np.abs(study.tables[1]['z']))}")
    assert re.search(r"the median of Z over the 2,000 rows kept is 0\.\d+, .*\(--median_z_cutoff", said)


def test_no_signal(study: TextStudy, refused: Refused, accepted: Accepted, spoilt: Spoilt) -> None:
    path = spoilt(z=study.tables[1]["z"] / 3)
    said = refused("--sumstats", f"{study.a},{path}")
    assert re.search(
        r"\(trait 2\): the mean chi2 of 2,000 variants kept of 2,000 rows is 0\.\d+.*--force", said
    )
    accepted("--sumstats", f"{study.a},{path}", "--force")


def test_no_overlap_between_traits(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    upper = spoilt(snpid=np.char.upper(study.tables[1]["snpid"]))
    said = refused("--sumstats", f"{study.a},{upper}")
    assert "a has 2,000 variants (ids such as rs1001): 2,000 left" in said
    assert "bad has 2,000 variants (ids such as RS1001), 0 shared with the traits before: 0 left" in said
    assert "--snp_name" in said


def test_other_alleles_everywhere(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    other = {"AG": "CA", "CT": "GT", "GT": "CT", "CA": "AG"}
    table = study.tables[1]
    pairs = [other[x + y] for x, y in zip(table["a1"], table["a2"])]
    path = spoilt(a1=[pair[0] for pair in pairs], a2=[pair[1] for pair in pairs])
    said = refused("--sumstats", f"{study.a},{path}")
    assert "2,000 shared with the traits before, 2,000 of these with other alleles: 0 left" in said


def test_no_overlap_with_the_panel(study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    paths = []
    for name, table in zip("ab", study.tables):
        ids = [f"{c}:{p}" for c, p in zip(table["chr"], table["bpos"])]
        paths.append(write_table(tmp_path / f"{name}.txt", {**table, "snpid": np.array(ids)}))
    said = refused("--sumstats", f"{paths[0]},{paths[1]}")
    assert f"none of 2,000 variants is in the LD score panel {study.panel}" in said
    assert "ids such as rs1001, the traits' such as 1:10000" in said


def test_hardly_any_overlap(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    ids = study.tables[1]["snpid"].astype("U20")
    ids[3:] = np.char.add(ids[3:], "x")
    said = refused("--sumstats", f"{study.a},{spoilt(snpid=ids)}")
    assert "from 3 variants" in said or "3 variants gave no finite Sigma" in said


def test_one_gwas_given_twice(study: TextStudy, refused: Refused, accepted: Accepted, spoilt: Spoilt) -> None:
    said = refused("--sumstats", f"{study.b},{study.a},{study.b}")
    assert said.startswith(f"{study.b} is given twice, as trait 1 and as trait 3")
    said = refused("--sumstats", f"{study.b},{spoilt('copy.txt')}")
    assert said.startswith("b and copy have the same Z at all 2,000 variants")
    said = accepted("--sumstats", f"{study.b},{spoilt('copy.txt')}", "--force")
    assert "not positive definite" in said and "off-diagonal elements shrunk, by up to " in said


def vcf(study: TextStudy, form: str, values: str) -> str:
    t = study.tables[2]
    rows = [
        f"{c}\t{p}\t{i}\t{nea}\t{ea}\t.\tPASS\t.\t{form}\t{values}"
        for c, p, i, ea, nea in zip(t["chr"], t["bpos"], t["snpid"], t["a1"], t["a2"])
    ]
    head = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tstudy"
    return "\n".join(["##fileformat=VCFv4.2", head, *rows, ""])


def test_third_trait_is_a_vcf_without_what_is_needed(
    study: TextStudy, refused: Refused, tmp_path: Path
) -> None:
    genotypes = given(tmp_path, vcf(study, "GT", "0/1"), "genotypes.vcf")
    said = refused("--sumstats", f"{study.a},{study.b},{genotypes}")
    assert said == f"{genotypes}: the FORMAT fields are GT; expected ES, SE and LP as in a GWAS-VCF"
    no_n = given(tmp_path, vcf(study, "ES:SE:LP", "0.1:0.02:3"), "gwas.vcf")
    said = refused("--sumstats", f"{study.a},{study.b},{no_n}")
    assert said.startswith(f"{no_n}: no column of sample sizes (N), effect allele frequencies (EAF) found")
    assert "a GWAS-VCF has them in SS" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty; expected variant ids, one a line"),
        ("chr\tpos\n1\t100\n", "no column of variant ids; columns found: chr, pos; expected"),
        ("chr SNP\n1 rs1001\n2\n", "line 3 has fewer columns than the header"),
        ("SNP\n", "a header but no variant ids"),
        (PNG, "binary data; expected variant ids"),
    ],
)
@pytest.mark.parametrize("flag", ["--include", "--exclude"])
def test_list_of_variants(
    flag: str, text, said: str, study: TextStudy, refused: Refused, tmp_path: Path
) -> None:
    path = tmp_path / "list.txt"
    if text is not None:
        given(tmp_path, text, "list.txt")
    line = refused("--sumstats", f"{study.a},{study.b}", flag, path)
    assert line.startswith(f"{flag} {path}: {said}")


def test_lists_that_leave_nothing(study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    ab = f"{study.a},{study.b}"
    said = refused("--sumstats", ab, "--include", given(tmp_path, "1:100\n1:200\n"))
    assert (
        "leaves none of the 2,000 shared variants; the list has ids such as 1:100, the traits such as rs1001"
        in said
    )
    everything = given(tmp_path, "\n".join(study.tables[0]["snpid"]))
    assert "leaves none of the 2,000 shared variants" in refused("--sumstats", ab, "--exclude", everything)
    assert "they lie on chromosome 1, 2" in refused("--sumstats", ab, "--only_chr", "7,X")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\t", ";"),
        lambda text: re.sub(r"[^\t\n]+", r'"\g<0>"', text).replace("\t", ","),
        lambda text: text.replace("\t", "  \t "),
        lambda text: "## made by a program\n" + text,
        lambda text: text.upper().replace("RS", "rs"),
        lambda text: re.sub(r"\t([ACGT])\t([ACGT])", lambda m: m[0].lower(), text),
        lambda text: re.sub(r"\t(\d0{4})\t", lambda m: f"\t{float(m[1]):e}\t", text),
        lambda text: re.sub(r"^(rs\d+\t)([12])", r"\1chr\2", text, flags=re.MULTILINE),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
    ],
)  # fmt: skip
def test_odd_but_readable(change, study: TextStudy, accepted: Accepted, out: Path, tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    path = given(tmp_path / "a folder", change(study.b.read_text()), "my trait ü.txt")
    accepted("--sumstats", f"{study.a},{study.b}")
    expected = Path(f"{out}_trait_2.txt").read_bytes()
    accepted("--sumstats", f"{study.a}, {path},", "--overwrite")
    assert Path(f"{out}_trait_2.txt").read_bytes() == expected
