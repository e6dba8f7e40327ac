"""Which column of a file is what: flags first, then the dialect of the header, then names.

Where no dialect is recognised, the names of munge_sumstats.py decide, and the longer list of
``reference/dialects.yaml`` helps out with what they do not find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from postgwas.errors import ColumnError
from postgwas.sumstats.dialects import ColumnPlan, plan_columns
from postgwas.sumstats.munge.columns import Columns, add_daner, no_alleles, no_n, too_many_signed
from postgwas.sumstats.munge.names import DESCRIPTIONS, NO_EFFECT, called, clean, known_fields
from postgwas.sumstats.munge.options import MungeOptions

_FROM_DIALECT = (
    "SNPID", "EA", "NEA", "P", "MLOG10P", "LOG10P", "EAF", "INFO", "N", "NEFF", "NEFF_HALF", "N_CAS",
    "N_CON", "Z", "BETA", "OR", "SE", "EAF_CAS", "EAF_CON", "REF", "ALT", "VARIANT",
)  # fmt: skip
_N_FIELDS = ("N", "NEFF", "NEFF_HALF", "N_CAS", "N_CON", "NSTUDY")


def columns_of_header(names: Sequence[str], options: MungeOptions, *, source: str) -> Columns:
    """Find the columns of a file.

    Parameters
    ----------
    names : sequence of str
        Columns of the file.
    options : MungeOptions
    source : str
        File name, for messages.

    Raises
    ------
    ColumnError
        A needed column is missing, is named twice, or several could be meant.
    """
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ColumnError(f"{source}: found several columns named {', '.join(twice)}")
    ignored = options.ignored()
    left = [name for name in names if clean(name) not in ignored]
    flagged = _flagged(left, options, source=source)
    plan, ambiguous = _plan(left, flagged, source)
    recognised = plan if plan is not None and plan.dialect not in {"generic", "named"} else None
    daner = options.daner or options.daner_n or (recognised is not None and recognised.dialect == "daner")
    if recognised is not None and not daner:
        plan = recognised
        found = {known: plan.columns[known] for known in _FROM_DIALECT if known in plan.columns}
        _add(found, known_fields(left), only=("NSTUDY",))
    else:
        found = _by_name(left, flagged, options, source=source)
    constant = options.constant_n
    notes: tuple[str, ...] = ()
    if daner:
        constant, notes = _daner(found, left, options, source=source)
    elif recognised is None and plan is not None:
        more = [(plan.columns[known], known) for known in _FROM_DIALECT if known in plan.columns]
        _add(found, more, only=_helped(found))
    warnings: tuple[str, ...] = ()
    if ambiguous is not None and not options.no_alleles:
        if "EA" not in found:
            raise ambiguous
        warnings = (
            f"{source}: the header does not tell the effect allele; {found['EA']} is taken for it, as "
            f"munge_sumstats.py does (--a1 {found.get('NEA', 'COLUMN')} --a2 {found['EA']} takes the other)",
        )
    found = {known: column for known, column in found.items() if column not in flagged.values()} | flagged
    if "N" in flagged and not {"N_CAS", "N_CON"} & flagged.keys():
        _drop(found, "N_CAS", "N_CON")
    return _settle(
        found, names, options, source=source, plan=recognised, constant=constant, notes=notes,
        warnings=warnings,
    )  # fmt: skip


def _flagged(names: Sequence[str], options: MungeOptions, *, source: str) -> dict[str, str]:
    by_clean = {clean(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for flag, column, known in options.named_columns():
        if clean(column) not in by_clean:
            raise ColumnError(f"{source}: {flag} {column}: no such column; columns found: {', '.join(names)}")
        if known == "INFO" and known in found:
            known = f"INFO_{1 + sum(f.startswith('INFO') for f in found)}"
        found[known] = by_clean[clean(column)]
    return found


def _plan(
    names: Sequence[str], flagged: Mapping[str, str], source: str
) -> tuple[ColumnPlan | None, ColumnError | None]:
    """What the dialects say, or the error by which they refuse an ambiguous effect allele."""
    alleles = {known: column for known, column in flagged.items() if known in {"EA", "NEA"}}
    try:
        return plan_columns(names, source=source, columns=alleles, flags={"EA": "--a1", "NEA": "--a2"}), None
    except ColumnError as error:
        return None, error


def _by_name(
    names: Sequence[str], flagged: Mapping[str, str], options: MungeOptions, *, source: str
) -> dict[str, str]:
    found: dict[str, str] = {}
    unsigned = options.signed_sumstats is not None or options.a1_inc
    for column, known in known_fields(names):
        if known in flagged or column in flagged.values() or (unsigned and known in NO_EFFECT):
            continue
        if known in found:
            raise ColumnError(
                f"{source}: found 2 different {called(known)} columns: {found[known]}, {column}; "
                f"columns found: {', '.join(names)}",
                hint=f"--ignore {column} leaves one out",
            )
        found[known] = column
    signed = [found[known] for known in NO_EFFECT if known in found]
    if len(signed) > 1:
        raise too_many_signed(source, [name for name in names if name in signed])
    return found


def _helped(found: Mapping[str, str]) -> list[str]:
    """Fields that the longer list of names may supply."""
    fields = [known for known in ("SNPID", "EAF", "INFO", "SE") if known not in found]
    if not {"EA", "NEA"} <= found.keys():
        fields += ["EA", "NEA", "REF", "ALT"]
    if not NO_EFFECT.keys() & found.keys():
        fields += ["Z", "BETA", "OR"]
    if "P" not in found:
        fields += ["P", "MLOG10P", "LOG10P"]
    if not {"N", "NSTUDY"} & found.keys() and not {"N_CAS", "N_CON"} <= found.keys():
        fields += ["N", "NEFF", "NEFF_HALF", "N_CAS", "N_CON"]
    return fields


def _add(found: dict[str, str], more: Sequence[tuple[str, str]], *, only: Sequence[str]) -> None:
    for column, known in more:
        if known in only and column not in found.values():
            found[known] = column


def _daner(
    found: dict[str, str], names: Sequence[str], options: MungeOptions, *, source: str
) -> tuple[float | None, tuple[str, ...]]:
    by_column = options.daner_n or (not options.daner and {"Nca", "Nco"} <= set(names))
    chosen = MungeOptions(n=options.n, daner=not by_column, daner_n=by_column)
    table: dict[str, str] = {}
    constant, notes = add_daner(table, names, chosen, source=source, constant=None)
    found.update({known: column for column, known in table.items()})
    return (options.constant_n or constant), (notes if options.constant_n is None else ())


def _settle(
    found: dict[str, str],
    names: Sequence[str],
    options: MungeOptions,
    *,
    source: str,
    plan: ColumnPlan | None,
    constant: float | None,
    notes: tuple[str, ...],
    warnings: tuple[str, ...],
) -> Columns:
    """Choose one way to each thing that is needed, and drop the columns that are not."""
    listed = ", ".join(names)
    if "SNPID" not in found and "VARIANT" in found:
        found["SNPID"] = found["VARIANT"]
    if "SNPID" not in found:
        raise ColumnError(
            f"{source}: could not find the SNP column; columns found: {listed}",
            hint="--snp names it; postgwas harmonise finds rsIDs by position",
        )
    signed, null, passed = _choose_signed(found, options, source=source, listed=listed)
    size = _choose_size(found, signed, source=source, listed=listed)
    if not _has_alleles(found) and not options.no_alleles:
        raise no_alleles(source, names)
    if constant is not None:
        _drop(found, *_N_FIELDS[:-1])
    elif not _keep_one_n(found):
        raise no_n(source, names)
    if options.no_alleles:
        _drop(found, "EA", "NEA", "REF", "ALT", "VARIANT")
    elif {"EA", "NEA"} <= found.keys():
        _drop(found, "REF", "ALT", "VARIANT")
    if "EAF" in found:
        _drop(found, "EAF_CAS", "EAF_CON")
    described = tuple(
        sorted(
            ((column, _describe(known, signed)) for known, column in found.items()),
            key=lambda line: list(names).index(line[0]),
        )
    )
    name = "SIGNED_SUMSTATS" if signed == "SIGNED" else found["SIGNED"] if signed else ""
    if passed:
        notes += (f"{name} gives the direction of effects; not read: {', '.join(passed)}.",)
    return Columns(
        found, name, signed, null, size, constant, described, notes, warnings,
        dialect=plan.dialect if plan else "generic",
        text_na=plan.text_na if plan else (),
        additive_rows=plan.additive_rows if plan else None,
    )  # fmt: skip


def _describe(known: str, signed: str) -> str:
    field = signed if known == "SIGNED" else "INFO" if known.startswith("INFO") else known
    return DESCRIPTIONS[field]


def _choose_signed(
    found: dict[str, str], options: MungeOptions, *, source: str, listed: str
) -> tuple[str, float, list[str]]:
    given = options.signed_column()
    present = [known for known in NO_EFFECT if known in found]
    if given is not None:
        _drop(found, *present)
        return "SIGNED", given[1], []
    if options.a1_inc:
        _drop(found, *present)
        return "", 0.0, []
    if not present:
        raise ColumnError(
            f"{source}: could not find a signed summary statistic column; columns found: {listed}",
            hint="--signed_sumstats COLUMN,NULL names it, --a1_inc says that A1 is the increasing allele",
        )
    first = present[0]
    passed = [found[known] for known in present[1:]]
    found["SIGNED"] = found[first]
    _drop(found, *present)
    return first, NO_EFFECT[first], passed


def _choose_size(found: dict[str, str], signed: str, *, source: str, listed: str) -> str:
    for size in ("P", "MLOG10P", "LOG10P"):
        if size in found:
            _drop(found, *({"P", "MLOG10P", "LOG10P", "SE"} - {size}))
            return size
    if signed == "Z":
        _drop(found, "SE")
        return "Z"
    if signed in {"BETA", "LOG_ODDS"} and "SE" in found:
        return "BETA/SE"
    raise ColumnError(
        f"{source}: could not find the P column, nor Z, nor BETA and SE; columns found: {listed}",
        hint="--p names it",
    )


def _has_alleles(found: Mapping[str, str]) -> bool:
    return bool(
        {"EA", "NEA"} <= found.keys() or {"EA", "REF", "ALT"} <= found.keys() or {"VARIANT"} <= found.keys()
    )


def _keep_one_n(found: dict[str, str]) -> bool:
    """Keep one source of N; cases and controls go first, as in munge_sumstats.py."""
    for best in (("N_CAS", "N_CON"), ("N",), ("NEFF",), ("NEFF_HALF",)):
        if set(best) <= found.keys():
            _drop(found, *(set(_N_FIELDS) - set(best)))
            return True
    return False


def _drop(found: dict[str, str], *fields: str) -> None:
    for known in fields:
        found.pop(known, None)
