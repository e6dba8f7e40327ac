"""SuSiE over several populations, each with its own LD: shared causal variants, correlated effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.compute.threads import one_blas_thread
from postgwas.errors import UsageError
from postgwas.finemap.credible_sets import credible_sets
from postgwas.finemap.matrix_checks import CheckedLd, check_names
from postgwas.finemap.products import MatrixProducts
from postgwas.finemap.shared_effect import chance_gain
from postgwas.finemap.shared_fit import SharedState, fit_shared
from postgwas.finemap.susie_individual import people_problem
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings
from postgwas.finemap.susie_result import CredibleSet, inclusion_probabilities
from postgwas.finemap.susie_summary import summary_problem

Floats = NDArray[np.float64]

MULTI_METHODS = ("optim", "EM")


@dataclass(frozen=True, eq=False)
class MultiFit:
    """A sum of L effects that sit at the same variants in K populations.

    Attributes
    ----------
    pip : ndarray, shape (p,)
        Posterior probability that a variant has an effect (in any of the populations).
    alpha : ndarray, shape (L, p)
    mu : ndarray, shape (L, K, p)
        Posterior mean of effect l in population k, if it sits at variant j, per standard deviation of the
        genotype.
    lbf, divergence : ndarray, shape (L,)
    lbf_variable : ndarray, shape (L, p)
    covariance : ndarray, shape (L, K, K)
        Prior covariance of each effect between populations; 0 for effects that are not there.
    correlation : ndarray, shape (L, K, K)
        The same as correlations; NaN where a variance is 0.
    sigma2 : ndarray, shape (K,)
    elbo : ndarray, shape (n_iter,)
    converged : bool
    n_iter : int
    coefficients : ndarray, shape (K, p)
        Posterior mean of the joint effects, per unit of X (of genotypes), or per standard deviation (of
        z-scores).
    credible_sets : tuple of CredibleSet
        Purity is of the LD averaged over populations that have both variants, weighted by their sizes.
    """

    pip: Floats
    alpha: Floats
    mu: Floats
    lbf: Floats
    divergence: Floats
    lbf_variable: Floats
    covariance: Floats
    correlation: Floats
    sigma2: Floats
    elbo: Floats
    converged: bool
    n_iter: int
    coefficients: Floats
    credible_sets: tuple[CredibleSet, ...]

    @property
    def n_populations(self) -> int:
        """K."""
        return int(self.mu.shape[1])


def susie_multi(
    X: Sequence[ArrayLike],
    y: Sequence[ArrayLike],
    *,
    L: int = 10,
    coverage: float = 0.95,
    min_abs_corr: float = 0.5,
    scaled_prior_variance: float = 0.2,
    prior_correlation: float = 0.0,
    estimate_prior_covariance: bool = True,
    estimate_prior_method: str = "optim",
    check_null_threshold: float | None = None,
    estimate_residual_variance: bool = True,
    residual_variances: ArrayLike | None = None,
    prior_weights: ArrayLike | None = None,
    tol: float = 1e-3,
    max_iter: int = 500,
    variants: list[str] | None = None,
) -> MultiFit:
    r"""Sum of shared single effects on genotypes and phenotypes of K populations.

    :math:`y_k = X_k \sum_l \gamma_l b_{lk} + e_k`: effect l sits at the same variant
    :math:`\gamma_l` in all populations, with effects :math:`b_l \sim N(0, C_l)` that may differ and be
    correlated. A population in which a variant does not vary says nothing of it.

    Parameters
    ----------
    X : sequence of K array-like, each of shape (n_k, p)
        The same variants and alleles in all; covariates projected out beforehand.
    y : sequence of K array-like, each of shape (n_k,)
    scaled_prior_variance, prior_correlation : float
        Of the covariance to begin with: variances as a share of each y's, and their correlation.
    estimate_prior_covariance : bool
    estimate_prior_method : {"optim", "EM"}
        The covariance of the largest evidence, in each round; or one step of expectation maximisation.
    check_null_threshold : float, optional
        Log likelihood that an effect must gain over none, else its covariance is 0 and it counts nowhere;
        ``-math.inf`` keeps all. Half a unit for each number of the covariance but one if None, which is what
        fitting it gains by chance: 0 with one population, 1 with two, 2.5 with three.
    residual_variances : array-like, shape (K,), optional
        To begin with; those of y if None.
    L, coverage, min_abs_corr, estimate_residual_variance, prior_weights, tol, max_iter, variants
        As :func:`postgwas.finemap.susie`.

    Returns
    -------
    MultiFit

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.finemap.susie`; or populations have other numbers of variants.

    References
    ----------
    Lu et al. 2025, Nature Genetics (SuShiE); Yuan et al. 2024, Nature Genetics 56:1841-1850 (SuSiEx).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = [rng.binomial(2, f, (n, 30)).astype(float) for n, f in ((300, 0.3), (150, 0.1))]
    >>> y = [one[:, 4] * b + rng.normal(size=len(one)) for one, b in zip(x, (0.5, 0.8))]
    >>> fit = susie_multi(x, y)
    >>> fit.credible_sets[0].variants, fit.coefficients[:, 4].round(2)
    (array([4]), array([0.45, 0.91]))
    """
    if len(X) != len(y) or not len(X):
        raise UsageError(f"{len(X)} matrices X, but {len(y)} phenotypes")
    problems = [people_problem(one, out, variants=variants).problem for one, out in zip(X, y)]
    settings = _settings(
        len(problems), L, coverage, min_abs_corr, scaled_prior_variance, estimate_prior_covariance,
        estimate_prior_method, check_null_threshold, estimate_residual_variance, prior_weights, tol, max_iter,
    )  # fmt: skip
    return _solve(problems, settings, prior_correlation, residual_variances)


def susie_multi_rss(
    z: Sequence[ArrayLike],
    R: Sequence[ArrayLike | CheckedLd],
    n: Sequence[float],
    *,
    L: int = 10,
    coverage: float = 0.95,
    min_abs_corr: float = 0.5,
    scaled_prior_variance: float = 0.2,
    prior_correlation: float = 0.0,
    estimate_prior_covariance: bool = True,
    estimate_prior_method: str = "optim",
    check_null_threshold: float | None = None,
    estimate_residual_variance: bool = False,
    residual_variances: ArrayLike | None = None,
    prior_weights: ArrayLike | None = None,
    tol: float = 1e-3,
    max_iter: int = 500,
    variants: Sequence[str] | None = None,
    present: Sequence[ArrayLike] | None = None,
) -> MultiFit:
    """Sum of shared single effects from z-scores of K populations, each with its LD.

    Parameters
    ----------
    z : sequence of K array-like, each of shape (p,)
        The same variants and alleles in all.
    R : sequence of K array-like, each of shape (p, p)
    n : sequence of K float
        Sample sizes.
    L, coverage, min_abs_corr, scaled_prior_variance, prior_correlation, estimate_prior_covariance
        As :func:`susie_multi`.
    estimate_prior_method, check_null_threshold, estimate_residual_variance, residual_variances
        Likewise.
    prior_weights, tol, max_iter, variants
        Likewise.
    present : sequence of K array-like of int, optional
        Which variants (of `variants`, or of all that any population has, from 0) each population's z and R
        are of, ascending; a population says nothing of the others. All have all if None.

    Returns
    -------
    MultiFit

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`; or populations have other numbers of variants.

    Examples
    --------
    >>> import numpy as np
    >>> near, far = (np.array([[1.0, r], [r, 1.0]]) for r in (0.99, 0.3))
    >>> fit = susie_multi_rss([[6.0, 5.9], [5.0, 1.4]], [near, far], [1000, 500])
    >>> fit.credible_sets[0].variants
    array([0])
    """
    if not len(z) == len(R) == len(n) or not len(z):
        raise UsageError(
            f"{len(z)} vectors z, {len(R)} matrices R, {len(n)} sample sizes: expected as many of each"
        )
    check_names(variants, None)
    if any(math.isinf(one) for one in n):
        raise UsageError("n is infinite, expected sample sizes: they weigh the populations")
    if present is None:
        problems = [summary_problem(one, r, size, variants=variants) for one, r, size in zip(z, R, n)]
    else:
        problems = _with_absent(z, R, n, present, variants)
    settings = _settings(
        len(problems), L, coverage, min_abs_corr, scaled_prior_variance, estimate_prior_covariance,
        estimate_prior_method, check_null_threshold, estimate_residual_variance, prior_weights, tol, max_iter,
    )  # fmt: skip
    return _solve(problems, settings, prior_correlation, residual_variances)


def _with_absent(
    z: Sequence[ArrayLike],
    R: Sequence[ArrayLike | CheckedLd],
    n: Sequence[float],
    present: Sequence[ArrayLike],
    variants: Sequence[str] | None,
) -> list[SusieProblem]:
    """Problems over all variants, in which those that a population lacks do not vary."""
    if len(present) != len(z):
        raise UsageError(f"present: {len(present)} lists of variants for {len(z)} populations")
    rows = [np.asarray(one, np.int64) for one in present]
    size = len(variants) if variants is not None else 1 + max(int(one.max(initial=-1)) for one in rows)
    problems = []
    for scores, matrix, people, at in zip(z, R, n, rows):
        if at.size and (at[0] < 0 or at[-1] >= size or not np.all(np.diff(at) > 0)):
            raise UsageError(f"present: expected ascending rows from 0 to {size - 1}")
        names = None if variants is None else [variants[row] for row in at]
        part = summary_problem(scores, matrix, people, variants=names)
        if part.n_variants != at.size:
            raise UsageError(f"present: {at.size} variants, but {part.n_variants} z-scores")
        whole, xty, diagonal = np.zeros((size, size)), np.zeros(size), np.zeros(size)
        whole[np.ix_(at, at)] = matrix.matrix if isinstance(matrix, CheckedLd) else np.asarray(matrix)
        xty[at], diagonal[at] = part.xty, part.diagonal
        products = MatrixProducts(whole, math.sqrt(people - 1.0), np.ones(size))
        problems.append(replace(part, products=products, xty=xty, diagonal=diagonal))
    return problems


def _settings(
    n_populations: int,
    effects: int,
    coverage: float,
    min_abs_corr: float,
    scaled_prior_variance: float,
    estimate: bool,
    method: str,
    threshold: float | None,
    residual: bool,
    weights: ArrayLike | None,
    tol: float,
    max_iter: int,
) -> SusieSettings:
    if method not in MULTI_METHODS:
        raise UsageError(f"estimate_prior_method = {method!r}: expected optim or EM")
    if threshold is None:
        threshold = chance_gain(n_populations)
    return SusieSettings(
        n_effects=effects, scaled_prior_variance=scaled_prior_variance, estimate_prior_variance=estimate,
        estimate_prior_method="EM" if method == "EM" else "optim", check_null_threshold=threshold,
        estimate_residual_variance=residual,
        prior_weights=None if weights is None else np.asarray(weights, np.float64),
        coverage=coverage, min_abs_corr=min_abs_corr, tol=tol, max_iter=max_iter,
    )  # fmt: skip


def _solve(
    problems: list[SusieProblem],
    settings: SusieSettings,
    prior_correlation: float,
    residual_variances: ArrayLike | None,
) -> MultiFit:
    sizes = [one.n_variants for one in problems]
    if len(set(sizes)) > 1:
        raise UsageError(f"populations have {', '.join(map(str, sizes))} variants: expected the same in all")
    settings.check(sizes[0])
    k = len(problems)
    if not -1.0 / max(k - 1, 1) <= prior_correlation <= 1:
        raise UsageError(f"prior_correlation = {prior_correlation:g}: no correlation of {k} populations")
    spread = np.sqrt([settings.scaled_prior_variance * one.variance for one in problems])
    within = np.where(np.eye(k) > 0, 1.0, prior_correlation)
    residuals = None
    if residual_variances is not None:
        residuals = np.asarray(residual_variances, np.float64)
        if residuals.shape != (k,) or not np.all(residuals > 0):
            raise UsageError(f"residual_variances: expected {k} numbers above 0")
    # Threads of BLAS on matrices of K x K cost many times the work.
    with one_blas_thread():
        state = fit_shared(problems, settings, covariance=np.outer(spread, spread) * within, sigma2=residuals)
        return _result(problems, settings, state)


def _result(problems: list[SusieProblem], settings: SusieSettings, state: SharedState) -> MultiFit:
    weights = np.array([one.n for one in problems], np.float64)
    weights /= weights.sum()

    def averaged(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """Over the populations in which both vary."""
        total, weight = np.zeros((2, rows.size, columns.size))
        for w, one in zip(weights, problems):
            varies = np.broadcast_to(np.asarray(one.diagonal) > 0, (one.n_variants,))
            both = w * np.outer(varies[rows], varies[columns])
            total += both * one.products.correlation(rows, columns)
            weight += both
        mean: Floats = total / np.where(weight > 0, weight, 1.0)
        return mean

    variance = np.trace(state.covariance, axis1=1, axis2=2)
    spread = np.sqrt(np.diagonal(state.covariance, axis1=1, axis2=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = state.covariance / (spread[:, :, None] * spread[:, None, :])
    means = np.einsum("lp,lpk->kp", state.alpha, state.mean)
    return MultiFit(
        pip=inclusion_probabilities(state.alpha, variance), alpha=state.alpha,
        mu=np.ascontiguousarray(state.mean.transpose(0, 2, 1)), lbf=state.lbf, divergence=state.divergence,
        lbf_variable=state.lbf_variable, covariance=state.covariance, correlation=correlation,
        sigma2=state.sigma2, elbo=np.array(state.elbo), converged=state.converged, n_iter=len(state.elbo),
        coefficients=np.stack([mean / one.scale for mean, one in zip(means, problems)]),
        credible_sets=credible_sets(
            state.alpha, variance, averaged, lbf=state.lbf, alpha_null=np.zeros(len(state.lbf)),
            coverage=settings.coverage, min_abs_corr=settings.min_abs_corr,
        ),
    )  # fmt: skip
