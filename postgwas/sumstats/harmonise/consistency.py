"""Do Z and P follow from BETA and SE, as far as the printed digits can tell?

A row disagrees when no numbers within the rounding of BETA, SE and P bring the two -log10 P
within 0.1 or 5 % of one another (for Z: within 0.05 or 2.5 %).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.derive import mlog10p_from_z
from postgwas.sumstats.harmonise.explanations import Explained, explain
from postgwas.sumstats.harmonise.precision import Precision

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

P_GAP, P_SHARE = 0.1, 0.05
Z_GAP, Z_SHARE = 0.05, 0.025
UNDERFLOW = 15.0
"""A printed P of 0 says at least this -log10 P: programs that compute 1 - Phi(z) lose it there."""
NAMED_SHARE = 0.01
"""Share of rows that disagree, from which on a warning is due."""


@dataclass(frozen=True)
class ConsistencySummary:
    """Counts over rows; chromosomes add up.

    Attributes
    ----------
    n_p, n_p_differ : int
        Rows in which P could be checked, and those in which it disagrees.
    n_z, n_z_differ, n_z_sign : int
        The same for Z, and rows in which Z and BETA have opposite signs.
    explained : Explained
        Of the rows whose P disagrees, how many each possible cause explains.
    """

    n_p: int = 0
    n_p_differ: int = 0
    n_z: int = 0
    n_z_differ: int = 0
    n_z_sign: int = 0
    explained: Explained = field(default_factory=Explained)

    def warnings(self, source: str) -> tuple[str, ...]:
        """Disagreements of 1 % of the rows or more, by name where there is one; one line each."""
        lines = []
        if self.n_p and self.n_p_differ >= NAMED_SHARE * self.n_p:
            cause = self.explained.cause(self.n_p_differ)
            lines.append(
                f"{source}: P disagrees with BETA/SE in {self.n_p_differ:,} of {self.n_p:,} rows "
                f"({self.n_p_differ / self.n_p:.1%}): {cause or 'no single cause explains them'}"
            )
        if self.n_z and self.n_z_differ >= NAMED_SHARE * self.n_z:
            lines.append(
                f"{source}: Z disagrees with BETA/SE in {self.n_z_differ:,} of {self.n_z:,} rows "
                f"({self.n_z_differ / self.n_z:.1%}), {self.n_z_sign:,} of them in sign"
            )
        return tuple(lines)


def total(summaries: Iterable[ConsistencySummary]) -> ConsistencySummary:
    """Sum over chromosomes, in any order."""
    result = ConsistencySummary()
    for one in summaries:
        result = ConsistencySummary(
            result.n_p + one.n_p,
            result.n_p_differ + one.n_p_differ,
            result.n_z + one.n_z,
            result.n_z_differ + one.n_z_differ,
            result.n_z_sign + one.n_z_sign,
            result.explained + one.explained,
        )
    return result


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
        As read from the file: leave out what was derived. `mlog10p` goes before `p`, which may
        have underflowed; a P of 0 alone is taken as below 1e-15.
    n : ndarray of float64, shape (n,), optional
        Sample sizes, to recognise P of a t test.

    Examples
    --------
    >>> import numpy as np
    >>> beta, se = np.array([0.12, 0.5]), np.array([0.02, 0.1])
    >>> found = check_consistency(beta, se, p=np.array([2.0e-9, 0.3]))
    >>> found.p_differs.tolist(), found.mlog10p.round(2).tolist()
    ([False, True], [8.7, 6.24])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own_z = np.where((se > 0) & np.isfinite(se), beta / se, np.nan)
    own = mlog10p_from_z(own_z)
    precisions = Precision.of(beta), Precision.of(se)
    p_differs, n_p, explained = np.zeros(beta.shape, dtype=np.bool_), 0, Explained()
    if p is not None or mlog10p is not None:
        p_differs, n_p, seen = _check_p(beta, se, own, precisions, p, mlog10p)
        rows = np.flatnonzero(p_differs)
        explained = explain(beta[rows], se[rows], seen[rows], None if n is None else n[rows])
    z_differs, n_z, n_sign = np.zeros(beta.shape, dtype=np.bool_), 0, 0
    if z is not None:
        z_differs, n_z = _check_z(beta, se, own_z, precisions, z)
        n_sign = int((z_differs & (z * beta < 0)).sum())
    summary = ConsistencySummary(n_p, int(p_differs.sum()), n_z, int(z_differs.sum()), n_sign, explained)
    return Consistency(p_differs, z_differs, own, summary)


def _check_p(
    beta: FloatArray,
    se: FloatArray,
    own: FloatArray,
    precisions: tuple[Precision, Precision],
    p: FloatArray | None,
    mlog10p: FloatArray | None,
) -> tuple[BoolArray, int, FloatArray]:
    """Rows that disagree, rows checked, and -log10 P as read."""
    seen = np.full(beta.shape, np.nan)
    if p is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = np.where((p >= 0) & (p <= 1), -np.log10(p), np.nan)
    direct = np.zeros(beta.shape, dtype=np.bool_)
    if mlog10p is not None:
        direct = np.isfinite(mlog10p) & (mlog10p >= 0)
        seen = np.where(direct, mlog10p, seen)
    checked = ~np.isnan(own) & ~np.isnan(seen)
    with np.errstate(invalid="ignore"):
        limit = np.maximum(P_GAP, P_SHARE * np.minimum(seen, own))
        far = checked & ~(np.abs(own - seen) <= limit)
    rows = np.flatnonzero(far)
    if rows.size:
        low, high = _z_range(beta[rows], se[rows], precisions)
        own_low, own_high = mlog10p_from_z(low), mlog10p_from_z(high)
        seen_low, seen_high = _p_range(rows, seen, direct, p, mlog10p)
        with np.errstate(invalid="ignore"):
            gap = np.maximum(own_low - seen_high, seen_low - own_high)
        far[rows] = gap > limit[rows]
    return far, int(checked.sum()), seen


def _z_range(
    beta: FloatArray, se: FloatArray, precisions: tuple[Precision, Precision]
) -> tuple[FloatArray, FloatArray]:
    """Least and largest \\|Z\\| within the rounding of BETA and SE."""
    d_beta, d_se = precisions[0].half_unit(beta), precisions[1].half_unit(se)
    low = np.maximum(np.abs(beta) - d_beta, 0.0) / (se + d_se)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(se > d_se, (np.abs(beta) + d_beta) / (se - d_se), np.inf)
    return low, high


def _p_range(
    rows: npt.NDArray[np.intp],
    seen: FloatArray,
    direct: BoolArray,
    p: FloatArray | None,
    mlog10p: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Least and largest -log10 P within the rounding of what was printed."""
    low, high = seen[rows].copy(), seen[rows].copy()
    if mlog10p is not None:
        half = Precision.of(mlog10p[direct]).half_unit(seen[rows])
        printed = direct[rows]
        low[printed] -= half[printed]
        high[printed] += half[printed]
    if p is not None:
        precision = Precision.of(p)
        printed = ~direct[rows]
        value = p[rows][printed]
        half = precision.half_unit(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            low[printed] = -np.log10(np.minimum(value + half, 1.0))
            high[printed] = np.where(value > half, -np.log10(value - half), np.inf)
        zero = printed & np.isinf(seen[rows])
        low[zero] = UNDERFLOW
        if precision.decimals is not None:
            low[zero] = min(UNDERFLOW, precision.decimals + np.log10(2.0))
    return low, high


def _check_z(
    beta: FloatArray,
    se: FloatArray,
    own: FloatArray,
    precisions: tuple[Precision, Precision],
    z: FloatArray,
) -> tuple[BoolArray, int]:
    checked = ~np.isnan(own) & np.isfinite(z)
    limit = np.maximum(Z_GAP, Z_SHARE * np.abs(z))
    with np.errstate(invalid="ignore"):
        far = checked & (np.abs(own - z) > limit)
    rows = np.flatnonzero(far)
    if rows.size:
        low, high = _z_range(beta[rows], se[rows], precisions)
        half = Precision.of(z).half_unit(z[rows])
        # On the side of BETA; a Z of the other sign is as far as it looks.
        side = np.where(np.sign(beta[rows]) * z[rows] < 0, -np.abs(z[rows]), np.abs(z[rows]))
        gap = np.maximum(low - side, side - high) - half
        far[rows] = gap > limit[rows]
    return far, int(checked.sum())
