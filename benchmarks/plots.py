"""Manhattan and QQ plot of one scan of 10 million variants, timed.

    python benchmarks/plots.py --out /tmp/plots [--rows 10000000] [--mean_chi2 1.5] [--repeats 5]

Simulates z-scores along the autosomes, with peaks, into a table as the store gives it; draws what the page of
a study draws; prints medians of CPU seconds (user + system) of each part and leaves the pictures.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from postgwas.plot.saving import lay_out, save_figure
from postgwas.report.scans import loci, pictures, qq_of
from postgwas.sumstats.derive import mlog10p_from_z

#: Lengths of the autosomes of GRCh38, in millions of bases.
LENGTHS = (
    248, 242, 198, 190, 182, 171, 159, 145, 138, 134, 135, 133, 114, 107, 102, 90, 83, 80, 59, 64, 47, 51
)  # fmt: skip


def simulate(rows: int, mean_chi2: float) -> pl.DataFrame:
    """A polygenic scan with forty peaks."""
    rng = np.random.default_rng(1)
    share = np.array(LENGTHS) / sum(LENGTHS)
    counts = rng.multinomial(rows, share)
    chrom = np.repeat(np.arange(1, 23, dtype=np.int8), counts)
    pos = np.concatenate(
        [np.sort(rng.integers(1, length * 1_000_000, n)) for length, n in zip(LENGTHS, counts)]
    ).astype(np.int32)
    z = rng.normal(scale=np.sqrt(mean_chi2), size=rows)
    for lead in rng.integers(0, rows, 40):
        near = (chrom == chrom[lead]) & (np.abs(pos - pos[lead]) < 200_000)
        z[near] += rng.uniform(6, 15) * np.exp(-np.abs(pos[near] - pos[lead]) / 60_000)
    ids = pl.Series("SNPID", np.arange(rows)).cast(pl.String)
    columns = {"CHR": chrom, "POS": pos, "Z": z, "MLOG10P": mlog10p_from_z(z)}
    return pl.DataFrame(columns).with_columns(("rs" + ids).alias("SNPID"))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and what it gave."""
    began = time.process_time()
    found = function()
    return time.process_time() - began, found


def main() -> None:
    """Simulate, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--mean_chi2", type=float, default=1.5)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    table = simulate(args.rows, args.mean_chi2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: dict[str, list[float]] = {}
    for _ in range(args.repeats):
        cpu, drawn = timed(lambda: pictures(table, "simulated", "simulated", loci(table), qq_of(table)))
        seconds.setdefault("numbers of both and their figures", []).append(cpu)
        for one in drawn:
            for suffix in (".png", ".svg"):
                path = args.out / f"{one.slug}{suffix}"

                def save(figure: Any = one.figure, path: Path = path) -> None:
                    lay_out(figure, dpi=130)
                    save_figure(figure, path, dpi=130)

                seconds.setdefault(f"{path.name}", []).append(timed(save)[0])
    for name, values in seconds.items():
        print(f"{median(values):7.2f} CPU s  {name}")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{sum(map(median, seconds.values())):7.2f} CPU s  in all, {args.rows:,} variants")
    print(f"{(after - before) / 1e6:7.2f} GB more at most than the table and what made it")


if __name__ == "__main__":
    main()
