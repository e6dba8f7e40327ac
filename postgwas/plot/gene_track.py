"""Genes under a region: their models, the rows they are put in, their drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR, _MARKED = "#1F3B63", "#D55E00"
MOST_ROWS = 8


@dataclass(frozen=True)
class GeneModel:
    """A gene: its ends, strand ("+", "-" or ".") and exons, base pairs from 1, both ends included."""

    name: str
    start: int
    stop: int
    strand: str = "."
    exons: tuple[tuple[int, int], ...] = ()


def gene_rows(
    genes: Sequence[GeneModel],
    *,
    start: float,
    stop: float,
    width: float = 7.0,
    letter: float = 0.075,
    most: int = MOST_ROWS,
) -> tuple[list[int], int]:
    """Put genes and their names into rows so that none covers another.

    Parameters
    ----------
    genes : sequence of GeneModel
        By start.
    start, stop : float
        Ends of the region that is drawn, base pairs.
    width : float
        Of the axes, in inches.
    letter : float
        Width of a letter, in inches.
    most : int
        Rows at most; genes that fit in none are left out.

    Returns
    -------
    rows : list of int
        Of each gene, from 0 at the top; -1 where it is left out.
    n_rows : int

    Examples
    --------
    >>> genes = [GeneModel("A", 0, 500), GeneModel("B", 400, 900), GeneModel("C", 1800, 2000)]
    >>> gene_rows(genes, start=0, stop=2000, width=10.0)
    ([0, 1, 0], 2)
    """
    each = (stop - start) / width
    ends: list[float] = []
    rows = []
    for gene in genes:
        left, right = max(gene.start, start), min(gene.stop, stop)
        half = 0.5 * letter * (len(gene.name) + 2) * each
        # Names are centred over the part that is seen, and stay inside the axes.
        middle = min(max((left + right) / 2, start + half), stop - half)
        left, right = min(left, middle - half), max(right, middle + half)
        row = next((at for at, end in enumerate(ends) if left > end + 0.02 * each), len(ends))
        if row >= most:
            rows.append(-1)
            continue
        if row == len(ends):
            ends.append(right)
        else:
            ends[row] = right
        rows.append(row)
    return rows, len(ends)


def draw_genes(
    axes: Axes, genes: Sequence[GeneModel], *, start: float, stop: float, marked: Sequence[str] = ()
) -> None:
    """Draw genes into axes whose x is in megabases.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    genes : sequence of GeneModel
    start, stop : float
        Ends of the region, base pairs.
    marked : sequence of str
        Names in another colour.
    """
    ordered = sorted(
        (one for one in genes if one.stop >= start and one.start <= stop), key=lambda one: one.start
    )
    rows, n_rows = gene_rows(ordered, start=start, stop=stop)
    half = 0.5 * 0.075 * (stop - start) / 7.0
    for gene, row in zip(ordered, rows):
        if row < 0:
            continue
        colour = _MARKED if gene.name in marked else _COLOUR
        left, right = max(gene.start, start), min(gene.stop, stop)
        axes.plot([left / 1e6, right / 1e6], [-row, -row], color=colour, linewidth=1.1, solid_capstyle="butt")
        for one, other in gene.exons or ((gene.start, gene.stop),):
            low, high = max(one, start), min(other, stop)
            if low <= high:
                # At least half a point wide, so that small exons are seen.
                middle, reach = (low + high) / 2, max((high - low) / 2, (stop - start) / 2400)
                axes.fill_between(
                    [(middle - reach) / 1e6, (middle + reach) / 1e6], -row - 0.17, -row + 0.17, color=colour,
                    linewidth=0,
                )  # fmt: skip
        called = (
            f"{gene.name} →" if gene.strand == "+" else f"← {gene.name}" if gene.strand == "-" else gene.name
        )
        reach = half * (len(gene.name) + 2)
        middle = min(max((left + right) / 2, start + reach), stop - reach)
        axes.text(
            middle / 1e6, -row + 0.26, called, ha="center", va="bottom", fontsize=7, style="italic",
            color=colour,
        )  # fmt: skip
    if not ordered:
        axes.text(
            0.5, 0.5, "no genes here", transform=axes.transAxes, ha="center", va="center", fontsize=7,
            color="0.4",
        )  # fmt: skip
    lost = sum(row < 0 for row in rows)
    if lost:
        axes.text(
            1.0, 0.0, f"{lost} more genes", transform=axes.transAxes, ha="right", va="bottom", fontsize=7,
            color="0.4",
        )  # fmt: skip
    axes.set_ylim(-max(n_rows, 1) + 0.55, 0.95)
    axes.set_yticks([])
    axes.set_ylabel("genes", fontsize=8, rotation=0, ha="right", va="center")
    axes.spines[["top", "right", "left"]].set_visible(False)


def gene_height(genes: Sequence[GeneModel], *, start: float, stop: float) -> float:
    """Inches that the genes need."""
    ordered = sorted(
        (one for one in genes if one.stop >= start and one.start <= stop), key=lambda one: one.start
    )
    return 0.25 + 0.27 * max(1, gene_rows(ordered, start=start, stop=stop)[1])
