"""Units of effects, kinds of N, and tables as other programs write them."""

from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest
from mtag.study import write
from mtag.test_run import run
from scipy.special import log_ndtr

import postgwas
from postgwas.errors import UsageError

SE = 1 / (2 * pl.col("freq") * (1 - pl.col("freq")) * pl.col("n")).sqrt()


def case_control(frame: pl.DataFrame) -> pl.DataFrame:
    """Odds ratios of a study with a quarter of cases, whose effective N is three quarters of N."""
    frame = frame.with_columns(se=2 * SE / np.sqrt(0.75), N_CAS=pl.col("n") / 4, N_CON=0.75 * pl.col("n"))
    return frame.with_columns(OR=(pl.col("z") * pl.col("se")).exp()).drop("z", "n")


def regenie(frame: pl.DataFrame, factor: float = 1.0) -> pl.DataFrame:
    return frame.with_columns(se=factor * SE).select(
        CHROM="chr", GENPOS="bpos", ID="snpid", ALLELE0="a2", ALLELE1="a1", A1FREQ="freq", N="n",
        TEST=pl.lit("ADD"), BETA=pl.col("z") * pl.col("se"), SE="se", LOG10P=-pl.col("pval").log10(),
    )  # fmt: skip


def units(found) -> set[str]:
    return {one.unit for one in found.summaries}


def test_columns_for_some_of_the_traits_only(study):
    with pytest.raises(UsageError, match="columns has 2 mappings, expected 1 or 3"):
        run(study.frames, study, columns=[{"Z": "z"}, {}])
    found = run(
        [study.frames[0].rename({"z": "zeta"}), *study.frames[1:]], study, columns=[{"Z": "zeta"}, {}, {}]
    )
    assert len(found.frame(0)) == 4000


def test_the_unit_of_effects_is_told(study, tmp_path):
    plain = run(study.frames, study, store=tmp_path / "study.h5")
    assert units(plain) == {"standard deviations of the trait per effect allele"}
    assert "Effects are in standard deviations of the trait per effect allele" in plain.summary()
    stored = postgwas.Study.open(tmp_path / "study.h5").attrs("mtag/t1")
    assert stored["unit"] == "standard deviations of the trait per effect allele"
    assert "per standard deviation of the genotype" in run(study.frames, study, std_betas=True).summary()


def test_odds_ratios_give_half_log_odds_or_on_request_log_odds(study, tmp_path):
    frames = [case_control(frame) for frame in study.frames]
    names = {"EA": "a1", "NEA": "a2"}
    half = run(frames, study, columns=names, out=tmp_path / "run")
    whole = run(frames, study, columns=names, use_beta_se=True)
    assert {one.n_kind for one in half.summaries} == {"effective"}
    np.testing.assert_allclose(half.frame(0)["N"], 0.75 * study.frames[0]["n"], rtol=1e-12)
    assert "half the log odds ratio" in units(half).pop()
    assert units(whole) == {"log odds per effect allele"}
    ratio = (whole.frame(0)["mtag_beta"] / half.frame(0)["mtag_beta"]).median()
    assert ratio == pytest.approx(2, rel=0.01)
    text = (tmp_path / "run.log").read_text()
    assert "Trait 1: N is the effective sample size" in text
    assert "half the log odds ratio" in text


def test_n_by_standard_errors_that_is_not_the_files_is_told(study, tmp_path):
    # A trait in units of which its standard deviation is 6.5.
    run([regenie(f, 6.5) for f in study.frames], study, use_beta_se=True, out=tmp_path / "far")
    run([regenie(f) for f in study.frames], study, use_beta_se=True, out=tmp_path / "near")
    assert "BETA is not in standard deviations" in (tmp_path / "far.log").read_text()
    assert "BETA is not in standard deviations" not in (tmp_path / "near.log").read_text()


