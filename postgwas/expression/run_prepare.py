"""From counts to expression that is ready for QTL mapping: what ``postgwas expression prepare`` does."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError
from postgwas.expression.batch_effect import remove_batch_effect
from postgwas.expression.counts import Floats, Mask
from postgwas.expression.matrix import ExpressionMatrix, Unit
from postgwas.expression.prepare_files import Destination, write_prepared
from postgwas.expression.prepare_genes import (
    GeneAccount,
    account_table,
    constant_genes,
    drop_elsewhere,
    filter_genes,
    genes_without,
)
from postgwas.expression.prepare_inputs import Inputs, read_inputs
from postgwas.expression.prepare_options import PrepareOptions
from postgwas.expression.rank_normal import inverse_normal
from postgwas.expression.sample_scale import SIZE_FACTORS, SampleScale, scale_samples, scaled_expression
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: Below this many samples ranks say little, and the log says so.
FEW_SAMPLES = 20


@dataclass(frozen=True, eq=False)
class Prepared:
    """Normalised expression and how it came about.

    Attributes
    ----------
    expression : ExpressionMatrix
        Genes that are kept.
    scale : SampleScale
        Library sizes and factors.
    genes : polars.DataFrame
        A row a gene of the counts: GENE_ID, GENE_NAME, CHROM, TSS, STRAND, KEPT (0 or 1), REASON (a code
        of :data:`postgwas.expression.prepare_genes.REASONS`).
    dropped : dict of str to int
        Genes that are left out, by reason.
    counts : ExpressionMatrix
        All genes of the samples that were used.
    """

    expression: ExpressionMatrix
    scale: SampleScale
    genes: pl.DataFrame
    dropped: dict[str, int]
    counts: ExpressionMatrix

    @property
    def samples(self) -> pl.DataFrame:
        """A row a sample: sample, lib_size, norm_factor and effective_lib_size, or size_factor."""
        import polars as pl

        scale = self.scale
        columns: dict[str, object] = {"sample": list(self.counts.samples), "lib_size": scale.lib_size}
        if scale.norm in SIZE_FACTORS:
            columns["size_factor"] = scale.factors
        else:
            columns |= {"norm_factor": scale.factors, "effective_lib_size": scale.lib_size * scale.factors}
        return pl.DataFrame(columns)


def prepare(
    counts: str | os.PathLike[str] | ExpressionMatrix,
    *,
    tpm: str | os.PathLike[str] | ExpressionMatrix | None = None,
    gtf: str | os.PathLike[str] | None = None,
    options: PrepareOptions | None = None,
    out: str | os.PathLike[str] | None = None,
    bed: bool = True,
    figures: bool = False,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> Prepared:
    """Filter genes, put samples on one scale, transform, and write expression for QTL mapping.

    Parameters
    ----------
    counts : path or ExpressionMatrix
        Anything that :func:`postgwas.expression.read_expression` reads.
    tpm : path or ExpressionMatrix, optional
        TPM of the same samples and genes; by default computed from counts and lengths, where known.
    gtf : path, optional
        Places (and lengths) of genes.
    options : PrepareOptions, optional
        By default MAGE's filter, TMM over all genes, inverse normal transform.
    out : path, optional
        Prefix: ``<out>.expression.bed.gz`` (with ``.tbi``), ``<out>.expression.parquet``,
        ``<out>.size_factors.tsv``, ``<out>.genes.tsv.gz``, ``<out>.prepare.png``, ``<out>.log``.
        None: nothing is written.
    bed : bool
        Write the BED, for which genes need a place; those without one are left out. False: they stay.
    figures : bool
    store : path, optional
        Also put matrix, factors and genes under ``expression/prepared/<name>`` of this study.
    name : str, optional
        By default the prefix' last part.
    overwrite, quiet, log_json : bool

    Returns
    -------
    Prepared

    Raises
    ------
    UsageError, InputError, OutputError, StoreError
        Nothing but the log is written then.
    """
    chosen = (options or PrepareOptions()).check()
    begun = time.perf_counter()
    if out is None:
        return _prepared(read_inputs(counts, tpm, gtf, chosen), chosen, places=gtf is not None and bed)
    destination = Destination(
        Path(out), bed=bed, figures=figures, store=store, name=name, overwrite=overwrite
    )
    destination.check()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        inputs = read_inputs(counts, tpm, gtf, chosen)
        result = _prepared(inputs, chosen, places=bed)
        files = [f for f in (counts, tpm, gtf) if f is not None and not isinstance(f, ExpressionMatrix)]
        lists = (chosen.lengths, chosen.samples, chosen.sample_to_participant, chosen.sample_sheet)
        write_prepared(
            result,
            destination,
            parameters={**asdict(chosen), "tpm": inputs.tpm_source, "bed": bed},
            inputs=[*files, *(f for f in lists if f)],
            seconds=lambda: time.perf_counter() - begun,
        )
    return result


def _prepared(inputs: Inputs, options: PrepareOptions, *, places: bool) -> Prepared:
    matrix = inputs.counts
    if matrix.n_samples < FEW_SAMPLES:
        log.warning("only %d samples", matrix.n_samples)
    counts = matrix.values
    account = GeneAccount.of(matrix.n_genes)
    scale = None if options.factors_from == "kept" else scale_samples(counts, options.norm, options.factors)
    group = None if options.group is None or inputs.sheet is None else inputs.sheet[options.group].to_numpy()
    factors = None if scale is None or options.norm in SIZE_FACTORS else scale.factors
    filter_genes(account, counts, inputs.tpm, options.filter, group=group, norm_factors=factors)
    if options.norm == "qn" and inputs.tpm is not None:
        account.drop(genes_without(inputs.tpm), "no_tpm")
    _refuse_none(account, matrix)
    if scale is None:
        scale = scale_samples(counts[account.kept], options.norm, options.factors)
    filtered = account.kept
    values = _values(inputs, filtered, scale, options)
    constant = np.zeros(matrix.n_genes, np.bool_)
    constant[filtered] = constant_genes(values)
    account.drop(constant, "constant")
    drop_elsewhere(
        account, matrix, None if options.chromosomes is None else list(options.chromosomes), places=places
    )
    _refuse_none(account, matrix)
    _log_account(account, scale, matrix, options)
    values = values[account.kept[filtered]]
    if options.transform == "int":
        values = inverse_normal(values, offset=options.offset, ties=options.ties)
    unit: Unit = {"int": "normalised", "log2": "log2", "none": "cpm"}[options.transform]  # type: ignore[assignment]
    if options.transform == "none" and options.norm in (*SIZE_FACTORS, "qn"):
        unit = "normalised"
    kept = matrix.select(genes=account.kept).with_values(values, unit)
    return Prepared(kept, scale, account_table(account, matrix), account.counts(), matrix)


def _values(inputs: Inputs, kept: Mask, scale: SampleScale, options: PrepareOptions) -> Floats:
    """Expression of the kept genes on one scale, without batches where asked for."""
    log_scale = options.transform == "log2" or options.removes_batches
    values = scaled_expression(
        inputs.counts.values, inputs.tpm, kept, scale, log=log_scale, prior_count=options.prior_count
    )
    if not options.removes_batches:
        return values
    sheet = inputs.sheet
    assert sheet is not None

    def numbers(names: tuple[str, ...]) -> Floats:
        return np.column_stack([_numeric(sheet, name, str(options.sample_sheet)) for name in names])

    design = np.ones((inputs.counts.n_samples, 1))
    if options.keep_design:
        design = np.column_stack([design, *(_design(sheet, name) for name in options.keep_design)])
    labels = [None if name is None else sheet[name].to_list() for name in (options.batch, options.batch2)]
    covariates = numbers(options.batch_covariates) if options.batch_covariates else None
    return remove_batch_effect(
        values, batch=labels[0], batch2=labels[1], covariates=covariates, design=design
    )


def _numeric(sheet: pl.DataFrame, name: str, path: str) -> Floats:
    import polars as pl

    column = sheet[name].cast(pl.Float64, strict=False)
    bad = column.is_null() | column.is_nan()
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise InputError(
            f"{path}: column {name}: '{sheet[name][row]}' of sample {sheet['sample'][row]} is not a number"
        )
    return column.to_numpy()


def _design(sheet: pl.DataFrame, name: str) -> Floats:
    """A column to keep: itself where all are numbers, else a column a level but one."""
    import polars as pl

    from postgwas.expression.batch_effect import sum_contrasts

    numbers = sheet[name].cast(pl.Float64, strict=False)
    if numbers.null_count() == 0:
        return numbers.to_numpy()[:, None]
    contrasts = sum_contrasts(sheet[name].to_list(), sheet.height, name)
    assert contrasts is not None
    return contrasts


def _refuse_none(account: GeneAccount, matrix: ExpressionMatrix) -> None:
    if account.kept.any():
        return
    why = ", ".join(f"{count:,} {reason}" for reason, count in account.counts().items())
    raise InputError(
        f"{matrix.path}: no gene is left of {matrix.n_genes:,}: {why}",
        hint="--min_count, --min_tpm, --min_share, or another --filter",
    )


def _log_account(
    account: GeneAccount, scale: SampleScale, matrix: ExpressionMatrix, options: PrepareOptions
) -> None:
    log_step(
        log, f"Genes (filter {options.filter.rule})", rows_in=matrix.n_genes,
        rows_out=int(account.kept.sum()), dropped=account.counts(), unit="genes",
    )  # fmt: skip
    told = "size factors" if options.norm in SIZE_FACTORS else "normalisation factors"
    if options.norm in ("qn", "none"):
        return
    log.info(
        "%s (%s, %s genes): %.4g to %.4g%s", told, options.norm, options.factors_from,
        scale.factors.min(), scale.factors.max(),
        "" if scale.reference is None else f"; reference sample {matrix.samples[scale.reference]}",
    )  # fmt: skip
