"""SuSiE on summary statistics: z-scores or effects with LD, or sufficient statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.finemap.matrix_checks import (
    CheckedLd,
    check_names,
    correlation_matrix,
    finite_vector,
    positive_vector,
    symmetric_matrix,
)
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.products import MatrixProducts
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings, one_number
from postgwas.finemap.susie_result import SusieFit
from postgwas.finemap.susie_solve import coefficients, result, solve

Floats = NDArray[np.float64]


def susie_rss(
    z: ArrayLike | None,
    R: ArrayLike | CheckedLd,
    n: float | None = None,
    *,
    beta: ArrayLike | None = None,
    se: ArrayLike | None = None,
    var_y: float | None = None,
    L: int = 10,
    coverage: float = 0.95,
    min_abs_corr: float = 0.5,
    estimate_residual_variance: bool = False,
    residual_variance: float | None = None,
    scaled_prior_variance: float | None = None,
    estimate_prior_variance: bool = True,
    estimate_prior_method: PriorMethod = "optim",
    check_null_threshold: float = 0.0,
    prior_weights: ArrayLike | None = None,
    null_weight: float = 0.0,
    tol: float = 1e-3,
    max_iter: int = 100,
    refine: bool = False,
    start: SusieFit | None = None,
    variants: Sequence[str] | None = None,
    ld_variants: Sequence[str] | None = None,
) -> SusieFit:
    r"""SuSiE from z-scores, or from effects and their standard errors, with LD.

    Parameters
    ----------
    z : array-like, shape (p,), or None
        Z-scores of single-variant regressions, all of the alleles that R's correlations are of.
        None where `beta` and `se` are given.
    R : array-like, shape (p, p), or CheckedLd
        LD: correlations of the variants, signed.
    n : float
        Sample size. Z-scores are then turned into the share of variance that a variant explains,
        so that large ones are not taken for larger than they are. ``math.inf`` is for effects so
        small that this makes no difference.
    beta, se : array-like, shape (p,), optional
        Effects and standard errors (never variances), instead of z-scores.
    var_y : float, optional
        Variance of the phenotype: with `beta` and `se`, effects then are per allele in its units.
    estimate_residual_variance : bool
        Only sensible with in-sample LD; otherwise the residual variance is y's.
    scaled_prior_variance : float, optional
        0.2 if None; with ``n=math.inf``, 50, on the scale of z-scores.
    variants, ld_variants : sequence of str, optional
        Names of the variants and of the rows of `R`, which must be the same in the same order.
    L, coverage, min_abs_corr, residual_variance, estimate_prior_variance, estimate_prior_method
        As :func:`postgwas.finemap.susie`.
    check_null_threshold, prior_weights, null_weight, tol, max_iter, refine, start
        Likewise.

    Returns
    -------
    SusieFit

    Raises
    ------
    InputError
        If a z-score or effect is missing or infinite, a standard error is 0 or negative, names do
        not match, or effects grow without bound because z-scores and LD contradict each other.
    MatrixError
        If R is not square, not symmetric, not of the size of z, has missing values, or holds no
        correlations.
    UsageError
        If n is missing or too small, or a setting is out of range.

    Notes
    -----
    With :math:`\tilde z = z\sqrt{(n-1)/(z^2+n-2)}`, this is :func:`susie_suff_stat` with X'X =
    (n-1) R, X'y = :math:`\sqrt{n-1}\,\tilde z` and y'y = n - 1.

    References
    ----------
    Zou, Carbonetto, Wang, Stephens 2022, PLoS Genetics 18:e1010299, section "SuSiE-RSS".

    Examples
    --------
    >>> import numpy as np
    >>> r = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    >>> fit = susie_rss([7.0, 6.8, 0.5], r, 1000)
    >>> fit.credible_sets[0].variants.tolist(), fit.pip.round(2)
    ([0, 1], array([0.77, 0.23, 0.  ]))
    """
    check_names(variants, ld_variants)
    scores, errors = _scores(z, beta, se, var_y, variants)
    size = _sample_size(n)
    matrix = correlation_matrix(R, scores.size, names=variants)
    weights = None if prior_weights is None else np.asarray(prior_weights, np.float64)
    endless = math.isinf(size)
    settings = SusieSettings(
        n_effects=L, scaled_prior_variance=_prior_variance(scaled_prior_variance, endless=endless),
        estimate_prior_variance=estimate_prior_variance, estimate_prior_method=estimate_prior_method,
        check_null_threshold=check_null_threshold, residual_variance=residual_variance,
        estimate_residual_variance=estimate_residual_variance, prior_weights=weights,
        null_weight=null_weight, coverage=coverage, min_abs_corr=min_abs_corr, tol=tol,
        max_iter=max_iter, refine=refine,
    )  # fmt: skip
    settings.check(scores.size)
    if endless and estimate_residual_variance:
        raise UsageError("estimate_residual_variance needs n", hint="n=the sample size")
    problem = _endless(scores, matrix) if endless else _sized(scores, errors, var_y, matrix, size)
    return _solved(problem, settings, start)


def susie_suff_stat(
    XtX: ArrayLike,
    Xty: ArrayLike,
    yty: float,
    n: float,
    *,
    L: int = 10,
    coverage: float = 0.95,
    min_abs_corr: float = 0.5,
    scaled_prior_variance: float = 0.2,
    estimate_prior_variance: bool = True,
    estimate_prior_method: PriorMethod = "optim",
    check_null_threshold: float = 0.0,
    residual_variance: float | None = None,
    estimate_residual_variance: bool = True,
    prior_weights: ArrayLike | None = None,
    null_weight: float = 0.0,
    standardize: bool = True,
    x_means: ArrayLike | None = None,
    y_mean: float | None = None,
    tol: float = 1e-3,
    max_iter: int = 100,
    refine: bool = False,
    start: SusieFit | None = None,
    variants: Sequence[str] | None = None,
) -> SusieFit:
    """SuSiE from sufficient statistics of centred X and y.

    Parameters
    ----------
    XtX : array-like, shape (p, p)
        X'X, columns of X centred.
    Xty : array-like, shape (p,)
        X'y.
    yty : float
        y'y, y centred.
    n : float
        Samples.
    standardize : bool
        Scale variants to variance 1.
    x_means, y_mean : optional
        Means before centring, shape (p,) and a number; the intercept follows from them.
    variants : sequence of str, optional
        Names for messages.
    L, coverage, min_abs_corr, scaled_prior_variance, estimate_prior_variance
        As :func:`postgwas.finemap.susie`.
    estimate_prior_method, check_null_threshold, residual_variance, estimate_residual_variance
        Likewise.
    prior_weights, null_weight, tol, max_iter, refine, start
        Likewise.

    Returns
    -------
    SusieFit
        The same numbers as :func:`postgwas.finemap.susie` on the data.

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`susie_rss`.

    References
    ----------
    Zou et al. 2022, PLoS Genetics 18:e1010299, section "SuSiE with sufficient statistics".

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=(100, 5))
    >>> y = x[:, 2] + np.random.default_rng(2).normal(size=100)
    >>> x, y = x - x.mean(axis=0), y - y.mean()
    >>> susie_suff_stat(x.T @ x, x.T @ y, y @ y, 100).credible_sets[0].variants
    array([2])
    """
    check_names(variants, None)
    xty = finite_vector(Xty, "Xty", names=variants)
    size = _sample_size(n)
    if math.isinf(size):
        raise UsageError("n is infinite, expected the number of samples")
    if not (math.isfinite(yty) and yty > 0):
        raise InputError(f"yty = {yty:g}: expected a number above 0; does y vary?")
    matrix = symmetric_matrix(XtX, xty.size, "XtX", names=variants)
    diagonal = np.array(np.diagonal(matrix))
    if diagonal.min() < 0:
        row = int(diagonal.argmin())
        raise InputError(f"XtX: {diagonal[row]:g} on the diagonal at variant {row}, expected 0 or more")
    weights = None if prior_weights is None else np.asarray(prior_weights, np.float64)
    settings = SusieSettings(
        n_effects=L, scaled_prior_variance=scaled_prior_variance,
        estimate_prior_variance=estimate_prior_variance, estimate_prior_method=estimate_prior_method,
        check_null_threshold=check_null_threshold, residual_variance=residual_variance,
        estimate_residual_variance=estimate_residual_variance, prior_weights=weights,
        null_weight=null_weight, coverage=coverage, min_abs_corr=min_abs_corr, tol=tol,
        max_iter=max_iter, refine=refine,
    )  # fmt: skip
    settings.check(xty.size)
    deviations = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scale: float | Floats = 1.0
    if standardize:
        scale = np.where(diagonal > 0, np.sqrt(diagonal / (size - 1.0)), 1.0)
        diagonal = diagonal / scale**2
    products = MatrixProducts(matrix, 1.0 / scale, deviations)
    problem = SusieProblem(
        products, one_number(diagonal), xty / scale, float(yty), size, yty / (size - 1.0), scale
    )
    return _solved(problem, settings, start, x_means, y_mean)


def summary_problem(
    z: ArrayLike, R: ArrayLike | CheckedLd, n: float, *, variants: Sequence[str] | None = None
) -> SusieProblem:
    """Checked z-scores, LD and sample size as sufficient statistics; errors as :func:`susie_rss`."""
    scores = finite_vector(z, "z", names=variants)
    size = _sample_size(n)
    return _sized(scores, None, None, correlation_matrix(R, scores.size, names=variants), size)


def _endless(scores: Floats, matrix: Floats) -> SusieProblem:
    """Effects so small that n is of no matter: y'y = 1 and two samples only make the bound finite."""
    diagonal = np.ascontiguousarray(np.diagonal(matrix))
    products = MatrixProducts(matrix, 1.0, np.sqrt(diagonal))
    return SusieProblem(products, one_number(diagonal), scores, yty=1.0, n=2.0, variance=1.0, scale=1.0)


