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
#: Characters that a number, inf or nan can have; what they may not spell, Python's float refuses.
_CHARACTERS = np.zeros(256, dtype=np.bool_)
_CHARACTERS[np.frombuffer(b"0123456789+-.eEinfaINFA", np.uint8)] = True
_MOST_DIGITS = 19  # as many as surely fit 64 bits
_EXACT = np.uint64(1 << 53)
_POWERS = 10 ** np.arange(_MOST_DIGITS + 1, dtype=np.uint64)
_SCALES = _POWERS.astype(np.float64)
_MINUS = ord("-")


def _each(byte: int) -> np.uint64:
    """A word with this in all of its bytes."""
    return np.uint64(byte * 0x0101010101010101)


_WORD = 8
#: The lowest n bytes of a word, and the highest.
_LOW = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], dtype=np.uint64)
_HIGHEST = ~_LOW[::-1]
_ZERO, _POINT, _ONE, _HIGH, _NINE_UP = (_each(byte) for byte in (0x30, 0x2E, 0x01, 0x80, 0x76))
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
    point = np.minimum(_point(head, lengths), lengths)
    decimals = np.maximum(lengths - point - 1, 0)
    if lengths.max(initial=0) <= _WORD:
        mantissa, plain = _short(head, point, lengths)
    else:
        mantissa, plain = _long(words, head, starts + lengths, point, decimals)
        # Without a point among its first eight characters a longer number is not as it seems.
        plain &= (point < _WORD) | (lengths <= _WORD)
        decimals = np.minimum(decimals, _MOST_DIGITS)
    plain &= (point + decimals > 0) & (mantissa <= _EXACT)
    values = mantissa / _SCALES.take(decimals)
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


def _short(head: Words, point: Places, lengths: Places) -> tuple[Words, Mask]:
    """All digits of numbers of up to eight characters, and whether they are digits."""
    before = _LOW.take(point)
    together: Words = (head & before) | ((head >> np.uint64(8)) & ~before)
    count: Places = np.subtract(lengths, point < lengths, dtype=np.int64)
    return _eight_digits(together << (8 * (_WORD - count)).astype(np.uint64), count)


def _long(words: Words, head: Words, ends: Places, point: Places, decimals: Places) -> tuple[Words, Mask]:
    """The same for longer ones, with up to eight digits before the point and as many after as fit."""
    before, plain = _eight_digits(head << (8 * (_WORD - point)).astype(np.uint64), point)
    after, fine = _eight_digits(words[ends - _WORD], np.minimum(decimals, _WORD))
    plain &= fine & (point + decimals <= _MOST_DIGITS)
    for done in (_WORD, 2 * _WORD):
        rows = np.flatnonzero(decimals > done)
        if not rows.size:
            break
        count = np.minimum(decimals[rows] - done, _WORD)
        more, fine = _eight_digits(words[ends[rows] - _WORD - done], count)
        after[rows] += more * _POWERS[done]
        plain[rows] &= fine
    return before * _POWERS.take(decimals, mode="clip") + after, plain


def _eight_digits(word: Words, count: Places) -> tuple[Words, Mask]:
    """The number spelled by the last `count` bytes of a word, 0 to 8, and whether they are digits."""
    digits = word ^ _ZERO
    digits &= _HIGHEST.take(count)
    # Adding 0x76 to a byte sets its highest bit where it was above 9.
    above = digits + _NINE_UP
    above |= digits
    above &= _HIGH
    # Pairs of digits, then fours, then all eight.
    pairs = digits >> np.uint64(8)
    digits *= np.uint64(10)
    pairs += digits
    fours = pairs & _PAIRS
    fours *= np.uint64(100 + (1_000_000 << 32))
    pairs >>= np.uint64(16)
    pairs &= _PAIRS
    pairs *= np.uint64(1 + (10_000 << 32))
    pairs += fours
    pairs >>= np.uint64(32)
    return pairs, above == 0


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
