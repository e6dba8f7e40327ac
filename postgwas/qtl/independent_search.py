"""Independent signals of a phenotype, or a group: forward selection by permutations, then each signal anew.

Each round projects the variants found so far out of everything, as covariates; permuted phenotypes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.association import PERFECT
from postgwas.qtl.beta_fit import BetaFit, fit_beta
from postgwas.qtl.permutation_null import largest_r2, permuted_phenotype
from postgwas.qtl.projection import Floats
from postgwas.qtl.segment_scan import TIE
from postgwas.qtl.segments import Rows

#: share of a variant's variance, left by the signals already found, below which it is one of them
COLLINEAR = 1e-6
#: permutations whose phenotypes are held at a time
_HELD = 1000


@dataclass(frozen=True, eq=False)
class Window:
    """One phenotype and its window.

    Attributes
    ----------
    gene : int
        Number in the segment.
    values : (n,) float64
        The phenotype before covariates are projected out.
    rows : (V,) int64
        Usable variants, rows of the segment.
    unit : (V, n) float64
        Their residuals of norm 1.
    norm : (V,) float64
        Norms before.
    """

    gene: int
    values: Floats
    rows: Rows
    unit: Floats
    norm: Floats


@dataclass(frozen=True, eq=False)
class Signal:
    """The best variant of a round.

    Attributes
    ----------
    window, at : int
        Which window, and which of its variants.
    r : float
        Correlation beside covariates and the other signals.
    x_norm, y_norm : float
        Norms of what these leave of variant and phenotype.
    df : int
    n_permutations, n_better : int
    fit : BetaFit
    rank : int
        Order in which the signal was found, from 1.
    """

    window: int
    at: int
    r: float
    x_norm: float
    y_norm: float
    df: int
    n_permutations: int
    n_better: int
    fit: BetaFit
    rank: int

    @property
    def p_perm(self) -> float:
        """Share of permutations, with the phenotype itself, that are as good."""
        return (self.n_better + 1) / (self.n_permutations + 1)

    @property
    def log_p_beta(self) -> float:
        """Natural logarithm of the P-value; of the counted one where there is no fit."""
        return self.fit.log_p_beta(self.r**2) if self.fit.fitted else float(np.log(self.p_perm))


@dataclass(frozen=True, eq=False)
class Search:
    """Signals of a phenotype or group.

    Attributes
    ----------
    signals : tuple of Signal
        Two or more; none where the first alone is significant.
    capped : bool
        The rounds ended at their limit.
    perfect : bool
        A round ended with a variant that explains all that is left.
    """

    signals: tuple[Signal, ...]
    capped: bool
    perfect: bool


def search(
    windows: Sequence[Window],
    first: Floats,
    orders: NDArray[np.intp],
    basis: Floats,
    *,
    threshold: float,
    most: int,
) -> Search:
    """Find all signals after a first one.

    Parameters
    ----------
    windows : sequence of Window
        One, or those of a group's phenotypes.
    first : (n,) float64
        Residual of the first signal's variant, of norm 1.
    orders : (n, k) intp
        Permutations.
    basis : (n, rank) float64
        Orthonormal basis of covariates and the constant.
    threshold : float
        Signals have a pval_beta up to this.
    most : int
        Largest number of signals.

    Notes
    -----
    Forward: signals are added as long as the best variant beside those before is significant. Backward: each
    signal's place is filled anew by the best variant beside all others, and kept if that is significant; this
    is how a signal that stood for two is put right.

    References
    ----------
    GTEx Consortium (2017), Nature 550, 204, Supplementary Information (forward and backward regression).
    """
    limit = np.log(threshold)
    vectors = [first]
    found: list[Signal] = []
    perfect = False
    while len(vectors) < most:
        best = _best(windows, vectors, orders, basis, rank=len(vectors) + 1)
        if best is None or 1 - best.r**2 <= PERFECT:
            perfect = best is not None
            break
        if best.log_p_beta > limit:
            break
        found.append(best)
        vectors.append(windows[best.window].unit[best.at])
    capped = len(vectors) == most and most > 1
    if not found:
        return Search((), capped, perfect)
    signals: list[Signal] = []
    taken: list[Floats] = []
    for place in range(len(vectors)):
        others = vectors[:place] + vectors[place + 1 :]
        best = _best(windows, others, orders, basis, rank=place + 1)
        if best is None or 1 - best.r**2 <= PERFECT or best.log_p_beta > limit:
            continue
        vector = windows[best.window].unit[best.at]
        if not any(abs(float(vector @ other)) > 1 - COLLINEAR for other in taken):
            signals.append(best)
            taken.append(vector)
    return Search(tuple(signals), capped, perfect)


def _best(
    windows: Sequence[Window],
    vectors: Sequence[Floats],
    orders: NDArray[np.intp],
    basis: Floats,
    *,
    rank: int,
) -> Signal | None:
    """The best variant of all windows beside some others, and its null; None if none is left."""
    wider = _with(basis, vectors)
    df = len(basis) - wider.shape[1] - 1
    if df < 1:
        return None
    best: Signal | None = None
    null: Floats | None = None
    for number, window in enumerate(windows):
        unit, left = _beside(window.unit, wider[:, basis.shape[1] :])
        centred = window.values - window.values.mean()
        y = centred - wider @ (wider.T @ centred)
        y_norm = float(np.linalg.norm(y))
        if not len(unit) or not left.any() or y_norm == 0:
            continue
        r = unit @ (y / y_norm)
        at = int(np.argmax(np.abs(r) >= np.abs(r).max() * (1 - TIE)))
        some = _null(unit.astype(np.float32), window.values, orders, wider)
        null = some if null is None else np.maximum(null, some)
        if best is None or abs(r[at]) > abs(best.r):
            norm = float(window.norm[at] * left[at])
            best = Signal(number, at, float(r[at]), norm, y_norm, df, 0, 0, BetaFit(*[np.nan] * 3), rank)
    if best is None or null is None:
        return None
    better = int(np.count_nonzero(null >= best.r**2))
    return replace(best, n_permutations=len(null), n_better=better, fit=fit_beta(null, df=df))


def _with(basis: Floats, vectors: Sequence[Floats]) -> Floats:
    """The basis with more vectors, each made orthogonal to those before, twice; dependent ones left out."""
    columns = basis
    for vector in vectors:
        left = vector
        for _ in range(2):
            left = left - columns @ (columns.T @ left)
        size = float(np.linalg.norm(left))
        if size**2 > COLLINEAR:
            columns = np.column_stack([columns, left / size])
    return columns


def _beside(unit: Floats, more: Floats) -> tuple[Floats, Floats]:
    """Residuals of norm 1 beside more vectors, and the share of the norm left; 0 where nothing is."""
    rest = unit - (unit @ more) @ more.T
    size = np.sqrt(np.einsum("ij,ij->i", rest, rest))
    size[size**2 <= COLLINEAR] = 0.0
    with np.errstate(divide="ignore"):
        scale = np.where(size > 0, 1 / size, 0.0)
    return rest * scale[:, None], size


def _null(unit: NDArray[np.float32], values: Floats, orders: NDArray[np.intp], basis: Floats) -> Floats:
    parts = [
        largest_r2(unit, permuted_phenotype(values, orders[:, start : start + _HELD], basis))
        for start in range(0, orders.shape[1], _HELD)
    ]
    return np.concatenate(parts)
