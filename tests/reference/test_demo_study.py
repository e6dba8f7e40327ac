"""The demo study: reproducible, true to its plan, with files that readers take."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from postgwas.errors import OutputError
from postgwas.genotypes import open_genotypes
from postgwas.reference.demo_study import simulate_demo_study, write_demo_study
from postgwas.reference.demo_study_design import REGIONS, TRAITS, DemoPlan
from postgwas.sumstats.run import read_sumstats

SMALL = DemoPlan(
    regions=(REGIONS[0], REGIONS[2], REGIONS[8]), length=300_000, n_variants=250, n_people=120,
    n_expressed=40, genes=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    write_demo_study(path, plan=SMALL, seed=3)
    return path


@pytest.fixture(scope="module")
def study():
    return simulate_demo_study(plan=SMALL, seed=3)


def test_same_seed_same_bytes(folder, tmp_path):
    write_demo_study(tmp_path, plan=SMALL, seed=3)
    names = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert len(names) == 12 + 6 + 3 + 1 + 4 + 1
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_study_is_not_overwritten_unasked(folder):
    with pytest.raises(OutputError, match=r"holds a study.*--overwrite"):
        write_demo_study(folder, plan=SMALL)


def test_what_is_planted_is_what_the_kind_says(study):
    shared, distinct, one = (region.planted for region in study.regions)
    assert shared.eqtl[shared.candidate] == shared.causal
    region = study.regions[1]
    everyone = np.concatenate([region.haplotypes.dosages(name) for name in study.people], axis=1)
    r = np.corrcoef(everyone[distinct.causal], everyone[distinct.eqtl[distinct.candidate]])[0, 1]
    assert distinct.eqtl[distinct.candidate] != distinct.causal and r**2 < 0.05
    background = {name: np.abs(one.effects[name]).max(axis=1) for name in study.people}
    assert background["AFR"][one.causal] > 0.1
    assert max(background["EUR"][one.causal], background["EAS"][one.causal]) < 0.1
    palindromic = {"AT", "TA", "CG", "GC"}
    for region in study.regions:
        rows = {*region.planted.eqtl.tolist(), region.planted.causal} - {-1}
        assert not {region.ref[row] + region.alt[row] for row in rows} & palindromic


def test_large_effects_are_found_where_they_are(folder):
    truth = pl.read_csv(folder / "truth" / "causal.tsv", separator="\t")
    leads = truth.filter((pl.col("trait") == "LDL") & (pl.col("ancestry") == "EUR"))
    stats = read_sumstats(folder / "gwas" / "EUR_LDL.regenie.gz")
    frame = pl.DataFrame({name: stats.frame[name].to_numpy() for name in ("SNPID", "EA", "BETA", "SE")})
    for row in leads.iter_rows(named=True):
        found = frame.filter(pl.col("SNPID") == row["SNPID"]).row(0, named=True)
        sign = 1 if found["EA"] == row["EA"] else -1
        # Small effects in LD with it are part of what its Z shows: eight standard errors.
        assert abs(sign * found["BETA"] - row["BETA"]) < 8 * found["SE"]


def test_truth_of_traits_is_what_was_drawn(folder, study):
    truth = json.loads((folder / "truth" / "traits.json").read_text())
    assert truth["traits"] == list(TRAITS)
    for name, found in truth["ancestries"].items():
        total = 0.0
        for region in study.regions:
            dosages = region.haplotypes.dosages(name)
            for effect, copies in zip(region.planted.effects[name][:, 0], dosages):
                if 0.05 <= copies.mean() / 2 <= 0.95:
                    total += float(effect**2 * copies.var())
        assert found["h2"][0] == pytest.approx(total, abs=1e-5)


def test_genotypes_and_counts_are_of_the_people_that_are_named(folder, study):
    data = open_genotypes(folder / "genotypes" / "expressed.pgen")
    assert data.samples["IID"].to_list() == list(study.expressed)
    counts = pl.read_csv(folder / "expression" / "counts.tsv.gz", separator="\t")
    assert counts.columns[1:] == list(study.expressed) and counts.height == 18
    first = data.block(0, 40)
    assert np.array_equal(first[:, :40], study.regions[0].haplotypes.dosages("AFR")[:40, :40])
