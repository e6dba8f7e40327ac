#!/usr/bin/env python3
"""Time salmon's files to gene counts beside R's tximport on the same files.

    python benchmarks/expression_import.py --work /tmp/bench --repeats 5

Both programs run in turn, each repeat a fresh process; figures are user and system CPU seconds of the
whole process. Ours also sums, checks and writes counts, TPM and lengths; tximport's only reads and sums.
R needs tximport (Debian: r-bioc-tximport).
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

THEIRS = """
argv <- commandArgs(TRUE)
suppressMessages(library(tximport))
pairs <- read.delim(file.path(argv[1], "tx2gene.tsv"))
files <- Sys.glob(file.path(argv[1], "s*", "quant.sf"))
invisible(suppressMessages(tximport(files, type = "salmon", tx2gene = pairs)))
"""


def simulate(folder: Path, *, transcripts: int, samples: int) -> list[str]:
    """Files of `samples` samples and the table of transcripts' genes."""
    rng = np.random.default_rng(1)
    genes = rng.integers(0, transcripts // 4, transcripts)
    length = rng.integers(300, 6000, transcripts)
    names = [f"ENST{at:08d}.1" for at in range(transcripts)]
    folder.mkdir(parents=True, exist_ok=True)
    pairs = "".join(f"{name}\tG{gene}\n" for name, gene in zip(names, genes))
    (folder / "tx2gene.tsv").write_text(f"TX\tGENE\n{pairs}")
    files = []
    for sample in range(samples):
        rate = rng.lognormal(1, 2, transcripts) * (rng.random(transcripts) > 0.4)
        tpm = rate / rate.sum() * 1e6
        counts = rate * length / (rate * length).sum() * 3e7
        rows = zip(names, length, tpm, counts)
        lines = (f"{n}\t{size}\t{size - 200.5:.3f}\t{t:.6f}\t{c:.3f}\n" for n, size, t, c in rows)
        (folder / f"s{sample}").mkdir(exist_ok=True)
        file = folder / f"s{sample}" / "quant.sf"
        file.write_text("Name\tLength\tEffectiveLength\tTPM\tNumReads\n" + "".join(lines))
        files.append(str(file))
    return files


def cpu_of(command: list[str]) -> float:
    """CPU seconds of a process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run the pairs and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the simulated files")
    parser.add_argument("--transcripts", type=int, default=200_000)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    folder = args.work / "tximport"
    files = simulate(folder, transcripts=args.transcripts, samples=args.samples)
    script = folder / "theirs.R"
    script.write_text(THEIRS)
    program = "import sys; from postgwas.cli.main import main; sys.exit(main())"
    ours = [sys.executable, "-c", program, "expression", "import", *files, "--quiet", "--overwrite"]
    ours += ["--tx2gene", str(folder / "tx2gene.tsv"), "--out", str(folder / "ours")]
    times = [(cpu_of(ours), cpu_of(["Rscript", str(script), str(folder)])) for _ in range(args.repeats)]
    mine, theirs = (statistics.median(column) for column in zip(*times))
    print(
        f"ours {mine:.2f} s, tximport {theirs:.2f} s: {mine / theirs:.2f} of it (medians of {args.repeats})"
    )


if __name__ == "__main__":
    main()
