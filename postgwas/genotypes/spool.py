"""Temporary files from which genotypes of text and BCF files are read again, in any order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import BlockSource, Calls, Moments, Rows, moments_by_reading
from postgwas.genotypes.plink1 import BedSource, pack


class Spool:
    """Takes batches of variants; hard calls are kept four in a byte, dosages in four bytes each."""

    def __init__(self, folder: str, n_samples: int, *, dosage: bool) -> None:
        self.path = Path(folder) / ("dosages" if dosage else "calls.bed")
        self.n_samples = n_samples
        self.n_variants = 0
        self._dosage = dosage
        self._file = open(self.path, "wb", buffering=1 << 20)  # noqa: SIM115 (closed by finished)
        if not dosage:
            self._file.write(b"\x6c\x1b\x01")

    def add(self, calls: Calls) -> None:
        """Write variants, shape (V, n_samples)."""
        self._file.write((calls if self._dosage else pack(calls)).data)  # type: ignore[arg-type]
        self.n_variants += len(calls)

    def finished(self) -> BlockSource:
        """Close the file; what reads it."""
        self.close()
        kind = DosageSource if self._dosage else BedSource
        return kind(str(self.path), self.n_variants, self.n_samples)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class DosageSource:
    """Blocks of a file of float32, variants x samples."""

    path: str
    n_variants: int
    n_samples: int

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Dosages of A1, float32, shape (len(variants), samples); missing NaN."""
        if len(variants) == 0:
            return np.empty((0, self.n_samples if samples is None else len(samples)), np.float32)
        whole = np.memmap(self.path, np.float32, mode="r", shape=(self.n_variants, self.n_samples))
        rows: NDArray[np.float32] = np.asarray(whole[variants])
        return rows if samples is None else rows[:, samples]

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Sums over the samples."""
        return moments_by_reading(self, variants, samples)
