"""Where labels of points go: above their points or aslant, over no other label and no other point."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
#: Left, right, bottom, top.
Box = tuple[float, float, float, float]

#: Cells of the grid in which points are kept, across and up: about a third of a printed point each.
_ACROSS, _UP = 1600, 500


@dataclass(frozen=True)
class Label:
    """A label's place: index of its variant, its centre and baseline in shares of the axes."""

    index: int
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Crowd:
    """Points that labels must not cover, as sums over a grid, so that a look is as quick for any number.

    Attributes
    ----------
    sums : ndarray of int64, shape (across + 1, up + 1)
        Points left of and below each corner.
    reach : tuple of two float
        Half the width and height of a point, in shares of the axes.
    """

    sums: NDArray[np.int64]
    reach: tuple[float, float]

    def number_in(self, box: Box) -> int:
        """Points that lie in a box or reach into it, to the grid's precision."""
        left, right = (np.clip(int(np.floor(v * _ACROSS)), 0, _ACROSS) for v in self._sides(box, 0))
        bottom, top = (np.clip(int(np.floor(v * _UP)), 0, _UP) for v in self._sides(box, 1))
        right, top = min(right + 1, _ACROSS), min(top + 1, _UP)
        corners = self.sums
        return int(corners[right, top] - corners[left, top] - corners[right, bottom] + corners[left, bottom])

    def _sides(self, box: Box, axis: int) -> tuple[float, float]:
        return box[2 * axis] - self.reach[axis], box[2 * axis + 1] + self.reach[axis]


def crowd_of(x: FloatArray, y: FloatArray, *, reach: tuple[float, float]) -> Crowd:
    """Put points on the grid.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        In shares of the axes; NaN and what lies outside is left out.
    reach : tuple of two float
        See :class:`Crowd`.

    Examples
    --------
    >>> crowd = crowd_of(np.array([0.5]), np.array([0.5]), reach=(0.0, 0.0))
    >>> crowd.number_in((0.4, 0.6, 0.4, 0.6)), crowd.number_in((0.6, 0.9, 0.4, 0.6))
    (1, 0)
    """
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x < 1) & (y >= 0) & (y < 1)
    cells = np.zeros((_ACROSS + 1, _UP + 1), np.int64)
    column = (x[inside] * _ACROSS).astype(np.int64) + 1
    row = (y[inside] * _UP).astype(np.int64) + 1
    np.add.at(cells, (column, row), 1)
    return Crowd(cells.cumsum(axis=0).cumsum(axis=1), reach)


def place_labels(
    x: FloatArray,
    y: FloatArray,
    widths: FloatArray,
    *,
    height: float,
    gap: float = 0.02,
    levels: int = 4,
    crowd: Crowd | None = None,
) -> list[Label]:
    """Put labels above their points, or aslant, without overlaps; those that don't fit are left out.

    Neither a label nor the line that ties it to its point crosses another label, and no label covers a
    point of the crowd.

    Parameters
    ----------
    x, y : ndarray, shape (n_labels,)
        Points in shares of the axes, most important first.
    widths : ndarray, shape (n_labels,)
        Width of each text.
    height : float
        Height of the text.
    gap : float
        Least distance between a point and its label.
    levels : int
        How many heights are tried, one text height apart.
    crowd : Crowd, optional
        All points near the labels.

    Returns
    -------
    list of Label
    """
    placed: list[Label] = []
    boxes: list[Box] = []
    lines: list[FloatArray] = []
    along = np.linspace(0.0, 1.0, 12)[:, None]
    points = np.column_stack([x, y + gap / 2])
    for i in range(len(x)):
        half = widths[i] / 2.0
        for level, shift in itertools.product(range(levels), (0.0, -1.1 * half, 1.1 * half)):
            centre = float(np.clip(x[i] + shift, half + 0.006, 1.0 - half))
            bottom = float(y[i]) + gap + level * height
            box = (centre - half, centre + half, bottom, bottom + height)
            line = np.array([x[i], y[i]]) * (1 - along) + np.array([centre, bottom]) * along
            if (
                box[3] <= 1.0
                and not any(_overlap(box, other) for other in boxes)
                and not any(_inside(line, other).any() for other in boxes)
                and not any(_inside(other, box).any() for other in lines)
                and not _inside(points, box).any()
                and (crowd is None or not crowd.number_in(box))
            ):
                boxes.append(box)
                lines.append(line)
                placed.append(Label(i, centre, bottom))
                break
    return placed


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[1] and a[1] > b[0] and a[2] < b[3] and a[3] > b[2]


def _inside(points: FloatArray, box: Box) -> NDArray[np.bool_]:
    px, py = points[:, 0], points[:, 1]
    return (px > box[0]) & (px < box[1]) & (py > box[2]) & (py < box[3])
