"""Figures of the page: laid out once, the same pixels; the same bytes wherever they are drawn."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from postgwas.plot.matrix import matrix_figure
from postgwas.plot.qq import qq_points
from postgwas.plot.saving import lay_out, save_figure
from postgwas.plot.scan import Scan, manhattan_figure, qq_figure
from postgwas.report.study_page import DrawTask, draw


def figures() -> dict[str, object]:
    rng = np.random.default_rng(1)
    z = rng.standard_normal(500)
    pos = np.arange(500, dtype=np.int64) * 1000 + 1
    heights = np.where(pos == 100_001, 12.0, z**2)
    scan = Scan(np.repeat([1, 2], 250).astype(np.int64), pos, heights, {100: "rs100"})
    return {
        "manhattan": manhattan_figure(scan),
        "qq": qq_figure(qq_points(z)),
        "matrix": matrix_figure(np.array([[1.0, 0.2], [0.2, 1.0]]), names=["a", "b"], title="Omega"),
    }


def test_a_scan_of_one_variant_is_drawn_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    one = np.ones(1, np.int64)
    manhattan_figure(Scan(one, one, np.ones(1), {}))
    assert not recwarn.list


@pytest.mark.parametrize("name", ["manhattan", "qq", "matrix"])
def test_a_layout_done_once_draws_the_same_pixels(tmp_path: Path, name: str) -> None:
    before, after = figures()[name], figures()[name]
    save_figure(before, tmp_path / "a.png", dpi=130)  # type: ignore[arg-type]
    lay_out(after, dpi=130)  # type: ignore[arg-type]
    save_figure(after, tmp_path / "b.png", dpi=130)  # type: ignore[arg-type]
    one, two = (np.asarray(Image.open(tmp_path / f"{x}.png").convert("L"), int) for x in "ab")
    assert one.shape == two.shape
    assert np.abs(one - two).max() <= 40


def test_a_figure_that_travelled_to_a_worker_is_the_same_bytes(tmp_path: Path) -> None:
    for where in ("here", "there"):
        (tmp_path / where).mkdir()
    for name, figure in figures().items():
        task = DrawTask(figure, str(tmp_path / "there" / name))  # type: ignore[arg-type]
        draw(pickle.loads(pickle.dumps(task)))
        draw(DrawTask(figures()[name], str(tmp_path / "here" / name)))  # type: ignore[arg-type]
        for suffix in (".png", ".svg"):
            one, two = ((tmp_path / where / f"{name}{suffix}").read_bytes() for where in ("here", "there"))
            assert one == two, (name, suffix)
