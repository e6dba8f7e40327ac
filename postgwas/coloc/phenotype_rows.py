"""One phenotype's rows of a file that holds several: ``--only gene_id=ENSG00000140564``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from postgwas.coloc.genome_settings import GwasInput
from postgwas.errors import ColumnError, InputError, NoVariantsError, UsageError
from postgwas.finemap.region_stats import TWICE, RegionStats, load_stats
from postgwas.runlog import get_logger

log = get_logger("coloc")

PHENOTYPE_COLUMNS = frozenset(
    {
        "phenotype_id", "phenotype", "gene_id", "gene", "gene_name", "probeid", "probe_id", "probe",
        "molecular_trait_id", "trait", "trait_id",
    }
)  # fmt: skip
"""Names, in lower case, of columns that say which phenotype a row is of."""


def load_trait(
    given: GwasInput,
    only: str | None,
    folder: str | os.PathLike[str],
    *,
    unsigned: bool = True,
    sized: bool = True,
) -> RegionStats:
    """Read a trait's file, or one phenotype's rows of it.

    Parameters
    ----------
    given : GwasInput
    only : str, optional
        COLUMN=VALUE.
    folder : path
        Where the rows may lie while they are read.
    unsigned : bool
        P-values without the sign of an effect will do; not so beside LD.
    sized : bool
        Every variant needs a sample size; not so where effects and errors are known.

    Raises
    ------
    UsageError
        If `only` is no COLUMN=VALUE.
    ColumnError, NoVariantsError
        If there is no such column, or no row has the value.
    InputError
        If variants repeat and a column tells phenotypes apart; also as
        :func:`postgwas.finemap.region_stats.load_stats`.
    """
    reading = replace(given.reading, unsigned=unsigned, sized=sized)
    if only is None:
        stats = load_stats(given.path, reading)
    else:
        part = _rows(os.fspath(given.path), only, Path(folder), reading.header)
        stats, path = load_stats(part, reading), os.fspath(given.path)
        notes = tuple(note.replace(str(part), path) for note in stats.notes)
        stats = replace(stats, path=path, notes=notes)
    twice = int((stats.rejected["REASON"] == TWICE).sum()) if stats.rejected.height else 0
    column = _phenotype_column(os.fspath(given.path), reading.header) if twice and only is None else None
    if column is not None:
        raise InputError(
            f"{stats.path}: {twice:,} rows repeat one of {stats.frame.height:,} variants, and column "
            f"{column} tells several phenotypes apart",
            hint=f"--only {column}=VALUE takes one; postgwas coloc genomewide --qtl takes all",
        )
    return stats


def with_kinds(inputs: Sequence[GwasInput], stats: Sequence[RegionStats]) -> list[GwasInput]:
    """Traits with their kinds, told by their files where they are not given; a warning says so."""
    made = []
    for one, read in zip(inputs, stats):
        known, notes = one.told(read)
        for note in notes:
            log.warning("%s", note)
        made.append(known)
    return made


def _phenotype_column(path: str, header: Sequence[str] | None) -> str | None:
    from postgwas.genotypes.text_table import read_text

    if header is not None:
        return next((name for name in header if name.lower() in PHENOTYPE_COLUMNS), None)
    try:
        first = read_text(path).partition(b"\n")[0].decode()
    except (InputError, UnicodeDecodeError):  # Parquet and BCF are no text
        return None
    names = first.replace(",", "\t").split("\t") if "\t" in first or "," in first else first.split()
    return next((name for name in names if name.strip().lower() in PHENOTYPE_COLUMNS), None)


def _rows(path: str, only: str, folder: Path, given: Sequence[str] | None) -> Path:
    from postgwas.genotypes.text_table import read_text

    column, equals, value = only.partition("=")
    if not (column and equals and value):
        raise UsageError(f"--only {only}: expected COLUMN=VALUE", hint="- for a file's all rows")
    lines = [line for line in read_text(path).split(b"\n") if line.strip() and not line.startswith(b"##")]
    if not lines:
        raise InputError(f"{path}: the file is empty")
    tabs = b"\t" in lines[0]
    cells = lines[0].split(b"\t") if tabs else lines[0].split()
    header = given or [cell.decode(errors="replace") for cell in cells]
    head, rows = ([], lines) if given else (lines[:1], lines[1:])
    names = [name.strip().lstrip("#") for name in header]
    if column not in names:
        raise ColumnError(f"{path}: no column {column}; columns are {', '.join(names)}")
    at, wanted = names.index(column), value.encode()
    kept = []
    for line in rows:
        cells = line.split(b"\t", at + 1) if tabs else line.split(None, at + 1)
        if len(cells) > at and cells[at].strip() == wanted:
            kept.append(line)
    if not kept:
        raise NoVariantsError(f"{path}: none of {len(rows):,} rows has {value} in column {column}")
    part = folder / f"{len(list(folder.iterdir()))}.tsv"
    part.write_bytes(b"\n".join([*head, *kept]) + b"\n")
    return part
