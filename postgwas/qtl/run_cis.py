"""The cis nominal pass: ``postgwas.qtl.cis_nominal``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import NoVariantsError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.cis_pairs import CisPairs, cis_pairs, pair_table
from postgwas.qtl.inputs import EMPTY_WINDOW, Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.rejections import Rejections, SegmentRejections, gather_rejections, segment_rejections
from postgwas.qtl.segments import Segment, segments_of
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

PERFECT_FIT = "perfect_fit"


@dataclass(frozen=True, eq=False)
class CisNominal:
    """Associations of all pairs within the window.

    Attributes
    ----------
    table : polars.DataFrame
        phenotype_id, variant_id, tss_distance (POS - TSS), af (frequency of the effect allele),
        ma_samples, ma_count, pval_nominal, slope (per copy of the effect allele), slope_se, mlog10p,
        effect_allele, other_allele: by phenotype in order of place, then by position.
    df : int
        Degrees of freedom.
    n_samples : int
    rejected : Rejections
    n_imputed : int
        Missing calls that were set to the variant's mean.
    """

    table: pl.DataFrame
    df: int
    n_samples: int
    rejected: Rejections
    n_imputed: int


def cis_nominal(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CisNominal:
    """Test every variant within a window of each phenotype's TSS, covariates projected out of both sides.

    Parameters
    ----------
    genotypes : Genotypes, path, or QtlInputs
        Loaded inputs serve several analyses; then nothing else but the engine's arguments is given.
    phenotypes : ExpressionMatrix or path
        A phenotype BED.
    covariates : CovariateMatrix or path, optional
    options : QtlInputOptions, optional
    window, maf_min : optional
        Instead of those of `options`.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    CisNominal

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.qtl.inputs.load_inputs`.
    NoVariantsError
        If no window has a variant that can be tested.

    References
    ----------
    Ongen et al. 2016, Bioinformatics 32:1479 (FastQTL's nominal pass).

    Examples
    --------
    >>> found = cis_nominal("geno.pgen", "expr.bed.gz", "covariates.txt", maf_min=0.01)  # doctest: +SKIP
    >>> found.table.sort("mlog10p", descending=True).head()  # doctest: +SKIP
    """
    inputs = as_inputs(genotypes, phenotypes, covariates, options=options, window=window, maf_min=maf_min)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(_table_of, segments_of(inputs), label="Cis pairs")
    import polars as pl

    rejected = gather_rejections([left for _, left in parts], inputs.rejected)
    table = pl.concat([frame for frame, _ in parts])
    refuse_untested(table.height, inputs, rejected)
    return CisNominal(table, inputs.df, inputs.n_samples, rejected, sum(left.imputed for _, left in parts))


def as_inputs(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None,
    covariates: CovariateMatrix | Paths | None,
    *,
    options: QtlInputOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
) -> QtlInputs:
    """Loaded inputs as they are, or files loaded.

    Raises
    ------
    UsageError
        If loaded inputs come with files or options beside them, or phenotypes are missing.
    InputError
        As :func:`postgwas.qtl.inputs.load_inputs`.
    """
    if isinstance(genotypes, QtlInputs):
        if any(one is not None for one in (phenotypes, covariates, options, window, maf_min)):
            raise UsageError("loaded inputs have their phenotypes, covariates and options with them")
        return genotypes
    if phenotypes is None:
        raise UsageError("no phenotypes are given")
    chosen = options or QtlInputOptions()
    if window is not None:
        chosen = replace(chosen, window=window)
    if maf_min is not None:
        chosen = replace(chosen, maf_min=maf_min)
    return load_inputs(genotypes, phenotypes, covariates, options=chosen)


def refuse_untested(n_tests: int, inputs: QtlInputs, rejected: Rejections) -> None:
    """Refuse a run without a single test.

    Raises
    ------
    NoVariantsError
    """
    if n_tests == 0:
        told = ", ".join(f"{number:,} {why}" for why, number in rejected.counts.items())
        raise NoVariantsError(
            f"{inputs.phenotypes.path}: no pair of phenotype and variant within {inputs.options.window:,} "
            f"bases can be tested ({told})",
            hint="are both of one build? --window, --maf_min",
        )


def _table_of(segment: Segment) -> tuple[pl.DataFrame, SegmentRejections]:
    pairs = cis_pairs(segment)
    return pair_table(segment, pairs), pairs_left_out(segment, pairs)


def pairs_left_out(segment: Segment, pairs: CisPairs) -> SegmentRejections:
    """Variants that were not tested, phenotypes without any that was, and perfect fits."""
    tested = np.bincount(pairs.gene, minlength=segment.n_genes)
    empty = [(segment.gene_ids[gene], EMPTY_WINDOW) for gene in np.flatnonzero(tested == 0)]
    perfect = [
        (
            segment.gene_ids[int(pairs.gene[at])],
            segment.variants["SNPID"][int(pairs.variant[at])],
            PERFECT_FIT,
        )
        for at in np.flatnonzero(pairs.tests.perfect)
    ]
    return segment_rejections(segment, pairs.reason, pairs.n_missing, phenotypes=empty, pairs=perfect)
