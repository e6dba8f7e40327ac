"""What the figures of genetic correlations show."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from postgwas.errors import MatrixError, UsageError
from postgwas.plot.rg_heatmap import cluster_order, heatmap_numbers, rg_forest, rg_heatmap
from postgwas.plot.saving import save_figure

NAMES = ["a", "b", "c", "d"]
NAN = np.nan


def symmetric(values: dict[tuple[int, int], float], size: int = 4, diagonal: float = NAN) -> np.ndarray:
    out = np.full((size, size), diagonal)
    for (i, j), value in values.items():
        out[i, j] = out[j, i] = value
    return out


RG = symmetric(
    {(0, 1): 0.5, (0, 2): -0.3, (0, 3): NAN, (1, 2): 1.1, (1, 3): 0.0, (2, 3): -0.001}, diagonal=1.0
)
P = symmetric({(0, 1): 1e-9, (0, 2): 0.02, (0, 3): NAN, (1, 2): 0.0099, (1, 3): 0.9, (2, 3): 0.0101})


def test_marks_count_the_pairs_that_have_a_p() -> None:
    found = heatmap_numbers(RG, P, names=NAMES, order="given")
    assert found.n_tests == 5
    marks = {(i, j): str(found.marks[i, j]) for i, j in itertools.combinations(range(4), 2)}
    # 0.05 / 5 = 0.01 parts (1, 2) from (2, 3).
    assert marks == {(0, 1): "**", (0, 2): "*", (0, 3): "", (1, 2): "**", (1, 3): "", (2, 3): "*"}
    assert (found.marks.diagonal() == "").all()


def test_numbers_move_with_their_names() -> None:
    rng = np.random.default_rng(2)
    rg = np.corrcoef(rng.normal(size=(7, 9)))
    names = [f"t{i}" for i in range(7)]
    found = heatmap_numbers(rg, rg**2, names=names)
    assert sorted(found.names) == names
    for i, j in itertools.product(range(7), repeat=2):
        assert found.rg[i, j] == rg[names.index(found.names[i]), names.index(found.names[j])]


def test_clustering_brings_blocks_together() -> None:
    blocks = np.array([0, 1, 0, 1, 2, 0, 2, 1])
    rg = np.where(blocks[:, None] == blocks, 0.8, -0.1)
    ordered = blocks[cluster_order(rg)]
    assert np.count_nonzero(np.diff(ordered)) == 2


def test_clustering_takes_missing_and_odd_values() -> None:
    assert sorted(cluster_order(RG).tolist()) == [0, 1, 2, 3]
    assert cluster_order(np.full((5, 5), NAN)).size == 5
    assert cluster_order(np.ones((2, 2))).tolist() == [0, 1]


def texts(figure: object) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]  # type: ignore[attr-defined]


def test_cells_say_what_they_hold() -> None:
    figure = rg_heatmap(RG, np.full((4, 4), 0.05), P, names=NAMES, order="given")
    minus = "\N{MINUS SIGN}"
    assert texts(figure) == [
        "0.50**\n(0.05)", f"{minus}0.30*\n(0.05)", "1.10**\n(0.05)", "NA", "0.00\n(0.05)", "0.00*\n(0.05)",
    ]  # fmt: skip
    hatched = [
        patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle) and patch.get_hatch()
    ]
    assert [patch.get_xy() for patch in hatched] == [(0.5, 0.5)]
    legend = figure.get_supxlabel()
    assert "0.05/5 (Bonferroni)" in legend
    assert "hatched: beyond 1" in legend
    assert "NA: no estimate" in legend
    # All of it is inside the figure, however few the traits.
    figure.canvas.draw()
    box = figure._supxlabel.get_window_extent()  # type: ignore[attr-defined]
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_many_traits_keep_the_marks_only(tmp_path: Path) -> None:
    size = 45
    rg, p = np.full((size, size), 0.3), np.full((size, size), 1e-9)
    rg[3, 1] = rg[1, 3] = np.nan
    rg[7, 2] = rg[2, 7] = -1.2
    p[5, 4] = p[4, 5] = 0.01
    p[3, 1] = p[1, 3] = np.nan
    figure = rg_heatmap(rg, rg, p, names=[f"t{i}" for i in range(size)], order="given")
    assert texts(figure) == []
    marks = {
        (line.get_marker(), line.get_color()): sorted(zip(*(v.tolist() for v in line.get_data())))
        for line in figure.axes[0].lines
    }
    assert marks["$*$", "black"] == [(4, 4)]  # column 4, and row 5 is the fourth that is drawn
    assert len(marks["$**$", "black"]) == 45 * 44 / 2 - 3
    assert marks["$**$", "white"] == marks["x", "white"] == [(2, 6)]
    assert "grey: no estimate" in figure.get_supxlabel() and "crossed: beyond 1" in figure.get_supxlabel()
    assert save_figure(figure, tmp_path / "x.png").stat().st_size > 10_000


def test_forest(tmp_path: Path) -> None:
    figure = rg_forest([0.3, NAN, 1.4], [0.1, NAN, 0.2], names=["b", "c", "d"], first="a")
    assert texts(figure) == ["NA"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["b", "c", "d"]
    assert figure.axes[0].get_xlim()[1] > 1.79
    assert save_figure(figure, tmp_path / "x.pdf").exists()


def test_refused() -> None:
    with pytest.raises(MatrixError, match="shape"):
        rg_heatmap(RG[:3], names=NAMES)
    with pytest.raises(MatrixError, match="shape"):
        rg_heatmap(RG, None, P[:2], names=NAMES)
    with pytest.raises(MatrixError):
        rg_heatmap([[1.0]], names=["a"])
    with pytest.raises(UsageError, match="cluster, given"):
        rg_heatmap(RG, names=NAMES, order="best")
