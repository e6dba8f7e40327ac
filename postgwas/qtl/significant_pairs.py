"""Pairs of eGenes below their nominal threshold, out of tables of any size: read a part at a time."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import ColumnError, InputError
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.half_line import refuse_half_a_line

if TYPE_CHECKING:
    import polars as pl

_PART = 1 << 26
"""Bytes of text that are held at a time."""


def significant_pairs(source: str | os.PathLike[str] | pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Pairs with a nominal P up to their phenotype's threshold.

    Parameters
    ----------
    source : path, ``STUDY.h5::KEY`` or polars.DataFrame
        All pairs, of this package or a peer: phenotype_id, variant_id, pval_nominal, and any other columns.
    limits : polars.DataFrame
        A row an eGene: phenotype_id, threshold, and columns that its pairs get.

    Returns
    -------
    polars.DataFrame
        The pairs' columns, then those of `limits` without threshold; in the order of the pairs.

    Raises
    ------
    InputError, ColumnError
        As :func:`postgwas.qtl.read_qtl_table`.
    """
    import polars as pl

    kept = [_below(part, limits) for part in _parts(source)]
    return pl.concat(kept)


def _below(part: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    extra = [name for name in part.columns if name in limits.columns and name != "phenotype_id"]
    joined = part.drop(extra).join(limits, on="phenotype_id", how="inner", maintain_order="left")
    return joined.filter(pl.col("pval_nominal") <= pl.col("threshold")).drop("threshold")


def _parts(source: str | os.PathLike[str] | pl.DataFrame) -> Iterator[pl.DataFrame]:
    needed = ("phenotype_id", "variant_id", "pval_nominal")
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        if path.endswith((".parquet", ".pq")):
            yield from _parquet(path, needed)
            return
        if "::" not in path:
            yield from _text(path, needed)
            return
    yield read_qtl_table(source, needed=needed)


def _parquet(path: str, needed: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from postgwas.sumstats.parquet_table import sound_frame

    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        file: Any = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            yield read_qtl_table(sound_frame(file.read_row_group(group)), needed=needed)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None


def _text(path: str, needed: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Whole lines of about 64 MB, each part under the header."""
    header, rest, n_parts = b"", b"", 0
    with ByteStream(path) as stream:
        while data := stream.read(_PART):
            data = rest + data
            if not header:
                header, _, data = data.partition(b"\n")
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                yield _lines(path, header, data[:end], needed)
                n_parts += 1
    if rest.strip():
        refuse_half_a_line(path, rest, b"\t", header.count(b"\t") + 1)
        yield _lines(path, header, rest, needed)
        n_parts += 1
    if not n_parts:
        raise InputError(f"{path}: no lines below the header")


def _lines(path: str, header: bytes, body: bytes, needed: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_csv(
            io.BytesIO(header + b"\n" + body),
            separator="\t",
            infer_schema_length=0,
            null_values=["NA", "NaN", "nan", ""],
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: not a tab separated table ({str(error).splitlines()[0]})") from None
    try:
        return read_qtl_table(frame, needed=needed)
    except ColumnError as error:
        raise ColumnError(f"{path}: {str(error).partition(': ')[2] or error}") from None
