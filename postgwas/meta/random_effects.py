"""Random-effects meta-analysis of many variants at once: estimate, test, heterogeneity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from postgwas.meta import tau2_closed, tau2_iterative
from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.weighted_mean import Effects, Sums, sums
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.sumstats.derive import mlog10p_from_z

Floats = NDArray[np.float64]

Tau2Method = Literal["FE", "DL", "PM", "REML", "ML", "HE", "SJ", "HS", "EB"]
Test = Literal["z", "knha", "adhoc"]

TAU2_METHODS: tuple[str, ...] = get_args(Tau2Method)

_ESTIMATORS: dict[str, Callable[[Effects, Sums], tuple[Floats, Floats]]] = {
    "DL": tau2_closed.dersimonian_laird,
    "HS": tau2_closed.hunter_schmidt,
    "HE": lambda effects, _: tau2_closed.hedges(effects),
    "SJ": lambda effects, _: tau2_closed.sidik_jonkman(effects),
    "PM": lambda effects, _: tau2_iterative.paule_mandel(effects),
    "REML": lambda effects, _: tau2_iterative.likelihood(effects, "REML"),
    "ML": lambda effects, _: tau2_iterative.likelihood(effects, "ML"),
    "EB": lambda effects, _: tau2_iterative.likelihood(effects, "EB"),
}


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """Result of V variants; every field has shape (V,).

    Attributes
    ----------
    beta, se : ndarray
        Mean effect and its standard error, in the studies' units.
    stat, mlog10p : ndarray
        z, or t with k - 1 degrees of freedom for a Knapp-Hartung test of two studies or more.
    tau2, tau2_se : ndarray
        Variance between studies; 0 and NaN with one study or fixed effects.
    q, q_mlog10p, q_df : ndarray
        Cochran's heterogeneity test.
    i2, h2 : ndarray
        Share of variance due to heterogeneity (percent), and H squared.
    k : ndarray
        Studies.
    """

    beta: Floats
    se: Floats
    stat: Floats
    mlog10p: Floats
    tau2: Floats
    tau2_se: Floats
    q: Floats
    q_mlog10p: Floats
    q_df: Floats
    i2: Floats
    h2: Floats
    k: Floats


def random_effects(beta: Floats, se: Floats, *, method: Tau2Method = "DL", test: Test = "z") -> RandomEffects:
    """Meta-analysis with a variance between studies.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        Effects of the same allele and their standard errors; NaN where a study lacks the variant.
    method : {"FE", "DL", "PM", "REML", "ML", "HE", "SJ", "HS", "EB"}
        How tau2 is estimated; FE (metafor's EE too) sets it to 0.
    test : {"z", "knha", "adhoc"}
        Normal test, Knapp and Hartung's t test, or the same with a scale never below 1.

    Returns
    -------
    RandomEffects
        With one study its own effect and a z test, as in metafor; with none NaN.

    References
    ----------
    Viechtbauer 2010, J Stat Softw 36:3; Knapp and Hartung 2003, Stat Med 22:2693; Higgins and Thompson
    2002, Stat Med 21:1539 (I2 and H2, here of the estimate of tau2, as in metafor).

    Examples
    --------
    >>> effects = np.array([[0.10], [0.30], [0.20]])
    >>> found = random_effects(effects, np.full((3, 1), 0.05), method="DL")
    >>> found.beta.round(3).tolist(), found.tau2.round(4).tolist(), found.i2.round(1).tolist()
    ([0.2], [0.0075], [75.0])
    """
    effects = Effects.of(beta, se)
    fixed = sums(effects)
    several = effects.k > 1
    if method == "FE":
        tau2, tau2_se = np.zeros_like(effects.k), np.full_like(effects.k, np.nan)
    else:
        tau2, tau2_se = _ESTIMATORS[method](effects, fixed)
        tau2 = np.where(several, tau2, 0.0)
        tau2_se = np.where(several, tau2_se, np.nan)
    here = fixed if method == "FE" else sums(effects, tau2)
    # Studies that agree to rounding agree: their squares are not noise to be divided by.
    spread = np.where(here.q > here.w1 * (1e-15 * here.mean) ** 2, here.q, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = 1.0 / np.sqrt(here.w1)
        if test != "z":
            scale = np.where(several, np.sqrt(spread / (effects.k - 1.0)), 1.0)
            error = error * (np.maximum(scale, 1.0) if test == "adhoc" else scale)
        stat = here.mean / error
    error = np.where(effects.k > 0, error, np.nan)
    mlog10p = mlog10p_from_z(stat)
    if test != "z":
        mlog10p[several] = t_mlog10p(stat[several], effects.k[several] - 1.0)
    i2, h2 = _shares(fixed, tau2, effects.k, fixed_effects=method == "FE")
    freedom = np.maximum(effects.k - 1.0, 0.0)
    q = np.where(several, fixed.q, np.where(effects.k == 1, 0.0, np.nan))
    return RandomEffects(
        beta=here.mean,
        se=error,
        stat=stat,
        mlog10p=mlog10p,
        tau2=np.where(effects.k > 0, tau2, np.nan),
        tau2_se=tau2_se,
        q=q,
        q_mlog10p=np.where(effects.k == 1, 0.0, chi2_mlog10p(q, freedom)),
        q_df=freedom,
        i2=i2,
        h2=h2,
        k=effects.k,
    )


def _shares(fixed: Sums, tau2: Floats, k: Floats, *, fixed_effects: bool) -> tuple[Floats, Floats]:
    """I2 (percent) and H2: of Q for fixed effects, of tau2 and the typical variance otherwise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if fixed_effects:
            h2 = fixed.q / (k - 1.0)
            i2 = np.where(h2 > 0, 100.0 * np.maximum((h2 - 1.0) / h2, 0.0), 0.0)
        else:
            typical = (k - 1.0) / fixed.trace_p
            i2, h2 = 100.0 * tau2 / (typical + tau2), tau2 / typical + 1.0
    one = k == 1
    i2 = np.where(one, 0.0, np.where(k > 1, i2, np.nan))
    h2 = np.where(one, 1.0, np.where(k > 1, h2, np.nan))
    return i2, h2