def _sized(
    scores: Floats, errors: Floats | None, var_y: float | None, matrix: Floats, n: float
) -> SusieProblem:
    shrink = np.sqrt((n - 1.0) / (scores**2 + n - 2.0))
    variance, scale = 1.0, np.ones(1)
    if errors is not None and var_y is not None:
        variance = var_y
        # Standard deviations of genotypes: se^2 (n-1) is y's residual variance over theirs.
        scale = math.sqrt(var_y / (n - 1.0)) * shrink / errors
    deviations = np.sqrt(np.diagonal(matrix))
    factor: float | Floats = math.sqrt(n - 1.0)
    if np.any(deviations != 1.0):
        factor = factor / deviations
    return SusieProblem(
        MatrixProducts(matrix, factor, deviations), diagonal=n - 1.0,
        xty=math.sqrt((n - 1.0) * variance) * shrink * scores, yty=(n - 1.0) * variance, n=n,
        variance=variance, scale=scale,
    )  # fmt: skip


def _solved(
    problem: SusieProblem,
    settings: SusieSettings,
    start: SusieFit | None,
    x_means: ArrayLike | None = None,
    y_mean: float | None = None,
) -> SusieFit:
    state, sets = solve(problem, settings, start)
    intercept = math.nan
    if x_means is not None and y_mean is not None:
        means = finite_vector(x_means, "x_means", size=problem.n_variants)
        intercept = y_mean - float(means @ coefficients(problem, state))
    fitted = state.products.sum(axis=0) * problem.scale
    return result(problem, settings, state, sets, intercept=intercept, fitted=fitted)


