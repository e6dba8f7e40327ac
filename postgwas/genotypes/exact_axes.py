"""Leading eigenvectors by a full decomposition, and the sign that axes are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.krylov import LeadingAxes
from postgwas.genotypes.standardise import Floats


def axes_of_gram(gram: Floats, n_axes: int) -> LeadingAxes:
    """Leading eigenvalues and eigenvectors of a symmetric matrix, exact to rounding.

    Parameters
    ----------
    gram : ndarray of float64, shape (m, m)
    n_axes : int
        At most m.

    Examples
    --------
    >>> axes_of_gram(np.diag([1.0, 9.0, 4.0]), 2).values.tolist()
    [9.0, 4.0]
    """
    from scipy.linalg import eigh

    size = len(gram)
    values, vectors = eigh(gram, subset_by_index=(size - n_axes, size - 1))
    return LeadingAxes(values[::-1].copy(), vectors[:, ::-1].copy(), np.zeros(n_axes), 1)


def signs(scores: Floats) -> Floats:
    """+1 or -1 for each axis, so that the score largest in size is positive.

    Scores decide, not loadings: these turn around with the allele that is counted.

    Parameters
    ----------
    scores : ndarray of float64, shape (n, k)

    Examples
    --------
    >>> signs(np.array([[0.1, 0.2], [-0.8, 0.3]])).tolist()
    [-1.0, 1.0]
    """
    rows: NDArray[np.int64] = np.argmax(np.abs(scores), axis=0)
    return np.where(scores[rows, np.arange(scores.shape[1])] < 0, -1.0, 1.0)
