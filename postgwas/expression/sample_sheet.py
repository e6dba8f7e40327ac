"""Which file is which sample's: a sheet, or the names of folders and files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.errors import InputError
from postgwas.expression.matrix import check_unique, some_names

if TYPE_CHECKING:
    import polars as pl

#: Names that a column may have, in lower case.
SAMPLE_NAMES = ("sample", "sample_id", "sampleid", "iid", "id", "name", "run")
PATH_NAMES = ("path", "file", "filename", "quant", "quant_file")

#: Files that carry their folder's name, because the program gives all the same.
_FOLDER_NAMED = ("quant.sf", "abundance.tsv", "abundance.h5", "ReadsPerGene.out.tab", "quant.genes.sf")
_ENDINGS = (
    "ReadsPerGene.out.tab", ".genes.results", ".isoforms.results", ".htseq.txt", ".quant.sf",
    ".abundance.tsv", ".counts.txt", ".counts.tsv", ".counts", ".txt", ".tsv", ".sf", ".tab",
)  # fmt: skip


def read_sheet(path: str | os.PathLike[str]) -> pl.DataFrame:
    """A table of samples, all columns as text; the sample's column is called ``sample``.

    Parameters
    ----------
    path : path-like
        Delimited text with a header; the sample's column is called sample, sample_id, IID, id,
        name or run, in any case.

    Raises
    ------
    InputError
        If there is no such column, or a sample occurs twice.
    """
    import polars as pl

    from postgwas.expression.text_matrix import read_lines

    lines = read_lines(path)
    frame = lines.frame(text=lines.header)
    column = named_column(lines.header, SAMPLE_NAMES)
    if column is None:
        raise InputError(
            f"{path}, line 1: no column of samples; its columns are {some_names(lines.header)}",
            hint="call it sample",
        )
    frame = frame.rename({column: "sample"}).with_columns(pl.all().str.strip_chars())
    check_unique(frame["sample"].to_list(), "sample", str(path))
    return frame


def sheet_files(sheet: pl.DataFrame, path: str | os.PathLike[str]) -> dict[str, str]:
    """Sample -> file of a sheet; files that do not begin with / lie beside the sheet.

    Raises
    ------
    InputError
        If the sheet has no column of files, or files are not there (how many, some names).
    """
    column = named_column(sheet.columns, PATH_NAMES)
    if column is None:
        raise InputError(
            f"{path}, line 1: no column of files; its columns are {some_names(sheet.columns)}",
            hint="call it path",
        )
    home = Path(path).parent
    empty = sheet.filter(sheet[column].is_null())["sample"].to_list()
    if empty:
        raise InputError(f"{path}: {len(empty)} samples have no file: {some_names(empty)}")
    files = {sample: inside_folder(home / file) for sample, file in sheet.select("sample", column).rows()}
    lost = [sample for sample, file in files.items() if not Path(file).is_file()]
    if lost:
        raise InputError(
            f"{path}: the files of {len(lost)} of {len(files)} samples are not there: {some_names(lost)}, "
            f"such as {files[lost[0]]}"
        )
    return files


def inside_folder(path: str | os.PathLike[str]) -> str:
    """The quantifier's file in a folder that it wrote (``s1`` -> ``s1/quant.sf``); a file is itself.

    Raises
    ------
    InputError
        If the folder has no such file.
    """
    if not Path(path).is_dir():
        return os.fspath(path)
    names = [name + packed for name in _FOLDER_NAMED for packed in ("", ".gz") if not name.endswith(".h5")]
    found = next((Path(path) / name for name in names if (Path(path) / name).is_file()), None)
    if found is None:
        raise InputError(
            f"{path}: is a folder without quant.sf, abundance.tsv or ReadsPerGene.out.tab",
            hint="give the file itself",
        )
    return os.fspath(found)


def files_by_name(paths: Sequence[str | os.PathLike[str]]) -> dict[str, str]:
    """Sample -> file, by the file's name without the program's ending, or by its folder.

    Raises
    ------
    InputError
        If two files get the same name.

    Examples
    --------
    >>> files_by_name(["s1/quant.sf", "s2/quant.sf"])
    {'s1': 's1/quant.sf', 's2': 's2/quant.sf'}
    >>> files_by_name(["out/a.genes.results", "out/bReadsPerGene.out.tab.gz"])
    {'a': 'out/a.genes.results', 'b': 'out/bReadsPerGene.out.tab.gz'}
    """
    names = [_sample_of(os.fspath(path)) for path in paths]
    try:
        check_unique(names, "sample", "names of files")
    except InputError as error:
        error.hint = "--sheet names the samples"
        raise
    return {name: os.fspath(path) for name, path in zip(names, paths)}


def named_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The first of `names` that a column has, in any case."""
    low = {column.strip().lower(): column for column in reversed(columns)}
    return next((low[name] for name in names if name in low), None)


def _sample_of(path: str) -> str:
    file = Path(path)
    name = file.name
    for packed in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(packed)
    if name in _FOLDER_NAMED and file.parent.name:
        return file.parent.name
    ending = next((e for e in _ENDINGS if name.endswith(e) and len(name) > len(e)), "")
    return name.removesuffix(ending).rstrip("._") or name