def _scores(
    z: ArrayLike | None,
    beta: ArrayLike | None,
    se: ArrayLike | None,
    var_y: float | None,
    names: Sequence[str] | None,
) -> tuple[Floats, Floats | None]:
    if (beta is None) != (se is None):
        raise UsageError("beta and se belong together: one of them is missing")
    if (z is None) == (beta is None):
        raise UsageError("z-scores, or else beta and se, are needed", hint="z=None with beta= and se=")
    if var_y is not None and not (var_y > 0 and math.isfinite(var_y)):
        raise UsageError(f"var_y = {var_y:g}: expected a number above 0")
    if beta is None or se is None:
        if var_y is not None:
            raise UsageError("var_y needs beta and se: z-scores have no units")
        assert z is not None
        return finite_vector(z, "z", names=names), None
    effects = finite_vector(beta, "beta", names=names)
    errors = positive_vector(se, "se", names=names, size=effects.size)
    return effects / errors, errors


def _sample_size(n: float | None) -> float:
    if n is None:
        raise UsageError("n, the sample size, is missing", hint="n=..., or n=math.inf for tiny effects")
    if not n > 2:
        raise UsageError(f"n = {n:g}: expected more than 2 samples")
    return float(n)


def _prior_variance(given: float | None, *, endless: bool) -> float:
    if given is not None:
        return given
    return 50.0 if endless else 0.2
