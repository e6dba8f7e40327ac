#!/usr/bin/env python3
"""Time `postgwas mtag` and maxFDR against mtag.py 1.0.8's recorded figures.

    python benchmarks/mtag.py --jobs mtag2 mtag5 fdr3 --repeats 5 --work /tmp/bench \\
        --ld_ref_panel /path/to/eur_w_ld_chr

Each repeat is a fresh process; CPU is user + system time of it and its children, peak RSS that of
the largest process (`os.wait4`). Inputs are simulated once per size and kept in --work.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
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
    """One row of the table; `peer_*` as recorded for mtag.py, `limit` as promised."""

    name: str
    what: str
    traits: int
    rows: int
    peer_cpu: float | None = None
    peer_gb: float | None = None
    limit: str = ""
    cores: int = 1
    fdr: str = ""


# mtag.py 1.0.8 on Python 2.7, BLAS threads 1, 1.23 M rows a trait on the full panel: 49.3 + 6.9 CPU s
# (2 traits), 145.7 + 20.5 CPU s (5 traits); peak RSS 2.26 and 4.01 GB. maxFDR grid of 3 traits: 17 CPU s.
JOBS = {
    job.name: job
    for job in (
        Job("mtag2", "2 traits x 1.23 M rows", 2, 1_230_000, 56.0, 2.26, "5.6 CPU s, 1.0 GB"),
        Job("mtag5", "5 traits x 1.23 M rows", 5, 1_230_000, 166.0, 4.01, "12 CPU s, 1.5 GB"),
        Job("mtag2x10M", "2 traits x 10 M rows", 2, 10_000_000, limit="60 s wall on 2 cores, 3 GB"),
        Job("mtag30", "30 traits x 1.2 M rows", 30, 1_200_000, limit="3 minutes, 4 GB"),
        Job("fdr3", "maxFDR grid, 3 traits, intervals 10", 3, 0, 17.0, None, "0.2 CPU s", fdr="grid"),
        Job("fdr4", "maxFDR grid, 4 traits, intervals 10", 4, 0, limit="1 minute", fdr="grid"),
        Job("fdr_opt10", "maxFDR optimise, 10 traits", 10, 0, limit="5 minutes", cores=2, fdr="optimise"),
    )
}


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def correlated(n_traits: int, h2: float = 0.3, rg: float = 0.5) -> np.ndarray:
    """Genetic covariance of the traits: correlations fall with the distance of their numbers."""
    distance = np.abs(np.subtract.outer(np.arange(n_traits), np.arange(n_traits)))
    return h2 * np.where(distance == 0, 1.0, rg * 0.93 ** np.maximum(distance - 1, 0))


def write_inputs(folder: Path, panel_prefix: str, n_traits: int, n_rows: int, seed: int) -> list[Path]:
    """Simulate one text file a trait, as mtag.py reads it.

    Z_j ~ N(0, l_j v_j D_j omega D_j + Sigma) on the panel's variants; rows beyond the panel are
    variants that it lacks, as in a file of imputed variants. Some rows are swapped, rare,
    ambiguous, missing or of low N.
    """
    import polars as pl

    from postgwas.ld.panel import load_panel

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"trait{t + 1}.txt" for t in range(n_traits)]
    if (folder / "done").exists():
        return paths
    rng = np.random.default_rng(seed)
    panel = load_panel(panel_prefix)
    scores = np.asarray(panel.l2, dtype=np.float64).reshape(len(panel.snpid), -1)[:, 0]
    take = np.sort(rng.choice(scores.size, min(n_rows, scores.size), replace=False))
    extra = max(n_rows - take.size, 0)
    size = take.size + extra
    names = np.concatenate(
        [
            np.asarray(panel.snpid, dtype=str)[take],
            np.char.add("rs9", np.arange(10**8, 10**8 + extra).astype(str)),
        ]
    )
    chrom = np.concatenate([np.asarray(panel.chr)[take], rng.integers(1, 23, extra)])
    pos = np.concatenate([np.asarray(panel.pos)[take], rng.integers(10_000, 5 * 10**7, extra)])
    l2 = np.concatenate([np.maximum(scores[take], 0.2), rng.lognormal(2.9, 0.7, extra)])
    order = np.lexsort((pos, chrom))
    names, chrom, pos, l2 = names[order], chrom[order], pos[order], l2[order]
    pairs = np.array(["AG", "GA", "CT", "TC", "AC", "CA", "GT", "TG", "AT", "CG"])
    alleles = rng.choice(pairs, size).astype("U2").view("U1").reshape(size, 2)
    freq = rng.uniform(0.005, 0.995, size)
    polygenicity = np.where(rng.random(size) < 0.1, 5.5, 0.5)
    root = np.linalg.cholesky(correlated(n_traits) / float(np.sum(panel.m)))
    overlap = np.linalg.cholesky(np.full((n_traits, n_traits), 0.2) + 0.82 * np.eye(n_traits))
    g = (rng.standard_normal((size, n_traits)) @ root.T) * np.sqrt(l2 * polygenicity)[:, None]
    e = rng.standard_normal((size, n_traits)) @ overlap.T
    for t, path in enumerate(paths):
        n = np.where(rng.random(size) < 0.1, rng.uniform(0.3, 0.95, size), 1.0) * (250_000 - 4_000 * t)
        n = np.round(n)
        z = g[:, t] * np.sqrt(n) + e[:, t]
        swap = rng.random(size) < (0.15 if t else 0.0)
        f = np.where(swap, 1 - freq, freq)
        z = np.where(swap, -z, z)
        frame = pl.DataFrame(
            {
                "snpid": pl.Series(names.tolist()),
                "chr": chrom.astype(np.int32),
                "bpos": pos.astype(np.int64),
                "a1": pl.Series(np.where(swap, alleles[:, 1], alleles[:, 0]).tolist()),
                "a2": pl.Series(np.where(swap, alleles[:, 0], alleles[:, 1]).tolist()),
                "freq": np.round(f, 5),
                "z": np.where(rng.random(size) < 0.003, np.nan, np.round(z, 5)),
                "n": n.astype(np.int64),
                "pval": _p(z),
                "beta": z / np.sqrt(2 * f * (1 - f) * n),
                "se": 1 / np.sqrt(2 * f * (1 - f) * n),
            }
        ).with_columns(pl.col("z").fill_nan(None), pl.col("pval", "beta", "se").round_sig_figs(6))
        frame.filter(pl.Series(rng.random(size) > 0.03)).write_csv(path, separator="\t", null_value="NA")
    (folder / "done").touch()
    return paths


def _p(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.maximum(2 * ndtr(-np.abs(z)), 1e-300)


def write_matrices(folder: Path, n_traits: int) -> dict[str, Path]:
    """Omega and Sigma for a maxFDR job."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"omega": folder / "omega.txt", "sigma": folder / "sigma.txt"}
    np.savetxt(paths["omega"], correlated(n_traits) * 25.0 / 1_173_569)
    np.savetxt(paths["sigma"], np.full((n_traits, n_traits), 0.2) + 0.82 * np.eye(n_traits))
    return paths


