"""Decimal numbers from text, a column at a time: the nearest double of each, without a loop over rows.

Digits are read eight at a time as one 64-bit word. A number of up to 19 digits m times a power of ten
10^-k is m / 10^k; where m or the power is no double by itself, the quotient is put right by its
remainder, which needs no more than 64 bits because the quotient is off by a few units at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import FIRST, LAST, Bools, Column, Places, Words, place_of

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
        NaN where there is none; infinite where one is too large or spelled ``inf``.
    odd : ndarray of intp
        Rows that are neither finite decimal numbers nor spelled ``NA``, ``.`` or nothing.
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
    >>> from postgwas.columns.cells import PAD, find_cells
    >>> pad = b"." * PAD
    >>> found = parse_decimals(find_cells(pad + b"0.1\\n-2e3\\nNA\\nabc\\n" + pad, "\\n", 1).column(0))
    >>> found.values.tolist(), found.odd.tolist()
    ([0.1, -2000.0, nan, nan], [3])
    """
    # What the first field looks like decides what is tried first, and nothing else.
    first = column.get(0).removeprefix(b"-") if column.start.size else b""
    if first[1:2] == b".":
        values, rest, whole = _one_digit_and_fraction(column)
    elif len(first) <= 8:
        values, rest, whole = _few_digits(column, pointed=b"." in first)
    elif len(first) <= 15 and first.isdigit():
        values, rest, whole = _many_digits(column)
    else:
        return _any_decimals(column)
    if not rest.size:
        return Decimals(values, rest, whole)
    if 2 * rest.size > values.size:
        return _any_decimals(column)
    found = _any_decimals(column.take(rest))
    values[rest] = found.values
    return Decimals(values, rest[found.odd], whole and found.whole)


def _few_digits(column: Column, *, pointed: bool) -> tuple[Floats, npt.NDArray[np.intp], bool]:
    """Numbers of up to eight characters and a sign, and the rows that are not of this kind.

    All digits of such a number are in one word once the point, if there may be one, is taken out of it.
    """
    minus = column.text[column.start] == ord("-")
    length = column.length - minus
    wrong = (length < 1) | (length > 8)
    length[wrong] = 0
    if pointed:
        head = column.window[column.start + minus]
        point = np.minimum(place_of(ord("."), head), length)
        before = FIRST[point]
        head = (head & before) | ((head >> np.uint64(8)) & ~before)
        n_digits = length - (point < length)
        wrong |= n_digits < 1
        digits, bad = digits_of(head << ((8 - n_digits) << 3).astype(np.uint64), LAST[n_digits])
        values: Floats = digits / _POWERS[n_digits - point]
        whole = bool((point == length).all())
    else:
        digits, bad = digits_of(column.window[column.end - 8], LAST[length])
        values, whole = digits.astype(np.float64), True
    wrong |= bad != 0
    np.negative(values, out=values, where=minus)
    return values, np.flatnonzero(wrong), whole


def _many_digits(column: Column) -> tuple[Floats, npt.NDArray[np.intp], bool]:
    """Whole numbers of up to 15 digits without a sign, and the rows that are not of this kind."""
    length = column.length
    wrong = (length < 1) | (length > 15)
    length[wrong] = 0
    window = column.window
    digits, bad = digits_of(window[column.end - 8], LAST[np.minimum(length, 8)])
    upper, bad_upper = digits_of(window[column.end - 16], LAST[np.maximum(length - 8, 0)])
    upper *= _TENS[8]
    digits += upper
    wrong |= (bad | bad_upper) != 0
    return digits.astype(np.float64), np.flatnonzero(wrong), True


def _one_digit_and_fraction(column: Column) -> tuple[Floats, npt.NDArray[np.intp], bool]:
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
    digits, bad = digits_of(
        window[column.end - 8], LAST[fraction if longest <= 8 else np.minimum(fraction, 8)]
    )
    long = np.flatnonzero(fraction > 8) if longest > 8 else np.empty(0, dtype=np.intp)
    if long.size:
        upper, bad_upper = digits_of(window[column.end[long] - 16], LAST[fraction[long] - 8])
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
    return values, np.flatnonzero(wrong), False


