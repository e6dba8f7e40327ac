#!/usr/bin/env python3
"""Time `postgwas harmonise`: GRCh37 text against a GRCh38 reference VCF, with liftover.

    python benchmarks/harmonise.py --rows 10000000 --cores 2 --repeats 5 --work /tmp/bench

Each repeat is a fresh process. Wall is from start to end; CPU is user + system time of it and its
children; peak memory is the largest sum of resident sets over the process and its children,
sampled every 50 ms. The first run parses the reference and caches it; it is reported by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pysam
from isal import igzip

from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.derive import p_from_z
from postgwas.sumstats.harmonise.assembly import length_of
from postgwas.sumstats.harmonise.chain import LIFT_OK, Chain
from postgwas.sumstats.harmonise.chain_file import read_chain

BLOCK, GAP = 495_000, 5_000
_BASES = np.array(["A", "C", "G", "T"])
_TRANSITION = np.array([2, 3, 0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--format", default="tsv")
    parser.add_argument("--palindromic", default="infer")
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    files = simulate(args.work, args.rows)
    cache = args.work / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    timings = [once(files, args, cache) for _ in range(args.repeats + 1)]
    print(f"{'':16}{'wall s':>8}{'CPU s':>8}{'peak GB':>9}")
    print(f"{'reference new':16}" + "".join(f"{x:>8.2f}" for x in timings[0]))
    middle = [statistics.median(run[i] for run in timings[1:]) for i in range(3)]
    print(f"{'reference cached':16}" + "".join(f"{x:>8.2f}" for x in middle) + f"   median of {args.repeats}")


def once(files: dict[str, Path], args: argparse.Namespace, cache: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in GB of one run."""
    out = args.work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [
        *(sys.executable, "-m", "postgwas.cli.main", "harmonise", str(files["sumstats"])),
        *("--out", str(out / "trait"), "--reference", str(files["reference"]), "--quiet"),
        *("--chain", str(files["chain"]), "--cores", str(args.cores), "--format", args.format),
        *("--palindromic", args.palindromic, "--n", "100000"),
    ]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**environment, "POSTGWAS_CACHE": str(cache)})
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.05)
    wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"harmonise failed with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak


def resident(pid: int) -> float:
    """GB resident in a process and all its descendants."""
    total = 0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            tasks = [t.name for t in Path(f"/proc/{one}/task").iterdir() if t.name != str(one)]
            for task in tasks:
                children += Path(f"/proc/{one}/task/{task}/children").read_text().split()
        except (OSError, IndexError):
            continue
        total += pages * resource.getpagesize()
        waiting += [int(child) for child in children]
    return total / 1e9


def simulate(work: Path, rows: int) -> dict[str, Path]:
    """Write chain, summary statistics and reference, unless they are there."""
    folder = work / f"input_{rows}"
    files = {
        "chain": folder / "hg19ToHg38.chain",
        "sumstats": folder / "trait.txt.gz",
        "reference": folder / "reference.vcf.gz",
    }
    if all(path.exists() for path in files.values()):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    write_chain(files["chain"])
    chain = read_chain(files["chain"])
    rng = np.random.default_rng(20)
    with contextlib.ExitStack() as stack:
        streams = [
            stack.enter_context(igzip.open(files["sumstats"], "wb", compresslevel=2)),
            stack.enter_context(pysam.BGZFile(str(files["reference"]), "wb", None)),
        ]
        streams[1].write(vcf_header())
        for part, (trait, reference) in enumerate(chromosomes(rows, chain, rng)):
            streams[0].write(trait.write_csv(separator="\t", include_header=part == 0).encode())
            streams[1].write(reference.write_csv(separator="\t", include_header=part == 0).encode())
    return files


