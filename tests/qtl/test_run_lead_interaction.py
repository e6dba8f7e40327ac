"""Leads in groups, from files: beside nested least squares, and leads that cannot be tested."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from polars.testing import assert_frame_equal
from qtl.study import QtlStudy

from postgwas.errors import InputError, UsageError
from postgwas.qtl import QtlInputOptions, group_effects
from postgwas.qtl import lead_tables as lead_tables_module

LEADS = [("g0", "rs14"), ("g0", "rs20"), ("g1", "rs30"), ("g6", "rs150"), ("g6", "rs151"), ("g6", "rs152")]


class GroupStudy(QtlStudy):
    """A study of three groups, with leads of three phenotypes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.group = np.array(["AFR", "EAS", "EUR"])[np.random.default_rng(5).permutation(60) % 3]
        # Common everywhere.
        rng = np.random.default_rng(6)
        self.calls[[14, 20, 30, 150, 151, 152]] = rng.binomial(2, 0.4, (6, 60))
        self.values[0] += 1.5 * self.calls[14] * (self.group == "EAS")

    def files(self, folder: Path) -> dict[str, Path]:
        genotypes, bed, covariates = self.write(folder)
        groups, leads = folder / "groups.txt", folder / "leads.tsv"
        groups.write_text("".join(f"{name}\t{one}\n" for name, one in zip(self.samples, self.group)))
        lines = ["phenotype_id\tvariant_id", *("\t".join(pair) for pair in LEADS)]
        leads.write_text("\n".join(lines) + "\n")
        return {
            "genotypes": genotypes, "phenotypes": bed, "leads": leads, "groups": groups,
            "covariates": covariates,
        }  # fmt: skip

    def nested(self, gene: str, variant: str, others: list[str]):
        """One slope against a slope a group."""
        indicators = np.array([self.group == name for name in ("AFR", "EAS", "EUR")], float)
        rest = [self.calls[int(name[2:])] for name in others]
        base = [*indicators, *self.covariates, *rest]
        x = self.calls[int(variant[2:])]
        y = self.values[self.genes.index(gene)]
        small = sm.OLS(y, np.column_stack([*base, x])).fit()
        large = sm.OLS(y, np.column_stack([*base, *(x * indicators)])).fit()
        return large.compare_f_test(small), large


@pytest.fixture
def study() -> GroupStudy:
    return GroupStudy()


def test_both_models_of_every_lead(study: GroupStudy, tmp_path: Path) -> None:
    found = group_effects(**study.files(tmp_path))
    assert list(found.tests.select("phenotype_id", "variant_id").iter_rows()) == LEADS
    for got in found.tests.iter_rows(named=True):
        gene, variant = got["phenotype_id"], got["variant_id"]
        mine = [name for one, name in LEADS if one == gene and name != variant]
        assert got["n_leads"] == len(mine) + 1
        slopes = found.slopes.filter(pl.col("phenotype_id") == gene, pl.col("variant_id") == variant)
        for end, others in (("", []), ("_conditional", mine)):
            (f, p, df1), large = study.nested(gene, variant, others)
            assert got[f"f{end}"] == pytest.approx(f, rel=1e-8)
            assert got[f"pval{end}"] == pytest.approx(p, rel=1e-7)
            assert (got[f"df1{end}"], got[f"df2{end}"]) == (df1, large.df_resid)
            one = slopes.filter(pl.col("model") == (end[1:] or "alone"))
            assert one["group"].to_list() == ["AFR", "EAS", "EUR"]
            np.testing.assert_allclose(one["slope"], large.params[-3:], rtol=1e-8)
            np.testing.assert_allclose(one["slope_se"], large.bse[-3:], rtol=1e-8)
    planted = found.tests.row(0, named=True)
    assert planted["pval_adj_bh"] < 0.01 and planted["pval_adj_bh_conditional"] < 0.01


