#!/usr/bin/env python3
"""Time TMM, filterByExpr, CPM and the inverse normal transform beside R's edgeR on the same counts.

    python benchmarks/expression.py --work /tmp/bench --repeats 5
    python benchmarks/expression.py --work /tmp/bench --genes 5000 --samples 200 --repeats 5

Both programs run in turn, each repeat a fresh process that reads the counts from a file of doubles;
the CPU of each step is that of the process between its begin and end, so reading and start-up are
reported apart. R needs edgeR (Debian: r-bioc-edger). One BLAS thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

OURS = """
import json, resource, sys
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
import numpy as np
import pyarrow.compute
from postgwas.expression import cpm, filter_by_expression, inverse_normal, tmm
times = {"start-up": cpu()}
genes, samples = int(sys.argv[2]), int(sys.argv[3])
counts = np.fromfile(sys.argv[1]).reshape(samples, genes).T.copy()
times["read"] = cpu()
factors = tmm(counts)
times["TMM"] = cpu()
kept = filter_by_expression(counts, norm_factors=factors)
times["filter"] = cpu()
values = cpm(counts, norm_factors=factors)[kept]
times["CPM"] = cpu()
z = inverse_normal(values)
times["INT"] = cpu()
check = [float(factors[0]), float(kept.sum()), float(z[0, 0])]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"times": times, "check": check, "memory": memory}))
"""

THEIRS = """
argv <- commandArgs(TRUE)
cpu <- function() { used <- proc.time(); used[[1]] + used[[2]] }
suppressMessages(library(edgeR))
times <- c("start-up" = cpu())
genes <- as.integer(argv[2]); samples <- as.integer(argv[3])
counts <- matrix(readBin(argv[1], "double", genes * samples), genes)
times["read"] <- cpu()
factors <- calcNormFactors(counts)
times["TMM"] <- cpu()
sizes <- colSums(counts) * factors
kept <- suppressMessages(filterByExpr(counts, lib.size = sizes))
times["filter"] <- cpu()
values <- cpm(counts, lib.size = sizes)[kept, ]
times["CPM"] <- cpu()
z <- t(apply(values, 1, function(row) qnorm(rank(row) / (length(row) + 1))))
times["INT"] <- cpu()
peak <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
memory <- as.numeric(strsplit(peak, "[[:space:]]+")[[1]][2]) / 1e6
number <- function(x) paste(sprintf("%.17g", x), collapse = ",")
cat(sprintf('{"times": {%s}, "check": [%s], "memory": %s}\\n',
            paste(sprintf('"%s": %.17g', names(times), times), collapse = ","),
            number(c(factors[1], sum(kept), z[1, 1])), number(memory)))
"""

STEPS = ("start-up", "read", "TMM", "filter", "CPM", "INT")
COMPARED = STEPS[2:]


def simulate(path: Path, genes: int, samples: int, seed: int = 1) -> None:
    """Negative binomial counts, 10 % zeros or so, libraries of different size; a column a sample."""
    rng = np.random.default_rng(seed)
    means = np.exp(rng.normal(3, 2.5, genes))
    with open(path, "wb") as stream:
        for depth in np.exp(rng.normal(0, 0.3, samples)):
            stream.write(rng.negative_binomial(5, 5 / (5 + means * depth)).astype(np.float64).tobytes())


def measure(command: list[str]) -> dict[str, object]:
    """CPU seconds of each step of one process, and what it found."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    at = told["times"]
    spent = {step: at[step] - (at[before] if before else 0.0) for before, step in zip((None, *STEPS), STEPS)}
    return {**told, "spent": spent}


def main() -> None:
    """Run both in turn and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the simulated counts")
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    counts = options.work / f"expression_{options.genes}x{options.samples}.f64"
    if not counts.is_file():
        simulate(counts, options.genes, options.samples)
    scripts = {"ours": options.work / "expression_ours.py", "edgeR": options.work / "expression_theirs.R"}
    scripts["ours"].write_text(OURS)
    scripts["edgeR"].write_text(THEIRS)
    given = [str(counts), str(options.genes), str(options.samples)]
    programs = {"ours": [sys.executable], "edgeR": ["Rscript"]}
    runs: dict[str, list[dict[str, object]]] = {name: [] for name in programs}
    for _ in range(options.repeats):
        for name, program in programs.items():
            runs[name].append(measure([*program, str(scripts[name]), *given]))
    ours, theirs = (np.array(runs[name][0]["check"]) for name in programs)
    if not np.allclose(ours, theirs, rtol=1e-10):
        raise SystemExit(f"results differ: {ours} and {theirs}")
    print("| program | " + " | ".join(STEPS) + " | TMM to INT | peak GB |")
    print("| --- |" + " --- |" * (len(STEPS) + 2))
    totals: dict[str, list[float]] = {}
    for name, found in runs.items():
        spent: list[dict[str, float]] = [one["spent"] for one in found]  # type: ignore[misc]
        totals[name] = [sum(one[step] for step in COMPARED) for one in spent]
        cells = [f"{statistics.median(one[step] for one in spent):.2f}" for step in STEPS]
        memory = statistics.median(float(one["memory"]) for one in found)  # type: ignore[arg-type]
        print(f"| {name} | {' | '.join(cells)} | {statistics.median(totals[name]):.2f} | {memory:.2f} |")
    ratios = [a / b for a, b in zip(totals["ours"], totals["edgeR"])]
    print(f"\nCPU seconds, ours / edgeR (TMM to INT), paired: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
