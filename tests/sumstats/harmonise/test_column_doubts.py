"""Columns that are not what they are called, and P printed as 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from postgwas.cli.main import main
from postgwas.errors import InputError
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run import harmonise

N = 400


def study(folder: Path, **changed: np.ndarray) -> Path:
    rng = np.random.default_rng(1)
    se = np.full(N, 0.02)
    z = rng.normal(size=N)
    columns = {
        "SNP": [f"rs{i}x" for i in range(N)], "CHR": [1] * N, "BP": np.arange(N) * 100 + 1,
        "EA": ["A"] * N, "NEA": ["G"] * N, "BETA": z * se, "SE": se, "P": 2 * norm.sf(np.abs(z)),
        "N": [1000] * N,
    }  # fmt: skip
    path = folder / "study.tsv"
    pl.DataFrame({**columns, **changed}).write_csv(path, separator="\t")
    return path


def run(path: Path, **options: object) -> Harmonised:
    return harmonise(path, out=path.with_name("out"), report=False, **options)[0]  # type: ignore[arg-type]


def read(found: Harmonised) -> pl.DataFrame:
    return pl.read_csv(found.files["tsv"], separator="\t", null_values="NA")


@pytest.fixture
def effects(tmp_path: Path) -> np.ndarray:
    return pl.read_csv(study(tmp_path), separator="\t")["BETA"].to_numpy()


def test_odds_ratios_called_beta_are_refused_with_the_flag_that_takes_them(tmp_path, effects, capsys):
    path = study(tmp_path, BETA=np.exp(effects))
    with pytest.raises(InputError, match="column BETA holds odds ratios, not their logarithms"):
        run(path)
    assert main(["harmonise", str(path), "--out", str(tmp_path / "out")]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(told) == 1 and told[0].endswith("of 400 rows (--or_name BETA)")
    assert not (tmp_path / "out.tsv.gz").exists()
    path.write_text(path.read_text().replace("BETA", "OR", 1))
    np.testing.assert_allclose(read(run(path))["BETA"], effects, rtol=1e-9, atol=1e-12)


def test_odds_ratios_called_beta_with_their_own_standard_errors_are_refused_too(tmp_path, effects):
    path = study(tmp_path, BETA=np.exp(effects), SE=0.02 * np.exp(effects))
    with pytest.raises(InputError, match=r"P is that of log BETA by SE/BETA, not of BETA by SE"):
        run(path)
    path.write_text(path.read_text().replace("BETA", "OR", 1))
    np.testing.assert_allclose(read(run(path))["BETA"], effects, rtol=1e-9, atol=1e-12)


def test_a_few_odd_rows_are_no_odds_ratios(tmp_path, effects):
    mixed = np.where(np.arange(N) < 60, np.exp(effects), effects)
    assert run(study(tmp_path, BETA=mixed)).account.n_kept == N


def test_many_values_out_of_range_are_told(tmp_path, effects):
    """P and BETA exchanged: half of P are negative then."""
    path = study(tmp_path)
    path.write_text(path.read_text().replace("BETA\tSE\tP", "P\tSE\tBETA", 1))
    found = run(path)
    assert any("missing or out of range: are the columns right?" in one for one in found.warnings)
    assert any("P disagrees" in one for one in found.warnings)


def test_p_of_zero_gets_its_size_from_the_effect_and_is_held_against_it(tmp_path, effects):
    p = 2 * norm.sf(np.abs(effects / 0.02))
    beta = effects.copy()
    p[:3], beta[0] = 0.0, 0.02 * 20  # Z of 20: P of 5.5e-89 that was printed as 0
    path = study(tmp_path, BETA=beta, P=p)
    table = read(run(path)).sort("POS")
    assert table["FLAGS"][:3].to_list() == [None, "p_disagrees", "p_disagrees"]
    np.testing.assert_allclose(-np.log10(table["P"].to_numpy()), table["MLOG10P"].to_numpy(), rtol=1e-9)
    np.testing.assert_allclose(table["P"][0], 2 * norm.sf(20), rtol=1e-9)
