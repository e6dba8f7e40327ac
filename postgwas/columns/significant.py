"""Numbers of ten significant digits as text, a column at a time, zeros at the end left out.

Text goes into tables of four-byte words in which a zero byte stands for nothing, as in
:mod:`postgwas.columns.shortest`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.columns import printed, shortest

Words = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

DIGITS = 10
_LEAST, _MOST = 1e-5, 1e7
"""Numbers outside are written one by one."""
_NARROW, _WIDE = 5, 8
_FRACTION = 16
"""Digits behind the point that a table has room for."""
_TENS = np.array([10**n for n in range(17)], np.int64)
_POWERS = np.array([float(10**n) for n in range(17)])
_EIGHT = 10**8


def significant_words(values: Floats) -> int:
    """Words that numbers take: fewer where all are small, [shape: (M,)]."""
    if not values.size:
        return _WIDE
    with np.errstate(invalid="ignore"):
        return _NARROW if np.fmin.reduce(values) > -98 and np.fmax.reduce(values) < 998 else _WIDE


def rounded(values: Floats) -> Floats:
    """Numbers of :data:`DIGITS` significant digits, [shape: (M,)]; NaN and infinities stay.

    Examples
    --------
    >>> rounded(np.array([1 / 3, 2e9 / 3])).tolist()
    [0.3333333333, 666666666.7]
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        power = np.clip(DIGITS - 1 - np.floor(np.log10(np.abs(values))), -290, 290)
        scale = np.power(10.0, np.abs(power))
        up = power >= 0
        found = np.where(up, np.rint(values * scale) / scale, np.rint(values / scale) * scale)
    found = np.where(np.isfinite(found), found, values)
    # Larger powers of ten are no doubles.
    for row in np.flatnonzero((np.abs(power) > 22) & np.isfinite(values)).tolist():
        found[row] = float(f"{values[row]:.{DIGITS - 1}e}")
    return found


def write_significant(values: Floats, table: Words) -> None:
    """Write numbers as :func:`postgwas.columns.shortest.write_floats` writes them rounded; NaN as ``NA``.

    Parameters
    ----------
    values : ndarray of float64, shape (M,)
    table : ndarray of uint32, shape (M, significant_words(values))

    Notes
    -----
    Ten digits and a power of ten up to 10^22 are doubles without error, so their quotient reads back as
    these digits: they are the shortest text.

    Examples
    --------
    >>> values = np.array([-1 / 3, 12.0, np.nan])
    >>> table = np.zeros((3, significant_words(values)), np.uint32)
    >>> write_significant(values, table)
    >>> [bytes(row).replace(b"\\0", b"") for row in table]
    [b'-0.3333333333', b'12.0', b'NA']
    """
    size = np.abs(values)
    plain = (size >= _LEAST) & (size < _MOST)
    odd = np.flatnonzero(~plain)
    size[odd] = 1.5
    decimals = (DIGITS - 1) - printed.decimal_exponents(size)
    one = _TENS.take(decimals)
    front = size.astype(np.int64)
    fraction = np.rint(size * _POWERS.take(decimals)).astype(np.int64) - front * one
    # 0.99999999999 is rounded to one.
    over = fraction >= one
    if over.any():
        front += over
        fraction[over] -= one[over]
    fraction *= _TENS.take(_FRACTION - decimals)
    minus = values < 0
    if table.shape[1] == _NARROW:
        table[:, 0] = printed.front_words(front, minus)
        _write_fraction(fraction, table[:, 1:])
    else:
        table[:, 0] = np.where(minus, np.uint32(ord("-")), np.uint32(0))
        shortest.write_whole(front, table[:, 1:3])
        table[:, 3] = ord(".")
        _write_fraction(fraction, table[:, 4:])
    missing = np.isnan(values[odd])
    table[odd[missing]] = 0
    table[odd[missing], 0] = int.from_bytes(b"NA", "little")
    odd = odd[~missing]
    for row, value in zip(odd.tolist(), rounded(values[odd]).tolist()):
        printed.put_text(shortest.plain_text(value), table[row])


def _write_fraction(fraction: npt.NDArray[np.int64], table: Words) -> None:
    """Sixteen digits without zeros at the end; at least one."""
    high = fraction // _EIGHT
    quads: list[npt.NDArray[np.int32]] = []
    for eight in (high, fraction - high * _EIGHT):
        number = eight.astype(np.int32)
        upper = number // np.int32(10_000)
        quads += [upper, number - upper * np.int32(10_000)]
    shortest.write_quads(quads, table)
