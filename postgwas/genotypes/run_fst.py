"""F_ST of groups of samples: ``postgwas.genotypes.fst``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import NoVariantsError, UsageError
from postgwas.genotypes.fst_estimators import ESTIMATORS, Ratio, ratio_of_sums
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.group_counts import Floats, GroupCounts, group_counts
from postgwas.genotypes.groups import Given, Groups, groups_of
from postgwas.genotypes.run_pca import autosomal
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.genotypes.standardise import Scale
from postgwas.genotypes.sweeps import Piece, pieces_of
from postgwas.runlog import get_logger, log_step

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

KINDS = ("all", "pairs", "rest")
ALL, REST = "all", "rest"
"""Names of what a group is held against: all groups at once, and all others as one."""


@dataclass(frozen=True)
class FstSettings:
    """What is estimated.

    Attributes
    ----------
    method : {"hudson", "wc"}
    compare : sequence of {"all", "pairs", "rest"}
        All groups together, each pair, each group against all others as one.
    n_blocks : int
        Blocks of the jackknife, contiguous and of equally many variants.
    block_variants : int, optional
        Variants of a block, in place of `n_blocks`.
    least_samples : int
        Groups with fewer samples are left out.
    """

    method: str = "hudson"
    compare: Sequence[str] = KINDS
    n_blocks: int = 100
    block_variants: int | None = None
    least_samples: int = 2

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.method not in ESTIMATORS:
            raise UsageError(f"--method {self.method}: expected {' or '.join(ESTIMATORS)}")
        unknown = [kind for kind in self.compare if kind not in KINDS]
        if unknown or not self.compare:
            raise UsageError(f"--compare {','.join(self.compare)}: expected some of {', '.join(KINDS)}")
        for name, value, least in (
            ("n_blocks", self.n_blocks, 2), ("block_variants", self.block_variants, 1),
            ("least_samples", self.least_samples, 1),
        ):  # fmt: skip
            if value is not None and value < least:
                raise UsageError(f"--{name} {value}: expected at least {least}")


@dataclass(frozen=True, eq=False)
class FstResult:
    """F_ST genome-wide and by variant.

    Attributes
    ----------
    table : polars.DataFrame
        GROUP1, GROUP2 (a group, "rest", or "all" for both), N1, N2 (samples), N_VARIANTS, FST, SE.
    groups : Groups
        Of the samples used.
    variants : polars.DataFrame
        Of the genotypes used.
    by_variant : ndarray of float64, shape (V, C) or (V, 0)
        F_ST of each comparison of `table`, if asked for; NaN where a variant has none.
    together : Ratio
        All groups together, by variant.
    method : str
    dropped : dict of str to int
    """

    table: pl.DataFrame
    groups: Groups
    variants: pl.DataFrame
    by_variant: Floats
    together: Ratio
    method: str
    dropped: dict[str, int] = field(default_factory=dict)

    def names(self) -> list[str]:
        """A name for each comparison: ``AFR:EUR``, ``AFR:rest``, ``all``."""
        pairs = zip(self.table["GROUP1"].to_list(), self.table["GROUP2"].to_list())
        return [a if a == ALL else f"{a}:{b}" for a, b in pairs]


def fst(
    genotypes: Genotypes | str | os.PathLike[str],
    groups: Given,
    *,
    group_column: str | None = None,
    selection: Selection | None = None,
    settings: FstSettings | None = None,
    by_variant: bool = False,
    dosage: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> FstResult:
    """F_ST between groups at autosomal variants.

    Parameters
    ----------
    genotypes : Genotypes or path
    groups : path, mapping or sequence
        See :func:`postgwas.genotypes.groups.groups_of`. Samples without a group are left out.
    group_column : str, optional
    selection : Selection, optional
    settings : FstSettings, optional
    by_variant : bool
        Keep the F_ST of each variant (8 bytes a variant and comparison).
    dosage : bool
        Dosages rather than hard calls, of a path; Hudson's estimator only.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    FstResult

    Raises
    ------
    UsageError
        If settings are out of range, or fewer than two groups are left.
    InputError
        If the groups name none of the samples.
    NoVariantsError
        If no variant varies.

    References
    ----------
    Bhatia et al. 2013, Genome Research 23:1514-1521, equation 10 (Hudson's); Weir and Cockerham 1984,
    Evolution 38:1358-1370, equations 2 to 4.

    Examples
    --------
    >>> result = fst("people.pgen", "populations.tsv")  # doctest: +SKIP
    >>> result.table.select("GROUP1", "GROUP2", "FST", "SE")  # doctest: +SKIP
    """
    settings = settings or FstSettings()
    settings.check()
    selected = open_selected(genotypes, selection, dosage=dosage)
    chosen, dropped = autosomal(selected.genotypes, dict(selected.variants_dropped))
    known = _large_enough(groups_of(chosen.samples, groups, column=group_column), settings)
    log_step(
        log,
        "Variants",
        rows_in=chosen.n_variants + sum(dropped.values()),
        rows_out=chosen.n_variants,
        dropped=dropped,
    )
    plan = comparisons(len(known.names), settings.compare)
    unit = settings.block_variants or max(1, -(-chosen.n_variants // settings.n_blocks))
    tasks = [
        _Task(piece, known.codes, len(known.names), settings.method, tuple(plan), start, unit, by_variant)
        for start, piece in _pieces(chosen)
    ]
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(_piece_fst, tasks, label="F_ST")
    n_blocks = -(-chosen.n_variants // unit)
    sums = np.zeros((3, n_blocks, len(plan)))
    for part in parts:
        sums[:, part.first_block : part.first_block + part.sums.shape[1]] += part.sums
    n_variants = sums[2].sum(axis=0)
    if not n_variants.any():
        raise NoVariantsError(f"{chosen.path}: none of {chosen.n_variants:,} variants varies in the groups")
    estimate = ratio_of_sums(sums[0], sums[1])
    table = _table(known, plan, n_variants, estimate.values, estimate.se)
    together = Ratio(
        np.concatenate([part.together.numerator for part in parts]),
        np.concatenate([part.together.denominator for part in parts]),
    )
    values = np.concatenate([part.by_variant for part in parts])
    return FstResult(table, known, chosen.variants, values, together, settings.method, dropped)


Comparison = tuple[int, int]
"""Places of two groups; (-1, -1) is all together, (g, -1) is g against the rest."""


def comparisons(n_groups: int, kinds: Sequence[str]) -> list[Comparison]:
    """What is compared; of two groups each kind says the same, and only pairs are kept.

    Examples
    --------
    >>> comparisons(3, ["all", "pairs", "rest"])
    [(-1, -1), (0, 1), (0, 2), (1, 2), (0, -1), (1, -1), (2, -1)]
    """
    if n_groups == 2:
        return [(0, 1)]
    plan: list[Comparison] = [(-1, -1)] if "all" in kinds else []
    if "pairs" in kinds:
        plan += list(combinations(range(n_groups), 2))
    if "rest" in kinds:
        plan += [(group, -1) for group in range(n_groups)]
    return plan


def _large_enough(groups: Groups, settings: FstSettings) -> Groups:
    kept = groups.at_least(settings.least_samples)
    small = [name for name in groups.names if name not in kept.names]
    if small:
        more = ", ..." if len(small) > 3 else ""
        log.warning(
            "%d groups have fewer than %d samples and are left out: %s%s", len(small),
            settings.least_samples, ", ".join(small[:3]), more,
        )  # fmt: skip
    if len(kept.names) < 2:
        held = f"only '{kept.names[0]}'" if kept.names else "none"
        raise UsageError(
            f"F_ST needs two groups of at least {settings.least_samples} samples; found {held}",
            hint="--groups, --group_column, --least_samples",
        )
    return kept


def _pieces(genotypes: Genotypes) -> list[tuple[int, Piece]]:
    nothing = np.empty(genotypes.n_variants)
    start, pieces = 0, []
    for piece in pieces_of(genotypes.source, Scale(nothing, nothing)):
        pieces.append((start, piece))
        start += piece.source.n_variants
    return pieces


@dataclass(frozen=True, eq=False)
class _Task:
    piece: Piece
    codes: NDArray[np.int64]
    n_groups: int
    method: str
    plan: tuple[Comparison, ...]
    start: int
    unit: int
    by_variant: bool


@dataclass(frozen=True, eq=False)
class _Part:
    """Sums of numerator, denominator and usable variants by block, and what is told by variant."""

    first_block: int
    sums: Floats
    together: Ratio
    by_variant: Floats


def _piece_fst(task: _Task) -> _Part:
    found = []
    for _, calls in task.piece.tiles():
        if task.method == "wc" and calls.dtype != np.int8:
            raise UsageError("Weir and Cockerham's F_ST needs hard calls", hint="--method hudson for dosages")
        found.append(group_counts(calls, task.codes, task.n_groups))
    counts = GroupCounts(
        *(np.concatenate([getattr(c, name) for c in found]) for name in ("n", "total", "het"))
    )
    estimator = ESTIMATORS[task.method]
    place = task.start + np.arange(len(counts.n))
    block = place // task.unit
    borders = np.flatnonzero(np.diff(block, prepend=-1))
    sums = np.empty((3, len(borders), len(task.plan)))
    values = np.empty((len(counts.n), len(task.plan) if task.by_variant else 0))
    for column, (one, other) in enumerate(task.plan):
        used = counts if one < 0 else counts.beside_rest(one) if other < 0 else counts.of([one, other])
        ratio = estimator(used)
        for row, of_variant in enumerate((ratio.numerator, ratio.denominator, ratio.usable)):
            sums[row, :, column] = np.add.reduceat(of_variant, borders)
        if task.by_variant:
            values[:, column] = ratio.by_variant
    return _Part(int(block[0]), sums, estimator(counts), values)


def _table(
    groups: Groups, plan: Sequence[Comparison], n_variants: Floats, values: Floats, se: Floats
) -> pl.DataFrame:
    import polars as pl

    sizes, rows = groups.sizes.tolist(), []
    for one, other in plan:
        if one < 0:
            rows.append((ALL, ALL, sum(sizes), None))
        elif other < 0:
            rows.append((groups.names[one], REST, sizes[one], sum(sizes) - sizes[one]))
        else:
            rows.append((groups.names[one], groups.names[other], sizes[one], sizes[other]))
    schema = {"GROUP1": pl.String, "GROUP2": pl.String, "N1": pl.Int64, "N2": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.Series("N_VARIANTS", n_variants.astype(np.int64)), pl.Series("FST", values), pl.Series("SE", se)
    )
