"""Starting points for the search of the largest FDR: feasible, varied, the same for the same seed."""

from __future__ import annotations

from itertools import product

import numpy as np

from postgwas.errors import MatrixError
from postgwas.mtag.maxfdr import (
    FEASIBILITY_TOLERANCE,
    Bools,
    FDRModel,
    Floats,
    fdr_at,
    feasible,
    pair_probabilities,
)
from postgwas.mtag.maxfdr_lattice import count_points, lattice_block

GRID_INTERVALS = {1: 10, 2: 10, 3: 10, 4: 5, 5: 3}
"""Lattices small enough to be searched whole for starts, by number of traits."""


def admissible(model: FDRModel, points: Floats, *, min_causal: float) -> Bools:
    """Feasible, and every trait causal with at least `min_causal`; both with the grid's tolerance."""
    return _admissible_pairs(model, pair_probabilities(model, points), min_causal)


def _admissible_pairs(model: FDRModel, pi: Floats, min_causal: float) -> Bools:
    share = pi[:, model.pairs[:, 0] == model.pairs[:, 1]]
    return np.asarray(feasible(model, pi) & (share >= min_causal - FEASIBILITY_TOLERANCE).all(axis=1))


def pull_in(model: FDRModel, point: Floats, *, min_causal: float, anchor: Floats | None = None) -> Floats:
    """Mix as little as needed of an admissible point into one that is not.

    Parameters
    ----------
    model : FDRModel
    point : ndarray, shape (2^T,)
    min_causal : float
    anchor : ndarray, shape (2^T,), optional
        An admissible point; by default all SNPs causal for all traits.

    Raises
    ------
    MatrixError
        Omega is not positive semi-definite, so that no point is admissible.
    """
    point = np.maximum(point, 0.0)
    point = point / point.sum()
    if admissible(model, point[None], min_causal=min_causal)[0]:
        return point
    if anchor is None:
        anchor = np.zeros(len(model.states))
        anchor[-1] = 1.0
    if not admissible(model, anchor[None], min_causal=min_causal)[0]:
        raise MatrixError("Omega is not positive semi-definite: no mixture of causal states can give it")
    # Only the pair probabilities matter, and they mix linearly: many shares of the anchor at once.
    line = np.stack([point, anchor]) @ model.both
    shares = np.concatenate([[0.0], np.logspace(-12, 0, 60)])
    for _ in range(2):
        good = _admissible_pairs(model, np.stack([1 - shares, shares], axis=1) @ line, min_causal)
        first = int(good.argmax()) if good.any() else len(shares) - 1
        low, high = shares[max(first - 1, 0)], shares[first]
        shares = np.linspace(low, high, 40)
    for share in (high, 1.0000001 * high, 1.01 * high, 1.0):
        mixed = (1 - share) * point + share * anchor
        if admissible(model, mixed[None], min_causal=min_causal)[0]:
            return np.asarray(mixed)
    return anchor


