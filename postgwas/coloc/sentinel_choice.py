"""Regions around a GWAS's sentinels: greedy windows, LD clumping, or variants of a file."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.genome_settings import SentinelChoice
from postgwas.errors import InputError, NoSignalError, NoVariantsError, UsageError
from postgwas.finemap.region_list import MapRegion
from postgwas.finemap.sentinel_variants import sentinels
from postgwas.runlog import get_logger
from postgwas.store.position import chromosome_names

if TYPE_CHECKING:
    import polars as pl

    from postgwas.genotypes.genotypes import Genotypes

log = get_logger("coloc")

Rows = NDArray[np.int64]


def sentinel_regions(
    frame: pl.DataFrame, choice: SentinelChoice, path: str, genotypes: Genotypes | None = None
) -> list[tuple[MapRegion, int]]:
    """Regions, by chromosome and position, each with the row of its sentinel.

    Parameters
    ----------
    frame : polars.DataFrame
        Summary statistics: SNPID, CHR, POS, MLOG10P, by place; EA, NEA for "clump" where they are known.
    choice : SentinelChoice
        Checked.
    path : str
        For messages.
    genotypes : Genotypes, optional
        For "clump".

    Raises
    ------
    NoVariantsError
        If no variant has a small enough P-value.
    InputError
        If a variant of the file is not in the summary statistics.
    UsageError
        If clumping has no genotypes.
    """
    if choice.how == "windows":
        strength = frame["MLOG10P"].fill_null(np.nan).to_numpy()
        limit = -np.log10(choice.p_max)
        rows = sentinels(
            frame["CHR"].to_numpy(), frame["POS"].to_numpy(), strength, threshold=limit,
            distance=choice.distance,
        )  # fmt: skip
        _refuse_none(rows, frame, choice, path)
    elif choice.how == "clump":
        rows = _clumped(frame, choice, path, genotypes)
    else:
        rows = _listed(frame, choice.how, path)
    rows = _one_a_place(frame, rows)
    return [(_region(frame, int(row), choice.window), int(row)) for row in rows]


def _one_a_place(frame: pl.DataFrame, rows: Rows) -> Rows:
    """Of sentinels at one place, whose regions are the same, the strongest."""
    strength = frame["MLOG10P"].fill_null(np.nan).to_numpy()[rows]
    order = np.lexsort((rows, np.nan_to_num(-strength, nan=np.inf)))
    first: dict[tuple[int, int], int] = {}
    for at in order.tolist():
        row = int(rows[at])
        first.setdefault((int(frame["CHR"][row]), int(frame["POS"][row])), row)
    if len(first) < rows.size:
        log.info("%d sentinels are at the place of a stronger one and left out", rows.size - len(first))
    return rows[np.isin(rows, np.array(list(first.values()), np.int64))]


def _region(frame: pl.DataFrame, row: int, window: int) -> MapRegion:
    code, place = int(frame["CHR"][row]), int(frame["POS"][row])
    start, stop = max(1, place - window), place + window
    called = chromosome_names(np.array([code]))[0]
    return MapRegion(f"{called}:{start}-{stop}", code, start, stop, frame["SNPID"][row])


def _refuse_none(rows: Rows, frame: pl.DataFrame, choice: SentinelChoice, path: str) -> None:
    if rows.size:
        return
    strength = frame["MLOG10P"].fill_null(np.nan).to_numpy()
    best = float(np.nanmax(strength)) if np.isfinite(strength).any() else 0.0
    raise NoSignalError(
        f"{path}: no variant has a P of {choice.p_max:g} or less; the smallest is {10.0**-best:.3g}",
        hint="--p_max, or --sentinels FILE",
    )


def _listed(frame: pl.DataFrame, file: str, path: str) -> Rows:
    """Variants named by id, or by place as chr7:117559590 with or without alleles after it."""
    from postgwas.genotypes.text_table import read_text
    from postgwas.store.position import chromosome_code

    if not Path(file).is_file():
        raise UsageError(f"--sentinels {file}: expected windows, clump or a file of variants", hint="windows")
    words = [
        line.split()[0] for line in read_text(file).decode(errors="replace").splitlines() if line.strip()
    ]
    ids = {name: row for row, name in reversed(list(enumerate(frame["SNPID"].to_list())))}
    places = {place: row for row, place in reversed(list(enumerate(frame.select("CHR", "POS").iter_rows())))}
    rows, lost = [], []
    for word in dict.fromkeys(words):
        row = ids.get(word)
        parts = word.replace("_", ":").split(":")
        if row is None and len(parts) >= 2 and parts[1].isdigit():
            row = places.get((chromosome_code(parts[0]) or 0, int(parts[1])))
        lost += [word] if row is None else []
        rows += [] if row is None else [row]
    if lost:
        raise InputError(
            f"{file}: variant '{lost[0]}' is not in {path}; {len(lost)} of {len(words)} are not",
            hint="an id of the summary statistics, or CHR:POS, a line",
        )
    found = np.unique(np.array(rows, np.int64))
    return found[np.lexsort((frame["POS"].to_numpy()[found], frame["CHR"].to_numpy()[found]))]


def _clumped(frame: pl.DataFrame, choice: SentinelChoice, path: str, genotypes: Genotypes | None) -> Rows:
    from postgwas.coloc.allele_match import match_alleles
    from postgwas.coloc.allele_rules import AlleleRules
    from postgwas.qtl.clumping import clump

    if genotypes is None:
        raise UsageError("--sentinels clump needs genotypes for LD", hint="--genotypes FILE")
    strength = frame["MLOG10P"].fill_null(np.nan).to_numpy()
    with np.errstate(invalid="ignore"):
        strong = np.flatnonzero(strength >= -np.log10(choice.p_max))
    _refuse_none(strong, frame, choice, path)
    # Signs do not matter for a squared correlation: palindromic SNPs are taken as given.
    match = match_alleles(
        frame[strong], genotypes.variants, rules=AlleleRules("keep"), name=os.path.basename(path),
        other_name=os.path.basename(genotypes.path),
    )  # fmt: skip
    if match.rows.size < strong.size:
        log.warning(
            "%s: %s of %s variants of P <= %g are not in %s and cannot be sentinels", path,
            f"{strong.size - match.rows.size:,}", f"{strong.size:,}", choice.p_max, genotypes.path,
        )  # fmt: skip
    if not match.rows.size:
        raise NoVariantsError(
            f"{path}: none of {strong.size:,} variants of P <= {choice.p_max:g} is in {genotypes.path}",
            hint="are builds the same?",
        )
    rows, at = strong[match.rows], match.other_rows
    chromosome, place = frame["CHR"].to_numpy()[rows], frame["POS"].to_numpy()[rows]
    kept = []
    for code in np.unique(chromosome):
        here = np.flatnonzero(chromosome == code)
        here = here[np.lexsort((at[here], place[here]))]
        index = clump(
            partial(_calls, genotypes, at[here]), place[here].astype(np.int64), strength[rows[here]],
            r2=choice.clump_r2, window=choice.clump_window,
        )  # fmt: skip
        kept.append(rows[here[index]])
    return np.concatenate(kept)


def _calls(genotypes: Genotypes, at: Rows, some: Rows) -> NDArray[np.int8] | NDArray[np.float32]:
    """Calls of some of the variants `at`, in any order; readers want them to ascend."""
    rows = at[some]
    order = np.argsort(rows, kind="stable")
    calls = genotypes.source.read(rows[order], None)
    return calls[np.argsort(order, kind="stable")]
