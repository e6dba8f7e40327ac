"""maxFDR in whole runs: files, exact N, own grids, the optimiser and going on after a cut."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from mtag.study import SmallStudy

from postgwas.cli.main import main
from postgwas.errors import InputError, UsageError
from postgwas.mtag.run import max_fdr_of_results, mtag


def run(study: SmallStudy, n_traits: int = 2, **options):
    options.setdefault("n_min", 0)
    return mtag(study.frames[:n_traits], ld_ref_panel=study.panel, fdr=True, **options)


def test_optimiser_finds_no_less_than_the_grid(study):
    for n_traits in (2, 3):
        grid = run(study, n_traits).max_fdr
        optimum = run(study, n_traits, fdr_method="optimise", fdr_starts=6).max_fdr
        assert np.all(optimum >= grid)


def test_results_of_an_earlier_run(study, tmp_path):
    whole = run(study, out=tmp_path / "run")
    (tmp_path / "run_fdr_mat.txt").unlink()
    (tmp_path / "run_prob_grid.txt").unlink()
    again = max_fdr_of_results(tmp_path / "run")
    assert np.array_equal(again, whole.max_fdr)
    assert np.loadtxt(tmp_path / "run_fdr_mat.txt").max(axis=0).tolist() == whole.max_fdr.tolist()


def test_a_cut_optimisation_goes_on(study, tmp_path, monkeypatch):
    from postgwas.mtag import run_fdr_optimise

    mtag(study.frames[:2], ld_ref_panel=study.panel, n_min=0, out=tmp_path / "run")
    uncut = max_fdr_of_results(tmp_path / "run", fdr_method="optimise", fdr_starts=4)
    (tmp_path / "run_maxfdr_optimum.tsv").unlink()

    real, done = run_fdr_optimise.optimise_start, []

    def cut(task):
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(task.trait)
        return real(task)

    cut.__module__, cut.__qualname__ = real.__module__, real.__qualname__
    monkeypatch.setattr(run_fdr_optimise, "optimise_start", cut)
    with pytest.raises(KeyboardInterrupt):
        max_fdr_of_results(tmp_path / "run", fdr_method="optimise", fdr_starts=4)
    assert (tmp_path / "run.maxfdr_checkpoint").is_dir()
    assert not (tmp_path / "run_maxfdr_optimum.tsv").exists()

    def count(task):
        done.append(task.trait)
        return real(task)

    count.__module__, count.__qualname__ = real.__module__, real.__qualname__
    monkeypatch.setattr(run_fdr_optimise, "optimise_start", count)
    resumed = max_fdr_of_results(tmp_path / "run", fdr_method="optimise", fdr_starts=4)
    assert len(done) == 8
    assert np.array_equal(resumed, uncut)
    assert not (tmp_path / "run.maxfdr_checkpoint").exists()


def test_the_optimum_is_a_distribution_in_the_file(study, tmp_path):
    run(study, fdr_method="optimise", fdr_starts=3, out=tmp_path / "run")
    table = pl.read_csv(tmp_path / "run_maxfdr_optimum.tsv", separator="\t")
    total = table.group_by("trait").agg(pl.col("probability").sum())
    np.testing.assert_allclose(total["probability"], 1, atol=1e-9)


def test_exact_n_equals_the_mean_where_n_is_one(study):
    assert np.array_equal(run(study).max_fdr, run(study, n_approx=False).max_fdr)


def test_exact_n_differs_where_n_varies(study):
    n = pl.Series(np.where(np.arange(4000) % 2, 60_000.0, 150_000.0))
    frames = [study.frames[0].with_columns(n=n), study.frames[1]]
    one, two = (
        mtag(frames, ld_ref_panel=study.panel, n_min=0, fdr=True, n_approx=approx).max_fdr
        for approx in (True, False)
    )
    assert np.all(np.abs(one / two - 1) > 1e-6)
    assert np.all(np.abs(one / two - 1) < 0.9)


def test_a_grid_of_ones_own(study, tmp_path, capsys):
    grid = tmp_path / "grid.txt"
    grid.write_text("0.2 0.1 0.1 0.6\n0.5 0.5 0.5 0.5\n0.4 0.1 0.1 0.4\n")
    files = ",".join(map(str, study.paths[:2]))
    arguments = ["mtag", "--sumstats", files, "--ld_ref_panel", str(study.panel), "--n_min", "0", "--fdr"]
    assert main([*arguments, "--grid_file", str(grid), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert "row 2 sums to 2" in capsys.readouterr().err
    points = np.loadtxt(tmp_path / "run_prob_grid.txt", ndmin=2)
    assert points.tolist() == [[0.2, 0.1, 0.1, 0.6], [0.4, 0.1, 0.1, 0.4]]


def test_a_grid_for_other_traits_is_refused(study, tmp_path):
    grid = tmp_path / "grid.txt"
    grid.write_text("0.5 0.5\n")
    with pytest.raises((InputError, UsageError), match="expected 4"):
        run(study, grid_file=grid)


@pytest.mark.parametrize("cores", [2])
def test_workers_change_no_bit(study, cores):
    one, two = run(study, 3), run(study, 3, cores=cores)
    assert np.array_equal(one.fdr.fdr, two.fdr.fdr)
    assert np.array_equal(one.max_fdr, two.max_fdr)
    for t in range(3):
        assert one.frame(t).equals(two.frame(t))
