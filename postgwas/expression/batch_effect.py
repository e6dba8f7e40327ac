"""Take the linear effect of batches and covariates out of expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import Floats, checked_values

_TOLERANCE = 1e-7  # of a column's length: what is left of it beside the others


def remove_batch_effect(
    values: ArrayLike,
    *,
    batch: Sequence[Any] | NDArray[Any] | None = None,
    batch2: Sequence[Any] | NDArray[Any] | None = None,
    covariates: ArrayLike | None = None,
    design: ArrayLike | None = None,
) -> Floats:
    """Subtract fitted batch effects, as limma's removeBatchEffect.

    Each gene is regressed on design and batch columns together, and the fitted part of the batch
    columns is taken away. A batch has one column a level but one, coded so that the effects of its
    levels add up to zero: a gene's mean over batches, each weighing the same, stays what it was.

    Parameters
    ----------
    values : array-like, shape (genes, samples)
        On a log scale. NaN is left out of its gene's fit and stays NaN.
    batch, batch2 : sequence, shape (samples,), optional
        Labels of two independent sets of batches.
    covariates : array-like, shape (samples,) or (samples, C), optional
        Numeric covariates to take out; not centred, as in limma.
    design : array-like, shape (samples, D), optional
        What is to be kept; by default an intercept. A design without an intercept means that batch
        effects count from zero.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError
        A batch or covariate is confounded with the design, so that there is no telling them apart;
        labels or covariates that are missing.
    UsageError
        Another number of labels than samples.

    References
    ----------
    Ritchie et al. (2015) Nucleic Acids Research 43, e47; the limma manual, removeBatchEffect.

    Examples
    --------
    >>> remove_batch_effect([[1.0, 2.0, 5.0, 6.0]], batch=["a", "a", "b", "b"])
    array([[3., 4., 3., 4.]])
    """
    matrix = checked_values(values)
    n = matrix.shape[1]
    if np.isinf(matrix).any():
        raise InputError("removing batch effects: expression has infinite values", hint="a log with a prior")
    parts = [sum_contrasts(labels, n, name) for labels, name in ((batch, "batch"), (batch2, "batch2"))]
    parts.append(_columns(covariates, n, "covariates"))
    unwanted = np.column_stack([part for part in parts if part is not None] or [np.empty((n, 0))])
    wanted = np.ones((n, 1)) if design is None else _columns(design, n, "design")
    assert wanted is not None
    if not unwanted.shape[1]:
        return matrix.copy()
    out = matrix.copy()
    missing = np.isnan(matrix)
    whole = ~missing.any(axis=1)
    if whole.any():
        out[whole] -= fitted_effects(matrix[whole], wanted, unwanted)
    for gene in np.flatnonzero(~whole):
        seen = ~missing[gene]
        out[gene, seen] -= fitted_effects(matrix[gene : gene + 1, seen], wanted[seen], unwanted[seen])[0]
    return out


def fitted_effects(values: Floats, wanted: Floats, unwanted: Floats) -> Floats:
    """The part of each row that a joint fit gives to the unwanted columns.

    Raises
    ------
    InputError
        Unwanted columns that the wanted ones can explain.
    """
    basis = _basis(wanted)
    left = unwanted - basis @ (basis.T @ unwanted)
    own = _basis(unwanted).shape[1]
    if _basis(left, scale=np.linalg.norm(unwanted, axis=0)).shape[1] < own:
        raise InputError(
            "removing batch effects: a batch or covariate is confounded with the design: they cannot be "
            "told apart",
            hint="a design without it, or samples of each kind in each batch",
        )
    coefficients = np.linalg.pinv(left, rcond=1e-10) @ values.T
    effects: Floats = (unwanted @ coefficients).T
    return effects


def _basis(columns: Floats, scale: Floats | None = None) -> Floats:
    """Orthonormal columns that span `columns`; each column counts by its direction, not its length."""
    length = np.linalg.norm(columns, axis=0) if scale is None else scale
    unit = columns / np.where(length > 0, length, 1.0)
    left, singular, _ = np.linalg.svd(unit, full_matrices=False)
    return np.asarray(left[:, singular > _TOLERANCE])


def sum_contrasts(labels: Sequence[Any] | NDArray[Any] | None, n: int, name: str) -> Floats | None:
    """Columns of a factor whose level effects add up to zero; one fewer than levels.

    Raises
    ------
    InputError
        A label is missing.
    UsageError
        Another number of labels than samples.
    """
    if labels is None:
        return None
    if len(labels) != n:
        raise UsageError(f"{name}: {len(labels)} labels for {n} samples")
    texts = ["" if label is None or label != label else str(label) for label in labels]
    if "" in texts:
        raise InputError(f"{name}: the label of sample {texts.index('') + 1} is missing")
    levels, codes = np.unique(texts, return_inverse=True)
    columns = np.eye(len(levels))[:, :-1]
    columns[-1] = -1.0
    return np.asarray(columns[codes])


def _columns(values: ArrayLike | None, n: int, name: str) -> Floats | None:
    if values is None:
        return None
    matrix = np.asarray(values, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    if matrix.ndim != 2 or len(matrix) != n:
        raise UsageError(f"{name}: expected {n} rows, one per sample, found shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        row = int(np.argwhere(~np.isfinite(matrix))[0][0])
        raise InputError(f"{name}: the value of sample {row + 1} is missing or not finite")
    return matrix
