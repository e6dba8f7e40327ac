"""How allelic fold changes are asked for, and what a fit of them gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.qtl.afc_model import LIMIT

Floats = NDArray[np.float64]
Estimator = Literal["nls", "linear", "approximation"]
Interval = Literal["delta", "bootstrap"]
Missing = Literal["mean", "drop"]


@dataclass(frozen=True)
class AfcOptions:
    """How fold changes are fitted.

    Attributes
    ----------
    estimator : {"nls", "linear", "approximation"}
        Least squares of the model; its first order at no effect, twice the slope, as tensorQTL's
        calculate_afc; the best of four closed forms, as aFC.py, for one variant alone.
    limit : float
        Largest effect that is looked for, to either side.
    missing : {"mean", "drop"}
        A missing call is the variant's mean, as in mapping; or its sample is left out of the gene's fit.
    max_r2 : float
        A variant that covariates and the gene's variants before it explain to this share is not fitted.
    level : float
        Coverage of the intervals.
    interval : {"delta", "bootstrap"}
        From the curvature at the estimate with Student's t; or percentiles over samples drawn again.
    n_boot : int
        Times that samples are drawn.
    seed : int, optional
        Of the draws; the bootstrap needs it.
    """

    estimator: Estimator = "nls"
    limit: float = LIMIT
    missing: Missing = "mean"
    max_r2: float = 0.99
    level: float = 0.95
    interval: Interval = "delta"
    n_boot: int = 1000
    seed: int | None = None

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.estimator not in ("nls", "linear", "approximation"):
            raise UsageError(f"--estimator {self.estimator}: expected nls, linear or approximation")
        if not self.limit > 0:
            raise UsageError(f"--limit {self.limit:g}: expected a number above 0")
        if self.missing not in ("mean", "drop"):
            raise UsageError(f"--missing {self.missing}: expected mean or drop")
        if not 0 < self.max_r2 < 1:
            raise UsageError(f"--max_r2 {self.max_r2:g}: expected between 0 and 1")
        if not 0 < self.level < 1:
            raise UsageError(f"--level {self.level:g}: expected between 0 and 1")
        if self.interval not in ("delta", "bootstrap"):
            raise UsageError(f"--interval {self.interval}: expected delta or bootstrap")
        if self.interval == "bootstrap" and self.n_boot < 20:
            raise UsageError(f"--n_boot {self.n_boot}: expected at least 20")
        if self.interval == "bootstrap" and self.seed is None:
            raise UsageError("bootstrap intervals need a seed", hint="--seed")


@dataclass(frozen=True, eq=False)
class Afc:
    """log2 fold changes per copy of the counted allele; arrays have an entry a variant.

    Attributes
    ----------
    estimate : ndarray, shape (J,)
        NaN where it was not fitted.
    se, lower, upper : ndarray, shape (J,)
        Standard error and interval; NaN at a limit, where neither is known.
    reason : tuple of str, length J
        Why there is no estimate, or no interval: "constant", "collinear", "at_limit", "not_converged",
        "too_few_samples"; empty otherwise.
    partner : ndarray of int64, shape (J,)
        The earlier variant that a collinear one is most alike; -1 for all others.
    baseline : float
        log2 expression of two reference haplotypes at the covariates' means.
    df : int
        Degrees of freedom of the residuals.
    rss : float
        Sum of their squares.
    converged : bool
    n_boot : int
        Replicates that could be fitted; 0 without bootstrap.
    """

    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    reason: tuple[str, ...]
    partner: NDArray[np.int64]
    baseline: float
    df: int
    rss: float
    converged: bool
    n_boot: int = 0


def no_afc(n_variants: int, reason: str) -> Afc:
    """A result without estimates."""
    gap = np.full(n_variants, np.nan)
    return Afc(
        gap, gap, gap, gap, (reason,) * n_variants, np.full(n_variants, -1, np.int64),
        float("nan"), 0, float("nan"), converged=False,
    )  # fmt: skip
