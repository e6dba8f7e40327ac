"""SuSiE on genotypes and a phenotype of the same people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.finemap.matrix_checks import check_names, finite_vector, variant_name
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.products import GenotypeProducts, MatrixProducts, Products
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings, one_number
from postgwas.finemap.susie_result import SusieFit
from postgwas.finemap.susie_solve import coefficients, result, solve

Floats = NDArray[np.float64]


def susie(
    X: ArrayLike,
    y: ArrayLike,
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
    intercept: bool = True,
    tol: float = 1e-3,
    max_iter: int = 100,
    refine: bool = False,
    start: SusieFit | None = None,
    variants: list[str] | None = None,
) -> SusieFit:
    r"""Sum of Single Effects: which variants have effects on y, and how sure that is.

    :math:`y = X \sum_l b_l + e`, where each of the L vectors :math:`b_l` has one entry that is not
    0, with a prior variance of its own.

    Parameters
    ----------
    X : array-like, shape (n, p)
        Genotypes, samples x variants, without missing values. Covariates are to be projected out
        of X and y beforehand. Stored by variant (a transposed variants x samples block) it is
        fastest.
    y : array-like, shape (n,)
    L : int
        Most effects; more than needed do no harm.
    coverage : float
        Probability that a credible set holds an effect.
    min_abs_corr : float
        Least absolute correlation between any two variants of a credible set.
    scaled_prior_variance : float
        Prior variance of an effect as a share of y's variance; where it is estimated, only the
        beginning.
    estimate_prior_variance : bool
    estimate_prior_method : {"optim", "EM", "simple"}
        Largest likelihood; expectation maximisation; as it is or 0.
    check_null_threshold : float
        Log likelihood that an effect must gain over none, else its prior variance is 0.
    residual_variance : float, optional
        To begin with, or fixed; y's variance if None.
    estimate_residual_variance : bool
    prior_weights : array-like, shape (p,), optional
        Prior probability of each variant up to a factor; 0 leaves it out. Equal if None.
    null_weight : float
        Prior probability that an effect sits nowhere.
    standardize : bool
        Scale variants to variance 1, so that rare ones have larger effects a priori.
    intercept : bool
        Centre X and y.
    tol : float
        The fit has converged when the bound rises by less in an iteration.
    max_iter : int
    refine : bool
        Look for better optima by fitting without each credible set's variants.
    start : SusieFit, optional
        Go on from another fit.
    variants : sequence of str, optional
        Names for messages.

    Returns
    -------
    SusieFit
        ``converged`` is False where `max_iter` came first.

    Raises
    ------
    InputError
        If a value is missing or infinite, y does not vary, or no variant does.
    UsageError
        If shapes do not fit or a setting is out of range.

    Notes
    -----
    Where samples are fewer than variants, X'X is never formed.

    References
    ----------
    Wang, Sarkar, Carbonetto, Stephens 2020, J. R. Stat. Soc. B 82:1273-1300, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> x = rng.binomial(2, 0.3, (200, 50)).astype(float)
    >>> fit = susie(x, x[:, 7] - x[:, 31] + rng.normal(size=200))
    >>> [(one.variants.tolist(), round(one.coverage, 3)) for one in fit.credible_sets]
    [([31], 1.0), ([7], 1.0)]
    """
    people = people_problem(X, y, standardize=standardize, intercept=intercept, variants=variants)
    problem = people.problem
    weights = None if prior_weights is None else np.asarray(prior_weights, np.float64)
    settings = SusieSettings(
        n_effects=L, scaled_prior_variance=scaled_prior_variance,
        estimate_prior_variance=estimate_prior_variance, estimate_prior_method=estimate_prior_method,
        check_null_threshold=check_null_threshold, residual_variance=residual_variance,
        estimate_residual_variance=estimate_residual_variance, prior_weights=weights,
        null_weight=null_weight, coverage=coverage, min_abs_corr=min_abs_corr, tol=tol,
        max_iter=max_iter, refine=refine,
    )  # fmt: skip
    settings.check(problem.n_variants)
    state, sets = solve(problem, settings, start)
    effects = coefficients(problem, state)
    fitted = (effects * problem.scale) @ people.rows + people.y_mean
    middle = people.y_mean - float(people.means @ effects)
    return result(problem, settings, state, sets, intercept=middle, fitted=fitted)


@dataclass(frozen=True, eq=False)
class PeopleProblem:
    """Genotypes and a phenotype as sufficient statistics, and what was taken off.

    Attributes
    ----------
    problem : SusieProblem
    rows : ndarray, shape (p, n)
        Genotypes, centred and scaled.
    means : ndarray, shape (p,)
    y_mean : float
        0 without an intercept, as `means`.
    """

    problem: SusieProblem
    rows: Floats
    means: Floats
    y_mean: float


def people_problem(
    X: ArrayLike,
    y: ArrayLike,
    *,
    standardize: bool = True,
    intercept: bool = True,
    variants: list[str] | None = None,
) -> PeopleProblem:
    """Check, centre and scale; parameters and errors as :func:`postgwas.finemap.susie`."""
    outcome = finite_vector(y, "y")
    rows = _rows(X, outcome.size, variants)
    if outcome.min() == outcome.max():
        raise InputError(f"y does not vary: {outcome[0]:g} for all {outcome.size} samples")
    centre = rows.mean(axis=1) if intercept else np.zeros(rows.shape[0])
    middle = float(outcome.mean()) if intercept else 0.0
    spread = rows.std(axis=1, ddof=1)
    # Rounding leaves constant columns a spread of their last bit.
    varies = spread > 1e-12 * np.abs(rows).max(axis=1)
    if not varies.any():
        raise InputError(f"none of the {rows.shape[0]} variants varies")
    scale = np.where(varies, spread, 1.0) if standardize else np.ones(rows.shape[0])
    rows = (rows - centre[:, None]) / scale[:, None]
    if intercept:
        rows[~varies] = 0.0
    problem = _problem(rows, outcome - middle, float(outcome.var(ddof=1)), scale, centred=intercept)
    return PeopleProblem(problem, rows, centre, middle)


def _rows(x: ArrayLike, n_samples: int, names: list[str] | None) -> Floats:
    matrix = np.asarray(x, dtype=np.float64)
    if matrix.ndim != 2:
        raise UsageError(f"X: expected samples x variants, found an array of shape {matrix.shape}")
    if matrix.shape[0] != n_samples:
        raise UsageError(f"X has {matrix.shape[0]} samples, y {n_samples}")
    if matrix.shape[0] < 2 or matrix.shape[1] < 1:
        raise UsageError(f"X: {matrix.shape[0]} samples of {matrix.shape[1]} variants are too few")
    check_names(names, None)
    if names is not None and len(names) != matrix.shape[1]:
        raise UsageError(f"X has {matrix.shape[1]} variants, but {len(names)} names are given")
    rows = np.ascontiguousarray(matrix.T)
    sums = rows.sum(axis=1)
    if not np.isfinite(sums).all():
        bad = np.flatnonzero(~np.isfinite(sums))
        raise InputError(
            f"X: missing or infinite values at {variant_name(names, int(bad[0]))}; {bad.size} of {sums.size} "
            "variants have some",
            hint="set missing genotypes to the variant's mean first",
        )
    return rows


def _problem(rows: Floats, outcome: Floats, variance: float, scale: Floats, *, centred: bool) -> SusieProblem:
    n_variants, n_samples = rows.shape
    squares = np.einsum("ij,ij->i", rows, rows)
    diagonal = one_number(squares)
    equal = diagonal if isinstance(diagonal, float) and centred else None
    products: Products = GenotypeProducts(rows, equal)
    if n_variants <= n_samples:
        gram = rows @ rows.T
        products = MatrixProducts(gram, 1.0, np.sqrt(np.where(squares > 0, squares, 1.0)))
    return SusieProblem(
        products, diagonal, rows @ outcome, float(outcome @ outcome), n_samples, variance, scale
    )
