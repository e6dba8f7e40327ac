"""Real files against real references, with figures that are known from elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.sumstats.harmonise.consistency import check_consistency
from postgwas.sumstats.harmonise.match import Matched, aligned, match_chromosome, mismatch_share
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark
from postgwas.sumstats.harmonise.reference import Reference, open_reference
from postgwas.sumstats.run import read_sumstats

pytestmark = pytest.mark.requires_shared

GIANT = ("CHR", "SNP", "BP", "x", "A1", "A2", "y", "N", "BETA", "SE", "P")


def counts(matched: Matched) -> dict[str, int]:
    codes, numbers = np.unique(matched.outcome, return_counts=True)
    return {Outcome(code).name: n for code, n in zip(codes.tolist(), numbers.tolist())}


@pytest.fixture(scope="module")
def chr22(shared: Path) -> Path:
    return shared / "realdata" / "bmi_height_chr22"


@pytest.fixture(scope="module")
def eas_1000g(shared: Path) -> Reference:
    folder = shared / "realdata" / "geno_1000G_eas504_chr7"
    return open_reference(next(folder.glob("*.vcf.gz")), cache=False)


def test_two_consortia_agree_as_was_counted_before(chr22: Path) -> None:
    # 29,060 shared SNPs: 52.1 % same, 47.9 % swapped, 0.02 % other alleles (of which 3 flipped).
    reference = open_reference(chr22 / "EAS_BMI_CKB_BBJ_chr22.txt.gz")
    frame = read_sumstats(chr22 / "GIANT_BMI_EUR_chr22.txt.gz", header=GIANT).frame
    found = match_chromosome(frame, reference.frame(22), palindromic="keep")
    seen = counts(found)
    assert seen == {
        "MATCHED": 12997, "SWAPPED": 11934, "FLIPPED": 3, "PALINDROMIC_KEPT": 4124,
        "ALLELES_DIFFER": 2, "NOT_IN_REFERENCE": 3196,
    }  # fmt: skip
    assert sum(seen.values()) - seen["NOT_IN_REFERENCE"] == 29_060
    straight = found.outcome < Outcome.FLIPPED
    same = (found.outcome == Outcome.MATCHED) | ((found.outcome == Outcome.PALINDROMIC_KEPT) & ~found.flip)
    assert same.sum() / 29_060 == pytest.approx(0.521, abs=0.0005)
    assert (found.flip & ~straight | (found.outcome == Outcome.SWAPPED)).sum() / 29_060 == pytest.approx(
        0.479, abs=0.0005
    )
    # The SNP panels are the same, so every row in the reference has its id.
    assert not (found.remark & (Remark.ID_REPLACED | Remark.ID_ASSIGNED)).any()
    assert not mismatch_share({Outcome[name]: n for name, n in seen.items()}).other_build


def test_ancestry_of_the_reference_tells_in_the_frequencies(chr22: Path) -> None:
    reference = open_reference(chr22 / "EAS_BMI_CKB_BBJ_chr22.txt.gz").frame(22)
    found = {}
    for ancestry in ("eas", "eur"):
        path = chr22 / f"yengo2022_height_{ancestry}_chr22_hm3subset.ssf.txt.gz"
        frame = read_sumstats(path).frame.filter(pl.col("CHR") == 22)
        found[ancestry] = match_chromosome(frame, reference).frequencies
    assert found["eas"].correlation > 0.99
    assert found["eas"].warnings("eas") == ()
    assert found["eur"].correlation < 0.8
    assert "another ancestry" in found["eur"].warnings("eur")[0]


def test_position_shifted_by_one_is_another_build(eas_1000g: Reference) -> None:
    variants = eas_1000g.frame(7)
    frame = variants.select(POS=pl.col("POS") + 1, EA="ALT", NEA="REF")
    codes, numbers = np.unique(match_chromosome(frame, variants).outcome, return_counts=True)
    share = mismatch_share(dict(zip(codes.tolist(), numbers.tolist())))
    assert share.other_build
    assert 0.3 < share.share < 0.6


def test_scrambled_file_of_a_real_reference_comes_back(eas_1000g: Reference) -> None:
    """Rows of a 1000 Genomes region, half swapped and a third on the other strand."""
    variants = eas_1000g.frame(7)
    rng = np.random.default_rng(4)
    n = variants.height
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    snv = (variants["REF"].str.len_bytes() == 1) & (variants["ALT"].str.len_bytes() == 1)
    strand = pl.Series(rng.random(n) < 1 / 3) & snv
    swap = pl.Series(rng.random(n) < 0.5)
    ea, nea = (
        variants["ALT"].zip_with(~swap, variants["REF"]),
        variants["REF"].zip_with(~swap, variants["ALT"]),
    )
    other_ea = ea.replace_strict(complement, default=None, return_dtype=pl.String)
    other_nea = nea.replace_strict(complement, default=None, return_dtype=pl.String)
    effect = rng.normal(0, 1, n)
    eaf = np.clip(variants["AF"].cast(pl.Float64).to_numpy() + rng.normal(0, 0.02, n), 0, 1)
    frame = pl.DataFrame(
        {
            "SNPID": variants["SNPID"],
            "POS": variants["POS"],
            "EA": other_ea.zip_with(strand, ea),
            "NEA": other_nea.zip_with(strand, nea),
            "EAF": np.where(swap, 1 - eaf, eaf),
            "BETA": np.where(swap, -effect, effect),
        }
    )
    found = match_chromosome(frame, variants, palindromic="infer")
    result = aligned(frame, variants, found)
    truth = variants.with_columns(BETA=effect).rename({"ALT": "EA", "REF": "NEA"})[np.flatnonzero(found.kept)]
    for name in ("POS", "EA", "NEA", "BETA", "SNPID"):
        assert result[name].to_list() == truth[name].to_list(), name
    seen = counts(found)
    lost = {Outcome[name] for name in seen if not Outcome[name].kept}
    assert lost <= {
        Outcome.PALINDROMIC_MAF, Outcome.FITS_SEVERAL, Outcome.TWO_ALTS, Outcome.PALINDROMIC_CONTRADICTS
    }  # fmt: skip
    assert sum(seen.get(o.name, 0) for o in (Outcome.FITS_SEVERAL, Outcome.TWO_ALTS)) < 0.002 * n


@pytest.mark.parametrize("name", ["GIANT_BMI_EUR_chr22", "GIANT_HEIGHT_EUR_chr22", "EAS_BMI_CKB_BBJ_chr22"])
def test_published_p_agree_with_their_effects(name: str, chr22: Path) -> None:
    header = GIANT if name.startswith("GIANT") else None
    frame = read_sumstats(chr22 / f"{name}.txt.gz", header=header).frame
    beta, se, p = (frame[c].cast(pl.Float64).to_numpy() for c in ("BETA", "SE", "P"))
    summary = check_consistency(beta, se, p=p).summary
    assert summary.n_p > 30_000
    assert summary.n_p_differ == 0