# Run in the child. mtag.py's figure is that of its search, without start-up and reading: so is ours.
FDR_PROGRAM = """
import json, sys, time
import numpy as np
omega, sigma = np.loadtxt(sys.argv[1]), np.loadtxt(sys.argv[2])
n = 250_000.0 - 20_000.0 * np.arange(len(omega))
if sys.argv[3] == "grid":
    from postgwas.mtag.maxfdr_grid import max_fdr_grid
    cpu, wall = time.process_time(), time.perf_counter()
    found = max_fdr_grid(omega, sigma, n, intervals=int(sys.argv[4]))
else:
    from postgwas.compute.engine import engine
    from postgwas.mtag.maxfdr_optimise import combine_starts, optimise_start, optimise_tasks
    cpu, wall = time.process_time(), time.perf_counter()
    tasks = optimise_tasks(omega, sigma, n, n_starts=int(sys.argv[5]) or None, seed=1)
    with engine(int(sys.argv[6])) as eng:
        found = combine_starts(tasks, eng.map(optimise_start, tasks, label="maxFDR"))
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(json.dumps({"cpu": cpu, "wall": wall, "max_fdr": np.asarray(found.maximum).round(6).tolist()}))
"""


def command(job: Job, args: argparse.Namespace) -> list[str]:
    """The child's command line; makes its inputs first."""
    if job.fdr:
        written = write_matrices(args.work / job.name, job.traits)
        matrices = [str(written["omega"]), str(written["sigma"])]
        sizes = [str(args.intervals), str(args.starts or 0), str(job.cores)]
        return [sys.executable, "-c", FDR_PROGRAM, *matrices, job.fdr, *sizes]
    rows = args.rows or job.rows
    folder = args.work / f"inputs_{rows}_seed{args.seed}_traits{job.traits}"
    # In a process of its own: Linux counts the largest size of the process that starts another as its own.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        inputs = pool.submit(write_inputs, folder, args.ld_ref_panel, job.traits, rows, args.seed)
        paths = inputs.result()
    out = args.work / f"out_{job.name}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return [
        *(sys.executable, "-m", "postgwas.cli.main", "mtag"),
        *("--sumstats", ",".join(str(path) for path in paths)),
        *("--ld_ref_panel", args.ld_ref_panel, "--out", str(out / "run")),
        *("--cores", str(job.cores), "--force", "--quiet", "--overwrite"),
    ]


