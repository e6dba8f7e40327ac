"""Figures of QTL results: their numbers, and that these are what is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from postgwas.plot.qq import qq_points
from postgwas.plot.qtl import (
    egenes_figure,
    genotype_figure,
    lead_distance_figure,
    qtl_qq_figure,
    volcano_figure,
)
from postgwas.plot.qtl_numbers import (
    effect_pair,
    genotype_groups,
    lead_distances,
    qq_of_p,
    sharing_table,
)
from postgwas.plot.qtl_sharing import effects_figure, sharing_heatmap
from postgwas.plot.saving import save_figure


def test_qq_of_p_is_that_of_z() -> None:
    z = np.random.default_rng(1).normal(0, 1.2, 5000)
    there, ours = qq_points(z), qq_of_p(-np.log10(2 * stats.norm.sf(np.abs(z))))
    for name in ("expected", "observed", "lower", "upper"):
        np.testing.assert_allclose(getattr(ours, name), getattr(there, name), rtol=1e-9)
    assert ours.lambda_gc == pytest.approx(there.lambda_gc)
    assert ours.mean_chi2 == pytest.approx(there.mean_chi2)


def test_p_that_no_double_holds_are_drawn_at_their_height() -> None:
    found = qq_of_p([400.0, np.nan, 1.0, 0.2])
    assert found.observed.tolist() == [400.0, 1.0, 0.2] and np.isfinite(found.mean_chi2)
    assert qq_of_p([]).n_variants == 0


def test_qq_has_a_label_for_each_scan() -> None:
    null = qq_of_p(-np.log10(np.linspace(0.001, 0.999, 500)))
    figure = qtl_qq_figure({"all pairs": null, "phenotypes": qq_of_p([3.0, 2.0, 0.5])})
    told = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert len(told) == 2 and told[0].startswith("all pairs") and "1.000" in told[0]


def test_leads_around_the_tss() -> None:
    distance = [-50_000, 10_000, 200_000, np.nan, 999_000]
    leads = lead_distances(distance, [5, 9, 2, 8, np.nan], [True, True, False, True, True], bins=10)
    assert leads.kilobases.tolist() == [-50, 10, 200] and leads.significant.tolist() == [True, True, False]
    assert leads.counts.sum() == 2 and leads.median == 30.0
    bars, points = lead_distance_figure(leads, fdr=0.05).axes
    assert sum(bar.get_height() for bar in bars.patches) == 2
    labels = [text.get_text() for text in points.get_legend().get_texts()]
    assert labels == ["not significant: 1", "significant (FDR 0.05): 2"]
    none = lead_distances([1.0], [1.0], [False])
    assert np.isnan(none.median)
    lead_distance_figure(none, fdr=None)


def test_volcano() -> None:
    figure = volcano_figure([-1, 0.5, np.nan, 2], [9, 1, 3, 5], [True, False, True, True], label="b", fdr=0.1)
    grey, coloured = figure.axes[0].lines[:2]
    assert grey.get_xdata().tolist() == [0.5] and coloured.get_xdata().tolist() == [-1, 2]
    assert figure.axes[0].get_title(loc="left") == "significant: 1 down, 1 up"
    assert figure.axes[0].get_xlim()[0] == -figure.axes[0].get_xlim()[1]


def test_egenes_by_factors_are_in_order() -> None:
    axes = egenes_figure([20, 0, 10], [30, 10, 40], fdr=0.05, chosen=None).axes[0]
    assert axes.lines[0].get_xdata().tolist() == [0, 10, 20]
    assert axes.lines[0].get_ydata().tolist() == [10, 40, 30]
    assert axes.texts[0].get_text() == "most: 10 factors, 40"
    chosen = egenes_figure([0, 10], [10, 40], fdr=None, chosen=0).axes[0]
    assert chosen.texts[0].get_text() == "chosen: 0 factors, 10"


def test_samples_by_genotype() -> None:
    y = np.array([1.0, 2, 3, 4, 100, np.nan, 5, 6])
    groups = genotype_groups(y, [0, 0, 0, 0, 0.4, 1, np.nan, 1.8], effect_allele="GATTACA", other_allele="A")
    assert groups.labels == ("A/A", "GATTA.../GATTA...")
    assert groups.values[0].tolist() == [1, 2, 3, 4, 100] and groups.values[1].tolist() == [6]
    assert groups.n_missing == 2
    np.testing.assert_allclose(groups.boxes[0], [1, 2, 3, 4, 4])  # 100 is beyond the whisker
    axes = genotype_figure(groups, title="g").axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["A/A\nn = 5", "GATTA.../GATTA...\nn = 1"]
    assert sorted(axes.lines[0].get_ydata()) == [1, 2, 3, 4, 100]
    assert np.abs(axes.lines[0].get_xdata()).max() <= 0.2


def test_effects_of_two_groups() -> None:
    pair = effect_pair([1, 2, -1, np.nan], [1, -2, -1, 1], [1] * 4, [1] * 4)
    assert pair.one.tolist() == [1, 2, -1] and pair.same_sign.tolist() == [True, False, True]
    assert pair.correlation == pytest.approx(np.corrcoef([1, 2, -1], [1, -2, -1])[0, 1])
    assert np.isnan(effect_pair([1], [1], [1], [1]).correlation)
    figure = effects_figure({("a", "b"): pair, ("b", "a"): pair, ("a", "c"): pair})
    drawn = [axes for axes in figure.axes if axes.get_visible()]
    assert len(drawn) == 3 and "2 of 3 the same sign" in drawn[0].get_title(loc="left")


def test_sharing_heatmap() -> None:
    table = sharing_table(["a", "b"], ["a", "a", "b"], ["a", "b", "b"], [1.0, 0.3, 1.0])
    np.testing.assert_array_equal(table, [[1.0, 0.3], [np.nan, 1.0]])
    axes = sharing_heatmap({"same sign": table}, ["a", "b"]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1.00", "0.30", "1.00"]


def test_the_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    groups = genotype_groups(np.arange(9.0), [0, 1, 2] * 3, effect_allele="G", other_allele="A")
    for name in ("a.png", "b.png", "c.svg"):
        save_figure(genotype_figure(groups, title="g"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert b"<svg" in (tmp_path / "c.svg").read_bytes()