@pytest.mark.parametrize("as_pandas", [False, True])
def test_a_table_with_rows_of_several_tests(study, as_pandas):
    frame = regenie(study.frames[0])
    frame = pl.concat([frame, frame[:100].with_columns(TEST=pl.lit("DOMDEV"), BETA=pl.lit(9.0))])
    table = frame.to_pandas() if as_pandas else frame
    found = run([table, study.frames[1]], study)
    one = run(study.frames[:2], study)
    assert found.provenance["t1"]["dropped"]["not the additive test"] == 100
    np.testing.assert_allclose(found.frame(0)["mtag_z"], one.frame(0)["mtag_z"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("use_beta_se", [False, True])
def test_alleles_that_no_one_or_everyone_has(study, use_beta_se):
    row = pl.int_range(pl.len())
    frames = [f.with_columns(se=SE).with_columns(beta=pl.col("z") * pl.col("se")) for f in study.frames[:2]]
    eaf = pl.when(row == 3).then(0.0).when(row == 4).then(1.0).when(row == 5).then(1.2).otherwise("freq")
    frames[0] = frames[0].with_columns(freq=eaf)
    found = run(frames, study, maf_min=None, use_beta_se=use_beta_se)
    assert len(found.frame(0)) == 3997
    assert np.isfinite(found.frame(0)["mtag_beta"].to_numpy()).all()


def test_p_below_the_range_of_doubles_keeps_its_size_everywhere(study, tmp_path):
    """From text through Z to the tables, GWAS-SSF and the store."""
    row = pl.int_range(pl.len())
    frames = [
        f.with_columns(
            pval=pl.when(row == 7).then(pl.lit("1.5e-400")).otherwise(pl.col("pval").cast(pl.String)),
            beta=pl.when(row == 7).then(-0.4).otherwise(pl.col("z") / 100),
        ).drop("z")
        for f in study.frames[:2]
    ]
    paths = [write(f, tmp_path / f"{i}.txt") for i, f in enumerate(frames)]
    found = run(paths, study, out=tmp_path / "run", ssf=True, genome_build="GRCh37", store=tmp_path / "s.h5")
    table = run(frames, study)
    snp = study.frames[0]["snpid"][7]
    z = found.frame(0).filter(pl.col("SNP") == snp)["Z"].item()
    assert z == table.frame(0).filter(pl.col("SNP") == snp)["Z"].item() < 0
    assert (np.log(2) + log_ndtr(z)) / np.log(10) == pytest.approx(np.log10(1.5) - 400, rel=1e-12)
    stored = postgwas.Study.open(tmp_path / "s.h5").read_table("mtag/t1").set_index("SNPID").loc[snp]
    assert stored["MLOG10P"] > 350
    line = next(
        x for x in (tmp_path / "run_trait_1.txt").read_text().splitlines() if x.startswith(f"{snp}\t")
    )
    mantissa, exponent = line.split("\t")[-1].split("e-")
    assert int(exponent) - np.log10(float(mantissa)) == pytest.approx(stored["MLOG10P"], rel=1e-10)
    with gzip.open(tmp_path / "run_t1.ssf.tsv.gz", "rt") as stream:
        header = stream.readline().rstrip().split("\t")
        ssf = next(x for x in stream if f"\t{snp}\t" in x).split("\t")
    assert float(ssf[header.index("neg_log_10_p_value")]) == stored["MLOG10P"]


def test_gwas_ssf_leaves_out_variants_without_a_place_and_says_so(study, tmp_path):
    lost = pl.when(pl.int_range(pl.len()) < 10).then(None)
    frames = [
        f.with_columns(chr=lost.otherwise("chr"), bpos=lost.otherwise("bpos")) for f in study.frames[:2]
    ]
    run(frames, study, out=tmp_path / "run", ssf=True, genome_build="GRCh37")
    with gzip.open(tmp_path / "run_t1.ssf.tsv.gz", "rt") as stream:
        assert {line.split("\t")[0] for line in stream} == {"chromosome", *map(str, range(1, 23))}
    assert "run_t1.ssf.tsv.gz: 3,990 rows, 10 without a place" in (tmp_path / "run.log").read_text()
