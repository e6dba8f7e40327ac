#!/usr/bin/env python3
"""Time `postgwas meta` against METAL's recorded figures.

    python benchmarks/meta.py --work /tmp/bench --repeats 5
    python benchmarks/meta.py --work /tmp/bench --jobs big --studies 4 --variants 5000000 --cores 2

Each repeat is a fresh process, imports and all; CPU is its user + system time, peak memory as `os.wait4`
gives it. Inputs are simulated once and kept in --work.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

LETTERS = np.array(list("ACGT"))
#: job -> (METAL's commands, recorded CPU seconds and GB of METAL 2020-05-05)
SCRIPTS = {
    "samplesize": ("SCHEME SAMPLESIZE", "ANALYZE", 9.5, 0.65),
    "samplesize_het": ("SCHEME SAMPLESIZE", "ANALYZE HETEROGENEITY", 16.0, 0.65),
    "stderr": ("SCHEME STDERR", "ANALYZE", 11.0, 0.67),
    "stderr_het": ("SCHEME STDERR", "ANALYZE HETEROGENEITY", 20.0, 0.67),
}
LABELS = "MARKER SNP\nALLELE EA NEA\nEFFECT BETA\nSTDERR SE\nPVAL P\nWEIGHT N\n"


def write_studies(folder: Path, n_studies: int, n_variants: int, *, seed: int = 1) -> list[Path]:
    """Studies that share most of their variants, a third of the rows with swapped alleles."""
    import polars as pl
    from scipy import stats

    paths = [folder / f"meta_{n_studies}x{n_variants}_{at}.tsv" for at in range(n_studies)]
    if all(path.exists() for path in paths):
        return paths
    rng = np.random.default_rng(seed)
    chr = np.sort(rng.integers(1, 23, n_variants))
    pos = rng.integers(1, 240_000_000, n_variants)
    order = np.lexsort((pos, chr))
    chr, pos = chr[order], pos[order]
    first = rng.integers(0, 4, n_variants)
    second = (first + rng.integers(1, 4, n_variants)) % 4
    freq = rng.uniform(0.01, 0.99, n_variants)
    beta = np.where(rng.random(n_variants) < 0.01, rng.normal(0, 0.02, n_variants), 0)
    for at, path in enumerate(paths):
        rows = np.sort(rng.choice(n_variants, int(n_variants * (0.95 - 0.05 * (at % 3))), replace=False))
        n = (50_000 * (1 + at) * rng.uniform(0.9, 1, rows.size)).astype(int)
        se = 1 / np.sqrt(2 * n * freq[rows] * (1 - freq[rows]))
        effect = beta[rows] + rng.normal(0, 1, rows.size) * se
        swap = rng.random(rows.size) < 0.3
        table = {
            "SNP": pl.select("rs" + pl.lit(pl.Series(rows)).cast(pl.String)).to_series(),
            "CHR": chr[rows], "BP": pos[rows],
            "EA": LETTERS[np.where(swap, second[rows], first[rows])],
            "NEA": LETTERS[np.where(swap, first[rows], second[rows])],
            "EAF": np.where(swap, 1 - freq[rows], freq[rows]).round(5),
            "BETA": np.where(swap, -effect, effect).round(6), "SE": se.round(7),
            "P": 2 * stats.norm.sf(abs(effect / se)), "N": n,
        }  # fmt: skip
        pl.DataFrame(table).write_csv(path, separator="\t")
    return paths


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU seconds and peak GB of a process and those it waited for."""
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def main() -> None:
    """Run the jobs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", default=[*SCRIPTS, "fixed"], choices=[*SCRIPTS, "fixed", "big"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--studies", type=int, default=3)
    parser.add_argument("--variants", type=int, default=1_500_000)
    parser.add_argument("--cores", type=int, default=1)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    paths = [path.name for path in write_studies(args.work, args.studies, args.variants)]
    program = [sys.executable, "-c", "from postgwas.cli.main import main; raise SystemExit(main())", "meta"]
    print("| job | METAL CPU s, GB | ours CPU s | peak GB |\n| --- | --- | --- | --- |")
    for job in args.jobs:
        if job in SCRIPTS:
            scheme, analyse, cpu, memory = SCRIPTS[job]
            lines = [scheme, LABELS, *(f"PROCESS {path}" for path in paths), f"OUTFILE {job}_ .tbl", analyse]
            (args.work / f"{job}.txt").write_text("\n".join(lines) + "\n")
            command = [*program, "--metal_script", f"{job}.txt", "--overwrite", "--quiet"]
            peer = f"{cpu:g}, {memory:g}"
        else:
            command = [*program, "--sumstats", ",".join(paths), "--out", job, "--overwrite", "--quiet"]
            command += ["--cores", str(args.cores)]
            peer = ""
        found = [timed(command, args.work) for _ in range(args.repeats)]
        cpu_s = statistics.median(one[0] for one in found)
        print(f"| {job} | {peer} | {cpu_s:.2f} | {max(one[1] for one in found):.2f} |", flush=True)


if __name__ == "__main__":
    main()
