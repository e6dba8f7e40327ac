"""Trans mapping, all variants against all phenotypes: ``postgwas.qtl.trans``."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import Engine, engine
from postgwas.errors import NoVariantsError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.device import DeviceName, device_named
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.masked_places import MaskedPlaces
from postgwas.qtl.projection import projection
from postgwas.qtl.rejections import Rejections
from postgwas.qtl.segments import narrowed
from postgwas.qtl.trans_context import read_context
from postgwas.qtl.trans_interaction import interaction_model, joined_interactions
from postgwas.qtl.trans_pairs import joined_pairs
from postgwas.qtl.trans_places import cis_stretches, contig_codes, crossmapped, joined
from postgwas.qtl.trans_scan import TASK, TransPart, TransTargets, TransTask, keep_targets, scan
from postgwas.qtl.trans_screen import Places
from postgwas.qtl.trans_tables import gene_table, interaction_table, pair_table
from postgwas.qtl.variant_block import VariantReason
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

PERFECT_FIT = "perfect_fit"
_LISTED = (VariantReason.ALL_MISSING, VariantReason.CONSTANT, VariantReason.EXPLAINED_BY_COVARIATES)


@dataclass(frozen=True)
class TransSettings:
    """What counts as a test, and which are kept.

    Attributes
    ----------
    pval_threshold : float
        Pairs of this P or less are kept; above 0, at most 1.
    cis_window : int
        Bases to each side of a phenotype's TSS whose variants are not tested against it, ends
        included; 0: none.
    crossmap : path, optional
        Pairs of genes whose reads align to each other; see :func:`postgwas.qtl.crossmap.read_crossmap`.
        A variant within `crossmap_window` of the TSS of a gene is not tested against any phenotype that
        cross-maps with that gene.
    crossmap_window : int
    crossmap_min : float
        Cross-mappability above this counts.
    gene_places : path, optional
        A GTF with the places of genes that are no phenotypes: they cross-map too.
    interaction : path, optional
        A context: two columns, sample and number. Then the product of genotype and context is tested.
    device : {"cpu", "cuda"}
    """

    pval_threshold: float = 1e-5
    cis_window: int = 5_000_000
    crossmap: Paths | None = None
    crossmap_window: int = 1_000_000
    crossmap_min: float = 0.0
    gene_places: Paths | None = None
    interaction: Paths | None = None
    device: DeviceName = "cpu"

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        EngineError
            If the device cannot be had.
        """
        if not 0.0 < self.pval_threshold <= 1.0:
            raise UsageError(f"--pval_threshold {self.pval_threshold:g}: expected a P above 0 and at most 1")
        for name, value in (("cis_window", self.cis_window), ("crossmap_window", self.crossmap_window)):
            if value < 0:
                raise UsageError(f"--{name} {value}: expected bases, at least 0")
        if self.gene_places is not None and self.crossmap is None:
            raise UsageError("--gene_places is for --crossmap, which is not given")
        device_named(self.device)


@dataclass(frozen=True, eq=False)
class TransResult:
    """Pairs that pass the limit, and how many were tested.

    Attributes
    ----------
    table : polars.DataFrame
        A row a pair, by variant and then by phenotype; see :mod:`postgwas.qtl.trans_tables`.
    genes : polars.DataFrame
        A row a phenotype that was tested.
    n_tests, n_masked : int
        Pairs of tested variants and phenotypes that count, and that do not.
    n_variants : int
        Tested variants.
    n_imputed : int
        Missing calls that were set to their variant's mean.
    df : int
    inputs : QtlInputs
    rejected : Rejections
    """

    table: pl.DataFrame
    genes: pl.DataFrame
    n_tests: int
    n_masked: int
    n_variants: int
    n_imputed: int
    df: int
    inputs: QtlInputs
    rejected: Rejections = field(repr=False)


