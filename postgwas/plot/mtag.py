"""The figure of one trait: GWAS above, MTAG below, both QQ plots at the side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..sumstats.derive import mlog10p_from_z
from .genome import GENOME_WIDE, layout_genome, peaks, thin, ticks_that_fit
from .manhattan import draw_manhattan, height_scale
from .qq import draw_qq, qq_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Okabe and Ito's palette: told apart with every kind of colour vision.
_GWAS = ("#0072B2", "#56B4E9")
_MTAG = ("#D55E00", "#E69F00")


@dataclass(frozen=True)
class TraitScan:
    """What the figure of one trait needs.

    Attributes
    ----------
    name : str
        The trait.
    z_gwas, z_mtag : ndarray of float64, shape (n_variants,)
        Z scores before and after MTAG, same variants, same order.
    n : ndarray of float64, shape (n_variants,), optional
        GWAS sample size of each variant.
    chrom, pos : ndarray of int64, shape (n_variants,), optional
        Where the variants lie; without them only the QQ plot is drawn. 0 = unknown.
    snpid : sequence of str, shape (n_variants,), optional
        Names printed at lead variants.
    """

    name: str
    z_gwas: FloatArray
    z_mtag: FloatArray
    n: FloatArray | None = None
    chrom: IntArray | None = None
    pos: IntArray | None = None
    snpid: Sequence[str] | None = None


def scan_of_table(name: str, table: Any) -> TraitScan:
    """The scan in an MTAG result table with mtag.py's columns.

    Parameters
    ----------
    name : str
        The trait.
    table : mapping of columns or DataFrame
        Z and mtag_z are needed; N, CHR, BP (or POS) and SNP (or SNPID) are used where present.
        Lower-case z and n (mtag.py's --meta_format) are understood.
    """
    column = {str(c): c for c in table}

    def first(*candidates: str) -> Any:
        return next((np.asarray(table[column[c]]) for c in candidates if c in column), None)

    def integers(values: Any) -> IntArray | None:
        if values is None:
            return None
        if values.dtype.kind in "iu":
            return values.astype(np.int64)
        # CHR as text: X and the like are rare enough to be mapped one value at a time.
        if values.dtype.kind not in "f":
            codes = {"X": 23, "Y": 24, "XY": 23, "MT": 25, "M": 25}
            distinct, inverse = np.unique(values.astype(str), return_inverse=True)
            numbers = np.array([codes.get(v.upper().removeprefix("CHR"), _number(v)) for v in distinct])
            values = numbers[inverse]
        return np.nan_to_num(values.astype(np.float64), nan=0.0).astype(np.int64)

    chrom, pos = integers(first("CHR")), integers(first("BP", "POS"))
    n = first("N", "n")
    return TraitScan(
        name,
        np.asarray(first("Z", "z"), dtype=np.float64),
        np.asarray(first("mtag_z"), dtype=np.float64),
        None if n is None else n.astype(np.float64),
        chrom,
        pos,
        first("SNP", "SNPID"),
    )


def _number(text: str) -> float:
    try:
        return float(text.lower().removeprefix("chr"))
    except ValueError:
        return 0.0


def describe(scan: TraitScan) -> str:
    """One line: number of SNPs and N (its range where it varies)."""
    words = [f"{np.count_nonzero(np.isfinite(scan.z_mtag)):,} SNPs"]
    if scan.n is not None and np.isfinite(scan.n).any():
        low, high = np.nanmin(scan.n), np.nanmax(scan.n)
        words.append(f"N = {high:,.0f}" if low == high else f"N = {low:,.0f} to {high:,.0f}")
    return ", ".join(words)


def mtag_figure(scan: TraitScan, *, n_labels: int = 8, threshold: float = GENOME_WIDE) -> Figure:
    """Manhattan plots of a trait's GWAS (above) and MTAG (below, mirrored), and their QQ plot.

    Both halves share the genome and the height scale, so that peaks can be compared back to back.

    Parameters
    ----------
    scan : TraitScan
    n_labels : int
        At most so many lead variants are named in each half.
    threshold : float
        -log10 P of the dashed line.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no GUI and no pyplot state.
    """
    from matplotlib.figure import Figure

    scans = [("GWAS", _GWAS[0], qq_points(scan.z_gwas)), ("MTAG", _MTAG[0], qq_points(scan.z_mtag))]
    title = rf"$\bf{{{_escape(scan.name)}}}$" + f"   {describe(scan)}"
    if scan.chrom is None or scan.pos is None or not np.any(scan.chrom > 0):
        figure = Figure(figsize=(5.2, 5.2), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, fontsize=11)
        draw_qq(axes, scans, scale=height_scale(np.concatenate([qq.observed[:25] for _, _, qq in scans])))
        return figure

    figure = Figure(figsize=(12.0, 5.8))
    grid = figure.add_gridspec(
        2,
        2,
        width_ratios=[3.4, 1.0],
        left=0.055,
        right=0.985,
        top=0.92,
        bottom=0.035,
        hspace=0.13,
        wspace=0.14,
    )
    upper, lower = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    side = figure.add_axes(_side_box(grid[:, 1].get_position(figure).bounds))
    layout = layout_genome(scan.chrom, scan.pos)
    x = layout.x(scan.chrom, scan.pos)
    drawn = []
    for z in (scan.z_gwas, scan.z_mtag):
        y = mlog10p_from_z(z)
        rows = thin(x, y, keep_above=min(2.0, threshold))
        drawn.append((rows, scan.chrom[rows], scan.pos[rows], y[rows]))
    scale = height_scale(np.concatenate([peaks(layout, chrom, y) for _, chrom, _, y in drawn]))
    halves = zip((upper, lower), drawn, ("GWAS", "MTAG"), (_GWAS, _MTAG))
    for axes, (rows, chrom, pos, y), label, colours in halves:
        draw_manhattan(
            axes,
            layout,
            chrom,
            pos,
            y,
            scale=scale,
            colours=colours,
            label=label,
            names=scan.snpid,
            rows=rows,
            mirrored=axes is lower,
            n_labels=n_labels,
            threshold=threshold,
        )
    total = float(layout.ends[-1] - layout.starts[0]) or 1.0
    labelled = ticks_that_fit(layout.centres, total=total, spacing=0.0205)
    upper.set_xticks(layout.centres[labelled], [layout.names[i] for i in labelled], fontsize=8.5)
    upper.tick_params(axis="x", length=0, pad=3)
    lower.set_xticks([])
    lower.spines["top"].set_visible(True)
    lower.spines["bottom"].set_visible(False)
    figure.align_ylabels([upper, lower])
    figure.suptitle(title, x=0.055, y=0.985, ha="left", va="top", fontsize=12)
    draw_qq(side, scans, scale=scale)
    return figure


def _side_box(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    # Room below the QQ panel for its axis label.
    left, bottom, width, height = bounds
    return left, bottom + 0.06, width, height - 0.06


def _escape(text: str) -> str:
    """Make a trait's name safe inside matplotlib's mathtext."""
    return "".join("\\" + c if c in r"\{}$_^%#&~ " else c for c in text)
