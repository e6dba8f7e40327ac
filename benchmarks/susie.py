#!/usr/bin/env python3
"""Time SuSiE on z-scores with LD beside R's susieR on the same files.

    python benchmarks/susie.py --inputs /tmp/bench --sizes 1000 2000 4000 --repeats 5

--inputs holds R_p<size>.f64 (doubles, row by row) and z_p<size>.txt of 1,000 people; sizes that are not
there are simulated. Both programs run in turn, each repeat a fresh process with one BLAS thread; figures are
user and system CPU seconds of the call alone, after one call on 50 variants that loads the libraries.
R needs susieR (Debian: r-cran-susier); without it ours run alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

PEOPLE = 1000

OURS = """
import json, resource, sys
import numpy as np
from postgwas.finemap import susie_rss
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
folder, p = sys.argv[1], int(sys.argv[2])
r, z = np.fromfile(f"{folder}/R_p{p}.f64").reshape(p, p), np.loadtxt(f"{folder}/z_p{p}.txt")
susie_rss(z[:50], r[:50, :50].copy(), 1000)
before = cpu()
fit = susie_rss(z, r, 1000, L=10)
used = cpu() - before
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"cpu": used, "memory": memory, "iterations": fit.n_iter, "pip": fit.pip.tolist()}))
"""

THEIRS = """
suppressMessages(library(susieR))
argv <- commandArgs(TRUE); folder <- argv[1]; p <- as.integer(argv[2])
r <- matrix(readBin(sprintf("%s/R_p%d.f64", folder, p), "double", p * p), p)
z <- scan(sprintf("%s/z_p%d.txt", folder, p), quiet = TRUE)
invisible(suppressMessages(susie_rss(z[1:50], r[1:50, 1:50], n = 1000)))
before <- proc.time()
fit <- suppressMessages(susie_rss(z, r, n = 1000, L = 10))
used <- proc.time() - before
peak <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
memory <- as.numeric(strsplit(peak, "[[:space:]]+")[[1]][2]) / 1e6
cat(sprintf('{"cpu": %s, "memory": %s, "iterations": %d, "pip": [%s]}\\n', used[[1]] + used[[2]], memory,
            fit$niter, paste(sprintf("%.17g", fit$pip), collapse = ",")))
"""


def simulate(folder: Path, size: int, seed: int = 1) -> None:
    """LD of mosaics of 60 founders, three causal variants that explain 15 % of the variance."""
    rng = np.random.default_rng(seed)
    founders = rng.random((60, size)) < rng.beta(0.4, 0.8, size).clip(0.02, 0.98)
    genotypes = np.zeros((PEOPLE, size))
    for person in range(PEOPLE):
        for _ in range(2):
            breaks = np.flatnonzero(rng.random(size) < 0.02)
            lengths = np.diff(np.concatenate([[0], breaks, [size]]))
            source = np.repeat(rng.integers(60, size=lengths.size), lengths)
            genotypes[person] += founders[source, np.arange(size)]
    genotypes += rng.random(genotypes.shape) < 0.01  # so that all vary
    x = (genotypes - genotypes.mean(axis=0)) / genotypes.std(axis=0)
    y = x[:, rng.choice(size, 3, replace=False)] @ np.array([1.0, 0.8, 0.7])
    y = y * np.sqrt(0.15 / y.var()) + rng.normal(0, np.sqrt(0.85), PEOPLE)
    r = x.T @ ((y - y.mean()) / y.std()) / PEOPLE
    (x.T @ x / PEOPLE).tofile(folder / f"R_p{size}.f64")
    np.savetxt(folder / f"z_p{size}.txt", r * np.sqrt((PEOPLE - 2) / (1 - r**2)), fmt="%.17g")


def measure(command: list[str]) -> dict[str, object]:
    """What one process tells."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def main() -> None:
    """Run both in turn and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", type=Path, required=True, help="folder of the inputs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    options.inputs.mkdir(parents=True, exist_ok=True)
    programs = {"ours": ([sys.executable], "susie_ours.py", OURS)}
    if shutil.which("Rscript"):
        programs["susieR"] = (["Rscript"], "susie_theirs.R", THEIRS)
    print(
        "| variants | rounds | ours, CPU s | susieR, CPU s | ratio | peak GB | susieR, GB | PIP differs by |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in options.sizes:
        if not (options.inputs / f"R_p{size}.f64").is_file():
            simulate(options.inputs, size)
        runs: dict[str, list[dict[str, object]]] = {name: [] for name in programs}
        for _ in range(options.repeats):
            for name, (program, file, text) in programs.items():
                script = options.inputs / file
                script.write_text(text)
                runs[name].append(measure([*program, str(script), str(options.inputs), str(size)]))
        cpu = {name: [float(one["cpu"]) for one in found] for name, found in runs.items()}  # type: ignore[arg-type]
        memory = {
            name: max(float(one["memory"]) for one in found)  # type: ignore[arg-type]
            for name, found in runs.items()
        }
        cells = [f"{size}", f"{runs['ours'][0]['iterations']}", f"{statistics.median(cpu['ours']):.3f}"]
        if "susieR" in runs:
            pips = [np.array(runs[name][0]["pip"]) for name in ("ours", "susieR")]
            ratio = statistics.median(a / b for a, b in zip(cpu["ours"], cpu["susieR"]))
            cells += [f"{statistics.median(cpu['susieR']):.2f}", f"{ratio:.3f}", f"{memory['ours']:.2f}"]
            cells += [f"{memory['susieR']:.2f}", f"{np.abs(pips[0] - pips[1]).max():.0e}"]
        else:
            cells += ["", "", f"{memory['ours']:.2f}", "", ""]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
