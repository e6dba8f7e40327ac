"""What a trait's rows say about themselves: Z against P, rows unlike mtag.py's, one trait, no frequency."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from mtag.study import SmallStudy

from postgwas.mtag.checks import warn_about_gain
from postgwas.mtag.checks_traits import z_against_p
from postgwas.mtag.run import mtag
from postgwas.sumstats.derive import p_from_z


def run(frames, study: SmallStudy, **options):
    return mtag(frames, ld_ref_panel=study.panel, n_min=0, **options)


def test_z_and_its_own_p_agree():
    z = np.random.default_rng(1).normal(size=5000) * 3
    assert z_against_p(z, p_from_z(z)) < 1e-12
    assert z_against_p(z * 1.05, p_from_z(z)) == pytest.approx(0.05)
    assert z_against_p(z[:10], p_from_z(z[:10])) is None


def test_a_rounded_se_is_named(study, caplog):
    frame = study.frames[0]
    se = (1 / (2 * pl.col("freq") * (1 - pl.col("freq")) * pl.col("n")).sqrt()).alias("se")
    exact = frame.with_columns(se).with_columns(beta=pl.col("z") * pl.col("se")).drop("z")
    rounded = exact.with_columns(se=(pl.col("se") * 500).round() / 500 + 0.0005)
    with caplog.at_level("WARNING", logger="postgwas"):
        run([exact, study.frames[1]], study, std_betas=True)
        assert not [r for r in caplog.messages if "P stands for" in r]
        run([rounded, study.frames[1]], study, std_betas=True, force=True)
    assert [r for r in caplog.messages if "Z from BETA/SE and the Z that P stands for differ" in r]


def test_a_trait_without_frequency_beside_one_with(study):
    bare = study.frames[1].drop("freq")
    one = run(study.frames[:2], study, std_betas=True)
    two = run([study.frames[0], bare], study, std_betas=True)
    assert np.array_equal(one.sigma, two.sigma)
    assert np.array_equal(one.omega, two.omega)
    assert "FRQ" in two.frame(0).columns
    assert "FRQ" not in two.frame(1).columns


def test_one_trait_alone_is_said(study):
    found = run(study.frames[:1], study)
    assert any("only trait" in text for text in found.warnings)
    np.testing.assert_allclose(
        found.frame(0)["mtag_z"], study.frames[0]["z"] / np.sqrt(found.sigma[0, 0]), rtol=1e-12
    )


def test_an_absurd_equivalent_n_is_said():
    n = np.array([1e5, 2e5])
    assert warn_about_gain(["a", "b"], n, np.array([1.5e5, 2.5e5])) == []
    assert "a: the GWAS-equivalent N 400,000" in warn_about_gain(["a", "b"], n, np.array([4e5, 2.5e5]))[0]


def test_a_result_shows_its_summary(study):
    found = run(study.frames[:2], study)
    assert repr(found) == found.summary()


def test_the_log_says_which_rows_are_not_mtag_pys(study, caplog):
    frame = study.frames[0]
    failed = frame[:3].with_columns(z=pl.lit(None, dtype=pl.Float64))
    doubled = pl.concat(
        [
            failed,
            frame.with_columns(
                pl.when(pl.int_range(pl.len()) == 9).then(0.0).otherwise(pl.col("pval")).alias("pval")
            ),
        ]
    )
    with caplog.at_level("INFO", logger="postgwas"):
        run([doubled, study.frames[1]], study)
    (said,) = [r for r in caplog.messages if "unlike mtag.py" in r]
    assert "1 with P = 0" in said
    assert "3 ids kept by a row after one that failed" in said
