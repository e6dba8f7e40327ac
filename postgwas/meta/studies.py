"""The studies of a meta-analysis: their files, names, ancestries, sample sizes and environments."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from postgwas.errors import ColumnError, InputError, UsageError

#: Columns of a table of studies that are not environment variables, with other names that they may have.
TABLE_COLUMNS = {
    "NAME": ("NAME", "STUDY"),
    "PATH": ("PATH", "FILE", "SUMSTATS"),
    "ANCESTRY": ("ANCESTRY", "POPULATION", "POP"),
    "N": ("N",),
    "N_CASES": ("N_CASES", "NCASES", "N_CAS"),
    "N_CONTROLS": ("N_CONTROLS", "NCONTROLS", "N_CON"),
    "LAMBDA": ("LAMBDA",),
}


@dataclass(frozen=True)
class StudySpec:
    """One study.

    Attributes
    ----------
    path : str
        Its summary statistics, of any dialect.
    name : str
        Of its own among the studies; results do not depend on the order of studies but on these names.
    ancestry : str, optional
    environment : tuple of float
        Values of the environment variables, in the order of their names.
    n : float, optional
        Sample size; goes before a column of the file.
    n_cases, n_controls : float, optional
        Of a case-control study: N becomes 4 / (1/cases + 1/controls).
    lambda_gc : float, optional
        Genomic control: this in place of the estimate.
    columns : mapping
        Canonical name -> column of the file, where it is not found by itself.
    header : tuple of str, optional
        Names of all columns of a file without a header.
    """

    path: str
    name: str
    ancestry: str | None = None
    environment: tuple[float, ...] = ()
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    lambda_gc: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] | None = None


@dataclass(frozen=True)
class StudyList:
    """Studies in the order given.

    Attributes
    ----------
    studies : tuple of StudySpec
    environment : tuple of str
        Names of environment variables.
    unused : tuple of str
        Columns of the table of studies that nothing uses.
    """

    studies: tuple[StudySpec, ...]
    environment: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.studies)

    @property
    def canonical(self) -> tuple[StudySpec, ...]:
        """By name: the order in which all sums are made, whatever order was given."""
        return tuple(sorted(self.studies, key=lambda study: study.name))

    @property
    def display(self) -> tuple[int, ...]:
        """For each study as given, its place in :attr:`canonical`."""
        names = [study.name for study in self.canonical]
        return tuple(names.index(study.name) for study in self.studies)

    @property
    def ancestries(self) -> tuple[str, ...]:
        """Those there are, sorted."""
        return tuple(sorted({study.ancestry for study in self.studies if study.ancestry}))


def studies_from_flags(
    paths: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    ancestries: Sequence[str] | None = None,
    n: Sequence[float | None] | None = None,
    columns: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> StudyList:
    """Studies as given on a command line; `columns` and `flags` as in :func:`columns_by_study`.

    Raises
    ------
    UsageError
        Lists of different lengths, or names that are not each study's own.

    Examples
    --------
    >>> [study.name for study in studies_from_flags(["a/ukb.tsv.gz", "b/bbj.txt"]).studies]
    ['ukb', 'bbj']
    """
    for flag, given in (("--names", names), ("--ancestry", ancestries), ("--n", n)):
        if given is not None and len(given) != len(paths):
            raise UsageError(
                f"{flag} has {len(given)} values for {len(paths)} studies", hint=f"{flag} A,B,..."
            )
    own = columns_by_study(columns or {}, len(paths), flags)
    made = [
        StudySpec(
            path=path,
            name=names[at] if names is not None else plain_name(path),
            ancestry=ancestries[at] if ancestries is not None else None,
            n=n[at] if n is not None else None,
            columns=own[at],
        )
        for at, path in enumerate(paths)
    ]
    return checked(StudyList(tuple(made)))


def columns_by_study(
    columns: Mapping[str, str], n_studies: int, flags: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Names of columns for each study: one for all, or with commas one a study, NA for what is found.

    Parameters
    ----------
    columns : mapping
        Canonical name -> as given.
    n_studies : int
    flags : mapping, optional
        Canonical name -> flag, for messages.

    Raises
    ------
    UsageError
        More names than one, and not one a study.

    Examples
    --------
    >>> columns_by_study({"EA": "A1,NA"}, 2)
    [{'EA': 'A1'}, {}]
    """
    made: list[dict[str, str]] = [{} for _ in range(n_studies)]
    for field_name, given in columns.items():
        names = [name.strip() for name in given.split(",")]
        if len(names) == 1:
            names *= n_studies
        if len(names) != n_studies:
            flag = (flags or {}).get(field_name, field_name)
            raise UsageError(
                f"{flag} {given}: {len(names)} names for {n_studies} studies",
                hint="one for all, or one a file, with commas; NA: as found",
            )
        for own, name in zip(made, names):
            if name not in ("-", "NA"):
                own[field_name] = name
    return made


