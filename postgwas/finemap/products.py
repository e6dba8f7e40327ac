"""Products with X'X, the one costly step of SuSiE: from an LD matrix, or from genotypes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scale = float | Floats
"""One number for all variants, or one each."""

NEGLIGIBLE = 1e-8
"""What effects too small to be multiplied may change in any z-score, all together."""


class Products(Protocol):
    """X'X of p variants on the scale on which effects are fitted."""

    @property
    def n_variants(self) -> int: ...

    def times(self, effects: Floats, least: Floats | float) -> Floats:
        """X'X b.

        Parameters
        ----------
        effects : ndarray, shape (p,)
            b.
        least : float or ndarray, shape (p,)
            Effects below it count as none.

        Returns
        -------
        ndarray, shape (p,)
        """

    def correlation(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """Correlations of some variants with others, shape (rows, columns)."""


@dataclass(frozen=True, eq=False)
class MatrixProducts:
    """X'X = D M D of a symmetric matrix M and a diagonal D.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)
        M, contiguous and symmetric; only one of its triangles is read.
    factor : float or ndarray, shape (p,)
        The diagonal of D.
    deviations : float or ndarray, shape (p,)
        Square roots of the diagonal of M, 1 where that is 0.
    """

    matrix: Floats
    factor: Scale
    deviations: Scale

    @property
    def n_variants(self) -> int:
        return int(self.matrix.shape[0])

    def times(self, effects: Floats, least: Floats | float) -> Floats:
        """X'X b; the rows of a few variants where the others' effects are negligible."""
        from scipy.linalg.blas import dsymv

        chosen = np.flatnonzero(np.abs(effects) > least)
        scaled = self.factor * effects
        # A gathered row costs about as much as five of the whole matrix, read in order and one half only.
        if chosen.size * 5 < self.n_variants:
            product = scaled[chosen] @ self.matrix[chosen]
        else:
            # BLAS wants columns: a symmetric matrix by rows is one by columns too.
            matrix = self.matrix if self.matrix.flags.f_contiguous else self.matrix.T
            product = dsymv(1.0, matrix, scaled)
        result: Floats = self.factor * product
        return result

    def correlation(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """Correlations of some variants with others."""
        part = self.matrix[np.ix_(rows, columns)]
        if isinstance(self.deviations, float):
            return part / self.deviations**2
        return part / np.outer(self.deviations[rows], self.deviations[columns])


@dataclass(frozen=True, eq=False)
class GenotypeProducts:
    """X'X b as X'(X b), where samples are fewer than variants.

    Attributes
    ----------
    rows : ndarray, shape (p, n)
        X', on the scale on which effects are fitted, contiguous by variant.
    square : float, optional
        Squared length of every row, where rows are centred and equally long.
    """

    rows: Floats
    square: float | None = None

    @property
    def n_variants(self) -> int:
        return int(self.rows.shape[0])

    def times(self, effects: Floats, least: Floats | float) -> Floats:
        """X'(X b); X b from the variants whose effects are not negligible."""
        chosen = np.flatnonzero(np.abs(effects) > least)
        few = chosen.size * 5 < self.n_variants
        fitted = effects[chosen] @ self.rows[chosen] if few else effects @ self.rows
        product: Floats = self.rows @ fitted
        return product

    def correlation(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """Correlations of some variants with others; 0 where one does not vary."""
        first, second = self.rows[rows], self.rows[columns]
        if self.square is None:
            first, second = _unit(first), _unit(second)
        together: Floats = first @ second.T
        return together if self.square is None else together / self.square


def _unit(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))
    unit: Floats = centred / np.where(length > 0, length, 1.0)[:, None]
    return unit
