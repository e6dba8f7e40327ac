"""Whether the signs of z-scores fit those of LD: alleles counted the same way in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import UsageError
from postgwas.finemap.matrix_checks import CheckedLd, correlation_matrix, finite_vector

SUSPECT = 0.55
"""Shares below it make doubtful that alleles are aligned; those that are not give one half."""
CONTRARY = 0.53
"""Shares without variants themselves, below which they cannot be: z-scores of no effect at all have more."""


@dataclass(frozen=True)
class Alignment:
    """How often two variants in LD have z-scores whose product has the sign of their correlation.

    Attributes
    ----------
    share : float
        Of the pairs, each variant with itself included as in coloc; NaN without pairs.
    share_of_pairs : float
        The same without the variants themselves.
    n_pairs : int
        Pairs of different variants.
    doubtful : bool
        Whether `share` is below 0.55, over at least 100 pairs.
    contrary : bool
        Whether `share_of_pairs` is below 0.53, likewise. Of z-scores of no effect none of 660 was (0.539 to
        0.66, 11 regions), of those with random signs all (up to 0.516).
    """

    share: float
    share_of_pairs: float
    n_pairs: int
    doubtful: bool
    contrary: bool


def check_alignment(z: ArrayLike, R: ArrayLike | CheckedLd, *, r_min: float = 0.2) -> Alignment:
    """Compare the signs of z-scores with those of LD.

    Parameters
    ----------
    z : array-like, shape (p,)
    R : array-like, shape (p, p), or CheckedLd
    r_min : float
        Pairs of a larger absolute correlation count.

    Returns
    -------
    Alignment

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`.

    References
    ----------
    As coloc's check_alignment.

    Examples
    --------
    >>> import numpy as np
    >>> r = np.array([[1.0, 0.8, -0.7], [0.8, 1.0, -0.6], [-0.7, -0.6, 1.0]])
    >>> check_alignment([3.0, 2.0, -2.5], r).share, round(check_alignment([3.0, 2.0, 2.5], r).share, 2)
    (1.0, 0.56)
    """
    scores = finite_vector(z, "z")
    if not 0 <= r_min < 1:
        raise UsageError(f"r_min = {r_min:g}: expected 0 or more and below 1")
    matrix = correlation_matrix(R, scores.size)
    counted = np.abs(matrix) > r_min
    sign = np.sign(scores)
    agree = (np.sign(matrix) * np.outer(sign, sign) > 0) & counted
    total = int(counted.sum())
    share = float(agree.sum() / total) if total else float("nan")
    alone = int(np.diagonal(counted).sum())
    pairs = (total - alone) // 2
    own = int(np.diagonal(agree).sum())
    among = float((agree.sum() - own) / (2 * pairs)) if pairs else float("nan")
    many = pairs >= 100
    return Alignment(share, among, pairs, many and share < SUSPECT, many and among < CONTRARY)
