"""The lines of munge_sumstats.py's log, which users' programs read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from postgwas.sumstats.munge import filters
from postgwas.sumstats.munge.statistic import Summary

_RANGES = {"INFO": "[0,1.5]", "FRQ": "[0,1]", "P": "(0,1]"}


def number(value: float | int) -> str:
    """A number as Python 2 printed it: twelve significant digits, and ``.0`` after a whole float.

    Examples
    --------
    >>> number(100000 / 3), number(0.0), number(7), number(1e-05)
    ('33333.3333333', '0.0', '7', '1e-05')
    """
    if isinstance(value, int):
        return str(value)
    text = f"{value:.12g}"
    return text if not math.isfinite(value) or any(mark in text for mark in ".e") else text + ".0"


def suspicious(blocks: Mapping[int, Mapping[str, int]]) -> list[str]:
    """A warning for each column with values out of their range, block by block of rows."""
    return [
        f"WARNING: {found[name]} SNPs had {name} outside of {_RANGES[name]}. "
        f"The {name} column may be mislabeled."
        for _, found in sorted(blocks.items())
        for name in _RANGES
        if found.get(name)
    ]


def removed(
    n_rows: int, counts: Sequence[int], *, listed: bool, info_min: float, maf_min: float, remain: int
) -> list[str]:
    """What the rules for single rows removed."""
    lines = [f"Read {n_rows} SNPs from --sumstats file."]
    if listed:
        lines.append(f"Removed {counts[filters.NOT_LISTED]} SNPs not in --merge-alleles.")
    return [
        *lines,
        f"Removed {counts[filters.MISSING]} SNPs with missing values.",
        f"Removed {counts[filters.LOW_INFO]} SNPs with INFO <= {number(info_min)}.",
        f"Removed {counts[filters.LOW_MAF]} SNPs with MAF <= {number(maf_min)}.",
        f"Removed {counts[filters.BAD_P]} SNPs with out-of-bounds p-values.",
        f"Removed {counts[filters.NOT_A_SNP]} variants that were not SNPs or were strand-ambiguous.",
        f"{remain} SNPs remain.",
    ]


def metadata(summary: Summary) -> list[str]:
    """The closing figures."""
    lines = ["Metadata:", f"Mean chi^2 = {number(round(summary.mean_chi2, 3))}"]
    if summary.mean_chi2 < 1.02:
        lines.append("WARNING: mean chi^2 may be too small.")
    return [
        *lines,
        f"Lambda GC = {number(round(summary.lambda_gc, 3))}",
        f"Max chi^2 = {number(round(summary.max_chi2, 3))}",
        f"{summary.n_significant} Genome-wide significant SNPs (some may have been removed by filtering).",
    ]
