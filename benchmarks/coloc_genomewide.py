"""Genome-wide colocalisation timed: sentinels x genes, SuSiE on both sides, LD from genotypes.

``python benchmarks/coloc_genomewide.py --work /tmp/bench --sentinels 50``; see README.md.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

STEP = 500
"""Bases between variants; a region of a megabase then has 2,000."""
APART = 3_000_000
N_GWAS = 100_000


def main() -> int:
    """Simulate what is not there yet, run, print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sentinels", type=int, default=50)
    parser.add_argument("--genes", type=int, default=20)
    parser.add_argument("--variants", type=int, default=2000, help="of a region")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--smr", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    name = f"coloc_{args.sentinels}x{args.genes}x{args.variants}"
    folder = args.work / name
    if not (folder / "done").is_file():
        simulate(folder, args)
    command = [
        sys.executable, "-m", "postgwas.cli.main", "coloc", "genomewide", str(folder / "gwas.tsv.gz"),
        "--qtl", str(folder / "qtl.chr@.parquet"), "--genotypes", str(folder / "people.bed"), "--qtl_n",
        str(args.people), "--window", str(STEP * args.variants // 2), "--cores", str(args.cores), "--out",
        str(folder / "out"), "--overwrite", "--quiet", *(["--smr"] if args.smr else []),
    ]  # fmt: skip
    wall, cpu, peak = measured(command)
    pairs = gzip.decompress((folder / "out.coloc.pairs.tsv.gz").read_bytes()).count(b"\tsusie\t")
    print(
        f"{name}: {wall:.0f} s, {cpu:.0f} CPU s ({cpu / args.sentinels:.2f} a sentinel), "
        f"largest process {peak:.2f} GB, {pairs} pairs of credible sets"
    )
    return 0


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds with children, and the largest process in GB."""
    began = time.perf_counter()
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with subprocess.Popen(command, env={**os.environ, **threads}) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def simulate(folder: Path, args: argparse.Namespace) -> None:
    """A panel, a GWAS with one or two causal variants a region, genes with none to two."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    n, p = args.people, args.variants
    bim, packed, lines, tables = [], [], ["SNP\tCHR\tBP\tA1\tA2\tFRQ\tBETA\tSE\tP\tN"], {}
    for sentinel in range(args.sentinels):
        code, start = sentinel % 22 + 1, 5_000_000 + APART * (sentinel // 22)
        places = start + STEP * np.arange(p)
        calls = mosaics(rng, n, p)
        frequency = calls.mean(axis=1) / 2
        x = calls - calls.mean(axis=1, keepdims=True)
        x /= x.std(axis=1, ddof=1, keepdims=True)
        causal = rng.choice(np.arange(p // 3, 2 * p // 3), 2, replace=False)
        effects = np.zeros(p)
        effects[causal[: rng.integers(1, 3)]] = rng.uniform(7, 12)
        z = x @ ((effects @ x) / (n - 1)) + x @ rng.normal(size=n) / np.sqrt(n - 1)
        se = 1 / np.sqrt(2 * frequency * (1 - frequency) * N_GWAS)
        ids = [f"chr{code}_{place}_A_G_b38" for place in places]
        bim += [f"{code}\t{name}\t0\t{place}\tG\tA" for name, place in zip(ids, places)]
        packed.append(pack(calls))
        lines += rows(code, ids, places, frequency, z * se, se, z)
        columns = genes(rng, x, frequency, places, ids, causal, args.genes, f"S{sentinel}")
        tables.setdefault(code, []).append(pa.table(columns))
    for code, parts in tables.items():
        pq.write_table(pa.concat_tables(parts), folder / f"qtl.chr{code}.parquet", compression="zstd")
    (folder / "people.bed").write_bytes(b"\x6c\x1b\x01" + b"".join(packed))
    (folder / "people.bim").write_text("\n".join(bim) + "\n")
    (folder / "people.fam").write_text("".join(f"p{i}\tp{i}\t0\t0\t0\t-9\n" for i in range(n)))
    with gzip.open(folder / "gwas.tsv.gz", "wt", compresslevel=1) as file:
        file.write("\n".join(lines) + "\n")
    (folder / "done").touch()


def mosaics(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    """Copies of A1 (variants, people): haplotypes are mosaics of 60 founders."""
    founders = rng.random((60, p)) < rng.beta(0.8, 1.6, p).clip(0.03, 0.97)
    stays = rng.random((2 * n, p)) < 0.985
    stays[:, 0] = False
    source = rng.integers(60, size=(2 * n, p))
    at = np.maximum.accumulate(np.where(stays, 0, np.arange(p)), axis=1)
    haplotypes = founders[np.take_along_axis(source, at, axis=1), np.arange(p)]
    haplotypes ^= rng.random(haplotypes.shape) < 0.003
    calls = (haplotypes[:n].astype(np.int8) + haplotypes[n:]).T.copy()
    constant = calls.std(axis=1) == 0
    calls[constant, 0] = 1
    return calls


def genes(
    rng: np.random.Generator, x: np.ndarray, frequency: np.ndarray, places: np.ndarray, ids: list[str],
    causal: np.ndarray, n_genes: int, prefix: str,
) -> dict[str, Any]:  # fmt: skip
    """All pairs of a region's genes in tensorQTL's layout: every fourth shares a cause with the GWAS."""
    p, n = x.shape
    y = rng.normal(size=(n_genes, n))
    for gene in range(n_genes):
        others = rng.choice(p, int(rng.integers(0, 3)), replace=False)
        for at in [*others, *([causal[0]] if gene % 4 == 0 else [])]:
            y[gene] += rng.uniform(0.25, 0.6) * x[at]
    y -= y.mean(axis=1, keepdims=True)
    y /= y.std(axis=1, ddof=1, keepdims=True)
    r = (y @ x.T) / (n - 1)
    spread = np.sqrt(2 * frequency * (1 - frequency))
    tss = places[p // 2] + rng.integers(-50_000, 50_000, n_genes)
    return {
        "phenotype_id": np.repeat([f"{prefix}_G{gene}" for gene in range(n_genes)], p),
        "variant_id": np.tile(ids, n_genes),
        "start_distance": (places[None] - tss[:, None]).ravel().astype(np.int32),
        "af": np.tile(frequency, n_genes).astype(np.float32), "pval_nominal": np.ones(n_genes * p),
        "slope": (r / spread).ravel().astype(np.float32),
        "slope_se": (np.sqrt((1 - r**2) / (n - 2)) / spread).ravel().astype(np.float32),
    }  # fmt: skip


def rows(
    code: int, ids: list[str], places: np.ndarray, frequency: np.ndarray, beta: np.ndarray, se: np.ndarray,
    z: np.ndarray,
) -> list[str]:  # fmt: skip
    """Lines of the GWAS; of every third variant the other allele."""
    from scipy.special import ndtr

    values = 2 * ndtr(-np.abs(z))
    made = []
    for at, name in enumerate(ids):
        one, other, f, b = "G", "A", frequency[at], beta[at]
        if at % 3 == 0:
            one, other, f, b = other, one, 1 - f, -b
        made.append(
            f"{name}\t{code}\t{places[at]}\t{one}\t{other}\t{f:.5g}\t{b:.6g}\t{se[at]:.6g}\t{values[at]:.4g}\t{N_GWAS}"
        )
    return made


def pack(calls: np.ndarray) -> bytes:
    """PLINK 1's two bits a call."""
    code = np.array([3, 2, 0], np.uint8)[calls]
    padded = np.zeros((len(calls), -(-calls.shape[1] // 4) * 4), np.uint8)
    padded[:, : calls.shape[1]] = code
    bits = padded.reshape(len(calls), -1, 4) << np.array([0, 2, 4, 6], np.uint8)
    return np.bitwise_or.reduce(bits, axis=2).tobytes()


if __name__ == "__main__":
    raise SystemExit(main())
