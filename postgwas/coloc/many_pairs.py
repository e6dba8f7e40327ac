"""Signals of many pairs of traits at once: regions by the hundred thousand, from stored fits."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.hypotheses import combine_sums, posterior
from postgwas.coloc.priors import P1, P2, region_priors
from postgwas.coloc.set_pairs import P12_PAIRS
from postgwas.coloc.signal_factors import Scaled, Signals, shared_columns
from postgwas.errors import NoVariantsError, PostgwasWarning

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ManyPairs:
    """A row a pair of signals, in the order of the pairs of traits; signals of trait 2 change fastest.

    Attributes
    ----------
    pair : ndarray of int64, shape (K,)
        Which pair of traits.
    signal1, signal2 : ndarray of int64, shape (K,)
    pp : ndarray, shape (K, 5)
    prior : ndarray, shape (K, 5)
    sums : ndarray, shape (K, 4)
    n_shared : ndarray of int64, shape (K,)
    hit1, hit2 : list of str
        The variant of each signal's largest Bayes factor among the shared ones.
    overlap1, overlap2, clpp : ndarray, shape (K,)
        As :class:`postgwas.coloc.ColocPairs`.
    without : tuple of int
        Pairs of traits that share no variant.
    notes : tuple of str
        Priors that were lowered.
    """

    pair: Rows
    signal1: Rows
    signal2: Rows
    pp: Floats
    prior: Floats
    sums: Floats
    n_shared: Rows
    hit1: list[str]
    hit2: list[str]
    overlap1: Floats
    overlap2: Floats
    clpp: Floats
    without: tuple[int, ...]
    notes: tuple[str, ...]

    def table(self) -> pl.DataFrame:
        """A row a pair of signals."""
        import polars as pl

        return pl.DataFrame(
            {
                "pair": self.pair, "signal1": self.signal1, "signal2": self.signal2,
                "hit1": pl.Series(self.hit1, dtype=pl.String), "hit2": pl.Series(self.hit2, dtype=pl.String),
                "n_shared": self.n_shared, "overlap1": self.overlap1, "overlap2": self.overlap2,
                **{f"PP.H{number}": self.pp[:, number] for number in range(5)}, "CLPP": self.clpp,
            }
        )  # fmt: skip


def susie_regions(
    pairs: Iterable[tuple[Signals, Signals]],
    *,
    p1: float = P1,
    p2: float = P2,
    p12: float = P12_PAIRS,
) -> ManyPairs:
    """Colocalisation between all signals of many pairs of traits.

    The same numbers as :func:`postgwas.coloc.susie` of each pair; what is made ready of a trait is used in
    all its pairs, so give one `Signals` of a GWAS's region to all genes.

    Parameters
    ----------
    pairs : iterable of (Signals, Signals)
        See :meth:`postgwas.coloc.signal_factors.Signals.of_fit`. Prior weights are not taken here.
    p1, p2, p12 : float

    Returns
    -------
    ManyPairs
        Pairs of traits that share no variant, or of which one has no signal, have no rows.

    Raises
    ------
    UsageError
        If a prior is not between 0 and 1.

    Warns
    -----
    PostgwasWarning
        If priors are lowered.

    Examples
    --------
    >>> one = Signals.of([[12.0, 0.0], [0.0, 9.0]], ["a", "b"])
    >>> two = Signals.of([0.0, 15.0], ["b", "a"])
    >>> susie_regions([(one, two), (two, two)]).pp[:, 4].round(3)
    array([1.   , 0.027, 1.   ])
    """
    parts: list[_Part] = []
    without: list[int] = []
    for number, (one, two) in enumerate(pairs):
        if not one.signal.size or not two.signal.size:
            continue
        try:
            parts.append(_part(number, one, two))
        except NoVariantsError:
            without.append(number)
    return _gathered(parts, tuple(without), (p1, p2, p12))


@dataclass(frozen=True, eq=False)
class _Part:
    """What a pair of traits gives: everything but the posteriors, which are computed for all together."""

    number: int
    one: Signals
    two: Signals
    n_shared: int
    top1: Floats
    total1: Floats
    top2: Floats
    total2: Floats
    both: Floats
    lead1: list[str]
    lead2: list[str]


def _part(number: int, one: Signals, two: Signals) -> _Part:
    columns = shared_columns(one, two)
    if columns is None:
        a, b = one.bare, two.bare
        leads = one.hits, two.hits
        size = len(one.snp)
    else:
        left, right = one.log_bf[:, columns[0]], two.log_bf[:, columns[1]]
        a, b = Scaled.of(left, None), Scaled.of(right, None)
        names = one.snp
        leads = (
            [names[columns[0][row]] for row in left.argmax(axis=1)],
            [names[columns[0][row]] for row in right.argmax(axis=1)],
        )
        size = columns[0].size
    return _Part(
        number, one, two, size, a.top, a.total, b.top, b.total, a.weight @ b.weight.T, leads[0], leads[1]
    )


def _gathered(parts: list[_Part], without: tuple[int, ...], priors: tuple[float, float, float]) -> ManyPairs:
    wide = np.array([one.both.shape[1] for one in parts], np.int64)
    tall = np.array([one.both.shape[0] for one in parts], np.int64)
    count = wide * tall

    def spread(first: bool, values: list[NDArray[np.generic]]) -> NDArray[np.generic]:
        """Of each signal of a trait to all its pairs."""
        made = [
            np.repeat(value, other) if first else np.tile(value, other)
            for value, other in zip(values, (wide if first else tall).tolist())
        ]
        return np.concatenate(made) if made else np.zeros(0)

    sizes = np.array([one.n_shared for one in parts], np.int64)
    used = region_priors(sizes if sizes.size else [1], *priors)
    for note in used.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=3)
    top1, total1 = (np.asarray(spread(True, [getattr(one, what) for one in parts]), np.float64)
                    for what in ("top1", "total1"))  # fmt: skip
    top2, total2 = (np.asarray(spread(False, [getattr(one, what) for one in parts]), np.float64)
                    for what in ("top2", "total2"))  # fmt: skip
    both = np.concatenate([one.both.ravel() for one in parts]) if parts else np.zeros(0)
    sums = combine_sums(top1, total1, top2, total2, both)
    p1, p2, p12 = (np.repeat(one[: sizes.size], count) for one in (used.p1, used.p2, used.p12))
    whole1 = np.asarray(spread(True, [one.one.log_total for one in parts]), np.float64)
    whole2 = np.asarray(spread(False, [one.two.log_total for one in parts]), np.float64)
    return ManyPairs(
        pair=np.repeat(np.array([one.number for one in parts], np.int64), count),
        signal1=np.asarray(spread(True, [one.one.signal for one in parts]), np.int64),
        signal2=np.asarray(spread(False, [one.two.signal for one in parts]), np.int64),
        pp=posterior(sums, p1, p2, p12), prior=np.repeat(used.prior[: sizes.size], count, axis=0), sums=sums,
        n_shared=np.repeat(sizes, count),
        hit1=[name for one in parts for name in one.lead1 for _ in one.lead2],
        hit2=[name for one in parts for _ in one.lead1 for name in one.lead2],
        overlap1=np.minimum(np.exp(top1 + np.log(total1) - whole1), 1.0),
        overlap2=np.minimum(np.exp(top2 + np.log(total2) - whole2), 1.0),
        clpp=np.exp(top1 - whole1 + top2 - whole2) * both, without=without, notes=used.notes,
    )  # fmt: skip
