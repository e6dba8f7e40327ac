"""Tables of Parquet files, as polars' frames.

By pyarrow: on damaged files polars' reader panics, which no ``except`` of a program sees.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def read_table(
    path: str | os.PathLike[str], *, content: IO[bytes] | None = None, columns: list[str] | None = None
) -> pl.DataFrame:
    """The table of a file, or of its `content` where that has been read already.

    Parameters
    ----------
    path : path-like
    content : file-like, optional
    columns : list of str, optional
        These alone, of which all must be there.

    Raises
    ------
    InputError
        The file is missing, or no whole Parquet file.
    """
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source: Any = os.fspath(path) if content is None else content
        with pq.ParquetFile(source) as file:
            table = file.read(columns=columns)
        return sound_frame(table)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (
        OSError,
        ValueError,
        KeyError,
        MemoryError,
        pa.ArrowException,
        pl.exceptions.PolarsError,
    ) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: not a whole Parquet file: {why}") from None


def sound_frame(table: Any) -> pl.DataFrame:
    """An Arrow table as a frame; its errors where it holds text that is not UTF-8, at which polars panics."""
    import polars as pl

    table.validate(full=True)
    return pl.DataFrame(pl.from_arrow(table.replace_schema_metadata(None)))