def chromosomes(
    rows: int, chain: Chain, rng: np.random.Generator
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Trait and reference, a chromosome at a time."""
    known = known_snps()
    genome = sum(length_of("GRCh37", c) or 0 for c in range(1, 24))
    for code in range(1, 24):
        length = length_of("GRCh37", code) or 0
        n = round(rows * length / genome)
        here = known.chr == code
        random = rng.integers(10_000, length - 10_000, size=int(n * 1.02), dtype=np.int64)
        position = np.unique(np.concatenate([random, known.grch37[here]]))
        extra = position.size - n
        if extra > 0:
            drop = rng.choice(np.flatnonzero(~np.isin(position, known.grch37[here])), extra, replace=False)
            position = np.delete(position, drop)
        ids = pl.Series("ID", [f"rs{code}{i:08d}1" for i in range(position.size)])
        at = np.searchsorted(position, known.grch37[here])
        ids = ids.scatter(at, [f"rs{r}" for r in known.rsid[here]])
        yield chromosome(code, position, ids, chain, rng)


def chromosome(
    code: int, position: np.ndarray, ids: pl.Series, chain: Chain, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of the trait (GRCh37) and of the reference (GRCh38)."""
    n = position.size
    lifted = chain.lift(np.full(n, code, dtype=np.int8), position)
    ref = rng.integers(0, 4, n)
    shift = rng.integers(1, 4, n)
    alt = np.where(rng.random(n) < 0.67, _TRANSITION[ref], (ref + shift) % 4)
    indel = (rng.random(n) < 0.05) & ~lifted.reverse
    tail = np.array(["", "A", "CT", "GTT"])[rng.integers(1, 4, n)]
    text_ref, text_alt = _BASES[ref], _BASES[alt]
    inserted = np.char.add(text_ref, tail)
    text_alt = np.where(indel, inserted, text_alt)
    frequency = np.round(np.clip(rng.beta(0.4, 1.2, n), 0.001, 0.999), 4)
    swapped = rng.random(n) < 0.5
    beta, se = rng.normal(0, 0.01, n).round(6), (0.01 * np.ones(n) + rng.random(n) * 1e-3).round(6)
    trait = pl.DataFrame(
        {
            "SNP": ids,
            "CHR": pl.Series([str(code) if code < 23 else "X"]).new_from_index(0, n),
            "BP": position,
            "A1": np.where(swapped, text_ref, text_alt),
            "A2": np.where(swapped, text_alt, text_ref),
            "EAF": np.round(
                np.clip(np.where(swapped, 1 - frequency, frequency) + rng.normal(0, 0.02, n), 0, 1), 4
            ),
            "BETA": beta,
            "SE": se,
            "P": pl.Series(p_from_z(beta / se)).round_sig_figs(4),
        }
    )
    complement = np.array([3, 2, 1, 0])
    ref38 = np.where(lifted.reverse, _BASES[complement[ref]], text_ref)
    alt38 = np.where(lifted.reverse, _BASES[complement[alt]], text_alt)
    reference = pl.DataFrame(
        {"POS": lifted.pos, "ID": ids, "REF": ref38, "ALT": alt38, "AF": frequency}
    ).filter(pl.Series((lifted.status == LIFT_OK) & (rng.random(n) < 0.98)))
    name = pl.lit(str(code) if code < 23 else "X").alias("#CHROM")
    return trait, reference.sort("POS", "REF", "ALT").select(
        name,
        "POS",
        "ID",
        "REF",
        "ALT",
        pl.lit(".").alias("QUAL"),
        pl.lit(".").alias("FILTER"),
        pl.concat_str(pl.lit("AF="), pl.col("AF")).alias("INFO"),
    )


def write_chain(path: Path) -> None:
    """One chain a chromosome of blocks with gaps; every 40th block is a reversed chain of its own."""
    with open(path, "w") as stream:
        for code in range(1, 24):
            source, target = length_of("GRCh37", code) or 0, length_of("GRCh38", code) or 0
            name = f"chr{code if code < 23 else 'X'}"
            n_blocks = min(source, target) // (BLOCK + GAP) - 1
            number = code * 1000
            kept = [i for i in range(n_blocks) if i % 40 != 39]
            start, end = 0, kept[-1] * (BLOCK + GAP) + BLOCK
            shift = 1_000
            stream.write(
                f"chain 1000000 {name} {source} + {start} {end} {name} {target} + {shift} {end + shift} "
                f"{number}\n"
            )
            for i, j in itertools.pairwise(kept):
                gap = (j - i) * (BLOCK + GAP) - BLOCK
                stream.write(f"{BLOCK} {gap} {gap}\n")
            stream.write(f"{BLOCK}\n\n")
            for i in range(39, n_blocks, 40):
                number += 1
                s = i * (BLOCK + GAP)
                t = target - (s + shift + BLOCK)
                stream.write(
                    f"chain 5000 {name} {source} + {s} {s + BLOCK} {name} {target} - {t} {t + BLOCK} "
                    f"{number}\n{BLOCK}\n\n"
                )


def vcf_header() -> bytes:
    """Lines before the names of the columns."""
    lines = ["##fileformat=VCFv4.2", '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">']
    for code in range(1, 24):
        name = code if code < 23 else "X"
        lines.append(f"##contig=<ID={name},length={length_of('GRCh38', code)}>")
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    main()
