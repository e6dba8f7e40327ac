"""Which studies share people: told from z-scores in passes over the variants before they are combined."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from postgwas.errors import MatrixError
from postgwas.meta.aligned import Floats, MetaBlock
from postgwas.meta.cumulative_overlap import OVERLAP_STEP, OverlapSteps, RunningSums
from postgwas.meta.methods import Context
from postgwas.meta.sample_overlap import overlap_error, overlap_of_sums
from postgwas.runlog import get_logger

log = get_logger("meta")

_LEAST_EIGENVALUE = 1e-4
_VAGUE = 0.05
"""Standard error of a correlation above which it is said to be vague."""


@dataclass(frozen=True, eq=False)
class Cumulative:
    """What METAL's correction needs: the studies in the order in which they are added, and their steps."""

    order: tuple[int, ...]
    steps: tuple[OverlapSteps, ...]


def prepare_overlap(blocks: Iterable[MetaBlock], context: Context) -> Floats | Cumulative | None:
    """Correlations of the studies' estimates, given or told in pairs; METAL's steps; None without overlap.

    Raises
    ------
    MatrixError
        If two studies are all but the same.
    """
    given = context.options.get("correlation")
    if given is not None:
        return np.array(given, float)
    kind = context.options.get("overlap")
    if kind is None:
        return None
    cut = float(context.options.get("overlap_z", 1.0))
    if kind == "metal":
        order = tuple(context.options.get("order") or range(len(context.names)))
        return _cumulative(blocks, context.names, order, cut)
    return _pairwise(blocks, context.names, cut)


def _pairwise(blocks: Iterable[MetaBlock], names: Sequence[str], cut: float) -> Floats:
    pairs = list(combinations(range(len(names)), 2))
    squares, products, counts = np.zeros(len(pairs)), np.zeros(len(pairs)), np.zeros(len(pairs), np.int64)
    for block in blocks:
        with np.errstate(invalid="ignore"):
            small = np.where(np.abs(block.z) < cut, block.z, np.nan)
        for at, (i, j) in enumerate(pairs):
            both = np.isfinite(small[i]) & np.isfinite(small[j])
            first, second = small[i][both], small[j][both]
            squares[at] += float(np.square(first).sum() + np.square(second).sum())
            products[at] += float((first * second).sum())
            counts[at] += first.size
    matrix = np.eye(len(names))
    for at, (i, j) in enumerate(pairs):
        count = int(counts[at])
        rho = overlap_of_sums(float(squares[at]), float(products[at]), count, cut=cut)
        matrix[i, j] = matrix[j, i] = rho
        error = overlap_error(count, cut=cut)
        said = f"{names[i]} and {names[j]}: correlation {rho:.4f} from {count:,} variants with |Z| below "
        said += f"{cut:g}" + (f" (SE {error:.3f} if they were independent)" if math.isfinite(error) else "")
        log.info("%s", said)
        if not error <= _VAGUE:
            log.warning(
                "%s and %s: %s variants tell overlap vaguely; --overlap_z above %g uses more of them, "
                "--study_correlation gives it",
                names[i], names[j], f"{count:,}", cut,
            )  # fmt: skip
    if np.linalg.eigvalsh(matrix)[0] < _LEAST_EIGENVALUE:
        i, j = max(pairs, key=lambda pair: float(matrix[pair]))
        raise MatrixError(
            f"the studies' correlations are not positive definite; highest: {names[i]} and {names[j]}, "
            f"{matrix[i, j]:.4f}",
            hint="leave one of them out, or give --study_correlation FILE",
        )
    return matrix


def _cumulative(
    blocks: Iterable[MetaBlock], names: Sequence[str], order: tuple[int, ...], cut: float
) -> Cumulative:
    """A pass a study: the sums so far are kept, three numbers a variant."""
    sums: RunningSums | None = None
    found = []
    for at in order:
        # Copies: a row of a block keeps all its studies in memory.
        columns = [(block.z[at].copy(), block.n[at].copy()) for block in blocks]
        z, n = (np.concatenate([one[which] for one in columns]) for which in (0, 1))
        del columns
        if sums is None:
            sums = RunningSums(np.zeros(z.size), np.zeros(z.size), np.zeros(z.size))
        rows = np.flatnonzero(np.isfinite(z) & np.isfinite(n) & (n > 0))
        w = n[rows]
        mine = np.sqrt(w) * z[rows]
        steps = sums.estimate(rows, mine, w, cut=cut)
        sums.add(rows, mine, w, steps)
        found.append(steps)
        _tell(names[at], steps, cut)
    return Cumulative(order, tuple(found))


def _tell(name: str, steps: OverlapSteps, cut: float) -> None:
    if not steps.step.size:
        return
    total = int(steps.variants.sum())
    mean = float(steps.rho @ steps.variants) / max(total, 1)
    log.info(
        "%s: correlation with the studies before it %.4f on average, %.4f to %.4f over %d steps of %s people",
        name, mean, steps.rho.min(), steps.rho.max(), steps.step.size, f"{OVERLAP_STEP:,}",
    )  # fmt: skip
    vague = np.array([not overlap_error(int(pairs), cut=cut) <= _VAGUE for pairs in steps.pairs])
    few = int(steps.variants[vague].sum())
    if few > 0.05 * total:
        log.warning(
            "%s: overlap of %s of %s variants is told vaguely, their numbers of people are too rare; "
            "--overlap pairs takes all variants together",
            name, f"{few:,}", f"{total:,}",
        )  # fmt: skip
