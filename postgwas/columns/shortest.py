"""Doubles as text with the fewest digits that read back the same, a column at a time.

The text goes into a table of words of four bytes, in which a zero byte stands for nothing: whoever
joins the columns of a table takes the zeros out at the end (:func:`squeezed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FLOAT_WORDS = 10
"""Words of a number in a table: sign, eight digits, point, and 24 digits."""
SMALL_WORDS = 6
"""The same, of numbers below 100 in size that have at most 20 decimals."""
WHOLE_WORDS = 2
LONG_WHOLE_WORDS = 3

_LEAST, _MOST = 1e-5, 1e7
_SMALL_LEAST, _SMALL_MOST = 2.0**-14, 100.0
"""Numbers outside are written one by one."""


def _four_digits() -> Words:
    """Text of 0000 to 9999: as it is, without zeros behind, and without zeros in front."""
    number = np.arange(10_000)
    digits = np.stack([number // 10**n % 10 for n in (3, 2, 1, 0)]).astype(np.uint8)
    text = digits + np.uint8(ord("0"))
    begun = np.logical_or.accumulate(digits > 0, axis=0)
    goes_on = np.logical_or.accumulate(digits[::-1] > 0, axis=0)[::-1]
    kinds = (text, text * goes_on, text * begun)
    return np.concatenate([np.ascontiguousarray(kind.T).view(np.uint32).ravel() for kind in kinds])


@dataclass(frozen=True)
class _Scale:
    """What is needed for numbers of one binary exponent, for exponents from -17 to 24."""

    k: Integers
    five: Integers
    ten: Floats
    shift: Integers


_FIRST_EXPONENT = -17


def _scales() -> _Scale:
    q = 52 - np.arange(_FIRST_EXPONENT, 25)
    # The fewest decimals whose steps are not longer than the distance of two neighbouring doubles.
    k = np.array([next(n for n in range(40) if 10**n >= 2 ** int(one)) for one in q])
    return _Scale(
        k, np.array([5 ** int(n) for n in k], dtype=np.int64), np.array([10.0 ** int(n) for n in k]), q - k
    )


_SCALES = _scales()
_TENS = np.array([10**n for n in range(19)], dtype=np.int64)
_FRONTS = np.array(
    [
        int.from_bytes((sign + b"%d." % n).ljust(4, b"\0"), "little")
        for sign in (b"", b"-")
        for n in range(100)
    ],
    dtype=np.uint32,
)
_TABLE: list[npt.NDArray[np.uint32]] = []


def digit_words() -> npt.NDArray[np.uint32]:
    """Text of 0000 to 9999; at 10000 and up without zeros behind, at 20000 and up without those in front."""
    return _table()


def _table() -> npt.NDArray[np.uint32]:
    if not _TABLE:
        _TABLE.append(_four_digits())
    return _TABLE[0]


def shortest_digits(values: Floats) -> tuple[Integers, Integers]:
    """D and k of the shortest decimal D / 10^k of each number, [shape: (M,)].

    Parameters
    ----------
    values : ndarray of float64
        From 1e-5 to 1e7, no powers of two.

    Notes
    -----
    With k decimals, so many that their steps are just not longer than the distance between doubles,
    there is always one that reads back the same; where there is one with k - 1 decimals, it is shorter.
    x 10^k is needed exactly: its value in doubles is off by a few units, which the product modulo 2^64
    puts right.

    References
    ----------
    Giulietti (2020), "The Schubfach way to render doubles".
    """
    bits = values.view(np.int64)
    which = ((bits >> 52) & 0x7FF) - 1023 - _FIRST_EXPONENT
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    shift, five, k = _SCALES.shift[which], _SCALES.five[which], _SCALES.k[which]
    whole = (values * _SCALES.ten[which]).astype(np.int64)
    product = mantissa * five
    whole += (product - (whole << shift)) >> shift
    # In units of 2^-(shift + 1): the distance to the decimals below and above, and half a step of doubles.
    rest = (product & ((1 << shift) - 1)) << 1
    step = np.int64(2) << shift
    last = whole % 10
    below = last * step + rest
    above = 10 * step - below
    even = five + ((mantissa & 1) ^ 1)
    take_below, take_above = below < even, above < even
    coarse = take_below | take_above
    near = whole + ((rest << 1) > step)
    tie = (rest << 1) == step
    if tie.any():
        near += tie & (whole & 1).astype(np.bool_)
    return np.where(coarse, whole - last + 10 * take_above, near), k


def write_floats(values: Floats, table: Words) -> None:
    """Write numbers with the fewest digits, [values shape: (M,)]; NaN as nothing.

    Whole numbers end with ``.0``; below 1e-5 and above 1e15 there is an exponent.

    Parameters
    ----------
    values : ndarray of float64, shape (M,)
    table : ndarray of uint32, shape (M, FLOAT_WORDS) or (M, SMALL_WORDS)
        In the narrow one, numbers from 100 on are written one by one.
    """
    small = table.shape[1] == SMALL_WORDS
    size = np.abs(values)
    plain = size < (_SMALL_MOST if small else _MOST)
    plain &= size >= (_SMALL_LEAST if small else _LEAST)
    plain &= (size.view(np.int64) & ((1 << 52) - 1)) != 0
    if not plain.all():
        size[~plain] = 1.5
    decimal, k = shortest_digits(size)
    # The whole part of the decimal is that of the double: whole numbers are doubles themselves.
    front = size.astype(np.int64)
    # 10^k does not fit 64 bits where k is above 18, but then the whole part is 0.
    decimal -= front * _TENS[np.minimum(k, 18)]
    _write_front(values < 0, front, table)
    _write_fraction(decimal, k, table[:, 1 if small else 4 :])
    for row in np.flatnonzero(~plain).tolist():
        _put_text(plain_text(float(values[row])), table[row])


def write_thousandths(values: Floats, table: Words) -> None:
    """Write numbers rounded to three decimals, [values, table: as of :func:`write_floats`]; NaN as nothing.

    The decimal value of the double itself is rounded, as C's ``%.3f`` does it.
    """
    small = table.shape[1] == SMALL_WORDS
    size = np.abs(values) * 1000.0
    rounded = np.rint(size)
    # The product may have been rounded onto a tie, or off one.
    plain = (size < (_SMALL_MOST - 1 if small else _MOST) * 1000) & (
        np.abs(np.abs(size - rounded) - 0.5) > 1e-6
    )
    rounded[~plain] = 0.0
    thousandths = rounded.astype(np.int64)
    front = thousandths // 1000
    table[:] = 0
    _write_front(np.signbit(values), front, table)
    table[:, 1 if small else 4] = _table()[thousandths - 1000 * front] >> np.uint32(8)
    for row in np.flatnonzero(~plain).tolist():
        value = float(values[row])
        _put_text("" if value != value else f"{value:.3f}", table[row])


def _write_front(minus: npt.NDArray[np.bool_], front: Integers, table: Words) -> None:
    """Sign, whole part and point: into one word where the table is narrow, otherwise into four."""
    if table.shape[1] == SMALL_WORDS:
        table[:, 0] = _FRONTS[front + 100 * minus]
        return
    table[:, 0] = np.where(minus, ord("-"), 0)
    write_whole(front, table[:, 1:3])
    table[:, 3] = ord(".")


def _write_fraction(fraction: Integers, k: Integers, table: Words) -> None:
    """The digits behind the point of F / 10^k, k from 9 to 21, without zeros at the end."""
    upper = _TENS[k - 8]
    first = fraction // upper
    first_rest = (fraction - first * upper) * _TENS[24 - k]
    second = first_rest // 100_000_000
    third = first_rest - second * 100_000_000
    write_quads([*_halves(first), *_halves(second), *_halves(third)], table)


def write_quads(quads: Sequence[npt.NDArray[np.int32]], table: Words) -> None:
    """Groups of four digits of a fraction, without zeros at the end; at least one digit.

    Parameters
    ----------
    quads : sequence of ndarray of int32, shape (M,)
        From 0 to 9999; no fewer than the table has columns, those beyond are 0.
    table : ndarray of uint32, shape (M, words)
    """
    four = _table()
    # Zeros at the end go, those before a later digit stay.
    kind = np.full(len(table), 10_000, np.int32)
    for at in reversed(range(table.shape[1])):
        table[:, at] = four.take(quads[at] + kind)
        kind *= quads[at] == 0
    table[kind > 0, 0] = ord("0")


def _halves(eight: Integers | npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """All digits but the last four, and those, of whole numbers of 32 bits."""
    number = eight.astype(np.int32, copy=False)
    high = number // np.int32(10_000)
    return high, number - high * np.int32(10_000)


def write_whole(values: Integers | npt.NDArray[np.int32], table: Words) -> None:
    """Write whole numbers from 0 to 99999999, [values shape: (M,); table shape: (M, WHOLE_WORDS)]."""
    four = _table()
    if values.size and values.max() >= 10_000:
        high, low = _halves(values)
        table[:, 0] = four.take(high + np.int32(20_000))
        table[:, 1] = four.take(low + np.int32(20_000) * (high == 0))
    else:
        table[:, 0] = 0
        table[:, 1] = four.take(values + 20_000)
    table[values == 0, 1] = ord("0")


def write_long_whole(values: Integers, table: Words) -> None:
    """Write whole numbers from 0 to 2^31 - 1, [values shape: (M,); table shape: (M, LONG_WHOLE_WORDS)]."""
    four = _table()
    upper, low = _halves(values)
    top, high = _halves(upper)
    table[:, 0] = four.take(top + np.int32(20_000))
    table[:, 1] = four.take(high + np.int32(20_000) * (top == 0))
    table[:, 2] = four.take(low + np.int32(20_000) * (upper == 0))
    table[values == 0, 2] = ord("0")


def _put_text(text: str, row: Words) -> None:
    row[:] = np.frombuffer(text.encode().ljust(4 * row.size, b"\0"), dtype=np.uint32)


def plain_text(value: float) -> str:
    """One number as :func:`write_floats` writes it.

    Examples
    --------
    >>> plain_text(0.1), plain_text(3.0), plain_text(2.5e-7), plain_text(1.5e300), plain_text(-0.0)
    ('0.1', '3.0', '2.5e-7', '1.5e+300', '-0.0')
    """
    if value != value:
        return ""
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    power = int(exponent)
    if not -5 <= power < 0:
        return f"{digits}e{power:+d}"
    sign = "-" if value < 0 else ""
    return f"{sign}0.{'0' * (-power - 1)}{digits.lstrip('-').replace('.', '')}"


def squeezed(table: Words) -> bytes:
    """The bytes of a table without its zeros."""
    return table.tobytes().translate(None, b"\0")
