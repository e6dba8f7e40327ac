"""Variants that are not correlated with their neighbours: ``postgwas.genotypes.prune``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.genotypes.genotypes import BlockSource, Calls, Genotypes, Rows
from postgwas.genotypes.ld_pruning import Pruned, prune_windows, windows_by_count, windows_by_distance
from postgwas.genotypes.selection import Selection, open_selected

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class PruneSettings:
    """Windows and the limit, as plink's --indep-pairwise WINDOW STEP R2.

    Attributes
    ----------
    window : int
        Variants of a window, or its length in kb.
    unit : {"kb", "variants"}
    step : int
        Variants that the window moves on; 1 with kb.
    r2 : float
        No two variants of a window that stay have a squared correlation above it.
    """

    window: int = 200
    unit: Literal["kb", "variants"] = "kb"
    step: int = 1
    r2: float = 0.2

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        least = 1 if self.unit == "kb" else 2
        if self.window < least:
            raise UsageError(f"--window {self.window}: expected at least {least} {self.unit}")
        if self.unit not in ("kb", "variants"):
            raise UsageError(f"window in {self.unit}: expected kb or variants")
        if self.step < 1:
            raise UsageError(f"--step {self.step}: expected at least 1")
        if self.unit == "kb" and self.step != 1:
            raise UsageError(f"--step {self.step}: a window in kb moves on by 1", hint="--step 1")
        if self.unit == "variants" and self.step >= self.window:
            raise UsageError(
                f"--step {self.step}: expected less than the window of {self.window} variants, so that "
                "windows overlap"
            )
        if not 0.0 <= self.r2 <= 1.0:
            raise UsageError(f"--r2 {self.r2:g}: expected 0 to 1")


@dataclass(frozen=True, eq=False)
class PruneResult:
    """Outcome of pruning.

    Attributes
    ----------
    variants : polars.DataFrame
        Of the selection, in the order of the file.
    kept : ndarray of bool, shape (V,)
    because : ndarray of int64, shape (V,)
        Row of the variant that one that is left out is correlated with; -1 for kept ones and for
        those that do not vary.
    samples : polars.DataFrame
        FID, IID, SEX.
    samples_dropped, variants_dropped : dict of str to int
        Before pruning.
    """

    variants: pl.DataFrame
    kept: NDArray[np.bool_]
    because: Rows
    samples: pl.DataFrame
    samples_dropped: dict[str, int]
    variants_dropped: dict[str, int]

    @property
    def n_constant(self) -> int:
        """Variants that do not vary."""
        return int((~self.kept & (self.because < 0)).sum())

    @property
    def dropped(self) -> dict[str, int]:
        """How many variants pruning takes, by reason."""
        return {"do not vary": self.n_constant, "correlated": int((self.because >= 0).sum())}

    def table(self) -> pl.DataFrame:
        """One row a variant; CORRELATED_WITH names why one is left out."""
        import polars as pl

        ids = self.variants["SNPID"]
        cause = pl.Series(np.where(self.because >= 0, self.because, 0))
        named = pl.select(
            pl.when(pl.Series(self.because >= 0)).then(ids.gather(cause)).alias("CORRELATED_WITH")
        ).to_series()
        return self.variants.select("CHR", "CHROM", "POS", "SNPID", "A1", "A2").with_columns(
            pl.Series("KEPT", self.kept), named
        )


def prune(
    genotypes: Genotypes | str | os.PathLike[str],
    *,
    selection: Selection | None = None,
    settings: PruneSettings | None = None,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> PruneResult:
    """Leave out variants until no two in a window are correlated, by plink's rule.

    Chromosomes are tasks of their own. Correlations are of hard calls, over the people with both
    calls; men's X counts as 0 or 2 copies.

    Parameters
    ----------
    genotypes : Genotypes or path
    selection : Selection, optional
        Which samples and variants; filter on frequency and missing calls beforehand.
    settings : PruneSettings, optional
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    PruneResult

    Raises
    ------
    UsageError
        If settings are out of range.
    InputError
        If variants are not sorted by position, or dosages were opened.

    References
    ----------
    Purcell et al. 2007, American Journal of Human Genetics 81:559-575; plink 1.9's --indep-pairwise.

    Examples
    --------
    >>> result = prune("people.pgen", settings=PruneSettings(window=500, r2=0.1))  # doctest: +SKIP
    >>> result.kept.sum(), result.dropped  # doctest: +SKIP
    """
    settings = settings or PruneSettings()
    settings.check()
    chosen = open_selected(genotypes, selection)
    data = chosen.genotypes
    parts = [_Chromosome(data.source, first, last, positions, settings)
             for first, last, positions in stretches(data)]  # fmt: skip
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        found = eng.map(_prune_chromosome, parts, label="Pruning")
    because = [np.where(one.because >= 0, one.because + part.first, -1) for one, part in zip(found, parts)]
    return PruneResult(
        data.variants, np.concatenate([one.kept for one in found]), np.concatenate(because), data.samples,
        dict(chosen.samples_dropped), dict(chosen.variants_dropped),
    )  # fmt: skip


def stretches(genotypes: Genotypes) -> list[tuple[int, int, Rows]]:
    """First row, row after the last, and positions of each chromosome or contig.

    Raises
    ------
    InputError
        If a chromosome comes twice, or positions descend.
    """
    table = genotypes.variants
    names = table["CHROM"].to_numpy()
    positions = table["POS"].to_numpy().astype(np.int64)
    borders = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), len(names)]
    seen: set[str] = set()
    found = []
    for first, last in pairwise(borders):
        if names[first] in seen:
            raise InputError(
                f"{genotypes.path}: chromosome {names[first]} begins again at variant {first + 1:,} "
                f"({table['SNPID'][first]})", hint="sort the variants by chromosome and position",
            )  # fmt: skip
        seen.add(names[first])
        falls = np.flatnonzero(np.diff(positions[first:last]) < 0)
        if len(falls):
            at = first + int(falls[0]) + 1
            raise InputError(
                f"{genotypes.path}: variant {at + 1:,} ({table['SNPID'][at]}) at {names[at]}:{positions[at]} "
                f"comes after {positions[at - 1]}; expected ascending positions",
                hint="sort the variants by chromosome and position",
            )
        found.append((first, last, positions[first:last]))
    return found


@dataclass(frozen=True, eq=False)
class _Chromosome:
    """The task of one chromosome."""

    source: BlockSource
    first: int
    last: int
    positions: Rows
    settings: PruneSettings

    def read(self, start: int, stop: int) -> Calls:
        calls = self.source.read(np.arange(self.first + start, self.first + stop), None)
        if calls.dtype != np.int8:
            raise InputError("pruning needs hard calls, found dosages", hint="without --dosage")
        return calls


def _prune_chromosome(task: _Chromosome) -> Pruned:
    n, settings = task.last - task.first, task.settings
    windows = (
        windows_by_distance(task.positions, settings.window * 1000)
        if settings.unit == "kb"
        else windows_by_count(n, settings.window, settings.step)
    )
    return prune_windows(task.read, n, windows, r2=settings.r2)
