"""`postgwas demo --mtag_only` from end to end."""

from __future__ import annotations

import contextlib
import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from postgwas.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "study"
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        status = main(["demo", "--mtag_only", "--out", str(folder)])
    return folder, status, text.getvalue()


def test_everything_is_written(demo):
    folder, status, _ = demo
    assert status == 0
    names = {p.name for p in folder.iterdir()}
    traits = ("depression", "neuroticism", "wellbeing")
    expected = {f"mtag_trait_{t}.txt" for t in (1, 2, 3)} | {f"mtag_{name}.png" for name in traits}
    expected |= {"mtag_omega_hat.txt", "mtag_sigma_hat.txt", "mtag_fdr_mat.txt", "mtag_rg.png", "mtag.log"}
    assert expected | {"study.h5", "study.parts", "raw", "mtag.rejected.tsv.gz"} <= names
    assert not [p for p in folder.rglob("*") if p.name.startswith(".")]


def test_estimates_agree_with_the_truth_as_the_output_says(demo):
    folder, _, text = demo
    found = re.search(r"(\d+) of 15 estimates lie within 2 standard errors", text)
    assert found and int(found[1]) >= 11
    truth = json.loads((folder / "raw" / "truth.json").read_text())
    omega = np.loadtxt(folder / "mtag_omega_hat.txt")
    sigma = np.loadtxt(folder / "mtag_sigma_hat.txt")
    np.testing.assert_allclose(omega, truth["omega"], atol=0.25 * np.max(truth["omega"]))
    np.testing.assert_allclose(sigma, truth["sigma"], atol=0.1)
    for line in ("Genetic correlations", "What MTAG gained", "maxFDR", "study.h5", "mtag_wellbeing.png"):
        assert line in text


def test_the_variant_whose_p_underflows_is_in_the_reader_not_in_the_results(demo):
    from postgwas.sumstats.run import read_sumstats

    folder, _, _ = demo
    table = read_sumstats(folder / "raw" / "wellbeing.tsv.gz").to_pandas().set_index("SNPID")
    assert table.loc["rs19999999", "MLOG10P"] == pytest.approx(414.92, abs=0.01)
    results = pd.read_csv(folder / "mtag_trait_3.txt", sep="\t")
    assert "rs19999999" not in set(results["SNP"])


def test_a_second_run_is_refused_and_leaves_the_first_alone(demo, capsys):
    folder, _, _ = demo
    before = (folder / "mtag_trait_1.txt").stat().st_mtime_ns
    assert main(["demo", "--mtag_only", "--out", str(folder)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (folder / "mtag_trait_1.txt").stat().st_mtime_ns == before


def test_a_negative_seed_is_refused(tmp_path, capsys):
    assert main(["demo", "--mtag_only", "--out", str(tmp_path / "x"), "--seed", "-3"]) == 2
    assert "--seed" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
