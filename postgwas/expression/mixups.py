"""Whose genotypes fit whose expression: sample mix-ups found by predicting strong cis effects.

For genes with a strong cis effect the expression that each person's genotype predicts is held
against the expression that was measured, for all pairs of people. Effects are learnt from other
samples than those that are held against them, so that a sample cannot vouch for its own label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

MATCH, MIXED_UP, UNCLEAR, NO_GENOTYPE = 0, 1, 2, 3
VERDICTS = ("match", "mixed up", "unclear", "no genotype")


@dataclass(frozen=True, eq=False)
class Effects:
    """Cis effects: expression = intercept + slope * copies, with residual SD `sd`; each of shape (pairs,)."""

    intercept: FloatArray
    slope: FloatArray
    sd: FloatArray


def fit_effects(expression: FloatArray, copies: FloatArray) -> Effects:
    """Least squares of each pair.

    Parameters
    ----------
    expression, copies : ndarray, shape (pairs, samples)
        Copies of an allele that vary, without missing values.
    """
    centred = copies - copies.mean(axis=1, keepdims=True)
    slope = np.einsum("ij,ij->i", centred, expression) / np.einsum("ij,ij->i", centred, centred)
    intercept = expression.mean(axis=1) - slope * copies.mean(axis=1)
    away = expression - intercept[:, None] - slope[:, None] * copies
    sd = np.sqrt(np.einsum("ij,ij->i", away, away) / max(expression.shape[1] - 2, 1))
    return Effects(intercept, slope, np.maximum(sd, 1e-6))


def mismatch(expression: FloatArray, copies: FloatArray, effects: Effects) -> FloatArray:
    """Mean squared standardised difference between measured and predicted expression.

    Parameters
    ----------
    expression : ndarray, shape (pairs, samples)
    copies : ndarray, shape (pairs, people)
    effects : Effects
        Of the same pairs.

    Returns
    -------
    ndarray, shape (samples, people)
        About 1 where the person is the sample's.

    References
    ----------
    Westra et al. (2011), Bioinformatics 27:2104 (there the mean absolute difference).
    """
    measured = (expression - effects.intercept[:, None]) / effects.sd[:, None]
    predicted = effects.slope[:, None] * copies / effects.sd[:, None]
    squares = (measured**2).sum(axis=0)[:, None] + (predicted**2).sum(axis=0)[None, :]
    return np.maximum(squares - 2.0 * measured.T @ predicted, 0.0) / len(measured)


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the mismatches say of each sample.

    Attributes
    ----------
    best : ndarray of int, shape (samples,)
        Person whose genotype fits best.
    z_own, z_best : ndarray, shape (samples,)
        Mismatch of the labelled and of the best person, in SDs from the mean of all people but
        these two; negative is a better fit. NaN for `z_own` without a label.
    verdict : ndarray of int8, shape (samples,)
        Index in :data:`VERDICTS`.
    """

    best: IntArray
    z_own: FloatArray
    z_best: FloatArray
    verdict: NDArray[np.int8]


def assess(
    mismatches: FloatArray, own: IntArray, *, false_fits: float = 0.01, z_margin: float = 2.0
) -> Assessment:
    """Whether each sample's label fits, and who fits better.

    Parameters
    ----------
    mismatches : ndarray, shape (samples, people)
        At least 4 people.
    own : ndarray of int, shape (samples,)
        Each sample's person by its label; -1 where that person has no genotype.
    false_fits : float
        A person fits where its z is below that of which a standard normal sample of all people
        would have one with this probability: -3.99 for 300 people.
    z_margin : float
        The best person must be better than the labelled one by so many SDs for a mix-up.

    Returns
    -------
    Assessment
        ``match``: the labelled person fits best and fits. ``mixed up``: another does, by the
        margin. ``no genotype``: no label. ``unclear``: anything else, such as too few effects,
        a relative, or the right person not being there.
    """
    from scipy.special import ndtri

    n = len(mismatches)
    each = np.arange(n)
    best = np.argmin(mismatches, axis=1)
    labelled = own >= 0
    others = np.ones_like(mismatches, np.bool_)
    others[each, best] = False
    others[each[labelled], own[labelled]] = False
    kept = np.where(others, mismatches, np.nan)
    mean = np.nanmean(kept, axis=1)
    sd = np.nanstd(kept, axis=1, ddof=1)
    sd = np.where(sd > 0, sd, np.nan)
    z_best = (mismatches[each, best] - mean) / sd
    z_own = np.where(labelled, (mismatches[each, np.maximum(own, 0)] - mean) / sd, np.nan)
    fits = z_best < ndtri(false_fits / mismatches.shape[1])
    verdict = np.full(n, UNCLEAR, np.int8)
    verdict[labelled & (best == own) & fits] = MATCH
    verdict[labelled & (best != own) & fits & (z_own - z_best > z_margin)] = MIXED_UP
    verdict[~labelled] = NO_GENOTYPE
    return Assessment(best, z_own, z_best, verdict)


def independent_pairs(order: IntArray, copies: FloatArray, chromosome: IntArray, n_pairs: int) -> IntArray:
    """The first pairs in `order` whose variants are not in LD with one taken before.

    Parameters
    ----------
    order : ndarray of int, shape (candidates,)
        Rows of `copies`, the strongest first.
    copies : ndarray, shape (pairs, people)
    chromosome : ndarray of int, shape (pairs,)
    n_pairs : int
        At most so many.

    Returns
    -------
    ndarray of int
        Rows; r^2 between any two variants of one chromosome is at most 0.2.
    """
    centred = copies - copies.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    taken: list[int] = []
    for row in order:
        near = [other for other in taken if chromosome[other] == chromosome[row]]
        if not near or float(np.max((unit[near] @ unit[row]) ** 2)) <= 0.2:
            taken.append(int(row))
        if len(taken) == n_pairs:
            break
    return np.array(taken, np.intp)
