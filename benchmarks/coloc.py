#!/usr/bin/env python3
"""Time colocalisation: many regions with one causal variant each, and pairs of credible sets of stored fits.

    python benchmarks/coloc.py --repeats 9 --pairs 100000

1,000 regions of 500 variants, two traits (simulated as the peer's figures were: correlated z-scores, 500 and
50,000 people), Bayes factors and posteriors, with the traits' standard deviations given and estimated. Then
pairs of credible sets: genes of one to three sets against the GWAS of their region (20 genes each, 1,000
variants), all on the same variants, and with a fifth of the gene's missing in the GWAS. User and system CPU
seconds of the call alone, one BLAS thread, medians. Where R has coloc, it runs in turn on the same regions.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from postgwas.coloc import Signals, abf_regions, susie_regions
from postgwas.finemap import estimate_sd_y, log_abf

REGIONS, VARIANTS, RHO = 1000, 500, 0.95

THEIRS = """
suppressMessages(library(coloc))
argv <- commandArgs(TRUE); given <- argv[2] == "given"
t <- read.table(argv[1], header = TRUE)
parts <- split(t, t$region)
run <- function(d) {
  one <- list(beta = d$beta1, varbeta = d$se1^2, snp = d$snp, type = "quant", N = 500, MAF = d$maf)
  two <- list(beta = d$beta2, varbeta = d$se2^2, snp = d$snp, type = "quant", N = 50000, MAF = d$maf)
  if (given) { one$sdY <- 1; two$sdY <- 1 }
  coloc.abf(one, two)$summary
}
invisible(capture.output(suppressWarnings(run(parts[[1]]))))
before <- proc.time()
invisible(capture.output(suppressWarnings(lapply(parts, run))))
used <- proc.time() - before
cat(used[[1]] + used[[2]])
"""


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(call: Callable[[], object]) -> float:
    before = cpu()
    call()
    return cpu() - before


def simulate(seed: int) -> dict[str, np.ndarray]:
    """Correlated z-scores around a cause that half of the regions share."""
    rng = np.random.default_rng(seed)
    maf = rng.uniform(0.02, 0.5, (REGIONS, VARIANTS))
    first = rng.integers(VARIANTS, size=REGIONS)
    second = np.where(np.arange(REGIONS) % 2, first, rng.integers(VARIANTS, size=REGIONS))
    made = {"maf": maf.ravel()}
    for trait, (people, cause) in enumerate(((500, first), (50_000, second)), 1):
        z = np.empty((REGIONS, VARIANTS))
        noise = rng.normal(size=z.shape)
        z[:, 0] = noise[:, 0]
        for column in range(1, VARIANTS):
            z[:, column] = RHO * z[:, column - 1] + np.sqrt(1 - RHO**2) * noise[:, column]
        z += rng.uniform(4, 9, (REGIONS, 1)) * RHO ** np.abs(np.arange(VARIANTS) - cause[:, None])
        se = 1 / np.sqrt(2 * people * maf * (1 - maf))
        made |= {f"beta{trait}": (z * se).ravel(), f"se{trait}": se.ravel()}
    return made


def abf(data: dict[str, np.ndarray], *, estimate: bool) -> object:
    """From effects to posteriors."""
    starts = np.arange(0, REGIONS * VARIANTS, VARIANTS)
    factors = []
    for trait, people in ((1, 500), (2, 50_000)):
        beta, se = data[f"beta{trait}"], data[f"se{trait}"]
        spread: float | np.ndarray = 1.0
        if estimate:
            spread = np.repeat(estimate_sd_y(se, data["maf"], people, starts=starts), VARIANTS)
        factors.append(log_abf(beta, se, sd_y=spread))
    return abf_regions(factors[0], factors[1], starts)


def theirs(data: dict[str, np.ndarray], folder: Path, how: str) -> float | None:
    """CPU seconds of R's coloc, if it is there."""
    if shutil.which("Rscript") is None:
        return None
    if subprocess.run(["Rscript", "-e", "library(coloc)"], capture_output=True).returncode:
        return None
    path = folder / "abf.tsv"
    if not path.exists():
        region = np.repeat(np.arange(REGIONS), VARIANTS)
        names = ["region", "snp", *data]
        columns = [region, np.arange(region.size), *data.values()]
        with path.open("w") as out:
            out.write("\t".join(names) + "\n")
            for row in zip(*columns):
                out.write("\t".join(map(repr, map(float, row))) + "\n")
    script = folder / "coloc.R"
    script.write_text(THEIRS)
    done = subprocess.run(
        ["Rscript", str(script), str(path), how], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def stored_fits(n_pairs: int, *, partial: bool, seed: int = 2) -> list[tuple[Signals, Signals]]:
    """Regions of a GWAS with two sets and 20 genes of one to three; made anew, nothing is ready."""
    rng = np.random.default_rng(seed)
    pairs: list[tuple[Signals, Signals]] = []
    count = region = 0
    while count < n_pairs:
        names = tuple(f"{region}:{row}" for row in range(1000))
        missing = rng.random(1000) < (0.2 if partial else 0.0)
        kept = np.flatnonzero(~missing)
        gwas_names = tuple(names[row] for row in kept) if partial else names
        gwas = Signals(gwas_names, np.arange(2), rng.normal(0, 3, (2, kept.size)))
        for _ in range(20):
            sets = int(rng.integers(1, 4))
            pairs.append((gwas, Signals(names, np.arange(sets), rng.normal(0, 3, (sets, 1000)))))
            count += 2 * sets
        region += 1
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    found: dict[str, object] = {"load": os.getloadavg()[0]}
    data = simulate(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        for how, estimate in (("given", False), ("estimated", True)):
            abf(data, estimate=estimate)
            ours, peer = [], []
            for _ in range(args.repeats):
                ours.append(timed(lambda estimate=estimate: abf(data, estimate=estimate)))
                used = theirs(data, Path(folder), how)
                peer += [] if used is None else [used]
            found[f"abf, sdY {how}"] = {
                "ours": statistics.median(ours), "least": min(ours),
                "coloc": statistics.median(peer) if peer else None,
            }  # fmt: skip
    for what, partial in (("same variants", False), ("a fifth missing", True)):
        pairs = stored_fits(args.pairs, partial=partial)
        number = 0

        def run(pairs: list[tuple[Signals, Signals]] = pairs) -> None:
            nonlocal number
            number = susie_regions(pairs).pp.shape[0]

        seconds = timed(run)
        found[f"pairs of sets, {what}"] = {"pairs": number, "traits": len(pairs), "ours": seconds}
        del pairs
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
