"""LD scores of two populations: weights of variants, and what is made of the window sums.

Arrays in, arrays out.
"""

from __future__ import annotations

import numpy as np

from postgwas.ld.scores import Floats, unbiased
from postgwas.ld.windows import Left


def cross_weights(frequency1: Floats, frequency2: Floats, pq_exp: float, annot: Floats | None) -> Floats:
    """Weights of a variant in the scores of population 1, of population 2, and of both.

    The variance of a variant is 2 p (1 - p) in its population; the weights are
    (p1 q1)^e, (p2 q2)^e and their geometric mean, times the annotation.

    Parameters
    ----------
    frequency1, frequency2 : ndarray of float64, shape (V,)
        Of one allele in the two populations.
    pq_exp : float
        e: 0 for effects of standardised genotypes, 1 for effects per allele.
    annot : ndarray of float64, shape (V, A), optional

    Returns
    -------
    ndarray of float64, shape (V, 3 A)

    Examples
    --------
    >>> cross_weights(np.array([0.5]), np.array([0.2]), 1.0, None).round(2).tolist()
    [[0.25, 0.16, 0.2]]
    """
    one = (frequency1 * (1.0 - frequency1)) ** pq_exp
    two = (frequency2 * (1.0 - frequency2)) ** pq_exp
    values = np.ones((len(one), 1)) if annot is None else annot
    return np.hstack([values * weight[:, None] for weight in (one, two, np.sqrt(one * two))])


def cross_scores(
    sums: Floats, weights: Floats, left: Left, n_samples: tuple[int, int]
) -> tuple[Floats, Floats, Floats]:
    """Scores of population 1, of population 2 and across, each of shape (V, A).

    With weights of exponent 1 they belong to effects per allele at the causal variants and
    standardised effects at the variant of the score. Divided by that variant's own weight
    they are those of effects per allele at both (MAMA's allele-count units): an effect b_k
    is seen at j as b_k r_jk sqrt(v_k / v_j), v the variance 2 p (1 - p).

    The first two are sums of w * (r^2 - (1 - r^2) / (n - 2)). Correlations of samples that
    share nobody have independent errors: the mean of their product is the product of their
    means, so the third, the sum of w * r1 * r2, is as it is.

    Parameters
    ----------
    sums : ndarray of float64, shape (V, 3 A)
        Sums of w * r1^2, w * r2^2 and w * r1 * r2 over windows.
    weights : ndarray of float64, shape (V, 3 A)
        The w; see :func:`cross_weights`.
    left : ndarray of int64, shape (V,)
        Left ends of the windows.
    n_samples : pair of int
        Of the two populations, at least 3.

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76-88.
    """
    squares1, squares2, products = np.hsplit(sums, 3)
    weights1, weights2, _ = np.hsplit(weights, 3)
    return (
        unbiased(squares1, weights1, left, n_samples[0]),
        unbiased(squares2, weights2, left, n_samples[1]),
        products,
    )
