"""Read annotation files (``.annot``, full or thin) and match them to the variants of the genotypes."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.genotypes.text_table import read_text
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: Columns of a full annotation file that name the variant; all others are annotations.
PLACE = ("CHR", "BP", "SNP", "CM")

ENDINGS = ("", ".annot.gz", ".annot.bz2", ".annot.zst", ".annot.xz", ".annot")
_MISSING = ("NA", "na", "nan", "NaN", "NAN", "", ".")


@dataclass(frozen=True, eq=False)
class Annotations:
    """Annotations of variants, one row a variant of the genotypes, in their order.

    Attributes
    ----------
    values : ndarray of float64, shape (V, A)
    names : tuple of str, length A
    whole : bool
        Every number was written as an integer: then sums are counts.
    sources : tuple of Path
        The files, in the order of their columns.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    whole: bool
    sources: tuple[Path, ...]

    @property
    def n_annotations(self) -> int:
        return len(self.names)


def read_annotations(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    variants: pl.DataFrame,
    *,
    thin: bool = False,
    genotypes: str = "the genotypes",
) -> Annotations:
    """Annotations of exactly the variants of a genotype file.

    Parameters
    ----------
    files : path or sequence of paths
        Each a file, or a prefix: of one file (``PREFIX.annot[.gz|.bz2|...]``) or of one for
        each chromosome of `variants` (``PREFIX22.annot.gz``; ``@`` stands for the chromosome
        elsewhere in the name). The columns of several stand side by side.
    variants : polars.DataFrame
        SNPID and CHR (numbers) of the genotypes, in file order.
    thin : bool
        The files have annotation columns alone; their rows are taken to be those of `variants`.
    genotypes : str
        Name of the genotype file, for messages.

    Returns
    -------
    Annotations

    Raises
    ------
    InputError
        If a file is missing, has other variants than the genotypes or in another order,
        another number of rows, or a cell that is not a finite number.
    ColumnError
        If the columns are those of a full file but `thin` is given or the other way about,
        if there are none, or two have the same name.
    """
    asked = [files] if isinstance(files, (str, os.PathLike)) else list(files)
    parts = [_read_named(str(name), variants, thin=thin, genotypes=genotypes) for name in asked]
    if not parts:
        raise UsageError("no annotation file given", hint="--annot FILE")
    names = [name for part in parts for name in part.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        where = ", ".join(str(part.sources[0]) for part in parts)
        raise ColumnError(
            f"{where}: two annotations are called {twice[0]}",
            hint="rename one of them, as make_annot --annot_names does",
        )
    return Annotations(
        values=parts[0].values if len(parts) == 1 else np.hstack([part.values for part in parts]),
        names=tuple(names),
        whole=all(part.whole for part in parts),
        sources=tuple(source for part in parts for source in part.sources),
    )


def _read_named(name: str, variants: pl.DataFrame, *, thin: bool, genotypes: str) -> Annotations:
    """One file, or one for each chromosome set below one another."""
    paths = find_annotation_files(name, variants)
    tables = [_read_table(path, thin=thin) for path in paths]
    first = tables[0]
    for path, table in zip(paths, tables):
        if table.names != first.names:
            raise ColumnError(
                f"{path}: its annotations ({_some(table.names)}) are not those of {paths[0]} "
                f"({_some(first.names)})"
            )
    values = first.values if len(tables) == 1 else np.vstack([table.values for table in tables])
    ids = [table.snpid for table in tables]
    _check_rows([(path, table.values.shape[0]) for path, table in zip(paths, tables)], variants, genotypes)
    if not thin:
        _check_ids(paths, ids, variants["SNPID"], genotypes)
    return Annotations(values, first.names, all(table.whole for table in tables), tuple(paths))


def find_annotation_files(name: str, variants: pl.DataFrame) -> list[Path]:
    """The file called `name`, the one with this prefix, or one for each chromosome of `variants`.

    Raises
    ------
    InputError
        If there is none, or a chromosome lacks its own.
    """
    found = _existing(name) if "@" not in name else None
    if found is not None:
        return [found]
    pattern = name if "@" in name else f"{name}@"
    chromosomes = variants["CHR"].unique(maintain_order=True).to_list()
    by_chromosome = [_existing(pattern.replace("@", str(c))) for c in chromosomes]
    if not any(by_chromosome):
        raise InputError(f"{name}: no such annotation file, nor {name}.annot[.gz|.bz2]")
    for chromosome, path in zip(chromosomes, by_chromosome):
        if path is None:
            missing = pattern.replace("@", str(chromosome))
            raise InputError(
                f"{missing}.annot[.gz|.bz2]: no such file, though the genotypes have chromosome {chromosome}"
            )
    return [path for path in by_chromosome if path is not None]


def _existing(name: str) -> Path | None:
    candidates = (Path(name + ending).expanduser() for ending in ENDINGS)
    return next((path for path in candidates if path.is_file()), None)


@dataclass(frozen=True, eq=False)
class _Table:
    values: NDArray[np.float64]
    names: tuple[str, ...]
    whole: bool
    snpid: pl.Series | None


def _read_table(path: Path, *, thin: bool) -> _Table:
    import polars as pl

    header, body = _header_and_body(path)
    placed = [name for name in PLACE if name in header]
    if thin and "SNP" in placed:
        raise ColumnError(
            f"{path}: has the columns {', '.join(placed)}: a full annotation file, not a thin one",
            hint="leave out --thin_annot",
        )
    if not thin and "SNP" not in placed:
        raise ColumnError(
            f"{path}: no column SNP among {_some(header)}; expected CHR BP SNP CM before the annotations",
            hint="--thin_annot takes files with annotations alone",
        )
    names = tuple(name for name in header if thin or name not in PLACE)
    if not names:
        raise ColumnError(f"{path}: no annotation column besides {', '.join(placed)}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ColumnError(f"{path}: two columns are called {twice[0]}", hint="rename one of them")
    if not thin:
        _check_places(path, header, placed, names)
    frame = _parse(path, header, body)
    values, whole = _numbers(path, frame, names)
    return _Table(values, names, whole, None if thin else frame["SNP"].cast(pl.String))


def _check_places(path: Path, header: Sequence[str], placed: Sequence[str], names: Sequence[str]) -> None:
    """Refuse, or tell of, columns that would be annotations because their names are not those of places."""
    first = header.index(names[0])
    if first < max(map(header.index, placed)):
        later = next(name for name in header[first:] if name in PLACE)
        raise ColumnError(
            f"{path}: column {names[0]} stands before {later}; expected CHR BP SNP CM, then the annotations",
            hint="rename it if it is a place, or move it to the end",
        )
    if len(placed) < len(PLACE):
        lacking = ", ".join(name for name in PLACE if name not in placed)
        log.warning("%s: no column %s; taken as annotations: %s", path, lacking, _some(names))


def _header_and_body(path: Path) -> tuple[list[str], bytes]:
    text = read_text(path)
    first, _, body = text.partition(b"\n")
    try:
        header = first.decode().split()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: its header is not text in UTF-8") from error
    if b" " in text or text.count(b"\t", 0, len(first)) != len(header) - 1:
        # Runs of white space, as ldsc takes them; rare in annotation files.
        body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
    if not body.strip():
        raise InputError(f"{path}: a header, but no variants")
    return header, body


def _parse(path: Path, header: Sequence[str], body: bytes) -> pl.DataFrame:
    import polars as pl

    types: dict[str, Any] = {name: pl.String for name in PLACE if name in header}
    options: dict[str, Any] = {
        "has_header": False,
        "new_columns": list(header),
        "separator": "\t",
        "quote_char": None,
    }
    try:
        frame = pl.read_csv(io.BytesIO(body), schema_overrides=types, infer_schema_length=10_000, **options)
    except pl.exceptions.PolarsError:
        # A number that only looks whole at first, or a cell that is none: read as text, judge later.
        try:
            frame = pl.read_csv(io.BytesIO(body), infer_schema=False, **options)
        except pl.exceptions.PolarsError:
            raise _uneven(path, len(header), body) from None
    if frame.width != len(header) or (frame.width > 1 and frame[:, -1].null_count()):
        raise _uneven(path, len(header), body)
    return frame


def _uneven(path: Path, width: int, body: bytes) -> InputError:
    for number, line in enumerate(body.split(b"\n"), start=2):
        found = len(line.split())
        if found != width and found:
            return InputError(f"{path}: line {number} has {found} fields, expected {width} as in the header")
    return InputError(f"{path}: not a table of {width} columns in UTF-8 text")


def _numbers(path: Path, frame: pl.DataFrame, names: Sequence[str]) -> tuple[NDArray[np.float64], bool]:
    import polars as pl

    values = np.empty((frame.height, len(names)))
    whole = True
    for i, name in enumerate(names):
        column = frame[name]
        if column.dtype == pl.String:
            whole = whole and bool(column.str.contains(r"^\s*[+-]?\d+\s*$").all())
        else:
            whole = whole and column.dtype.is_integer()
        numbers = column.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        if not np.isfinite(numbers).all():
            raise _no_number(path, column, numbers)
        values[:, i] = numbers
    return values, whole


def _no_number(path: Path, column: pl.Series, numbers: NDArray[np.float64]) -> InputError:
    import polars as pl

    bad = np.flatnonzero(~np.isfinite(numbers))
    cell = column.cast(pl.String)[int(bad[0])]
    where = f"{path}: line {bad[0] + 2}, column {column.name}"
    count = f"{bad.size:,} such cell{'s' * (bad.size > 1)}"
    if cell is None or cell in _MISSING:
        return InputError(f"{where}: no value ('{cell or ''}'); every variant needs one ({count})")
    return InputError(f"{where}: found '{cell}', expected a finite number ({count})")


def _check_rows(parts: Sequence[tuple[Path, int]], variants: pl.DataFrame, genotypes: str) -> None:
    rows = sum(height for _, height in parts)
    if rows != variants.height:
        files = str(parts[0][0]) if len(parts) == 1 else f"{parts[0][0]} ... {parts[-1][0]}"
        raise InputError(
            f"{files}: {rows:,} variants, but {genotypes} has {variants.height:,}; an annotation file must "
            "have the same variants in the same order as the genotypes"
        )


def _check_ids(
    paths: Sequence[Path], ids: Sequence[pl.Series | None], expected: pl.Series, genotypes: str
) -> None:
    import polars as pl

    at = 0
    for path, found in zip(paths, ids):
        assert found is not None
        there = expected.slice(at, found.len())
        different = found.ne_missing(there)
        if different.any():
            row = different.arg_true()[0]
            n = int(different.sum())
            moved = pl.Series(found).is_in(expected.implode()).sum()
            raise InputError(
                f"{path}: line {row + 2} has variant {found[row]}, but row {at + row + 1} of {genotypes} is "
                f"{there[row]} ({n:,} rows differ; {moved:,} of {found.len():,} variants are in both files); "
                "an annotation file must have the same variants in the same order as the genotypes"
            )
        at += found.len()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f", ... ({len(names)} in all)" if len(names) > 5 else "")
