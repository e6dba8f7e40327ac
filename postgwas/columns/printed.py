"""Numbers as C's printf writes them, a column at a time: ``%.4f``, ``%.4g``.

Text goes into tables of four-byte words in which a zero byte stands for nothing, as in
:mod:`postgwas.columns.shortest`. What cannot be rounded with certainty is left to Python, number by number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.columns import shortest

Words = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

GENERAL_WORDS = 3
"""Words of a number in :func:`write_general`."""
_FRONT_WORDS = 4
_LARGEST = 1e8
_MOST_SMALL_DECIMALS = 6
_SMALL, _SMALL_NEGATIVE = 999, 99
"""Numbers between take one word for sign, whole part and point."""
_EXACT = 2.0**51
_POWERS = np.array([float(f"1e{k}") for k in range(300)])
_LEAST_POWER = -324
_ALL_POWERS = np.array([*(float(f"1e{k}") for k in range(_LEAST_POWER, 309)), np.inf])
_FLOORS = np.maximum(np.floor((np.arange(2048) - 1023) * np.log10(2.0)), _LEAST_POWER).astype(np.int64)
"""Power of ten that the least number of each binary exponent reaches."""


def fixed_words(decimals: int, values: Floats | None = None) -> int:
    """Words of a number with so many decimals; fewer where all of `values` are small, [shape: (M,)].

    Examples
    --------
    >>> fixed_words(4), fixed_words(4, np.array([-0.5, 12.0])), fixed_words(4, np.array([1e5]))
    (5, 2, 5)
    """
    wide = _FRONT_WORDS + -(-decimals // 4)
    if values is None or not values.size or decimals > _MOST_SMALL_DECIMALS:
        return wide
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    if not decimals:
        small = low >= 0 and high < _LARGEST - 1 and not np.signbit(values).any()
        return shortest.WHOLE_WORDS if small else wide
    return wide - _FRONT_WORDS + 1 if low > -_SMALL_NEGATIVE and high < _SMALL else wide


def write_fixed(values: Floats, decimals: int, table: Words) -> None:
    """Write numbers as ``%.<decimals>f`` does; NaN as ``NA``, what does not fit the table as ``%.6g``.

    Parameters
    ----------
    values : ndarray of float64, shape (M,)
    decimals : int
        From 0 to 16.
    table : ndarray of uint32, shape (M, fixed_words(decimals)) or (M, fixed_words(decimals, values))

    Examples
    --------
    >>> table = np.zeros((3, fixed_words(4)), np.uint32)
    >>> write_fixed(np.array([-0.00005, 12.3, np.nan]), 4, table)
    >>> [bytes(row).replace(b"\\0", b"") for row in table]
    [b'-0.0001', b'12.3000', b'NA']
    """
    if table.shape[1] < fixed_words(decimals):
        _write_small(values, decimals, table)
        return
    scale = 10.0**decimals
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(values) * scale
        rounded = np.rint(size)
        # The product may have been rounded onto a tie, or off one.
        sure = np.abs(np.abs(size - rounded) - 0.5) > np.maximum(1e-6, size * 4e-16)
        plain = size < min((_LARGEST - 1.0) * scale, _EXACT)
    near = np.flatnonzero(plain & ~sure)
    if near.size:
        rounded[near] = _rounded_exactly(np.abs(values[near]), scale, size[near])
    rounded[~plain] = 0.0
    whole = rounded.astype(np.int64)
    power = 10**decimals
    front = whole // power if decimals else whole
    table[:] = 0
    table[:, 0] = np.where(np.signbit(values), ord("-"), 0)
    shortest.write_whole(front, table[:, 1:3])
    if decimals:
        table[:, 3] = ord(".")
        _write_decimals(whole - front * power, decimals, table[:, _FRONT_WORDS:])
    for row in np.flatnonzero(~plain).tolist():
        value = float(values[row])
        text = "NA" if value != value else f"{value:.{decimals}f}"
        put_text(text if len(text) <= 4 * table.shape[1] else f"{value:.6g}", table[row])


def _write_small(values: Floats, decimals: int, table: Words) -> None:
    """Numbers that :func:`fixed_words` found small: all fit 32 bits once they are rounded."""
    scale = 10.0**decimals
    size = np.abs(values)
    size *= scale
    rounded = np.rint(size)
    far = size - rounded
    np.abs(far, out=far)
    # Near a tie, which the product may have been rounded onto or off; or NaN.
    near = np.flatnonzero(~(far < 0.5 - 1e-6))
    if near.size:
        with np.errstate(invalid="ignore"):
            exact = _rounded_exactly(np.abs(values[near]), scale, size[near])
        rounded[near] = np.where(np.isnan(exact), 0.0, exact)
    whole = rounded.astype(np.int32)
    if decimals:
        power = np.int32(10**decimals)
        front = whole // power
        whole -= front * power
        table[:, 0] = front_words(front, np.signbit(values))
        _write_decimals(whole, decimals, table[:, 1:])
    else:
        shortest.write_whole(whole, table)
    missing = near[np.isnan(values[near])]
    if missing.size:
        table[missing] = 0
        table[missing, 0] = int.from_bytes(b"NA", "little")


def front_words(front: npt.NDArray[np.integer], minus: npt.NDArray[np.bool_]) -> Words:
    """Sign, whole part (up to 999, 99 where there is a sign) and point in one word, [shape: (M,)]."""
    found: Words = _FRONTS.take(front + minus * np.int32(_SMALL + 1))
    return found


def _fronts() -> Words:
    """Sign, whole part and point: of 0 to 999, then of -0 to -99."""
    texts = [b"%d." % n for n in range(_SMALL + 1)] + [b"-%d." % n for n in range(_SMALL_NEGATIVE + 1)]
    return np.array([int.from_bytes(text, "little") for text in texts], np.uint32)


_FRONTS = _fronts()


def _rounded_exactly(values: Floats, scale: float, product: Floats) -> Floats:
    """The whole number nearest to values x scale, from the product and its error (Dekker's product)."""
    high, low = _halves_of(values)
    high_scale, low_scale = _halves_of(np.full_like(values, scale))
    error = ((high * high_scale - product) + high * low_scale + low * high_scale) + low * low_scale
    below = np.floor(product)
    beyond = (product - below - 0.5) + error
    up: Floats = below + ((beyond > 0) | ((beyond == 0) & (below % 2 == 1)))
    return up


def _halves_of(values: Floats) -> tuple[Floats, Floats]:
    """Numbers of 26 bits that add up to each value."""
    spread = 134217729.0 * values
    high = spread - (spread - values)
    return high, values - high


def _write_decimals(
    fraction: npt.NDArray[np.int64] | npt.NDArray[np.int32], decimals: int, table: Words
) -> None:
    four = shortest.digit_words()
    n_words = -(-decimals // 4)
    for at in reversed(range(n_words)):
        n_digits = decimals - 4 * (n_words - 1) if at == 0 else 4
        if at == 0:
            table[:, 0] = four.take(fraction) >> np.uint32(8 * (4 - n_digits))
            return
        step = 10**n_digits
        upper = fraction // step
        table[:, at] = four.take(fraction - upper * step)
        fraction = upper


def decimal_exponents(values: Floats) -> npt.NDArray[np.int64]:
    """The largest k for which 10^k, as a double, is not above each positive number, [shape: (M,)].

    Examples
    --------
    >>> decimal_exponents(np.array([1.0, 0.00999, 123.0])).tolist()
    [0, -3, 2]
    """
    power = _FLOORS.take(values.view(np.int64) >> 52)
    power += values >= _ALL_POWERS.take(power - (_LEAST_POWER - 1))
    return power


def write_general(values: Floats, table: Words) -> None:
    """Write numbers from 0 to 1 as ``%.4g`` does; NaN as ``NA``.

    Parameters
    ----------
    values : ndarray of float64, shape (M,)
    table : ndarray of uint32, shape (M, GENERAL_WORDS or more)

    Examples
    --------
    >>> table = np.zeros((4, GENERAL_WORDS), np.uint32)
    >>> write_general(np.array([0.62701, 1.0, 3.2e-12, 0.00071236]), table)
    >>> [bytes(row).replace(b"\\0", b"") for row in table]
    [b'0.627', b'1', b'3.2e-12', b'0.0007124']
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = (values < 1.0) & (values > 1e-290)
        known = values if plain.all() else np.where(plain, values, 0.5)
        power = decimal_exponents(known)
        size = known * _POWERS.take(3 - power)
        # Powers below 1 are no doubles themselves.
        low, high = size < 1000.0, size >= 10_000.0
        if low.any() or high.any():
            size = np.where(low, size * 10.0, np.where(high, size / 10.0, size))
            power += high.astype(np.int64) - low
        rounded = np.rint(size)
        plain &= np.abs(np.abs(size - rounded) - 0.5) > 1e-6
    up = rounded >= 10_000.0
    digits = rounded.astype(np.int64)
    digits[up] = 1000
    exponent = power + up
    plain &= (exponent < 0) & (values <= 0.99996)
    four = shortest.digit_words()
    fixed = plain & (exponent >= -4)
    table[:, 0] = _LEADS.take(np.clip(-1 - exponent, 0, 3))
    table[:, 1] = (exponent == -4) * np.uint32(ord("0"))
    table[:, 2] = four.take(digits + 10_000)
    table[:, 3:] = 0
    others = np.flatnonzero(~fixed)
    table[others] = 0
    rows = others[plain[others]]
    if rows.size:
        first = digits[rows] // 1000
        rest = digits[rows] - 1000 * first
        table[rows, 0] = (first + ord("0") + np.where(rest > 0, ord(".") << 8, 0)).astype(np.uint32)
        # Three digits and the e; the minus and two or three digits.
        table[rows, 1] = np.where(rest > 0, four[rest + 10_000] >> np.uint32(8), 0) | ord("e") << 24
        size_of = -exponent[rows]
        table[rows, 2] = ord("-") | np.where(
            size_of < 100, four[size_of] >> np.uint32(8) & np.uint32(0xFFFF00), four[size_of] & _UPPER_THREE
        )
    one = (values > 0.99996) & (values <= 1.0)
    table[one, 0] = ord("1")
    for row in others[~plain[others] & ~one[others]].tolist():
        value = float(values[row])
        put_text("NA" if value != value else f"{value:.4g}", table[row])


_UPPER_THREE = np.uint32(0xFFFFFF00)
_LEADS = np.array([int.from_bytes(text, "little") for text in (b"0.", b"0.0", b"0.00", b"0.00")], np.uint32)


def put_text(text: str, row: Words) -> None:
    """Any short text in a number's place."""
    row[:] = np.frombuffer(text.encode().ljust(4 * row.size, b"\0"), dtype=np.uint32)
