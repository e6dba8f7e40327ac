#!/usr/bin/env python3
"""Calibration of colocalisation on simulated truth: how often is PP.H4 >= 0.8 right?

    python benchmarks/coloc_calibration.py --replicates 200
    python benchmarks/coloc_calibration.py --replicates 50 --peer Rscript --work /tmp/bench/coloc

Regions of mosaic haplotypes; a GWAS of 20,000 people and an eQTL study of 500, z-scores ~ N(R b, R) with R
of 2,000 people. Scenarios: one shared causal variant; two distinct ones, apart, in LD (r^2 0.3 to 0.8) and
tight (0.8 to 0.99); a GWAS signal alone; two causal variants each, of which one or none is shared. Told are
the shares of regions that abf and the best pair of susie's credible sets call; of susie's calls those whose
two sets both hold a shared variant; and, over all, how many calls are in regions with a shared variant beside
the PP.H4 that was claimed.
With --peer an R that has susieR fits the same z-scores, its Bayes factors going through the step of
coloc.susie here; if it has coloc too, coloc.abf and coloc.susie run as they are.
"""

from __future__ import annotations

import argparse
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from postgwas import coloc
from postgwas.finemap import susie_rss

N_GWAS, N_EQTL, P = 20_000, 500, 300
STRONG = 0.8
SCENARIOS = {
    "shared": (1, 1, 1), "distinct": (1, 1, 0), "distinct_in_ld": (1, 1, 0), "distinct_tight": (1, 1, 0),
    "gwas_only": (1, 0, 0), "two_one_shared": (2, 2, 1), "two_none_shared": (2, 2, 0),
}  # fmt: skip

BETWEEN = {"distinct_in_ld": (0.3, 0.8), "distinct_tight": (0.8, 0.99)}
"""r^2 between causal variants that are not shared; below 0.05 elsewhere."""

_R = """
args <- commandArgs(TRUE); folder <- args[1]
suppressMessages(library(susieR)); has <- requireNamespace("coloc", quietly = TRUE)
for (d in list.dirs(folder, recursive = FALSE)) {
  z <- as.matrix(read.table(file.path(d, "z.txt"))); R <- as.matrix(read.table(file.path(d, "ld.txt")))
  n <- scan(file.path(d, "n.txt"), quiet = TRUE); ids <- paste0("s", seq_len(nrow(z)))
  dimnames(R) <- list(ids, ids)
  fits <- lapply(1:2, function(k) susie_rss(setNames(z[, k], ids), R, n = n[k], L = 10))
  for (k in 1:2) {
    at <- fits[[k]]$sets$cs_index
    write.table(fits[[k]]$lbf_variable[at, , drop = FALSE], file.path(d, paste0("lbf", k, ".txt")),
                row.names = FALSE, col.names = FALSE)
  }
  if (has) {
    ds <- lapply(1:2, function(k) list(snp = ids, beta = z[, k] / sqrt(n[k]), type = "quant", sdY = 1,
                                       varbeta = rep(1 / n[k], nrow(z)), N = n[k]))
    a <- coloc::coloc.abf(ds[[1]], ds[[2]])$summary["PP.H4.abf"]
    s <- coloc::coloc.susie(fits[[1]], fits[[2]])$summary
    write(c(a, if (is.null(s)) 0 else max(s$PP.H4.abf)), file.path(d, "coloc.txt"))
  }
}
"""


@dataclass(frozen=True)
class Region:
    """LD, both traits' z-scores, and the causal variants of each."""

    ld: np.ndarray
    z: np.ndarray
    causal: tuple[frozenset[int], frozenset[int]]

    @property
    def shared(self) -> frozenset[int]:
        return self.causal[0] & self.causal[1]


