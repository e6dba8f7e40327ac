#!/usr/bin/env python3
"""Time PCA of simulated genotypes beside plink2, and hold both against an exact decomposition.

    python benchmarks/genotypes_pca.py --work /tmp/bench --samples 3000 --variants 200000 --repeats 3
    python benchmarks/genotypes_pca.py --work /tmp/bench --samples 1200 --variants 6000 --n_axes 10 --accuracy

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


def commands(prefix: Path, args: argparse.Namespace, work: Path) -> dict[str, list[str]]:
    """What is timed, by name."""
    cores, n_axes = str(args.cores), str(args.n_axes)

    program = shutil.which("postgwas", path=str(Path(sys.executable).parent)) or "postgwas"

    ours = [program, "genotypes", "pca", "--genotypes", f"{prefix}.bed", "--n_axes", n_axes, "--cores", cores]
    found = {"postgwas": [*ours, "--out", str(work / "ours"), "--overwrite", "--quiet"]}
    if plink2 := shutil.which("plink2"):
        peer = [plink2, "--bfile", str(prefix), "--pca", "approx", n_axes, "--threads", cores, "--seed", "1"]
        found["plink2"] = [*peer, "--out", str(work / "plink2"), "--silent"]
    return found


def time_all(prefix: Path, args: argparse.Namespace, work: Path) -> None:
    """Medians of CPU, wall and memory, in turns."""
    runs: dict[str, list[tuple[float, float, float]]] = {}
    plan = {name: line for name, line in commands(prefix, args, work).items() if name in args.programs}
    for _ in range(args.repeats):
        for name, command in plan.items():
            runs.setdefault(name, []).append(measured(command, args.cores))
    print(f"{'program':<10}{'CPU s':>10}{'wall s':>10}{'peak GB':>10}   (medians of {args.repeats})")
    for name, results in runs.items():
        cpu, wall, peak = (statistics.median(column) for column in zip(*results))
        print(f"{name:<10}{cpu:>10.1f}{wall:>10.1f}{peak:>10.2f}")


def accuracy(prefix: Path, args: argparse.Namespace, work: Path) -> None:
    """Largest error of an eigenvalue (relative), and sine of the angle of each axis, against numpy's SVD."""
    from postgwas.genotypes import open_genotypes
    from postgwas.genotypes.selection import all_moments
    from postgwas.genotypes.standardise import scale_of, standardised

    data = open_genotypes(f"{prefix}.bed")
    scale = scale_of(all_moments(data))
    rows = np.flatnonzero(scale.varies)
    data = data.select(variants=rows)
    z = standardised(data.block(0, len(rows)), scale.of(rows), np.float64)
    _, singular, right = np.linalg.svd(z, full_matrices=False)
    values, vectors = singular**2 / len(rows), right.T
    plan = commands(prefix, args, work)
    plan["postgwas"] += ["--method", "randomised"]
    for name, command in plan.items():
        measured(command, args.cores)
        out = work / ("ours" if name == "postgwas" else name)
        found = np.loadtxt(f"{out}.eigenval")
        scores = np.loadtxt(f"{out}.eigenvec", skiprows=1, usecols=range(2, 2 + args.n_axes))
        cosine = np.abs((scores * vectors[:, : args.n_axes]).sum(axis=0)) / np.linalg.norm(scores, axis=0)
        sine = np.sqrt(np.maximum(1 - cosine**2, 0))
        share = np.linalg.norm(vectors[:, : args.n_axes].T @ scores) ** 2 / args.n_axes
        error = np.abs(found / values[: args.n_axes] - 1)
        print(f"{name}: eigenvalues {error.max():.1e}, span {share:.6f}, sines of axes {np.round(sine, 4)}")


def main() -> None:
    """Simulate if need be, then time or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=3000)
    parser.add_argument("--variants", type=int, default=200_000)
    parser.add_argument("--n_axes", type=int, default=20)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--programs", nargs="+", default=["postgwas", "plink2"])
    parser.add_argument("--accuracy", action="store_true", help="compare with an exact SVD instead of timing")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    prefix = args.work / f"s{args.samples}_{args.variants}"
    if not prefix.with_suffix(".fam").exists():
        simulate(prefix, args.samples, args.variants)
    (accuracy if args.accuracy else time_all)(prefix, args, args.work)


if __name__ == "__main__":
    main()
