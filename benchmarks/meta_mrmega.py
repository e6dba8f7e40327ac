"""CPU time of MR-MEGA and of the other methods that look at heterogeneity: 8 cohorts x 1 M variants, 3 axes.

    python benchmarks/meta_mrmega.py FOLDER [--variants 1000000] [--cohorts 8] [--repeats 3] [--method mrmega]

Makes the cohorts' files in FOLDER (once), runs ``postgwas meta`` in a process of its own, and prints user +
system seconds and the largest memory of each run, their median last. No peer could be run beside it: MR-MEGA
is not to be had as source.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl


def make(folder: Path, n_variants: int, n_cohorts: int) -> list[str]:
    """The cohorts' files: three ancestries, one variant in a thousand with an effect, 3 % absent."""
    rng = np.random.default_rng(1)
    chrom = np.sort(rng.integers(1, 23, n_variants))
    pos = np.zeros(n_variants, np.int64)
    for one in range(1, 23):
        at = np.flatnonzero(chrom == one)
        pos[at] = np.sort(rng.choice(120_000_000, at.size, replace=False)) + 1
    base = rng.beta(0.8, 0.8, n_variants).clip(0.01, 0.99)
    effect = np.where(rng.random(n_variants) < 1e-3, rng.normal(0, 0.05, n_variants), 0.0)
    paths = []
    for cohort in range(n_cohorts):
        path = folder / f"cohort{cohort + 1}.{n_variants}.tsv"
        paths.append(str(path))
        if path.exists():
            continue
        drift = np.random.default_rng(10 + cohort % 3).normal(0, 0.3, n_variants)
        drift += rng.normal(0, 0.03, n_variants)
        eaf = (1 / (1 + np.exp(-np.log(base / (1 - base)) - drift))).clip(0.01, 0.99)
        n = rng.integers(8_000, 40_000)
        se = 1 / np.sqrt(2 * n * eaf * (1 - eaf))
        beta = effect + rng.normal(0, se)
        keep = rng.random(n_variants) > 0.03
        pl.DataFrame(
            {
                "SNPID": [f"rs{i + 1}" for i in range(n_variants)], "CHR": chrom, "POS": pos,
                "EA": np.array(["A", "C"])[np.arange(n_variants) % 2],
                "NEA": np.array(["G", "T"])[np.arange(n_variants) % 2],
                "EAF": eaf.round(5), "BETA": beta.round(6), "SE": se.round(6), "N": np.full(n_variants, n),
            }
        ).filter(keep).write_csv(path, separator="\t")  # fmt: skip
    return paths


def main() -> None:
    """Time the runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variants", type=int, default=1_000_000)
    parser.add_argument("--cohorts", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", default="mrmega", choices=("mrmega", "random", "re2", "fixed"))
    args, rest = parser.parse_known_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    paths = make(args.folder, args.variants, args.cohorts)
    command = [
        sys.executable,
        "-m",
        "postgwas.cli.main",
        "meta",
        "--method",
        args.method,
        "--quiet",
        "--overwrite",
    ]
    command += ["--sumstats", ",".join(paths), "--out", str(args.folder / args.method), "--cores", "1", *rest]
    seconds = []
    for _ in range(args.repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, env={**os.environ, "POLARS_MAX_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        print(f"{args.method}: {seconds[-1]:.2f} CPU s, {after.ru_maxrss / 2**20:.2f} GB at most so far")
    print(f"median {statistics.median(seconds):.2f} CPU s")


if __name__ == "__main__":
    main()
