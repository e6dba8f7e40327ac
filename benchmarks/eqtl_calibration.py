#!/usr/bin/env python3
"""Calibration of eQTL mapping on simulated truth: discoveries, null P, credible sets, power.

    python benchmarks/eqtl_calibration.py --work /tmp/bench/calibration --replicates 20
    python benchmarks/eqtl_calibration.py --work /tmp/bench/calibration --replicates 3 --peer PYTHON

In each replicate half of the genes have one or two causal variants in their window, the others none; all have
covariates and hidden factors. Told are, over the replicates: the share of false eGenes at --fdr 0.05, the
inflation and smallest Kolmogorov-Smirnov P of pval_nominal (one variant a gene) and pval_beta at null genes,
the share of credible sets that hold a causal variant, and the share of genes with an effect that are found.
With --peer tensorQTL's map_cis runs on the same files.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

_PEER = """
import sys, pandas as pd, tensorqtl
from tensorqtl import cis, pgen, post
folder = sys.argv[1]
reader = pgen.PgenReader(f"{folder}/geno")
phenotypes, places = tensorqtl.read_phenotype_bed(f"{folder}/expr.bed.gz")
covariates = pd.read_csv(f"{folder}/cov.txt", sep="\\t", index_col=0).T
table = cis.map_cis(reader.load_genotypes(), reader.variant_df, phenotypes, places, covariates_df=covariates,
                    maf_threshold=0.01, nperm=1000, seed=1, verbose=False)
table[["pval_beta", "variant_id"]].to_csv(f"{folder}/peer.tsv", sep="\\t")
"""


def simulate(folder: Path, seed: int, n_samples: int, n_genes: int, per_gene: int) -> dict[str, list[str]]:
    """Write a study; gives the causal variants of each gene."""
    rng = np.random.default_rng([seed, 20])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    n_variants = n_genes * per_gene
    frequency = np.repeat(rng.beta(0.6, 1.0, n_variants // 10 + 1), 10)[:n_variants]
    frequency = np.clip(frequency + rng.normal(0, 0.05, n_variants), 0.01, 0.99)
    calls = np.zeros((n_variants, n_samples), np.int8)
    for _ in range(2):
        latent = rng.random(n_samples)
        for row in range(n_variants):
            new = rng.random(n_samples) < 0.03
            latent[new] = rng.random(int(new.sum()))
            calls[row] += latent < frequency[row]
    codes = np.pad(np.array([3, 2, 0], np.uint8)[calls], ((0, 0), (0, -n_samples % 4)))
    shifts = np.array([0, 2, 4, 6], np.uint8)
    packed = np.bitwise_or.reduce(codes.reshape(n_variants, -1, 4) << shifts, axis=2).astype(np.uint8)
    (folder / "geno.bed").write_bytes(b"\x6c\x1b\x01" + packed.tobytes())
    places = [1 + 2000 * row for row in range(n_variants)]
    (folder / "geno.bim").write_text(
        "".join(f"chr1\tv{row}\t0\t{at}\tG\tA\n" for row, at in enumerate(places))
    )
    people = [f"S{i}" for i in range(n_samples)]
    (folder / "geno.fam").write_text("".join(f"0 {name} 0 0 0 -9\n" for name in people))
    hidden = rng.normal(size=(8, n_samples))
    truth: dict[str, list[str]] = {}
    with gzip.open(folder / "expr.bed.gz", "wt") as bed:
        bed.write("\t".join(["#chr", "start", "end", "phenotype_id", *people]) + "\n")
        for gene in range(n_genes):
            middle = gene * per_gene + per_gene // 2
            value = rng.normal(size=n_samples) + rng.normal(0, 0.4, 8) @ hidden
            causal: list[int] = []
            if gene % 2 == 0:
                near = np.arange(middle - per_gene // 4, middle + per_gene // 4)
                maf = np.minimum(calls[near].mean(axis=1) / 2, 1 - calls[near].mean(axis=1) / 2)
                causal = rng.choice(near[maf > 0.05], int(rng.integers(1, 3)), replace=False).tolist()
                for row in causal:
                    spread = calls[row].std()
                    value = value + rng.uniform(0.2, 0.6) * rng.choice([-1, 1]) * calls[row] / spread
            truth[f"G{gene}"] = [f"v{row}" for row in causal]
            normal = stats.norm.ppf(stats.rankdata(value) / (n_samples + 1))
            tss = places[middle]
            bed.write(f"chr1\t{tss - 1}\t{tss}\tG{gene}\t" + "\t".join(f"{one:.7g}" for one in normal) + "\n")
    rows = [f"C{k}\t" + "\t".join(f"{one:.7g}" for one in row) for k, row in enumerate(hidden)]
    (folder / "cov.txt").write_text("\n".join(["\t".join(["id", *people]), *rows]) + "\n")
    return truth


def replicate(folder: Path, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Figures of one replicate."""
    from postgwas import qtl

    truth = simulate(folder, seed, args.samples, args.genes, args.per_gene)
    files = (folder / "geno.bed", folder / "expr.bed.gz", folder / "cov.txt")
    reach = 2000 * args.per_gene // 2
    inputs = qtl.load_inputs(*files, options=qtl.QtlInputOptions(window=reach, maf_min=0.01))
    table = qtl.cis_permutation(inputs, permutations=args.permutations, seed=seed).table
    null = pl.Series([not truth[name] for name in table["phenotype_id"]])
    found = table["qval"] <= args.fdr
    nominal = qtl.cis_nominal(inputs).table
    nominal = nominal.filter(pl.col("phenotype_id").is_in([name for name, rows in truth.items() if not rows]))
    nominal = nominal.group_by("phenotype_id", maintain_order=True).agg(pl.col("pval_nominal").first())
    genes = table.filter(found)["phenotype_id"].to_list()
    fine = qtl.finemap(inputs, genes=genes) if genes else None
    sets = held = 0
    if fine is not None:
        for (name, _), group in fine.members.group_by("phenotype_id", "cs_id"):
            sets += 1
            held += bool(set(group["variant_id"]) & set(truth[name]))
    result: dict[str, Any] = {
        "eGenes": int(found.sum()), "false": int((found & null).sum()), "true": int((found & ~null).sum()),
        "with_effect": int((~null).sum()), "sets": sets, "held": held,
        "null_beta": table.filter(null)["pval_beta"].to_list(),
        "null_nominal": nominal["pval_nominal"].to_list(),
    }  # fmt: skip
    if args.peer:
        prefix = str(folder / "geno")
        make = ["plink2", "--bfile", prefix, "--make-pgen", "--output-chr", "chrM", "--out", prefix]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        # The window of both is the same only if tensorQTL's default is: genes lie further apart than 1 Mb.
        subprocess.run([args.peer, "-c", _PEER, str(folder)], check=True, env=environment)
        peer = pl.read_csv(folder / "peer.tsv", separator="\t")
        q = qtl.qvalue(peer["pval_beta"].to_numpy()).q
        hits = peer.with_columns(q=pl.Series(q)).filter(pl.col("q") <= args.fdr)["phenotype_id"].to_list()
        result["peer_true"] = sum(bool(truth[name]) for name in hits)
        result["peer_false"] = sum(not truth[name] for name in hits)
    return result


