"""Counts, Hardy-Weinberg, heterozygosity, sexes, kinship and pruning against plink2 and plink 1.9.

plink prints six digits (plink 1.9 four): relative tolerances are half a unit of the last one.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.genotypes import QcSettings, open_genotypes
from postgwas.genotypes.hwe import hwe_exact
from postgwas.genotypes.run_king import KingSettings, king
from postgwas.genotypes.run_prune import PruneSettings, prune
from postgwas.genotypes.run_qc import qc
from postgwas.genotypes.selection import Selection

DATA = Path(__file__).parent / "data" / "qc"
SIX_DIGITS, FOUR_DIGITS = 5.1e-6, 5.1e-4


def tabs(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", infer_schema_length=None)


def blanks(path: Path) -> pl.DataFrame:
    """plink 1.9's columns, parted by any number of blanks."""
    lines = [line.split() for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return pl.DataFrame(lines[1:], schema=lines[0], orient="row")


def words(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().split()


def close(ours: pl.Series, theirs: pl.Series, digits: float = SIX_DIGITS, *, zero: float = 1e-6) -> None:
    assert ours.len() == theirs.len() > 0
    np.testing.assert_allclose(
        ours.to_numpy(), theirs.cast(pl.Float64).to_numpy(), rtol=digits, atol=zero * digits
    )


def test_variants_of_the_simulation() -> None:
    table = qc(DATA / "sim21").variant_table()
    close(table["A1_FREQ"], tabs(DATA / "sim21.afreq.gz")["ALT_FREQS"])
    close(table["F_MISSING"], tabs(DATA / "sim21.vmiss.gz")["F_MISS"])
    hardy = tabs(DATA / "sim21.hardy.gz")
    close(table["HWE_P"], hardy["P"])
    close(table["HET_OBSERVED"], hardy["O(HET_A1)"])
    close(table["HET_EXPECTED"], hardy["E(HET_A1)"])
    midp = qc(DATA / "sim21", settings=QcSettings(midp=True)).variant_table()
    close(midp["HWE_P"], tabs(DATA / "sim21_midp.hardy.gz")["MIDP"])


def test_samples_of_the_simulation() -> None:
    table = qc(DATA / "sim21").sample_table()
    close(table["F_MISSING"], tabs(DATA / "sim21.smiss.gz")["F_MISS"])
    het = tabs(DATA / "sim21.het.gz")
    assert table["HOM_OBSERVED"].to_list() == het["O(HOM)"].to_list()
    assert table["N_CALLS"].to_list() == het["OBS_CT"].to_list()
    close(table["HOM_EXPECTED"], het["E(HOM)"])
    close(table["F"], het["F"])
    small = qc(DATA / "sim21", settings=QcSettings(small_sample=True)).sample_table()
    close(small["F"], blanks(DATA / "sim21_p19.het.gz")["F"], FOUR_DIGITS)


def test_variants_that_pass() -> None:
    result = qc(DATA / "sim21", settings=QcSettings(max_missing=0.05, maf_min=0.05, hwe=1e-6))
    listed = words(DATA / "sim21_filtered.snplist.gz")
    assert result.passing.variants["SNPID"].to_list() == listed
    assert result.account().filter(pl.col("FILTER").str.starts_with("Hardy"))["DROPPED"][0] > 0


def test_kinship_of_the_simulation() -> None:
    theirs = tabs(DATA / "sim21.kin0.gz").rename({"#FID1": "FID1"})
    people = sorted({*theirs["IID1"], *theirs["IID2"]})
    found = king(
        DATA / "sim21", selection=Selection(keep=people), settings=KingSettings(min_kinship=None)
    ).table()
    assert found.height == theirs.height == 60 * 59 // 2
    for name in ("IID1", "IID2", "NSNP"):
        assert found[name].to_list() == theirs[name].to_list()
    for name in ("HETHET", "IBS0", "KINSHIP"):
        np.testing.assert_allclose(found[name], theirs[name], rtol=SIX_DIGITS, atol=5.1e-7)


@pytest.mark.parametrize(
    ("name", "maf", "settings"),
    [
        ("prune_50_5", 0.02, PruneSettings(50, "variants", 5, 0.2)),
        ("prune_200kb", 0.02, PruneSettings(200, "kb", 1, 0.2)),
        ("prune_p19_50_5", 0.02, PruneSettings(50, "variants", 5, 0.5)),
        ("prune_100_40", None, PruneSettings(100, "variants", 40, 0.1)),
    ],
)
def test_pruning_keeps_the_same_variants(name: str, maf: float | None, settings: PruneSettings) -> None:
    result = prune(DATA / "sim21", selection=Selection(maf_min=maf), settings=settings)
    theirs = words(DATA / f"{name}.prune.in.gz")
    assert result.variants["SNPID"].filter(result.kept).to_list() == theirs


def test_x_y_and_mt() -> None:
    """plink2 --geno-counts leaves men's heterozygous calls on X out, as we do (its --freq halves them)."""
    result = qc(DATA / "sexes", build="GRCh37")
    table, counts = result.variant_table(), tabs(DATA / "sexes.gcount.gz")
    alt = 2 * counts["TWO_ALT_GENO_CTS"] + counts["HET_REF_ALT_CTS"] + counts["HAP_ALT_CTS"]
    both = alt + 2 * counts["HOM_REF_CT"] + counts["HET_REF_ALT_CTS"] + counts["HAP_REF_CT"]
    assert table["A1_COUNT"].to_list() == alt.to_list()
    assert table["N_ALLELES"].to_list() == both.to_list()
    missing = tabs(DATA / "sexes.vmiss.gz")
    assert table["N_MISSING"].to_list() == missing["MISSING_CT"].to_list()
    assert table["N"].to_list() == missing["OBS_CT"].to_list()
    people = tabs(DATA / "sexes.smiss.gz")
    assert result.sample_table()["N_MISSING"].to_list() == people["MISSING_CT"].to_list()
    assert result.sample_table()["N_VARIANTS"].to_list() == people["OBS_CT"].to_list()
    women = tabs(DATA / "sexes.hardy.x.gz")
    on_x = table.filter(pl.col("CHROM") == "23")
    for ours, theirs in (("HOM_A2", "HOM_A1"), ("HET", "HET_A1"), ("HOM_A1", "TWO_AX")):
        assert on_x[ours].to_list() == women[f"FEMALE_{theirs}_CT"].to_list()


def test_sexes() -> None:
    ours, theirs = qc(DATA / "sexes", build="GRCh37").sex_table(), blanks(DATA / "sexes.sexcheck.gz")
    # Four digits, of numbers up to 1.
    np.testing.assert_allclose(ours["X_F"], theirs["F"].cast(float), rtol=0, atol=5.1e-5)
    assert ours["Y_CALLS"].to_list() == theirs["YCOUNT"].cast(int).to_list()
    assert ours["SEX_GENOTYPES"].fill_null(0).to_list() == theirs["SNPSEX"].cast(int).to_list()
    assert (ours["SEX_STATUS"] == "ok").to_list() == (theirs["STATUS"] == "OK").to_list()
    assert (theirs["STATUS"] == "PROBLEM").sum() == 7


@pytest.fixture(scope="module")
def oracle(shared: Path) -> Path:
    return shared / "oracle" / "eqtl"


@pytest.mark.requires_shared
def test_the_whole_simulation(oracle: Path) -> None:
    peers = oracle / "plink_qc"
    data = open_genotypes(oracle / "sim_inputs" / "geno.pgen")
    result = qc(data, settings=QcSettings(max_missing=0.05, maf_min=0.05, hwe=1e-6))
    variants, samples = result.variant_table(), result.sample_table()
    assert result.passing.variants["SNPID"].to_list() == (peers / "qcfilter_ids.txt").read_text().split()
    assert variants["A1_COUNT"].to_list() == tabs(peers / "freqcounts.acount.gz")["ALT_CTS"].to_list()
    close(variants["A1_FREQ"], tabs(peers / "freq.afreq.gz")["ALT_FREQS"])
    close(variants["F_MISSING"], tabs(peers / "missing.vmiss.gz")["F_MISS"])
    close(samples["F_MISSING"], tabs(peers / "missing.smiss")["F_MISS"])
    close(variants["HWE_P"], tabs(peers / "hardy.hardy.gz")["P"])
    midp = tabs(peers / "hardy_midp.hardy.gz")
    tests = hwe_exact(variants["HOM_A1"], variants["HET"], variants["HOM_A2"], midp=True)
    close(pl.Series(tests.p), midp["MIDP"])
    close(qc(data).sample_table()["F"], tabs(peers / "het.het")["F"])


@pytest.mark.requires_shared
def test_kinship_and_pruning_of_the_whole_simulation(oracle: Path) -> None:
    peers = oracle / "plink_qc"
    data = open_genotypes(oracle / "sim_inputs" / "geno.pgen")
    filters = Selection(maf_min=0.05, max_missing=0.05)
    for name, settings in (
        ("prune200kb", PruneSettings()),
        ("prune50_5", PruneSettings(50, "variants", 5, 0.2)),
        ("prune50_5_p19", PruneSettings(50, "variants", 5, 0.2)),
    ):
        found = prune(data, selection=filters, settings=settings)
        listed = (peers / f"{name}.prune.in").read_text().split()
        assert found.variants["SNPID"].filter(found.kept).to_list() == listed
    pairs = king(
        data, selection=Selection(extract=peers / "prune200kb.prune.in"),
        settings=KingSettings(min_kinship=None),
    ).table()  # fmt: skip
    theirs = tabs(peers / "king.kin0.gz").rename({"#IID1": "IID1"})
    for name in ("IID1", "IID2", "NSNP"):
        assert pairs[name].to_list() == theirs[name].to_list()
    for name in ("HETHET", "IBS0", "KINSHIP"):
        np.testing.assert_allclose(pairs[name], theirs[name], rtol=SIX_DIGITS, atol=5.1e-7)
