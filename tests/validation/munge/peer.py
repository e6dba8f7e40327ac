"""What munge_sumstats.py 1.0.1 printed, and ours, in a form that can be compared."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

#: Beginnings of the result lines that users' programs look for.
RESULTS = (
    "Read ", "Removed ", "Median value", "Using N", "Inferred that", "Writing summary statistics for",
    "WARNING: ", "Mean chi^2", "Lambda GC", "Max chi^2",
)  # fmt: skip


def result_lines(log: str) -> list[str]:
    """The lines with figures, without file names."""
    lines = [re.sub(r" to \S+\.sumstats\.gz\.$", "", line) for line in log.splitlines()]
    return [line for line in lines if line.startswith(RESULTS) or re.match(r"\d+ (SNPs remain|Genome)", line)]


def column_lines(log: str) -> list[str]:
    """What each column was taken for; Python 2 printed them in the order of its hashes."""
    _, found, after = log.partition("Interpreting column names as follows:\n")
    return sorted(after.split("\n\n")[0].splitlines()) if found else []


def content(path: Path) -> bytes:
    """A .sumstats.gz without its compression."""
    with gzip.open(path) as stream:
        return stream.read()
