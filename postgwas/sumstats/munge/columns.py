"""Which column of a file is what: munge_sumstats.py's rule as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from postgwas.errors import ColumnError
from postgwas.sumstats.munge.names import DESCRIPTIONS, NO_EFFECT, called, clean, known_fields
from postgwas.sumstats.munge.options import MungeOptions


@dataclass(frozen=True)
class Columns:
    """What is read from one file, and how.

    Attributes
    ----------
    fields : mapping
        Field -> column; several INFO columns are INFO, INFO_2, INFO_3 ... The signed statistic
        is SIGNED, whatever it is.
    signed : str
        What messages call the signed statistic; empty without one.
    signed_field : str
        What it is: Z, BETA, OR, LOG_ODDS or SIGNED; empty without one.
    null : float
        Its value for no effect.
    size : str
        What the size of Z is computed from: ``"P"``, ``"MLOG10P"``, ``"LOG10P"``, ``"Z"`` or ``"BETA/SE"``.
    constant_n : float or None
        N for all rows, where no column is used.
    described : tuple of (column, sentence)
        For the log, in the order of the file.
    notes, warnings : tuple of str
        Lines for the log.
    dialect : str
    text_na, additive_rows
        As in :class:`~postgwas.sumstats.dialects.ColumnPlan`.
    """

    fields: Mapping[str, str]
    signed: str
    signed_field: str
    null: float
    size: str = "P"
    constant_n: float | None = None
    described: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dialect: str = "ldsc"
    text_na: tuple[str, ...] = ()
    additive_rows: tuple[str, tuple[str, ...]] | None = None

    @property
    def info(self) -> list[str]:
        """The INFO fields."""
        return [name for name in self.fields if name == "INFO" or name.startswith("INFO_")]


@dataclass
class _Map:
    """Columns and their fields while they are being sorted out, in the order of the file."""

    source: str
    names: Sequence[str]
    of: dict[str, str] = field(default_factory=dict)

    def columns(self, name: str) -> list[str]:
        return [column for column, known in self.of.items() if known == name]

    def has(self, name: str) -> bool:
        return name in self.of.values()

    def error(self, what: str, hint: str | None = None) -> ColumnError:
        return ColumnError(f"{self.source}: {what}; columns found: {', '.join(self.names)}", hint=hint)


def daner_columns(names: Sequence[str], source: str) -> tuple[str, float, float]:
    """Column of the controls' frequencies, and the numbers of cases and controls in the header.

    Raises
    ------
    ColumnError
        There is no pair of columns ``FRQ_A_<cases>``, ``FRQ_U_<controls>``.
    """
    cases = next((name for name in names if name.startswith("FRQ_A_")), None)
    controls = next((name for name in names if name.startswith("FRQ_U_")), None)
    try:
        if cases and controls:
            return controls, float(cases[6:]), float(controls[6:])
    except ValueError:
        pass
    raise ColumnError(
        f"{source}: --daner expects columns FRQ_A_<cases> and FRQ_U_<controls>; "
        f"columns found: {', '.join(names)}"
    )


def columns_as_ldsc(names: Sequence[str], options: MungeOptions, *, source: str) -> Columns:
    """Read the header as munge_sumstats.py 1.0.1 does, limits included.

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
        A needed column is not there, or two are the same thing.
    """
    table = _Map(source, names)
    ignored = options.ignored()
    flagged = {clean(column): known for _, column, known in options.named_columns()}
    unsigned = options.signed_sumstats is not None or options.a1_inc
    for column in names:
        key = clean(column)
        if key in ignored:
            continue
        if key in flagged:
            table.of[column] = flagged[key]
        elif (hit := known_fields([column])) and not (unsigned and hit[0][1] in NO_EFFECT):
            table.of[column] = hit[0][1]
    constant = options.constant_n
    notes: tuple[str, ...] = ()
    if options.daner or options.daner_n:
        constant, notes = add_daner(table.of, names, options, source=source, constant=constant)
    described = tuple((column, DESCRIPTIONS[known]) for column, known in table.of.items())
    signed, signed_field, null = _signed(table, options)
    _require(table, options, constant)
    if table.has("NSTUDY") and (table.has("N") or (table.has("N_CAS") and table.has("N_CON"))):
        for column in table.columns("NSTUDY"):
            del table.of[column]
    fields = {known: column for column, known in table.of.items()}
    return Columns(fields, signed, signed_field, null, constant_n=constant, described=described, notes=notes)


def add_daner(
    table: dict[str, str], names: Sequence[str], options: MungeOptions, *, source: str, constant: float | None
) -> tuple[float | None, tuple[str, ...]]:
    """Enter the columns of a daner file; returns N for all rows, if it is in the header, and log lines."""
    frequency, cases, controls = daner_columns(names, source)
    table[frequency] = "EAF"
    if options.daner:
        note = f"Inferred that N_cas = {cases}, N_con = {controls} from the FRQ_[A/U] columns."
        return options.n or cases + controls, (note,)
    for column, known in (("Nca", "N_CAS"), ("Nco", "N_CON")):
        if column not in names:
            raise ColumnError(
                f"{source}: could not find the column {column} that --daner_n expects; "
                f"columns found: {', '.join(names)}"
            )
        table[column] = known
    return constant, ()


def _signed(table: _Map, options: MungeOptions) -> tuple[str, str, float]:
    given = options.signed_column()
    if options.a1_inc:
        # Z is positive together with --signed-sumstats too, whose missing values count nonetheless.
        return "", "", 0.0
    if given is not None:
        return "SIGNED_SUMSTATS", "SIGNED", given[1]
    found = [(column, known) for column, known in table.of.items() if known in NO_EFFECT]
    if len(found) > 1:
        raise too_many_signed(table.source, [column for column, _ in found])
    if not found:
        raise table.error(
            "could not find a signed summary statistic column", "--signed_sumstats COLUMN,NULL names it"
        )
    column, known = found[0]
    table.of[column] = "SIGNED"
    return column, known, NO_EFFECT[known]


def too_many_signed(source: str, columns: Sequence[str]) -> ColumnError:
    """The error for two or more columns that tell the direction of effects."""
    return ColumnError(
        f"{source}: too many signed summary statistic columns: {', '.join(columns)}",
        hint=f"--ignore {','.join(columns[1:])} leaves out what is not to be used",
    )


def _require(table: _Map, options: MungeOptions, constant: float | None) -> None:
    needed = ["SNPID", "P"] + ([] if options.a1_inc else ["SIGNED"])
    flags = {"SNPID": "--snp", "P": "--p", "SIGNED": "--signed_sumstats"}
    for known in needed:
        if not table.has(known):
            raise table.error(f"could not find the {called(known)} column", f"{flags[known]} names it")
    twice = sorted({column for column in table.of if list(table.names).count(column) > 1})
    if twice:
        raise table.error(f"found several columns named {twice[0]}")
    for known in table.of.values():
        same = table.columns(known)
        if len(same) > 1:
            raise table.error(
                f"found {len(same)} different {called(known)} columns: {', '.join(same)}",
                f"--ignore {same[-1]} leaves one out",
            )
    if constant is None and not table.has("N") and not (table.has("N_CAS") and table.has("N_CON")):
        raise no_n(table.source, table.names)
    if not options.no_alleles and not (table.has("EA") and table.has("NEA")):
        raise no_alleles(table.source, table.names)


def no_n(source: str, names: Sequence[str]) -> ColumnError:
    """The error for a file without sample sizes."""
    return ColumnError(
        f"{source}: could not determine N; columns found: {', '.join(names)}",
        hint="--N gives one number for all, --N_col names a column",
    )


def no_alleles(source: str, names: Sequence[str]) -> ColumnError:
    """The error for a file without alleles."""
    return ColumnError(
        f"{source}: could not find A1/A2 columns; columns found: {', '.join(names)}",
        hint="--a1 and --a2 name them; --no_alleles does without",
    )
