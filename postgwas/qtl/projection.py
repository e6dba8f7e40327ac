"""Covariates projected out: an orthonormal basis of them and the constant, and residuals beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

Floats = NDArray[np.float64]

_DEPENDENT = 1e-8
"""Share of a covariate's norm, left after those before it, below which it adds nothing."""


@dataclass(frozen=True, eq=False)
class Projection:
    """What linear models with covariates share.

    Attributes
    ----------
    basis : ndarray, shape (samples, rank)
        Orthonormal; its first column is the constant.
    dependent : tuple of int
        Rows of the covariates that the constant and the ones before explain already.
    """

    basis: Floats
    dependent: tuple[int, ...] = ()

    @property
    def n_samples(self) -> int:
        return len(self.basis)

    @property
    def rank(self) -> int:
        """Dimensions taken, the constant included."""
        return self.basis.shape[1]

    @property
    def df(self) -> int:
        """Degrees of freedom left when one more variable is tested."""
        return self.n_samples - self.rank - 1

    def residuals(self, values: Floats) -> Floats:
        """What is left of each row.

        Parameters
        ----------
        values : ndarray, shape (rows, samples)

        Returns
        -------
        ndarray of float64, shape (rows, samples)
        """
        # The mean first: then the products are of small numbers.
        left = values - values.mean(axis=1, keepdims=True)
        if self.rank > 1:
            others = self.basis[:, 1:]
            left -= (left @ others) @ others.T
        return left


def projection(covariates: Floats | None, n_samples: int) -> Projection:
    """The basis of covariates and the constant.

    Parameters
    ----------
    covariates : ndarray, shape (covariates, samples), or None
    n_samples : int

    Raises
    ------
    InputError
        If no degree of freedom is left to test a variable with.

    Notes
    -----
    Gram-Schmidt with each step done twice, so that dependence is told from rounding (Giraud et al. 2005,
    Numerische Mathematik 101:87, "twice is enough"); covariates that depend on others take no degree of
    freedom, as in R's lm.

    Examples
    --------
    >>> made = projection(np.array([[0.0, 1.0, 0.0, 1.0, 2.0], [1.0, 3.0, 1.0, 3.0, 5.0]]), 5)
    >>> made.rank, made.df, made.dependent
    (2, 2, (1,))
    """
    columns = [np.full(n_samples, 1.0 / np.sqrt(n_samples))]
    dependent = []
    for row, values in enumerate(() if covariates is None else covariates):
        centred = values - values.mean()
        # A constant's centred values are rounding alone.
        scale = max(np.linalg.norm(centred), 1e-14 * np.linalg.norm(values))
        left = centred
        for _ in range(2):
            known = np.column_stack(columns)
            left = left - known @ (known.T @ left)
        size = np.linalg.norm(left)
        if scale == 0.0 or size <= _DEPENDENT * scale or np.ptp(values) == 0.0:
            dependent.append(row)
        elif len(columns) < n_samples:
            columns.append(left / size)
    made = Projection(np.column_stack(columns), tuple(dependent))
    if made.df < 1:
        raise InputError(
            f"{n_samples} samples and {0 if covariates is None else len(covariates)} covariates leave "
            f"{made.df} degrees of freedom: expected at least 1",
            hint="fewer covariates, or more samples",
        )
    return made
