"""Groups of samples (populations, batches) from a file or a list."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.text_table import read_text, split_columns
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

_NONE = ("NA", "NaN", ".", "", "-9")
_IDS = ("FID", "IID")


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each sample belongs to.

    Attributes
    ----------
    names : tuple of str
        Those that have samples, sorted.
    codes : ndarray of int64, shape (n,)
        Place of each sample's group in `names`; -1 where it has none.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Samples of each group."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    def labels(self) -> list[str | None]:
        """Name of each sample's group, None where it has none."""
        return [None if code < 0 else self.names[code] for code in self.codes.tolist()]

    def of(self, rows: NDArray[np.int64]) -> Groups:
        """The same groups for some of the samples."""
        return Groups(self.names, self.codes[rows])

    def at_least(self, size: int) -> Groups:
        """Without the groups that have fewer samples."""
        large = [name for name, count in zip(self.names, self.sizes.tolist()) if count >= size]
        return _of([label if label in large else None for label in self.labels()])


Given = str | os.PathLike[str] | Mapping[str, str] | Sequence[str | None]


def groups_of(samples: pl.DataFrame, given: Given, *, column: str | None = None) -> Groups:
    """Groups of the samples.

    Parameters
    ----------
    samples : polars.DataFrame
        FID, IID.
    given : path, mapping or sequence
        A file (``#IID GROUP``, ``FID IID GROUP``, a .psam with several columns; without a header
        IID GROUP or FID IID GROUP; a sheet with the ids first and `column` in its header), a mapping
        from IID, or one label a sample. Files and mappings may have others than these samples.
    column : str, optional
        Which column of the file; needed where several could be meant.

    Raises
    ------
    InputError
        If it names none of the samples, or one of them twice with different groups.
    ColumnError
        If the column is missing or cannot be told.

    Examples
    --------
    >>> import polars as pl
    >>> samples = pl.DataFrame({"FID": [None, None], "IID": ["a", "b"]})
    >>> groups_of(samples, {"b": "EUR"}).codes.tolist()
    [-1, 0]
    """
    if isinstance(given, str | os.PathLike):
        found, name = _from_file(samples, os.fspath(given), column), f"{os.fspath(given)}: "
    elif isinstance(given, Mapping):
        found, name = [given.get(iid) for iid in samples["IID"].to_list()], ""
    else:
        found, name = list(given), ""
        if len(found) != samples.height:
            raise InputError(f"{len(found):,} group labels for {samples.height:,} samples")
    groups = _of(found)
    if not groups.names:
        raise InputError(
            f"{name}gives a group to none of the {samples.height:,} samples (such as '{samples['IID'][0]}')",
            hint="columns IID and GROUP, or FID, IID and GROUP",
        )
    without = [iid for iid, label in zip(samples["IID"].to_list(), found) if label is None]
    if without:
        more = ", ..." if len(without) > 3 else ""
        told = f"{len(without):,} of {samples.height:,} samples ({', '.join(without[:3])}{more})"
        log.warning("%sno group for %s", name, told)
    return groups


def _of(labels: Sequence[str | None]) -> Groups:
    names = tuple(sorted({label for label in labels if label is not None}))
    places = {name: place for place, name in enumerate(names)}
    return Groups(names, np.array([-1 if one is None else places[one] for one in labels], np.int64))


def _from_file(samples: pl.DataFrame, path: str, column: str | None) -> list[str | None]:
    text = read_text(path)
    data = text.lstrip()
    above = text[: len(text) - len(data)].count(b"\n")
    first = data.split(b"\n", 1)[0].decode(errors="replace").split()
    names = [first[0].lstrip("#"), *first[1:]]
    has_header = names[0] in _IDS or "IID" in names
    if not has_header and column in names[1:]:
        # A sheet of samples, whose first column has their ids under another name.
        names, has_header = ["IID", *names[1:]], True
    if has_header:
        data = data.partition(b"\n")[2]
    else:
        if column is not None or len(names) not in (2, 3):
            raise ColumnError(
                f"{path}: no header with IID in line 1, and {len(names)} columns", hint="#IID GROUP in line 1"
            )
        names = ["IID", "GROUP"] if len(names) == 2 else ["FID", "IID", "GROUP"]
    wanted = _column(names, path, column)
    if not data.strip():
        raise InputError(f"{path}: no samples below the header")
    table = split_columns(data, names, path, first_line=1 + above + has_header)
    return _matched(samples, table, wanted, path)


def _column(names: list[str], path: str, column: str | None) -> str:
    others = [name for name in names if name not in _IDS and name.upper() not in ("SEX", "PAT", "MAT")]
    if column is not None:
        if column not in names:
            raise ColumnError(
                f"{path}: no column '{column}'; it has {', '.join(names)}", hint="--group_column"
            )
        return column
    if "IID" not in names or len(others) != 1:
        raise ColumnError(
            f"{path}: cannot tell the column of groups among {', '.join(others) or 'none'}",
            hint="--group_column",
        )
    return others[0]


def _matched(samples: pl.DataFrame, table: pl.DataFrame, column: str, path: str) -> list[str | None]:
    import polars as pl

    by = ["FID", "IID"] if "FID" in table.columns and not samples["FID"].null_count() else ["IID"]
    distinct = table.select(*by, pl.col(column).alias("_GROUP")).unique(maintain_order=True)
    twice = distinct.filter(pl.struct(by).is_duplicated())
    if twice.height:
        raise InputError(
            f"{path}: sample '{twice['IID'][0]}' has two groups, {twice['_GROUP'][0]} and another"
        )
    joined = samples.join(distinct, on=by, how="left", maintain_order="left")
    return [None if label is None or label in _NONE else label for label in joined["_GROUP"].to_list()]
