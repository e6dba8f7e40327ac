"""Which samples and variants pass, in which order filters take them, and an account that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.hwe import HardyWeinberg
from postgwas.genotypes.qc_settings import QcSettings
from postgwas.genotypes.variant_quality import VariantQuality

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ROUNDING = 1e-12
"""A share that is the limit itself, but for rounding, passes."""


@dataclass(frozen=True)
class Step:
    """One filter: what it looked at, how many it took, how many were left."""

    of: str
    reason: str
    rows_in: int
    dropped: int

    @property
    def rows_out(self) -> int:
        return self.rows_in - self.dropped


class Passing:
    """Rows that pass so far; each row that does not has the first reason that took it.

    Parameters
    ----------
    of : str
        "samples" or "variants".
    size : int
        Rows at the beginning.
    steps : list of Step, optional
        Where steps are noted: that of samples for variants, so that all are in their order.
    """

    def __init__(self, of: str, size: int, *, steps: list[Step] | None = None) -> None:
        self.of = of
        self.steps: list[Step] = [] if steps is None else steps
        self.mask: Bools = np.ones(size, np.bool_)
        self._code: Ints = np.full(size, -1, np.int64)
        self._reasons: list[str] = []

    def drop(self, fails: Bools, reason: str) -> None:
        """Take rows that fail; those that are gone already do not count again."""
        taken = self.mask & fails
        self.steps.append(Step(self.of, reason, int(self.mask.sum()), int(taken.sum())))
        self._code[taken] = len(self._reasons)
        self._reasons.append(reason)
        self.mask = self.mask & ~taken

    def told(self) -> str:
        """What was taken and why, for messages."""
        return ", ".join(
            f"{step.dropped:,} {step.reason}" for step in self.steps if step.of == self.of and step.dropped
        )

    def reasons(self) -> list[str | None]:
        """Why each row is gone; None for those that pass."""
        return [None if code < 0 else self._reasons[code] for code in self._code.tolist()]


def drop_samples_by_calls(passing: Passing, missing: Ints, possible: Ints, settings: QcSettings) -> None:
    """Samples without any call, and those with too many missing ones.

    Parameters
    ----------
    passing : Passing
    missing, possible : ndarray of int64, shape (n,)
        Missing calls, and variants that could have one.
    settings : QcSettings
    """
    passing.drop(missing >= possible, "no call")
    if settings.max_missing_samples is not None:
        limit = settings.max_missing_samples
        passing.drop(missing > limit * possible * (1 + _ROUNDING), f"missing calls > {limit:g}")


def drop_variants(passing: Passing, quality: VariantQuality, settings: QcSettings) -> None:
    """Variants without any call, then by missing calls, frequency, count, and Hardy-Weinberg."""
    passing.drop(quality.n_missing >= quality.n_people, "no call")
    if settings.max_missing is not None:
        allowed = settings.max_missing * quality.n_people * (1 + _ROUNDING)
        passing.drop(quality.n_missing > allowed, f"missing calls > {settings.max_missing:g}")
    if settings.maf_min is not None:
        frequent = quality.alleles.minor_frequency >= settings.maf_min * (1 - _ROUNDING)  # NaN is not
        passing.drop(~frequent, f"minor allele frequency < {settings.maf_min:g}")
    if settings.mac_min is not None:
        passing.drop(quality.alleles.minor < settings.mac_min, f"minor allele count < {settings.mac_min}")
    if settings.hwe is not None:
        fails = hwe_failures(quality.hwe, quality.by_group, settings)
        what = f" in {settings.hwe_groups} of the groups" if quality.by_group else ""
        passing.drop(fails, f"Hardy-Weinberg P < {settings.hwe:g}{what}")


def hwe_failures(whole: HardyWeinberg, by_group: Sequence[HardyWeinberg], settings: QcSettings) -> Bools:
    """Variants whose P is below the limit: of all people, or in any or all of the groups.

    A group in which a variant has no call says nothing about it.
    """
    assert settings.hwe is not None
    tests = [whole] if not by_group else list(by_group)
    with np.errstate(divide="ignore"):
        limit = -np.log10(settings.hwe)
    fails = np.stack([one.mlog10p > limit * (1 + _ROUNDING) for one in tests])  # NaN does not
    tested = np.stack([np.isfinite(one.mlog10p) for one in tests])
    some: Bools = np.any(fails, axis=0)
    every: Bools = np.all(fails | ~tested, axis=0) & some
    return some if settings.hwe_groups == "any" else every


def het_deviations(inbreeding: Floats, among: Bools) -> Floats:
    """Distance from the mean in standard deviations; NaN where all are alike.

    Parameters
    ----------
    inbreeding : ndarray of float64, shape (n,)
    among : ndarray of bool, shape (n,)
        Whose mean and standard deviation count.
    """
    known = inbreeding[among & np.isfinite(inbreeding)]
    if len(known) < 2:
        return np.full(len(inbreeding), np.nan)
    spread = float(np.std(np.sort(known), ddof=1))
    centre = float(np.mean(np.sort(known)))
    if spread == 0.0:
        return np.full(len(inbreeding), np.nan)
    deviations: Floats = (inbreeding - centre) / spread
    return deviations
