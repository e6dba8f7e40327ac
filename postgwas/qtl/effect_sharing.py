"""Effects of signals in several groups: how many have the same sign, and about the same size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EffectMatrix:
    """Effects of pairs of phenotype and variant in groups, per copy of one allele.

    This is also what a joint model of all groups starts from; see :class:`JointPosterior`.

    Attributes
    ----------
    effects, standard_errors : ndarray, shape (L, G)
        NaN where a group did not test the pair.
    pvals : ndarray, shape (L, G)
        Nominal.
    discovered : ndarray of bool, shape (L, G)
        In which groups the pair is a signal.
    groups : tuple of str, length G
    """

    effects: Floats
    standard_errors: Floats
    pvals: Floats
    discovered: Bools
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.discovered), len(self.groups))
        for name in ("effects", "standard_errors", "pvals", "discovered"):
            if getattr(self, name).shape != shape:
                raise UsageError(f"{name} have shape {getattr(self, name).shape}, expected {shape}")


@dataclass(frozen=True, eq=False)
class Posterior:
    """What a joint model makes of an effect matrix.

    Attributes
    ----------
    mean, sd : ndarray, shape (L, G)
        Of each effect given all groups' estimates.
    lfsr : ndarray, shape (L, G)
        Local false sign rate: probability that the sign is wrong (or the effect 0).
    """

    mean: Floats
    sd: Floats
    lfsr: Floats


JointPosterior = Callable[[EffectMatrix], Posterior]
"""A joint model of effects in groups, such as mash (Urbut et al. 2019, Nature Genetics 51:187).

It gets effects and standard errors of all pairs in all groups and gives posterior means, standard deviations
and local false sign rates of the same shape. :func:`sharing` counts on the means where it is given one. None
comes with this package.
"""


@dataclass(frozen=True, eq=False)
class Sharing:
    """Pairs of groups: rows are where a signal was found, columns where it is looked up.

    Attributes
    ----------
    n_signals : ndarray of int64, shape (G, G)
        Signals of the row's group that the column's group tested.
    same_sign : ndarray, shape (G, G)
        Share of them with the same sign; NaN without any.
    same_size : ndarray, shape (G, G)
        Share with the same sign and a size within the factor.
    """

    n_signals: NDArray[np.int64]
    same_sign: Floats
    same_size: Floats


def sharing(
    matrix: EffectMatrix, *, factor: float = 2.0, posterior: Posterior | None = None, lfsr: float = 0.05
) -> Sharing:
    """Shares of signals with the same sign, and with about the same size, in pairs of groups.

    Parameters
    ----------
    matrix : EffectMatrix
    factor : float
        Sizes are about the same if neither is more than this times the other.
    posterior : Posterior, optional
        Of a joint model: its means are compared instead of the estimates, for pairs whose `lfsr` is below the
        limit in at least one of the two groups, as Urbut et al. do.
    lfsr : float

    Raises
    ------
    UsageError
        If the factor is below 1.

    Notes
    -----
    Estimates carry noise: of effects that are truly equal, a share that grows with the standard errors
    differs in sign or size, and the effect in the group of discovery is too large on average (winner's
    curse). A joint model removes both.

    Examples
    --------
    >>> one = np.array([[1.0, 1.5], [1.0, -1.0], [1.0, 3.0]])
    >>> found = np.array([[True, False]] * 3)
    >>> m = EffectMatrix(one, np.ones((3, 2)), np.ones((3, 2)), found, ("a", "b"))
    >>> sharing(m).same_sign[0, 1].round(3), sharing(m).same_size[0, 1].round(3)
    (np.float64(0.667), np.float64(0.333))
    """
    if not factor >= 1:
        raise UsageError(f"--factor {factor:g}: expected at least 1")
    effects = matrix.effects if posterior is None else posterior.mean
    n_groups = len(matrix.groups)
    number = np.zeros((n_groups, n_groups), np.int64)
    sign, size = np.full((2, n_groups, n_groups), np.nan)
    for found in range(n_groups):
        for other in range(n_groups):
            if posterior is None:
                chosen = matrix.discovered[:, found]
            else:
                chosen = posterior.lfsr[:, [found, other]].min(axis=1) < lfsr
            one, two = effects[chosen, found], effects[chosen, other]
            there = np.isfinite(one) & np.isfinite(two)
            one, two = one[there], two[there]
            number[found, other] = len(one)
            if len(one):
                agree = np.sign(one) == np.sign(two)
                larger = np.maximum(np.abs(one), np.abs(two))
                within = larger <= factor * np.minimum(np.abs(one), np.abs(two))
                sign[found, other] = agree.mean()
                size[found, other] = (agree & within).mean()
    return Sharing(number, sign, size)


def aligned(
    effects: Floats,
    effect_alleles: Sequence[str | None],
    other_alleles: Sequence[str | None],
    reference: tuple[Sequence[str | None], Sequence[str | None]],
) -> tuple[Floats, NDArray[np.int8]]:
    """Effects per copy of the reference's effect allele.

    Parameters
    ----------
    effects : ndarray, shape (L,)
    effect_alleles, other_alleles : sequence of str or None, length L
    reference : (sequence, sequence)
        Effect and other allele that are wanted.

    Returns
    -------
    effects : ndarray, shape (L,)
        NaN where the alleles are other ones.
    how : ndarray of int8, shape (L,)
        0 the same alleles, 1 swapped: the sign was turned, 2 other alleles, 3 not known on one side: taken
        to be the same.

    Examples
    --------
    >>> aligned(np.array([1.0, 2.0, 3.0]), ["A", "C", "G"], ["C", "A", "T"], (["A"] * 3, ["C"] * 3))
    (array([ 1., -2., nan]), array([0, 1, 2], dtype=int8))
    """
    how = np.zeros(len(effects), np.int8)
    for at, (ea, oa, ra, rb) in enumerate(zip(effect_alleles, other_alleles, *reference)):
        if None in (ea, oa, ra, rb):
            how[at] = 3
        elif (ea, oa) == (rb, ra):
            how[at] = 1
        elif (ea, oa) != (ra, rb):
            how[at] = 2
    turned = np.where(how == 1, -1.0, 1.0) * effects
    return np.where(how == 2, np.nan, turned), how
