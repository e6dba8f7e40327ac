"""Builds of made-up and real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.errors import UsageError
from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.harmonise.assembly import build_name, build_of_lengths, length_of
from postgwas.sumstats.harmonise.build import (
    MIN_KNOWN,
    MIN_PLACES,
    BuildCall,
    BuildVotes,
    votes_from_reference,
)
from postgwas.sumstats.run import read_sumstats

KNOWN = known_snps()
SOME = np.arange(0, KNOWN.rsid.size, 1000)


def ids(index: np.ndarray) -> pl.Series:
    return "rs" + pl.Series(KNOWN.rsid[index]).cast(pl.String)


def voted(snpid: pl.Series, chr: object, pos: object) -> BuildVotes:
    votes = BuildVotes()
    votes.add(snpid, chr, pos)  # type: ignore[arg-type]
    return votes


@pytest.mark.parametrize(("build", "column"), [("GRCh37", KNOWN.grch37), ("GRCh38", KNOWN.grch38)])
@pytest.mark.parametrize("n", [MIN_KNOWN, 150])
def test_build_by_positions(build: str, column: np.ndarray, n: int) -> None:
    call = voted(ids(SOME[:n]), KNOWN.chr[SOME[:n]], column[SOME[:n]]).call()
    assert (call.build, call.n_known) == (build, n)
    assert {call.n_grch37, call.n_grch38} == {0, n}


def test_chunks_do_not_matter() -> None:
    whole = voted(ids(SOME), KNOWN.chr[SOME], KNOWN.grch38[SOME]).call()
    votes = BuildVotes()
    for part in reversed(np.array_split(SOME, 7)):
        votes.add(ids(part), KNOWN.chr[part], KNOWN.grch38[part])
    assert votes.call() == whole


def test_a_few_rows_elsewhere_do_not_decide() -> None:
    pos = KNOWN.grch37[SOME].copy()
    pos[::11] += 5
    assert voted(ids(SOME), KNOWN.chr[SOME], pos).call().build == "GRCh37"
    pos[::3] += 5
    call = voted(ids(SOME), KNOWN.chr[SOME], pos).call()
    assert call.build is None
    assert "of another build, such as NCBI36 (hg18), or wrong" in call.reason


def test_too_little_evidence_is_said() -> None:
    few = SOME[: MIN_KNOWN - 1]
    call = voted(ids(few), KNOWN.chr[few], KNOWN.grch37[few]).call()
    assert call.build is None
    assert call.reason == (
        "of 2 known SNPs 2 are at their GRCh37 and 0 at their GRCh38 positions: too few to tell, 3 are needed"
    )
    nothing = voted(pl.Series(["1:5:A:G", "rs", None, "752566"]), [1] * 4, [5] * 4).call()
    assert (nothing.build, nothing.n_known) == (None, 0)
    assert "no rsID of the table of known SNPs" in nothing.reason
    assert BuildVotes().call().build is None


def test_mixed_builds_and_positions_from_zero_are_named() -> None:
    mixed = np.where(np.arange(SOME.size) % 2, KNOWN.grch37[SOME], KNOWN.grch38[SOME])
    call = voted(ids(SOME), KNOWN.chr[SOME], mixed).call()
    assert call.build is None and "mixes builds" in call.reason
    call = voted(ids(SOME), KNOWN.chr[SOME], KNOWN.grch38[SOME] - 1).call()
    assert call.build is None and "count from 0" in call.reason
    assert call.n_zero_based == SOME.size


def test_rows_without_a_place_and_numbers_that_are_no_rsids_do_not_count() -> None:
    some = SOME[:20]
    bare = pl.Series(KNOWN.rsid[some]).cast(pl.String)
    assert voted(bare, KNOWN.chr[some], KNOWN.grch37[some]).call().n_known == 0
    chr = pl.Series(KNOWN.chr[some]).to_frame("c").select(pl.when(pl.col("c") > 3).then("c"))["c"]
    assert voted(ids(some), chr, KNOWN.grch37[some]).call().n_known == int((KNOWN.chr[some] > 3).sum())
    assert voted(ids(some), KNOWN.chr[some], np.zeros(20)).call().n_known == 0
    wrong = voted(ids(some), KNOWN.chr[some] % 22 + 1, KNOWN.grch37[some]).call()
    assert (wrong.n_known, wrong.n_grch37) == (20, 0)


@pytest.mark.parametrize(("build", "column"), [("GRCh37", KNOWN.grch37), ("GRCh38", KNOWN.grch38)])
def test_places_decide_where_there_are_no_rsids(build: str, column: np.ndarray) -> None:
    """A file of all kinds of variants, a fifth of them common SNPs."""
    rng = np.random.default_rng(3)
    chr = np.concatenate([KNOWN.chr[SOME], rng.integers(1, 23, 4 * SOME.size)])
    pos = np.concatenate([column[SOME], rng.integers(1, 40_000_000, 4 * SOME.size)])
    names = pl.Series([f"{c}:{p}:A:G" for c, p in zip(chr, pos)])
    for snpid in (names, None, pl.Series([None] * chr.size, dtype=pl.String)):
        votes = BuildVotes()
        votes.add(snpid, chr, pos)
        call = votes.call()
        assert (call.build, call.n_known) == (build, 0)
        assert max(call.n_places_grch37, call.n_places_grch38) >= SOME.size
    # Rows with rsIDs are not asked twice.
    assert voted(ids(SOME), KNOWN.chr[SOME], column[SOME]).call().n_places_grch37 == 0


def test_places_that_do_not_decide() -> None:
    def call(n_37: int, n_38: int) -> BuildCall:
        votes = BuildVotes()
        votes.add(None, KNOWN.chr[SOME[:n_37]], KNOWN.grch37[SOME[:n_37]])
        votes.add(None, KNOWN.chr[SOME[:n_38]], KNOWN.grch38[SOME[:n_38]])
        return votes.call()

    assert call(MIN_PLACES, 0).build == "GRCh37"
    few = call(MIN_PLACES - 1, 0)
    assert few.build is None and few.reason.endswith("in GRCh38: too few to tell, 20 are needed")
    assert call(5, 100).build == "GRCh38"
    mixed = call(20, 100)
    assert mixed.build is None and mixed.reason.endswith("that tells neither build")


def test_sequence_decides_where_there_are_no_rsids() -> None:
    rng = np.random.default_rng(5)
    letters = np.array(list("ACGT"))
    bases = rng.integers(0, 4, 20_000)
    sequence = np.frombuffer("".join(letters[bases]).encode(), dtype=np.uint8)
    pos = np.sort(rng.choice(19_000, 1_000, replace=False)) + 1
    ref = letters[bases[pos - 1]]
    alt = letters[(bases[pos - 1] + rng.integers(1, 4, pos.size)) % 4]
    forward = rng.random(pos.size) < 0.5
    ea, nea = pl.Series(np.where(forward, ref, alt)), pl.Series(np.where(forward, alt, ref))
    assert votes_from_reference(pos, ea, nea, sequence) == (1_000, 1_000)

    right = BuildVotes()
    right.add_reference("GRCh38", *votes_from_reference(pos, ea, nea, sequence))
    assert right.call().build == "GRCh38"
    fits, compared = votes_from_reference(pos + 7, ea, nea, sequence)
    assert 400 < fits < 600 and compared == 1_000
    wrong = BuildVotes()
    wrong.add_reference("GRCh38", fits, compared)
    assert wrong.call().build is None and "another build" in wrong.call().reason
    few = BuildVotes()
    few.add_reference("GRCh38", 99, 99)
    assert few.call().build is None and "100 are needed" in few.call().reason


def test_only_snvs_at_known_bases_are_compared_with_a_sequence() -> None:
    sequence = np.frombuffer(b"ACGN", dtype=np.uint8)
    ea = pl.Series(["A", "AC", "C", "A", None, "I", "T"])
    nea = pl.Series(["G", "A", "T", "C", "A", "D", "A"])
    assert votes_from_reference([1, 1, 4, 9, 1, 1, 2], ea, nea, sequence) == (1, 2)


def test_names_and_lengths_of_builds() -> None:
    assert build_of_lengths({1: length_of("NCBI36", 1) or 0, 99: 5}) == "NCBI36"
    assert build_of_lengths({}) is None and build_of_lengths({25: 16569}) is None
    with pytest.raises(UsageError, match="'hg17': not a genome build"):
        build_name("hg17")


# The builds that the files' descriptions state. Files without rsIDs or positions are not here.
REAL = {
    "formats/gwasvcf_ieu-a-2.vcf.gz": "GRCh37",
    "formats/nealeUKB2017_3064_PEF_chr1.tsv": "GRCh37",
    "formats/pgc3_scz_100k_random.tsv.gz": "GRCh37",
    "formats/ssgac_eduAttainOkbay.txt": "GRCh37",
    "formats/t1d_b38_pvalue_as_text_27715.tsv.gz": "GRCh38",
    "bmi_height_chr22/EAS_BMI_CKB_BBJ_chr22.txt.gz": "GRCh37",
    "bmi_height_chr22/yengo2022_height_eas_chr22_hm3subset.ssf.txt.gz": "GRCh37",
    "bmi_height_chr22/yengo2022_height_eur_chr22_hm3subset.ssf.txt.gz": "GRCh37",
    "formats/bolt_lmm_excerpt.tsv": None,
    "formats/regenie_step2_excerpt.regenie": None,
}


@pytest.mark.requires_shared
@pytest.mark.parametrize(("file", "build"), REAL.items())
def test_real_files(shared: Path, file: str, build: str | None) -> None:
    frame = read_sumstats(shared / "realdata" / file, n=1000.0).frame
    call = voted(frame["SNPID"], frame["CHR"], frame["POS"]).call()
    assert call.build == build
    assert call.n_known == max(call.n_grch37, call.n_grch38)
