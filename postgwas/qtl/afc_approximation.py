"""The approximation that aFC.py and GTEx's tables use: the best of four closed forms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from postgwas.errors import UsageError
from postgwas.qtl.afc_intervals import draws, with_percentiles
from postgwas.qtl.afc_result import Afc, AfcOptions, no_afc

Floats = NDArray[np.float64]

_CLASSES = np.array([0.0, 1.0, 2.0])


def approximate_afc(
    expression: ArrayLike,
    copies: ArrayLike,
    covariates: ArrayLike | None = None,
    *,
    options: AfcOptions | None = None,
    name: str = "",
) -> Afc:
    """Mohammadi's model M3, with covariates as aFC.py takes them.

    Parameters
    ----------
    expression : array-like, shape (n,)
        log2 expression.
    copies : array-like, shape (n,)
        0, 1 or 2; NaN missing: such samples are left out.
    covariates : array-like, shape (k, n), optional
    options : AfcOptions, optional
        A covariate is taken out if the interval of its coefficient at `level` excludes 0. Without
        bootstrap there is no interval. `missing` and `max_r2` are of no effect.
    name : str
        As :func:`postgwas.qtl.fold_change.afc`.

    Returns
    -------
    Afc

    Raises
    ------
    UsageError
        If shapes do not fit or a call is a fraction.

    Notes
    -----
    With class means m0, m1, m2 of log2 expression the candidates are m2 - m0, log2(2^(1 + m1 - m0) - 1),
    -log2(2^(1 + m1 - m2) - 1) and twice the slope on copies; the one with the least variance of residuals
    is taken. Covariates: one regression on all of them and on indicators of the classes, heterozygotes
    being the reference; a second one on those of these columns whose coefficient differs from 0; what the
    second gives the covariates is subtracted. Testing the indicators too is a quirk of the peer's: where
    neither is significant, its second regression does without genotype. The model that least squares fit
    has neither step.

    References
    ----------
    Mohammadi et al. (2017) Genome Research 27, 1872-1884, Box 3.

    Examples
    --------
    >>> approximate_afc([3, 3.1, 3.4, 3.6, 4.0, 4.1], [0, 0, 1, 1, 2, 2]).estimate.round(6)
    array([1.])
    """
    chosen = options or AfcOptions(estimator="approximation")
    chosen.check()
    y, calls = np.asarray(expression, np.float64), np.asarray(copies, np.float64)
    if y.ndim != 1 or calls.shape != y.shape:
        raise UsageError(f"expression and copies have shapes {y.shape} and {calls.shape}, expected (n,) both")
    kept = np.isfinite(calls) & np.isfinite(y)
    y, calls = y[kept], calls[kept]
    if not np.isin(calls, _CLASSES).all():
        raise UsageError("the approximation needs calls of 0, 1 or 2", hint="--estimator nls takes dosages")
    if np.unique(calls).size < 2:
        return no_afc(1, "constant")
    if covariates is not None:
        y = _without_significant(y, calls, np.asarray(covariates, np.float64)[:, kept], chosen.level)
    estimate = _estimates(np.ones((1, len(y))), y, calls, chosen.limit)
    nothing = np.full(1, np.nan)
    reason = "at_limit" if abs(estimate[0]) >= chosen.limit else ""
    left = y - np.log2(1 + calls * (np.exp2(estimate[0]) - 1) / 2)
    found = Afc(
        estimate, nothing, nothing, nothing, (reason,), np.full(1, -1, np.int64), float(left.mean()),
        len(y) - 2, float(((left - left.mean()) ** 2).sum()), converged=True,
    )  # fmt: skip
    if chosen.interval == "bootstrap":
        again = [_estimates(weights, y, calls, chosen.limit) for weights in draws(len(y), chosen, name)]
        values = np.concatenate(again)
        return with_percentiles(found, values[np.isfinite(values)][:, None], chosen)
    return found


def _estimates(weights: Floats, y: Floats, calls: Floats, limit: float) -> Floats:
    """The best candidate under each of B weightings, shape (B,); NaN where only one class is left.

    All follows from the classes' weights, means and sums of squares.
    """
    belongs = (calls[:, None] == _CLASSES).astype(np.float64)
    origin = y.mean()
    n = weights @ belongs
    total = weights @ (belongs * (y - origin)[:, None])
    squares = weights @ (belongs * ((y - origin) ** 2)[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        candidates = np.clip(_candidates(n, total / n, total), -limit, limit)
    expected = np.log2(1 + _CLASSES * (np.exp2(candidates)[:, :, None] - 1) / 2)  # B, 4, 3
    all_n = n.sum(axis=1)[:, None]
    first = (total[:, None] - n[:, None] * expected).sum(axis=2) / all_n
    second = (squares[:, None] - 2 * expected * total[:, None] + n[:, None] * expected**2).sum(axis=2) / all_n
    variance = np.where(np.isnan(candidates), np.inf, second - first**2)
    best = np.argmin(variance, axis=1)
    chosen: Floats = candidates[np.arange(len(best)), best]
    chosen[(n > 0).sum(axis=1) < 2] = np.nan
    return chosen


def _candidates(n: Floats, means: Floats, total: Floats) -> Floats:
    """The four closed forms, shape (B, 4); NaN where a class is empty or a logarithm has no argument."""
    m0, m1, m2 = means.T
    lower = np.exp2(1 + m1 - m0) - 1
    upper = np.exp2(1 + m1 - m2) - 1
    all_n = n.sum(axis=1)
    mean_x, mean_y = n @ _CLASSES / all_n, total.sum(axis=1) / all_n
    slope = (total @ _CLASSES / all_n - mean_x * mean_y) / (n @ _CLASSES**2 / all_n - mean_x**2)
    return np.column_stack(
        [
            m2 - m0,
            np.log2(np.where(lower > 0, lower, np.nan)),
            -np.log2(np.where(upper > 0, upper, np.nan)),
            2 * slope,
        ]
    )


def _without_significant(y: Floats, calls: Floats, covariates: Floats, level: float) -> Floats:
    """Expression beside the covariates that matter."""
    classes = [calls == g for g in (0.0, 2.0)]
    columns = np.column_stack([np.ones(len(y)), *(one for one in classes if one.any()), *covariates])
    first = columns.shape[1] - len(covariates)
    coefficients, standard_errors, df = _regression(columns, y)
    matter = np.abs(coefficients) > stdtrit(df, 0.5 + level / 2) * standard_errors
    matter[0] = True
    used = columns[:, matter]
    again, _, _ = _regression(used, y)
    taken = np.flatnonzero(matter) >= first
    left: Floats = y - used[:, taken] @ again[taken]
    return left


def _regression(columns: Floats, y: Floats) -> tuple[Floats, Floats, int]:
    """Coefficients and their standard errors; of dependent columns the shortest solution."""
    u, size, v = np.linalg.svd(columns, full_matrices=False)
    used = size > size[0] * len(y) * np.finfo(np.float64).eps
    inverse = (v.T[:, used] / size[used]) @ u[:, used].T
    coefficients = inverse @ y
    left = y - columns @ coefficients
    df = len(y) - int(used.sum())
    if df < 1:
        return coefficients, np.full(len(coefficients), np.inf), 1
    variance = float(left @ left) / df
    return coefficients, np.sqrt(variance * np.einsum("ij,ij->i", inverse, inverse)), df
