#!/usr/bin/env python3
"""Time kinship and pruning of simulated genotypes beside plink2, on one thread each.

    python benchmarks/genotypes_king.py --work /tmp/bench --samples 3000 --variants 100000 --repeats 3
    python benchmarks/genotypes_king.py --work /tmp/bench --jobs prune --repeats 3

Each repeat is a fresh process, plink2's and ours in turns. CPU is user + system time of the process, peak
RSS that of `os.wait4`. `king` writes the table of all pairs, `king_close` those from 0.0442 on, `prune` keeps
what --indep-pairwise 200kb 1 0.2 keeps. Results are compared with plink2's: kinship to its printed digits,
lists of variants one by one. Genotypes (chromosomes of mosaic haplotypes, with 0.1 % missing calls, and
parents' children among the last) are simulated once and kept.
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

_CODES = np.array([3, 2, 0, 1], np.uint8)  # 0, 1, 2 copies of A1, missing
PEER = {
    "king": ["--make-king-table"],
    "king_close": ["--make-king-table", "--king-table-filter", "0.0442"],
    "prune": ["--maf", "0.01", "--indep-pairwise", "200kb", "1", "0.2"],
}
OURS = {
    "king": ["king", "--all_pairs"],
    "king_close": ["king"],
    "prune": ["prune", "--maf_min", "0.01", "--window", "200kb", "--r2", "0.2"],
}


def simulate(prefix: Path, n_samples: int, n_variants: int, seed: int = 1) -> None:
    """PLINK 1 files; each haplotype keeps its neighbour's latent value with probability 0.9."""
    rng = np.random.default_rng(seed)
    n_children = n_samples // 30
    children = np.arange(n_samples - n_children, n_samples)
    latent = rng.random((n_samples, 2))
    padded = np.zeros(-(-n_samples // 4) * 4, np.uint8)
    with open(f"{prefix}.bed", "wb") as bed, open(f"{prefix}.bim", "w") as bim:
        bed.write(b"\x6c\x1b\x01")
        for j in range(n_variants):
            new = rng.random((n_samples, 2)) < 0.1
            latent[new] = rng.random(int(new.sum()))
            alleles = (latent < rng.beta(0.8, 1.2)).view(np.uint8)
            for side in (0, 1):  # unlinked transmissions
                parent = 2 * np.arange(n_children) + side
                alleles[children, side] = alleles[parent, rng.integers(0, 2, n_children)]
            copies = alleles.sum(axis=1)
            copies[rng.integers(0, n_samples, rng.poisson(0.001 * n_samples))] = 3
            padded[:n_samples] = _CODES[copies]
            shifts = np.array([0, 2, 4, 6], np.uint8)
            bed.write(np.bitwise_or.reduce(padded.reshape(-1, 4) << shifts, axis=1).tobytes())
            bim.write(f"{1 + 22 * j // n_variants}\trs{j}\t0\t{5000 * (j + 1)}\tA\tC\n")
    Path(f"{prefix}.fam").write_text("".join(f"F{i} I{i} 0 0 0 -9\n" for i in range(n_samples)))


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def measure(*command: str) -> Usage:
    """Run a command on one thread."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
    }
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Usage(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1e6)


def difference(job: str, ours: Path, peer: Path) -> str:
    """How far the results are apart."""
    import polars as pl

    if job == "prune":
        same = Path(f"{ours}.prune.in").read_text() == Path(f"{peer}.prune.in").read_text()
        return "the same variants" if same else "OTHER VARIANTS"
    one = pl.read_csv(f"{ours}.king.tsv.gz", separator="\t")
    two = pl.read_csv(f"{peer}.kin0", separator="\t")
    if one["IID1"].to_list() != two["IID1"].to_list() or one["IID2"].to_list() != two["IID2"].to_list():
        return "OTHER PAIRS"
    return f"{one.height:,} pairs, kinship within {(one['KINSHIP'] - two['KINSHIP']).abs().max():.1g}"


def main() -> None:
    """Run the jobs and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the simulated genotypes")
    parser.add_argument("--jobs", nargs="+", choices=PEER, default=list(PEER))
    parser.add_argument("--samples", type=int, default=3000)
    parser.add_argument("--variants", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plink2", default="plink2")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    prefix = options.work / f"king_{options.samples}_{options.variants}"
    if not Path(f"{prefix}.fam").is_file():
        simulate(prefix, options.samples, options.variants)
    ours, peer = options.work / "king_ours", options.work / "king_peer"
    program = [sys.executable, "-m", "postgwas.cli.main", "genotypes"]
    print("| job | ours CPU s | plink2 CPU s | ratio | ours peak GB | plink2 peak GB | result |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for job in options.jobs:
        runs: list[tuple[Usage, Usage]] = []
        for _ in range(options.repeats):
            command = [options.plink2, "--bfile", str(prefix), *PEER[job], "--threads", "1"]
            theirs = measure(*command, "--out", str(peer))
            action, *flags = OURS[job]
            command = [*program, action, "--genotypes", f"{prefix}.bed", *flags, "--overwrite"]
            mine = measure(*command, "--out", str(ours))
            runs.append((mine, theirs))
        cpu, peer_cpu = (statistics.median(run[side].cpu for run in runs) for side in (0, 1))
        gb, peer_gb = (max(run[side].gb for run in runs) for side in (0, 1))
        ratio = statistics.median(mine.cpu / theirs.cpu for mine, theirs in runs)
        print(f"| {job} | {cpu:.1f} | {peer_cpu:.1f} | {ratio:.2f} | {gb:.2f} | {peer_gb:.2f} | "
              f"{difference(job, ours, peer)} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
