"""Pages that stand alone."""

from __future__ import annotations

import base64

import pytest
from jinja2 import UndefinedError
from matplotlib.figure import Figure

from postgwas.report.page import count, picture, render


def test_a_figure_is_the_same_bytes_each_time() -> None:
    def draw() -> str:
        figure = Figure(figsize=(1, 1))
        figure.add_subplot().plot([0, 1])
        return picture(figure, dpi=50)

    assert draw() == draw()
    head, _, body = draw().partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body).startswith(b"\x89PNG")


def test_a_value_that_is_missing_is_a_defect() -> None:
    with pytest.raises(UndefinedError):
        render("harmonise.html", {"version": "1", "date": "now"})


def test_counts() -> None:
    assert [count(n) for n in (0, 999, 1000, 1234567)] == ["0", "999", "1\u202f000", "1\u202f234\u202f567"]
