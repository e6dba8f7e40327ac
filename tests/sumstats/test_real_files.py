"""Published files in the formats that users meet, read without naming a column."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.derive import mlog10p_from_z
from postgwas.sumstats.qc import QCRules, quality_control
from postgwas.sumstats.run import read_sumstats

pytestmark = pytest.mark.requires_shared

# file, dialect, number of rows, kind of N, values of the first row
FILES = [
    (
        "formats/bolt_lmm_excerpt.tsv",
        "bolt-lmm",
        6,
        "unknown",
        {"SNPID": "rs367896724", "POS": 10177, "EA": "A", "NEA": "AC", "EAF": 0.600767, "P": 0.026},
    ),
    (
        "formats/regenie_step2_excerpt.regenie",
        "regenie",
        10,
        "total",
        {"CHR": 10, "POS": 10617, "EA": "C", "NEA": "G", "EAF": 0.107843, "MLOG10P": 0.047278, "N": 2040.0},
    ),
    (
        "formats/ssgac_eduAttainOkbay.txt",
        "ssgac",
        93,
        "unknown",
        {"SNPID": "rs12987662", "CHR": 2, "EA": "A", "NEA": "C", "EAF": 0.3787, "BETA": 0.027, "Z": 9.0},
    ),
    (
        "formats/gwasvcf_ieu-a-2.vcf.gz",
        "gwas-vcf",
        92,
        "total",
        {"SNPID": "rs12565286", "EA": "C", "NEA": "G", "EAF": 0.9322, "BETA": -0.0067, "N": 109823.0},
    ),
    (
        "formats/nealeUKB2017_3064_PEF_chr1.tsv",
        "neale-ukb",
        1936,
        "total",
        {"SNPID": "rs149104610", "CHR": 1, "POS": 205860191, "EA": "G", "NEA": "A", "Z": -2.0885},
    ),
    (
        "formats/pgc3_scz_100k_random.tsv.gz",
        "generic",
        100_000,
        "effective",
        {"EA": "C", "NEA": "G", "N": 4 * 51235 * 74087 / (51235 + 74087), "INFO": 0.936, "P": 0.8444},
    ),
    (
        "formats/metal_like_EstBB_UKB_meta_test.tsv.gz",
        "generic",
        29_310,
        "total",
        {"CHR": 23, "POS": 153353600, "EA": "G", "NEA": "C", "N": 597875.0},
    ),
    (
        "formats/genopred_BODY04_chr22.txt.gz",
        "generic",
        885,
        "total",
        {"SNPID": "rs5748765", "EA": "A", "NEA": "C", "BETA": -0.0066, "N": 230824.0},
    ),
    (
        "bmi_height_chr22/EAS_BMI_CKB_BBJ_chr22.txt.gz",
        "generic",
        119_557,
        "total",
        {"SNPID": "rs146392715", "CHR": 22, "EA": "A", "NEA": "C", "EAF": 0.9688, "Z": 0.296},
    ),
    (
        "bmi_height_chr22/yengo2022_height_eur_chr22_hm3subset.ssf.txt.gz",
        "gwas-ssf",
        888,
        "total",
        {"SNPID": "rs7287144", "EA": "A", "NEA": "G", "EAF": 0.765, "N": 411076.0},
    ),
    (
        "metal_glucose/expected_test_01.TBL.gz",
        "metal",
        2495,
        "total",
        {"SNPID": "rs217377", "EA": "t", "NEA": "c", "Z": 1.121, "N": 6806.0},
    ),
    (
        "metal_glucose/expected_test_10.TBL.gz",
        "metal",
        2495,
        "unknown",
        {"EA": "t", "NEA": "c", "BETA": 0.012201585874, "SE": 0.014019751651},
    ),
    (
        "metal_glucose/MAGIC_FUSION_Results.txt.gz",
        "generic",
        2293,
        "total",
        {"EA": "T", "NEA": "C", "EAF": 0.928, "BETA": -0.018, "P": 0.5898},
    ),
]


@pytest.mark.parametrize(("name", "dialect", "rows", "n_kind", "expected"), FILES)
def test_first_row(
    shared: Path, name: str, dialect: str, rows: int, n_kind: str, expected: dict[str, object]
) -> None:
    stats = read_sumstats(shared / "realdata" / name)
    assert (stats.dialect, len(stats), stats.n_kind) == (dialect, rows, n_kind)
    assert stats.rejected.height == 0
    row = stats.frame.row(0, named=True)
    for column, value in expected.items():
        assert row[column] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), column


@pytest.mark.parametrize("name", [name for name, *_ in FILES if "vcf" not in name])
def test_numbers_equal_those_of_pandas(shared: Path, name: str) -> None:
    path = shared / "realdata" / name
    stats = read_sumstats(path, derive=False)
    separator = "\t" if ".tsv" in path.name else r"\s+"
    peer = pd.read_csv(path, sep=separator, dtype=str)
    if peer.columns[0].startswith("#"):
        peer = peer.rename(columns={peer.columns[0]: peer.columns[0][1:]})
    for field in ("EAF", "BETA", "SE", "Z", "P", "MLOG10P", "INFO", "POS"):
        if field in stats.columns and field in stats.frame.columns:
            theirs = peer[stats.columns[field]].astype(float).to_numpy()
            np.testing.assert_array_equal(stats.frame[field].cast(pl.Float64).to_numpy(), theirs)


def test_p_values_that_underflow(shared: Path) -> None:
    path = shared / "realdata" / "formats" / "t1d_b38_pvalue_as_text_27715.tsv.gz"
    stats = read_sumstats(path)
    with gzip.open(path, "rt") as stream:
        texts = [line.split("\t")[7] for line in stream][1:]
    parts = [re.fullmatch(r"([\d.]+)(?:e([-+]\d+))?", text) for text in texts]
    expected = [-(np.log10(float(p[1])) + int(p[2] or 0)) for p in parts if p]
    assert len(expected) == len(stats) == 27_715
    np.testing.assert_allclose(stats.frame["MLOG10P"].to_numpy(), expected, rtol=1e-14, atol=1e-15)
    assert stats.frame["MLOG10P"].max() == pytest.approx(1755.2781893847, abs=1e-9)
    tiny = stats.frame.filter(pl.col("MLOG10P") > 308)
    assert tiny.height > 0 and (tiny["P"] < 1e-307).all()
    # Z from BETA/SE agrees with the P that the authors rounded to three digits.
    size = mlog10p_from_z(tiny["Z"].to_numpy())
    np.testing.assert_allclose(size, tiny["MLOG10P"].to_numpy(), rtol=0.02)
    kept = quality_control(stats, QCRules(maf_min=None, keep_ambiguous=True, median_z_max=None))
    assert kept.counts["P out of bounds"] == 0


def test_statistics_agree_with_each_other(shared: Path) -> None:
    """PGC3: P as printed against P of BETA/SE; BETA has all its digits."""
    frame = read_sumstats(shared / "realdata" / "formats" / "pgc3_scz_100k_random.tsv.gz").frame
    size = mlog10p_from_z(frame["Z"].to_numpy())
    assert np.median(np.abs(size - frame["MLOG10P"].to_numpy())) < 0.01


def test_vcf_log_p_against_its_effects(shared: Path) -> None:
    frame = read_sumstats(shared / "realdata" / "formats" / "gwasvcf_ieu-a-2.vcf.gz").frame
    np.testing.assert_allclose(mlog10p_from_z(frame["Z"].to_numpy()), frame["MLOG10P"].to_numpy(), atol=0.1)


def test_giant_without_a_header(shared: Path) -> None:
    path = shared / "realdata" / "bmi_height_chr22" / "GIANT_BMI_EUR_chr22.txt.gz"
    with pytest.raises(InputError, match=r"looks like data, not like a header: .*--columns"):
        read_sumstats(path)
    header = ["chr", "snpid", "bpos", "-", "a1", "a2", "-", "n", "beta", "se", "pval"]
    stats = read_sumstats(path, header=header)
    munged = read_sumstats(shared / "realdata" / "bmi_height_chr22" / "GIANT_BMI_EUR_chr22.sumstats.gz")
    both = stats.frame.join(munged.frame, on="SNPID", suffix="_MUNGED")
    assert both.height == 32_256
    assert (both["EA"] == both["EA_MUNGED"]).all()
    # The author of the repository printed Z to six significant digits.
    np.testing.assert_allclose(both["Z"].to_numpy(), both["Z_MUNGED"].to_numpy(), rtol=5.1e-6)


def test_files_that_do_not_tell_the_effect_allele_are_refused(shared: Path) -> None:
    for name in ("coloc_locusfocus/MI_GWAS.cftr.txt.gz", "metal_glucose/magic_SARDINIA.tbl"):
        with pytest.raises(ColumnError, match="is the effect allele"):
            read_sumstats(shared / "realdata" / name)
    stats = read_sumstats(
        shared / "realdata" / "metal_glucose" / "magic_SARDINIA.tbl", columns={"EA": "AL1", "NEA": "AL2"}
    )
    assert stats.frame.row(0, named=True)["EAF"] == 0.856
