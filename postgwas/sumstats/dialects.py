"""Which dialect a header speaks, and so which column means what.

The knowledge is in ``reference/dialects.yaml`` (and, because reading YAML takes a tenth of a second,
once more in ``dialects.json``, written by ``python -m postgwas.reference.dialects``); this module only
compares names. What a
header leaves open about the effect allele is refused, never guessed.
"""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.fields import DEFAULT_WANTED

_RAW = (
    "OR",
    "OR_LOW",
    "OR_HIGH",
    "LOG10P",
    "N_CAS",
    "N_CON",
    "NEFF",
    "NEFF_HALF",
    "EAF_CAS",
    "EAF_CON",
    "AC",
)
_MORE_RAW = ("HOM_EA", "HET", "HOM_NEA", "REF", "ALT", "VARIANT")
FIELDS = frozenset({*DEFAULT_WANTED, *_RAW, *_MORE_RAW})
"""What a column of a file can be: canonical columns and the raw material that they are made of."""


SIGNLESS = frozenset({"SNPID", "CHR", "POS", "P", "MLOG10P", "N", "INFO"})
"""Fields that do not depend on which allele effects are of."""


@dataclass(frozen=True)
class Dialect:
    """One entry of the table."""

    name: str
    requires: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    excludes: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    chr_codes: str = ""
    text_na: tuple[str, ...] = ()
    additive_rows: tuple[str, tuple[str, ...]] | None = None
    header_counts: Mapping[str, str] = field(default_factory=dict)

    def speaks(self, names: Sequence[str]) -> bool:
        """Whether this header belongs to the dialect."""
        present = set(names)
        return all(_has(required, names, present) for required in self.requires) and not any(
            _has(excluded, names, present) for excluded in self.excludes
        )


@dataclass(frozen=True)
class ColumnPlan:
    """Where each field is found in one file.

    Attributes
    ----------
    dialect : str
        Name of the dialect, ``"generic"`` if only the alias table applied, ``"named"`` if
        every column was named by the user.
    columns : mapping
        Field -> column in the file.
    constants : mapping
        Field -> value that holds for all rows (cases and controls from a daner header).
    chr_codes : str
        ``"plink"`` where 25 and 26 are XY and MT.
    additive_rows : (column, values) or None
        Rows to keep, where a program prints several tests a variant.
    warnings : tuple of str
    """

    dialect: str
    columns: Mapping[str, str]
    constants: Mapping[str, float] = field(default_factory=dict)
    chr_codes: str = ""
    text_na: tuple[str, ...] = ()
    additive_rows: tuple[str, tuple[str, ...]] | None = None
    warnings: tuple[str, ...] = ()


def _has(required: str, names: Sequence[str], present: set[str]) -> bool:
    for option in required.split("|"):
        if option in present or (option.endswith("*") and any(n.startswith(option[:-1]) for n in names)):
            return True
    return False


def _find(candidates: Sequence[str], names: Sequence[str]) -> str | None:
    for candidate in candidates:
        for name in names:
            if name == candidate or (candidate.endswith("*") and name.startswith(candidate[:-1])):
                return name
    return None


def _as_tuple(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, (str, int)) else tuple(str(v) for v in value or ())


def _parse_entry(entry: Mapping[str, Any], origin: str) -> Dialect:
    try:
        name = str(entry["name"])
        columns = {str(k): _as_tuple(v) for k, v in entry["columns"].items()}
        requires = _as_tuple(entry["requires"])
    except (KeyError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{origin}: a dialect needs name, requires and columns (field: column); "
            f"found {error!r} in {repr(entry)[:120]}"
        ) from None
    unknown = sorted(set(columns) - FIELDS)
    if unknown:
        raise UsageError(
            f"{origin}: dialect {name}: unknown field {', '.join(unknown)}; "
            f"fields are {', '.join(sorted(FIELDS))}"
        )
    rows = entry.get("additive_rows")
    return Dialect(
        name=name,
        requires=requires,
        columns=columns,
        excludes=_as_tuple(entry.get("excludes")),
        source=str(entry.get("source", "")),
        note=str(entry.get("note", "")),
        chr_codes=str(entry.get("chr_codes", "")),
        text_na=_as_tuple(entry.get("text_na")),
        additive_rows=(str(rows["column"]), _as_tuple(rows["keep"])) if rows else None,
        header_counts=dict(entry.get("header_counts", {})),
    )


