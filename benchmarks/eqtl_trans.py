#!/usr/bin/env python3
"""Time a trans scan beside the matrix product that it cannot do without.

    python benchmarks/eqtl_trans.py --data /tmp/bench/eqtl --repeats 5

The folder is that of eqtl_cis.py (simulated there if it is empty). Each repeat is a fresh process on one
thread, jobs in turns. `command` is `postgwas eqtl trans`, files to files, imports and all, without a limit of
frequency; `maf05` the same with --maf_min 0.05 (fewer tests); `call` is CPU of `postgwas.qtl.trans` alone on
the same files; `floor` is NumPy's float32 product of as many variants (in blocks of 1,024) with all
phenotypes, operands ready in memory. CPU is user + system time; peak RSS that of `os.wait4`. Where
OPENBLAS_CORETYPE is set, --clean runs all of it without (and without OPENBLAS_L2_SIZE).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from eqtl_cis import Usage, measure, simulate

_FLOOR = """
import sys, time, numpy as np
variants, genes, samples = map(int, sys.argv[1:])
rng = np.random.default_rng(1)
x = rng.normal(size=(1024, samples)).astype(np.float32)
y = rng.normal(size=(genes, samples)).astype(np.float32)
space = np.matmul(x, y.T)
began = time.process_time()
for _ in range(variants // 1024):
    np.matmul(x, y.T, out=space)
print((time.process_time() - began) * variants / (variants // 1024 * 1024))
"""
_CALL = """
import sys, time
from postgwas.qtl import QtlInputOptions, TransSettings, trans
import polars, postgwas.expression.bed, postgwas.genotypes.plink1
files = [f"{sys.argv[1]}/{name}" for name in ("geno.bed", "expr.bed.gz", "cov.txt")]
began = time.process_time()
trans(*files, options=QtlInputOptions(maf_min=0.0), settings=TransSettings(1e-5, 0))
print(time.process_time() - began)
"""


def told(*command: str) -> Usage:
    """CPU seconds that a process prints, on one thread."""
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
    )
    text = subprocess.run(
        command, env={**os.environ, **one}, check=True, capture_output=True, text=True
    ).stdout
    return Usage(float(text.split()[-1]), 0.0, 0.0)


def run(job: str, folder: Path, shape: tuple[int, int, int]) -> Usage:
    """One repeat of one job; `shape`: variants, phenotypes, samples."""
    if job == "floor":
        return told(sys.executable, "-c", _FLOOR, *map(str, shape))
    if job == "call":
        return told(sys.executable, "-c", _CALL, str(folder))
    with tempfile.TemporaryDirectory(dir=folder) as out:
        flags = [f"--genotypes={folder}/geno.bed", f"--phenotypes={folder}/expr.bed.gz"]
        flags += [f"--covariates={folder}/cov.txt", "--pval_threshold=1e-5", "--cis_window=0"]
        flags += [f"--maf_min={0.05 if job == 'maf05' else 0}", f"--out={out}/run", "--quiet"]
        return measure(sys.executable, "-m", "postgwas.cli.main", "eqtl", "trans", *flags)


def main() -> None:
    """Time each job and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", default=["floor", "call", "command", "maf05"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--variants", type=int, default=200_000)
    parser.add_argument("--genes", type=int, default=1000)
    parser.add_argument("--clean", action="store_true", help="without OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE")
    args = parser.parse_args()
    if args.clean:
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            os.environ.pop(name, None)
    if not (args.data / "geno.bed").exists():
        simulate(args.data, args.samples, args.variants, args.genes)
    shape = (args.variants, args.genes, args.samples)
    runs: dict[str, list[Usage]] = {job: [] for job in args.jobs}
    for _ in range(args.repeats):
        for job in args.jobs:
            runs[job].append(run(job, args.data, shape))
    print("| job | CPU s | to the floor | peak GB | runs |\n| --- | --- | --- | --- | --- |")
    for job, used in runs.items():
        cpu, gb = (statistics.median(getattr(one, name) for one in used) for name in ("cpu", "gb"))
        pairs = zip(used, runs.get("floor", []))
        ratios = [one.cpu / floor.cpu for one, floor in pairs]
        ratio = f"{statistics.median(ratios):.2f}" if ratios else "-"
        print(f"| {job} | {cpu:.2f} | {ratio} | {gb:.2f} | {len(used)} |")


if __name__ == "__main__":
    main()
