"""Expression and covariates as hidden factors need them: checked, in one order of samples."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError
from postgwas.expression.covariates import Assembled, Unmatched, assemble_covariates
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.runlog import get_logger, log_step

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: A gene's mean further from 0 than this many of its standard deviations is not centred.
_OFF_CENTRE = 0.1
#: Values beyond this are counts, or something else on no scale for a normal model.
_HUGE = 100.0


@dataclass(frozen=True, eq=False)
class FactorInputs:
    """What factors are estimated from.

    Attributes
    ----------
    matrix : ExpressionMatrix
        Genes and samples that are used.
    rejected : polars.DataFrame
        GENE_ID and REASON of the genes that are not.
    known : Assembled or None
        Covariates fitted beside the factors.
    compared : Assembled or None
        Covariates that factors are only compared with.
    """

    matrix: ExpressionMatrix
    rejected: pl.DataFrame
    known: Assembled | None
    compared: Assembled | None


def factor_inputs(
    expression: str | os.PathLike[str],
    *,
    covariates: Sequence[str] = (),
    compare: Sequence[str] = (),
    unmatched: Unmatched = "refuse",
    categorical: Collection[str] = (),
    add_mean: bool = False,
) -> FactorInputs:
    """Read expression and covariates, and leave out genes that say nothing.

    Raises
    ------
    InputError
        If files cannot be read, samples do not match, or too little is left.
    """
    from postgwas.expression.covariate_files import read_table
    from postgwas.expression.reading import read_expression

    matrix = read_expression(expression, unit="unknown" if _is_plain(expression) else None)
    groups: list[Assembled | None] = []
    for files in (covariates, compare):
        tables = [read_table(file, samples=matrix.samples) for file in files]
        if not tables:
            groups.append(None)
            continue
        try:
            made = assemble_covariates(tables, matrix.samples, unmatched=unmatched, categorical=categorical)
        except InputError as error:
            # The hints are of the command that has --impute and --exclude.
            if error.hint and ("--impute" in error.hint or "--exclude" in error.hint):
                hint = f"postgwas expression covariates makes a file without it: {error.hint}"
                raise InputError(error.message, hint=hint) from None
            raise
        _tell(made)
        groups.append(made)
    lost = {name for made in groups if made is not None for name in made.lost_samples}
    if lost:
        kept = [name for name in matrix.samples if name not in lost]
        log_step(
            log, "Samples", rows_in=matrix.n_samples, rows_out=len(kept),
            dropped={"not in all files of covariates": len(lost)}, unit="samples",
        )  # fmt: skip
        matrix = matrix.select(samples=kept)
        groups = [None if made is None else _narrowed(made, kept) for made in groups]
    usable, rejected = usable_genes(matrix)
    dropped = dict(rejected.group_by("REASON").len().sort("REASON").iter_rows())
    log_step(log, "Genes", rows_in=matrix.n_genes, rows_out=usable.n_genes, dropped=dropped, unit="genes")
    if usable.n_genes < 2 or usable.n_samples < 5:
        raise InputError(
            f"{matrix.path}: {usable.n_genes} usable genes and {usable.n_samples} samples are too few for "
            "hidden factors"
        )
    for warning in scale_warnings(usable, add_mean=add_mean):
        log.warning("%s: %s", matrix.path, warning)
    return FactorInputs(usable, rejected, groups[0], groups[1])


def usable_genes(matrix: ExpressionMatrix) -> tuple[ExpressionMatrix, pl.DataFrame]:
    """Genes with values for all samples that are not all the same; and why the others are not.

    Examples
    --------
    >>> from postgwas.expression import gene_table
    >>> values = np.array([[1.0, 2.0], [3.0, 3.0], [np.nan, 1.0]])
    >>> m = ExpressionMatrix(values, gene_table(["a", "b", "c"]), ("s", "t"), "unknown")
    >>> usable_genes(m)[1].rows()
    [('b', 'constant'), ('c', 'missing_value')]
    """
    import polars as pl

    missing = np.isnan(matrix.values).any(axis=1)
    filled = np.nan_to_num(matrix.values)
    constant = ~missing & (filled.max(axis=1, initial=-np.inf) == filled.min(axis=1, initial=np.inf))
    reasons = np.where(missing, "missing_value", np.where(constant, "constant", ""))
    table = pl.DataFrame({"GENE_ID": matrix.gene_ids, "REASON": reasons.tolist()})
    good = reasons == ""
    return (matrix if good.all() else matrix.select(genes=good)), table.filter(pl.col("REASON") != "")


def scale_warnings(matrix: ExpressionMatrix, *, add_mean: bool) -> list[str]:
    """Signs that the expression is not normalised, or not centred.

    Examples
    --------
    >>> from postgwas.expression import gene_table
    >>> counts = ExpressionMatrix(np.array([[5.0, 900.0, 30.0]]), gene_table(["g"]), ("a", "b", "c"))
    >>> scale_warnings(counts, add_mean=True)[0][:52]
    'values up to 900 and no negative ones look like coun'
    """
    values = matrix.values
    told = []
    if values.min() >= 0 and values.max() > _HUGE:
        told.append(
            f"values up to {values.max():g} and no negative ones look like counts or TPM: hidden factors are "
            "for normalised expression; 'postgwas expression prepare' makes it"
        )
    elif np.abs(values).max() > _HUGE:
        told.append(f"values as large as {np.abs(values).max():g} are not what normalised expression has")
    mean, deviation = np.abs(values.mean(axis=1)), values.std(axis=1)
    off = int((mean > _OFF_CENTRE * deviation).sum())
    if off and not add_mean:
        told.append(
            f"{off:,} of {matrix.n_genes:,} genes are not centred at 0, so that factors will explain means "
            "first; --add_mean fits them apart"
        )
    return told


def _is_plain(path: str | os.PathLike[str]) -> bool:
    return not os.fspath(path).endswith((".parquet", ".pq"))


def _narrowed(made: Assembled, samples: Sequence[str]) -> Assembled:
    from dataclasses import replace

    at = {name: place for place, name in enumerate(made.matrix.samples)}
    columns = [at[name] for name in samples]
    return replace(
        made,
        matrix=replace(made.matrix, values=made.matrix.values[:, columns], samples=tuple(samples)),
    )


def _tell(made: Assembled) -> None:
    for name, source, outcome, detail in made.account:
        if outcome != "kept":
            log.warning("%s: covariate %s is left out: %s (%s)", source, name, outcome, detail)
        elif detail:
            log.info("%s: covariate %s, %s", source, name, detail)


def tell_imputed(n_imputed: Mapping[str, int]) -> None:
    """One line for values that were filled in."""
    if n_imputed:
        told = some_names([f"{count} of {name}" for name, count in n_imputed.items()])
        log.warning("missing values of covariates set to the mean of the others: %s", told)
