"""Genotype x term interactions in cis: ``postgwas.qtl.cis_interaction``."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import UsageError
from postgwas.expression.covariate_table import CovariateMatrix, CovariateTable
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import EMPTY_WINDOW, EXPLAINED, Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.interaction import InteractionModel, interaction_model
from postgwas.qtl.interaction_scan import ScanSettings, SegmentScan, scan
from postgwas.qtl.interaction_tables import pair_table
from postgwas.qtl.interaction_terms import Terms, coded_terms, read_terms, samples_with_terms
from postgwas.qtl.interaction_top import TopOf, top_of, top_table
from postgwas.qtl.projection import Floats
from postgwas.qtl.rejections import Rejections, SegmentRejections, gather_rejections, segment_rejections
from postgwas.qtl.run_cis import PERFECT_FIT, refuse_untested
from postgwas.qtl.segments import Segment, segments_of
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")


@dataclass(frozen=True)
class InteractionOptions:
    """Terms, limits, and what is computed of each phenotype.

    Attributes
    ----------
    terms : sequence of str, optional
        Columns of the file of terms; all if None.
    categorical : collection of str
        Terms whose numbers are names of groups.
    references : mapping of str to str, optional
        Term -> reference level.
    maf_min_interaction : float
        Least minor allele frequency in each group of each term.
    eigenmt : bool
        Effective number of tests of each phenotype.
    eigenmt_window : int
        Variants of a window.
    eigenmt_variance : float
    permutations : int
        Of each phenotype; 0: none.
    seed : int, optional
        Of the permutations; one is drawn if None.
    """

    terms: Sequence[str] | None = None
    categorical: Collection[str] = ()
    references: Mapping[str, str] | None = None
    maf_min_interaction: float = 0.05
    eigenmt: bool = True
    eigenmt_window: int = 200
    eigenmt_variance: float = 0.99
    permutations: int = 0
    seed: int | None = None

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if not 0.0 <= self.maf_min_interaction <= 0.5:
            raise UsageError(f"--maf_min_interaction {self.maf_min_interaction:g}: expected 0 to 0.5")
        if self.eigenmt_window < 1:
            raise UsageError(f"--eigenmt_window {self.eigenmt_window}: expected at least 1 variant")
        if not 0.0 < self.eigenmt_variance <= 1.0:
            raise UsageError(f"--eigenmt_variance {self.eigenmt_variance:g}: expected above 0, up to 1")
        if self.permutations < 0 or 0 < self.permutations < 10:
            raise UsageError(f"--permutations {self.permutations}: expected 0 for none, or at least 10")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"--seed {self.seed}: expected a whole number, at least 0")


@dataclass(frozen=True, eq=False)
class CisInteraction:
    """Interactions of all pairs within the window.

    Attributes
    ----------
    table : polars.DataFrame
        A row a pair: phenotype_id, variant_id, tss_distance, af, ma_samples, ma_count, pval_g, b_g,
        b_g_se (the variant where all terms are 0), pval_i, b_i, b_i_se (a term where there is no
        copy of the effect allele), pval_gi, b_gi, b_gi_se (the interaction), mlog10p_gi,
        effect_allele, other_allele. Several terms are numbered (b_gi1, b_gi2) and have the joint
        test beside them: f_gi_joint, pval_gi_joint; mlog10p_gi is then the joint test's.
    top : polars.DataFrame
        The best pair of each phenotype, with num_var, tests_emt, pval_emt and pval_adj_bh
        (eigenMT, Bonferroni by it, Benjamini and Hochberg over phenotypes), and of permutations
        pval_perm, pval_beta and qval.
    terms : Terms
    df : int
        Degrees of freedom of the residuals.
    n_samples : int
    rejected : Rejections
    seed : int or None
        Of the permutations.
    """

    table: pl.DataFrame
    top: pl.DataFrame
    terms: Terms
    df: int
    n_samples: int
    rejected: Rejections
    seed: int | None


def cis_interaction(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    interaction: CovariateTable | Paths,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    interaction_options: InteractionOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CisInteraction:
    """Test every variant within a window of each phenotype's TSS for interaction with the terms.

    Parameters
    ----------
    genotypes : Genotypes or path
    phenotypes : ExpressionMatrix or path
        A phenotype BED.
    interaction : CovariateTable or path
        The terms of each sample; see :func:`postgwas.qtl.interaction_terms.read_terms`.
    covariates : CovariateMatrix or path, optional
        The terms may be among them.
    options : QtlInputOptions, optional
    interaction_options : InteractionOptions, optional
    window, maf_min : optional
        Instead of those of `options`.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    CisInteraction

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.qtl.inputs.load_inputs`; or a term is constant, depends on the others, or
        is missing for samples that are not to be dropped.
    NoVariantsError
        If no pair can be tested.

    References
    ----------
    Taylor-Weiner et al. 2019, Genome Biol 20:228 (tensorQTL's model and columns); Davis et al. 2016,
    Am J Hum Genet 98:216-224 (eigenMT).

    Examples
    --------
    >>> found = cis_interaction("geno.pgen", "expr.bed.gz", "sex.txt", "covariates.txt")  # doctest: +SKIP
    >>> found.top.sort("pval_adj_bh").head()  # doctest: +SKIP
    """
    chosen = options or QtlInputOptions()
    chosen = replace(
        chosen,
        window=chosen.window if window is None else window,
        maf_min=chosen.maf_min if maf_min is None else maf_min,
    )
    loaded = load_interaction(
        genotypes, phenotypes, interaction, covariates,
        options=chosen, interaction_options=interaction_options or InteractionOptions(),
    )  # fmt: skip
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(_table_of, loaded.tasks(), label="Interactions")
    import polars as pl

    rejected = gather_rejections([left for _, _, left in parts], loaded.inputs.rejected)
    table = pl.concat([frame for frame, _, _ in parts])
    refuse_untested(table.height, loaded.inputs, rejected)
    top = top_table([part for _, part, _ in parts], loaded.model.n_terms)
    return CisInteraction(
        table, top, loaded.terms, loaded.model.df, loaded.inputs.n_samples, rejected, loaded.seed
    )


@dataclass(frozen=True, eq=False)
class InteractionTask:
    """A segment and what to do with it."""

    segment: Segment
    values: Floats
    settings: ScanSettings


@dataclass(frozen=True, eq=False)
class LoadedInteraction:
    """Inputs with their terms."""

    inputs: QtlInputs
    terms: Terms
    model: InteractionModel
    settings: ScanSettings
    seed: int | None

    def tasks(self) -> list[InteractionTask]:
        """One a segment."""
        values = self.inputs.phenotypes.values
        return [
            InteractionTask(segment, values[segment.genes], self.settings)
            for segment in segments_of(self.inputs)
        ]


def load_interaction(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    interaction: CovariateTable | Paths,
    covariates: CovariateMatrix | Paths | None,
    *,
    options: QtlInputOptions,
    interaction_options: InteractionOptions,
) -> LoadedInteraction:
    """Read and align everything; samples without a term are refused or dropped.

    Raises
    ------
    InputError, UsageError
        As :func:`cis_interaction`.
    """
    chosen = interaction_options
    chosen.check()
    options.check()
    if options.compat is not None:
        raise UsageError("--compat qtltools has no model of interactions", hint="without --compat")
    matrix = phenotypes
    if not isinstance(matrix, ExpressionMatrix):
        from postgwas.expression.bed import read_bed

        matrix = read_bed(matrix)
    if isinstance(interaction, str | os.PathLike):
        interaction = read_terms(interaction, matrix.samples, columns=chosen.terms)
    kept = samples_with_terms(interaction, matrix.samples, unmatched=options.unmatched)
    if len(kept) < matrix.n_samples:
        matrix = matrix.select(samples=kept)
    inputs = load_inputs(genotypes, matrix, covariates, options=options)
    terms = coded_terms(
        interaction, inputs.samples, categorical=chosen.categorical, references=chosen.references
    )
    known = None if inputs.covariates is None else inputs.covariates.values
    model = interaction_model(terms.values, known, names=terms.names)
    _tell(terms, model, inputs)
    seed, orders = _orders(chosen, inputs.n_samples)
    settings = ScanSettings(
        model, terms.groups, chosen.maf_min_interaction, chosen.eigenmt_window if chosen.eigenmt else 0,
        chosen.eigenmt_variance, orders,
    )  # fmt: skip
    return LoadedInteraction(inputs, terms, model, settings, seed)


def _tell(terms: Terms, model: InteractionModel, inputs: QtlInputs) -> None:
    for made in terms.groups:
        sizes = ", ".join(f"{name} {size:,}" for name, size in zip(made.names, made.sizes))
        log.info("Interaction term %s: groups for the limit of frequency: %s", made.column, sizes)
    if model.replaced and inputs.covariates is not None:
        own = [inputs.covariates.names[row] for row in model.replaced]
        log.info("Covariates that follow from the terms and other covariates: %s", ", ".join(own))
    log.info("%d terms (%s), %d degrees of freedom", model.n_terms, ", ".join(terms.names), model.df)


def _orders(options: InteractionOptions, n: int) -> tuple[int | None, np.ndarray[Any, np.dtype[np.int32]]]:
    if not options.permutations:
        return None, np.empty((0, n), np.int32)
    from postgwas.qtl.permutations import permutations

    seed = options.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
        log.info("--seed %d (drawn)", seed)
    # One layout in memory here and in workers: sums, to the last bit, follow it.
    return seed, np.ascontiguousarray(permutations(seed, n, start=0, stop=options.permutations))


def _table_of(task: InteractionTask) -> tuple[pl.DataFrame, TopOf, SegmentRejections]:
    found = scan(task.segment, task.values, task.settings)
    table = pair_table(task.segment, found, task.settings.model.df)
    top = top_of(task.segment, found, task.settings.model, table)
    return table, top, left_out(task.segment, found)


def left_out(segment: Segment, found: SegmentScan) -> SegmentRejections:
    """Variants and phenotypes that were not tested, and perfect fits."""
    tested = np.bincount(found.gene, minlength=segment.n_genes) > 0
    phenotypes = [
        (segment.gene_ids[gene], EXPLAINED if gene in found.explained else EMPTY_WINDOW)
        for gene in np.flatnonzero(~tested).tolist()
    ]
    names = segment.variants["SNPID"]
    pairs = [
        (segment.gene_ids[int(found.gene[at])], names[int(found.variant[at])], PERFECT_FIT)
        for at in np.flatnonzero(found.effects.perfect)
    ]
    return segment_rejections(
        segment, found.about.reason, found.about.n_missing, phenotypes=phenotypes, pairs=pairs
    )
