"""Tables of figures of studies: correlations between them, axes. Rows by name, or in the order given."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, MatrixError

Floats = NDArray[np.float64]


def read_correlation(path: str | os.PathLike[str], names: Sequence[str]) -> Floats:
    """Correlations of the studies' estimates.

    Parameters
    ----------
    path : path-like
        K rows of K numbers in the order of `names` (RE2C's layout), or a header of names and a name before
        each row, in any order.
    names : sequence of str
        The studies in the order given.

    Returns
    -------
    ndarray of float64, shape (K, K)
        In the order of `names`.

    Raises
    ------
    InputError, MatrixError
        If it is not a correlation matrix of these studies.
    """
    columns, matrix = _read(path, names)
    if columns is not None:
        order = [_place(path, columns, name) for name in names]
        matrix = matrix[:, order]
    k = len(names)
    if matrix.shape != (k, k):
        raise MatrixError(f"{path}: {matrix.shape[0]} x {matrix.shape[1]} numbers for {k} studies")
    if not np.allclose(matrix, matrix.T, atol=1e-8) or not np.allclose(np.diagonal(matrix), 1.0, atol=1e-8):
        raise MatrixError(f"{path}: expected a symmetric matrix with 1 on its diagonal")
    if np.abs(matrix).max() > 1 + 1e-8 or np.linalg.eigvalsh(matrix)[0] < 1e-8:
        raise MatrixError(f"{path}: not positive definite: no correlations of estimates")
    return 0.5 * (matrix + matrix.T)


def read_axes(path: str | os.PathLike[str], names: Sequence[str]) -> Floats:
    """Coordinates of the studies on given axes, shape (K, T), in the order of `names`.

    A row a study: numbers in the order of `names`, or a header, and a name before each row.

    Raises
    ------
    InputError, MatrixError
        If rows are missing or hold something else.
    """
    _, matrix = _read(path, names)
    if matrix.shape[0] != len(names):
        raise MatrixError(f"{path}: {matrix.shape[0]} rows of axes for {len(names)} studies")
    return matrix


def _read(path: str | os.PathLike[str], names: Sequence[str]) -> tuple[list[str] | None, Floats]:
    try:
        with open(path, encoding="utf-8") as stream:
            lines = [line.split() for line in stream if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"cannot read '{path}': {why}") from None
    if not lines:
        raise InputError(f"{path}: empty")
    columns = None
    if not _is_number(lines[0][-1]):
        header, lines = lines[0], lines[1:]
        named = bool(lines) and not _is_number(lines[0][0])
        columns = header[1:] if named and lines and len(header) == len(lines[0]) else header
        if not named and lines and len(columns) > len(lines[0]):
            columns = columns[1:]
    if not lines:
        raise InputError(f"{path}: names alone, expected numbers below them")
    if any(len(line) != len(lines[0]) for line in lines):
        raise InputError(f"{path}: rows have different numbers of fields")
    if (named_rows := {line[0]: line[1:] for line in lines}) and set(names) <= set(named_rows):
        lines = [named_rows[name] for name in names]
    elif not _is_number(lines[0][0]):
        lacking = next(name for name in names if name not in named_rows)
        raise InputError(f"{path}: no row for {lacking}; rows found: {', '.join(named_rows)}")
    values = np.array([[_number(path, field) for field in line] for line in lines])
    return columns, values.reshape(len(lines), -1)


def _place(path: str | os.PathLike[str], columns: Sequence[str], name: str) -> int:
    if name not in columns:
        raise InputError(f"{path}: no column for {name}; columns found: {', '.join(columns)}")
    return list(columns).index(name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(path: str | os.PathLike[str], text: str) -> float:
    value = float(text) if _is_number(text) else float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path}: '{text}': expected a number")
    return value
