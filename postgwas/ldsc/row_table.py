"""Small tables as text, written without the library for large ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from postgwas.store.atomic import atomic_file


def write_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Rows with the same columns, tab separated, under their names; the file appears whole.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    lines = ["\t".join(rows[0])] + ["\t".join(map(cell, row.values())) for row in rows]
    with atomic_file(path, overwrite=True) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def cell(value: Any) -> str:
    """One value: the fewest digits that read back the same, NA where it is missing or NaN.

    Examples
    --------
    >>> cell(0.1), cell(3), cell(float("nan")), cell(None), cell("a")
    ('0.1', '3', 'NA', 'NA', 'a')
    """
    if value is None or value != value:
        return "NA"
    return repr(float(value)) if isinstance(value, float) else str(value)
