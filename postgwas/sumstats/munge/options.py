"""What a munging is asked to do: munge_sumstats.py's flags, checked."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from postgwas.errors import UsageError
from postgwas.sumstats.munge.names import clean

CHUNKSIZE = 5_000_000
_LIMITS = ("n", "n_cas", "n_con", "n_min", "info_min", "maf_min", "nstudy_min")


@dataclass(frozen=True, kw_only=True)
class MungeOptions:
    """The flags of munge_sumstats.py by their names, with their defaults.

    :func:`~postgwas.sumstats.munge.run.munge` has the meaning of each.
    """

    n: float | None = None
    n_cas: float | None = None
    n_con: float | None = None
    info_min: float = 0.9
    maf_min: float = 0.01
    daner: bool = False
    daner_n: bool = False
    no_alleles: bool = False
    merge_alleles: str | os.PathLike[str] | None = None
    n_min: float | None = None
    chunksize: int = CHUNKSIZE
    snp: str | None = None
    n_col: str | None = None
    n_cas_col: str | None = None
    n_con_col: str | None = None
    a1: str | None = None
    a2: str | None = None
    p: str | None = None
    frq: str | None = None
    signed_sumstats: str | None = None
    info: str | None = None
    info_list: str | None = None
    nstudy: str | None = None
    nstudy_min: float | None = None
    ignore: str | None = None
    a1_inc: bool = False
    keep_maf: bool = False
    ldsc_compat: bool = False

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        if self.no_alleles and self.merge_alleles is not None:
            raise UsageError("--no_alleles and --merge_alleles are not compatible", hint="give one of them")
        if self.daner and self.daner_n:
            raise UsageError(
                "--daner and --daner_n are not compatible",
                hint="--daner takes N from the headers FRQ_A and FRQ_U, --daner_n from columns Nca and Nco",
            )
        if self.a1_inc and self.signed_sumstats is not None and not self.ldsc_compat:
            raise UsageError(
                "--a1_inc and --signed_sumstats are not compatible",
                hint="--a1_inc says that every effect of A1 is positive, --signed_sumstats which are",
            )
        if self.chunksize < 1:
            raise UsageError(f"--chunksize {self.chunksize}: expected at least 1")
        for flag in _LIMITS:
            limit = getattr(self, flag)
            if limit is not None and not math.isfinite(limit):
                name = flag.replace("n", "N", 1) if flag in {"n", "n_cas", "n_con"} else flag
                raise UsageError(f"--{name} {limit:g}: expected a number")
        for flag in ("n", "n_cas", "n_con"):
            value = getattr(self, flag)
            if value is not None and not value > 0 and not self.ldsc_compat:
                raise UsageError(f"--{flag.replace('n', 'N', 1)} {value:g}: expected a number above 0")
        if not self.ldsc_compat and (self.n_cas is None) != (self.n_con is None):
            raise UsageError(
                "the numbers of cases and of controls must be given together", hint="--N_cas and --N_con"
            )
        self.signed_column()

    def signed_column(self) -> tuple[str, float] | None:
        """Column (as written) and null value of ``--signed_sumstats``; None without it."""
        if self.signed_sumstats is None:
            return None
        column, comma, null = self.signed_sumstats.rpartition(",")
        try:
            if column and comma and math.isfinite(float(null)):
                return column, float(null)
        except ValueError:
            pass
        raise UsageError(
            f"--signed_sumstats {self.signed_sumstats}: expected a column and its null value",
            hint="--signed_sumstats BETA,0 or --signed_sumstats OR,1",
        )

    def named_columns(self) -> list[tuple[str, str, str]]:
        """(flag, column as written, field) of every flag that names a column."""
        named = [
            ("--nstudy", self.nstudy, "NSTUDY"),
            ("--snp", self.snp, "SNPID"),
            ("--N_col", self.n_col, "N"),
            ("--N_cas_col", self.n_cas_col, "N_CAS"),
            ("--N_con_col", self.n_con_col, "N_CON"),
            ("--a1", self.a1, "EA"),
            ("--a2", self.a2, "NEA"),
            ("--p", self.p, "P"),
            ("--frq", self.frq, "EAF"),
            ("--info", self.info, "INFO"),
        ]
        found = [(flag, column, field) for flag, column, field in named if column]
        found += [
            ("--info_list", column.strip(), "INFO") for column in (self.info_list or "").split(",") if column
        ]
        signed = self.signed_column()
        return found + ([("--signed_sumstats", signed[0], "SIGNED")] if signed else [])

    def ignored(self) -> frozenset[str]:
        """Clean names of the columns that ``--ignore`` lists."""
        return frozenset(clean(name) for name in (self.ignore or "").split(",") if name)

    @property
    def constant_n(self) -> float | None:
        """N for all rows: ``--N``, or ``--N_cas`` plus ``--N_con``."""
        if self.n:
            return self.n
        return self.n_cas + self.n_con if self.n_cas and self.n_con else None
