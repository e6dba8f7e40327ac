"""Rank-based inverse normal transform of each gene over samples."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from postgwas.errors import UsageError
from postgwas.expression.counts import Floats, as_numbers

Ties = Literal["average", "min", "max", "first"]
TIES: tuple[Ties, ...] = ("average", "min", "max", "first")

#: Offsets c of (rank - c) / (n + 1 - 2c) by the names of those who proposed them.
OFFSETS = {"waerden": 0.0, "blom": 3 / 8, "tukey": 1 / 3, "rankit": 1 / 2}

_BLOCK = 1 << 20  # numbers ranked at once


def inverse_normal(values: ArrayLike, *, offset: float | str = 0.0, ties: Ties = "average") -> Floats:
    """Normal quantiles of the ranks in each row.

    A value of rank r among the n of its row becomes the standard normal quantile of
    (r - c) / (n + 1 - 2c).

    Parameters
    ----------
    values : array-like, shape (..., samples)
        NaN stays NaN and is not counted in n.
    offset : float or str
        c, in [0, 0.5]: 0, or "waerden", is rank / (n + 1), as GTEx's pipeline and FastQTL; "blom" 3/8;
        "tukey" 1/3; "rankit" 1/2.
    ties : {"average", "min", "max", "first"}
        Rank of equal values: the mean, smallest or largest of their ranks, or each its own in the
        order of samples (which then decides, so it is no property of the data).

    Returns
    -------
    ndarray of float64, shape of `values`
        A row of equal values is all zero with averaged ties; it carries no information.

    Raises
    ------
    UsageError
        Offset or ties unknown or out of range.

    References
    ----------
    van der Waerden (1952) Indagationes Mathematicae 14, 453; Blom (1958) Statistical Estimates and
    Transformed Beta-Variables, p. 71; Beasley, Erickson & Allison (2009) Behavior Genetics 39, 580.

    Examples
    --------
    >>> inverse_normal([3.0, 1.0, 2.0]).round(4)
    array([ 0.6745, -0.6745,  0.    ])
    """
    c = offset_of(offset)
    if ties not in TIES:
        raise UsageError(f"ties {ties!r}: expected {', '.join(TIES)}")
    given = as_numbers(values, "inverse_normal")
    if given.ndim == 0:
        raise UsageError("inverse_normal: expected an array of values, found one value")
    if not given.size:
        return np.empty_like(given)
    rows = given.reshape(-1, given.shape[-1])
    out = np.empty_like(rows)
    observed = rows.shape[1] - np.isnan(rows).sum(axis=1)
    step = max(_BLOCK // max(rows.shape[1], 1), 1)
    for n in np.unique(observed):
        places = np.flatnonzero(observed == n)
        for first in range(0, len(places), step):
            part = places[first : first + step]
            # A run of neighbouring rows is taken without a copy.
            run = slice(part[0], part[-1] + 1) if part[-1] - part[0] + 1 == len(part) else part
            out[run] = _transformed(rows[run], int(n), c, ties)
    return out.reshape(given.shape)


def offset_of(offset: float | str) -> float:
    """The offset c by its name or value.

    Raises
    ------
    UsageError
    """
    if isinstance(offset, str):
        if offset not in OFFSETS:
            raise UsageError(f"offset {offset!r}: expected {', '.join(OFFSETS)} or a number from 0 to 0.5")
        return OFFSETS[offset]
    if not 0 <= offset <= 0.5:
        raise UsageError(f"offset {offset:g}: expected 0 to 0.5")
    return float(offset)


def _transformed(rows: Floats, n: int, c: float, ties: Ties) -> Floats:
    """Rows that all have `n` values; NaN are sorted to the end."""
    out = np.full(rows.shape, np.nan)
    if not n:
        return out
    order = np.argsort(rows, axis=1, kind="stable" if ties == "first" else None)[:, :n]
    # Twice the rank is whole even where ties are averaged, so quantiles come from a table.
    doubled = np.arange(2 * n + 1, dtype=np.float64)
    table = ndtri((doubled / 2 - c) / (n + 1 - 2 * c))
    ranks = np.broadcast_to(np.arange(2, 2 * n + 1, 2), order.shape)
    if ties != "first":
        ordered = np.take_along_axis(rows, order, axis=1)
        equal = ordered[:, 1:] == ordered[:, :-1]
        tied = np.flatnonzero(equal.any(axis=1))
        if len(tied):
            ranks = ranks.copy()
            ranks[tied] = _doubled_ranks(equal[tied], n, ties)
    np.put_along_axis(out, order, table[ranks], axis=1)
    return out


def _doubled_ranks(equal: NDArray[np.bool_], n: int, ties: Ties) -> NDArray[Any]:
    """Twice the rank of each place in sorted order, where `equal` says which are as the one before."""
    place = np.broadcast_to(np.arange(n), (len(equal), n))
    starts = np.where(np.pad(equal, ((0, 0), (1, 0))), 0, place)
    ends = np.where(np.pad(equal, ((0, 0), (0, 1))), n - 1, place)
    first = np.maximum.accumulate(starts, axis=1)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    if ties == "min":
        return 2 * (first + 1)
    if ties == "max":
        return 2 * (last + 1)
    return np.asarray(first + last + 2)