def measure(arguments: list[str], log: Path, *, search_alone: bool = False) -> Usage:
    """Run one process; CPU and peak memory include its children.

    With `search_alone` CPU and wall time are those that the process itself printed.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    started = time.perf_counter()
    with log.open("ab") as stream:
        process = subprocess.Popen(arguments, stdout=stream, stderr=stream, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        tail = log.read_text(errors="replace").splitlines()[-3:]
        raise SystemExit(
            f"exit status {process.returncode}: {' '.join(arguments[:6])} ...\n" + "\n".join(tail)
        )
    # Linux counts in KiB, macOS in bytes.
    gb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    if search_alone:
        printed = json.loads(log.read_text().splitlines()[-1])
        return Usage(printed["cpu"], printed["wall"], gb)
    return Usage(usage.ru_utime + usage.ru_stime, wall, gb)


def table(results: dict[str, list[Usage]], *, rows: int = 0) -> str:
    """Medians as a markdown table; `rows` other than 0 replaced the jobs' own number."""
    lines = [
        "| job | mtag.py 1.0.8 | at most | CPU s | wall s | peak GB | CPU ratio | runs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in results.items():
        job = JOBS[name]
        cpu, wall, gb = (statistics.median(getattr(run, f) for run in runs) for f in ("cpu", "wall", "gb"))
        peer, ratio = "-", "-"
        if job.peer_cpu:
            peer = f"{job.peer_cpu:g} CPU s" + (f", {job.peer_gb:g} GB" if job.peer_gb else "")
            ratio = f"{job.peer_cpu / cpu:.1f} x"
        what = f"{job.name} at {rows:,} rows" if rows and job.rows else job.what
        if rows and job.rows:
            peer, ratio = "-", "-"  # the peer's figure is for the full size
        ours = f"{cpu:.2f} | {wall:.2f} | {gb:.2f} | {ratio} | {len(runs)}"
        lines.append(f"| {what} | {peer} | {job.limit} | {ours} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the jobs and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=["mtag2", "fdr3"], metavar="JOB")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--work", type=Path, default=Path("build/bench"), help="folder for inputs and outputs [build/bench]"
    )
    parser.add_argument("--ld_ref_panel", default="eur_w_ld_chr", help="name, folder or prefix of LD scores")
    parser.add_argument("--rows", type=int, default=0, help="rows per file instead of the job's own number")
    parser.add_argument("--intervals", type=int, default=10, help="of the maxFDR grid")
    parser.add_argument("--starts", type=int, help="of maxFDR's optimiser, per trait")
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--json", type=Path, help="also write every run's figures here")
    args = parser.parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Usage]] = {}
    for name in args.jobs:
        for repeat in range(args.repeats):
            job = JOBS[name]
            run = measure(command(job, args), args.work / f"{name}.log", search_alone=job.fdr == "grid")
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
