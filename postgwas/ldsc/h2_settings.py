"""Settings of heritability runs, checked before anything is read."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from postgwas.errors import UsageError
from postgwas.ld.panel import Counts


@dataclass(frozen=True, kw_only=True)
class H2Settings:
    """What ``--h2`` and ``--h2_cts`` have in common.

    Attributes
    ----------
    ref_ld, w_ld : str
        LD scores of the model (comma separated) and for the weights.
    ref_by_chromosome, w_by_chromosome : bool
        False where ``--ref_ld``, ``--w_ld`` named one file.
    m : tuple of float or None
        Numbers of variants, instead of those in files.
    counts : {"M_5_50", "M"}
    intercept : float or None
        Constrained intercept.
    no_intercept : bool
        It was constrained by that name.
    two_step, chisq_max : float or None
    n_blocks : int
    invert_anyway, compat : bool
    """

    ref_ld: str
    w_ld: str
    ref_by_chromosome: bool = True
    w_by_chromosome: bool = True
    m: tuple[float, ...] | None = None
    counts: Counts = "M_5_50"
    intercept: float | None = None
    no_intercept: bool = False
    two_step: float | None = None
    chisq_max: float | None = None
    n_blocks: int = 200
    invert_anyway: bool = False
    compat: bool = False

    def __post_init__(self) -> None:
        """Refuse what has no meaning.

        Raises
        ------
        UsageError
        """
        for name in ("two_step", "chisq_max"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"--{name} {value:g}: expected a chi-square above 0")
        if self.n_blocks <= 1:
            raise UsageError(f"--n_blocks {self.n_blocks}: expected a whole number above 1")
        if self.intercept is not None and not math.isfinite(self.intercept):
            raise UsageError(f"--intercept_h2 {self.intercept}: expected a number")
        if self.two_step is not None and self.intercept is not None:
            raise UsageError(
                "--two_step estimates the intercept, --no_intercept and --intercept_h2 constrain it",
                hint="drop one of them",
            )
        if self.m is not None and not all(math.isfinite(value) and value > 0 for value in self.m):
            raise UsageError("--M: expected numbers of variants above 0")


def settings_of(
    *,
    ref_ld: str | os.PathLike[str] | Sequence[str],
    w_ld: str | os.PathLike[str] | None,
    ref_by_chromosome: bool = True,
    w_by_chromosome: bool = True,
    m: float | Sequence[float] | None = None,
    not_m_5_50: bool = False,
    no_intercept: bool = False,
    intercept_h2: float | None = None,
    two_step: float | None = None,
    chisq_max: float | None = None,
    n_blocks: int = 200,
    invert_anyway: bool = False,
    compat: bool = False,
) -> H2Settings:
    """Settings in the shape that the runs take; `w_ld` None takes the model's LD scores.

    Raises
    ------
    UsageError
        Settings out of range, or that exclude each other.
    """
    names = os.fspath(ref_ld) if isinstance(ref_ld, (str, os.PathLike)) else ",".join(map(str, ref_ld))
    if no_intercept and intercept_h2 is not None and not compat:
        raise UsageError("--no_intercept and --intercept_h2 exclude each other")
    if w_ld is None:
        if "," in names:
            raise UsageError("several LD scores of the model: name those for the weights", hint="--w_ld_chr")
        w_ld, w_by_chromosome = names, ref_by_chromosome
    given = None if m is None else tuple(float(x) for x in ([m] if isinstance(m, (int, float)) else m))
    return H2Settings(
        ref_ld=names,
        w_ld=str(w_ld),
        ref_by_chromosome=ref_by_chromosome,
        w_by_chromosome=w_by_chromosome,
        m=given,
        counts="M" if not_m_5_50 else "M_5_50",
        intercept=1.0 if no_intercept else intercept_h2,
        no_intercept=no_intercept,
        two_step=two_step,
        chisq_max=chisq_max,
        n_blocks=n_blocks,
        invert_anyway=invert_anyway,
        compat=compat,
    )
