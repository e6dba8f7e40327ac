"""The description beside a GWAS-SSF file: what was combined, on which build."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from postgwas.runlog import get_logger
from postgwas.sumstats.ssf import describe_ssf

log = get_logger("meta")

ENDING = "-meta.yaml"
"""What its name has after the file's own."""


def known_build(builds: Iterable[str | None]) -> str | None:
    """The one build that studies are on; None where they tell none, or several.

    Examples
    --------
    >>> known_build(["GRCh37", None, "GRCh37"])
    'GRCh37'
    """
    found = {one for one in builds if one is not None}
    return found.pop() if len(found) == 1 else None


def describe(
    path: str | os.PathLike[str], *, trait: str, method: str, build: str | None, is_sorted: bool, notes: str
) -> None:
    """Write ``<path>-meta.yaml``.

    Parameters
    ----------
    path : path-like
        The file, under the name that it will have.
    trait : str
    method : str
        Of ``postgwas meta``.
    build : str, optional
        Without, a warning: GWAS-SSF asks for it.
    is_sorted : bool
        By chromosome and position.
    notes : str
        Which studies were combined.
    """
    from postgwas import __version__

    metadata: dict[str, Any] = {"trait_description": [trait]}
    if build is not None:
        metadata["genome_assembly"] = build
    else:
        log.warning("%s%s: positions tell no build: add genome_assembly", Path(path).name, ENDING)
    metadata |= {
        "analysis_software": f"postgwas {__version__} meta --method {method}",
        "author_notes": notes,
        "is_sorted": is_sorted,
    }
    Path(f"{path}{ENDING}").write_text(describe_ssf(metadata, path), encoding="utf-8")