def trans(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    settings: TransSettings | None = None,
    scratch: Path | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> TransResult:
    """Test all variants against all phenotypes, and keep the pairs below a limit on P.

    Parameters
    ----------
    genotypes : Genotypes, path, or QtlInputs
        Inputs loaded with ``cis=False`` serve several analyses.
    phenotypes : ExpressionMatrix or path
    covariates : CovariateMatrix or path, optional
    options : QtlInputOptions, optional
        The least minor allele frequency is 0.05 where none are given. The window is of no effect.
    settings : TransSettings, optional
    scratch : path, optional
        Folder that all workers see, for what they share; else it travels with every task.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    TransResult

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.qtl.inputs.load_inputs`; or the context lacks samples or does not vary.
    NoVariantsError
        If no variant can be tested.
    EngineError
        If the device cannot be had.

    References
    ----------
    Shabalin 2012, Bioinformatics 28:1353; Saha and Battle 2018, F1000Research 7:1860 (cross-mapping).

    Examples
    --------
    >>> found = trans("geno.pgen", "expression.bed.gz", "covariates.txt")  # doctest: +SKIP
    >>> found.n_tests, found.table.filter(pl.col("pval_adj_bh") <= 0.05)  # doctest: +SKIP
    """
    chosen = settings or TransSettings()
    chosen.check()
    inputs = _loaded(genotypes, phenotypes, covariates, options)
    variant_contig, gene_contig = contig_codes(inputs.genotypes.variants, inputs.phenotypes.genes)
    tss = inputs.phenotypes.genes["TSS"].fill_null(0).to_numpy().astype(np.int64)
    cis = cis_stretches(gene_contig, tss, chosen.cis_window)
    masked = joined(cis)
    if chosen.crossmap is not None:
        others = _gene_places(chosen.gene_places, inputs)
        masked = joined(cis, crossmapped(
            chosen.crossmap, inputs.phenotypes.genes, gene_contig, others,
            window=chosen.crossmap_window, score_min=chosen.crossmap_min,
        ))  # fmt: skip
    targets = _targets(inputs, chosen, masked)
    position = inputs.genotypes.variants["POS"].to_numpy().astype(np.int64)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(
            scan, _tasks(inputs, variant_contig, position, _shared(targets, eng, scratch)), label="Trans"
        )
    return _result(inputs, targets, parts, variant_contig, position, gene_contig, tss)


def _loaded(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None,
    covariates: CovariateMatrix | Paths | None,
    options: QtlInputOptions | None,
) -> QtlInputs:
    if isinstance(genotypes, QtlInputs):
        if phenotypes is not None or covariates is not None or options is not None:
            raise UsageError("loaded inputs have their phenotypes, covariates and options with them")
        return genotypes
    if phenotypes is None:
        raise UsageError("no phenotypes are given")
    return load_inputs(
        genotypes, phenotypes, covariates, options=options or QtlInputOptions(maf_min=0.05), cis=False
    )


def _gene_places(path: Paths | None, inputs: QtlInputs) -> pl.DataFrame | None:
    if path is None:
        return None
    import polars as pl

    from postgwas.expression.gtf import genes_of_gtf, read_gtf

    genes = genes_of_gtf(read_gtf(path)).select("GENE_ID", "CHR", "CHROM", "TSS")
    codes = contig_codes(inputs.genotypes.variants, inputs.phenotypes.genes, genes)[2]
    return pl.DataFrame({"GENE_ID": genes["GENE_ID"], "CONTIG": codes, "TSS": genes["TSS"].cast(pl.Int64)})


def _targets(inputs: QtlInputs, settings: TransSettings, masked: MaskedPlaces) -> TransTargets:
    limit = -math.log10(settings.pval_threshold)
    options = inputs.options
    if settings.interaction is None:
        return TransTargets(
            inputs.y_unit, inputs.y_norm, inputs.variant_projection, inputs.df, limit, masked,
            options.maf_min, options.max_missing, settings.device,
        )  # fmt: skip
    if options.compat is not None:
        raise UsageError(f"--compat {options.compat} has no interactions", hint="without --interaction")
    context = read_context(settings.interaction, inputs.samples)
    known = None if inputs.covariates is None else inputs.covariates.values
    model = interaction_model(context, known)
    if model.context_is_covariate:
        log.warning(
            "%s: the covariates explain the context: its own effect is not told (the product's is)",
            os.fspath(settings.interaction),
        )
    # The context may leave nothing of a phenotype: then nothing is correlated with it either.
    left = model.with_context.residuals(inputs.residuals)
    norm = np.sqrt(np.einsum("ij,ij->i", left, left))
    unit = left / np.where(norm > 1e-7 * inputs.y_norm, norm, np.inf)[:, None]
    return TransTargets(
        unit, norm, projection(None, inputs.n_samples), model.df, limit, masked, options.maf_min,
        options.max_missing, settings.device, model, inputs.residuals,
    )  # fmt: skip


def _shared(targets: TransTargets, eng: Engine, scratch: Path | None) -> TransTargets | str:
    if scratch is None or eng.cores == 1:
        return targets
    return keep_targets(targets, os.fspath(scratch / "targets.pickle"))


def _tasks(
    inputs: QtlInputs, contig: Places, position: Places, targets: TransTargets | str
) -> list[TransTask]:
    n = inputs.genotypes.n_variants
    return [
        TransTask(
            narrowed(inputs.genotypes.source, np.arange(start, min(start + TASK, n))), start,
            contig[start : start + TASK], position[start : start + TASK], targets,
        )
        for start in range(0, n, TASK)
    ]  # fmt: skip


def _result(
    inputs: QtlInputs,
    targets: TransTargets,
    parts: list[TransPart],
    contig: Places,
    position: Places,
    gene_contig: Places,
    tss: Places,
) -> TransResult:
    reason = np.concatenate([part.reason for part in parts])
    tested = np.flatnonzero(reason == 0)
    rejected = _rejections(inputs, reason, np.concatenate([part.perfect for part in parts]))
    if not len(tested):
        told = ", ".join(f"{number:,} {why}" for why, number in rejected.variants.items())
        raise NoVariantsError(
            f"{inputs.genotypes.path}: none of {len(reason):,} variants can be tested ({told})",
            hint="--maf_min, --max_missing",
        )
    out = targets.masked.counts(inputs.n_genes, contig[tested], position[tested])
    n_tests = len(tested) - out
    places = (contig, position, gene_contig, tss)
    if targets.model is None:
        pairs = joined_pairs([part.pairs for part in parts])
        table = pair_table(inputs, pairs, int(n_tests.sum()), places)
        genes = gene_table(inputs, pairs.variant, pairs.phenotype, pairs.mlog10p, n_tests)
    else:
        fits = joined_interactions([part.pairs for part in parts])
        table = interaction_table(inputs, fits, int(n_tests.sum()), places)
        genes = gene_table(inputs, fits.variant, fits.phenotype, fits.mlog10p[2], n_tests)
    imputed = sum(part.n_imputed for part in parts)
    return TransResult(
        table, genes, int(n_tests.sum()), int(out.sum()), len(tested), imputed, targets.df, inputs, rejected
    )


def _rejections(inputs: QtlInputs, reason: Any, perfect: Places) -> Rejections:
    codes, numbers = np.unique(reason[reason > 0], return_counts=True)
    counts = {VariantReason(code).name.lower(): n for code, n in zip(codes.tolist(), numbers.tolist())}
    names, ids = inputs.genotypes.variants["SNPID"], inputs.phenotypes.gene_ids
    rows = np.flatnonzero(np.isin(reason, _LISTED))
    listed = [
        (name, VariantReason(code).name.lower())
        for name, code in zip(names.gather(rows).to_list(), reason[rows].tolist())
    ]
    pairs = [(ids[gene], names[variant], PERFECT_FIT) for variant, gene in perfect.tolist()]
    return Rejections(dict(inputs.rejected), counts, listed, pairs)
