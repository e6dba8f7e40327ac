"""The table of a result, ``<out>.sumstats.gz``, and the list of removed rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Texts
from postgwas.sumstats.munge.allele_list import AlleleList
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.filters import LETTERS, NO_LETTER
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.rows import Rows, Values

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Table:
    """SNP, A1, A2, Z, N and FRQ: those there are, in the order in which they are written.

    Attributes
    ----------
    columns : mapping
        Texts; alleles also as codes, 9 for none; numbers, NaN for none.
    """

    columns: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.columns["SNP"])

    def n_known(self) -> int:
        """Rows with N."""
        n = self.columns["N"]
        assert isinstance(n, np.ndarray)
        return len(self) - int(np.isnan(n.astype(np.float64)).sum())

    def frame(self) -> pl.DataFrame:
        """As a frame; missing is null."""
        import polars as pl

        letters = pl.Series(list(LETTERS.decode()), dtype=pl.Enum(list(LETTERS.decode())))
        series = []
        for name, values in self.columns.items():
            if isinstance(values, Texts):
                series.append(values.to_series(name))
            elif values.dtype == np.uint8:
                at = pl.Series(values.astype(np.uint32))
                known = pl.select(pl.when(at < NO_LETTER).then(at)).to_series()
                series.append(letters.gather(known).alias(name))
            else:
                column = pl.Series(name, values)
                series.append(column.fill_nan(None) if column.dtype.is_float() else column)
        return pl.DataFrame(series)


def output_table(
    rows: Rows,
    columns: Columns,
    options: MungeOptions,
    *,
    whole_n: bool,
    take: npt.NDArray[np.int64] | None = None,
    alleles: AlleleList | None = None,
) -> Table:
    """SNP, A1, A2, Z, N and FRQ, in the order in which the file has their columns.

    Parameters
    ----------
    rows : Rows
        With the final Z and N.
    columns : Columns
    options : MungeOptions
    whole_n : bool
        The file prints N as whole numbers (of interest with ``ldsc_compat`` alone).
    take : ndarray, optional
        Row of each SNP of a list, -1 for none.
    alleles : AlleleList, optional
        The list. With ``ldsc_compat`` each of its SNPs has a line, empty where it has no row.
    """
    names = {"SNP": "SNPID", "A1": "EA", "A2": "NEA", "Z": "Z", "N": "N", "FRQ": "EAF"}
    if options.no_alleles and not options.ldsc_compat:
        del names["A1"], names["A2"]
    table = {name: rows.columns[known] for name, known in names.items() if known in rows}
    n_is_whole = whole_n and _n_is_read(columns) if options.ldsc_compat else _all_whole(rows["N"])
    # pandas makes floats of whole numbers where it merges a list.
    if n_is_whole and not (options.ldsc_compat and take is not None):
        table["N"] = rows["N"].astype(np.int64)
    if take is not None:
        if not options.ldsc_compat:
            take = take[take >= 0]
        blank = take < 0
        table = {name: values[np.maximum(take, 0)] for name, values in table.items()}
        if blank.any():
            assert alleles is not None
            for values in table.values():
                _blank(values, blank)
            table["SNP"] = alleles.snpid
    return Table({name: table[name] for name in _order(list(table), columns, by_list=take is not None)})


def _blank(values: Values, rows: npt.NDArray[np.bool_]) -> None:
    if isinstance(values, Texts):
        values.words[rows] = 0
    else:
        values[rows] = NO_LETTER if values.dtype == np.uint8 else np.nan


def _n_is_read(columns: Columns) -> bool:
    """Whether a column of the file is N, which cases and controls otherwise give."""
    return "N" in columns.fields and not {"N_CAS", "N_CON"} <= columns.fields.keys()


def _all_whole(n: npt.NDArray[np.float64]) -> bool:
    return bool((n == np.floor(n)).all())


def _order(names: list[str], columns: Columns, *, by_list: bool) -> list[str]:
    """As in the file, Z where P is; what is not a column of the file comes at the end.

    Where a list gives the rows, SNP comes first.
    """
    field = {"SNP": "SNPID", "A1": "EA", "A2": "NEA", "Z": columns.size, "N": "N"}
    listed = [column for column, _ in columns.described]

    def place(name: str) -> int:
        if by_list and name == "SNP":
            return -1
        column = columns.fields.get(field.get(name, ""))
        return listed.index(column) if column in listed else len(listed)

    return sorted((n for n in names if n != "FRQ"), key=place) + [n for n in names if n == "FRQ"]
