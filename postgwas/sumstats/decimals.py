"""Decimal numbers from text, a column at a time: the nearest double of each, without a loop over rows.

Digits are read eight at a time as one 64-bit word. A number of up to 19 digits m times a power of ten
10^-k is m / 10^k; where m or the power is no double by itself, the quotient is put right by its
remainder, which needs no more than 64 bits because the quotient is off by a few units at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.cells import LAST, Bools, Column, Places, Words, place_of

Floats = npt.NDArray[np.float64]

MISSING = ("", "NA", ".")
"""Spellings of a missing number that are taken for one at once."""

_ZEROS = np.uint64(0x3030303030303030)
_LOWER = np.uint64(0x2020202020202020)
_OVER_NINE = np.uint64(0x7676767676767676)
_HIGH = np.uint64(0x8080808080808080)
_BYTE = np.uint64(0xFF)
#: One digit, two digits, four digits a group: the groups to take, and how two of them become one.
_STEPS = tuple(
    (np.uint64(groups), np.uint64(factor), np.uint64(shift))
    for groups, factor, shift in (
        (0x0F0F0F0F0F0F0F0F, 2561, 8),
        (0x00FF00FF00FF00FF, 6553601, 16),
        (0x0000FFFF0000FFFF, 42949672960001, 32),
    )
)
_EXACT = 22
"""10^22 is the largest power of ten that is a double."""
_TENS = np.array([10**k for k in range(20)], dtype=np.uint64)
_FIVES = np.array([5**k for k in range(_EXACT + 1)], dtype=np.int64)
_POWERS = np.array([10.0**k for k in range(_EXACT + 1)])
_WHOLE = np.uint64(1 << 53)


@dataclass(frozen=True)
class Decimals:
    """Numbers of a column.

    Attributes
    ----------
    values : ndarray of float64, shape (M,)
        NaN where there is none.
    odd : ndarray of intp
        Rows that are neither plain decimal numbers nor spelled ``NA``, ``.`` or nothing.
    whole : bool
        Every row is a number written with digits alone.
    """

    values: Floats
    odd: npt.NDArray[np.intp]
    whole: bool


def parse_decimals(column: Column) -> Decimals:
    """Read a column of numbers such as ``12``, ``-0.034`` or ``1.2e-05``.

    Parameters
    ----------
    column : Column

    Returns
    -------
    Decimals
        Each value is the double nearest to the text, as :class:`float` gives it.

    Examples
    --------
    >>> from postgwas.sumstats.cells import PAD, find_cells
    >>> pad = b"." * PAD
    >>> found = parse_decimals(find_cells(pad + b"0.1\\n-2e3\\nNA\\nabc\\n" + pad, "\\n", 1).column(0))
    >>> found.values.tolist(), found.odd.tolist()
    ([0.1, -2000.0, nan, nan], [3])
    """
    short = _short_whole(column)
    if short is not None:
        return Decimals(short, np.empty(0, dtype=np.intp), True)
    values, rest = _one_digit_and_fraction(column)
    if 2 * rest.size > values.size:
        return _any_decimals(column)
    if not rest.size:
        return Decimals(values, rest, False)
    found = _any_decimals(column.take(rest))
    values[rest] = found.values
    return Decimals(values, rest[found.odd], False)


def _one_digit_and_fraction(column: Column) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Numbers such as -1.234, of up to 15 decimals, and the rows that are not of this kind.

    Most columns hold little else, and it takes a third of the steps that any decimal takes.
    """
    window = column.window
    head = window[column.start]
    fraction = column.length - 2
    minus = (head & _BYTE) == ord("-")
    signed = bool(minus.any())
    if signed:
        fraction -= minus
        head >>= minus.astype(np.uint64) << np.uint64(3)
    # A digit and a point; fractions of no digits or more than 15 are given the length 0.
    unit = head & _BYTE
    unit -= np.uint64(ord("0"))
    head &= np.uint64(0xFF00)
    wrong = head != ord(".") << 8
    wrong |= unit > 9
    odd = (fraction - 1).view(np.uint64) > 14
    wrong |= odd
    fraction[odd] = 0
    longest = int(fraction.max()) if fraction.size else 0
    digits, bad = _digits(window[column.end - 8], LAST[fraction if longest <= 8 else np.minimum(fraction, 8)])
    long = np.flatnonzero(fraction > 8) if longest > 8 else np.empty(0, dtype=np.intp)
    if long.size:
        upper, bad_upper = _digits(window[column.end[long] - 16], LAST[fraction[long] - 8])
        digits[long] += upper * _TENS[8]
        bad[long] |= bad_upper
    # At most 16 digits: 9.99e15 is above 2^53, where whole numbers are no longer all doubles.
    unit *= _TENS[fraction]
    digits += unit
    wrong |= bad != 0
    if longest == 15:
        wrong |= digits > _WHOLE
    values: Floats = digits.astype(np.float64)
    values /= _POWERS[fraction]
    if signed:
        values.view(np.uint64)[:] |= minus.astype(np.uint64) << np.uint64(63)
    return values, np.flatnonzero(wrong)


