#!/usr/bin/env python3
"""Time `postgwas ldsc --h2` and `--rg` against ldsc.py 1.0.1's recorded figures.

    python benchmarks/ldsc.py --jobs h2 h2_store rg2 rg10 --repeats 5 --work /tmp/bench \\
        --ld_scores /path/to/eur_w_ld_chr/

Each repeat is a fresh process, start-up included; CPU is user + system time of it and its
children, peak RSS that of the largest process (`os.wait4`). The panel's cache is warm, as from
the second run on. `startup` imports what `--h2` of a text file imports and does nothing else: what is
beyond it is the work. Inputs are simulated once and kept in --work; without LD scores on this machine
they are simulated too, as many variants.
"""

from __future__ import annotations

import argparse
import gzip
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
import polars as pl

from postgwas.ld import LDScorePanel, load_panel

N_VARIANTS = 1_030_000
N_TRAITS = 10
M = 1_173_569
COMMAND = [sys.executable, "-m", "postgwas.cli.main"]
LIBRARIES = "import numpy, isal.igzip, postgwas.cli.ldsc_command, postgwas.ldsc.run_h2"


@dataclass(frozen=True)
class Job:
    """One row of the table; `peer` as recorded for ldsc.py, `limit` as promised."""

    what: str
    peer: str = "-"
    limit: str = "-"


# ldsc.py 1.0.1 on Python 2.7, BLAS threads 1, 1,010,938 of 1.29 M SNPs used: 6.6 + 0.6 CPU s, 0.59 GB
# (--h2); 8.4 + 1.4 CPU s, 0.60 GB (--rg of two traits).
JOBS = {
    "startup": Job("imports alone"),
    "h2": Job("--h2, 1.0 M SNPs, text", "7.2 CPU s, 0.59 GB", "1 CPU s"),
    "h2_store": Job("--h2, 1.0 M SNPs, store", "7.2 CPU s, 0.59 GB", "0.3 CPU s"),
    "rg2": Job("--rg, 2 traits", "9.8 CPU s, 0.60 GB", "1.2 CPU s"),
    "rg10": Job("--rg_matrix, 10 traits (45 pairs), the same SNPs", "45 runs", "8 CPU s"),
    "rg10_uneven": Job("--rg_matrix, 10 traits, each lacks another 4 % of SNPs", "45 runs", "8 CPU s"),
    "rg10_cores2": Job("the same with --cores 2", "45 runs"),
}


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def simulated_panel(folder: Path, rng: np.random.Generator) -> str:
    """LD scores of as many variants as HapMap 3 has, in 22 files."""
    folder.mkdir(exist_ok=True)
    if (folder / "22.l2.M_5_50").exists():
        return f"{folder}/"
    per, start = 1_290_028 // 22, 1
    for chromosome in range(1, 23):
        smooth = np.convolve(rng.normal(size=per + 40), np.ones(41) / 6.4, "valid")
        frame = pl.DataFrame(
            {
                "CHR": np.full(per, chromosome),
                "SNP": [f"rs{i}" for i in range(start, start + per)],
                "BP": np.arange(per) * 2000 + 1,
                "L2": np.round(np.exp(3 + 0.7 * smooth), 3),
            }
        )
        start += per
        text = frame.write_csv(separator="\t")
        (folder / f"{chromosome}.l2.ldscore.gz").write_bytes(gzip.compress(text.encode(), 1))
        (folder / f"{chromosome}.l2.M_5_50").write_text(f"{M // 22}\n")
    return f"{folder}/"


def write_traits(folder: Path, panel: LDScorePanel, n_traits: int, seed: int) -> list[Path]:
    """Munged files of correlated traits on the panel's variants, by the model of LD score regression."""
    paths = [folder / f"trait{i}.sumstats.gz" for i in range(1, n_traits + 1)]
    if all(path.exists() for path in paths):
        return paths
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(panel.n_variants, min(N_VARIANTS, panel.n_variants), replace=False))
    ld = np.maximum(panel.l2[rows, 0], 0.1)
    bases = np.array(["A", "C", "G", "T"])
    first = rng.integers(0, 4, rows.size)
    second = (first + rng.choice([1, 2], rows.size)) % 4
    # A-T and C-G are ambiguous on strand; munging leaves them out.
    second = np.where((first + second) == 3, (second + 1) % 4, second)
    second = np.where(second == first, (second + 2) % 4, second)
    common = rng.normal(size=rows.size)
    for i, path in enumerate(paths):
        n = np.round(rng.normal(150_000 + 10_000 * i, 2000, rows.size), 1)
        genetic = np.sqrt(n * 0.3 * ld / float(panel.m.sum()))
        effect = np.sqrt(0.5) * common + np.sqrt(0.5) * rng.normal(size=rows.size)
        z = genetic * effect + np.sqrt(1.02) * rng.normal(size=rows.size)
        frame = pl.DataFrame(
            {
                "SNP": panel.snpid.gather(rows),
                "A1": bases[first],
                "A2": bases[second],
                "Z": np.round(z, 3),
                "N": n,
            }
        )
        path.write_bytes(gzip.compress(frame.write_csv(separator="\t").encode(), 6))
    return paths


