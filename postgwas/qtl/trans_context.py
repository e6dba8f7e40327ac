"""The context of an interaction: a number for each sample."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.matrix import check_unique, some_names


def read_context(path: str | os.PathLike[str], samples: Sequence[str]) -> NDArray[np.float64]:
    """Read two columns, sample and number, with or without a header.

    Parameters
    ----------
    path : path-like
    samples : sequence of str
        Those that are used; the file may have others.

    Returns
    -------
    ndarray of float64, shape (samples,)

    Raises
    ------
    InputError
        If a sample is missing or twice, a value is no finite number, or all are the same.
    """
    from postgwas.genotypes.text_table import read_columns

    table = read_columns(path, ("IID", "VALUE"))
    names, cells = table["IID"].to_list(), table["VALUE"].to_list()
    wanted = set(samples)
    if names and names[0] not in wanted and _number(cells[0]) is None:
        names, cells = names[1:], cells[1:]
    check_unique(names, "sample", os.fspath(path))
    at = dict(zip(names, cells))
    lost = [name for name in samples if name not in at]
    if lost:
        raise InputError(
            f"{path}: {len(lost):,} of {len(samples):,} samples have no value: {some_names(lost)}",
            hint="--remove leaves them out",
        )
    values = [_number(at[name]) for name in samples]
    bad = [name for name, value in zip(samples, values) if value is None]
    if bad:
        raise InputError(
            f"{path}: the value of {len(bad):,} samples is not a number: '{at[bad[0]]}' of {some_names(bad)}",
            hint="--remove leaves them out",
        )
    found = np.array(values, np.float64)
    if np.ptp(found) == 0.0:
        raise InputError(f"{path}: all {len(found):,} samples have the value {found[0]:g}: no interaction")
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
