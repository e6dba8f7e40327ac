"""What LD score regressions return."""

from __future__ import annotations

from dataclasses import dataclass

from postgwas.ldsc.jackknife import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class RegressionFit:
    """Estimates shared by the heritability and the covariance regression.

    Everything is on the observed scale of standardised effects. A is the number
    of annotations, B the number of jackknife blocks. Standard errors of what was
    constrained are NaN.

    Attributes
    ----------
    n_variants : int
        Variants in the regression.
    n_blocks : int
        Jackknife blocks.
    two_step : float or None
        Cutoff of the two-step estimator, None where one step was made.
    n_left_out : int
        Variants that step 1 did not use (0 for one step).
    coef, coef_se : ndarray, shape (A,)
        Coefficient per variant of each annotation (tau).
    coef_cov : ndarray, shape (A, A)
    cat, cat_se : ndarray, shape (A,)
        M_a times the coefficient.
    cat_cov : ndarray, shape (A, A)
    tot, tot_se, tot_cov : float
        Sum over annotations: heritability or genetic covariance, its SE and variance.
    prop, prop_se : ndarray, shape (A,)
        Share of each annotation in `tot`, jackknifed as a ratio.
    prop_cov : ndarray, shape (A, A)
    m_prop : ndarray, shape (A,)
        Share of each annotation in the number of variants.
    enrichment : ndarray, shape (A,)
        `prop` over `m_prop`.
    intercept, intercept_se : float
    constrained : bool
        Whether the intercept was given rather than estimated.
    tot_delete_values : ndarray, shape (B,)
    part_delete_values : ndarray, shape (B, A)
        Delete-one coefficients.
    intercept_delete_values : ndarray, shape (B,) or None
        None where the intercept was constrained.
    """

    n_variants: int
    n_blocks: int
    two_step: float | None
    n_left_out: int
    coef: Array
    coef_se: Array
    coef_cov: Array
    cat: Array
    cat_se: Array
    cat_cov: Array
    tot: float
    tot_se: float
    tot_cov: float
    prop: Array
    prop_se: Array
    prop_cov: Array
    m_prop: Array
    enrichment: Array
    intercept: float
    intercept_se: float
    constrained: bool
    tot_delete_values: Array
    part_delete_values: Array
    intercept_delete_values: Array | None


@dataclass(frozen=True, kw_only=True, eq=False)
class H2Fit(RegressionFit):
    """Heritability of one trait.

    Attributes
    ----------
    mean_chisq : float
    lambda_gc : float
        Median chi-square over 0.4549.
    ratio, ratio_se : float
        (intercept - 1) / (mean chi-square - 1); NaN where the mean is 1 or less
        or the intercept was constrained.
    """

    mean_chisq: float
    lambda_gc: float
    ratio: float
    ratio_se: float


@dataclass(frozen=True, kw_only=True, eq=False)
class GencovFit(RegressionFit):
    """Genetic covariance of two traits.

    Attributes
    ----------
    mean_z1z2 : float
        Mean product of the two traits' Z.
    z, p, mlog10p : float
        Test of `tot` = 0; `mlog10p` keeps its size where `p` underflows.
    """

    mean_z1z2: float
    z: float
    p: float
    mlog10p: float


@dataclass(frozen=True, kw_only=True, eq=False)
class RgFit:
    """Genetic correlation of two traits.

    Attributes
    ----------
    hsq1, hsq2 : H2Fit
    gencov : GencovFit
    rg : float
        Ratio of the three totals; NaN where a heritability is not positive.
    rg_jknife : float
        Mean of the jackknife pseudovalues of that ratio.
    se, z, p, mlog10p : float
        Of `rg`, from the ratio jackknife.
    status : str
        "ok", "h2 out of bounds" (one is <= 0) or "rg out of bounds" (beyond
        +-1.2); in the last case the numbers are given all the same, and ldsc
        prints "nan" for them.
    """

    hsq1: H2Fit
    hsq2: H2Fit
    gencov: GencovFit
    rg: float
    rg_jknife: float
    se: float
    z: float
    p: float
    mlog10p: float
    status: str
