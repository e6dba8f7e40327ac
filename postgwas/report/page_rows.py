"""Cells of a table as text for the page, and where each row lies in the genome."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postgwas.report.section import PageTable

if TYPE_CHECKING:
    import polars as pl

_PLACE = re.compile(r"^(?:chr)?([0-9]{1,2}|X|Y|MT?)[:_]([0-9]+)(?:[:_]|$)", re.IGNORECASE)
_CODES = {"23": "X", "24": "Y", "25": "MT"}
_VARIANTS = ("variant_id", "SNPID", "lead", "lead_variant", "variant")


@dataclass(frozen=True)
class PageRows:
    """A table ready for the page.

    Attributes
    ----------
    columns : list of (str, bool)
        Name, and whether it holds numbers.
    rows : list of (chromosome, position, cells)
        Chromosome "" and position 0 where a row has no place.
    n_all : int
    """

    columns: list[tuple[str, bool]]
    rows: list[tuple[str, int, list[str]]]
    n_all: int


def page_rows(given: PageTable) -> PageRows:
    """Turn a table into text.

    Parameters
    ----------
    given : PageTable
    """
    table = given.table
    columns = [(name, dtype.is_numeric()) for name, dtype in table.schema.items()]
    places = _places(table)
    cells = zip(*([cell(value, name) for value in table[name].to_list()] for name, _ in columns))
    rows = [(*place, list(texts)) for place, texts in zip(places, cells)]
    return PageRows(columns, rows, table.height if given.n_all is None else given.n_all)


def cell(value: Any, name: str) -> str:
    """One value as text: four significant digits, chromosomes by name, nothing where it is missing.

    Examples
    --------
    >>> cell(0.000123456, "SE"), cell(23, "CHR"), cell(12345678, "POS"), cell(None, "Z"), cell(81234, "N")
    ('0.0001235', 'X', '12345678', '', '81,234')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name.upper() in ("CHR", "CHROM"):
        return _CODES.get(str(value), str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if name.upper() in ("POS", "BP", "SEED") else f"{value:,}"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e12
        return f"{value:,.0f}" if whole else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(one, name) for one in value)
    return str(value)


def _places(table: pl.DataFrame) -> list[tuple[str, int]]:
    names = {name.upper(): name for name in table.columns}
    if "CHR" in names and "POS" in names:
        return [
            (cell(c, "CHR").upper().removeprefix("CHR"), int(p))
            if c is not None and p is not None
            else ("", 0)
            for c, p in table.select(names["CHR"], names["POS"]).iter_rows()
        ]
    of = next((name for name in _VARIANTS if name in table.columns), None)
    if of is None:
        return [("", 0)] * table.height
    found = [_PLACE.match(str(text or "")) for text in table[of].to_list()]
    return [(one[1].upper(), int(one[2])) if one else ("", 0) for one in found]
