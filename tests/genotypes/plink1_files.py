"""Writes PLINK 1 files from a matrix of A1 copies, and makes random genotypes in LD."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_plink1(
    prefix: Path,
    calls: NDArray[np.int8],
    *,
    chromosomes: Sequence[str] | None = None,
    positions: Sequence[int] | None = None,
    cm: Sequence[float] | None = None,
    alleles: Sequence[tuple[str, str]] | None = None,
    ids: Sequence[str] | None = None,
) -> Path:
    """`calls` (variants, samples): copies of A1, -9 for missing."""
    n_variants, n_samples = calls.shape
    code = np.full(calls.shape, 1, np.uint8)
    for copies, bits in ((2, 0), (1, 2), (0, 3)):
        code[calls == copies] = bits
    padded = np.zeros((n_variants, -(-n_samples // 4) * 4), np.uint8)
    padded[:, :n_samples] = code
    packed = np.bitwise_or.reduce(
        padded.reshape(n_variants, -1, 4) << np.array([0, 2, 4, 6], np.uint8), axis=2
    )
    Path(f"{prefix}.bed").write_bytes(b"\x6c\x1b\x01" + packed.astype(np.uint8).tobytes())
    rows = range(n_variants)
    chromosomes = chromosomes or ["1"] * n_variants
    positions = positions or [1000 * (j + 1) for j in rows]
    cm = cm or [0.0] * n_variants
    alleles = alleles or [("A", "C")] * n_variants
    ids = ids or [f"rs{j}" for j in rows]
    lines = [
        f"{chromosomes[j]}\t{ids[j]}\t{cm[j]!r}\t{positions[j]}\t{alleles[j][0]}\t{alleles[j][1]}\n"
        for j in rows
    ]
    Path(f"{prefix}.bim").write_text("".join(lines))
    Path(f"{prefix}.fam").write_text("".join(f"F{i} I{i} 0 0 0 -9\n" for i in range(n_samples)))
    return prefix


def random_calls(
    seed: int, n_variants: int, n_samples: int, *, missing: float = 0.02, keep: float = 0.8
) -> NDArray[np.int8]:
    """Genotypes of two haplotypes whose neighbouring variants are correlated."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.02, 0.98, n_variants)
    uniform = np.empty((n_variants, 2 * n_samples))
    uniform[0] = rng.random(2 * n_samples)
    for j in range(1, n_variants):
        copied = rng.random(2 * n_samples) < keep
        uniform[j] = np.where(copied, uniform[j - 1], rng.random(2 * n_samples))
    haplotypes = (uniform < frequency[:, None]).astype(np.int8)
    calls: NDArray[np.int8] = haplotypes[:, ::2] + haplotypes[:, 1::2]
    calls[rng.random(calls.shape) < missing] = -9
    return calls
