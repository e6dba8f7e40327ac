"""Tables of scores: plink2's .eigenvec, OUT.eigenvec and OUT.projected.tsv."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.samples import check_samples
from postgwas.genotypes.standardise import Floats
from postgwas.genotypes.text_table import read_text, split_columns

if TYPE_CHECKING:
    import polars as pl


def read_scores(path: str | os.PathLike[str]) -> tuple[pl.DataFrame, Floats]:
    """Samples (FID, IID) and their scores, shape (n, k), NaN for NA, in the order of PC1, PC2, ...

    Raises
    ------
    ColumnError
        If there is no header with IID and PC1.
    InputError
        If a score is text, or a sample occurs twice.
    """
    import polars as pl

    name = os.fspath(path)
    data = read_text(name)
    first, _, rows = data.partition(b"\n")
    header = first.decode(errors="replace").lstrip("#").split()
    axes = [f"PC{i + 1}" for i in range(len(header)) if f"PC{i + 1}" in header]
    if "IID" not in header or not axes or axes[0] != "PC1" or axes[-1] != f"PC{len(axes)}":
        raise ColumnError(
            f"{name}, line 1: expected columns IID, PC1, PC2 and so on; found {' '.join(header)[:80]}",
            hint="OUT.eigenvec or OUT.projected.tsv",
        )
    if not rows.strip():
        raise InputError(f"{name}: no samples below the header")
    table = split_columns(rows, header, name, first_line=2)
    text = table.select(pl.col(axes).replace({"NA": "nan", "nan": "nan", "NaN": "nan"}))
    numbers = text.select(pl.all().cast(pl.Float64, strict=False))
    for axis in axes:
        bad = numbers[axis].is_null()
        if bad.any():
            row = int(bad.arg_true()[0])
            raise InputError(f"{name}, line {row + 2}: '{table[axis][row]}' in column {axis} is not a number")
    family = pl.col("FID") if "FID" in header else pl.lit(None, pl.String).alias("FID")
    return check_samples(table.select(family, "IID"), name), np.ascontiguousarray(numbers.to_numpy())
