"""Cells of a table as text for the page, and where each row lies in the genome."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postgwas.report.section import PageTable, Place

if TYPE_CHECKING:
    import polars as pl

_VARIANT = re.compile(r"^(?:chr)?([0-9]{1,2}|X|Y|MT?)[:_]([0-9]+)(?:[:_]|$)", re.IGNORECASE)
_REGION = re.compile(r"^(?:chr)?([0-9]{1,2}|X|Y|MT?):([0-9]+)-([0-9]+)$", re.IGNORECASE)
_CODES = {"23": "X", "24": "Y", "25": "MT"}
_VARIANTS = ("variant_id", "SNPID", "lead", "lead_variant", "variant")
#: Whole numbers that are no counts: without commas, so that they can be copied into other programs.
_PLAIN = ("POS", "BP", "SEED", "START", "END", "TSS", "LEAD_POS")


@dataclass(frozen=True)
class PageRows:
    """A table ready for the page.

    Attributes
    ----------
    columns : list of (str, bool)
        Name, and whether it holds numbers. Columns without any value are left out.
    rows : list of (Place or None, cells)
    n_all : int
    """

    columns: list[tuple[str, bool]]
    rows: list[tuple[Place | None, list[str]]]
    n_all: int


def page_rows(given: PageTable) -> PageRows:
    """Turn a table into text.

    Parameters
    ----------
    given : PageTable
    """
    table = given.table
    texts = {name: [cell(value, name) for value in table[name].to_list()] for name in table.columns}
    held = [name for name in table.columns if any(texts[name])] or table.columns
    columns = [(name, table.schema[name].is_numeric()) for name in held]
    rows = [
        (place, list(cells)) for place, cells in zip(_places(table), zip(*(texts[name] for name in held)))
    ]
    return PageRows(columns, rows, table.height if given.n_all is None else given.n_all)


def cell(value: Any, name: str) -> str:
    """One value as text: four significant digits, chromosomes by name, nothing where it is missing.

    Examples
    --------
    >>> cell(0.000123456, "SE"), cell(23, "CHR"), cell(12345678, "POS"), cell(None, "Z"), cell(81234, "N")
    ('0.0001235', 'X', '12345678', '', '81,234')
    >>> cell(10066.52, "N"), cell(1e300, "x")
    ('10,067', '1e+300')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name.upper() in ("CHR", "CHROM"):
        return _CODES.get(str(value), str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if name.upper() in _PLAIN else f"{value:,}"
    if isinstance(value, float):
        whole = (value.is_integer() or abs(value) >= 999.5) and abs(value) < 1e12
        return f"{value:,.0f}" if whole else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(one, name) for one in value)
    return str(value)


def _places(table: pl.DataFrame) -> list[Place | None]:
    """Of each row: a stretch, a position, a region's name, or a variant's name, whichever there is first."""
    names = {name.upper(): name for name in table.columns}
    for low, high in (("START", "END"), ("POS", "POS")):
        if {"CHR", low, high} <= set(names):
            columns = (table[names[name]].to_list() for name in ("CHR", low, high))
            return [
                None if None in (c, a, b) else Place(chromosome(c), int(a), int(b))
                for c, a, b in zip(*columns)
            ]
    if "REGION" in names:
        regions = [_REGION.match(str(text or "")) for text in table[names["REGION"]].to_list()]
        return [Place(chromosome(one[1]), int(one[2]), int(one[3])) if one else None for one in regions]
    of = next((name for name in _VARIANTS if name in table.columns), None)
    if of is None:
        return [None] * table.height
    found = [_VARIANT.match(str(text or "")) for text in table[of].to_list()]
    return [Place(chromosome(one[1]), int(one[2]), int(one[2])) if one else None for one in found]


def chromosome(value: object) -> str:
    """A chromosome's name as searches have it: no "chr", X for 23, MT for M.

    Examples
    --------
    >>> chromosome("chr7"), chromosome(23), chromosome("m")
    ('7', 'X', 'MT')
    """
    name = str(value).upper().removeprefix("CHR")
    return {**_CODES, "26": "MT", "M": "MT"}.get(name, name)
