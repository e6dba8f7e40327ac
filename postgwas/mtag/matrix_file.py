"""Omega and Sigma as users bring them: text or .npy files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, MatrixError
from postgwas.mtag.definite import check_covariance

Floats = NDArray[np.float64]

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")


def read_matrix(path: str, n_traits: int, *, name: str) -> Floats:
    """A covariance matrix of all traits from text (blanks, tabs, commas or semicolons) or .npy.

    Parameters
    ----------
    path : str
    n_traits : int
        Rows and columns expected.
    name : str
        The flag that names the file, for messages.

    Raises
    ------
    InputError, MatrixError
        No such file, no matrix of numbers, wrong size, NaN or Inf, or not symmetric.
    """
    file = Path(path)
    where = f"{name} {path}"
    expected = f"expected {n_traits} rows of {n_traits} numbers"
    if file.is_dir():
        raise InputError(f"{where}: is a folder; expected a file with a {n_traits} x {n_traits} matrix")
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{where}: no such file") from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise InputError(f"{where}: the file is empty; {expected}")
    matrix = _from_npy(file, where) if file.suffix == ".npy" else _from_text(data, where, expected)
    return check_covariance(matrix, n_traits, name=where)


def _from_npy(file: Path, where: str) -> Floats:
    try:
        array = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError):
        raise InputError(
            f"{where}: not an array of numbers in NumPy's .npy format", hint="numpy.save writes one"
        ) from None
    if array.dtype.kind not in "fiu":
        raise InputError(f"{where}: an array of type {array.dtype}; expected real numbers")
    return np.asarray(array, dtype=np.float64)


def _from_text(data: bytes, where: str, expected: str) -> Floats:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{where}: not a text file; {expected} as text, or a file ending in .npy")
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        fields = _SEPARATOR.split(bare)
        try:
            row = [float(field) for field in fields]
        except ValueError:
            word = next(field for field in fields if not _is_number(field))
            raise MatrixError(
                f"{where}: line {number} has {word[:40]!r}; {expected}, without names of rows or columns"
            ) from None
        if rows and len(row) != len(rows[0]):
            raise MatrixError(
                f"{where}: line {number} has {len(row)} numbers, the line before {len(rows[-1])}; {expected}"
            )
        rows.append(row)
    if not rows:
        raise InputError(f"{where}: no numbers in the file; {expected}")
    return np.array(rows)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
