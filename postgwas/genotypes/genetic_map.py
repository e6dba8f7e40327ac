"""Genetic maps: centimorgans at base-pair positions, read from the usual formats and interpolated."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.text_table import read_text, split_columns

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_BEYOND = 1e-6
"""cM per base pair before the first and after the last position of a map."""
_RATES = (0.1, 10.0)
"""cM per Mb of a whole map (at least 10 Mb long) that are believed; the human mean is about 1.2."""
_HEADERLESS = {
    "plink": ("CHR", "ID", "CM", "POS"),
    "hapmap": ("CHR", "POS", "RATE", "CM"),
    "shapeit": ("POS", "RATE", "CM"),
    "three": ("CHR", "POS", "CM"),
}


@dataclass(frozen=True, eq=False)
class ChromosomeMap:
    """The map of one chromosome.

    Attributes
    ----------
    pos : ndarray of float64, shape (K,)
        Ascending base-pair positions.
    cm : ndarray of float64, shape (K,)
        Genetic positions there, never descending.
    """

    pos: Floats
    cm: Floats

    def at(self, positions: NDArray[np.int32]) -> Floats:
        """cM at positions: linear between those of the map, 1 cM per Mb beyond its ends.

        Examples
        --------
        >>> ChromosomeMap(np.array([0.0, 100.0]), np.array([0.0, 1.0])).at(np.array([50])).tolist()
        [0.5]
        """
        cm: Floats = np.interp(positions, self.pos, self.cm)
        cm += _BEYOND * np.minimum(positions - self.pos[0], 0)
        cm += _BEYOND * np.maximum(positions - self.pos[-1], 0)
        return cm


def with_genetic_positions(variants: pl.DataFrame, path: str | os.PathLike[str]) -> pl.DataFrame:
    """Variants with their CM interpolated from a genetic map of the same genome build.

    Parameters
    ----------
    variants : polars.DataFrame
        CHR, CHROM, POS.
    path : path-like
        A map with all chromosomes, or ``@`` where the chromosome's number stands in the
        names of several; see :func:`read_genetic_map`.

    Raises
    ------
    InputError
        If a chromosome of the variants is not in the map, or the map is damaged.
    """
    import polars as pl

    codes = variants["CHR"].to_numpy()
    present = variants["CHR"].drop_nulls().unique(maintain_order=True).to_list()
    maps = _maps(os.fspath(path), present)
    absent = [code for code in present if code not in maps]
    if absent or variants["CHR"].null_count():
        names = variants.filter(pl.col("CHR").is_in(absent) | pl.col("CHR").is_null())["CHROM"]
        listed = ", ".join(names.unique(maintain_order=True).to_list()[:5])
        raise InputError(f"{path}: no genetic positions for chromosome {listed} of the genotypes")
    cm = np.empty(variants.height)
    position = variants["POS"].to_numpy()
    for code in present:
        here = codes == code
        cm[here] = maps[code].at(position[here])
    return variants.with_columns(pl.Series("CM", cm))


def _maps(path: str, present: list[int]) -> Mapping[int, ChromosomeMap]:
    if "@" not in path or Path(path).is_file():
        return read_genetic_map(path, chromosome=present[0] if len(present) == 1 else None)
    maps: dict[int, ChromosomeMap] = {}
    for code in present:
        names = [str(code), *({23: ["X"], 24: ["Y"], 25: ["MT"]}.get(code, []))]
        found = [one for name in names if Path(one := path.replace("@", name)).is_file()]
        if not found:
            raise InputError(f"{path.replace('@', names[-1])}: no such file")
        of_file = read_genetic_map(found[0], chromosome=code)
        if code in of_file:
            maps[code] = of_file[code]
    return maps


def read_genetic_map(
    path: str | os.PathLike[str], *, chromosome: int | None = None
) -> dict[int, ChromosomeMap]:
    """Genetic map by chromosome code.

    Known are, with a header: columns for chromosome, position and cM, named as in HapMap's,
    Eagle's and SHAPEIT's maps (``chr position COMBINED_rate(cM/Mb) Genetic_Map(cM)``,
    ``pposition rrate gposition`` and the like); without one: PLINK's .map (chromosome, id,
    cM, position), chromosome position cM, position rate cM, chromosome position rate cM.

    Parameters
    ----------
    path : path-like
    chromosome : int, optional
        Code of the chromosome of a map that has no such column.

    Raises
    ------
    ColumnError
        If the columns cannot be told apart.
    InputError
        If the file is damaged, descends, or its unit is not cM.
    """
    from postgwas.sumstats.values import chromosomes_from_text

    name = os.fspath(path)
    data = read_text(name)
    first = data.split(b"\n", 1)[0].decode(errors="replace").split()
    has_header = not all(_is_number(field) for field in first[-2:])
    if has_header:
        data = data.split(b"\n", 1)[1] if b"\n" in data else b""
        columns = _named_columns(first, name)
    else:
        columns = _positional_columns(data, len(first), name)
    table = split_columns(data, [f"column {i}" for i in range(len(first))], name, first_line=1 + has_header)
    pos = _floats(table[:, columns["POS"]], name, "position", 1 + has_header)
    cm = _floats(table[:, columns["CM"]], name, "genetic position", 1 + has_header)
    if "CHR" not in columns:
        if chromosome is None:
            raise ColumnError(
                f"{name}: the genetic map has no column for the chromosome",
                hint="one file a chromosome, with @ for its number in the name",
            )
        return {chromosome: _checked(pos, cm, name)}
    codes = chromosomes_from_text(table[:, columns["CHR"]])
    known = codes.drop_nulls().unique(maintain_order=True).to_list()
    if not known:
        raise InputError(f"{name}: '{table[0, columns['CHR']]}' is no chromosome")
    chosen = codes.to_numpy()
    return {int(code): _checked(pos[chosen == code], cm[chosen == code], name) for code in known}


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _named_columns(header: list[str], name: str) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, field in enumerate(header):
        low = field.lower().lstrip("#")
        if low.startswith("chr"):
            columns.setdefault("CHR", index)
        elif low in ("gposition", "cm") or ("map" in low and "/" not in low) or low.endswith("(cm)"):
            columns.setdefault("CM", index)
        elif "pos" in low or low in ("bp", "bp(hg19)", "bp(hg38)"):
            columns.setdefault("POS", index)
    if "POS" not in columns or "CM" not in columns:
        raise ColumnError(
            f"{name}: no columns for position and cM in the header '{' '.join(header)[:80]}'",
            hint="name them chr, pos and cM",
        )
    return columns


def _positional_columns(data: bytes, width: int, name: str) -> dict[str, int]:
    from postgwas.sumstats.values import chromosome_code

    text = data[:20_000].decode(errors="replace")
    lines = [fields for line in text.split("\n")[:200] if len(fields := line.split()) == width]
    if width == 4:
        ids = any(not _is_number(line[1]) for line in lines)
        whole = all(line[3].isdigit() for line in lines)
        kind = "plink" if ids or whole else "hapmap"
    elif width == 3:
        kind = "three" if all(chromosome_code(line[0]) for line in lines) else "shapeit"
    else:
        raise ColumnError(
            f"{name}: {width} columns without names; expected a genetic map of 3 or 4",
            hint="name the columns chr, pos and cM",
        )
    return {field: index for index, field in enumerate(_HEADERLESS[kind]) if field in ("CHR", "POS", "CM")}


def _floats(text: pl.Series, name: str, what: str, first_line: int) -> Floats:
    import polars as pl

    numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count():
        row = int(numbers.is_null().arg_true()[0])
        raise InputError(f"{name}, line {first_line + row}: '{text[row]}' is not a {what}")
    return numbers.to_numpy()


def _checked(pos: Floats, cm: Floats, name: str) -> ChromosomeMap:
    order = np.argsort(pos, kind="stable")
    pos, cm = pos[order], cm[order]
    if np.any(np.diff(cm) < 0):
        at = pos[int(np.argmax(np.diff(cm) < 0)) + 1]
        raise InputError(f"{name}: the genetic position falls at base pair {at:,.0f}; expected it to ascend")
    megabases = (pos[-1] - pos[0]) / 1e6
    rate = (cm[-1] - cm[0]) / megabases if megabases >= 10 else 1.0
    if not _RATES[0] <= rate <= _RATES[1]:
        raise InputError(
            f"{name}: {rate:.3g} cM per Mb over {megabases:.0f} Mb, expected about 1",
            hint="is it in Morgan, or are its columns in another order?",
        )
    return ChromosomeMap(pos, cm)
