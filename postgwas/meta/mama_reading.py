"""MAMA's inputs: one population's summary statistics, and LD scores by pair of populations."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postgwas.errors import InputError
from postgwas.genotypes.text_table import read_text
from postgwas.meta.named_columns import find_columns
from postgwas.sumstats.half_line import refuse_half_a_line
from postgwas.sumstats.layout import sniff_layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

#: Columns of :attr:`PopulationTable.frame` that are numbers.
NUMBERS = ("FREQ", "BETA", "SE", "P")

#: Spellings of a missing value, pandas' and ours.
MISSING = (
    "", "NA", "NaN", "nan", "-nan", "-NaN", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A", "NULL",
    "null", "None", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", ".",
)  # fmt: skip


@dataclass(frozen=True)
class PopulationTable:
    """Summary statistics of one population as read.

    Attributes
    ----------
    frame : polars.DataFrame
        ROW (line), SNP (lower case), CHR (upper case), BP, A1 (effect allele), A2 (both upper
        case), FREQ of A1, BETA, SE, P; N where there is one, as written; then the file's other
        columns as written.
    columns : tuple of str
        Standard names in the order of the file, those of other columns between them.
    rejected : polars.DataFrame
        ROW, SNPID, REASON of lines that are no rows.
    """

    frame: pl.DataFrame
    columns: tuple[str, ...]
    rejected: pl.DataFrame


def read_by_patterns(
    path: str, wanted: Mapping[str, str], *, separator: str | None = None
) -> PopulationTable:
    """Read a file whose columns are found by patterns of their names, as mama.py does.

    Parameters
    ----------
    path : str
        Text, plain or compressed.
    wanted : mapping
        Of :func:`postgwas.meta.named_columns.patterns`.
    separator : str, optional
        Between fields; found from the file by default.

    Raises
    ------
    InputError, ColumnError
        The file cannot be read as a table, or columns are missing or ambiguous.
    """
    import polars as pl

    from postgwas.sumstats.table import empty_rejected

    names, body, line = _layout(path, separator)
    found = find_columns(names, wanted, source=path)
    standard = {name: column for column, name in found.items()}
    columns = tuple(standard.get(name, name) for name in names)
    numeric = {name: pl.Float64() for name, column in standard.items() if column in (*NUMBERS, "BP")}
    frame = _parse(path, body, names, numeric, line).rename(standard)
    frame = frame.with_row_index("ROW", offset=line).with_columns(
        pl.col("SNP").str.to_lowercase(), pl.col("CHR", "A1", "A2").str.to_uppercase(),
        pl.col("BP").cast(pl.Int64, strict=False), *(pl.col(name).fill_nan(None) for name in NUMBERS),
    )  # fmt: skip
    first = ["ROW", *REQUIRED_ORDER]
    rest = [name for name in frame.columns if name not in first]
    return PopulationTable(frame.select(*first, *rest), columns, empty_rejected())


#: Order of columns of :attr:`PopulationTable.frame` after ROW.
REQUIRED_ORDER = ("SNP", "CHR", "BP", "A1", "A2", "FREQ", "BETA", "SE", "P")


def read_any_dialect(
    path: str,
    *,
    columns: Mapping[str, str] | None = None,
    n: float | None = None,
    without_frequency: bool = False,
) -> PopulationTable:
    """Read a file of any dialect; what it lacks is derived where that can be done.

    Parameters
    ----------
    path : str
    columns : mapping, optional
        Canonical name -> column of the file.
    n : float, optional
        Sample size.
    without_frequency : bool
        FREQ may be missing; it is null then.

    Raises
    ------
    InputError, ColumnError
        The file cannot be read as a table, or columns are missing or ambiguous.
    """
    import polars as pl

    from postgwas.store.export import with_chromosome_names
    from postgwas.sumstats.run import read_sumstats

    needed = ["SNPID", "CHR", "POS", "EA", "NEA", "BETA", "SE"]
    required = needed if without_frequency else [*needed, "EAF"]
    wanted = (*needed, "EAF", "P", "N")
    stats = read_sumstats(path, columns=columns or None, wanted=wanted, require=required, n=n)
    frame = with_chromosome_names(stats.frame)
    for name in ("EAF", "P", "N"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name))
    frame = frame.select(
        pl.col("ROW").cast(pl.UInt32), pl.col("SNPID").str.to_lowercase().alias("SNP"),
        pl.col("CHR").cast(pl.String), pl.col("POS").cast(pl.Int64).alias("BP"),
        pl.col("EA").str.to_uppercase().alias("A1"), pl.col("NEA").str.to_uppercase().alias("A2"),
        pl.col("EAF").alias("FREQ"), "BETA", "SE", "P", "N",
    )  # fmt: skip
    if frame["N"].null_count() == frame.height:
        frame = frame.drop("N")
    elif (frame["N"] == frame["N"].round()).all():
        frame = frame.with_columns(pl.col("N").cast(pl.Int64))
    return PopulationTable(frame, tuple(frame.columns[1:]), stats.rejected)


def read_ld_table(path: str, *, separator: str | None = None, rename: Sequence[str] = ()) -> pl.DataFrame:
    """One file of LD scores: SNP in lower case, BP where there is one, and all scores.

    Parameters
    ----------
    path : str
        mama_ldscores.py's, with columns ANC1_ANC2, or OUT.cross.ldscore.gz of
        ``postgwas ldsc --l2 --bfile2``.
    separator : str, optional
    rename : pair of str
        Ancestries of L2_1 and L2_2 of the latter.

    Raises
    ------
    InputError
        If the file cannot be read, or has no column SNP.
    """
    import polars as pl

    names, body, line = _layout(path, separator)
    if "SNP" not in names:
        raise InputError(f"{path}: no column SNP; columns found: {', '.join(names)}")
    text = [name for name in names if name in ("SNP", "CHR", "A1", "A2")]
    numeric = {name: pl.Float64() for name in names if name not in text}
    frame = _parse(path, body, names, numeric, line).with_columns(pl.col("SNP").str.to_lowercase())
    if rename:
        one, two = rename
        own = {"L2_1": f"{one}_{one}", "L2_2": f"{two}_{two}", "L2_CROSS": f"{one}_{two}"}
        missing = [name for name in own if name not in names]
        if missing:
            raise InputError(
                f"{path}: no column {', '.join(missing)}; columns found: {', '.join(names)}",
                hint=f"{one},{two}=FILE is for OUT.cross.ldscore.gz of postgwas ldsc --l2 --bfile2",
            )
        frame = frame.rename(own)
        if {"A1", "FRQ_1", "FRQ_2"} <= set(names):
            places = (("FRQ_1", one), ("FRQ_2", two))
            frame = frame.with_columns(
                *(pl.col(place).alias(f"FRQ:{name}") for place, name in places),
                *(pl.col("A1").alias(f"A1:{name}") for _, name in places),
            )
    return frame.drop("CHR", "CM", "A1", "A2", "FRQ_1", "FRQ_2", "MAF", strict=False)


def _layout(path: str, separator: str | None) -> tuple[list[str], bytes, int]:
    """Names of columns, the rows with one tab between fields, and the line number of the first."""
    data = read_text(path)
    if separator is not None:
        head, _, body = data.partition(b"\n")
        pattern = separator.encode()
        names = [part.strip().decode() for part in re.split(pattern, head)]
        return names, body if separator == "\t" else re.sub(pattern, b"\t", body), 2
    layout = sniff_layout(data[: 1 << 20], source=path)
    body = data[layout.offset :]
    if layout.quoted:
        body = body.replace(b'"', b"")
    if layout.separator in (",", ";"):
        body = body.replace(layout.separator.encode(), b"\t")
    elif layout.separator != "\t":
        body = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", body))
    return list(layout.names), body, layout.first_line


def _parse(
    path: str, body: bytes, names: Sequence[str], numeric: Mapping[str, pl.DataType], line: int
) -> pl.DataFrame:
    import polars as pl

    refuse_half_a_line(path, body, b"\t", len(names), line=line)
    schema = {name: numeric.get(name, pl.String()) for name in names}
    try:
        frame = pl.read_csv(
            io.BytesIO(body), has_header=False, separator="\t", quote_char=None, schema=schema,
            null_values=list(MISSING), ignore_errors=True, comment_prefix="#",
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        for number, text in enumerate(body.split(b"\n"), start=line):
            fields = text.count(b"\t") + 1
            if text.strip() and fields != len(names):
                raise InputError(f"{path}, line {number}: {fields} fields, expected {len(names)}") from None
        raise InputError(f"{path}: cannot be read as a table: {str(error).splitlines()[0]}") from None
    if not frame.height:
        raise InputError(f"{path}: a header but no rows")
    return frame
