"""METAL's commands: how each is spelled, and what it sets.

As in METAL, case does not matter and a command may be cut short; what METAL would pass over with a message is
an error here, with the script's line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from postgwas.errors import InputError
from postgwas.meta.metal_settings import CONDITIONS, Filter, MetalSettings, whole_number


@dataclass(frozen=True)
class Line:
    """One command.

    Attributes
    ----------
    path : str
    number : int
    words : tuple of str
    """

    path: str
    number: int
    words: tuple[str, ...]

    def error(self, what: str, hint: str | None = None) -> InputError:
        """An error at this line."""
        return InputError(f"{self.path}: line {self.number}: {' '.join(self.words)}: {what}", hint=hint)


#: Command -> fewest letters that may stand for it, fewest arguments; in METAL's order of trying.
COMMANDS: dict[str, tuple[int, int]] = {
    "ANALYZE": (2, 0), "ANALYSE": (2, 0), "CLEAR": (2, 0), "REMOVEFILTERS": (3, 0), "FLIP": (2, 0),
    "HELP": (1, 0), "QUIT": (1, 0), "EXIT": (2, 0), "RETURN": (3, 0), "COLUMNCOUNTING": (2, 1),
    "CUSTOMVARIABLE": (2, 1), "DEFAULTWEIGHT": (1, 1), "WEIGHTLABEL": (1, 1), "GENOMICCONTROL": (1, 1),
    "LOGPVALUE": (2, 1), "USESTRAND": (1, 1), "VERBOSE": (1, 1), "AVERAGEFREQUENCY": (2, 1),
    "MINMAXFREQUENCY": (4, 1), "MARKERLABEL": (3, 1), "MAXWARNINGS": (3, 1), "PVALUELABEL": (2, 1),
    "EFFECT_PRINT_PRECISION": (7, 1), "STDERR_PRINT_PRECISION": (7, 1), "EFFECTLABEL": (2, 1),
    "FREQLABEL": (2, 1), "SOURCE": (2, 1), "STDERRLABEL": (3, 1), "STRANDLABEL": (3, 1), "SCHEME": (2, 1),
    "SEPARATOR": (2, 1), "PROCESSFILE": (2, 1), "MINWEIGHT": (4, 1), "OVERLAP": (2, 1), "ZCUTOFF": (1, 1),
    "TRACKPOSITIONS": (1, 1), "CHROMOSOMELABEL": (2, 1), "POSITIONLABEL": (2, 1), "ALLELELABELS": (2, 2),
    "OUTFILE": (2, 2), "ADDFILTER": (3, 3), "LABEL": (2, 3),
}  # fmt: skip
_LABELS = {
    "WEIGHTLABEL": "weight", "MARKERLABEL": "marker", "PVALUELABEL": "pvalue", "EFFECTLABEL": "effect",
    "FREQLABEL": "freq", "STDERRLABEL": "stderr", "STRANDLABEL": "strand", "CHROMOSOMELABEL": "chromosome",
    "POSITIONLABEL": "position",
}  # fmt: skip
_SWITCHES = {
    "LOGPVALUE": "log_p", "USESTRAND": "use_strand", "AVERAGEFREQUENCY": "average_freq",
    "MINMAXFREQUENCY": "minmax_freq", "TRACKPOSITIONS": "track_positions", "OVERLAP": "overlap",
}  # fmt: skip
_NUMBERS = {
    "DEFAULTWEIGHT": "default_weight", "MINWEIGHT": "min_weight", "ZCUTOFF": "z_cutoff",
    "MAXWARNINGS": "max_warnings", "EFFECT_PRINT_PRECISION": "effect_decimals",
    "STDERR_PRINT_PRECISION": "stderr_decimals",
}  # fmt: skip
_WHOLE = frozenset({"max_warnings", "effect_decimals", "stderr_decimals"})
_BEFORE_DATA = frozenset(
    {"AVERAGEFREQUENCY", "MINMAXFREQUENCY", "TRACKPOSITIONS", "SCHEME", "CUSTOMVARIABLE"}
)
_MOST_DECIMALS = 16
_OPTIONAL = {"ANALYZE": 1, "ANALYSE": 1, "GENOMICCONTROL": 1}
"""How many arguments there may be besides those that there must be."""


def command_of(line: Line) -> str:
    """The command that a line's first word stands for.

    Raises
    ------
    InputError
        Unknown, or too few arguments.

    Examples
    --------
    >>> command_of(Line("m.txt", 1, ("process", "a.txt"))), command_of(Line("m.txt", 2, ("PVAL", "P")))
    ('PROCESSFILE', 'PVALUELABEL')
    """
    word = line.words[0].upper()
    for name, (fewest, arguments) in COMMANDS.items():
        if name.startswith(word) and len(word) >= fewest:
            if len(line.words) <= arguments:
                s = "s" if arguments > 1 else ""
                raise line.error(f"expected {arguments} argument{s} after {name}")
            return name
    raise line.error("not a command of METAL")


def left_over(name: str, line: Line) -> str:
    """Words behind the arguments of a command, which METAL does not look at; a comment is none.

    Examples
    --------
    >>> left_over("PROCESSFILE", Line("m.txt", 1, ("PROCESS", "a.txt", "b.txt")))
    'b.txt'
    >>> left_over("FLIP", Line("m.txt", 2, ("FLIP", "#", "effects")))
    ''
    """
    rest = line.words[1 + COMMANDS[name][1] + _OPTIONAL.get(name, 0) :]
    return "" if not rest or rest[0].startswith("#") else " ".join(rest)


def apply(name: str, line: Line, settings: MetalSettings, *, in_progress: bool) -> None:
    """Set what a command sets.

    Parameters
    ----------
    name : str
        Of :data:`COMMANDS`, and none that does anything else than setting.
    line : Line
    settings : MetalSettings
    in_progress : bool
        Files were processed since the last CLEAR.

    Raises
    ------
    InputError
        Arguments that mean nothing, or a command that comes too late.
    """
    if in_progress and name in _BEFORE_DATA:
        raise line.error("METAL ignores this once a file is processed", hint="CLEAR, or put it before")
    word = line.words[1]
    if name in _LABELS:
        setattr(settings, _LABELS[name], word)
    elif name in _SWITCHES:
        setattr(settings, _SWITCHES[name], _switch(line))
        if settings.overlap and settings.by_stderr:
            raise line.error("OVERLAP ON needs SCHEME SAMPLESIZE")
    elif name in _NUMBERS:
        _set_number(name, line, settings)
    elif name == "ALLELELABELS":
        settings.allele1, settings.allele2 = line.words[1:3]
    elif name == "OUTFILE":
        settings.out_prefix, settings.out_suffix, settings.out_round = line.words[1], line.words[2], 1
    elif name == "VERBOSE":
        _switch(line)
    else:
        _OTHERS[name](line, settings)


def _switch(line: Line) -> bool:
    word = line.words[1].upper()
    if word == "ON":
        return True
    if len(word) > 1 and "OFF".startswith(word):
        return False
    raise line.error("expected ON or OFF")


def _set_number(name: str, line: Line, settings: MetalSettings) -> None:
    try:
        value = float(line.words[1])
    except ValueError:
        raise line.error(f"{line.words[1]!r} is not a number") from None
    where = _NUMBERS[name]
    if where.endswith("decimals") and not 0 <= value <= _MOST_DECIMALS:
        raise line.error(f"expected 0 to {_MOST_DECIMALS} decimals")
    setattr(settings, where, int(value) if where in _WHOLE else value)


def _one_of(line: Line, choices: Sequence[str], fewest: int = 1) -> str:
    word = line.words[1].upper()
    for choice in choices:
        if choice.startswith(word) and len(word) >= fewest:
            return choice
    raise line.error(f"expected {', '.join(choices)}")


def _scheme(line: Line, settings: MetalSettings) -> None:
    settings.by_stderr = _one_of(line, ("SAMPLESIZE", "STDERR"), 2) == "STDERR"
    if settings.by_stderr and settings.overlap:
        raise line.error("SCHEME STDERR cannot go with OVERLAP ON")


def _separator(line: Line, settings: MetalSettings) -> None:
    found = _one_of(line, ("WHITESPACE", "COMMAS", "TABS", "BOTH"))
    settings.separator = {"TABS": "TAB"}.get(found, found)


def _counting(line: Line, settings: MetalSettings) -> None:
    settings.strict = _one_of(line, ("STRICT", "LENIENT")) == "STRICT"


def _genomic_control(line: Line, settings: MetalSettings) -> None:
    word = line.words[1].upper()
    settings.gc_list = None
    if word == "ON":
        settings.genomic_control, settings.gc_lambda = True, 0.0
    elif len(word) > 1 and "OFF".startswith(word):
        settings.genomic_control = False
    elif "LIST".startswith(word) and len(line.words) == 3:
        settings.genomic_control, settings.gc_lambda, settings.gc_list = True, 0.0, line.words[2]
    elif (given := whole_number(word)) is not None and given > 0:
        settings.genomic_control, settings.gc_lambda = True, given
    else:
        raise line.error("expected ON, OFF, a number above 0, or LIST and a file")


def _custom_variable(line: Line, settings: MetalSettings) -> None:
    settings.custom.setdefault(line.words[1], line.words[1])


def _label(line: Line, settings: MetalSettings) -> None:
    if not "AS".startswith(line.words[2].upper()):
        raise line.error("expected LABEL VARIABLE AS COLUMN")
    for name in settings.custom:
        if name.lower() == line.words[1].lower():
            settings.custom[name] = line.words[3]
            return
    raise line.error("no such variable", hint=f"CUSTOMVARIABLE {line.words[1]}")


def _add_filter(line: Line, settings: MetalSettings) -> None:
    if len(line.words) != 4:
        raise line.error("expected ADDFILTER COLUMN CONDITION VALUE, without blanks in the value")
    label, condition, value = line.words[1:]
    found = CONDITIONS.get(condition.upper())
    if found is None:
        raise line.error(f"unknown condition; expected one of {', '.join(CONDITIONS)}")
    if found == "IN" and not (value.startswith("(") and value.endswith(")")):
        raise line.error("expected values in brackets: (A,B,C)")
    rule = Filter(label, found, value)
    if found in (">", ">=", "<", "<=") and rule.number is None:
        raise line.error(f"{condition} needs a number")
    if rule.number is not None and whole_number(value) is None:
        raise line.error(f"{value} only begins like a number: METAL would compare with {rule.number:g}")
    settings.filters.append(rule)


_OTHERS: dict[str, Callable[[Line, MetalSettings], None]] = {
    "SCHEME": _scheme, "SEPARATOR": _separator, "COLUMNCOUNTING": _counting,
    "GENOMICCONTROL": _genomic_control, "CUSTOMVARIABLE": _custom_variable, "LABEL": _label,
    "ADDFILTER": _add_filter,
}  # fmt: skip
