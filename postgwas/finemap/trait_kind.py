"""Quantitative or case-control? What the columns of a file say of a trait whose kind is not given."""

from __future__ import annotations

from collections.abc import Sequence

from postgwas.finemap.abf import Kind
from postgwas.sumstats.dialects import columns_of_fields


def disease_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Columns that only a case-control study has: numbers of cases and controls, odds ratios.

    Examples
    --------
    >>> disease_columns(["SNP", "BETA", "SE", "N", "Ncases"]), disease_columns(["SNP", "BETA", "SE", "NEFF"])
    (('Ncases',), ())
    """
    found = columns_of_fields(header, ("N_CAS", "N_CON", "OR"))
    logs = [name for name in header if name.upper() in ("LOG_ODDS", "LOG_OR", "LOGOR")]
    return tuple(dict.fromkeys([*found, *logs]))


def told_kind(
    given: Kind | None,
    header: Sequence[str],
    name: str,
    *,
    counted: bool = False,
    sd_y: float | None = None,
    case_fraction: float | None = None,
) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a trait, and what to say of it.

    Parameters
    ----------
    given : {"quant", "cc"}, optional
        By the user; wins.
    header : sequence of str
        Columns of the file.
    name : str
        The trait, or its file, for notes.
    counted : bool
        Cases and controls were given in numbers.
    sd_y, case_fraction : float, optional
        Given by the user: they have a meaning for one kind only.

    Examples
    --------
    >>> told_kind(None, ["BETA", "SE", "N_CAS", "N_CON"], "scz")
    ('cc', ('scz: case-control, as it has N_CAS, N_CON (--type quant if it is not)',))
    >>> told_kind(None, ["BETA", "SE", "N"], "height")
    ('quant', ())
    """
    columns = ", ".join(disease_columns(header))
    if given is not None:
        if given == "quant" and columns:
            return given, (f"{name}: taken as quantitative (--type quant), but it has {columns}",)
        return given, ()
    if sd_y is not None:
        note = (f"{name}: quantitative, as --sd_y is given, but it has {columns}",) if columns else ()
        return "quant", note
    if case_fraction is not None or counted:
        return "cc", ()
    if columns:
        return "cc", (f"{name}: case-control, as it has {columns} (--type quant if it is not)",)
    effective = ", ".join(columns_of_fields(header, ("NEFF", "NEFF_HALF")))
    if effective:
        return "quant", (
            f"{name}: taken as quantitative, but {effective} is a sample size of case-control studies: "
            "--type cc, if it is one",
        )
    return "quant", ()
