"""Decimal numbers in a buffer of text, many at once.

Numbers as most files have them ("-1.234", "150123.4", "12") are read eight digits at a time with whole-array
arithmetic. An integer up to 2^53 over a power of ten up to 10^22 is the double nearest to the number that
was written (Clinger 1990, "How to read floating point numbers accurately"), so they are what any correct
reader gives; all others are left to Python's own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: Bytes that the buffer has before the first number and after the last.
MARGIN = 8
#: Characters that a number can have; what they may not spell, Python's float refuses.
_CHARACTERS = np.zeros(256, dtype=np.bool_)
_CHARACTERS[np.frombuffer(b"0123456789+-.eE", np.uint8)] = True
_MOST_DIGITS = 19  # as many as surely fit 64 bits
_EXACT = np.uint64(1 << 53)
_POWERS = 10 ** np.arange(_MOST_DIGITS + 1, dtype=np.uint64)
_MINUS = ord("-")


def _each(byte: int) -> np.uint64:
    """A word with this in all of its bytes."""
    return np.uint64(byte * 0x0101010101010101)


#: The lowest n bytes of a word.
_LOW = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)
_ZERO, _POINT, _ONE, _HIGH = _each(ord("0")), _each(ord(".")), _each(1), _each(0x80)
_UPPER, _LOWER, _SIX, _THREES = _each(0xF0), _each(0x0F), _each(6), _each(0x33)
_PAIRS = np.uint64(0x000000FF000000FF)


def parse_decimals(content: Bytes, starts: Places, lengths: Places) -> Floats | None:
    """The numbers at these places of a buffer.

    Parameters
    ----------
    content : ndarray of uint8
        With :data:`MARGIN` bytes before the first number and after the last.
    starts, lengths : ndarray of int64, shape (T,)
        Lengths of 0 give NaN.

    Returns
    -------
    ndarray of float64, shape (T,), or None
        None where something is not a decimal number.

    Examples
    --------
    >>> text = np.frombuffer(b"(margin)-1.25 7 2e-3(margin)", np.uint8)
    >>> parse_decimals(text, np.array([8, 14, 16]), np.array([5, 1, 4])).tolist()
    [-1.25, 7.0, 0.002]
    """
    words = np.ndarray((content.size - 7,), "<u8", content, strides=(1,))
    negative = content.take(starts) == _MINUS
    starts, lengths = starts + negative, lengths - negative
    head = words[starts]
    whole = np.minimum(_point(head, lengths), lengths)
    decimals = np.maximum(lengths - whole - 1, 0)
    before, plain = _eight_digits(head << (8 * (8 - whole)).astype(np.uint64), whole)
    after, fine = _last_digits(words, starts + lengths, decimals)
    plain &= fine & (whole + decimals > 0) & (whole + decimals <= _MOST_DIGITS)
    # Without a point among its first eight characters a longer number is not as it seems.
    plain &= (whole < 8) | (lengths <= 8)
    decimals = np.minimum(decimals, _MOST_DIGITS)
    scale = _POWERS.take(decimals)
    mantissa = before * scale + after
    plain &= mantissa <= _EXACT
    values = mantissa / scale.astype(np.float64)
    np.negative(values, out=values, where=negative)
    if plain.all():
        return values
    rest = np.flatnonzero(~plain)
    read = _by_python(content, starts[rest] - negative[rest], lengths[rest] + negative[rest])
    if read is None:
        return None
    values[rest] = read
    return values


def _point(head: Words, lengths: Places) -> Places:
    """Place of the decimal point among the first eight characters, 8 if it is not there."""
    other = head ^ _POINT
    # The classic test for a byte of zeros; the lowest one that it finds is one.
    found = (other - _ONE) & ~other & _HIGH & _LOW.take(lengths, mode="clip")
    lowest = found & (~found + np.uint64(1))
    return (np.bitwise_count(lowest - np.uint64(1)) >> 3).astype(np.int64)


def _eight_digits(word: Words, count: Places) -> tuple[Words, Mask]:
    """The number spelled by the last `count` bytes of a word, 0 to 8, and whether they are digits."""
    absent = _LOW.take(8 - count)
    word = (word & ~absent) | (_ZERO & absent)
    digits = ((word & _UPPER) | (((word + _SIX) & _UPPER) >> np.uint64(4))) == _THREES
    word &= _LOWER
    # Pairs of digits, then fours, then all eight.
    word = word * np.uint64(10) + (word >> np.uint64(8))
    high = (word & _PAIRS) * np.uint64(100 + (1_000_000 << 32))
    low = ((word >> np.uint64(16)) & _PAIRS) * np.uint64(1 + (10_000 << 32))
    return (high + low) >> np.uint64(32), digits


def _last_digits(words: Words, ends: Places, count: Places) -> tuple[Words, Mask]:
    """The number spelled by the last `count` characters before `ends`."""
    value, fine = _eight_digits(words[ends - 8], np.minimum(count, 8))
    for done in (8, 16):
        rows = np.flatnonzero(count > done)
        if not rows.size:
            break
        more, also = _eight_digits(words[ends[rows] - 8 - done], np.minimum(count[rows] - done, 8))
        value[rows] += more * _POWERS[done]
        fine[rows] &= also
    return value, fine


def _by_python(content: Bytes, starts: Places, lengths: Places) -> Floats | None:
    """The same, slowly and for all spellings."""
    width = int(lengths.max())
    if width == 0:
        return np.full(lengths.size, np.nan)
    values = np.full(lengths.size, np.nan)
    there = np.flatnonzero(lengths > 0)
    place = np.arange(width)
    inside = place < lengths[there, None]
    table = np.where(inside, content.take(starts[there, None] + place, mode="clip"), 0).astype(np.uint8)
    if not (_CHARACTERS[table] | ~inside).all():
        return None
    try:
        values[there] = table.view(f"S{width}").ravel().astype(np.float64)
    except ValueError:
        return None
    return values
