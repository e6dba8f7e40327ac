"""Genotype files of single chromosomes as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import BlockSource, Calls, Genotypes, Moments, Rows, joined

Result = TypeVar("Result")


def join_genotypes(parts: Sequence[Genotypes], path: str) -> Genotypes:
    """Variants of several files one after the other; the samples must be the same.

    Parameters
    ----------
    parts : sequence of Genotypes
        In the order wanted, at least one.
    path : str
        What the whole is called in messages.

    Raises
    ------
    InputError
        If the files have other samples, or the same in another order.
    """
    import polars as pl

    for part in parts[1:]:
        if not part.samples.equals(parts[0].samples):
            raise InputError(
                f"{part.path}: its {part.n_samples:,} samples are not those of {parts[0].path} "
                f"({parts[0].n_samples:,}) in the same order"
            )
    source = JoinedSource(tuple(part.source for part in parts))
    skipped: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for part in parts:
        skipped.update(part.skipped)
        notes.update(part.notes)
    variants = pl.concat([part.variants for part in parts])
    keepers = tuple(part.keeper for part in parts)
    return Genotypes(variants, parts[0].samples, source, path, dict(skipped), dict(notes), keepers)


@dataclass(frozen=True)
class JoinedSource:
    """Blocks that may span files."""

    sources: tuple[BlockSource, ...]

    @property
    def n_variants(self) -> int:
        return sum(source.n_variants for source in self.sources)

    @property
    def n_samples(self) -> int:
        return self.sources[0].n_samples

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, shape (len(variants), samples)."""
        parts = self._of_each(variants, lambda source, rows: source.read(rows, samples))
        return parts[0] if len(parts) == 1 else cast(Calls, np.concatenate(parts))

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts over the samples."""
        return joined(self._of_each(variants, lambda source, rows: source.moments(rows, samples)))

    def _of_each(self, variants: Rows, function: Callable[[BlockSource, Rows], Result]) -> list[Result]:
        """The function's results of runs of variants that lie in one file, in order."""
        ends = np.cumsum([source.n_variants for source in self.sources])
        file: NDArray[np.int64] = np.searchsorted(ends, variants, side="right")
        borders = [0, *(np.flatnonzero(np.diff(file)) + 1).tolist(), len(variants)]
        results = []
        for start, stop in pairwise(borders):
            number = int(file[start]) if start < stop else 0
            source = self.sources[number]
            results.append(function(source, variants[start:stop] - (ends[number] - source.n_variants)))
        return results