def _load(text: str, origin: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Aliases of aliases could make a small file an endless one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise UsageError(f"{origin}: has aliases (*name): expected each value written out")
        table = yaml.load(text, Loader=loader)
    except RecursionError:
        raise UsageError(f"{origin}: nested too deeply") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{origin}: not a YAML file: {error}") from None
    if not isinstance(table, dict) or not isinstance(table.get("dialects"), list):
        raise UsageError(f"{origin}: expected a mapping with a list 'dialects'")
    return table


@functools.cache
def _built_in() -> tuple[tuple[Dialect, ...], dict[str, Any]]:
    import json

    from postgwas import reference

    table = json.loads(Path(reference.__path__[0], "dialects.json").read_text(encoding="utf-8"))
    return tuple(_parse_entry(e, "dialects.yaml") for e in table["dialects"]), table["generic"]


def known_dialects(dialect_files: Sequence[str | os.PathLike[str]] = ()) -> tuple[Dialect, ...]:
    """All dialects, those of the user's own YAML files first.

    Raises
    ------
    UsageError
        A file is missing, is no YAML or an entry lacks a part.
    """
    own: list[Dialect] = []
    for path in dialect_files:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: cannot read the dialects: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path}: not a text file in UTF-8") from None
        own.extend(_parse_entry(e, str(path)) for e in _load(text, str(path))["dialects"])
    return (*own, *_built_in()[0])