def test_an_effect_that_another_lead_makes_is_gone_beside_it(study: GroupStudy, tmp_path: Path) -> None:
    """Two leads in LD of another sign in each group: the second's effect seems to differ between groups."""
    rng = np.random.default_rng(11)
    for group, copy in (("EUR", study.calls[150]), ("EAS", 2 - study.calls[150])):
        there = (study.group == group) & (rng.random(60) < 0.9)
        study.calls[151] = np.where(there, copy, study.calls[151])
    study.values[6] = 2.0 * study.calls[150] + 0.5 * rng.normal(size=60)
    tests = group_effects(**study.files(tmp_path)).tests.filter(pl.col("variant_id") == "rs151")
    assert tests["pval"][0] < 1e-3
    assert tests["pval_conditional"][0] > 0.05


def test_leads_that_cannot_be_tested(study: GroupStudy, tmp_path: Path) -> None:
    study.calls[20] = np.where(study.group == "AFR", study.calls[20], 0)
    study.calls[30] = 1
    study.calls[151] = study.calls[150]
    study.values[3] = 2.0
    given = study.files(tmp_path)
    with given["leads"].open("a") as stream:
        stream.write("g3\trs40\nnobody\trs14\ng1\trs9999\ng1\trs30\n")
    found = group_effects(**given)
    reasons = {
        row[:2]: row[2] for row in found.tests.select("phenotype_id", "variant_id", "reason").iter_rows()
    }
    assert reasons == {
        ("g0", "rs14"): None, ("g0", "rs20"): "maf_below_limit_in_all_but_one_group",
        ("g1", "rs30"): "constant", ("g6", "rs150"): "depends_on_other_leads",
        ("g6", "rs151"): "depends_on_other_leads", ("g6", "rs152"): None, ("g3", "rs40"): "constant",
        ("nobody", "rs14"): "phenotype_not_found", ("g1", "rs9999"): "variant_not_found",
    }  # fmt: skip
    # Beside its twin there is no answer; alone there is.
    twin = found.tests.filter(pl.col("variant_id") == "rs150")
    assert twin["pval"][0] is not None and twin["pval_conditional"][0] is None
    assert len(found.rejected.pairs) == 7
    # Leads that are not tested are covariates all the same.
    (_, p, _), _ = study.nested("g0", "rs14", ["rs20"])
    assert found.tests["pval_conditional"][0] == pytest.approx(p, rel=1e-7)


def test_an_id_that_two_variants_have(study: GroupStudy, tmp_path: Path) -> None:
    given = study.files(tmp_path)
    bim = tmp_path / "geno.bim"
    bim.write_text(bim.read_text().replace("\trs40\t", "\trs14\t"))
    assert group_effects(**given).tests["reason"][0] == "variant_id_not_unique"


def test_workers_change_no_bit(study: GroupStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = study.files(tmp_path)
    monkeypatch.setattr(lead_tables_module, "_PHENOTYPES", 1)
    one, two = group_effects(**given), group_effects(**given, cores=2)
    assert_frame_equal(one.tests, two.tests, check_exact=True)
    assert_frame_equal(one.slopes, two.slopes, check_exact=True)


def test_samples_and_groups(study: GroupStudy, tmp_path: Path) -> None:
    given = study.files(tmp_path)
    lines = given["groups"].read_text().splitlines()
    given["groups"].write_text("\n".join(lines[1:]) + "\n")
    with pytest.raises(InputError, match="1 of 60 samples have no group: I0"):
        group_effects(**given)
    found = group_effects(**given, options=QtlInputOptions(unmatched="drop"))
    assert found.n_samples == 59
    given["groups"].write_text("".join(f"{name}\tAFR\n" for name in study.samples))
    with pytest.raises(InputError, match="all 60 samples are of group AFR: nothing to compare"):
        group_effects(**given)
    small = ["EAS"] * 2 + ["AFR"] * 58
    given["groups"].write_text("".join(f"{name}\t{one}\n" for name, one in zip(study.samples, small)))
    with pytest.raises(InputError, match="group EAS has 2 samples, expected at least 3"):
        group_effects(**given)
    given["groups"].write_text("".join(f"{name}\t{one}\n" for name, one in zip(study.samples, study.group)))
    given["leads"].write_text("phenotype_id\tvariant_id\nnobody\trs1\n")
    with pytest.raises(InputError, match=r"none of 1 leads \(nobody, rs1\)"):
        group_effects(**given)
    with pytest.raises(UsageError, match=r"--maf_min_groups 0\.7"):
        group_effects(**given, maf_min_groups=0.7)