def ld_matrix(rng: np.random.Generator, people: int = 2000) -> np.ndarray:
    """LD of mosaics of 30 founders, every variant with a minor allele frequency of 0.02 or more."""
    blocks = rng.random((30, P // 10)) < rng.uniform(0.1, 0.9, P // 10)
    founders = np.repeat(blocks, 10, axis=1) ^ (rng.random((30, P)) < 0.02)
    calls = np.zeros((people, P))
    for _ in range(2):
        switch = rng.random((people, P)) < 0.03
        switch[:, 0] = True
        last = np.maximum.accumulate(np.where(switch, np.arange(P), 0), axis=1)
        source = rng.integers(30, size=(people, P))
        calls += founders[np.take_along_axis(source, last, axis=1), np.arange(P)]
    calls += rng.binomial(1, 0.01, calls.shape)  # no two variants are the same
    matrix: np.ndarray = np.corrcoef(calls.T)
    return matrix


def region(rng: np.random.Generator, scenario: str) -> Region:
    """One region of a scenario; z-scores of causal variants of about 4.5 to 8 by themselves."""
    n1, n2, n_shared = SCENARIOS[scenario]
    low, high = BETWEEN.get(scenario, (-1.0, 0.05))
    first: list[int] = []
    while len(first) < n1 + n2 - n_shared:
        ld = ld_matrix(rng)
        first = [int(rng.integers(P))]
        while len(first) < n1 + n2 - n_shared:
            r2 = ld[first] ** 2
            near = np.flatnonzero(np.all((r2 > low) & (r2 < high), axis=0))
            if not near.size:
                break  # no variants of such LD: another region
            first.append(int(rng.choice(near)))
    root = np.linalg.cholesky(ld + 1e-6 * np.eye(P))
    one = frozenset(first[:n1])
    two = frozenset([*first[:n_shared], *first[n1:]])
    z = np.empty((P, 2))
    for k, held in enumerate((one, two)):
        b = np.zeros(P)
        b[list(held)] = rng.choice([-1, 1], len(held)) * rng.uniform(4.5, 8, len(held))
        z[:, k] = ld @ b + root @ rng.normal(size=P)
    return Region(ld, z, (one, two))


def ours(one: Region) -> tuple[float, float, bool]:
    """PP.H4 of abf, the best of susie, and whether that pair holds a shared variant."""
    ids = [f"s{row}" for row in range(P)]
    sizes = (N_GWAS, N_EQTL)
    sets = [
        coloc.Dataset(snp=ids, beta=one.z[:, k] / np.sqrt(n), se=np.full(P, n**-0.5), type="quant", sd_y=1.0)
        for k, n in enumerate(sizes)
    ]
    fits = [susie_rss(one.z[:, k], one.ld, n) for k, n in enumerate(sizes)]
    found = coloc.susie(fits[0], fits[1], ids, ids)
    best, right = 0.0, False
    if found.pp.size:
        at = np.unravel_index(int(found.pp[..., 4].argmax()), found.pp.shape[:2])
        best = float(found.pp[(*at, 4)])
        held = [
            next(s for s in fit.credible_sets if s.effect == rows[at[k]]).variants
            for k, (fit, rows) in enumerate(zip(fits, (found.signal1, found.signal2)))
        ]
        right = bool(set(held[0].tolist()) & set(held[1].tolist()) & one.shared)
    return float(coloc.abf(sets[0], sets[1]).pp[4]), best, right


def peer(regions: list[Region], folder: Path, rscript: str) -> list[tuple[float, float | None]]:
    """The best PP.H4 of pairs of susieR's credible sets; and coloc.abf's own where coloc is there."""
    for at, one in enumerate(regions):
        place = folder / f"{at:05d}"
        place.mkdir(parents=True, exist_ok=True)
        np.savetxt(place / "z.txt", one.z)
        np.savetxt(place / "ld.txt", one.ld)
        np.savetxt(place / "n.txt", [N_GWAS, N_EQTL])
    subprocess.run([rscript, "-e", _R, str(folder)], check=True)
    ids = [f"s{row}" for row in range(P)]
    made: list[tuple[float, float | None]] = []
    for at in range(len(regions)):
        place = folder / f"{at:05d}"
        if (place / "coloc.txt").exists():
            abf, best = np.loadtxt(place / "coloc.txt")
            made.append((float(best), float(abf)))
            continue
        text = [(place / f"lbf{k}.txt").read_text().strip() for k in (1, 2)]
        if not all(text):
            made.append((0.0, None))
            continue
        factors = [np.loadtxt(place / f"lbf{k}.txt", ndmin=2) for k in (1, 2)]
        found = coloc.bf_bf(factors[0], factors[1], ids, ids)
        made.append((float(found.pp[..., 4].max()), None))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=200, help="regions of each scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", metavar="RSCRIPT", help="an Rscript whose R has susieR (and coloc)")
    parser.add_argument("--work", type=Path, default=Path("coloc_calibration"), help="folder for --peer")
    args = parser.parse_args()
    head = f"{'scenario':<16} {'abf >= 0.8':>10} {'susie':>8} {'right pair':>10}"
    print(head + (f" {'susieR':>8} {'most apart':>10}" if args.peer else ""))
    calls = {"abf": [0, 0, 0.0], "susie": [0, 0, 0.0]}
    for number, scenario in enumerate(SCENARIOS):
        rng = np.random.default_rng([args.seed, number])
        regions = [region(rng, scenario) for _ in range(args.replicates)]
        told = [ours(one) for one in regions]
        for name, at in (("abf", 0), ("susie", 1)):
            for one, row in zip(regions, told):
                if row[at] >= STRONG:
                    calls[name][0] += 1
                    calls[name][1] += bool(one.shared)
                    calls[name][2] += row[at]
        abf = np.mean([row[0] >= STRONG for row in told])
        susie = np.mean([row[1] >= STRONG for row in told])
        hits = [row[2] for row in told if row[1] >= STRONG]
        line = f"{scenario:<16} {abf:>10.3f} {susie:>8.3f} {np.mean(hits) if hits else np.nan:>10.3f}"
        if args.peer:
            other = peer(regions, args.work / scenario, args.peer)
            apart = max(abs(row[1] - best) for row, (best, _) in zip(told, other))
            line += f" {np.mean([best >= STRONG for best, _ in other]):>8.3f} {apart:>10.1e}"
        print(line, flush=True)
    for name, (n, right, claimed) in calls.items():
        if n:
            told = f"{right / n:.3f} in regions with a shared variant, mean PP.H4 {claimed / n:.3f}"
            print(f"{name}: {n} calls, {told}")


if __name__ == "__main__":
    main()
