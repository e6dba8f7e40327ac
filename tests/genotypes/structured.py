"""Genotypes of groups that differ, as arrays and as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from genotypes.plink1_files import write_plink1
from numpy.typing import NDArray


def structured_calls(
    seed: int, n_variants: int, sizes: tuple[int, ...], *, fst: float = 0.1, missing: float = 0.02
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Independent variants in groups drifted apart; calls (variants, samples) and each sample's group."""
    rng = np.random.default_rng(seed)
    ancestral = rng.uniform(0.1, 0.9, n_variants)
    scale = (1 - fst) / fst
    frequencies = [rng.beta(ancestral * scale, (1 - ancestral) * scale) for _ in sizes]
    codes = np.repeat(np.arange(len(sizes)), sizes)
    calls = rng.binomial(2, np.stack(frequencies, axis=1)[:, codes]).astype(np.int8)
    calls[rng.random(calls.shape) < missing] = -9
    return calls, codes


def write_structured(
    prefix: Path, seed: int = 1, n_variants: int = 300, sizes: tuple[int, ...] = (20, 15, 10)
) -> Path:
    """PLINK 1 files beside PREFIX.groups (IID GROUP)."""
    calls, codes = structured_calls(seed, n_variants, sizes)
    chromosomes = [str(1 + 4 * j // n_variants) for j in range(n_variants)]
    write_plink1(prefix, calls, chromosomes=chromosomes)
    lines = [f"I{i} G{code}\n" for i, code in enumerate(codes.tolist())]
    Path(f"{prefix}.groups").write_text("#IID GROUP\n" + "".join(lines))
    return prefix
