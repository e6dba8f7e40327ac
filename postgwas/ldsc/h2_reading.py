"""Read a trait and its LD scores for a heritability, with ldsc's lines in the log."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import MatrixError, NoVariantsError
from postgwas.ld.panel import LDScorePanel, load_panel, locate_panel
from postgwas.ldsc.h2_settings import H2Settings
from postgwas.ldsc.inputs import (
    FEW_VARIANTS,
    Munged,
    RegressionTable,
    found_place,
    read_munged,
    read_reference_scores,
    read_weights,
    regression_table,
    split_names,
)
from postgwas.ldsc.lines_h2 import place
from postgwas.ldsc.munged import STORE_SEPARATOR
from postgwas.runlog import get_logger

log = get_logger(__name__)

LARGEST_CONDITION_NUMBER = 100_000
#: With several LD score columns chi-square is limited to the larger of these (times N).
CHISQ_MAX, CHISQ_MAX_PER_N = 80.0, 0.001


@dataclass(frozen=True, eq=False)
class H2Inputs:
    """One trait on its LD scores.

    Attributes
    ----------
    munged : Munged
    panel : LDScorePanel
        LD scores of the model.
    table : RegressionTable
        After the limit on chi-square.
    counts_before : int
        Variants before that limit.
    chisq_max : float or None
        The limit.
    warnings : tuple of str
    """

    munged: Munged
    panel: LDScorePanel
    table: RegressionTable
    n_merged: int
    chisq_max: float | None
    warnings: tuple[str, ...]


def read_inputs(sumstats: Any, settings: H2Settings, *, name: str | None, limited: bool = False) -> H2Inputs:
    """Read, merge and limit, a line for each step.

    Parameters
    ----------
    sumstats : path or DataFrame
        As :func:`postgwas.ldsc.inputs.read_munged`.
    settings : H2Settings
    name : str, optional
        Name of the trait.
    limited : bool
        Limit chi-square also with one LD score column (cell types).
    """
    warnings: list[str] = []
    shown = os.fspath(sumstats) if isinstance(sumstats, (str, os.PathLike)) else "a table"
    log.info("Reading summary statistics from %s ...", shown)
    munged = read_munged(sumstats, alleles=False, name=name)
    log.info("Read summary statistics for %d SNPs.", munged.n_read)
    if munged.n_duplicates:
        log.info("Dropped %d SNPs with duplicated rs numbers.", munged.n_duplicates)
    _warn(warnings, *munged.warnings)
    panel = read_model(settings, warnings)
    weights = read_model_weights(settings, panel)
    if not np.ptp(weights.l2) > 0:
        _warn(warnings, f"{settings.w_ld}: every variant has the same LD score; all count the same")
    table = regression_table(panel, weights, munged, check_cover=not settings.compat)
    log.info("After merging with reference panel LD, %d SNPs remain.", table.n_reference)
    log.info("After merging with regression SNP LD, %d SNPs remain.", table.n_weights)
    if few := chromosomes_missing(panel.chr, table.panel_rows):
        _warn(warnings, few)
    if table.n_variants < FEW_VARIANTS:
        _warn(warnings, "number of SNPs less than 200k; this is almost always bad.")
    n_merged = table.n_variants
    chisq_max = settings.chisq_max
    if chisq_max is None and (limited or len(panel.annotations) > 1):
        chisq_max = max(CHISQ_MAX_PER_N * float(table.n.max()), CHISQ_MAX)
    if chisq_max is not None:
        table = below(table, chisq_max)
        default = settings.chisq_max is None and chisq_max == CHISQ_MAX
        log.info(
            "Removed %d SNPs with chi^2 > %s (%d SNPs remain)",
            n_merged - table.n_variants,
            "80" if default else repr(chisq_max),
            table.n_variants,
        )
    _check_condition(table, settings, warnings)
    return H2Inputs(munged, panel, table, n_merged, chisq_max, tuple(warnings))


def below(table: RegressionTable, chisq_max: float) -> RegressionTable:
    """The variants whose chi-square is below the limit."""
    kept = table.z**2 < chisq_max
    if kept.all():
        return table
    if not kept.any():
        raise NoVariantsError(
            f"none of {kept.size:,} variants has a chi-square below {chisq_max:g}", hint="raise --chisq_max"
        )
    return replace(
        table,
        z=table.z[kept],
        n=table.n[kept],
        w_l2=table.w_l2[kept],
        panel_rows=table.panel_rows[kept],
        rows=table.rows[kept],
    )


def all_columns(settings: H2Settings) -> list[str]:
    """Names of all LD score columns of the model, those that do not vary included."""
    names = split_names(settings.ref_ld)
    panels = [
        load_panel(found_place(name, settings.ref_by_chromosome), counts="none", require_variance=False)
        for name in names
    ]
    return [f"{column}_{i}" for i, panel in enumerate(panels) for column in panel.annotations]


def input_files(sumstats: Any, settings: H2Settings, *more: str | None) -> list[str]:
    """Every file whose content decided the numbers, for the provenance."""
    files = []
    if isinstance(sumstats, (str, os.PathLike)):
        files.append(os.fspath(sumstats).partition(STORE_SEPARATOR)[0])
    for names, by_chromosome in (
        (settings.ref_ld, settings.ref_by_chromosome),
        (settings.w_ld, settings.w_by_chromosome),
    ):
        for name in split_names(names):
            found = locate_panel(found_place(name, by_chromosome))[1]
            counts = found.counts(f".l2.{settings.counts}") if names == settings.ref_ld else ()
            files += map(str, (*found.scores, *counts))
    files += [file for file in more if file]
    return [file for file in dict.fromkeys(files) if Path(file).is_file()]


def read_model(settings: H2Settings, warnings: list[str]) -> LDScorePanel:
    where = place(settings.ref_ld, by_chromosome=settings.ref_by_chromosome)
    log.info("Reading reference panel LD Score from %s ... (ldscore_fromlist)", where)
    panel = read_reference_scores(
        settings.ref_ld, counts=settings.counts, m=settings.m, by_chromosome=settings.ref_by_chromosome
    )
    log.info("Read reference panel LD Scores for %d SNPs.", panel.n_variants)
    log.info("Removing partitioned LD Scores with zero variance.")
    if panel.dropped:
        _warn(warnings, f"LD scores that are the same for all variants, left out: {', '.join(panel.dropped)}")
    return panel


def read_model_weights(settings: H2Settings, panel: LDScorePanel) -> LDScorePanel:
    where = place(settings.w_ld, by_chromosome=settings.w_by_chromosome)
    log.info("Reading regression weight LD Score from %s ... (ldscore_fromlist)", where)
    alike = settings.ref_by_chromosome == settings.w_by_chromosome
    weights = read_weights(
        settings.w_ld, by_chromosome=settings.w_by_chromosome, panel=panel if alike else None
    )
    log.info("Read regression weight LD Scores for %d SNPs.", weights.n_variants)
    return weights


def chromosomes_missing(chromosomes: npt.NDArray[np.int8], rows: npt.NDArray[np.integer]) -> str | None:
    """What to say of a trait that has no variant on some chromosomes of the LD scores; None if it has.

    M counts the variants of all chromosomes of the LD scores: a trait on some of them is scaled up.

    Parameters
    ----------
    chromosomes : ndarray of int8, shape (V,)
        Of the LD scores, in genome order.
    rows : ndarray of int, shape (K,)
        The trait's rows among them, ascending.
    """
    # In genome order a chromosome is a stretch of rows.
    borders = np.append(np.flatnonzero(np.diff(chromosomes)) + 1, chromosomes.size)
    here = np.diff(np.searchsorted(rows, borders), prepend=0) > 0
    if here.all():
        return None
    return (
        f"variants on {here.sum()} of the {here.size} chromosomes of the LD scores: h2 is that of all "
        "of them, if the others are alike"
    )


def _check_condition(table: RegressionTable, settings: H2Settings, warnings: list[str]) -> None:
    if len(table.panel.annotations) == 1:
        return
    from postgwas.ldsc.partitioned import condition_number

    condition = condition_number(table.l2)
    if condition <= LARGEST_CONDITION_NUMBER:
        return
    text = f"LD score matrix condition number is {condition:.6g}"
    if settings.invert_anyway:
        _warn(warnings, f"{text}. Inverting anyway because of --invert_anyway.")
    elif settings.compat:
        _warn(warnings, f"{text}. Remove collinear LD scores.")
    else:
        raise MatrixError(
            f"{text}: above {LARGEST_CONDITION_NUMBER:,} columns are nearly collinear",
            hint="remove collinear LD scores, or --invert_anyway",
        )


def _warn(warnings: list[str], *texts: str) -> None:
    for text in texts:
        log.warning("%s", text)
        warnings.append(text)
