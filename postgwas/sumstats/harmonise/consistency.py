"""Do Z and P follow from BETA and SE, as far as the printed digits can tell?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ConsistencySummary:
    """Counts over rows; chromosomes add up.

    Attributes
    ----------
    n_p, n_p_differ : int
        Rows in which P could be checked, and those in which it disagrees.
    n_z, n_z_differ, n_z_sign : int
        The same for Z, and rows in which Z and BETA have opposite signs.
    """

    n_p: int = 0
    n_p_differ: int = 0
    n_z: int = 0
    n_z_differ: int = 0
    n_z_sign: int = 0

    def warnings(self, source: str) -> tuple[str, ...]:
        """Systematic disagreements by name, one line each."""
        raise NotImplementedError


def total(summaries: Iterable[ConsistencySummary]) -> ConsistencySummary:
    """Sum over chromosomes, in the order given."""
    raise NotImplementedError


@dataclass(frozen=True)
class Consistency:
    """Which rows disagree.

    Attributes
    ----------
    p_differs, z_differs : ndarray of bool, shape (n,)
        Rows whose P or Z disagrees with BETA/SE beyond rounding.
    mlog10p : ndarray of float64, shape (n,)
        -log10 P recomputed from BETA/SE; NaN where that cannot be done.
    summary : ConsistencySummary
    """

    p_differs: BoolArray
    z_differs: BoolArray
    mlog10p: FloatArray
    summary: ConsistencySummary


def check_consistency(
    beta: FloatArray,
    se: FloatArray,
    *,
    z: FloatArray | None = None,
    p: FloatArray | None = None,
    mlog10p: FloatArray | None = None,
    n: FloatArray | None = None,
) -> Consistency:
    """Compare Z and P as read with BETA/SE.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (n,)
        NaN is missing.
    z, p, mlog10p : ndarray of float64, shape (n,), optional
        As read from the file: leave out what was derived. `mlog10p` serves where `p` is 0 or missing.
    n : ndarray of float64, shape (n,), optional
        Sample sizes, to recognise P of a t test.
    """
    raise NotImplementedError
