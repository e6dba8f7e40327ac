"""What a log says of LD scores: their spread, correlations and the annotations behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.ld.table_text import matrix_lines, series_lines

Floats = NDArray[np.float64]

STATISTICS = ("mean", "std", "min", "25%", "50%", "75%", "max")
ILL_CONDITIONED = 10_000.0


@dataclass(frozen=True, eq=False)
class ScoreSummary:
    """Numbers that describe LD scores.

    Attributes
    ----------
    spread : ndarray of float64, shape (7, 1 + A)
        :data:`STATISTICS` of MAF and of each LD score.
    correlation : ndarray of float64, shape (1 + A, 1 + A)
        Of MAF and LD scores; NaN beside what does not vary.
    condition : float or None
        Condition number of the matrix of LD scores, where there are several.
    """

    spread: Floats
    correlation: Floats
    condition: float | None


def summarise_scores(maf: Floats, l2: Floats) -> ScoreSummary:
    """Describe LD scores.

    Parameters
    ----------
    maf : ndarray of float64, shape (V,)
    l2 : ndarray of float64, shape (V, A)

    Examples
    --------
    >>> found = summarise_scores(np.array([0.1, 0.2, 0.4]), np.array([[1.0], [2.0], [4.0]]))
    >>> found.correlation.round(6).tolist(), found.spread[0].round(3).tolist()
    ([[1.0, 1.0], [1.0, 1.0]], [0.233, 2.333])
    """
    table = np.column_stack([maf, l2])
    condition = float(np.linalg.cond(l2)) if l2.shape[1] > 1 else None
    return ScoreSummary(spread(table), correlations(table), condition)


def spread(table: Floats) -> Floats:
    """:data:`STATISTICS` of the columns of a table, shape (7, columns); std with n - 1."""
    n = table.shape[0]
    deviation = table.std(axis=0, ddof=1) if n > 1 else np.full(table.shape[1], np.nan)
    return np.vstack([table.mean(axis=0), deviation, _quartiles(table)])


def _quartiles(table: Floats) -> Floats:
    """Least, quartiles and greatest of columns, shape (5, columns).

    As ``np.percentile`` has them, which brings in ``numpy.ma``: see :mod:`.frame_columns`.
    """
    ordered = np.sort(table, axis=0)
    place = (len(table) - 1) * np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    below = place.astype(np.int64)
    above = np.minimum(below + 1, len(table) - 1)
    share = (place - below)[:, None]
    low, high = ordered[below], ordered[above]
    found: Floats = np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1.0 - share))
    return found


def correlations(table: Floats) -> Floats:
    """Pearson correlations of the columns of a table; NaN for columns that do not vary."""
    varies = np.ptp(table, axis=0) > 0
    centred = table - table.mean(axis=0)
    cross = centred.T @ centred
    scale = np.sqrt(np.diag(cross))
    scale[~varies] = np.nan
    return np.asarray(np.clip(cross / np.outer(scale, scale), -1.0, 1.0))


def score_lines(names: Sequence[str], file: str, maf: Floats, l2: Floats) -> list[str]:
    """The lines of ldsc.py on the LD scores that were written."""
    found = summarise_scores(maf, l2)
    columns = ["MAF", *names]
    lines = ["", f"Summary of LD Scores in {file}", *matrix_lines(STATISTICS, columns, found.spread)]
    lines += ["", "MAF/LD Score Correlation Matrix", *matrix_lines(columns, columns, found.correlation)]
    if found.condition is not None:
        lines += ["", "LD Score Matrix Condition Number", _plain(found.condition)]
        if found.condition > ILL_CONDITIONED:
            lines.append("WARNING: ill-conditioned LD Score Matrix!")
    return lines


def annotation_lines(names: Sequence[str], values: Floats, *, whole: bool) -> list[str]:
    """The lines of ldsc.py on the annotations behind the LD scores.

    Parameters
    ----------
    names : sequence of str, length A
    values : ndarray of float64, shape (V, A)
    whole : bool
        Print sums as integers.
    """
    sums = values.sum(axis=0)
    rows = values.sum(axis=1)
    described = [float(len(rows)), *spread(rows[:, None])[:, 0]]
    return [
        "",
        "Annotation Correlation Matrix",
        *matrix_lines(names, names, correlations(values)),
        "",
        "Annotation Matrix Column Sums",
        *series_lines(names, sums.round().astype(np.int64) if whole else sums),
        "",
        "Summary of Annotation Matrix Row Sums",
        *series_lines(["count", *STATISTICS], described),
    ]


def _plain(value: float) -> str:
    return np.array2string(np.array([value]), precision=4).strip("[] ")
