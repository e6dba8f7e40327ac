"""What every genotype file looks like from outside: two tables and blocks of variants x samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

MISSING = -9
"""A missing hard call; a missing dosage is NaN."""

_VALUES = 1 << 20
"""Genotypes read at a time where only counts are wanted."""

Calls = NDArray[np.int8] | NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moments:
    """What mean, frequency and variance of variants follow from.

    Attributes
    ----------
    n_observed : ndarray of int64, shape (V,)
        Samples that are not missing.
    total : ndarray of float64, shape (V,)
        Sum of the copies of A1 over them.
    squares : ndarray of float64, shape (V,)
        Sum of the squared copies of A1.
    """

    n_observed: NDArray[np.int64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    def of(self, variants: NDArray[Any] | slice) -> Moments:
        """Moments of some of the variants."""
        return Moments(self.n_observed[variants], self.total[variants], self.squares[variants])

    def put(self, rows: NDArray[np.int64], other: Moments) -> None:
        """Replace those of some variants."""
        self.n_observed[rows], self.total[rows], self.squares[rows] = (
            other.n_observed, other.total, other.squares,
        )  # fmt: skip

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean copies of A1; NaN where all are missing."""
        with np.errstate(invalid="ignore"):
            return self.total / self.n_observed

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Frequency of A1; NaN where all are missing."""
        return self.mean / 2.0

    @property
    def minor_frequency(self) -> NDArray[np.float64]:
        """Frequency of the rarer allele, to the same bits whichever of the two is A1; NaN as above."""
        with np.errstate(invalid="ignore"):
            return np.minimum(self.total, 2.0 * self.n_observed - self.total) / (2.0 * self.n_observed)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Sum of squared deviations from the mean; exactly 0 where all observed are the same hard call."""
        with np.errstate(invalid="ignore"):
            # n * squares - total^2 is a whole number for hard calls: no rounding up to 2^53.
            return (self.n_observed * self.squares - self.total**2) / self.n_observed


class BlockSource(Protocol):
    """Reads genotypes; small and picklable, so that it can travel to workers."""

    @property
    def n_variants(self) -> int: ...

    @property
    def n_samples(self) -> int: ...

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, shape (len(variants), samples); int8 with -9, or float32 with NaN."""

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts over the samples."""


@dataclass(frozen=True, eq=False)
class Genotypes:
    """One genotype file, opened and checked.

    Attributes
    ----------
    variants : polars.DataFrame
        CHR (Int8, X = 23, Y = 24, MT = 25, null where it is none of them), CHROM (as
        written), SNPID, CM (null where the file has none), POS, A1 (the allele whose
        copies are counted), A2.
    samples : polars.DataFrame
        FID (null where the file has none), IID, SEX (Int8: 1 male, 2 female, null unknown).
    source : BlockSource
        Reads blocks.
    path : str
        What was opened, for messages.
    skipped : dict of str to int
        Records and alleles that could not be used, by reason.
    notes : dict of str to int
        What was done to records that are used: ``split_records``, ``symbolic_alleles``.
    """

    variants: pl.DataFrame
    samples: pl.DataFrame
    source: BlockSource
    path: str
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    keeper: Any = None
    """Holds temporary files until the object goes."""

    @property
    def n_variants(self) -> int:
        return self.variants.height

    @property
    def n_samples(self) -> int:
        return self.samples.height

    def block(self, start: int, stop: int, samples: Rows | None = None) -> Calls:
        """Copies of A1 of variants `start` to `stop` (excluded).

        Parameters
        ----------
        start, stop : int
            Rows of :attr:`variants`.
        samples : ndarray of int64, optional
            Rows of :attr:`samples`; all if None.

        Returns
        -------
        ndarray, shape (stop - start, samples)
            int8 (0, 1, 2, missing -9) for hard calls, float32 (missing NaN) for dosages.
        """
        if not 0 <= start <= stop <= self.n_variants:
            raise UsageError(f"variants {start} to {stop} of {self.path}: it has {self.n_variants}")
        return self.source.read(np.arange(start, stop), samples)

    def select(self, *, variants: Rows | None = None, samples: Rows | None = None) -> Genotypes:
        """The same file with some of its variants and samples, both in file order; nothing is read.

        Parameters
        ----------
        variants, samples : ndarray of int64, optional
            Rows of :attr:`variants` and :attr:`samples`, ascending; all if None.
        """
        if variants is None and samples is None:
            return self
        rows = np.arange(self.n_variants) if variants is None else np.asarray(variants, np.int64)
        people = None if samples is None else np.asarray(samples, np.int64)
        for name, chosen in (("variants", rows), ("samples", people)):
            if chosen is not None and np.any(chosen[1:] <= chosen[:-1]):
                raise UsageError(f"{self.path}: {name} to select must ascend")
        source = SubsetSource(self.source, rows, people)
        table = self.samples if people is None else self.samples[people]
        return replace(self, variants=self.variants[rows], samples=table, source=source)

    def moments(self, start: int, stop: int, samples: Rows | None = None) -> Moments:
        """Counts of variants `start` to `stop` (excluded); see :meth:`block`."""
        if not 0 <= start <= stop <= self.n_variants:
            raise UsageError(f"variants {start} to {stop} of {self.path}: it has {self.n_variants}")
        return self.source.moments(np.arange(start, stop), samples)


@dataclass(frozen=True, eq=False)
class SubsetSource:
    """Some variants and samples of another source."""

    source: BlockSource
    variants: Rows
    people: Rows | None
    """Rows of the samples; None for all."""

    @property
    def n_variants(self) -> int:
        return len(self.variants)

    @property
    def n_samples(self) -> int:
        return self.source.n_samples if self.people is None else len(self.people)

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, shape (len(variants), samples)."""
        return self.source.read(self.variants[variants], self._of(samples))

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts over the samples."""
        return self.source.moments(self.variants[variants], self._of(samples))

    def _of(self, samples: Rows | None) -> Rows | None:
        if samples is None:
            return self.people
        return samples if self.people is None else self.people[samples]


def moments_of(calls: Calls) -> Moments:
    """Moments of a block of genotypes.

    Examples
    --------
    >>> moments_of(np.array([[0, 1, 2, -9]], np.int8)).total
    array([3.])
    """
    observed = calls >= 0  # NaN is not
    known = np.where(observed, calls, 0).astype(np.float64)
    return Moments(observed.sum(axis=1), known.sum(axis=1), np.einsum("ij,ij->i", known, known))


def joined(parts: Sequence[Moments]) -> Moments:
    """Moments of variants one after the other."""
    return Moments(
        np.concatenate([part.n_observed for part in parts]),
        np.concatenate([part.total for part in parts]),
        np.concatenate([part.squares for part in parts]),
    )


def moments_by_reading(source: BlockSource, variants: Rows, samples: Rows | None) -> Moments:
    """Moments for a source that has no quicker way, a few megabytes at a time."""
    step = max(1, _VALUES // max(source.n_samples, 1))
    starts = range(0, max(len(variants), 1), step)
    return joined([moments_of(source.read(variants[at : at + step], samples)) for at in starts])
