"""Traits that do not stand on the same alleles or genome build are told so by name."""

from __future__ import annotations

import polars as pl
from mtag.test_run import other_strand, run, some, swapped


def warnings(frames, study, **options):
    return " | ".join(run(frames, study, **options).warnings)


def test_sound_traits_get_no_such_warning(study):
    moved = [study.frames[0], swapped(study.frames[1], some(4000, 1)), study.frames[2]]
    text = warnings(moved, study)
    for word in ("position", "frequenc", "strand", "other alleles", "LD score panel"):
        assert word not in text


def test_another_genome_build(study):
    shifted = study.frames[1].with_columns(bpos=pl.col("bpos") + 100_000)
    text = warnings([study.frames[0], shifted], study)
    assert "t2: 4,000 of 4,000 shared variants (100%) have another position" in text
    few = study.frames[1].with_columns(bpos=pl.col("bpos") + (pl.int_range(pl.len()) < 100))
    assert "position" not in warnings([study.frames[0], few], study)


def test_a_wrong_effect_allele_column(study):
    wrong = study.frames[2].rename({"a1": "a2", "a2": "a1"})
    text = warnings([study.frames[0], study.frames[1], wrong], study)
    assert "t3: effect allele frequencies do not agree with t1's (correlation -1.000" in text
    assert "all its signs may be wrong" in text
    assert "t2: effect" not in text


def test_minor_allele_frequencies_for_those_of_the_effect_allele(study):
    minor = study.frames[1].with_columns(freq=pl.min_horizontal("freq", 1 - pl.col("freq")))
    text = warnings([study.frames[0], minor], study)
    assert "t2: effect allele frequencies do not agree" in text
    assert "a minor allele frequency" in text


def test_strands(study):
    frame = other_strand(study.frames[1], some(4000, 3, 0.5))
    assert "are given on the other strand" in warnings([study.frames[0], frame], study)
    few = other_strand(study.frames[1], some(4000, 3, 0.02))
    assert "strand" not in warnings([study.frames[0], few], study)
    # Then strand-ambiguous variants may be on the other strand too, where no one sees it.
    assert "wrong sign" in warnings([study.frames[0], few], study, incld_ambig_snps=True)


def test_other_alleles(study):
    frame = study.frames[1].with_columns(
        a1=pl.when(some(4000, 3, 0.2)).then(pl.col("a1").replace({"A": "C", "C": "A"})).otherwise("a1")
    )
    frame = frame.filter(pl.col("a1") != pl.col("a2"))
    assert "have other alleles" in warnings([study.frames[0], frame], study)


def test_few_variants_in_the_panel(study):
    far = [
        f.with_columns(
            snpid=pl.when(pl.int_range(pl.len()) < 500).then("snpid").otherwise(pl.col("snpid") + "x")
        )
        for f in study.frames[:2]
    ]
    assert "Sigma comes from the 500 of 4,000 variants" in warnings(far, study)
