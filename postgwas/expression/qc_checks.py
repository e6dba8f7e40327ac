"""The checks that look at expression itself: outliers, agreement with the others, sex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.dstatistic import d_statistic, sample_correlations
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.expression.outliers import (
    Axes,
    classical_scaling,
    deviations,
    farthest_possible,
    principal_axes,
)
from postgwas.expression.sample_qc import Verdicts
from postgwas.expression.sex_check import FEMALE, MALE, SexByExpression, sex_genes, sex_of
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.expression.run_qc import QcOptions

log = get_logger(__name__)
FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SexTable:
    """Sex by expression and by the sheet (1 male, 2 female, 0 not known), each of shape (samples,)."""

    told: SexByExpression
    reported: NDArray[np.int8]
    unit: str


def log_values(matrix: ExpressionMatrix) -> tuple[FloatArray, NDArray[np.intp], Mask]:
    """log2 values of expressed genes, the genes' rows, and the samples that have any expression.

    Counts become log2 CPM (edgeR's, prior count 2) and TPM log2(TPM + 1), of genes above 1 CPM
    or 1 TPM in a fifth of the samples; other units stay as they are, without genes that lack
    values.
    """
    from postgwas.expression.per_million import cpm

    values = matrix.values
    if matrix.unit not in ("counts", "tpm", "cpm", "fpkm"):
        rows = np.flatnonzero(np.isfinite(values).all(axis=1) & (values.std(axis=1) > 0))
        return _enough(values[rows], matrix), rows, np.ones(matrix.n_samples, np.bool_)
    good = matrix.totals > 0
    if good.sum() < 3:
        raise InputError(f"{matrix.path}: fewer than 3 samples have any expression")
    million = np.full(values.shape, 0.0)
    million[:, good] = cpm(values[:, good]) if matrix.unit == "counts" else values[:, good]
    rows = np.flatnonzero((million[:, good] > 1.0).mean(axis=1) >= 0.2)
    logs = np.zeros((len(rows), matrix.n_samples))
    if matrix.unit == "counts":
        logs[:, good] = np.asarray(cpm(values[:, good], log=True))[rows]
    else:
        logs[:, good] = np.log2(values[np.ix_(rows, np.flatnonzero(good))] + 1.0)
    return _enough(logs, matrix), rows, good


def _enough(values: FloatArray, matrix: ExpressionMatrix) -> FloatArray:
    if len(values) < 2:
        raise InputError(f"{matrix.path}: {len(values)} genes are expressed: too few to compare samples")
    return values


def check_outliers(values: FloatArray, good: Mask, verdicts: Verdicts, options: QcOptions) -> Axes:
    """Samples beyond the limit on any of the first axes fail."""
    part = values[:, good]
    n = int(good.sum())
    if options.outlier_method == "mds":
        axes = classical_scaling(
            np.sqrt(np.maximum(2.0 * (1.0 - sample_correlations(part)), 0.0)), options.n_axes
        )
    else:
        axes = principal_axes(part, options.n_axes)
    away = deviations(axes.scores, options.outlier_rule)
    if options.outlier_rule == "sd" and farthest_possible(n) < options.outlier_sd:
        log.warning(
            "among %d samples none can be %g SDs from the mean (at most %.1f): "
            "--outlier_rule mad, or a smaller --outlier_sd", n, options.outlier_sd, farthest_possible(n),
        )  # fmt: skip
    name = options.outlier_method.upper()
    for at in range(axes.scores.shape[1]):
        verdicts.columns[f"{name}{at + 1}"] = _spread(axes.scores[:, at], good)
    far = np.abs(away).max(axis=1)
    verdicts.columns["outlier_sd"] = _spread(far, good)
    failed = np.zeros(len(good), np.bool_)
    failed[good] = far > options.outlier_sd
    verdicts.fail(failed, f"more than {options.outlier_sd:g} SDs out in {name}")
    return Axes(np.column_stack([_spread(column, good) for column in axes.scores.T]), axes.share)


def check_agreement(values: FloatArray, good: Mask, verdicts: Verdicts, options: QcOptions) -> FloatArray:
    """Samples whose D-statistic is below the limit fail, or far below the others' without a limit."""
    d = d_statistic(sample_correlations(values[:, good]))
    spread = _spread(d, good)
    verdicts.columns["D"] = spread
    failed = np.zeros(len(good), np.bool_)
    if options.d_min is not None:
        failed[good] = d < options.d_min
        verdicts.fail(failed, f"D below {options.d_min:g}")
    else:
        failed[good] = deviations(d[:, None], options.outlier_rule)[:, 0] < -options.outlier_sd
        verdicts.fail(failed, f"D more than {options.outlier_sd:g} SDs low")
    return spread


def check_sex(matrix: ExpressionMatrix, verdicts: Verdicts, options: QcOptions) -> SexTable:
    """Samples whose sex by expression is not the sheet's fail."""
    xist, y = sex_genes(matrix.gene_ids, matrix.genes["GENE_NAME"].to_list())
    values = matrix.values[[xist, *y]]
    unit = {"counts": "CPM", "tpm": "TPM", "cpm": "CPM", "fpkm": "FPKM"}.get(matrix.unit)
    if unit is None:
        raise InputError(f"{matrix.path}: sex is told from counts, TPM, CPM or FPKM, not from {matrix.unit}")
    if matrix.unit == "counts":
        totals = matrix.totals
        values = np.divide(values * 1e6, totals, out=np.full_like(values, np.nan), where=totals > 0)
    told = sex_of(values[0], values[1:].mean(axis=0), limit=options.sex_limit)
    reported = np.zeros(matrix.n_samples, np.int8)
    if options.sheet:
        reported = _reported(matrix.samples, options.sheet, options.sex_column)
    verdicts.columns |= {f"XIST_{unit}": told.xist, f"Y_{unit}": told.y}
    words = np.array(["unclear", "male", "female"])
    verdicts.columns["sex_by_expression"] = words[told.sex].tolist()
    if options.sheet:
        verdicts.columns["sex_reported"] = np.array(["", "male", "female"])[reported].tolist()
        clash = (told.sex != reported) & (told.sex > 0) & (reported > 0)
        verdicts.fail(clash, "sex differs from the sheet")
        both = (told.sex == 0) & (matrix.totals > 0)
        names = [matrix.samples[at] for at in np.flatnonzero(both)]
        if names:
            log.warning("%d samples' sex is unclear by expression: %s", len(names), some_names(names))
    log.info("Sex by expression: %d male, %d female", (told.sex == MALE).sum(), (told.sex == FEMALE).sum())
    return SexTable(told, reported, unit)


def _reported(samples: tuple[str, ...], sheet: str, column: str | None) -> NDArray[np.int8]:
    from postgwas.expression.sample_sheet import named_column, read_sheet
    from postgwas.genotypes.samples import refuse_zero_one, sex_codes

    table = read_sheet(sheet)
    found = (
        column
        if column in table.columns
        else named_column(table.columns, ("sex", "gender"))
        if not column
        else None
    )
    if found is None:
        raise InputError(
            f"{sheet}, line 1: no column of sexes; its columns are {some_names(table.columns)}",
            hint="--sex_column NAME",
        )
    refuse_zero_one(table[found], sheet)
    codes = dict(zip(table["sample"], sex_codes(table[found])))
    lost = [sample for sample in samples if sample not in codes]
    if len(lost) == len(samples):
        raise InputError(
            f"{sheet}: none of the {len(lost)} samples is in it, such as {lost[0]}; it has "
            f"{some_names(table['sample'].to_list(), 3)}"
        )
    if lost:
        log.warning(
            "%s: %d of %d samples are not in it: %s", sheet, len(lost), len(samples), some_names(lost)
        )
    known = np.array([codes.get(sample) or 0 for sample in samples], np.int8)
    if not known.any():
        raise InputError(
            f"{sheet}, column {found}: no sex can be read, such as {table[found][0]!r}",
            hint="male and female, M and F, or 1 (male) and 2 (female)",
        )
    return known


def _spread(column: FloatArray, good: Mask) -> FloatArray:
    full = np.full(len(good), np.nan)
    full[good] = column
    return full