def write_uneven(traits: list[Path], seed: int) -> None:
    """The same traits, each without other 4 % of its variants: no two pairs have the same ones."""
    rng = np.random.default_rng(seed)
    for trait in traits:
        path = uneven(trait)
        frame = pl.read_csv(trait, separator="\t")
        frame = frame.filter(pl.Series(rng.random(frame.height) > 0.04))
        if not path.exists():
            path.write_bytes(gzip.compress(frame.write_csv(separator="\t").encode(), 6))


def uneven(trait: Path) -> Path:
    """Where a trait without some of its variants is kept."""
    return trait.with_name(f"uneven_{trait.name}")


def write_store(path: Path, trait: Path) -> str:
    """The first trait in a study's store; its key."""
    from postgwas.store import Provenance, Study

    if not path.exists():
        frame = pl.read_csv(trait, separator="\t")
        Study.open(path, create=True).write_table(
            "sumstats/trait1", frame, kind="ldsc-sumstats", provenance=Provenance.collect("benchmark")
        )
    return f"{path}::sumstats/trait1"


def prepare(folder: Path, ld_scores: str | None, n_traits: int, seed: int) -> tuple[str, list[Path]]:
    """Write what is missing of the inputs, and warm the panel's caches."""
    scores = ld_scores or simulated_panel(folder / "ld", np.random.default_rng(seed))
    panel = load_panel(scores)
    traits = write_traits(folder, panel, n_traits, seed)
    write_store(folder / "study.h5", traits[0])
    if n_traits == N_TRAITS:
        write_uneven(traits, seed)
    return scores, traits


def command(name: str, folder: Path, scores: str, traits: list[Path]) -> list[str]:
    """The command line of a job."""
    if name == "startup":
        return [sys.executable, "-c", LIBRARIES]
    sumstats = {
        "h2": ["--h2", str(traits[0])],
        "h2_store": ["--h2", f"{folder / 'study.h5'}::sumstats/trait1"],
        "rg2": ["--rg", ",".join(map(str, traits[:2]))],
        "rg10": ["--rg", ",".join(map(str, traits)), "--rg_matrix"],
        "rg10_uneven": ["--rg", ",".join(str(uneven(trait)) for trait in traits), "--rg_matrix"],
    }
    sumstats["rg10_cores2"] = [*sumstats["rg10_uneven"], "--cores", "2"]
    panel = ["--ref_ld_chr", scores, "--w_ld_chr", scores]
    return [*COMMAND, "ldsc", *sumstats[name], *panel, "--out", str(folder / name), "--overwrite", "--quiet"]


def measure(arguments: list[str], log: Path) -> Usage:
    """Run one process; CPU and peak memory include its children."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | threads
    started = time.perf_counter()
    with log.open("ab") as stream:
        process = subprocess.Popen(arguments, stdout=stream, stderr=stream, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        tail = log.read_text(errors="replace").splitlines()[-3:]
        raise SystemExit(f"exit status {process.returncode}: {' '.join(arguments)}\n" + "\n".join(tail))
    # Linux counts in KiB, macOS in bytes.
    gb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    return Usage(usage.ru_utime + usage.ru_stime, wall, gb)


def table(results: dict[str, list[Usage]]) -> str:
    """Medians as a markdown table."""
    lines = [
        "| job | ldsc.py 1.0.1 | at most | CPU s | least CPU s | wall s | peak GB | runs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in results.items():
        job = JOBS[name]
        cpu, wall, gb = (statistics.median(getattr(run, f) for run in runs) for f in ("cpu", "wall", "gb"))
        least = min(run.cpu for run in runs)
        lines.append(
            f"| {job.what} | {job.peer} | {job.limit} | {cpu:.2f} | {least:.2f} | {wall:.2f} | {gb:.2f} "
            f"| {len(runs)} |"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Simulate what is missing, run the jobs in turn, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS), metavar="JOB")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--work", type=Path, default=Path("build/bench"), help="folder for inputs and outputs [build/bench]"
    )
    parser.add_argument("--ld_scores", help="folder or prefix of LD scores [default: simulated]")
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--json", type=Path, help="also write every run's figures here")
    args = parser.parse_args(argv)
    folder: Path = args.work
    folder.mkdir(parents=True, exist_ok=True)
    n_traits = N_TRAITS if any(job.startswith("rg10") for job in args.jobs) else 2
    # In a process of its own: what this one has in memory would count as its children's peak.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        scores, traits = pool.submit(prepare, folder, args.ld_scores, n_traits, args.seed).result()
    results: dict[str, list[Usage]] = {name: [] for name in args.jobs}
    # Jobs take turns, so that a busy spell of the machine falls on all of them.
    for repeat in range(args.repeats):
        for name in args.jobs:
            run = measure(command(name, folder, scores, traits), folder / f"{name}.bench.log")
            results[name].append(run)
            print(
                f"{name} {repeat + 1}: {run.cpu:.2f} CPU s, {run.wall:.2f} s, {run.gb:.2f} GB",
                file=sys.stderr,
            )
    if args.json:
        args.json.write_text(json.dumps({k: [vars(run) for run in v] for k, v in results.items()}, indent=1))
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
