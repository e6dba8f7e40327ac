"""One null for all phenotypes: after the inverse normal transform, all are permutations of the same numbers.

Permuted quantiles with the covariates projected out are one matrix for all phenotypes. Each variant is
multiplied with it once, however many windows it is in, and a window's null is the largest product in it. The
errors of sampling are then the same for phenotypes that share variants.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.permutation_null import Singles, permuted_phenotype
from postgwas.qtl.projection import Floats
from postgwas.qtl.window_rows import Rows, Runs

#: root mean square distance to the common quantiles, in standard deviations, up to which a phenotype has them
SAME = 0.02
_COLUMNS = 1000


def common_quantiles(phenotypes: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The sorted values that phenotypes have in common, and which of them do.

    Parameters
    ----------
    phenotypes : (G, n) float64

    Returns
    -------
    quantiles : (n,) float64
        Median over phenotypes of their sorted values, standardised.
    same : (G,) bool
        Whether a phenotype's values are these, in some order, to 0.02 standard deviations.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 2.0], [7.0, 5.0, 6.0], [0.0, 0.0, 9.0]])
    >>> common_quantiles(rows)[1]
    array([ True,  True, False])
    """
    ordered = np.sort(phenotypes, axis=1)
    ordered = ordered - ordered.mean(axis=1, keepdims=True)
    ordered /= ordered.std(axis=1, keepdims=True)
    quantiles = np.median(ordered, axis=0)
    distance = np.sqrt(np.mean((ordered - quantiles) ** 2, axis=1))
    return quantiles, distance <= SAME


def shared_columns(quantiles: Floats, orders: NDArray[np.intp], basis: Floats) -> Singles:
    """Permuted quantiles over the norm that covariates leave of them, (n, k) float32."""
    count = orders.shape[1]
    columns = np.empty((len(quantiles), count), dtype=np.float32)
    for start in range(0, count, _COLUMNS):
        permuted = permuted_phenotype(quantiles, orders[:, start : start + _COLUMNS], basis)
        columns[:, start : start + _COLUMNS] = permuted.values / permuted.norm
    return columns


class RunMaxima:
    """The largest product of each run's variants with each column.

    Parameters
    ----------
    runs : Runs
    columns : (n, k) float32
    """

    def __init__(self, runs: Runs, columns: Singles) -> None:
        self._runs = runs
        self._parts = [
            np.ascontiguousarray(columns[:, start : start + _COLUMNS])
            for start in range(0, columns.shape[1], _COLUMNS)
        ]
        self._best = np.zeros((runs.count, columns.shape[1]), dtype=np.float32)

    def add(self, rows: Singles, run: Rows) -> None:
        """Take in variants (V, n) of norm 1 and the run of each, ascending."""
        if not len(rows):
            return
        starts = np.flatnonzero(np.diff(run, prepend=-1))
        pieces = list(zip(run[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(rows)]))
        room = np.empty((len(rows), _COLUMNS), dtype=np.float32)
        for number, part in enumerate(self._parts):
            product = room[:, : part.shape[1]]
            np.matmul(rows, part, out=product)
            columns = slice(number * _COLUMNS, number * _COLUMNS + part.shape[1])
            for which, top, end in pieces:
                best = self._best[which, columns]
                np.maximum(best, product[top:end].max(axis=0), out=best)
                np.maximum(best, -product[top:end].min(axis=0), out=best)

    def largest_r2(self, window: int) -> Floats:
        """The largest squared correlation over a window in each permutation, (k,) float64."""
        first, last = int(self._runs.first[window]), int(self._runs.last[window])
        best: Floats = self._best[first:last].max(axis=0, initial=0.0).astype(np.float64)
        return np.minimum(best * best, 1.0)
