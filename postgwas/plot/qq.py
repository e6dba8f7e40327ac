"""QQ plot of -log10 P with its confidence band, lambda GC and mean chi2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from ..sumstats.derive import mlog10p_from_z
from .manhattan import HeightScale, draw_heights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

#: Median of the chi-squared distribution with one degree of freedom.
CHI2_MEDIAN = 0.454936423119572


@dataclass(frozen=True)
class QQ:
    """Points of a QQ plot, from the largest -log10 P down.

    Attributes
    ----------
    expected, observed : ndarray of float64, shape (n_points,)
        -log10 P expected of the rank under the null, and seen.
    lower, upper : ndarray of float64, shape (n_points,)
        Pointwise band of the rank's order statistic under independence.
    n_variants : int
        Number of P values, before thinning.
    lambda_gc : float
        Median chi2 over its null median (Devlin & Roeder 1999).
    mean_chi2 : float
        Mean of Z squared.
    """

    expected: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_variants: int
    lambda_gc: float
    mean_chi2: float


def ranks_to_draw(n: int, *, top: int = 1000, spaced: int = 1500) -> NDArray[np.int64]:
    """Ranks (1 = smallest P) that are drawn: the first `top`, then `spaced` evenly on the log scale."""
    if n <= top:
        return np.arange(1, n + 1, dtype=np.int64)
    tail = np.unique(np.round(np.geomspace(top + 1, n, spaced)).astype(np.int64))
    return np.concatenate([np.arange(1, top + 1, dtype=np.int64), tail])


def qq_points(z: FloatArray, *, level: float = 0.95, top: int = 1000, spaced: int = 1500) -> QQ:
    """Quantiles of a QQ plot, thinned where points would cover each other.

    Under the null the i-th smallest of n independent P values is Beta(i, n + 1 - i): its mean
    i / (n + 1) is the expected value and its quantiles are the band. Neighbouring variants are
    correlated, so the true band is wider than the one drawn.

    Parameters
    ----------
    z : ndarray, shape (n_variants,)
        Z scores, so that no P underflows; values that are not finite are left out.
    level : float
        Coverage of the band at each rank.
    top, spaced : int
        See :func:`ranks_to_draw`.

    Returns
    -------
    QQ

    References
    ----------
    Devlin & Roeder (1999) Biometrics 55, 997-1004.
    """
    size = np.abs(np.asarray(z, dtype=np.float64))
    size = np.sort(size[np.isfinite(size)])[::-1]
    n = size.size
    if n == 0:
        empty = np.empty(0)
        return QQ(empty, empty, empty, empty, 0, float("nan"), float("nan"))
    rank = ranks_to_draw(n, top=top, spaced=spaced)
    half = (1.0 - level) / 2.0
    chi2 = size * size
    return QQ(
        expected=-np.log10(rank / (n + 1.0)),
        observed=mlog10p_from_z(size[rank - 1]),
        lower=-np.log10(betaincinv(rank, n + 1.0 - rank, 1.0 - half)),
        upper=-np.log10(betaincinv(rank, n + 1.0 - rank, half)),
        n_variants=n,
        lambda_gc=float(np.median(chi2) / CHI2_MEDIAN),
        mean_chi2=float(np.mean(chi2)),
    )


def draw_qq(axes: Axes, scans: list[tuple[str, str, QQ]], *, scale: HeightScale) -> None:
    """Draw one or more scans into one QQ panel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    scans : list of (label, colour, QQ)
        Drawn in this order; the band is that of the scan with fewest variants (the widest).
    scale : HeightScale
        That of the Manhattan plots beside it.
    """
    drawn = [scan for scan in scans if scan[2].n_variants]
    if not drawn:
        axes.text(0.5, 0.5, "no P values", ha="center", va="center", transform=axes.transAxes)
        return
    band = min((qq for _, _, qq in drawn), key=lambda qq: qq.n_variants)
    axes.fill_between(band.expected, band.lower, band.upper, color="0.88", linewidth=0, label="95 % band")
    limit = max(float(qq.expected[0]) for _, _, qq in drawn)
    null = np.linspace(0, limit, 50)
    axes.plot(null, null, color="0.45", linewidth=0.8)
    for label, colour, qq in drawn:
        axes.plot(
            qq.expected,
            qq.observed,
            linestyle="none",
            marker="o",
            markersize=3.0,
            markeredgewidth=0,
            color=colour,
            rasterized=True,
            label=f"{label}\n$\\lambda_{{GC}}$ {qq.lambda_gc:.3f}, mean $\\chi^2$ {qq.mean_chi2:.3f}",
        )
    axes.set_xlim(0, limit * 1.04)
    draw_heights(axes, scale)
    axes.set_ylim(0, float(scale.inverse(scale.forward(np.asarray(scale.top)) * 1.16)))
    axes.set_xlabel(r"expected $-\log_{10}\,P$")
    axes.set_ylabel(r"observed $-\log_{10}\,P$")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[1:],
        labels[1:],
        loc="upper left",
        frameon=False,
        fontsize=8,
        handletextpad=0.2,
        borderaxespad=0.2,
        markerscale=1.8,
    )
