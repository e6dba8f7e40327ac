#!/usr/bin/env python3
"""Time PEER; the R package's recorded figures beside it.

    python benchmarks/peer.py --jobs sim_K15 mage --repeats 5
    python benchmarks/peer.py --jobs brem_K10 --yeast brem_expression_input.tsv.gz --repeats 5

Each repeat is a fresh process with one BLAS thread; jobs take turns. "fit" is the CPU (user + system) of
:func:`postgwas.expression.peer` alone, as the peer's figure is that of ``PEER_update`` alone; "process" is
that of the whole process, imports and reading included. The R package (peer 1.0 of gtex-pipeline) cannot
be installed on current systems: its figures were recorded on two shared cores, and are not run beside ours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SIMULATED = Path(__file__).resolve().parent.parent / "tests/validation/peer/sim.npz"


@dataclass(frozen=True)
class Job:
    """A matrix, a number of factors, how often to iterate (None: until settled), and the limits."""

    data: str
    n_factors: int
    iterations: int | None
    peer_seconds: float | None
    limit: str


JOBS = {
    "sim_K15": Job("sim", 15, 276, 18.9, "2 s"),
    "sim_K15_settled": Job("sim", 15, None, 18.9, "2 s"),
    "brem_K10": Job("yeast", 10, 568, 42.8, "3 s"),
    "brem_K10_settled": Job("yeast", 10, None, 42.8, "3 s"),
    "mage": Job("mage", 60, None, None, "300 s"),
}

#: Runs in a process of its own: data, factors, iterations, yeast's file.
ONE_RUN = """
import json, sys, time
import numpy as np
from postgwas.expression import peer
data, k, iterations, file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
if data == "sim":
    with np.load(file) as stored:
        y = stored["values"][stored["places"]]
elif data == "yeast":
    y = np.loadtxt(file).T
else:
    rng = np.random.default_rng(0)
    y = (rng.normal(size=(20000, 40)) * np.linspace(1, 0.1, 40)) @ rng.normal(size=(40, 731))
    y += rng.normal(size=y.shape)
    y -= y.mean(axis=1, keepdims=True)
    y /= y.std(axis=1, keepdims=True)
rule = {"max_iter": iterations, "stop": "peer", "tolerance": 0.0, "var_tolerance": 0.0} if iterations else {}
peer(y[:50, :40], 2, max_iter=2)
begun = time.process_time()
fit = peer(y, k, **rule)
print(json.dumps([time.process_time() - begun, fit.n_iterations, int(fit.is_active.sum())]))
"""


def run(job: Job, yeast: str | None) -> tuple[float, float, float, int, int]:
    """CPU of the fit and of the process (s), peak memory (GB), iterations, active factors."""
    file = {"sim": str(SIMULATED), "yeast": yeast or "", "mage": ""}[job.data]
    argv = [sys.executable, "-c", ONE_RUN, job.data, str(job.n_factors), str(job.iterations or 0), file]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a run failed with status {process.returncode}")
    fit, iterations, active = json.loads(text)
    return fit, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20, iterations, active


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=["sim_K15", "sim_K15_settled"])
    parser.add_argument(
        "--yeast", help="expression of the yeast job, samples x genes (the package's own data)"
    )
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    if args.yeast is None and any(JOBS[name].data == "yeast" for name in args.jobs):
        parser.error("the yeast jobs need --yeast FILE")
    found: dict[str, list[tuple[float, float, float, int, int]]] = {name: [] for name in args.jobs}
    for _ in range(args.repeats):
        for name in args.jobs:
            found[name].append(run(JOBS[name], args.yeast))
    print("job\titerations\tactive\tfit_cpu_s\tprocess_cpu_s\tpeak_GB\tpeer_s\tlimit")
    for name, runs in found.items():
        fit, process, memory = (statistics.median(one[i] for one in runs) for i in range(3))
        job, first = JOBS[name], runs[0]
        peer = "" if job.peer_seconds is None else f"{job.peer_seconds:g}"
        print(f"{name}\t{first[3]}\t{first[4]}\t{fit:.2f}\t{process:.2f}\t{memory:.2f}\t{peer}\t{job.limit}")


if __name__ == "__main__":
    main()
