"""Priors of colocalisation: of a variant, of a region of so many variants, and of variants that differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.finemap.matrix_checks import finite_vector
from postgwas.finemap.one_causal import lower_prior

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

P1 = 1e-4
"""Prior probability of a variant to be causal for trait 1 only."""
P2 = 1e-4
"""The same for trait 2."""
P12 = 1e-5
"""Prior probability of a variant to be causal for both traits."""


@dataclass(frozen=True, eq=False)
class RegionPriors:
    """What is used in R regions.

    Attributes
    ----------
    p1, p2, p12 : ndarray, shape (R,)
        Of a variant; lowered where they summed to 1 or more over a region.
    prior : ndarray, shape (R, 5)
        Of H0 to H4.
    notes : tuple of str
        What was lowered, to what.
    """

    p1: Floats
    p2: Floats
    p12: Floats
    prior: Floats
    notes: tuple[str, ...]


def region_priors(
    sizes: ArrayLike, p1: float, p2: float, p12: float, *, together: ArrayLike | None = None
) -> RegionPriors:
    """Priors that fit regions of so many variants: those that sum to 1 or more become 1 / (m + 1).

    Parameters
    ----------
    sizes : array-like of int, shape (R,)
        Variants of each region, m.
    p1, p2, p12 : float
    together : array-like, shape (R,), optional
        See :func:`prior_probabilities`.

    Raises
    ------
    UsageError
        If a prior is not between 0 and 1.

    Examples
    --------
    >>> region_priors([500], 1e-4, 1e-4, 1e-5).prior.round(4)
    array([[0.9029, 0.0451, 0.0451, 0.0023, 0.0045]])
    >>> region_priors([500, 12000], 1e-4, 1e-5, 1e-5).notes
    ('p1 = 0.0001 sums to 1.2 over 12000 variants: lowered to 8.33264e-05',)
    """
    count = np.atleast_1d(np.asarray(sizes, np.float64))
    notes: list[str] = []
    used: list[Floats] = []
    for name, value in (("p1", p1), ("p2", p2), ("p12", p12)):
        check_prior(name, value)
        lowered, told = lower_prior(name, value, count)
        used.append(lowered)
        notes.extend(told)
    one, two, both = used
    return RegionPriors(one, two, both, prior_probabilities(count, one, two, both, together), tuple(notes))


def check_prior(name: str, value: float) -> None:
    """Refuse what is no probability.

    Raises
    ------
    UsageError
    """
    if not 0 < value < 1:
        raise UsageError(f"{name} = {value:g}: expected a probability between 0 and 1", hint="1e-4")


def prior_probabilities(
    sizes: ArrayLike, p1: ArrayLike, p2: ArrayLike, p12: ArrayLike, together: ArrayLike | None = None
) -> Floats:
    """Prior probabilities of H0 to H4 of regions of m variants, shape (..., 5).

    They are in the proportion 1 : m p1 : m p2 : (m^2 - c) p1 p2 : c p12, where c is `together`: the sum of
    products of both traits' weights, m where all variants are alike. Then it is what coloc has.
    """
    count, one, two, both, same = np.broadcast_arrays(
        *(
            np.asarray(given, np.float64)
            for given in (sizes, p1, p2, p12, sizes if together is None else together)
        )
    )
    odds = [np.ones_like(count), count * one, count * two, (count**2 - same) * one * two, same * both]
    weights = np.stack(odds, axis=-1)
    result: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return result


def log_weights(weights: ArrayLike | None, size: int, what: str, rows: Rows | None = None) -> Floats | None:
    """Logarithms of weights of variants, scaled to a mean of 1; None for none.

    Parameters
    ----------
    weights : array-like, shape (V,), optional
        How much more likely some variants are causal than others.
    size : int
        V.
    what : str
        Name of the argument.
    rows : ndarray of int64, optional
        Only these variants; the mean of 1 is over them.

    Raises
    ------
    InputError
        If a weight is missing.
    UsageError
        If there are not V, one is negative, or all are 0.

    References
    ----------
    Pullin and Wallace 2025, PLoS Genetics 21:e1011697: the prior of variant i is p1 times its weight
    over their mean, and of a shared one p12 times both traits'.
    """
    if weights is None:
        return None
    given = finite_vector(weights, what, size=size)
    if given.min() < 0:
        row = int(given.argmin())
        raise UsageError(f"{what}: {given[row]:g} at variant {row}, expected numbers of 0 or more")
    if rows is not None:
        given = given[rows]
    mean = float(given.mean())
    if mean <= 0:
        raise UsageError(f"{what}: all are 0 at the variants that are used")
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(given / mean)
    return logs
