"""FORMAT/DS of a VCF whose header calls it text or whole numbers, and what in it is no number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

_NO_INTEGER = -(2**31) + 8
"""htslib's codes of missing whole numbers lie below."""


def as_dosages(values: NDArray[Any], name: str, place: str) -> NDArray[np.float32]:
    """What cyvcf2 gives for DS as numbers, one row a sample, NaN where missing.

    Parameters
    ----------
    values : ndarray, shape (n, k) of numbers or (n,) of text
    name, place : str
        File and record, for messages.

    Raises
    ------
    InputError
        If text is no number.

    Examples
    --------
    >>> as_dosages(np.array(["0.5", ".", "1,0"]), "any.vcf", "1:10").tolist()
    [[0.5, nan], [nan, nan], [1.0, 0.0]]
    """
    if values.dtype.kind in "iu":
        return np.where(values < _NO_INTEGER, np.nan, values).astype(np.float32)
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    cells = [str(text).split(",") for text in values.ravel().tolist()]
    found = np.full((len(cells), max(map(len, cells))), np.nan, np.float32)
    for sample, each in enumerate(cells):
        for at, text in enumerate(each):
            number = _number(text)
            if number is None:
                raise _no_number(f"{name}: record {place}", text, sample)
            found[sample, at] = number
    return found


def refuse_text_dosages(name: str) -> None:
    """Look through the lines of a VCF that htslib cannot read for a DS that is no number.

    Raises
    ------
    InputError
        If there is one.
    """
    from postgwas.genotypes.vcf_text import line_blocks

    for lines in line_blocks(name):
        for line in lines:
            fields = line.split(b"\t")
            keys = fields[8].split(b":") if len(fields) > 9 else []
            if b"DS" not in keys:
                continue
            at = keys.index(b"DS")
            for sample, cell in enumerate(fields[9:]):
                for text in cell.decode(errors="replace").split(":")[at : at + 1]:
                    for one in text.split(","):
                        if _number(one) is None:
                            place = b":".join(fields[:2]).decode(errors="replace")
                            raise _no_number(f"{name}: record {place}", one, sample)


def _number(text: str) -> float | None:
    if text in (".", ""):
        return np.nan
    try:
        return float(text)
    except ValueError:
        return None


def _no_number(where: str, text: str, sample: int) -> InputError:
    return InputError(f"{where}: DS is '{text}' in sample {sample + 1}; expected a number from 0 to 2")