def _normal(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_").replace(" ", "_")


def _generic_columns(names: Sequence[str]) -> tuple[dict[str, str], list[str], tuple[str, str] | None]:
    """Columns by the alias table, warnings, and a pair of alleles whose roles are unknown."""
    table = _built_in()[1]
    by_normal: dict[str, str] = {}
    for name in names:
        by_normal.setdefault(_normal(name), name)
    columns: dict[str, str] = {}
    warnings: list[str] = []
    taken: set[str] = set()
    for name_of_field, aliases in table["columns"].items():
        hits = [by_normal[a] for a in aliases if a in by_normal and by_normal[a] not in taken]
        if hits:
            columns[name_of_field] = hits[0]
            taken.add(hits[0])
    alleles = table["alleles"]
    effect = next((by_normal[a] for a in alleles["effect"] if a in by_normal), None)
    other = next((by_normal[a] for a in alleles["other"] if a in by_normal), None)
    pairs = {
        kind: next(
            ((by_normal[a], by_normal[b]) for a, b in alleles[kind] if a in by_normal and b in by_normal),
            None,
        )
        for kind in ("conventional", "ambiguous")
    }
    ambiguous = None
    if effect:
        columns["EA"] = effect
        pair = pairs["conventional"] or pairs["ambiguous"]
        if other:
            columns["NEA"] = other
        elif pair:
            columns["REF"], columns["ALT"] = pair
    elif pairs["conventional"]:
        columns["EA"], columns["NEA"] = pairs["conventional"]
        warnings.append(
            f"{columns['EA']} is taken as the effect allele, {columns['NEA']} as the other (the convention "
            "of LDSC, mtag, PLINK and REGENIE); where it is the other way round, name the columns"
        )
    else:
        ambiguous = pairs["ambiguous"]
    if "EAF" not in columns:
        for alias in table["frequency_of_unknown_allele"]:
            if alias in by_normal:
                warnings.append(
                    f"{by_normal[alias]} does not say which allele it belongs to, so it is not read as EAF"
                )
                break
    return columns, warnings, ambiguous


def columns_of_fields(names: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Columns of a header that are some of these fields by their names, in the order of the fields.

    Examples
    --------
    >>> columns_of_fields(["SNP", "Ncases", "odds_ratio"], ["N_CAS", "N_CON", "OR"])
    ['Ncases', 'odds_ratio']
    """
    spellings = _built_in()[1]["columns"]
    return [name for field in fields for name in names if _normal(name) in spellings.get(field, ())]


def frequency_of_either_allele(names: Sequence[str]) -> str | None:
    """The column of an allele frequency that does not say which allele's it is, such as MAF; None without.

    Examples
    --------
    >>> frequency_of_either_allele(["SNP", "F", "MAF"]), frequency_of_either_allele(["SNP", "EAF"])
    ('MAF', None)
    """
    by_normal = {_normal(name): name for name in names}
    found = (by_normal.get(alias) for alias in _built_in()[1]["frequency_of_unknown_allele"])
    return next((name for name in found if name is not None), None)


def plan_columns(
    names: Sequence[str],
    *,
    source: str,
    columns: Mapping[str, str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    flags: Mapping[str, str] | None = None,
    alleles: bool = True,
) -> ColumnPlan:
    """Decide which column of a file is which field.

    Parameters
    ----------
    names : sequence of str
        The header.
    source : str
        File name, for messages.
    columns : mapping, optional
        Field -> column, named by the user; stronger than any dialect.
    dialect : str, optional
        Take this dialect instead of recognising one.
    dialect_files : sequence of paths
        YAML files with more dialects.
    flags : mapping, optional
        Field -> the flag that names its column, for messages.
    alleles : bool
        Whether anything that is wanted depends on which allele effects are of.

    Raises
    ------
    ColumnError
        A named column is not there, or the effect allele cannot be told.
    UsageError
        Unknown dialect or field.
    """
    named = dict(columns or {})
    flags = flags or {}
    unknown = sorted(set(named) - FIELDS)
    if unknown:
        raise UsageError(f"unknown field {', '.join(unknown)}; fields are {', '.join(sorted(FIELDS))}")
    for name_of_field, column in named.items():
        if column not in names:
            flag = flags.get(name_of_field)
            what = f"{flag} {column}: no such column" if flag else f"no column {column!r} for {name_of_field}"
            near = difflib.get_close_matches(column.lower(), [name.lower() for name in names], n=1)
            close = next((name for name in names if near and name.lower() == near[0]), None)
            raise ColumnError(
                f"{source}: {what}; columns found: {', '.join(names)}",
                hint=f"did you mean {close}?"
                if close
                else f"{flag} takes one name, or one for each file"
                if flag
                else None,
            )

    table = known_dialects(dialect_files)
    if dialect is not None and dialect != "generic":
        chosen = next((d for d in table if d.name == dialect), None)
        if chosen is None:
            raise UsageError(
                f"unknown dialect {dialect!r}; known are generic, {', '.join(d.name for d in table)}",
                hint="a YAML file can describe another",
            )
    else:
        chosen = None if dialect == "generic" else next((d for d in table if d.speaks(names)), None)

    warnings: list[str] = []
    ambiguous = None
    constants: dict[str, float] = {}
    if chosen is not None:
        found = {
            f: hit for f, options in chosen.columns.items() if (hit := _find(options, names)) is not None
        }
        for name_of_field, pattern in chosen.header_counts.items():
            counted = _find((pattern,), names)
            count = counted.removeprefix(pattern.rstrip("*")) if counted else ""
            if count.isdigit() and name_of_field not in found:
                constants[name_of_field] = float(count)
    else:
        found, warnings, ambiguous = _generic_columns(names)
    found = {f: c for f, c in found.items() if f not in named and c not in named.values()} | named
    if ambiguous and alleles and "EA" not in found:
        first, second = ambiguous
        flag = flags.get("EA", "columns EA")
        raise ColumnError(
            f"{source}: the header does not tell whether {first} or {second} is the effect allele; "
            f"columns found: {', '.join(names)}",
            hint=f"say so with {flag} and {flags.get('NEA', 'NEA')}",
        )
    if "EA" in found and found["EA"] == found.get("NEA"):
        raise ColumnError(f"{source}: {found['EA']} is named both effect and other allele")
    called = chosen.name if chosen else ("named" if named and set(found) == set(named) else "generic")
    return ColumnPlan(
        dialect=called,
        columns=found,
        constants=constants,
        chr_codes=chosen.chr_codes if chosen else "",
        text_na=chosen.text_na if chosen else (),
        additive_rows=(
            chosen.additive_rows
            if chosen and chosen.additive_rows and chosen.additive_rows[0] in names
            else None
        ),
        warnings=tuple(warnings),
    )
