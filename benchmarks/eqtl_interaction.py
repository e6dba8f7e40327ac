#!/usr/bin/env python3
"""Time interactions in cis, beside tensorQTL where its Python is given.

    python benchmarks/eqtl_interaction.py --data /tmp/bench/interaction --peer /tmp/tensorqtl/bin/python

The study is that of eqtl_cis.py, smaller, with terms. Each repeat is a fresh process on one thread, peer's
and ours in turns. `pairs` tests all pairs and writes them as Parquet, `eigenmt` adds effective numbers of
tests. `three` has three terms and `permutations` 1,000 permutations a phenotype: the peer stops at the former
and does not offer the latter. `floor` is the two matrix products of all tiles alone, in double precision.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from eqtl_cis import Usage, measure, simulate

_PEER = """
import sys, pandas as pd, tensorqtl
from tensorqtl import cis, pgen
folder, out, terms, emt = sys.argv[1:]
reader = pgen.PgenReader(f"{folder}/geno")
genotypes, variants = reader.load_genotypes(), reader.variant_df
phenotypes, places = tensorqtl.read_phenotype_bed(f"{folder}/expr.bed.gz")
covariates = pd.read_csv(f"{folder}/cov.txt", sep="\\t", index_col=0).T
term = pd.read_csv(f"{folder}/terms.tsv", sep="\\t", index_col=0)[terms.split(",")]
cis.map_nominal(genotypes, variants, phenotypes, places, "peer", covariates_df=covariates,
                interaction_df=term, maf_threshold_interaction=0.05, run_eigenmt=emt == "yes",
                output_dir=out, verbose=False)
"""
#: job -> (terms, flags of ours, whether the peer runs eigenMT; None: the peer has no such job)
JOBS: dict[str, tuple[str, list[str], str | None]] = {
    "pairs": ("t1", ["--no_eigenmt"], "no"),
    "eigenmt": ("t1", [], "yes"),
    "three": ("t1,t2,t3", ["--no_eigenmt"], None),
    "permutations": ("t1", ["--no_eigenmt", "--permutations", "1000", "--seed", "1"], None),
}


def write_terms(folder: Path) -> None:
    """Three terms: two values, and two continuous."""
    names = [line.split()[1] for line in (folder / "geno.fam").read_text().splitlines()]
    rng = np.random.default_rng(3)
    rows = ["id\tt1\tt2\tt3"]
    rows += [f"{name}\t{rng.integers(0, 2)}\t{rng.normal():.6g}\t{rng.normal():.6g}" for name in names]
    (folder / "terms.tsv").write_text("\n".join(rows) + "\n")


def floor(folder: Path) -> Usage:
    """Two products of all pairs' tiles and nothing else: CPU of this process."""
    from postgwas.compute.threads import one_blas_thread
    from postgwas.qtl import load_inputs
    from postgwas.qtl.segments import TILE, segments_of

    inputs = load_inputs(folder / "geno.bed", folder / "expr.bed.gz", folder / "cov.txt")
    tile = np.random.default_rng(1).normal(size=(TILE, inputs.n_samples))
    with one_blas_thread():
        began = time.process_time()
        for segment in segments_of(inputs):
            for start in range(0, segment.n_variants, TILE):
                near = (segment.first < start + TILE) & (segment.last > start)
                for _ in range(2):
                    _ = tile @ segment.y_unit[near].T
        return Usage(time.process_time() - began, 0.0, 0.0)


def main() -> None:
    """Time each job and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", default=[*JOBS, "floor"], choices=[*JOBS, "floor"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--variants", type=int, default=20_000)
    parser.add_argument("--genes", type=int, default=100)
    parser.add_argument("--peer", help="a Python that has tensorQTL; needs plink2 on the path for its .pgen")
    args = parser.parse_args()
    if not (args.data / "geno.bed").exists():
        simulate(args.data, args.samples, args.variants, args.genes)
        write_terms(args.data)
    if args.peer and not (args.data / "geno.pgen").exists():
        prefix = str(args.data / "geno")
        made = ["plink2", "--bfile", prefix, "--make-pgen", "--output-chr", "chrM", "--out", prefix]
        subprocess.run(made, check=True)
    found: dict[str, list[Usage]] = {}
    for _ in range(args.repeats):
        for job in args.jobs:
            if job == "floor":
                found.setdefault(job, []).append(floor(args.data))
                continue
            terms, more, emt = JOBS[job]
            with tempfile.TemporaryDirectory(dir=args.data) as out:
                if args.peer and emt is not None:
                    peer = measure(args.peer, "-c", _PEER, str(args.data), out, terms, emt)
                    found.setdefault(f"{job}, tensorQTL", []).append(peer)
                flags = [f"--genotypes={args.data}/geno.bed", f"--phenotypes={args.data}/expr.bed.gz"]
                flags += [f"--covariates={args.data}/cov.txt", f"--interaction={args.data}/terms.tsv"]
                flags += [f"--terms={terms}", f"--out={out}/run", "--quiet", "--format=parquet"]
                ours = [sys.executable, "-m", "postgwas.cli.main", "eqtl", "interaction", *flags, *more]
                found.setdefault(job, []).append(measure(*ours))
    print("| job | CPU s | wall s | peak GB | runs |\n| --- | --- | --- | --- | --- |")
    for job, runs in found.items():
        cpu, wall, gb = (
            statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "wall", "gb")
        )
        print(f"| {job} | {cpu:.2f} | {wall:.2f} | {gb:.2f} | {len(runs)} |")


if __name__ == "__main__":
    main()