def starting_points(
    model: FDRModel, trait: int, *, min_causal: float, n_starts: int, seed: int
) -> list[tuple[str, Floats]]:
    """Named admissible points for one trait, best kinds first, at most `n_starts`.

    From the whole lattice where it is small (2 and 3 traits: mtag.py's default grid, so
    that its best point is always among the starts); the best points of two-trait
    lattices, with the other traits causal always or together with one of the two;
    points symmetric in the traits; random points on few states.
    """
    n_traits = model.n_traits
    found: list[tuple[str, Floats]] = []
    if n_traits in GRID_INTERVALS:
        intervals = GRID_INTERVALS[n_traits]
        points = lattice_block(n_traits, intervals, 0, count_points(n_traits, intervals))
        best = _best(model, trait, points, min_causal=min_causal, count=max(1, n_starts // 3))
        found += [("grid", point) for point in best]
    if n_traits > 2:
        pairs = np.concatenate(
            [_pair_points(model, trait, other) for other in range(n_traits) if other != trait]
        )
        best = _best(model, trait, pairs, min_causal=min_causal, count=max(1, n_starts // 3))
        found += [("pair", point) for point in best]
    symmetric = np.stack(_symmetric_points(model, trait))
    best = _best(model, trait, symmetric, min_causal=min_causal, count=max(1, n_starts // 6))
    found += [("symmetric", point) for point in best]
    random = np.random.default_rng([seed, trait])
    while len(found) < n_starts:
        point = np.zeros(len(model.states))
        chosen = random.choice(len(point), size=min(len(point), 2 * n_traits), replace=False)
        point[chosen] = random.dirichlet(np.ones(len(chosen)))
        point = pull_in(model, point, min_causal=min_causal)
        # Every other one as sparse as it may be: there the FDR often has a maximum of its own.
        found.append(("random", diluted(model, point[None], min_causal, len(found) % 2)[0]))
    return found[:n_starts]


def diluted(model: FDRModel, points: Floats, min_causal: float, degree: float) -> Floats:
    """Same shares among SNPs that are causal for something, another share of SNPs causal for nothing.

    The correlations of Omega* do not change. At degree 0 every SNP is causal for something, at
    degree 1 the rarest trait is causal with probability `min_causal`; between, geometrically.
    """
    shape = points.copy()
    shape[:, 0] = 0
    shape /= shape.sum(axis=1, keepdims=True)
    least = (shape @ model.states).min(axis=1, keepdims=True)
    shape *= np.minimum(1.0, min_causal / least) ** degree
    shape[:, 0] = 1 - shape.sum(axis=1)
    return np.maximum(shape, 0.0)


def _best(model: FDRModel, trait: int, points: Floats, *, min_causal: float, count: int) -> list[Floats]:
    """Admissible points of highest FDR as they are, then diluted to several degrees; no two alike."""
    admitted = [
        block[admissible(model, block, min_causal=0.0)]
        for block in (points[start : start + 1024] for start in range(0, len(points), 1024))
    ]
    every = np.concatenate(admitted)
    if not len(every):
        return []
    chosen: list[Floats] = []
    for rank, degree in enumerate((None, 1.0, 0.0, 0.5)):
        group = every if degree is None else diluted(model, every, min_causal, degree)
        value = np.full(len(group), -1.0)
        for start in range(0, len(group), 1024):
            block = slice(start, start + 1024)
            good = admissible(model, group[block], min_causal=min_causal)
            value[block][good] = fdr_at(model, group[block][good], trait=trait)[:, 0]
        wanted = -(-count * (rank + 1) // 4)
        for index in np.argsort(-value, kind="stable"):
            if len(chosen) >= wanted or value[index] < 0:
                break
            if all(np.abs(group[index] - other).sum() > 0.3 for other in chosen):
                chosen.append(group[index])
    return chosen


def _pair_points(model: FDRModel, trait: int, other: int) -> Floats:
    """Two-trait lattice of `trait` and `other`, three ways for the remaining traits to go along."""
    intervals = 10 if model.n_traits < 6 else 6
    lattice = lattice_block(2, intervals, 0, count_points(2, intervals))
    weights = 1 << np.arange(model.n_traits - 1, -1, -1)
    points = []
    for follow in range(3):
        point = np.zeros((len(lattice), len(model.states)))
        for column, (first, second) in enumerate(product([0, 1], repeat=2)):
            state = np.full(model.n_traits, (1, first, second)[follow])
            state[trait], state[other] = first, second
            point[:, state @ weights] += lattice[:, column]
        points.append(point)
    return np.concatenate(points)


def _symmetric_points(model: FDRModel, trait: int) -> list[Floats]:
    """All traits causal, with shares of all but one (any trait, or `trait`) or of one alone, pulled in."""
    causal = model.states.sum(axis=1)
    all_but_one = causal == model.n_traits - 1
    without = all_but_one & ~model.states[:, trait]
    single = causal == 1
    points = []
    for group in (all_but_one, without, single):
        for share in (0.1, 0.3, 0.6):
            point = np.zeros(len(causal))
            point[group] = share / group.sum()
            point[-1] += 1 - point.sum()
            points.append(pull_in(model, point, min_causal=0.0))
    return points
