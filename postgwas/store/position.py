"""Order along the genome: chromosome codes, sorting, and which rows a region covers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from postgwas.errors import UsageError
from postgwas.store.values import Array, Categories, Column, Numbers, Text, missing_of, to_arrow

#: Chromosomes as the store numbers them; text output has the names.
CHROMOSOMES: dict[str, int] = {**{str(n): n for n in range(1, 23)}, "X": 23, "Y": 24, "MT": 25}
_ALIASES = {**CHROMOSOMES, "M": 25, "23": 23, "24": 24, "25": 25, **{f"0{n}": n for n in range(1, 10)}}
_NAMES = {code: name for name, code in CHROMOSOMES.items()}
_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Region:
    """A stretch of one chromosome, 1-based, both ends included; no `stop` is the chromosome's end."""

    chromosome: int
    start: int
    stop: int | None


def parse_region(text: str) -> Region:
    """Read ``1``, ``chrX``, ``1:100000-200000``, ``1:100,000-200,000``, ``1:5000`` or ``1:5000-``.

    Raises
    ------
    UsageError
        If the text is none of these.

    Examples
    --------
    >>> parse_region("chr1:100,000-200,000")
    Region(chromosome=1, start=100000, stop=200000)
    >>> parse_region("X")
    Region(chromosome=23, start=0, stop=None)
    """
    found = re.fullmatch(r"([^:]+)(?::([\d,]+)(?:(-)([\d,]+)?)?)?", text.strip())
    code = chromosome_code(found[1]) if found else None
    if found is None or code is None:
        raise UsageError(f"region {text!r}: expected a form such as 1:100000-200000, chrX or 7:5000-")
    start = int(found[2].replace(",", "") or 0) if found[2] else 0
    if found[4]:
        stop: int | None = int(found[4].replace(",", "") or 0)
    else:
        stop = start if found[2] and not found[3] else None
    if stop is not None and stop < start:
        raise UsageError(f"region {text!r}: ends before it starts")
    return Region(code, start, stop)


def chromosome_code(name: str) -> int | None:
    """Number of a chromosome's name (``1``, ``chr1``, ``X``, ``chrM`` ...), None if it is unknown."""
    return _ALIASES.get(re.sub(r"^chr", "", name.strip(), flags=re.IGNORECASE).upper())


def chromosome_names(codes: Array) -> Array:
    """Names of chromosome numbers, as objects; a number without a name stays a number's text."""
    return np.array([_NAMES.get(int(code), str(int(code))) for code in codes], dtype=object)


def as_integers(column: Column, *, chromosome: bool = False) -> Numbers | None:
    """CHR or POS as integers with a mask, or None where a value is no whole number or unknown name."""
    if isinstance(column, Numbers):
        if column.values.dtype.kind in "iu":
            return column
        if column.values.dtype.kind != "f":
            return None
        missing = ~np.isfinite(column.values)
        whole = np.where(missing, 0, column.values)
        if (
            np.isinf(column.values).any()
            or (whole != np.round(whole)).any()
            or np.abs(whole).max(initial=0) > 2**53
        ):
            return None
        return Numbers(
            whole.astype(np.int8 if chromosome and whole.max(initial=0) < 128 else np.int64),
            missing if missing.any() else None,
        )
    if not chromosome:
        return None
    return _named_chromosomes(column)


def sort_keys(chromosome: Numbers, position: Numbers) -> tuple[Array, Array]:
    """CHR and POS (int64) to sort by: missing CHR after all others, missing POS last in its chromosome."""
    return _filled(chromosome), _filled(position)


def genome_order(chromosome: Array, position: Array) -> Array | None:
    """Stable order by CHR, then POS; None where the rows have it already."""
    same = chromosome[1:] == chromosome[:-1]
    if np.all((chromosome[1:] > chromosome[:-1]) | (same & (position[1:] >= position[:-1]))):
        return None
    return np.lexsort((position, chromosome))


def position_index(chromosome: Array, position: Array, chunk: int) -> dict[str, Array]:
    """First and last CHR and POS of every `chunk` rows of a sorted table."""
    first = np.arange(0, len(chromosome), chunk)
    last = np.minimum(first + chunk, len(chromosome)) - 1
    return {
        "first_chr": chromosome[first],
        "first_pos": position[first],
        "last_chr": chromosome[last],
        "last_pos": position[last],
    }


def candidate_rows(index: dict[str, Array], region: Region, chunk: int, n_rows: int) -> slice:
    """Rows of the chunks that can hold the region, from the index alone."""
    stop = _LAST if region.stop is None else region.stop
    lasts = list(zip(index["last_chr"].tolist(), index["last_pos"].tolist()))
    firsts = list(zip(index["first_chr"].tolist(), index["first_pos"].tolist()))
    begin = bisect_left(lasts, (region.chromosome, region.start))
    end = bisect_right(firsts, (region.chromosome, stop))
    return slice(min(begin * chunk, n_rows), min(max(end, begin) * chunk, n_rows))


def rows_in_region(chromosome: Array, position: Array, region: Region) -> slice:
    """Rows of a sorted stretch that lie in the region."""
    low, high = np.searchsorted(chromosome, [region.chromosome, region.chromosome + 1])
    inside = position[low:high]
    begin = int(low + np.searchsorted(inside, region.start, "left"))
    if region.stop is None:
        return slice(begin, max(begin, int(high)))
    return slice(begin, max(begin, int(low + np.searchsorted(inside, region.stop, "right"))))


def _filled(column: Numbers) -> Array:
    values = column.values.astype(np.int64)
    return values if column.missing is None else np.where(column.missing, _LAST, values)


def _named_chromosomes(column: Text | Categories) -> Numbers | None:
    labels: Any = column.categories if isinstance(column, Categories) else to_arrow(column).unique()
    names = [name for name in labels.to_pylist() if name is not None]
    codes = {name: chromosome_code(name) for name in names}
    if any(code is None for code in codes.values()):
        return None
    if isinstance(column, Categories):
        table = np.array([*(codes[name] for name in labels.to_pylist()), 0], dtype=np.int8)
        values = table[column.codes]
        missing: Array | None = column.codes < 0
    else:
        values = np.array([codes.get(name, 0) for name in column.data.to_pylist()], dtype=np.int8)
        missing = missing_of(column.data)
    return Numbers(values, missing if missing is not None and missing.any() else None)