def _any_decimals(column: Column) -> Decimals:
    """All kinds of decimal numbers; what is hard is left to Python, row by row."""
    window = column.window
    minus = column.text[column.start] == ord("-")
    begin = column.start + minus
    power, end, hard = _exponents(column, window)
    head = window[begin]
    length = end - begin
    point = np.minimum(place_of(ord("."), head), length)
    fraction = np.maximum(length - point - 1, 0)
    has_point = point < length
    long = np.flatnonzero(has_point & (point == 8) & (length <= 16))
    if long.size:
        # No point among the first eight bytes: the last eight digits of a whole number are read apart.
        point[long] = length[long] - 8
        fraction[long] = 8
        power[long] += 8
        has_point[long] = False
    hard |= (point < 1) | (has_point & (fraction == 0)) | (point > 7) & has_point | (fraction > 24)
    before, bad = digits_of(head << ((8 - point) << 3).astype(np.uint64), LAST[point])
    after, bad_after = digits_of(window[end - 8], LAST[np.minimum(fraction, 8)])
    bad |= bad_after
    for skip in (8, 16):
        more = np.flatnonzero((fraction > skip) & ~hard)
        if more.size:
            keep = LAST[np.minimum(fraction[more] - skip, 8)]
            upper, bad_upper = digits_of(window[end[more] - skip - 8], keep)
            after[more] += upper * _TENS[skip]
            bad[more] |= bad_upper
            hard[more] |= (skip == 16) & (upper > 999)
    # Nineteen digits are sure to fit 64 bits.
    hard |= (bad != 0) | ((before != 0) & (point + fraction > 19))
    mantissa = before * _TENS[np.minimum(fraction, 19)] + after
    values = _scaled(mantissa, power - fraction, hard)
    np.negative(values, out=values, where=minus)
    whole = end is column.end and not (has_point & ~hard).any()
    rows = np.flatnonzero(hard)
    if not rows.size:
        return Decimals(values, rows, whole)
    values[rows] = np.nan
    odd = rows[~column.take(rows).is_one_of(MISSING)]
    whole = whole and odd.size == rows.size
    for row in odd.tolist():
        text = column.get(row)
        values[row] = _by_python(text)
        whole = whole and text.removeprefix(b"-").isdigit()
    return Decimals(values, odd[~np.isfinite(values[odd])], whole)


def _by_python(text: bytes) -> float:
    """Any one number; NaN if it is none."""
    if text.strip(b"0123456789+-.eEinfINF"):
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan


def digits_of(words: Words, keep: Words) -> tuple[Words, Words]:
    """The number that the kept last bytes of each word spell, and whether they are no digits (not 0).

    Examples
    --------
    >>> words = np.frombuffer(b"00000012rs1234x7", np.uint64)
    >>> [part.tolist()[0] for part in digits_of(words[:1], LAST[[2]])], digits_of(words[1:], LAST[[2]])[1] > 0
    ([12, 0], array([ True]))
    """
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
    size, bad = digits_of(window[column.end[rows] - 8], LAST[n_digits.clip(0, 8)])
    power[rows] = np.where(sign == ord("-"), -1, 1) * size.astype(np.int64)
    broken[rows] = (bad != 0) | (n_digits < 1) | (n_digits > 3)
    return power, end, broken


def _scaled(mantissa: Words, power: npt.NDArray[np.int64], hard: Bools) -> Floats:
    """Mantissa times ten to a power; rows for which this is not exact are marked as hard."""
    hard |= np.abs(power) > _EXACT
    rough = mantissa.astype(np.float64)
    values: Floats = rough / _POWERS[np.minimum(np.abs(power), _EXACT)]
    up = np.flatnonzero(power > 0)
    if up.size:
        values[up] = rough[up] * _POWERS[np.minimum(power[up], _EXACT)]
    wide = (mantissa > _WHOLE) & ~hard
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
