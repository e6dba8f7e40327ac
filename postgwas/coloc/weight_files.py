"""Prior weights of variants from a file."""

from __future__ import annotations

import os

import numpy as np

from postgwas.errors import ColumnError, InputError


def read_weights(path: str | os.PathLike[str]) -> dict[str, float]:
    """SNPID -> WEIGHT of a table with these columns, in whatever order.

    Raises
    ------
    InputError, ColumnError
        If it cannot be read, a column is missing, a weight is no number of 0 or more, or a variant occurs
        twice.
    """
    from postgwas.genotypes.text_table import read_text

    lines = read_text(path).decode(errors="replace").splitlines()
    rows = [(number, line.replace(",", " ").split()) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InputError(f"{path}: is empty; expected SNPID and WEIGHT")
    header = [name.upper() for name in rows[0][1]]
    lacking = [name for name in ("SNPID", "WEIGHT") if name not in header]
    if lacking:
        raise ColumnError(f"{path}: no column {' and '.join(lacking)}; columns are {', '.join(rows[0][1])}")
    name_at, weight_at = header.index("SNPID"), header.index("WEIGHT")
    found: dict[str, float] = {}
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            raise InputError(f"{path}, line {number}: {len(cells)} cells, expected {len(header)}")
        try:
            weight = float(cells[weight_at])
        except ValueError:
            weight = np.nan
        if not (np.isfinite(weight) and weight >= 0):
            raise InputError(
                f"{path}, line {number}: weight {cells[weight_at]}, expected a number of 0 or more"
            )
        if cells[name_at] in found:
            raise InputError(f"{path}, line {number}: variant '{cells[name_at]}' occurs twice")
        found[cells[name_at]] = weight
    return found