def _any_decimals(column: Column) -> Decimals:
    """All kinds of decimal numbers."""
    window = column.window
    minus = column.text[column.start] == ord("-")
    begin = column.start + minus
    power, end, broken = _exponents(column, window)
    head = window[begin]
    length = end - begin
    point = np.minimum(place_of(ord("."), head), length)
    tail = length - point - 1
    fraction = np.maximum(tail, 0)
    # A whole number of more than eight digits has no point among its first eight bytes.
    broken |= (point < 1) | (tail == 0) | ((point == 8) & (tail > 0)) | (fraction > 24)
    before, bad = _digits(head << ((8 - point) << 3).astype(np.uint64), LAST[point])
    after, bad_after = _digits(window[end - 8], LAST[np.minimum(fraction, 8)])
    bad |= bad_after
    hard = np.zeros(bad.size, dtype=np.bool_)
    for skip in (8, 16):
        long = np.flatnonzero((fraction > skip) & ~broken)
        if long.size:
            keep = LAST[np.minimum(fraction[long] - skip, 8)]
            upper, bad_upper = _digits(window[end[long] - skip - 8], keep)
            after[long] += upper * _TENS[skip]
            bad[long] |= bad_upper
            hard[long] |= (skip == 16) & (upper > 999)
    broken |= bad != 0
    mantissa = before * _TENS[np.minimum(fraction, 19)] + after
    # Nineteen digits are sure to fit 64 bits.
    hard |= (before != 0) & (point + fraction > 19)
    values = _scaled(mantissa, power - fraction, hard, broken)
    np.negative(values, out=values, where=minus)
    for row in np.flatnonzero(hard & ~broken).tolist():
        values[row] = float(column.get(row))
    broken |= np.isinf(values)
    values[broken] = np.nan
    odd = np.flatnonzero(broken)
    if odd.size:
        odd = odd[~column.take(odd).is_one_of(MISSING)]
    whole = not bool(broken.any() or (tail >= 0).any() or end is not column.end)
    return Decimals(values, odd, whole)


def _short_whole(column: Column) -> Floats | None:
    """The values of a column of whole numbers of up to eight digits; None if it is another."""
    length = column.length
    if not length.size or not column.get(0).isdigit() or length.min() < 1 or length.max() > 8:
        return None
    digits, bad = _digits(column.window[column.end - 8], LAST[length])
    return None if bad.any() else digits.astype(np.float64)


def _digits(words: Words, keep: Words) -> tuple[Words, Words]:
    """The number that the kept last bytes of each word spell, and whether they are no digits (not 0)."""
    # In place: an array that is still in the cache costs a third of a new one.
    digits = words ^ _ZEROS
    digits &= keep
    bad = digits + _OVER_NINE
    bad |= digits
    bad &= _HIGH
    for pairs, factor, shift in _STEPS:
        digits &= pairs
        digits *= factor
        digits >>= shift
    return digits, bad


def _exponents(column: Column, window: Words) -> tuple[npt.NDArray[np.int64], Places, Bools]:
    """Power of ten of each field, where its digits end, and which exponents cannot be read."""
    last = (window[column.end - 8] & LAST[np.minimum(column.length, 8)]) | _LOWER
    place = place_of(ord("e"), last)
    rows = np.flatnonzero(place < 8)
    power = np.zeros(place.size, dtype=np.int64)
    broken = np.zeros(place.size, dtype=np.bool_)
    if not rows.size:
        return power, column.end, broken
    end = column.end.copy()
    end[rows] += place[rows] - 8
    sign = column.text[end[rows] + 1]
    signed = (sign == ord("-")) | (sign == ord("+"))
    n_digits = column.end[rows] - end[rows] - 1 - signed
    size, bad = _digits(window[column.end[rows] - 8], LAST[n_digits.clip(0, 8)])
    power[rows] = np.where(sign == ord("-"), -1, 1) * size.astype(np.int64)
    broken[rows] = (bad != 0) | (n_digits < 1) | (n_digits > 3)
    return power, end, broken


def _scaled(mantissa: Words, power: npt.NDArray[np.int64], hard: Bools, broken: Bools) -> Floats:
    """Mantissa times ten to a power; rows for which this is not exact are marked as hard."""
    hard |= np.abs(power) > _EXACT
    rough = mantissa.astype(np.float64)
    values: Floats = rough / _POWERS[np.minimum(np.abs(power), _EXACT)]
    up = np.flatnonzero(power > 0)
    if up.size:
        values[up] = rough[up] * _POWERS[np.minimum(power[up], _EXACT)]
    wide = (mantissa > _WHOLE) & ~broken
    if wide.any():
        hard |= wide & (power > 0)
        rows = np.flatnonzero(wide & ~hard)
        values[rows], unsure = _put_right(values[rows], mantissa[rows], -power[rows])
        hard[rows] |= unsure
    return values


def _put_right(values: Floats, mantissa: Words, k: npt.NDArray[np.int64]) -> tuple[Floats, Bools]:
    """The doubles nearest to mantissa / 10^k from ones that are a few units off, and where that is unsure."""
    share, exponent = np.frexp(values)
    quotient = (share * 2.0**53).astype(np.int64)
    q = 53 - exponent.astype(np.int64)
    shift = q - k
    # mantissa * 2^shift = quotient * 5^k + remainder; both sides modulo 2^64, the remainder is small.
    shifted = mantissa << shift.clip(0, 63).astype(np.uint64)
    shifted[shift > 63] = 0
    five = _FIVES[k]
    remainder = shifted.view(np.int64) - quotient * five
    step = (2 * remainder + five) // (2 * five)
    tie = step * 2 * five == 2 * remainder + five
    quotient += step
    unsure = (shift < 0) | tie | (quotient < 1 << 52) | (quotient > 1 << 53)
    return np.ldexp(quotient.astype(np.float64), -q.astype(np.int32)), unsure
