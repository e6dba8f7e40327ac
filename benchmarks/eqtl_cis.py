#!/usr/bin/env python3
"""Time the cis nominal pass, beside tensorQTL where its Python is given.

    python benchmarks/eqtl_cis.py --data /tmp/bench/eqtl --repeats 5
    python benchmarks/eqtl_cis.py --data /tmp/bench/eqtl --jobs parquet --peer /tmp/tensorqtl/bin/python

The folder holds geno.bed, geno.bim, geno.fam (and geno.pgen for the peer), expr.bed.gz and cov.txt, in the
layouts of PLINK 1 and FastQTL; without them a study of --samples, --variants and --genes is simulated there.
Each repeat is a fresh process on one thread, peer's and ours in turns. CPU is user + system time, peak RSS
that of `os.wait4`. `tsv` and `parquet` write all pairs as text and as Parquet (the peer writes Parquet),
`floor` is the matrix product of all tiles alone, in double precision.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PEER = """
import sys, pandas as pd, tensorqtl
from tensorqtl import cis, pgen
folder, out = sys.argv[1:]
reader = pgen.PgenReader(f"{folder}/geno")
genotypes, variants = reader.load_genotypes(), reader.variant_df
phenotypes, places = tensorqtl.read_phenotype_bed(f"{folder}/expr.bed.gz")
covariates = pd.read_csv(f"{folder}/cov.txt", sep="\\t", index_col=0).T
cis.map_nominal(genotypes, variants, phenotypes, places, "peer", covariates_df=covariates, output_dir=out,
                maf_threshold=0.01, verbose=False)
"""


def simulate(folder: Path, n_samples: int, n_variants: int, n_genes: int, seed: int = 7) -> None:
    """Mosaics of 60 founder haplotypes; every other gene has an effect near its TSS."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    length = n_variants * 333
    positions = np.sort(rng.choice(length, n_variants, replace=False)) + 1_000_000
    frequency = np.clip(rng.beta(0.35, 0.9, n_variants), 0.02, 0.98)
    founders = np.repeat(rng.random((60, n_variants // 30 + 1)), 30, axis=1)[:, :n_variants] < frequency
    calls = np.zeros((n_samples, n_variants), np.int8)
    for person in calls:
        for _ in range(2):
            breaks = np.sort(rng.integers(0, n_variants, rng.poisson(length / 50_000)))
            whose = rng.integers(0, 60, len(breaks) + 1)
            runs = np.diff(np.concatenate([[0], breaks, [n_variants]]))
            person += founders[np.repeat(whose, runs), np.arange(n_variants)]
    codes = np.array([3, 2, 0], np.uint8)[calls.T]
    codes = np.pad(codes, ((0, 0), (0, -n_samples % 4))).reshape(n_variants, -1, 4)
    packed = np.bitwise_or.reduce(codes << np.array([0, 2, 4, 6], np.uint8), axis=2).astype(np.uint8)
    (folder / "geno.bed").write_bytes(b"\x6c\x1b\x01" + packed.tobytes())
    (folder / "geno.bim").write_text("".join(f"chr1\tv{p}\t0\t{p}\tG\tA\n" for p in positions.tolist()))
    names = [f"S{i:04d}" for i in range(n_samples)]
    (folder / "geno.fam").write_text("".join(f"0 {name} 0 0 0 -9\n" for name in names))
    covariates = rng.normal(size=(20, n_samples))
    tss = np.sort(rng.choice(np.arange(positions[0], positions[-1]), n_genes, replace=False))
    with gzip.open(folder / "expr.bed.gz", "wt") as bed:
        bed.write("\t".join(["#chr", "start", "end", "phenotype_id", *names]) + "\n")
        for gene, place in enumerate(tss.tolist()):
            values = rng.normal(size=n_samples) + rng.normal(0, 0.2, 20) @ covariates
            if gene % 2 == 0:
                near = min(int(np.searchsorted(positions, place)), n_variants - 1)
                values = values + rng.uniform(0.2, 0.6) * calls[:, near]
            cells = "\t".join(f"{value:.7g}" for value in values)
            bed.write(f"chr1\t{place - 1}\t{place}\tG{gene}\t{cells}\n")
    rows = [f"C{k}\t" + "\t".join(f"{value:.7g}" for value in row) for k, row in enumerate(covariates)]
    (folder / "cov.txt").write_text("\n".join(["\t".join(["id", *names]), *rows]) + "\n")


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float
    wall: float
    gb: float


def measure(*command: str) -> Usage:
    """Run a command on one thread."""
    one = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **dict.fromkeys(one, "1")}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended with status {status}")
    return Usage(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1e6)


def floor(folder: Path) -> Usage:
    """The products of all pairs' tiles and nothing else: CPU of this process."""
    from postgwas.compute.threads import one_blas_thread
    from postgwas.qtl import QtlInputOptions, load_inputs
    from postgwas.qtl.segments import TILE, segments_of

    options = QtlInputOptions(maf_min=0.01)
    inputs = load_inputs(folder / "geno.bed", folder / "expr.bed.gz", folder / "cov.txt", options=options)
    tile = np.random.default_rng(1).normal(size=(TILE, inputs.n_samples))
    with one_blas_thread():
        began = time.process_time()
        for segment in segments_of(inputs):
            for start in range(0, segment.n_variants, TILE):
                near = (segment.first < start + TILE) & (segment.last > start)
                _ = tile @ segment.y_unit[near].T
        return Usage(time.process_time() - began, 0.0, 0.0)


def main() -> None:
    """Time each job and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", nargs="+", default=["tsv", "parquet", "floor"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--variants", type=int, default=200_000)
    parser.add_argument("--genes", type=int, default=1000)
    parser.add_argument("--peer", help="a Python that has tensorQTL; needs plink2 on the path for its .pgen")
    args = parser.parse_args()
    if not (args.data / "geno.bed").exists():
        simulate(args.data, args.samples, args.variants, args.genes)
    if args.peer and not (args.data / "geno.pgen").exists():
        prefix = str(args.data / "geno")
        subprocess.run(
            ["plink2", "--bfile", prefix, "--make-pgen", "--output-chr", "chrM", "--out", prefix], check=True
        )
    found: dict[str, list[Usage]] = {}
    for _ in range(args.repeats):
        for job in args.jobs:
            with tempfile.TemporaryDirectory(dir=args.data) as out:
                if job == "floor":
                    found.setdefault(job, []).append(floor(args.data))
                    continue
                if args.peer:
                    peer = measure(args.peer, "-c", _PEER, str(args.data), out)
                    found.setdefault("tensorQTL", []).append(peer)
                flags = [f"--genotypes={args.data}/geno.bed", f"--phenotypes={args.data}/expr.bed.gz"]
                flags += [f"--covariates={args.data}/cov.txt", "--maf_min=0.01", f"--out={out}/run"]
                ours = [sys.executable, "-m", "postgwas.cli.main", "eqtl", "cis", *flags, "--quiet"]
                found.setdefault(job, []).append(measure(*ours, f"--format={job}"))
    print("| job | CPU s | wall s | peak GB | runs |\n| --- | --- | --- | --- | --- |")
    for job, runs in found.items():
        cpu, wall, gb = (
            statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "wall", "gb")
        )
        print(f"| {job} | {cpu:.2f} | {wall:.2f} | {gb:.2f} | {len(runs)} |")


if __name__ == "__main__":
    main()
