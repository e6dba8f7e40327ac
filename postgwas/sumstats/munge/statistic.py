"""Z from P, sample sizes as munge_sumstats.py counts them, and the summary of a result."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def abs_z_of_tiny(mlog10p: Floats) -> Floats:
    """\\|Z\\| of -log10 P of any size, [shape: (M,)]."""
    from postgwas.sumstats.derive import abs_z_from_mlog10p

    return abs_z_from_mlog10p(mlog10p)


def n_of_cases_and_controls(n_cas: Floats, n_con: Floats) -> Floats:
    """N of each SNP, brought to the share of cases of the SNPs with the largest N, [shape: (M,)].

    munge_sumstats.py's rule: N_j P_j / mean(P_k), with N = cases + controls, P = cases / N
    and k all SNPs whose N is the largest, so that SNPs with fewer cases count for less.

    Examples
    --------
    >>> n_of_cases_and_controls(np.array([50.0, 20.0]), np.array([50.0, 60.0])).tolist()
    [100.0, 40.0]
    """
    n = n_cas + n_con
    share = n_cas / n
    result: Floats = n * share / share[n == n.max()].mean()
    return result


def quantile(values: Floats, share: float) -> float:
    """A quantile as ``numpy.quantile`` gives it, bit for bit, [values shape: (M,), no missing values].

    numpy's imports its masked arrays, which takes longer than the quantile of a million values.

    Examples
    --------
    >>> quantile(np.array([3.0, 1.0, 2.0, 10.0]), 0.5)
    2.5
    """
    place = share * (values.size - 1)
    at = int(place)
    above = min(at + 1, values.size - 1)
    ordered = np.partition(values, (at, above))
    low, high, weight = float(ordered[at]), float(ordered[above]), place - at
    return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1.0 - weight)


def median(values: Floats) -> float:
    """The median, the mean of the two in the middle, [shape: (M,), no missing values].

    Examples
    --------
    >>> median(np.array([3.0, 1.0, 2.0, 10.0]))
    2.5
    """
    upper = values.size // 2
    lower = upper if values.size % 2 else upper - 1
    # The last place too, as numpy.median does: it decides which of 0.0 and -0.0 comes out.
    ordered = np.partition(values, (*range(lower, upper + 1), -1))
    return float(ordered[lower : upper + 1].mean())


def default_n_min(n: Floats, *, ldsc_compat: bool = False) -> float:
    """The 90th percentile of N, divided by 1.5.

    Parameters
    ----------
    n : ndarray, shape (M,)
    ldsc_compat : bool
        Weigh the two neighbours of the percentile as the numpy of ldsc 1.0.1 did: two equal ones then
        give a limit that may be off in its last digit, on which N of two thirds of the largest hangs.
    """
    if not ldsc_compat:
        return quantile(n, 0.9) / 1.5
    place = 0.9 * (n.size - 1)
    below = int(place)
    above = min(below + 1, n.size - 1)
    ordered = np.partition(n, (below, above))
    weight = place - below
    return float(ordered[below] * (1.0 - weight) + ordered[above] * weight) / 1.5


@dataclass(frozen=True)
class Summary:
    """What munge_sumstats.py prints at the end, of Z^2 over all SNPs.

    Attributes
    ----------
    mean_chi2, lambda_gc, max_chi2 : float
        lambda_gc is the median over 0.4549.
    n_significant : int
        SNPs with Z^2 > 29, about P < 5e-8.
    """

    mean_chi2: float
    lambda_gc: float
    max_chi2: float
    n_significant: int


def summarise(z: Floats) -> Summary:
    """Mean, inflation and maximum of Z^2, [z shape: (M,), no missing values].

    Examples
    --------
    >>> summarise(np.array([0.5, -1.0, 6.0]))
    Summary(mean_chi2=12.416666666666666, lambda_gc=2.198285337436799, max_chi2=36.0, n_significant=1)
    """
    if not z.size:
        return Summary(math.nan, math.nan, math.nan, 0)
    chi2 = z * z
    return Summary(float(chi2.mean()), median(chi2) / 0.4549, float(chi2.max()), int((chi2 > 29).sum()))
