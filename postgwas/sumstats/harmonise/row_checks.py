"""Can a row be used at all: its alleles, statistics and frequency, before anything is compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats.harmonise.outcomes import Outcome

INDEL_CODES = ("I", "D", "R", "-")
"""Alleles that only a reference can write out."""


def tidy_alleles(frame: pl.DataFrame, *, numbered: bool = False) -> pl.DataFrame:
    """EA and NEA in capitals; with `numbered`, 1, 2, 3, 4 become A, C, G, T."""
    new: dict[str, pl.Series] = {}
    for name in ("EA", "NEA"):
        # A chromosome has few distinct alleles: looking at them once is cheaper than at each row.
        distinct = frame[name].unique().drop_nulls()
        if numbered:
            letters = {"1": "A", "2": "C", "3": "G", "4": "T"}
            new[name] = frame[name].replace(letters)
        elif (distinct.str.to_uppercase() != distinct).any():
            new[name] = frame[name].str.to_uppercase()
    return frame.with_columns(**new) if new else frame


def row_outcomes(
    frame: pl.DataFrame, *, positions: bool, codes: bool, given: frozenset[str]
) -> npt.NDArray[np.uint8]:
    """Outcomes of rows that cannot be used; ``PENDING`` for the others.

    Parameters
    ----------
    frame : polars.DataFrame, n rows
        Canonical columns after :func:`tidy_alleles`, everything derived.
    positions : bool
        Whether rows without chromosome or position are of no use.
    codes : bool
        Whether alleles such as I, D and ``-`` may pass.
    given : frozenset of str
        Statistics that the file has, of BETA, SE, Z, P, MLOG10P: they must be there in each row.

    Returns
    -------
    ndarray of uint8, shape (n,)
    """
    outcome = np.full(frame.height, Outcome.PENDING, dtype=np.uint8)

    def mark(bad: pl.Series | npt.NDArray[np.bool_], what: Outcome) -> None:
        where = bad.fill_null(True).to_numpy() if isinstance(bad, pl.Series) else bad
        outcome[where & (outcome == Outcome.PENDING)] = what

    if positions:
        mark(frame["CHR"].is_null(), Outcome.CHROMOSOME_UNKNOWN)
        mark(frame["POS"].is_null() | (frame["POS"] < 1), Outcome.POSITION_MISSING)
    for name in ("EA", "NEA"):
        bad = _bad_alleles(frame[name], codes=codes)
        if bad is not None:
            mark(bad, Outcome.ALLELES_UNREADABLE)
    mark(frame["EA"] == frame["NEA"], Outcome.ALLELES_EQUAL)
    for bad in _bad_statistics(frame, given):
        mark(bad, Outcome.STATISTIC_BAD)
    if "EAF" in frame.columns:
        mark(~frame["EAF"].is_between(0.0, 1.0).fill_null(True), Outcome.FREQUENCY_BAD)
    return outcome


def _bad_alleles(alleles: pl.Series, *, codes: bool) -> pl.Series | None:
    distinct = alleles.unique().drop_nulls()
    good = distinct.str.contains(r"^[ACGT]+$")
    if codes:
        good |= distinct.is_in(list(INDEL_CODES))
    bad = distinct.filter(~good)
    missing = alleles.null_count() > 0
    if not bad.len() and not missing:
        return None
    return alleles.is_in(bad.to_list()).fill_null(True)


def _bad_statistics(frame: pl.DataFrame, given: frozenset[str]) -> list[pl.Series]:
    """Masks of rows whose statistics are missing or impossible."""
    bad: list[pl.Series] = []
    for name in ("BETA", "Z"):
        if name in given:
            bad.append(frame[name].is_null())
            break
    if "SE" in given:
        bad.append(frame["SE"].is_null() | (frame["SE"] <= 0))
    elif "SE" in frame.columns:
        bad.append((frame["SE"] <= 0).fill_null(False))
    if "P" in given:
        bad.append(frame["P"].is_null() | ~frame["P"].is_between(0.0, 1.0))
    elif "MLOG10P" in given:
        bad.append(frame["MLOG10P"].is_null() | (frame["MLOG10P"] < 0))
    return bad
