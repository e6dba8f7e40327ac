#!/usr/bin/env python3
"""Time the permutation pass, beside tensorQTL where its Python is given.

    python benchmarks/eqtl_permute.py --data /tmp/bench/eqtl --repeats 5
    python benchmarks/eqtl_permute.py --data /tmp/bench/eqtl --jobs plain --peer /tmp/tensorqtl/bin/python

The folder is that of eqtl_cis.py. `plain` is 1,000 permutations of the first --plain_genes phenotypes,
`shared` 10,000 permutations of all with one null. Each repeat is a fresh process on one thread, the peer's
and ours in turns; CPU is that of the call alone (user + system), without imports and reading, peak RSS that
of the process. `floor` is the float32 products of the job alone, variants that come twice included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from eqtl_cis import simulate

_OURS = """
import resource, sys, time, numpy as np
from postgwas.qtl import QtlInputOptions, cis_permutation, load_inputs
from postgwas.qtl.run_permutation import some_phenotypes
folder, job, genes = sys.argv[1], sys.argv[2], int(sys.argv[3])
paths = (f"{folder}/geno.bed", f"{folder}/expr.bed.gz", f"{folder}/cov.txt")
inputs = load_inputs(*paths, options=QtlInputOptions())
if job == "plain":
    inputs = some_phenotypes(inputs, np.arange(genes))
began = time.process_time()
call = {"permutations": 1000} if job == "plain" else {"permutations": 10_000, "scheme": "shared"}
found = cis_permutation(inputs, seed=1, **call)
cpu = time.process_time() - began
print(cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, int(found.table["num_var"].sum()))
"""

_PEER = """
import resource, sys, time, pandas as pd, tensorqtl, torch
from tensorqtl import cis, pgen
torch.set_num_threads(1)
folder, genes = sys.argv[1], int(sys.argv[3])
reader = pgen.PgenReader(f"{folder}/geno")
genotypes, variants = reader.load_genotypes(), reader.variant_df
phenotypes, places = tensorqtl.read_phenotype_bed(f"{folder}/expr.bed.gz")
covariates = pd.read_csv(f"{folder}/cov.txt", sep="\\t", index_col=0).T
began = time.process_time()
table = cis.map_cis(genotypes, variants, phenotypes[:genes], places[:genes], covariates_df=covariates,
                    nperm=1000, seed=1, verbose=False)
cpu = time.process_time() - began
print(cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, int(table["num_var"].sum()))
"""

_FLOOR = """
import resource, sys, time, numpy as np
from postgwas.qtl import QtlInputOptions, load_inputs
from postgwas.qtl.run_permutation import some_phenotypes
from postgwas.qtl.segments import segments_of
folder, job, genes = sys.argv[1], sys.argv[2], int(sys.argv[3])
paths = (f"{folder}/geno.bed", f"{folder}/expr.bed.gz", f"{folder}/cov.txt")
inputs = load_inputs(*paths, options=QtlInputOptions())
if job == "plain":
    segments = segments_of(some_phenotypes(inputs, np.arange(genes)))
    n_rows = sum(int((one.last - one.first).sum()) for one in segments)
else:
    n_rows = max(int(one.rows[-1]) for one in segments_of(inputs)) + 1
rng = np.random.default_rng(1)
rows = rng.normal(size=(1024, inputs.n_samples)).astype("f4")
columns = rng.normal(size=(inputs.n_samples, 1000)).astype("f4")
out = np.empty((1024, 1000), "f4")
began = time.process_time()
for _ in range(1 if job == "plain" else 10):
    for start in range(0, n_rows, 1024):
        np.matmul(rows[: n_rows - start], columns, out=out[: n_rows - start])
print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, n_rows)
"""


def measure(python: str, script: str, folder: Path, job: str, genes: int) -> tuple[float, float, int]:
    """CPU seconds, peak memory in GB, and pairs (of the shared floor: variants)."""
    one = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    done = subprocess.run(
        [python, "-c", script, str(folder), job, str(genes)], env={**os.environ, **dict.fromkeys(one, "1")},
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    cpu, gb, pairs = done.stdout.split()[-3:]
    return float(cpu), float(gb), int(pairs)


def main() -> None:
    """Time each job and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", choices=("plain", "shared"), default=["plain", "shared"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--plain_genes", type=int, default=20)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--variants", type=int, default=200_000)
    parser.add_argument("--genes", type=int, default=1000)
    parser.add_argument("--peer", help="a Python that has tensorQTL; needs plink2 on the path for its .pgen")
    args = parser.parse_args()
    if not (args.data / "geno.bed").exists():
        simulate(args.data, args.samples, args.variants, args.genes)
    if args.peer and not (args.data / "geno.pgen").exists():
        prefix = str(args.data / "geno")
        make = ["plink2", "--bfile", prefix, "--make-pgen", "--output-chr", "chrM", "--out", prefix]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    runs: dict[str, list[tuple[float, float, int]]] = {}
    for _ in range(args.repeats):
        for job in args.jobs:
            whats = [(f"{job}, postgwas", sys.executable, _OURS), (f"{job}, floor", sys.executable, _FLOOR)]
            if args.peer and job == "plain":
                whats.append((f"{job}, tensorQTL", args.peer, _PEER))
            for name, python, script in whats:
                runs.setdefault(name, []).append(measure(python, script, args.data, job, args.plain_genes))
    print("| job | CPU s | peak GB | pairs | runs |\n| --- | --- | --- | --- | --- |")
    for name, found in runs.items():
        cpu, gb = (statistics.median(run[column] for run in found) for column in (0, 1))
        print(f"| {name} | {cpu:.2f} | {gb:.2f} | {found[0][2]:,} | {len(found)} |")


if __name__ == "__main__":
    main()
