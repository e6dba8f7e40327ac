"""The signals of one trait, step by step: conditioning on those found, or masking their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.conditional_effects import LinearTrait
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import UsageError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Method = Literal["single", "cond", "mask"]

R2_MASK = 0.01
"""Variants with a larger squared correlation with a signal are masked."""
P_SIGNAL = 1e-6
"""Largest P-value of a signal."""
MAX_SIGNALS = 3


@dataclass(frozen=True)
class SignalSettings:
    """How signals are looked for.

    Attributes
    ----------
    method : {"single", "cond", "mask"}
        The strongest alone; conditioning on those found; or masking what is in LD with them.
    p_max : float
    max_signals : int
    r2_mask : float
    """

    method: Method = "single"
    p_max: float = P_SIGNAL
    max_signals: int = MAX_SIGNALS
    r2_mask: float = R2_MASK

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.method not in ("single", "cond", "mask"):
            raise UsageError(f"method = {self.method!r}: expected single, cond or mask")
        if not 0 < self.p_max <= 1:
            raise UsageError(f"p_max = {self.p_max:g}: expected a P-value above 0 and up to 1")
        if self.max_signals < 1:
            raise UsageError(f"max_signals = {self.max_signals}: expected 1 or more")
        if not 0 <= self.r2_mask < 1:
            raise UsageError(f"r2_mask = {self.r2_mask:g}: expected 0 or more and below 1")


@dataclass(frozen=True, eq=False)
class TraitSignals:
    """Signals in the order in which they were found.

    Attributes
    ----------
    rows : ndarray of int64, shape (S,)
    z : ndarray, shape (S,)
        When each was found: given the earlier ones with "cond", marginal else.
    """

    rows: Rows
    z: Floats


def finemap_signals(
    data: Dataset,
    *,
    method: Method = "cond",
    p_max: float = P_SIGNAL,
    max_signals: int = MAX_SIGNALS,
    r2_mask: float = R2_MASK,
) -> TraitSignals:
    """Signals of a trait, step by step.

    Parameters
    ----------
    data : Dataset
        With `beta` and `se`; with `ld` for "mask" and "cond", and `maf` and `n` for "cond".
    method : {"single", "cond", "mask"}
    p_max : float
        A signal's P is at most this.
    max_signals : int
    r2_mask : float

    Returns
    -------
    TraitSignals
        None where no P is small enough.

    Raises
    ------
    UsageError
        If something that the method needs is missing, or a setting is out of range.

    References
    ----------
    Wallace 2020, PLoS Genetics 16:e1008720.

    Examples
    --------
    >>> d = Dataset(snp=["a", "b", "c"], beta=[0.5, 0.1, -0.4], se=[0.05, 0.05, 0.05], type="quant", sd_y=1,
    ...             ld=[[1, 0.2, 0], [0.2, 1, 0], [0, 0, 1]])
    >>> finemap_signals(d, method="mask").rows
    array([0, 2])
    """
    settings = SignalSettings(method, p_max, max_signals, r2_mask)
    settings.check()
    return find_signals(data, settings)


def find_signals(data: Dataset, settings: SignalSettings) -> TraitSignals:
    """As :func:`finemap_signals`."""
    from scipy.stats import norm

    least = float(norm.isf(settings.p_max / 2.0))
    linear = LinearTrait.of(data) if settings.method == "cond" else None
    z = marginal_z(data, settings.method) if linear is None else linear.z
    rows: list[int] = []
    found: list[float] = []
    while len(rows) < settings.max_signals:
        taken = np.array(rows, np.int64)
        row, score = _next(z, taken, data, linear, settings)
        if row < 0 or abs(score) < least:
            break
        rows.append(row)
        found.append(score)
        if settings.method == "single":
            break
    return TraitSignals(np.array(rows, np.int64), np.array(found))


def marginal_z(data: Dataset, method: Method) -> Floats:
    """z-scores.

    Raises
    ------
    UsageError
        If effects, or LD for masking, are missing.
    """
    if data.beta is None or data.se is None:
        raise UsageError("signals are looked for by effects: beta and se are missing", hint="beta= and se=")
    if method == "mask" and data.ld is None:
        raise UsageError("masking needs LD", hint="ld=")
    ratio: Floats = np.asarray(data.beta) / np.asarray(data.se)
    return ratio


def _next(
    z: Floats, taken: Rows, data: Dataset, linear: LinearTrait | None, settings: SignalSettings
) -> tuple[int, float]:
    if not taken.size:
        row = int(np.abs(z).argmax())
        return row, float(z[row])
    if linear is not None:
        beta, se = linear.given(taken)
        given = beta / se
        row = int(np.abs(given).argmax())
        return row, float(given[row])
    ld = np.asarray(data.ld)[:, taken]
    free = ~masked(ld, settings.r2_mask)
    if not free.any():
        return -1, 0.0
    # What of a variant's score is more than its LD with the signals would make.
    beyond = np.where(free, np.abs(z) - np.abs(ld @ np.abs(z[taken])), -np.inf)
    row = int(beyond.argmax())
    return row, float(z[row])


def masked(ld: Floats, r2: float) -> NDArray[np.bool_]:
    """Which variants are in LD with any of some signals, shape (V,); `ld` has a column a signal."""
    return np.asarray((ld**2 > r2).any(axis=1), np.bool_)