def plain_name(path: str) -> str:
    """A file's name without folders and endings."""
    return Path(path).name.split(".")[0] or Path(path).name


def studies_from_table(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
    environment: Sequence[str] = (),
) -> StudyList:
    """Studies from a table with a header: NAME, PATH, then ANCESTRY, N and others, and environment variables.

    Relative paths are looked for where the run is, then beside the table. Columns that are none of these are
    named in :attr:`StudyList.unused`; one that is nearly one of the known is refused.

    Raises
    ------
    InputError, ColumnError
        If the table cannot be used.
    """
    names, rows = _rows(path)
    header = [name.strip() for name in names]
    places = {
        name: next((at for at, found in enumerate(header) if found.upper() in spellings), None)
        for name, spellings in TABLE_COLUMNS.items()
    }
    if places["PATH"] is None:
        raise ColumnError(f"{path}: no column PATH; columns found: {', '.join(header)}")
    at_environment = _environment_places(path, header, set(places.values()), environment)
    unused = [at for at in range(len(header)) if at not in {*places.values(), *at_environment}]
    made = []
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(f"{path}: line {line} has {len(row)} fields, the header {len(header)}")
        text = {name: row[at].strip() if at is not None else "" for name, at in places.items()}
        where = text["PATH"]
        if not Path(where).exists() and (Path(path).parent / where).exists():
            where = str(Path(path).parent / where)
        made.append(
            StudySpec(
                path=where,
                name=text["NAME"] or plain_name(where),
                ancestry=text["ANCESTRY"] or None,
                environment=tuple(
                    _value(row[at], f"{path}: line {line}, {header[at]}") for at in at_environment
                ),
                n=_number(text["N"], f"{path}: line {line}, N"),
                n_cases=_number(text["N_CASES"], f"{path}: line {line}, N_CASES"),
                n_controls=_number(text["N_CONTROLS"], f"{path}: line {line}, N_CONTROLS"),
                lambda_gc=_above_zero(text["LAMBDA"], f"{path}: line {line}, LAMBDA"),
            )
        )
    own = columns_by_study(columns or {}, len(made), flags)
    made = [replace(study, columns=names) for study, names in zip(made, own)]
    named = tuple(header[at] for at in at_environment)
    return checked(StudyList(tuple(made), named, tuple(header[at] for at in unused)))


def _environment_places(
    path: str | os.PathLike[str], header: Sequence[str], taken: set[int | None], asked: Sequence[str]
) -> list[int]:
    """Where the environment variables that are asked for are; refuses columns that look mistyped."""
    for name in asked:
        if name not in header:
            raise ColumnError(f"{path}: --covariates: no column {name}; columns found: {', '.join(header)}")
    # What the table has under its right name is not meant by another column.
    open_ = {
        spelling: field_name
        for field_name, spellings in TABLE_COLUMNS.items()
        if not any(name.upper() in spellings for name in header)
        for spelling in spellings
    }
    for at, name in enumerate(header):
        if at in taken or name in asked:
            continue
        plain = re.sub("[^A-Z]", "", name.upper())
        near = [known for known in open_ if known.replace("_", "") == plain]
        near += get_close_matches(name.upper(), open_, n=1, cutoff=0.8)
        if near:
            raise ColumnError(
                f"{path}: unknown column {name}: {open_[near[0]]} is meant?",
                hint=f"write it so, or --covariates {name} for an environment variable of --method mrmega",
            )
    return [header.index(name) for name in asked]


def checked(studies: StudyList) -> StudyList:
    """The same studies.

    Raises
    ------
    UsageError
        If there are none, or two of one name.
    """
    if not studies.studies:
        raise UsageError("no studies are given", hint="--sumstats A,B,... or --studies FILE")
    seen: set[str] = set()
    for study in studies.studies:
        if study.name in seen:
            raise UsageError(f"two studies are called {study.name}", hint="--names A,B,... names them")
        seen.add(study.name)
    return studies


def _rows(path: str | os.PathLike[str]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header; line number and fields of each line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if len(lines) < 2:
        raise InputError(f"{path}: expected a header and a line for each study")
    separator = "\t" if "\t" in lines[0][1] else "," if "," in lines[0][1] else None

    def fields(line: str) -> list[str]:
        return next(csv.reader([line], delimiter=separator)) if separator else line.split()

    return fields(lines[0][1]), [(at, fields(line)) for at, line in lines[1:]]


def _number(text: str, where: str) -> float | None:
    if text.strip() in ("", "NA", "."):
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is not a number") from None


def _above_zero(text: str, where: str) -> float | None:
    found = _number(text, where)
    if found is not None and not found > 0:
        raise InputError(f"{where}: {text.strip()}, expected a number above 0, or NA")
    return found


def _value(text: str, where: str) -> float:
    found = _number(text, where)
    if found is None:
        raise InputError(f"{where}: an environment variable has no value for this study")
    return found
