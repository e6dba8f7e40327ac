"""Log Bayes factors of a region's variants for one causal variant, with whatever the files give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.finemap.abf import Kind, estimate_sd_y, log_abf, log_abf_from_z

Floats = NDArray[np.float64]

NO_FREQUENCY = "no_frequencies"
NO_SIZE = "no_sample_size"
NO_CASES = "no_case_fraction"
"""Why a gene or trait has no Bayes factors."""


class NoFactors(InputError):
    """Something that Bayes factors need is not there; its text is the reason code, and the trait if known.

    Attributes
    ----------
    code : str
    trait : str
        Empty where it is not known.
    """

    def __init__(self, code: str, trait: str = "") -> None:
        super().__init__(f"{code}: {trait}" if trait else code)
        self.code, self.trait = code, trait

    def of(self, trait: str) -> str:
        """The text for a trait."""
        return f"{self.code}: {self.trait or trait}"


def factors_from_effects(
    beta: Floats, se: Floats, maf: Floats, n: Floats, *, kind: Kind, sd_y: float | None
) -> tuple[Floats, float]:
    """Log Bayes factors, NaN where effects are not known, and the standard deviation that was used.

    Parameters
    ----------
    beta, se : ndarray, shape (V,)
        NaN where they are not known.
    maf, n : ndarray, shape (V,)
        For the estimate of a quantitative trait's standard deviation; NaN where they are not known.
    kind : {"quant", "cc"}
    sd_y : float, optional

    Raises
    ------
    NoFactors
        If the standard deviation is needed and neither given nor to be estimated.
    """
    found = np.full(beta.size, np.nan)
    good = np.isfinite(beta) & np.isfinite(se) & (se > 0)
    spread = 1.0 if kind == "cc" else sd_y
    if spread is None:
        spread = _spread(se[good], maf[good], n[good])
    if good.any():
        found[good] = log_abf(beta[good], se[good], kind=kind, sd_y=spread)
    return found, spread


def factors_from_z(z: Floats, maf: Floats, n: Floats, *, kind: Kind, case_fraction: float | None) -> Floats:
    """Log Bayes factors of z-scores, NaN where frequency or sample size is not known.

    Raises
    ------
    NoFactors
        If no variant has a frequency.
    """
    found = np.full(z.size, np.nan)
    good = np.isfinite(z) & (maf > 0) & (maf < 1) & (n > 0)
    if not good.any():
        raise NoFactors(NO_FREQUENCY)
    found[good] = log_abf_from_z(z[good], maf[good], n[good], kind=kind, case_fraction=case_fraction)
    return found


def _spread(se: Floats, maf: Floats, n: Floats) -> float:
    if not np.isfinite(n).any():
        raise NoFactors(NO_SIZE)
    with np.errstate(invalid="ignore"):
        good = (maf > 0) & (maf < 1) & (n > 0)
    if not good.any():
        raise NoFactors(NO_FREQUENCY)
    return float(estimate_sd_y(se[good], maf[good], n[good])[0])
