"""Tails of Student's t in logs: two-sided P that never underflow, exactly and quickly."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LN10 = math.log(10.0)
_STEPS = 128
"""Nodes of the table for each unit of t; the cubic's error is then below 2e-11."""
_REACH = 60
"""Largest t in the table."""
_TINY = 1e-300

_lgamma = np.vectorize(math.lgamma, otypes=[np.float64])


def t_mlog10p(t: ArrayLike, df: ArrayLike) -> Floats:
    """-log10 of the two-sided P of Student's t.

    Parameters
    ----------
    t : array-like
        Statistics; the sign is of no matter. Infinite gives infinity, NaN gives NaN.
    df : array-like
        Degrees of freedom, above 0, whole or not; broadcast against `t`.

    Returns
    -------
    ndarray of float64
        Relative error about 1e-13, however small P is.

    References
    ----------
    Abramowitz and Stegun 1964, 26.5.27 (P as an incomplete beta function) and 26.5.8 (its continued
    fraction).

    Examples
    --------
    >>> t_mlog10p([0.0, 2.0, 1000.0], 100).round(6)
    array([  0.      ,   1.316843, 201.101296])
    """
    statistic, freedom = np.broadcast_arrays(np.asarray(t, np.float64), np.asarray(df, np.float64))
    return 0.0 - _log_p(np.abs(statistic), freedom) / _LN10  # 0, not -0, where t is 0


def p_of(mlog10p: ArrayLike) -> Floats:
    """P of -log10 P; 0 where it is below what a double can hold.

    Examples
    --------
    >>> p_of([0.0, 2.0, 400.0])
    array([1.  , 0.01, 0.  ])
    """
    values: Floats = np.power(10.0, -np.asarray(mlog10p, np.float64))
    return values


class TTable:
    """The same P for one number of degrees of freedom and many statistics: a cubic between exact nodes.

    Parameters
    ----------
    df : float
        Above 0.

    Examples
    --------
    >>> table = TTable(100.0)
    >>> float(abs(table.mlog10p(np.array([2.0001])) - t_mlog10p(2.0001, 100))[0]) < 1e-11
    True
    """

    def __init__(self, df: float) -> None:
        self.df = float(df)
        nodes = np.arange(_REACH * _STEPS + 1) / _STEPS
        value = -t_mlog10p(nodes, self.df)
        constant = -0.5 * math.log(self.df) - float(_log_beta_half(np.array([self.df / 2]))[0])
        log_density = constant - (self.df + 1) / 2 * np.log1p(nodes**2 / self.df)
        slope = -2.0 * np.exp(log_density - value * _LN10) / _LN10 / _STEPS
        rise = np.diff(value)
        # Hermite's cubic of each step, in powers of the fraction of the step.
        self._terms = (
            value[:-1].copy(),
            slope[:-1].copy(),
            3.0 * rise - 2.0 * slope[:-1] - slope[1:],
            slope[:-1] + slope[1:] - 2.0 * rise,
        )

    def mlog10p(self, t: Floats) -> Floats:
        """-log10 of the two-sided P, to about 1e-11 of itself; as :func:`t_mlog10p`."""
        size = np.abs(t) * _STEPS
        inside = size < _REACH * _STEPS  # NaN is not
        at = np.where(inside, size, 0.0).astype(np.int32)
        part = size - at
        c0, c1, c2, c3 = (term[at] for term in self._terms)
        found: Floats = -(((c3 * part + c2) * part + c1) * part + c0)
        if not inside.all():
            found[~inside] = t_mlog10p(t[~inside], self.df)
        return found


@lru_cache(maxsize=8)
def t_table(df: float) -> TTable:
    """The table of these degrees of freedom, made once."""
    return TTable(df)


def _log_p(t: Floats, df: Floats) -> Floats:
    shape = t.shape
    t, df = t.ravel(), df.ravel()
    found = np.full(t.shape, np.nan)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = np.where(t > 1e150, np.inf, t * t / df)  # t^2 / df = (1 - x) / x
        log_x = np.where(t > 1e150, np.log(df) - 2.0 * np.log(t), -np.log1p(ratio))
        log_y = np.where(t > 1e150, 0.0, np.log(ratio) + log_x)
    a = df / 2.0
    log_beta = _log_beta_half(a)
    x = np.exp(log_x)
    tail = x < (a + 1.0) / (a + 2.5)
    body = ~tail & ~np.isnan(t)
    zero = t == 0.0
    far = np.isinf(t)
    use = tail & ~far & ~np.isnan(t)
    if use.any():
        front = a[use] * log_x[use] + 0.5 * log_y[use] - log_beta[use] - np.log(a[use])
        found[use] = front - np.log(_fraction(x[use], a[use], np.full(int(use.sum()), 0.5)))
    use = body & ~zero
    if use.any():
        y = np.exp(log_y[use])
        front = a[use] * log_x[use] + 0.5 * log_y[use] - log_beta[use] - math.log(0.5)
        inner = np.exp(front) / _fraction(y, np.full(int(use.sum()), 0.5), a[use])
        found[use] = np.log1p(-np.minimum(inner, 1.0 - 1e-16))
    found[zero] = 0.0
    found[far] = -np.inf
    return found.reshape(shape)


def _log_beta_half(a: Floats) -> Floats:
    """Logarithm of Beta(a, 1/2)."""
    found = np.empty_like(a)
    small = a < 40.0
    if small.any():
        found[small] = _lgamma(a[small]) - _lgamma(a[small] + 0.5)
    # Gamma(a + 1/2) / Gamma(a) by its series (Abramowitz and Stegun 6.1.47): a difference of two large
    # logarithms would lose digits.
    b = a[~small]
    found[~small] = -(
        0.5 * np.log(b) - 1 / (8 * b) + 1 / (192 * b**3) - 1 / (640 * b**5) + 17 / (14336 * b**7)
    )
    return found + math.lgamma(0.5)


def _fraction(x: Floats, a: Floats, b: Floats) -> Floats:
    """Continued fraction of the incomplete beta function, by Lentz's method: I = front / (a * fraction)."""
    c = np.ones_like(x)
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / np.where(np.abs(d) < _TINY, _TINY, d)
    value = d.copy()
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        before = value.copy()
        for step in (even, odd):
            d = 1.0 + step * d
            d = 1.0 / np.where(np.abs(d) < _TINY, _TINY, d)
            c = 1.0 + step / c
            c = np.where(np.abs(c) < _TINY, _TINY, c)
            value = value * (c * d)
        if np.all(np.abs(value - before) <= 1e-15 * np.abs(value)):
            break
    return 1.0 / value
