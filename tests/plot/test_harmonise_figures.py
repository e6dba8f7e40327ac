"""Frequencies against the reference, and a scan from thinned points."""

from __future__ import annotations

import numpy as np

from postgwas.plot.eaf import eaf_figure
from postgwas.plot.qq import qq_points
from postgwas.plot.scan import Scan, manhattan_figure, qq_figure


def test_the_file_s_frequency_is_across_and_the_reference_s_up() -> None:
    counts = np.zeros((10, 10), dtype=np.int64)
    counts[8, 2] = 5  # reference 0.8 to 0.9, file 0.2 to 0.3
    axes = eaf_figure(counts, limit=0.2).axes[0]
    shown = axes.images[0].get_array()
    assert shown is not None
    assert (int(shown[8, 2]), int(np.ma.count(shown))) == (5, 1)
    assert axes.images[0].origin == "lower" and tuple(axes.images[0].get_extent()) == (0, 1, 0, 1)
    assert "file" in axes.get_xlabel() and "reference" in axes.get_ylabel()


def test_limits_are_drawn_beside_the_diagonal() -> None:
    axes = eaf_figure(np.eye(5, dtype=np.int64), limit=0.3).axes[0]
    shifts = sorted(float(np.asarray(line.get_ydata())[0]) for line in axes.lines)
    assert shifts == [-0.3, 0.0, 0.3]


def test_a_scan_shows_all_its_points_and_names_its_leads() -> None:
    scan = Scan(
        chrom=np.array([1, 1, 2, 23]),
        pos=np.array([100, 5_000_000, 50, 70]),
        mlog10p=np.array([2.0, 12.0, 9.0, 1.0]),
        names={1: "rs_lead"},
    )
    figure = manhattan_figure(scan)
    axes = figure.axes[0]
    assert sum(len(np.asarray(line.get_xdata())) for line in axes.lines if line.get_marker() == "o") == 4
    texts = {text.get_text() for text in axes.texts}
    assert texts == {"rs_lead", "50"}


def test_qq_says_lambda() -> None:
    z = np.random.default_rng(1).normal(size=2000)
    axes = qq_figure(qq_points(z)).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert f"{qq_points(z).lambda_gc:.3f}" in legend.get_texts()[0].get_text()
