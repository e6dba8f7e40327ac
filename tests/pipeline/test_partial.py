"""Steps that make part of their results: every run, the plan and the page say it, until it is mended."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pipeline.tiny_study import edit

from postgwas.cli.main import main
from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.markers import Marker
from postgwas.pipeline.remarks import with_remarks
from postgwas.pipeline.run_study import plan_study
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import read_study

ONLY = "harmonise,ld_scores,rg"


@pytest.fixture
def pair_without(fresh: Path) -> Path:
    """Three traits, of which two have no variant in common."""
    lines = gzip.decompress((fresh / "gwas" / "EUR_TG.regenie.gz").read_bytes()).decode().splitlines()
    for name, some in (("few", lines[:30]), ("others", [lines[0], *lines[30:]])):
        (fresh / "gwas" / f"{name}.gz").write_bytes(gzip.compress("\n".join([*some, ""]).encode()))
    edit(fresh, "rg: false", "rg: {n_blocks: 12}")
    edit(fresh, "file: gwas/EUR_LDL.regenie.gz}", "file: gwas/others.gz}")
    edit(fresh, "\nexpression:", "  - {trait: FEW, ancestry: EUR, file: gwas/few.gz}\n\nexpression:")
    edit(fresh, "report: false", "report: {}")
    return fresh


def test_every_run_says_what_is_missing_until_it_is_mended(pair_without, capsys):
    study = str(pair_without)
    missing = "no genetic correlation of EUR_LDL and EUR_FEW: the two traits have no variant in common"
    for ran in (5, 0):
        assert main(["run", study, "--only", ONLY]) == 1
        seen = capsys.readouterr()
        assert f"{ran} steps run" in seen.out and "1 in part" in seen.out
        assert "rg/EUR  PART OF ITS RESULTS IS MISSING (status 1)" in seen.out
        assert f"    warning: {missing}" in seen.out
        assert seen.err.startswith(f"postgwas: warning: rg/EUR: part of its results is missing: {missing}")
        assert "--only rg/EUR --force" in seen.err and seen.err.count("\n") == 1
    assert main(["run", study, "--only", "rg", "--quiet"]) == 1
    assert missing in capsys.readouterr().err
    assert main(["run", study, "--only", "rg", "--dry_run"]) == 0
    assert "kept, though part of its results is missing" in capsys.readouterr().out
    assert main(["run", study, "--only", "rg/EUR", "--force"]) == 1
    assert "1 steps run" in capsys.readouterr().out
    assert main(["batch", study, "--only", "rg"]) == 1
    assert f"part of the results is missing: {study}" in capsys.readouterr().err
    # The page will say it too; when the input is mended, none does.
    (page,) = [one.step for one in plan_study(study)[1] if one.step.kind == "report"]
    remarks = [page.argv[i + 1] for i, word in enumerate(page.argv) if word == "--remark"]
    assert f"rg/EUR: part of its results is missing: {missing} with LD scores" in remarks
    edit(pair_without, "file: gwas/others.gz}", "file: gwas/EUR_LDL.regenie.gz}")
    assert main(["run", study, "--only", ONLY]) == 0
    assert capsys.readouterr().err == ""


def test_the_page_has_a_remark_for_each_step_that_is_not_whole(fresh):
    edit(fresh, "report: false", "report: {}")
    page = steps_of(read_study(fresh))[-1]
    whole = {name: Marker(name, "key", files={"a": "b"}) for name in page.after}

    def remarks(step: Step) -> list[str]:
        return [step.argv[i + 1] for i, word in enumerate(step.argv) if word == "--remark"]

    assert with_remarks(page, whole) is page
    assert not remarks(plan_study(fresh)[1][-1].step)  # all steps are to be run before it
    some = {name: one for name, one in whole.items() if name != "mtag/EUR"}
    some["h2/EUR_TG"] = Marker("h2/EUR_TG", "key", status=1, warnings=["first", "last"])
    waiting = {"eqtl_permute/lcl": "expression_prepare/lcl"}
    del some["expression_prepare/lcl"]
    failed = ["expression_prepare/lcl", "genotypes_pca/lcl"]  # the second before anything was emptied
    found = remarks(with_remarks(page, some, failed=failed, waiting=waiting))
    assert found == [
        "h2/EUR_TG: part of its results is missing: last",
        "mtag/EUR has not been run, or failed: its results are missing",
        "genotypes_pca/lcl failed in the last run: its results are those of an earlier run",
        "expression_prepare/lcl failed in the last run: its results are missing",
        "eqtl_permute/lcl waits for expression_prepare/lcl: its results are out of date",
    ]
