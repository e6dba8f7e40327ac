#!/usr/bin/env python3
"""Time `postgwas munge` against munge_sumstats.py 1.0.1's recorded figures.

    python benchmarks/munge.py --jobs munge1M munge9M --repeats 5 --work /tmp/bench

Each repeat is a fresh process, imports and all; CPU is its user + system time, peak RSS as
`os.wait4` gives it. Inputs are simulated once per size and kept in --work.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Job:
    """One row of the table; `peer_*` as recorded for munge_sumstats.py, `limit` as promised."""

    name: str
    what: str
    rows: int
    peer_cpu: float | None = None
    peer_gb: float | None = None
    limit: str = ""
    flags: tuple[str, ...] = ()
    merge: bool = False


# munge_sumstats.py 1.0.1 on Python 2.7, pandas 0.20.3: 12.4 + 0.6 CPU s and 0.54 GB for 1.23 M rows,
# 105.3 + 8.4 CPU s and 2.74 GB for 8.61 M.
JOBS = {
    job.name: job
    for job in (
        Job("munge1M", "1.23 M rows (98 MB)", 1_230_000, 13.0, 0.54, "1.3 CPU s"),
        Job("munge1M_compat", "the same, --ldsc_compat", 1_230_000, 13.0, 0.54, flags=("--ldsc_compat",)),
        Job("munge9M", "8.6 M rows (705 MB)", 8_610_000, 113.7, 2.74, "11 CPU s, 1 GB"),
        Job("munge9M_merge", "the same, --merge_alleles of 1.2 M SNPs", 8_610_000, merge=True),
    )
}


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def write_inputs(folder: Path, n_rows: int, seed: int) -> Path:
    """Simulate a text file with the columns of mtag.py's input, a million rows at a time."""
    import polars as pl
    from scipy.special import ndtr

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trait.txt"
    if (folder / "done").exists():
        return path
    rng = np.random.default_rng(seed)
    pairs = np.array(["AG", "GA", "CT", "TC", "AC", "CA", "GT", "TG", "AT", "CG"])
    with path.open("wb") as stream, (folder / "list.txt").open("wb") as listed:
        for at in range(0, n_rows, 1_000_000):
            size = min(1_000_000, n_rows - at)
            alleles = rng.choice(pairs, size).astype("U2").view("U1").reshape(size, 2)
            freq = rng.uniform(0.002, 0.998, size).round(5)
            n = np.where(rng.random(size) < 0.1, rng.uniform(0.3, 0.95, size), 1.0) * 250_000
            z = rng.standard_normal(size) * 1.1
            se = 1 / np.sqrt(2 * freq * (1 - freq) * n)
            frame = pl.DataFrame(
                {
                    "snpid": np.char.add("rs", (1_000_000 + at + np.arange(size)).astype(str)),
                    "chr": rng.integers(1, 23, size),
                    "bpos": rng.integers(10_000, 240_000_000, size),
                    "a1": alleles[:, 0],
                    "a2": alleles[:, 1],
                    "freq": freq,
                    "z": np.where(rng.random(size) < 0.003, np.nan, z.round(5)),
                    "n": n.astype(np.int64),
                    "pval": 2 * ndtr(-np.abs(z)),
                    "beta": z * se,
                    "se": se,
                }
            ).with_columns(pl.col("z").fill_nan(None), pl.col("pval", "beta", "se").round_sig_figs(6))
            frame.write_csv(stream, separator="\t", null_value="NA", include_header=at == 0)
            some = frame.filter(pl.Series(rng.random(size) < 1_200_000 / max(n_rows, 1_200_000)))
            some = some.select(SNP="snpid", A1="a1", A2="a2")
            some.write_csv(listed, separator="\t", include_header=at == 0)
    (folder / "done").touch()
    return path


def command(job: Job, args: argparse.Namespace) -> list[str]:
    """The child's command line; makes its inputs first."""
    rows = args.rows or job.rows
    folder = args.work / f"munge_{rows}_seed{args.seed}"
    # In a process of its own: Linux counts the largest size of the process that starts another as its own.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        path = pool.submit(write_inputs, folder, rows, args.seed).result()
    return [
        *(sys.executable, "-m", "postgwas.cli.main", "munge", "--sumstats", str(path), "--ignore", "beta,se"),
        *("--out", str(args.work / f"out_{job.name}"), "--quiet", "--overwrite", *job.flags),
        *(("--merge_alleles", str(folder / "list.txt")) if job.merge else ()),
    ]


def measure(arguments: list[str], log: Path) -> Usage:
    """Run one process."""
    started = time.perf_counter()
    with log.open("ab") as stream:
        process = subprocess.Popen(arguments, stdout=stream, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-3:])
        raise SystemExit(f"exit status {process.returncode}: {' '.join(arguments[:6])} ...\n{tail}")
    # Linux counts in KiB, macOS in bytes.
    gb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    return Usage(usage.ru_utime + usage.ru_stime, wall, gb)


def table(results: dict[str, list[Usage]], *, rows: int = 0) -> str:
    """Medians as a markdown table; `rows` other than 0 replaced the jobs' own number."""
    lines = [
        "| job | munge_sumstats.py 1.0.1 | at most | CPU s | wall s | peak GB | CPU ratio | runs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in results.items():
        job = JOBS[name]
        cpu, wall, gb = (statistics.median(getattr(run, f) for run in runs) for f in ("cpu", "wall", "gb"))
        # The peer's figure is for the full size.
        known = job.peer_cpu is not None and not rows
        peer = f"{job.peer_cpu:g} CPU s, {job.peer_gb:g} GB" if known else "-"
        ratio = f"{job.peer_cpu / cpu:.1f} x" if known and job.peer_cpu else "-"
        what = f"{job.name} at {rows:,} rows" if rows else job.what
        lines.append(
            f"| {what} | {peer} | {job.limit} | {cpu:.2f} | {wall:.2f} | {gb:.2f} | {ratio} | {len(runs)} |"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the jobs and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=["munge1M", "munge9M"], metavar="JOB")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--work", type=Path, default=Path("build/bench"), help="folder for inputs and outputs [build/bench]"
    )
    parser.add_argument("--rows", type=int, default=0, help="rows instead of the job's own number")
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--json", type=Path, help="also write every run's figures here")
    args = parser.parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Usage]] = {}
    for name in args.jobs:
        arguments = command(JOBS[name], args)
        for repeat in range(args.repeats):
            run = measure(arguments, args.work / f"{name}.log")
            results.setdefault(name, []).append(run)
            print(
                f"{name} {repeat + 1}: {run.cpu:.2f} CPU s, {run.wall:.2f} s, {run.gb:.2f} GB",
                file=sys.stderr,
            )
    if args.json:
        args.json.write_text(json.dumps({k: [vars(run) for run in v] for k, v in results.items()}, indent=1))
    print(table(results, rows=args.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
