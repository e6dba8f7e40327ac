"""PLINK 1: .bed, .bim, .fam."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import MISSING, Calls, Genotypes, Moments, Rows
from postgwas.genotypes.samples import read_fam
from postgwas.genotypes.variants import read_bim

_MAGIC = b"\x6c\x1b"
_HEADER = 3
_COUNT_BYTES = 1 << 23
_LOW = np.uint64(0x5555555555555555)

#: Copies of A1 of the four samples in a byte; 00 is A1 A1, 01 missing, 10 A1 A2, 11 A2 A2.
_CALLS = np.array([2, MISSING, 1, 0], np.int8)[
    (np.arange(256, dtype=np.uint8)[:, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3
].view(np.uint32).ravel()  # fmt: skip


def open_plink1(prefix: str | os.PathLike[str]) -> Genotypes:
    """A PLINK 1 file set by its prefix (or its .bed).

    Raises
    ------
    InputError
        If a file is missing, the .bed is not variant-major, or its size is not what
        the .bim and the .fam say; if a sample occurs twice.
    """
    stem = str(prefix).removesuffix(".bed")
    bed = Path(stem + ".bed")
    if not bed.is_file():
        raise InputError(f"{bed}: no such file")
    samples = read_fam(_beside(stem, ".fam"))
    variants = read_bim(_beside(stem, ".bim"))
    source = BedSource(str(bed), variants.height, samples.height)
    source.check()
    return Genotypes(variants, samples, source, str(bed))


def _beside(stem: str, suffix: str) -> str:
    for compression in ("", ".gz", ".zst"):
        if Path(stem + suffix + compression).is_file():
            return stem + suffix + compression
    raise InputError(f"{stem}{suffix}: no such file; a .bed needs its .bim and .fam beside it")


@dataclass(frozen=True)
class BedSource:
    """Blocks of a .bed file."""

    path: str
    n_variants: int
    n_samples: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one variant."""
        return (self.n_samples + 3) // 4

    def check(self) -> None:
        """Refuse a file whose beginning or size is not as it should be."""
        with open(self.path, "rb") as file:
            magic = file.read(_HEADER)
        if not magic:
            raise InputError(f"{self.path}: the file is empty")
        if magic[:2] != _MAGIC:
            raise InputError(f"{self.path}: not a PLINK 1 .bed file (its first bytes are {magic[:2].hex()})")
        if magic[2:] != b"\x01":
            raise InputError(
                f"{self.path}: the samples, not the variants, are its rows",
                hint="rewrite it with plink --make-bed",
            )
        size = os.path.getsize(self.path)
        expected = _HEADER + self.n_variants * self.row_bytes
        if size != expected:
            held = (size - _HEADER) / self.row_bytes
            raise InputError(
                f"{self.path}: {size:,} bytes, expected {expected:,} for {self.n_variants:,} variants (.bim) "
                f"of {self.n_samples:,} samples (.fam); it has room for {held:,.1f} variants",
                hint="truncated" if size < expected else "is it of another .bim or .fam?",
            )

    def read(self, variants: Rows, samples: Rows | None) -> Calls:
        """Copies of A1, int8, shape (len(variants), samples); missing -9."""
        calls: NDArray[np.int8] = _CALLS[self._packed(variants)].view(np.int8)
        return calls[:, : self.n_samples] if samples is None else calls[:, samples]

    def moments(self, variants: Rows, samples: Rows | None) -> Moments:
        """Counts from the packed bytes, 32 samples at a time."""
        mask = self._mask(samples)
        n_samples = self.n_samples if samples is None else len(samples)
        counts = np.empty((3, len(variants)), np.int64)
        step = max(1, _COUNT_BYTES // self.row_bytes)
        for start in range(0, len(variants), step):
            packed = self._packed(variants[start : start + step])
            counts[:, start : start + step] = _count(packed, mask)
        missing, het, hom_a2 = counts
        hom_a1 = n_samples - missing - het - hom_a2
        return Moments(
            n_samples - missing, (2 * hom_a1 + het).astype(np.float64), (4 * hom_a1 + het).astype(np.float64)
        )

    def _packed(self, variants: Rows) -> NDArray[np.uint8]:
        """Bytes of the variants, shape (len(variants), row_bytes)."""
        if len(variants) == 0:
            return np.empty((0, self.row_bytes), np.uint8)
        first, last = int(variants[0]), int(variants[-1])
        if last - first + 1 > 4 * len(variants) or np.any(variants[1:] < variants[:-1]):
            whole = np.memmap(
                self.path, np.uint8, mode="r", offset=_HEADER, shape=(self.n_variants, self.row_bytes)
            )
            return np.asarray(whole[variants])
        span = np.fromfile(
            self.path, np.uint8, count=(last - first + 1) * self.row_bytes,
            offset=_HEADER + first * self.row_bytes,
        ).reshape(-1, self.row_bytes)  # fmt: skip
        return span if len(span) == len(variants) else span[variants - first]

    def _mask(self, samples: Rows | None) -> NDArray[np.uint64]:
        """11 at each wanted sample, 00 elsewhere, padding bits of the last byte included."""
        wanted = np.zeros(8 * 4 * -(-self.row_bytes // 8), np.uint8)
        wanted[: self.n_samples] = 1 if samples is None else 0
        if samples is not None:
            wanted[samples] = 1
        bits = np.repeat(wanted, 2)
        return np.packbits(bits, bitorder="little").view(np.uint64)


def _count(packed: NDArray[np.uint8], mask: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Missing, A1 A2 and A2 A2 calls of each row, shape (3, V)."""
    if packed.shape[1] % 8:
        padded = np.zeros((len(packed), 8 * len(mask)), np.uint8)
        padded[:, : packed.shape[1]] = packed
        packed = padded
    words = packed.view(np.uint64) & mask
    low = words & _LOW
    high = (words >> np.uint64(1)) & _LOW
    both = np.bitwise_count(low & high).sum(axis=1, dtype=np.int64)
    missing = np.bitwise_count(low).sum(axis=1, dtype=np.int64) - both
    het = np.bitwise_count(high).sum(axis=1, dtype=np.int64) - both
    return np.stack([missing, het, both])


def pack(calls: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Copies of A1 (missing negative), shape (V, n), as the bytes of a .bed file.

    Examples
    --------
    >>> pack(np.array([[2, 1, 0, -9, 1]], np.int8)).tolist()
    [[120, 2]]
    """
    n_variants, n_samples = calls.shape
    codes = np.zeros((n_variants, -(-n_samples // 4) * 4), np.uint8)
    # 0, 1, 2 are 3, 2, 0 in the file: 3 - c - (c == 2), and missing is 1.
    low = calls.view(np.uint8)
    codes[:, :n_samples] = np.where(calls < 0, np.uint8(1), 3 - low - (low >> 1))
    words = codes.view("<u4")
    words |= words >> np.uint32(6)
    words |= words >> np.uint32(12)
    return words.astype(np.uint8)
