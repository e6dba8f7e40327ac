#!/usr/bin/env python3
"""Time LD scores on simulated PLINK 1 genotypes; ldsc.py 1.0.1's recorded figure beside them.

    python benchmarks/ld_scores.py --work /tmp/bench --jobs small large_chr1 --repeats 5
    python benchmarks/ld_scores.py --work /tmp/bench --jobs large --cores 2 --repeats 1

Each repeat is a fresh process; CPU is user + system time of it and its children, peak RSS that of
the largest process (`os.wait4`). "start-up" is the CPU of a process that imports what the job
imports and ends. Genotypes are simulated once per job and kept in --work.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: cM of the 22 autosomes (deCODE-like, rounded); 3,500 in all.
CHROMOSOME_CM = (280, 262, 225, 212, 203, 190, 186, 168, 166, 180, 158, 174, 125, 119, 141, 134, 128, 117,
                 107, 108, 62, 74)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One row of the table; `peer_cpu` as recorded for ldsc.py, `limit` as promised."""

    name: str
    what: str
    samples: int
    per_chromosome: tuple[tuple[int, float], ...]
    peer_cpu: float | None = None
    limit: str = ""


def genome(n_variants: int) -> tuple[tuple[int, float], ...]:
    """Variants and cM of each autosome."""
    total = sum(CHROMOSOME_CM)
    return tuple((round(n_variants * cm / total), float(cm)) for cm in CHROMOSOME_CM)


JOBS = {
    job.name: job
    for job in (
        Job("small", "500 people x 20k SNPs, 1 cM", 500, ((20_000, 66.7),), 1.9, "0.3 CPU s"),
        Job("large_chr1", "2,500 people x 80k SNPs (chr 1), 1 cM", 2500, genome(1_000_000)[:1]),
        Job(
            "large", "2,500 people x 1 M SNPs, 1 cM", 2500, genome(1_000_000), None, "300 s on 2 cores, 2 GB"
        ),
    )
}


def simulate(prefix: Path, job: Job, seed: int = 1) -> None:
    """Haplotypes as mosaics: each variant keeps its neighbour's latent value with probability 0.97.

    Genotypes are written packed, one variant at a time; 0.1 % of the calls are missing.
    """
    rng = np.random.default_rng(seed)
    n_haplotypes = 2 * job.samples
    width = -(-job.samples // 4)
    codes = np.array([3, 2, 0, 1], np.uint8)  # 0, 1, 2 copies of A1, missing
    shifts = np.array([0, 2, 4, 6], np.uint8)
    padded = np.zeros(4 * width, np.uint8)
    with open(f"{prefix}.bed", "wb") as bed, open(f"{prefix}.bim", "w") as bim:
        bed.write(b"\x6c\x1b\x01")
        for chromosome, (n_variants, length) in enumerate(job.per_chromosome, start=1):
            latent = rng.random(n_haplotypes)
            cm = np.sort(rng.uniform(0.0, length, n_variants))
            frequency = rng.beta(0.6, 0.9, n_variants).clip(0.005, 0.995)
            for j in range(n_variants):
                redrawn = rng.integers(0, n_haplotypes, int(rng.binomial(n_haplotypes, 0.03)))
                latent[redrawn] = rng.random(len(redrawn))
                alleles = (latent < frequency[j]).view(np.uint8)
                copies = alleles[::2] + alleles[1::2]
                copies[rng.integers(0, job.samples, rng.poisson(0.001 * job.samples))] = 3
                padded[: job.samples] = codes[copies]
                bed.write(np.bitwise_or.reduce(padded.reshape(width, 4) << shifts, axis=1).tobytes())
                position = int(cm[j] * 850_000) + j
                bim.write(f"{chromosome}\trs{chromosome}_{j}\t{cm[j]:.6f}\t{position}\tA\tC\n")
    Path(f"{prefix}.fam").write_text("".join(f"F{i} I{i} 0 0 0 -9\n" for i in range(job.samples)))


RUN = """
import sys
from postgwas.ld.run import ld_scores
import polars, numpy
if __name__ == "__main__" and len(sys.argv) > 1:
    scores = ld_scores(sys.argv[1], window=1.0, unit="cm", cores=int(sys.argv[2]))
    print(f"{scores.variants.height} variants, mean L2 {scores.l2.mean():.4f}", file=sys.stderr)
"""


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def measure(script: Path, *arguments: str) -> Usage:
    """Run the script in a fresh process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, str(script), *arguments], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{script} failed")
    wall = time.perf_counter() - started
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1e6)


def main() -> None:
    """Run the jobs and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the simulated genotypes")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=["small"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    script = options.work / "ld_scores_run.py"
    script.write_text(RUN)
    startup = statistics.median(measure(script).cpu for _ in range(options.repeats))
    print("| job | cores | CPU s | of it start-up | wall s | peak GB | ldsc.py CPU s | limit |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in options.jobs:
        job = JOBS[name]
        prefix = options.work / f"ld_scores_{name}"
        if not Path(f"{prefix}.fam").is_file():
            simulate(prefix, job)
        runs = [measure(script, str(prefix), str(options.cores)) for _ in range(options.repeats)]
        cpu, wall, gb = (
            statistics.median(getattr(run, field) for run in runs) for field in ("cpu", "wall", "gb")
        )
        print(
            f"| {job.what} | {options.cores} | {cpu:.2f} | {startup:.2f} | {wall:.2f} | {gb:.2f} | "
            f"{job.peer_cpu or ''} | {job.limit} |"
        )


if __name__ == "__main__":
    main()
