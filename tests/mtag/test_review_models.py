"""Models that the data speak against are named in the warnings."""

from __future__ import annotations

import polars as pl
from mtag.test_run import run


def said(frames, study, **options):
    return " | ".join(run(frames, study, **options).warnings)


def test_perfect_correlation_that_is_not(study):
    turned = study.frames[1].with_columns(z=-pl.col("z"))
    text = said([study.frames[0], turned], study, perfect_gencov=True)
    assert "--perfect_gencov takes the genetic correlation of t1 and t2 as 1; it is estimated as -0." in text
    assert "are the effect alleles right?" in text
    assert "--perfect_gencov takes" in said([study.frames[0], study.frames[2]], study, perfect_gencov=True)
    same = study.frames[0].with_columns(z=pl.col("z") + pl.int_range(pl.len()) % 7 / 10 - 0.3)
    assert "--perfect" not in said([study.frames[0], same], study, perfect_gencov=True)


def test_equal_heritabilities_get_their_warnings_too(study):
    wrong = study.frames[1].rename({"a1": "a2", "a2": "a1"})
    text = said([study.frames[0], wrong], study, perfect_gencov=True, equal_h2=True)
    assert "effect allele frequencies do not agree" in text
    assert "--perfect_gencov takes" in text
    weak = study.frames[0].with_columns(n=10 * pl.col("n"))
    text = said([study.frames[0], weak], study, perfect_gencov=True, equal_h2=True, force=True)
    assert "--equal_h2 takes heritabilities as equal" in text


def test_a_search_that_stops_short_says_so_in_the_summary(study):
    frames = [f.with_columns(n=pl.col("n") * (1 + pl.int_range(pl.len()) % 3 / 10)) for f in study.frames]
    assert "did not converge" in said(frames, study, numerical_omega=True, time_limit=1e-12)
    assert "did not converge" not in said(frames, study, numerical_omega=True)
