"""Colocalisation of signals found by conditioning or masking: coloc.signals."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.conditional_effects import LinearTrait
from postgwas.coloc.hypotheses import posterior
from postgwas.coloc.join_traits import join_datasets
from postgwas.coloc.priors import P1, P2, P12, region_priors
from postgwas.coloc.signal_steps import (
    MAX_SIGNALS,
    P_SIGNAL,
    R2_MASK,
    Method,
    SignalSettings,
    find_signals,
    marginal_z,
    masked,
)
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import PostgwasWarning, UsageError
from postgwas.finemap.abf import Kind, log_abf

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mode = Literal["iterative", "allbutone"]

MASKED = -1.1
"""Log Bayes factor of a masked variant, as in coloc: what an effect of nothing has."""


@dataclass(frozen=True, eq=False)
class SignalPairs:
    """A row a pair of signals; those of trait 1 change fastest.

    Attributes
    ----------
    hit1, hit2 : tuple of str
    z1, z2 : ndarray
        When each signal was found; see :class:`postgwas.coloc.signal_steps.TraitSignals`.
    pp : ndarray, shape (P, 5)
    best1, best2, best4 : tuple of str
        Variants of the largest Bayes factors for trait 1, trait 2, and both.
    snp : tuple of str
        Variants that both traits have.
    log_bf1, log_bf2 : ndarray, shape (P, V)
        As used for each pair.
    p1, p2, p12 : float
    prior : ndarray, shape (5,)
    notes : tuple of str
    """

    hit1: tuple[str, ...]
    hit2: tuple[str, ...]
    z1: Floats
    z2: Floats
    pp: Floats
    best1: tuple[str, ...]
    best2: tuple[str, ...]
    best4: tuple[str, ...]
    snp: tuple[str, ...]
    log_bf1: Floats
    log_bf2: Floats
    p1: float
    p2: float
    p12: float
    prior: Floats
    notes: tuple[str, ...]

    def table(self) -> pl.DataFrame:
        """Hits, z-scores, PP.H0 to PP.H4, best variants."""
        import polars as pl

        return pl.DataFrame(
            {
                "hit1": list(self.hit1), "hit2": list(self.hit2), "z1": self.z1, "z2": self.z2,
                "n_shared": np.full(len(self.hit1), len(self.snp)),
                **{f"PP.H{number}": self.pp[:, number] for number in range(5)},
                "best1": list(self.best1), "best2": list(self.best2), "best4": list(self.best4),
            }
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Side:
    """One trait: its signals, and Bayes factors and masked variants for each of them."""

    hits: tuple[str, ...]
    z: Floats
    log_bf: Floats
    drop: NDArray[np.bool_]


def signals(
    d1: Dataset,
    d2: Dataset,
    *,
    method: Method | tuple[Method, Method] = "cond",
    mode: Mode = "iterative",
    p1: float = P1,
    p2: float = P2,
    p12: float = P12,
    p_max: float = P_SIGNAL,
    max_signals: int = MAX_SIGNALS,
    r2_mask: float = R2_MASK,
    hits1: Sequence[str] | None = None,
    hits2: Sequence[str] | None = None,
    distinct: bool = False,
) -> SignalPairs:
    """Colocalisation of each signal of one trait with each of the other.

    Parameters
    ----------
    d1, d2 : Dataset
        With what :func:`postgwas.coloc.finemap_signals` needs for the method.
    method : {"single", "cond", "mask"}, or two of them
        For both traits, or for each.
    mode : {"iterative", "allbutone"}
        A signal is looked at given those found before it, or given all others.
    p1, p2, p12 : float
        Lowered, with a warning, where they sum to 1 or more over the shared variants.
    p_max, max_signals, r2_mask
        As :func:`postgwas.coloc.finemap_signals`. A trait without a signal takes part with its best variant.
    hits1, hits2 : sequence of str, optional
        Signals that are known, the first found first; they are not looked for then (coloc.process).
    distinct : bool
        Count only pairs of different variants for H3, as :func:`postgwas.coloc.abf` does; coloc.signals,
        whose numbers come without it, also counts each variant with itself.

    Returns
    -------
    SignalPairs

    Raises
    ------
    NoVariantsError
        If the traits share no variant.
    UsageError
        If something that a method needs is missing, or a setting is out of range.

    Warns
    -----
    PostgwasWarning
        If a prior is lowered, or standard errors look like variances.

    References
    ----------
    Wallace 2020, PLoS Genetics 16:e1008720.

    Examples
    --------
    >>> d = Dataset(snp=["a", "b", "c"], beta=[0.5, 0.1, -0.4], se=[0.05, 0.05, 0.05], type="quant", sd_y=1,
    ...             ld=[[1, 0.2, 0], [0.2, 1, 0], [0, 0, 1]])
    >>> found = signals(d, d, method="mask")
    >>> found.hit1, found.hit2, found.pp[:, 4].round(2)
    (('a', 'c', 'a', 'c'), ('a', 'a', 'c', 'c'), array([1., 0., 0., 1.]))
    """
    if mode not in ("iterative", "allbutone"):
        raise UsageError(f"mode = {mode!r}: expected iterative or allbutone")
    methods = (method, method) if isinstance(method, str) else method
    settings = [SignalSettings(one, p_max, max_signals, r2_mask) for one in methods]
    for one in settings:
        one.check()
    joined = join_datasets((d1, d2), ("1", "2"))
    sides = [
        _side(data, one, rows, mode, hits)
        for data, one, rows, hits in zip((d1, d2), settings, joined.rows, (hits1, hits2), strict=True)
    ]
    found = _all_pairs(sides[0], sides[1], joined.snp, (p1, p2, p12), distinct, joined.notes)
    for note in found.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    return found


def _side(
    data: Dataset, settings: SignalSettings, shared: Rows, mode: Mode, hits: Sequence[str] | None
) -> _Side:
    conditions = settings.method == "cond"
    linear = LinearTrait.of(data) if conditions else None
    z = marginal_z(data, settings.method) if linear is None else linear.z
    if hits is None:
        found = find_signals(data, settings)
        rows, scores = found.rows, found.z
    else:
        rows = _rows_of(data, hits)
        scores = z[rows]
    if not rows.size:
        best = int(np.abs(z).argmax())
        rows, scores = np.array([best]), z[[best]]
    number = rows.size
    others = [np.delete(rows, at) if mode == "allbutone" else rows[:at] for at in range(number)]
    drop = np.zeros((number, len(data.snp)), np.bool_)
    factors = np.empty((number, len(data.snp)))
    for at, given in enumerate(others):
        if linear is not None:
            beta, se = linear.given(given) if given.size else (linear.beta, linear.se)
            kind: Kind = "cc" if data.type == "cc" else "quant"
            factors[at] = log_abf(beta, se, kind=kind, sd_y=data.trait_sd or 1.0)
        else:
            factors[at] = data.log_bf
            if given.size:
                drop[at] = masked(np.asarray(data.ld)[:, given], settings.r2_mask)
    names = tuple(data.snp[row] for row in rows)
    return _Side(names, scores, factors[:, shared], drop[:, shared])


def _rows_of(data: Dataset, hits: Sequence[str]) -> Rows:
    where = {name: row for row, name in enumerate(data.snp)}
    lost = [name for name in hits if name not in where]
    if lost:
        raise UsageError(f"signal '{lost[0]}' is not among the {len(where)} variants of its trait")
    return np.array([where[name] for name in hits], np.int64)


def _all_pairs(
    one: _Side,
    two: _Side,
    snp: tuple[str, ...],
    priors: tuple[float, float, float],
    distinct: bool,
    notes: tuple[str, ...],
) -> SignalPairs:
    used = region_priors(len(snp), *priors)
    order = [(i, j) for j in range(len(two.hits)) for i in range(len(one.hits))]
    first = np.array([i for i, _ in order])
    second = np.array([j for _, j in order])
    a = np.where(one.drop, MASKED, one.log_bf)[first]
    b = np.where(two.drop, MASKED, two.log_bf)[second]
    dropped = one.drop[first] | two.drop[second]
    both = np.where(dropped, MASKED, a + b)
    different = _pairs_sum(one.log_bf[first], two.log_bf[second], one.drop[first], two.drop[second], distinct)
    sums = np.stack([_log_sum(a), _log_sum(b), different, _log_sum(both)], axis=1)
    p1, p2, p12 = float(used.p1[0]), float(used.p2[0]), float(used.p12[0])
    return SignalPairs(
        hit1=tuple(one.hits[i] for i in first), hit2=tuple(two.hits[j] for j in second), z1=one.z[first],
        z2=two.z[second], pp=posterior(sums, p1, p2, p12), best1=_best(snp, a), best2=_best(snp, b),
        best4=_best(snp, both), snp=snp, log_bf1=a, log_bf2=b, p1=p1, p2=p2, p12=p12, prior=used.prior[0],
        notes=(*notes, *used.notes),
    )  # fmt: skip


def _pairs_sum(
    a: Floats, b: Floats, drop1: NDArray[np.bool_], drop2: NDArray[np.bool_], distinct: bool
) -> Floats:
    """Log sums over pairs of variants; a pair with a masked variant counts 1, as in coloc."""
    top1, top2 = a.max(axis=1), b.max(axis=1)
    one = np.where(drop1, 0.0, np.exp(a - top1[:, None]))
    two = np.where(drop2, 0.0, np.exp(b - top2[:, None]))
    size = a.shape[1]
    ones = size**2 - (size - drop1.sum(axis=1)) * (size - drop2.sum(axis=1))
    total = one.sum(axis=1) * two.sum(axis=1)
    if distinct:
        total = np.maximum(total - (one * two).sum(axis=1), 0.0)
        ones = ones - (drop1 | drop2).sum(axis=1)
    with np.errstate(divide="ignore"):
        result: Floats = np.logaddexp(top1 + top2 + np.log(total), np.log(ones.astype(np.float64)))
    return result


def _log_sum(values: Floats) -> Floats:
    top = values.max(axis=1)
    summed: Floats = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
    return summed


def _best(snp: tuple[str, ...], factors: Floats) -> tuple[str, ...]:
    return tuple(snp[row] for row in factors.argmax(axis=1))
