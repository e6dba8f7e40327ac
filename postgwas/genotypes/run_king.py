"""Kinship of all pairs of people (KING-robust), and whom to leave out: ``postgwas.genotypes.king``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.genotypes.autosomes import autosomal_only
from postgwas.genotypes.genotypes import BlockSource, Calls, Genotypes, Rows
from postgwas.genotypes.king_robust import (
    KINSHIP_LIMITS,
    RELATIONS,
    PairCounts,
    pair_counts,
    relation_of,
)
from postgwas.genotypes.relatives import drop_relatives
from postgwas.genotypes.selection import Selection, open_selected

if TYPE_CHECKING:
    import polars as pl

TILE = 4096
"""People of a tile, a quarter where workers share the tiles; counts are whole, so it changes no result."""
_READ = 4096
_MOST_PAIRS = 100_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KingSettings:
    """Which pairs are told, and what becomes of relatives.

    Attributes
    ----------
    min_kinship : float or None
        Pairs of this kinship or more are in the table; None for all pairs.
    relatives : {"list", "remove"}
        "remove" chooses whom to leave out.
    max_kinship : float
        With "remove": pairs of this kinship or more are relatives.
    """

    min_kinship: float | None = KINSHIP_LIMITS[3]
    relatives: Literal["list", "remove"] = "list"
    max_kinship: float = KINSHIP_LIMITS[2]

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.relatives not in ("list", "remove"):
            raise UsageError(f"--relatives {self.relatives}: expected list or remove")
        for name, value in (("min_kinship", self.min_kinship), ("max_kinship", self.max_kinship)):
            if value is not None and not -10.0 <= value <= 0.5:
                raise UsageError(f"--{name} {value:g}: expected a kinship of at most 0.5")
        if not self.max_kinship > 0:
            raise UsageError(f"--max_kinship {self.max_kinship:g}: expected a kinship above 0")

    @property
    def limit(self) -> float | None:
        """Kinship from which pairs are needed."""
        if self.min_kinship is None:
            return None
        return min(self.min_kinship, self.max_kinship) if self.relatives == "remove" else self.min_kinship


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of people in the order of plink2's table: by the later one, then by the earlier one.

    Attributes
    ----------
    later, earlier : ndarray of int64, shape (P,)
        Rows of the samples.
    n_shared : ndarray of int64, shape (P,)
        Variants at which neither misses a call.
    het_both, opposite : ndarray of float64, shape (P,)
        Shares of them: both heterozygous, opposite homozygotes (IBS 0).
    kinship : ndarray of float64, shape (P,)
        NaN where one of the two has no heterozygous call.
    """

    later: Rows
    earlier: Rows
    n_shared: Rows
    het_both: Floats
    opposite: Floats
    kinship: Floats

    def of(self, rows: NDArray[Any]) -> Pairs:
        """Some of the pairs, or all in another order."""
        return Pairs(
            self.later[rows], self.earlier[rows], self.n_shared[rows], self.het_both[rows],
            self.opposite[rows], self.kinship[rows],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class KingResult:
    """Kinship of pairs.

    Attributes
    ----------
    samples : polars.DataFrame
        FID, IID, SEX.
    pairs : Pairs
        Those of `min_kinship` or more.
    n_variants : int
        Autosomal variants that were used.
    removed : ndarray of bool, shape (n,), or None
        Whom to leave out; None where that was not asked.
    samples_dropped, variants_dropped : dict of str to int
    """

    samples: pl.DataFrame
    pairs: Pairs
    n_variants: int
    removed: NDArray[np.bool_] | None
    samples_dropped: dict[str, int]
    variants_dropped: dict[str, int]

    @property
    def relation_counts(self) -> dict[str, int]:
        """Pairs of each relation, unrelated ones apart."""
        counts = np.bincount(relation_of(self.pairs.kinship), minlength=len(RELATIONS))
        return dict(zip(RELATIONS[:-1], counts[:-1].tolist()))

    def table(self) -> pl.DataFrame:
        """One row a pair: plink2's columns, and the relation that the kinship stands for, if there is one."""
        import polars as pl

        pairs, columns = self.pairs, {}
        names = ("IID",) if self.samples["FID"].is_null().all() else ("FID", "IID")
        for number, rows in ((1, pairs.later), (2, pairs.earlier)):
            for name in names:
                columns[f"{name}{number}"] = self.samples[name].gather(rows)
        relations = pl.Series(RELATIONS).gather(relation_of(pairs.kinship))
        relations = relations.set(pl.Series(np.isnan(pairs.kinship)), None)
        return pl.DataFrame(
            {
                **columns, "NSNP": pairs.n_shared, "HETHET": pairs.het_both, "IBS0": pairs.opposite,
                "KINSHIP": pairs.kinship, "RELATION": relations,
            }
        )  # fmt: skip


def king(
    genotypes: Genotypes | str | os.PathLike[str],
    *,
    selection: Selection | None = None,
    settings: KingSettings | None = None,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> KingResult:
    """KING-robust kinship of pairs from the hard calls of all autosomal variants.

    Parameters
    ----------
    genotypes : Genotypes or path
        Do not prune: the estimator does not need it, and more variants mean less noise.
    selection : Selection, optional
        Which samples and variants.
    settings : KingSettings, optional
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    KingResult

    Raises
    ------
    UsageError
        If settings are out of range, or all pairs would be too many.
    InputError
        If there are fewer than two samples, or dosages were opened.
    NoVariantsError
        If no variant is autosomal.

    References
    ----------
    Manichaikul et al. 2010, Bioinformatics 26:2867-2873, equation 11.

    Examples
    --------
    >>> result = king("people.pgen", settings=KingSettings(relatives="remove"))  # doctest: +SKIP
    >>> result.table(), result.removed.sum()  # doctest: +SKIP
    """
    settings = settings or KingSettings()
    settings.check()
    chosen = open_selected(genotypes, selection)
    used = autosomal_only(chosen.genotypes)
    n = used.n_samples
    if n < 2:
        raise InputError(f"{used.path}: {n} sample; kinship needs at least two", hint="--keep, --remove")
    if settings.limit is None and n * (n - 1) // 2 > _MOST_PAIRS:
        raise UsageError(
            f"{used.path}: {n:,} samples make {n * (n - 1) // 2:,} pairs, too many for a table of all",
            hint="--min_kinship 0.0442",
        )
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        size = TILE if eng.cores == 1 else TILE // 4
        parts = eng.map(_tile, _tiles(used, settings.limit, size), label="Kinship")
        pairs = _in_order(parts)
        removed = None
        if settings.relatives == "remove":
            close = pairs.of(pairs.kinship >= settings.max_kinship)
            missing = sum(eng.map(_missing_calls, _pieces(used), label="Missing calls"))
            removed = drop_relatives(close.later, close.earlier, n, n_missing=np.asarray(missing))
    if settings.min_kinship is not None:
        pairs = pairs.of(pairs.kinship >= settings.min_kinship)
    dropped = {
        **chosen.variants_dropped,
        "not on an autosome": chosen.genotypes.n_variants - used.n_variants,
    }
    return KingResult(used.samples, pairs, used.n_variants, removed, dict(chosen.samples_dropped), dropped)


@dataclass(frozen=True, eq=False)
class _Tile:
    """Pairs of two stretches of people."""

    source: BlockSource
    left: Rows
    right: Rows | None
    limit: float | None

    def blocks(self, left: Rows, right: Rows | None) -> Iterator[tuple[Calls, Calls | None]]:
        people = left if right is None else np.union1d(left, right)  # readers want them to ascend
        for start in range(0, self.source.n_variants, _READ):
            rows = np.arange(start, min(start + _READ, self.source.n_variants))
            # All people are read as they lie; picked columns would come back transposed in memory.
            everybody = len(people) == self.source.n_samples
            calls: Calls = self.source.read(rows, None if everybody else people)
            calls = cast("Calls", np.ascontiguousarray(calls))
            if calls.dtype != np.int8:
                raise InputError("kinship needs hard calls, found dosages", hint="without --dosage")
            if right is None:
                yield calls, None
            else:
                yield calls[:, np.searchsorted(people, left)], calls[:, np.searchsorted(people, right)]


def _tiles(genotypes: Genotypes, limit: float | None, size: int) -> list[_Tile]:
    starts = range(0, genotypes.n_samples, size)
    stretches = [np.arange(start, min(start + size, genotypes.n_samples)) for start in starts]
    return [
        _Tile(genotypes.source, one, None if one is two else two, limit)
        for one, two in combinations_with_replacement(stretches, 2)
    ]


def _tile(tile: _Tile) -> Pairs:
    """Pairs of one tile; where only close ones are wanted, the costlier counts are made for these alone."""
    left, right = tile.left, tile.right if tile.right is not None else tile.left
    counts = pair_counts(tile.blocks(tile.left, tile.right), apart=tile.limit is None)
    wanted = np.ones(counts.n_shared.shape, np.bool_)
    if tile.limit is not None:
        wanted = counts.kinship >= tile.limit
    if tile.right is None:
        wanted &= left[:, None] < right
    two, one = np.nonzero(wanted.T)  # in the order of the table
    if tile.limit is not None and len(one):
        rows, one = np.unique(one, return_inverse=True)
        columns, two = np.unique(two, return_inverse=True)
        left, right = left[rows], right[columns]
        counts = pair_counts(tile.blocks(left, right), apart=True)
    return _listed(counts, left, right, one, two)


def _listed(counts: PairCounts, left: Rows, right: Rows, one: Rows, two: Rows) -> Pairs:
    if counts.het_both is None or counts.opposite is None:  # no pair is close
        nothing = np.empty(0)
        return Pairs(right[two], left[one], np.empty(0, np.int64), nothing, nothing, nothing)
    shared = counts.n_shared[one, two].astype(np.int64)
    with np.errstate(invalid="ignore"):
        both, opposite = counts.het_both[one, two] / shared, counts.opposite[one, two] / shared
    return Pairs(right[two], left[one], shared, both, opposite, counts.kinship[one, two])


def _in_order(parts: list[Pairs]) -> Pairs:
    whole = Pairs(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("later", "earlier", "n_shared", "het_both", "opposite", "kinship")
        )
    )
    if len(parts) == 1:
        return whole
    # Each part is in order: a stable sort only merges them.
    key = whole.later * (int(whole.later.max(initial=0)) + 1) + whole.earlier
    return whole.of(np.argsort(key, kind="stable"))


def _pieces(genotypes: Genotypes) -> list[tuple[BlockSource, int, int]]:
    step = max(1, (1 << 25) // genotypes.n_samples)
    return [
        (genotypes.source, start, min(start + step, genotypes.n_variants))
        for start in range(0, genotypes.n_variants, step)
    ]


def _missing_calls(piece: tuple[BlockSource, int, int]) -> NDArray[np.int64]:
    source, start, stop = piece
    missing: NDArray[np.int64] = (source.read(np.arange(start, stop), None) < 0).sum(axis=0, dtype=np.int64)
    return missing
