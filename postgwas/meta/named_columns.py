"""Columns of a table found by patterns of their names, as mama.py finds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from postgwas.errors import ColumnError, UsageError

#: mama.py's patterns: the whole name must match, case aside.
PATTERNS = {
    "SNP": ".*SNP.*|.*RS.*",
    "BP": ".*BP.*|.*POS.*",
    "CHR": ".*CHR.*",
    "BETA": ".*BETA.*",
    "FREQ": ".*FREQ.*|.*FRQ.*|.*AF",
    "SE": ".*SE.*",
    "A1": ".*A1.*|.*MAJOR.*|.*EFFECT.*ALL.*|REF.*",
    "A2": ".*A2.*|.*MINOR.*|.*OTHER.*ALL.*|ALT.*",
    "P": "P|P.*VAL.*",
    "INFO": "INFO",
    "N": "N",
}

#: What mama.py cannot do without.
REQUIRED = ("SNP", "CHR", "BP", "A1", "A2", "FREQ", "BETA", "SE", "P")


def patterns(added: Mapping[str, str], replaced: Mapping[str, str]) -> dict[str, str]:
    """:data:`PATTERNS` with alternatives added or replaced.

    Raises
    ------
    UsageError
        If a pattern is no regular expression, or a column has both.

    Examples
    --------
    >>> patterns({"N": "n_total"}, {"P": "pval"})["N"]
    'N|n_total'
    """
    for flag, given in (("add", added), ("replace", replaced)):
        for column, pattern in given.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise UsageError(
                    f"--{flag}_{column.lower()}_col_match '{pattern}': not a regular expression: {error}"
                ) from None
    both = sorted(set(added) & set(replaced))
    if both:
        name = both[0].lower()
        raise UsageError(f"--add_{name}_col_match and --replace_{name}_col_match exclude each other")
    return {
        column: replaced.get(column, f"{pattern}|{added[column]}" if column in added else pattern)
        for column, pattern in PATTERNS.items()
    }


def find_columns(
    names: Sequence[str], wanted: Mapping[str, str], *, source: str, required: Collection[str] = REQUIRED
) -> dict[str, str]:
    """Which column of a table holds what.

    Parameters
    ----------
    names : sequence of str
        Header of the table.
    wanted : mapping
        Of :func:`patterns`.
    source : str
        Name of the file, for messages.
    required : collection of str

    Returns
    -------
    dict
        Standard name -> name in the table.

    Raises
    ------
    ColumnError
        If a name matches two patterns, two names match one, or a required column is missing.

    Examples
    --------
    >>> find_columns(["rsid", "Beta"], PATTERNS, source="a.txt", required=["SNP"])
    {'SNP': 'rsid', 'BETA': 'Beta'}
    """
    found: dict[str, str] = {}
    for name in names:
        matched = [column for column, pattern in wanted.items() if re.fullmatch(pattern, name, re.IGNORECASE)]
        if len(matched) > 1:
            raise ColumnError(
                f"{source}: column {name} could be {' or '.join(matched)}",
                hint=f"--replace_{matched[0].lower()}_col_match with a pattern that it alone matches",
            )
        for column in matched:
            if column in found:
                raise ColumnError(
                    f"{source}: columns {found[column]} and {name} could both be {column}",
                    hint=f"--replace_{column.lower()}_col_match {found[column]}",
                )
            found[column] = name
    missing = [column for column in required if column not in found]
    if missing:
        flag = f"--add_{missing[0].lower()}_col_match"
        raise ColumnError(
            f"{source}: no column for {', '.join(missing)}; columns found: {', '.join(names)}",
            hint=f"{flag} NAME says which it is",
        )
    return found
