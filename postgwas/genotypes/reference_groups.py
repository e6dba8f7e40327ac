"""Ancestry of samples from their coordinates beside labelled ones: group probabilities and proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

Floats = NDArray[np.float64]

_SUM_WEIGHT = 1e4
"""Weight of the row that makes proportions sum to 1, in within-group standard deviations."""


@dataclass(frozen=True, eq=False)
class ReferenceGroups:
    """Labelled groups in the space of the axes.

    Attributes
    ----------
    names : tuple of str, length G
    centres : ndarray of float64, shape (G, k)
    whitening : ndarray of float64, shape (k, k)
        ``x @ whitening`` has the identity for its pooled within-group covariance.
    precisions : ndarray of float64, shape (G, k, k)
        Inverses of the groups' own covariances, drawn towards the pooled one.
    log_determinants : ndarray of float64, shape (G,)
        Of those covariances.
    """

    names: tuple[str, ...]
    centres: Floats
    whitening: Floats
    precisions: Floats
    log_determinants: Floats


def describe_groups(scores: Floats, codes: NDArray[np.int64], names: tuple[str, ...]) -> ReferenceGroups:
    """Centres and covariances of labelled groups.

    A group's covariance is a weighted mean of its own, with weight n_g / (n_g + 10 k), and the
    pooled one: small groups cannot say much of k (k + 1) / 2 covariances (Friedman 1989).

    Parameters
    ----------
    scores : ndarray of float64, shape (n, k)
    codes : ndarray of int64, shape (n,)
        Place of the group in `names`, -1 for none. Each group has at least two samples.
    names : tuple of str

    Raises
    ------
    InputError
        If an axis does not vary within groups.

    References
    ----------
    Friedman 1989, Regularized discriminant analysis, JASA 84:165-175.
    """
    n_groups, k = len(names), scores.shape[1]
    centres, own, sizes = np.empty((n_groups, k)), np.empty((n_groups, k, k)), np.empty(n_groups)
    for group in range(n_groups):
        members = scores[codes == group]
        centres[group], sizes[group] = members.mean(axis=0), len(members)
        own[group] = (members - centres[group]).T @ (members - centres[group])
    freedom = sizes.sum() - n_groups
    if freedom < 1:
        raise InputError("labelled groups of one sample each: their spread is unknown")
    pooled = own.sum(axis=0) / freedom
    values, vectors = np.linalg.eigh(pooled)
    if not values[0] > 1e-10 * values[-1]:
        raise InputError(
            f"{int(freedom + n_groups)} labelled samples do not vary within groups in {k} dimensions",
            hint="fewer axes: --n_axes",
        )
    weight = (sizes / (sizes + 10.0 * k))[:, None, None]
    mixed = weight * own / np.maximum(sizes - 1.0, 1.0)[:, None, None] + (1.0 - weight) * pooled
    return ReferenceGroups(
        names, centres, vectors / np.sqrt(values), np.linalg.inv(mixed), np.linalg.slogdet(mixed)[1]
    )


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which group each sample belongs to.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (n, G)
        Posterior probabilities, all groups alike beforehand; NaN where a sample has no scores.
    best : ndarray of int64, shape (n,)
        Most probable group, -1 where unassigned.
    distance : ndarray of float64, shape (n,)
        Squared Mahalanobis distance to the centre of the most probable group.
    """

    probabilities: Floats
    best: NDArray[np.int64]
    distance: Floats


def assign(
    groups: ReferenceGroups, scores: Floats, *, least_probability: float = 0.9, furthest: float = 1e-4
) -> Assignment:
    """Assign samples to groups by their Gaussian densities.

    Parameters
    ----------
    groups : ReferenceGroups
    scores : ndarray of float64, shape (n, k)
    least_probability : float
        Samples whose most probable group has less are unassigned.
    furthest : float
        Samples so far from that group that a member would be further out with less than this
        probability (chi-squared, k degrees of freedom) are unassigned.
    """
    from scipy.stats import chi2

    from_centre = scores[:, None, :] - groups.centres[None]
    squared = np.einsum("ngi,gij,ngj->ng", from_centre, groups.precisions, from_centre)
    density = -0.5 * (squared + groups.log_determinants)
    density -= density.max(axis=1, keepdims=True)
    probabilities = np.exp(density)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    known = np.isfinite(probabilities).all(axis=1)
    best: NDArray[np.int64] = np.argmax(np.where(known[:, None], probabilities, 0.0), axis=1)
    rows = np.arange(len(scores))
    distance = squared[rows, best]
    with np.errstate(invalid="ignore"):
        sure = probabilities[rows, best] >= least_probability
        near = distance <= chi2.isf(furthest, scores.shape[1])
    return Assignment(probabilities, np.where(known & sure & near, best, -1), distance)


@dataclass(frozen=True, eq=False)
class Proportions:
    """Each sample as a mixture of groups.

    Attributes
    ----------
    values : ndarray of float64, shape (n, G)
        At least 0, sum 1; NaN where a sample has no scores.
    residual : ndarray of float64, shape (n,)
        Distance from the nearest mixture, in within-group standard deviations.
    """

    values: Floats
    residual: Floats


def proportions(groups: ReferenceGroups, scores: Floats) -> Proportions:
    """The mixture of group centres that lies nearest to each sample.

    An admixed sample's expected coordinates are the mixture, by its ancestry proportions, of its
    sources' (Ma and Amos 2012). Distances are in the metric of the pooled within-group covariance.

    Parameters
    ----------
    groups : ReferenceGroups
        The possible sources.
    scores : ndarray of float64, shape (n, k)

    References
    ----------
    Ma and Amos 2012, Principal components analysis of population admixture, PLoS ONE 7:e40115.
    Lawson and Hanson 1974, Solving least squares problems, chapter 23 (non-negative least squares).

    Examples
    --------
    >>> eye = np.eye(2)
    >>> found = ReferenceGroups(("A", "B"), np.array([[0.0, 0.0], [4.0, 0.0]]), eye, np.array([eye, eye]),
    ...                         np.zeros(2))
    >>> proportions(found, np.array([[1.0, 0.0]])).values.round(6).tolist()
    [[0.75, 0.25]]
    """
    from scipy.optimize import nnls

    centres, points = groups.centres @ groups.whitening, scores @ groups.whitening
    origin = centres.mean(axis=0)
    system = np.vstack([(centres - origin).T, np.full(len(centres), _SUM_WEIGHT)])
    values, residual = np.full((len(scores), len(centres)), np.nan), np.full(len(scores), np.nan)
    for row in np.flatnonzero(np.isfinite(points).all(axis=1)):
        share, _ = nnls(system, np.append(points[row] - origin, _SUM_WEIGHT))
        values[row] = share / share.sum()
        residual[row] = np.linalg.norm(points[row] - values[row] @ centres)
    return Proportions(values, residual)
