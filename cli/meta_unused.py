"""Flags of ``postgwas meta`` that a method has no use for: refused rather than ignored."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from postgwas.errors import UsageError

#: Flags of the join of many studies, with their defaults.
JOINING = {
    "match": "position", "multiallelic": "mismatch", "palindromic": "trust", "palindromic_maf": 0.4,
    "reference": None, "af_field": None, "maf_min": None,
    "info_min": None, "n_min": None, "min_studies": 1, "genomic_control": "off",
    "target_build": None, "chain": None,
    "columns": None, "any_build": False, "cores": 1, "dask_scheduler": None, "dask_jobqueue": None,
    "loci": None,
    "locus_window": 500_000,
    "diagnostics": False,
    "figures": False,
}  # fmt: skip


def refuse_unused(args: argparse.Namespace, *, formats: Collection[str], hints: dict[str, str]) -> list[str]:
    """Refuse what the method of `args` does not use; the formats asked for besides its own files.

    Parameters
    ----------
    args : argparse.Namespace
    formats : collection of str
        What ``--format`` may name.
    hints : dict
        Flag -> the method's own way to the same.

    Raises
    ------
    UsageError
    """
    for flag, default in JOINING.items():
        if getattr(args, flag, default) != default:
            raise UsageError(f"--{flag} has no meaning with --method {args.method}", hint=hints.get(flag))
    asked = [name.strip() for name in (args.format or "").split(",") if name.strip()]
    for name in asked:
        if name not in formats:
            others = ", ".join(formats) or "none besides its own files"
            raise UsageError(f"--format {name}: --method {args.method} offers {others}")
    return asked
