"""Expression in Parquet: the gene columns, then a column a sample; the unit in the file's metadata."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError, OutputError
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table

if TYPE_CHECKING:
    import polars as pl

_KEY = b"postgwas.expression"


def write_parquet(matrix: ExpressionMatrix, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a matrix with all that is known of its genes.

    Raises
    ------
    OutputError
        If the file exists, or cannot be written; or a sample has the name of a gene column.
    """
    import pyarrow.parquet as pq

    from postgwas.sumstats.write import atomic_file

    table = matrix.genes.to_arrow()
    clash = sorted(set(matrix.samples) & set(matrix.genes.columns))
    if clash:
        raise OutputError(f"{path}: a sample and a gene column are both called {clash[0]}")
    for at, name in enumerate(matrix.samples):
        table = table.append_column(name, [np.ascontiguousarray(matrix.values[:, at])])
    about = {"version": 1, "unit": matrix.unit, "gene_columns": matrix.genes.columns, "notes": matrix.notes}
    table = table.replace_schema_metadata({_KEY: json.dumps(about).encode()})
    with atomic_file(path, overwrite=overwrite) as stream:
        pq.write_table(table, stream, compression="zstd")
    return Path(path)


def read_parquet(path: str | os.PathLike[str], *, unit: Unit | None = None) -> ExpressionMatrix:
    """Read what :func:`write_parquet` wrote, a phenotype BED in Parquet, or a table with one column of ids.

    Parameters
    ----------
    path : path-like
    unit : str, optional
        What the numbers are; by default what the file says, else ``unknown``.

    Raises
    ------
    InputError
        If the file is none of these.
    """
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = str(path)
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a whole Parquet file: {str(error).splitlines()[0]}") from None
    about = (table.schema.metadata or {}).get(_KEY)
    frame = pl.DataFrame(pl.from_arrow(table))
    if about is not None:
        told = json.loads(about)
        genes = frame.select(told["gene_columns"])
        samples = frame.drop(told["gene_columns"])
        return _matrix(genes, samples, unit or told["unit"], name, tuple(told["notes"]))
    return _foreign(frame, name, unit or "unknown")


def _foreign(frame: pl.DataFrame, path: str, unit: Unit) -> ExpressionMatrix:
    import polars as pl

    from postgwas.expression.bed import is_bed_header, matrix_of_bed

    # pandas keeps the index, tensorQTL's phenotype ids, as the last column.
    if "phenotype_id" in frame.columns:
        first = [c for c in frame.columns[:3] if frame[c].dtype != pl.Float64]
        frame = frame.select(*first, "phenotype_id", pl.exclude(*first, "phenotype_id"))
    if is_bed_header(frame.columns):
        return matrix_of_bed(frame, path, unit=unit)
    text = [c for c, kind in frame.schema.items() if kind == pl.String]
    if len(text) != 1:
        raise InputError(
            f"{path}: expected one column of gene ids and numbers beside it, found {len(text)} of text"
        )
    return _matrix(gene_table(frame[text[0]].to_list()), frame.drop(text), unit, path, ())


def _matrix(
    genes: pl.DataFrame, samples: pl.DataFrame, unit: Unit, path: str, notes: tuple[str, ...]
) -> ExpressionMatrix:
    import polars as pl

    numbers = samples.cast(pl.Float64).fill_null(float("nan"))
    values = np.ascontiguousarray(numbers.to_numpy())
    return ExpressionMatrix(values, genes, tuple(samples.columns), unit, path, notes)
