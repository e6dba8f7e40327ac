#!/usr/bin/env python3
"""Time reading of simulated genotypes into blocks, beside the reader that knows the format alone.

    python benchmarks/genotypes_read.py --work /tmp/bench --samples 500 --variants 200000 --repeats 5

Peers: bed_reader.open_bed.read (int8), pgenlib.PgenReader.read_list (int8), and cyvcf2's iteration with
genotype.array(), which has alleles, not yet counts. Ours: open_genotypes, with its checked tables of variants
and samples, and every block. Each repeat is a fresh process, the peer's and ours in turns; CPU is user +
system time of all threads after imports. Files are simulated once and kept. Genotypes are in
Hardy-Weinberg proportions with frequencies skewed to rare, 0.2 % missing.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 4096
FILES = {"bed": "any.bed", "pgen": "any.pgen", "vcf": "any.vcf.gz", "bcf": "any.bcf", "region": "any.vcf.gz"}


def simulate(work: Path, n_samples: int, n_variants: int, seed: int = 1) -> None:
    """One PLINK 1 file set, and the same genotypes in the other formats."""
    from postgwas.genotypes.plink1 import pack
    from postgwas.genotypes.run_convert import convert

    rng = np.random.default_rng(seed)
    stem = work / "any"
    with open(f"{stem}.bed", "wb") as bed:
        bed.write(b"\x6c\x1b\x01")
        for start in range(0, n_variants, BLOCK):
            size = min(BLOCK, n_variants - start)
            frequency = rng.beta(0.5, 2, size)[:, None].astype(np.float32)
            draws = rng.random((2, size, n_samples), np.float32) < frequency
            calls = draws.sum(axis=0, dtype=np.int8)
            calls[rng.random(calls.shape, np.float32) < 0.002] = -9
            bed.write(pack(calls).tobytes())
    with open(f"{stem}.bim", "w") as bim:
        bim.writelines(f"1\trs{j}\t0\t{100 * (j + 1)}\tA\tG\n" for j in range(n_variants))
    Path(f"{stem}.fam").write_text("".join(f"F{i} I{i} 0 0 0 -9\n" for i in range(n_samples)))
    for form in ("pgen", "vcf", "bcf"):
        convert(f"{stem}.bed", out=stem, format=form, overwrite=True, quiet=True)


def peer(kind: str, path: str, n_samples: int, n_variants: int) -> None:
    """Read all with the reader alone."""
    starts = range(0, n_variants, BLOCK)
    if kind == "bed":
        from bed_reader import open_bed

        with open_bed(path, iid_count=n_samples, sid_count=n_variants) as bed:
            for start in starts:
                bed.read(index=np.s_[:, start : start + BLOCK], dtype="int8", num_threads=1)
    elif kind == "pgen":
        from pgenlib import PgenReader

        reader = PgenReader(path.encode(), n_samples, n_variants)
        for start in starts:
            rows = np.arange(start, min(start + BLOCK, n_variants), dtype=np.uint32)
            reader.read_list(rows, np.empty((len(rows), n_samples), np.int8))
    else:
        from cyvcf2 import VCF

        reader: Any = VCF(path)
        for record in reader(middle(n_variants)) if kind == "region" else reader:
            record.genotype.array()


def middle(n_variants: int) -> str:
    """A hundredth of the chromosome."""
    return f"1:{50 * n_variants}-{51 * n_variants}"


def ours(kind: str, path: str, n_variants: int) -> float:
    """Read all as an analysis would; CPU seconds until the file is open."""
    from postgwas.genotypes import open_genotypes

    genotypes = open_genotypes(path, region=middle(n_variants) if kind == "region" else None)
    opened = cpu()
    for start in range(0, genotypes.n_variants, BLOCK):
        genotypes.block(start, min(start + BLOCK, genotypes.n_variants))
    return opened


def cpu() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def one(args: argparse.Namespace) -> None:
    """A single measurement: CPU seconds, those of them for opening, peak MB."""
    import bed_reader  # noqa: F401
    import cyvcf2  # noqa: F401
    import pgenlib  # noqa: F401
    import polars  # noqa: F401
    import pysam  # noqa: F401

    import postgwas.genotypes.vcf
    import postgwas.sumstats.compression
    import postgwas.sumstats.values  # noqa: F401

    path = str(args.work / FILES[args.kind])
    begun = cpu()
    opened = begun
    if args.one == "peer":
        peer(args.kind, path, args.samples, args.variants)
    else:
        opened = ours(args.kind, path, args.variants)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(cpu() - begun, opened - begun, peak)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--variants", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kind", choices=FILES)
    parser.add_argument("--one", choices=("peer", "ours"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args)
        return
    args.work.mkdir(parents=True, exist_ok=True)
    if not (args.work / "any.bcf.csi").exists():
        simulate(args.work, args.samples, args.variants)
    print("| file | reader alone, CPU s | ours, CPU s (of it opening) | ratio | peak MB, reader / ours |")
    print("| --- | --- | --- | --- | --- |")
    for kind in [args.kind] if args.kind else FILES:
        found: dict[str, list[list[float]]] = {"peer": [], "ours": []}
        for _ in range(args.repeats):
            for who, results in found.items():
                command = [sys.executable, __file__, *sys.argv[1:], "--one", who, "--kind", kind]
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                results.append([float(number) for number in text.split()])
        theirs, mine = (
            [statistics.median(column) for column in zip(*found[who])] for who in ("peer", "ours")
        )
        ratio = statistics.median(a[0] / b[0] for a, b in zip(found["ours"], found["peer"]))
        print(
            f"| {kind} | {theirs[0]:.2f} | {mine[0]:.2f} ({mine[1]:.2f}) | {ratio:.2f} | "
            f"{theirs[2]:.0f} / {mine[2]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
