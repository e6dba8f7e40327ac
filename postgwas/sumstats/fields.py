"""Which fields have to be read for the columns that are wanted."""

from __future__ import annotations

from collections.abc import Collection

# Wanted column -> sets of fields it can be made of, best first. The maths is in derive.py.
SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "CHR": (("VARIANT",),),
    "POS": (("VARIANT",),),
    "EA": (("VARIANT",),),
    "NEA": (("VARIANT",), ("EA", "REF", "ALT")),
    "EAF": (("EAF_CAS", "EAF_CON"), ("AC", "N"), ("HOM_EA", "HET", "HOM_NEA")),
    "N": (("NEFF",), ("NEFF_HALF",), ("N_CAS", "N_CON")),
    "MLOG10P": (("LOG10P",), ("P",), ("Z",)),
    "P": (("MLOG10P",), ("Z",)),
    "BETA": (("OR",), ("Z", "SE"), ("Z", "EAF", "N")),
    "SE": (("OR", "OR_LOW", "OR_HIGH"), ("BETA", "Z"), ("Z", "EAF", "N"), ("BETA", "MLOG10P")),
    "Z": (("BETA", "SE"), ("MLOG10P", "BETA")),
}
DEFAULT_WANTED = ("SNPID", "CHR", "POS", "EA", "NEA", "EAF", "BETA", "SE", "Z", "P", "MLOG10P", "N", "INFO")


def resolve(
    column: str, available: Collection[str], *, _open: frozenset[str] = frozenset()
) -> set[str] | None:
    """Fields of the file from which a column can be had; None if it cannot.

    Parameters
    ----------
    column : str
        A field name.
    available : collection of str
        Fields that the file has.
    """
    if column in available:
        return {column}
    if column in _open:
        return None
    for recipe in SOURCES.get(column, ()):
        needed: set[str] = set()
        for part in recipe:
            found = resolve(part, available, _open=_open | {column})
            if found is None:
                break
            needed |= found
        else:
            return needed
    return None


def fields_to_read(wanted: Collection[str], available: Collection[str], *, derive: bool) -> list[str]:
    """All fields to parse, for the columns wanted of a file with these fields."""
    fields: set[str] = set()
    for column in wanted:
        found = resolve(column, available) if derive else ({column} & set(available))
        fields |= found or set()
    # Cases and controls give the effective N, which is what a case-control trait's N should be.
    if "N" in wanted and derive:
        fields |= {"N_CAS", "N_CON"} & set(available)
        fields |= {"NEFF", "NEFF_HALF"} & set(available)
    if "EAF_CAS" in fields:
        fields |= {"N_CAS", "N_CON"} & set(available)
    if "NEA" in wanted and derive and "NEA" not in available:
        fields |= {"REF", "ALT"} & set(available)
    return sorted(fields)
