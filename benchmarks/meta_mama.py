#!/usr/bin/env python3
"""Time MAMA and Popcorn on simulated populations.

    python benchmarks/meta_mama.py --snps 1000000 --repeats 3 --work /tmp/bench

Three ancestries with MAMA's inputs (text, gzip) and LD scores of all pairs; the first two also as Popcorn's.
Each repeat is a fresh process; CPU is user + system time of it and its children, peak RSS that of the largest
process (`os.wait4`). mama.py is on no package registry; `--mama /path/to/mama.py --python PYTHON` times it on
the same files in the same minutes where somebody has it.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

ANCESTRIES = ("EUR", "EAS", "AFR")
PAIRS = [(a, b) for i, a in enumerate(ANCESTRIES) for b in ANCESTRIES[i:]]
SIZES = {"EUR": 400_000, "EAS": 180_000, "AFR": 60_000}


def write(frame: pl.DataFrame, path: Path, *, header: bool = True) -> None:
    """Tab-separated text, gzip."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(frame.write_csv(separator="\t", include_header=header, float_precision=8).encode())


def simulate(folder: Path, n_snps: int, seed: int) -> None:
    """Effects of LD-scored SNPs correlated 0.8 across ancestries; 2 % of rows of each file are lacking."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    own = {one: rng.gamma(2.0, 25.0, n_snps) + 1 for one in ANCESTRIES}
    scores = {f"{a}_{b}": own[a] if a == b else 0.9 * np.sqrt(own[a] * own[b]) for a, b in PAIRS}
    chromosome = np.sort(rng.integers(1, 23, n_snps))
    base = pl.DataFrame({"CHR": chromosome, "SNP": [f"rs{i}" for i in range(1, n_snps + 1)],
                         "BP": np.arange(n_snps) * 100 + 1})  # fmt: skip
    write(base.with_columns(pl.Series(name, value) for name, value in scores.items()), folder / "ld.gz")
    alleles = np.array([("A", "C"), ("A", "G"), ("C", "T"), ("G", "T"), ("A", "T")])[
        rng.integers(0, 5, n_snps)
    ]
    common = rng.normal(size=n_snps)
    frequency: dict[str, np.ndarray] = {}
    for one in ANCESTRIES:
        f = frequency[one] = rng.uniform(0.02, 0.98, n_snps)
        se = 1 / np.sqrt(2 * f * (1 - f) * SIZES[one])
        spread = np.sqrt(4e-7 * own[one] / 5)
        effect = spread * (np.sqrt(0.8) * common + np.sqrt(0.2) * rng.normal(size=n_snps))
        beta = effect / np.sqrt(2 * f * (1 - f)) + se * rng.normal(size=n_snps)
        turn = rng.random(n_snps) < 0.4
        table = base.with_columns(
            pl.Series("A1", np.where(turn, alleles[:, 1], alleles[:, 0])),
            pl.Series("A2", np.where(turn, alleles[:, 0], alleles[:, 1])),
            pl.Series("FRQ", np.where(turn, 1 - f, f)), pl.Series("BETA", np.where(turn, -beta, beta)),
            pl.Series("SE", se), pl.Series("P", rng.uniform(size=n_snps)),
            pl.Series("N", np.full(n_snps, SIZES[one])),
        )  # fmt: skip
        write(table.filter(pl.Series(rng.random(n_snps) > 0.02)), folder / f"{one}.txt.gz")
    two = base.select("CHR", "BP", "SNP").with_columns(
        pl.Series("a1", alleles[:, 0]), pl.Series("a2", alleles[:, 1]), pl.Series("f1", 1 - frequency["EUR"]),
        pl.Series("f2", 1 - frequency["EAS"]), pl.Series("s1", own["EUR"]), pl.Series("s2", own["EAS"]),
        pl.Series("sx", scores["EUR_EAS"]),
    )  # fmt: skip
    write(two, folder / "cscore.gz", header=False)


def measure(call: list[str]) -> tuple[float, float]:
    """CPU seconds and GB of one process."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "2",
    }
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(call)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def main() -> None:
    """Simulate once, time each job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snps", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("/tmp/bench"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mama", help="mama.py to time beside ours")
    parser.add_argument("--python", default=sys.executable, help="Python that runs it")
    args = parser.parse_args()
    folder = args.work / f"mama_{args.snps}_{args.seed}"
    if not (folder / "cscore.gz").exists():
        simulate(folder, args.snps, args.seed)
    triples = [f"{folder / one}.txt.gz,{one},T" for one in ANCESTRIES]
    flags = ["--use_standardized_units", "--out_reg_coef"]
    ours = [sys.executable, "-m", "postgwas.cli.main", "meta", "--overwrite", "--quiet"]
    scores = ["--ld_scores", f"{folder}/ld.gz"]
    script = [
        sys.executable,
        "-m",
        "postgwas.cli.mama",
        "--overwrite",
        "--quiet",
        "--sumstats",
        *triples,
        *scores,
    ]
    pair = [f"{folder / one}.txt.gz" for one in ANCESTRIES[:2]]
    jobs = {
        "meta --method mama": [*ours, "--method", "mama", "--sumstats", *triples, *scores, *flags,
                               "--out", f"{folder}/ours"],
        "cli/mama.py": [*script, *flags, "--out", f"{folder}/script"],
        "meta --method popcorn": [*ours, "--method", "popcorn", "--sumstats", *pair, "--cfile",
                                  f"{folder}/cscore.gz", "--out", f"{folder}/popcorn"],
    }  # fmt: skip
    if args.mama:
        dashed = [flag.replace("_", "-") for flag in flags]
        jobs["mama.py"] = [args.python, args.mama, "--sumstats", *triples, "--ld-scores", f"{folder}/ld.gz",
                           *dashed, "--out", f"{folder}/peer"]  # fmt: skip
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _ in range(args.repeats):
        for name, call in jobs.items():
            found[name].append(measure(call))
    print(f"{time.strftime('%Y-%m-%d')}: {args.snps:,} SNPs, medians of {args.repeats}")
    for name, rows in found.items():
        cpu, gb = (statistics.median(values) for values in zip(*rows))
        print(f"{name:<24}{cpu:8.1f} CPU s {gb:6.2f} GB")


if __name__ == "__main__":
    main()
