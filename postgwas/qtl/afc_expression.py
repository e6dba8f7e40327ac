"""The expression that fold changes are fitted to: log2 of counts on one scale."""

from __future__ import annotations

from typing import Literal

import numpy as np

from postgwas.errors import InputError
from postgwas.expression.counts_check import check_counts, look_at_counts
from postgwas.expression.factors_geometric import scaled_log2, size_factors
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.qtl.inputs import Paths
from postgwas.runlog import get_logger

log = get_logger("qtl")


def log2_expression_matrix(
    expression: ExpressionMatrix | Paths, *, unit: Literal["counts", "log2"] | None = None
) -> ExpressionMatrix:
    """log2(count / DESeq2's size factor + 1), or log2 values as they are.

    Parameters
    ----------
    expression : path or ExpressionMatrix
        Raw counts of all genes, which the size factors need, in any layout; or log2 values.
    unit : {"counts", "log2"}, optional
        What the numbers are; None: what the file says, or counts.

    Raises
    ------
    InputError
        If the numbers are neither; if nobody said that they are counts, and they are negative or look like
        logarithms; or as :func:`postgwas.expression.read_expression`.
    """
    matrix = _read(expression, unit)
    if matrix.unit == "log2":
        return matrix
    if matrix.unit == "unknown":
        if not np.isfinite(matrix.values).all() or matrix.values.min(initial=0.0) < 0:
            raise InputError(
                f"{matrix.path}: has negative or missing values, so that these are no counts",
                hint="--counts takes the raw counts; --unit log2 if they are logarithms",
            )
        matrix = check_counts(matrix.with_values(matrix.values, "counts"))
    if matrix.unit != "counts":
        raise InputError(
            f"{matrix.path}: fold changes need counts or log2 values, not {matrix.unit}",
            hint="--counts takes the raw counts",
        )
    if unit is None and look_at_counts(matrix.values).logarithms:
        raise InputError(
            f"{matrix.path}: no value above {matrix.values.max():.3g}, hardly any of them whole: logarithms?",
            hint="--unit log2; or --unit counts if they are counts",
        )
    factors = size_factors(matrix.values)
    log.info(
        "Size factors (DESeq2's) of %d samples from %s genes: %.3g to %.3g",
        matrix.n_samples, f"{matrix.n_genes:,}", factors.min(), factors.max(),
    )  # fmt: skip
    return matrix.with_values(scaled_log2(matrix.values, factors), "log2")


def _read(expression: ExpressionMatrix | Paths, unit: Literal["counts", "log2"] | None) -> ExpressionMatrix:
    if isinstance(expression, ExpressionMatrix):
        return expression
    from postgwas.expression.reading import read_expression

    matrix = read_expression(expression, unit=unit)
    for note in matrix.notes:
        log.warning("%s: %s", matrix.path, note)
    return matrix