def uniform(values: list[float]) -> str:
    """Genomic inflation of P and a test that they are uniform."""
    p = np.asarray(values)
    inflation = np.median(stats.chi2.isf(p, 1)) / stats.chi2.isf(0.5, 1)
    return f"n {len(p)}, lambda {inflation:.3f}, KS P {stats.kstest(p, 'uniform').pvalue:.3f}"


def main() -> None:
    """Run the replicates and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--samples", type=int, default=250)
    parser.add_argument("--genes", type=int, default=60)
    parser.add_argument("--per_gene", type=int, default=1000, help="variants of a gene's window, 2 kb apart")
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--fdr", type=float, default=0.05)
    parser.add_argument("--peer", help="a Python that has tensorQTL; needs plink2 on the path")
    args = parser.parse_args()
    runs = [replicate(args.work, seed, args) for seed in range(args.replicates)]
    total = {
        name: sum(run[name] for run in runs)
        for name in ("eGenes", "false", "true", "with_effect", "sets", "held")
    }
    rates = [run["false"] / max(run["eGenes"], 1) for run in runs]
    print(f"replicates {len(runs)}; eGenes {total['eGenes']}, false {total['false']}")
    print(f"false discovery rate: mean {np.mean(rates):.3f} (SE {np.std(rates) / np.sqrt(len(rates)):.3f})")
    print(f"power {total['true'] / total['with_effect']:.3f}")
    print(f"credible sets {total['sets']}, with a causal variant {total['held'] / max(total['sets'], 1):.3f}")
    print("pval_beta of null genes:", uniform([p for run in runs for p in run["null_beta"]]))
    print("pval_nominal of null genes:", uniform([p for run in runs for p in run["null_nominal"]]))
    if args.peer:
        hits, false = (sum(run[name] for run in runs) for name in ("peer_true", "peer_false"))
        print(f"tensorQTL: power {hits / total['with_effect']:.3f}, false {false} of {hits + false}")


if __name__ == "__main__":
    main()
