#!/usr/bin/env python3
"""Time PCA of simulated genotypes beside plink2, and hold both against an exact decomposition.

    python benchmarks/genotypes_pca.py --work /tmp/bench --samples 3000 --variants 200000 --repeats 3
    python benchmarks/genotypes_pca.py --work /tmp/bench --samples 1500 --variants 20000 --accuracy

Each repeat is a fresh process, plink2's and ours in turns, on as many threads as --cores. CPU is user +
system time of the process and its children, peak RSS that of the largest process (`os.wait4`). Genotypes
come from six groups of three branches (Balding-Nichols), variants are independent, 0.1 % of the calls are
missing. They are simulated once and kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

_CODES = np.array([3, 2, 0, 1], np.uint8)  # 0, 1, 2 copies of A1, missing
_BLOCK = 2000
BRANCHES = ((0, 0.08), (0, 0.02), (1, 0.05), (1, 0.02), (2, 0.03), (2, 0.01))
"""Branch and F_ST from it, of each group."""


def simulate(prefix: Path, n_samples: int, n_variants: int, seed: int = 1) -> None:
    """PLINK 1 files of six groups."""
    rng = np.random.default_rng(seed)
    group = np.arange(n_samples) % len(BRANCHES)
    with open(f"{prefix}.bed", "wb") as bed:
        bed.write(b"\x6c\x1b\x01")
        for start in range(0, n_variants, _BLOCK):
            size = min(_BLOCK, n_variants - start)
            ancestral = rng.uniform(0.05, 0.95, size)
            branches = [drifted(rng, ancestral, 0.05) for _ in range(3)]
            calls = np.empty((size, n_samples), np.int8)
            for g, (branch, fst) in enumerate(BRANCHES):
                frequency = drifted(rng, branches[branch], fst).astype(np.float32)[:, None]
                here = np.flatnonzero(group == g)
                draws = rng.random((2, size, len(here)), np.float32) < frequency
                calls[:, here] = draws.sum(axis=0, dtype=np.int8)
            calls[rng.random(calls.shape, np.float32) < 0.001] = 3
            codes = np.zeros((size, -(-n_samples // 4), 4), np.uint8)
            codes.reshape(size, -1)[:, :n_samples] = _CODES[calls]
            bed.write(np.bitwise_or.reduce(codes << np.array([0, 2, 4, 6], np.uint8), axis=2).tobytes())
    with open(f"{prefix}.bim", "w") as bim:
        for j in range(n_variants):
            chromosome = 1 + 22 * j // n_variants
            bim.write(f"{chromosome}\trs{j}\t0\t{1000 * (j + 1)}\tA\tG\n")
    Path(f"{prefix}.fam").write_text("".join(f"F{i} I{i} 0 0 0 -9\n" for i in range(n_samples)))
    rows = (f"I{i}\tgroup{group[i]}\n" for i in range(n_samples))
    Path(f"{prefix}.groups.tsv").write_text("#IID\tGROUP\n" + "".join(rows))


def drifted(rng: np.random.Generator, frequency: np.ndarray, fst: float) -> np.ndarray:
    """Frequencies after drift of this F_ST (Balding-Nichols)."""
    scale = (1 - fst) / fst
    return rng.beta(frequency * scale, (1 - frequency) * scale).clip(0.002, 0.998)


def measured(command: list[str], threads: int) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak GB of one process."""
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, str(threads))}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss * 1024 / 1e9
