"""Clumping: of correlated variants the one of the smallest P stands for all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.qtl.projection import Floats

Rows = NDArray[np.int64]

_BLOCK = 1024


def clump(
    read: Callable[[Rows], NDArray[np.int8] | NDArray[np.float32]],
    positions: Rows,
    mlog10p: Floats,
    *,
    r2: float,
    window: int,
) -> NDArray[np.bool_]:
    """Index variants of one chromosome.

    Parameters
    ----------
    read : callable
        ``read(rows)`` gives copies of an allele, shape (len(rows), n): int8 with -9 for missing, or float32
        with NaN.
    positions : ndarray of int64, shape (K,)
        Ascending.
    mlog10p : ndarray, shape (K,)
        Of equal ones the first comes first.
    r2 : float
        A variant goes if its squared correlation with an index variant is above this; missing calls are the
        variant's mean. 1: none does.
    window : int
        Bases to each side of an index variant, ends included.

    Returns
    -------
    ndarray of bool, shape (K,)
        True for index variants. Those that do not vary are correlated with none.

    Raises
    ------
    UsageError
        If `r2` is not in [0, 1], or `window` is below 0.

    Notes
    -----
    In order of P each variant that has not gone yet becomes an index and takes its correlated neighbours with
    it. So index variants below a P are the same whether or not those above it are there.

    References
    ----------
    Purcell et al. 2007, Am J Hum Genet 81:559 (PLINK's --clump).

    Examples
    --------
    >>> calls = np.array([[0, 1, 2, 0], [0, 1, 2, 0], [2, 0, 1, 1]], np.int8)
    >>> places, mlog10p = np.array([1, 2, 3]), np.array([5.0, 9.0, 1.0])
    >>> clump(lambda rows: calls[rows], places, mlog10p, r2=0.5, window=10).tolist()
    [False, True, True]
    """
    if not 0.0 <= r2 <= 1.0:
        raise UsageError(f"--clump_r2 {r2:g}: expected 0 to 1")
    if window < 0:
        raise UsageError(f"--clump_window {window}: expected bases, at least 0")
    n_variants = len(positions)
    index = np.zeros(n_variants, np.bool_)
    left = np.ones(n_variants, np.bool_)
    unit = _units(read, n_variants)
    first = np.searchsorted(positions, positions - window, side="left")
    last = np.searchsorted(positions, positions + window, side="right")
    limit = np.float32(r2 * (1.0 + 1e-6))  # float32 may not push an exact 1, or a limit met, over it
    for at in np.argsort(-mlog10p, kind="stable").tolist():
        if not left[at]:
            continue
        index[at], left[at] = True, False
        rows = first[at] + np.flatnonzero(left[first[at] : last[at]])
        if len(rows):
            r = unit[rows] @ unit[at]
            left[rows[r * r > limit]] = False
    return index


def _units(
    read: Callable[[Rows], NDArray[np.int8] | NDArray[np.float32]], n_variants: int
) -> NDArray[np.float32]:
    """Centred rows of norm 1; 0 where a variant does not vary."""
    parts = []
    for start in range(0, n_variants, _BLOCK):
        calls = read(np.arange(start, min(start + _BLOCK, n_variants)))
        missing = ~(calls >= 0)
        values = np.where(missing, 0, calls).astype(np.float64)
        seen = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
        values -= values.sum(axis=1, keepdims=True) / seen
        values[missing] = 0.0
        norm = np.sqrt(np.einsum("ij,ij->i", values, values))
        parts.append((values / np.where(norm > 1e-9, norm, np.inf)[:, None]).astype(np.float32))
    return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)
