"""SuSiE of each gene over its cis window: ``postgwas.qtl.finemap``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import EMPTY_WINDOW, Paths, QtlInputOptions, QtlInputs
from postgwas.qtl.rejections import Rejections, SegmentRejections, gather_rejections, segment_rejections
from postgwas.qtl.run_cis import as_inputs, refuse_untested
from postgwas.qtl.segments import Rows, Segment, segments_of
from postgwas.qtl.variant_block import VariantBlock
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

    from postgwas.finemap.susie_result import SusieFit

log = get_logger("qtl")

NOT_CONVERGED = "not_converged"


@dataclass(frozen=True)
class FinemapSettings:
    """How genes are fine-mapped; see :func:`postgwas.finemap.susie`.

    Attributes
    ----------
    n_effects : int
        Most effects a gene.
    coverage : float
        Of a credible set.
    min_abs_corr : float
        Least absolute correlation within a credible set.
    max_iter : int
    tol : float
    scaled_prior_variance : float
    prior_method : {"EM", "optim", "simple"}
        How prior variances are estimated: tensorQTL's EM, susieR's optim.
    min_pip : float
        Variants of smaller PIP, outside of credible sets, are not in the table of PIPs.
    """

    n_effects: int = 10
    coverage: float = 0.95
    min_abs_corr: float = 0.5
    max_iter: int = 500
    tol: float = 1e-3
    scaled_prior_variance: float = 0.2
    prior_method: Literal["EM", "optim", "simple"] = "EM"
    min_pip: float = 1e-4

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.n_effects < 1 or self.max_iter < 1:
            raise UsageError(f"--L {self.n_effects}, --max_iter {self.max_iter}: expected at least 1")
        for name, value in (("coverage", self.coverage), ("min_abs_corr", self.min_abs_corr)):
            if not 0.0 < value < 1.0:
                raise UsageError(f"--{name} {value:g}: expected a number between 0 and 1")
        if self.prior_method not in ("EM", "optim", "simple"):
            raise UsageError(f"--prior_method {self.prior_method}: expected EM, optim or simple")
        if not self.tol > 0:
            raise UsageError(f"--tol {self.tol:g}: expected a number above 0")


@dataclass(frozen=True, eq=False)
class Finemapped:
    """Fine-mapped genes.

    Attributes
    ----------
    sets : polars.DataFrame
        A row a credible set: phenotype_id, cs_id (from 1), size, coverage, min_abs_corr, mean_abs_corr,
        log10_bf, variant_id (its lead), tss_distance, pip, af, slope (posterior mean effect of the lead,
        per copy of the effect allele, if the effect is there), effect_allele, other_allele, converged.
    members : polars.DataFrame
        A row a variant of a set: phenotype_id, variant_id, pip, af, cs_id, tss_distance, effect_allele,
        other_allele.
    pips : polars.DataFrame
        CHR, POS, phenotype_id, variant_id, pip, cs_id (null outside of sets) and the log Bayes factors
        ``lbf_1`` ... of the effects behind the sets (null beyond a gene's), of every variant tested.
    genes : polars.DataFrame
        A row a gene: phenotype_id, n_variants, n_sets, converged, n_iter, residual_variance (share of the
        phenotype's variance beside the covariates), elbo.
    rejected : Rejections
    """

    sets: pl.DataFrame
    members: pl.DataFrame
    pips: pl.DataFrame
    genes: pl.DataFrame
    rejected: Rejections


def finemap(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    genes: Sequence[str] | None = None,
    settings: FinemapSettings | None = None,
    options: QtlInputOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> Finemapped:
    """Fine-map genes by SuSiE on genotypes, covariates projected out of both sides.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, window, maf_min
        As :func:`postgwas.qtl.run_cis.cis_nominal`.
    genes : sequence of str, optional
        Phenotypes to map, such as eGenes; all if None.
    settings : FinemapSettings, optional
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Raises
    ------
    InputError, UsageError, NoVariantsError
        As :func:`postgwas.qtl.inputs.load_inputs`; or a gene is not among the phenotypes.

    References
    ----------
    Wang, Sarkar, Carbonetto, Stephens 2020, J. R. Stat. Soc. B 82:1273-1300.

    Examples
    --------
    >>> found = finemap("geno.pgen", "expr.bed.gz", "covariates.txt", genes=["ENSG1"])  # doctest: +SKIP
    >>> found.sets  # doctest: +SKIP
    """
    chosen = settings or FinemapSettings()
    chosen.check()
    inputs = as_inputs(genotypes, phenotypes, covariates, options=options, window=window, maf_min=maf_min)
    if genes is not None:
        inputs = only_genes(inputs, genes)
    tasks = [(segment, chosen) for segment in segments_of(inputs)]
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(_map_segment, tasks, label="Fine-mapping")
    rejected = gather_rejections([part.rejected for part in parts], inputs.rejected)
    found = Finemapped(
        sets=_stacked([_no_sets(), *(part.sets for part in parts)]),
        members=_stacked([part.members for part in parts]),
        pips=_stacked([part.pips for part in parts]),
        genes=_stacked([part.genes for part in parts]),
        rejected=rejected,
    )
    refuse_untested(found.genes.height, inputs, rejected)
    return found


def only_genes(inputs: QtlInputs, genes: Sequence[str]) -> QtlInputs:
    """Some of the phenotypes.

    Raises
    ------
    UsageError
        If one is neither among those that can be tested nor among the rejected, or none is left.
    """
    wanted = set(genes)
    known = set(inputs.phenotypes.gene_ids)
    lost = sorted(wanted - known - set(inputs.rejected))
    path = inputs.phenotypes.path
    if lost:
        raise UsageError(f"{path}: {len(lost)} phenotypes are not in it: {some_names(lost)}")
    rows = np.array([row for row, name in enumerate(inputs.phenotypes.gene_ids) if name in wanted], np.int64)
    if not len(rows):
        raise UsageError(f"{path}: none of the {len(wanted)} phenotypes asked for can be tested")
    return inputs.of(rows, rejected={name: why for name, why in inputs.rejected.items() if name in wanted})


@dataclass(frozen=True, eq=False)
class _Part:
    sets: pl.DataFrame
    members: pl.DataFrame
    pips: pl.DataFrame
    genes: pl.DataFrame
    rejected: SegmentRejections


def _stacked(frames: list[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return pl.concat(frames, how="diagonal")


def _map_segment(task: tuple[Segment, FinemapSettings]) -> _Part:
    segment, settings = task
    frames: dict[str, list[pl.DataFrame]] = {"sets": [], "members": [], "pips": [], "genes": []}
    empty: list[tuple[str, str]] = []
    reason = np.zeros(segment.n_variants, np.int8)
    n_missing = np.zeros(segment.n_variants, np.int64)
    for gene, rows, block in segment.gene_blocks():
        n_missing[rows] = block.n_missing
        if not len(rows):
            empty.append((segment.gene_ids[gene], EMPTY_WINDOW))
            continue
        fit = _fit(segment, gene, block, settings)
        for name, frame in _tables(segment, gene, rows, block, fit, settings).items():
            frames[name].append(frame)
    made = {name: _stacked(several) if several else _none() for name, several in frames.items()}
    return _Part(**made, rejected=segment_rejections(segment, reason, n_missing, phenotypes=empty))


def _none() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame()


def _no_sets() -> pl.DataFrame:
    """The columns of :attr:`Finemapped.sets`."""
    import polars as pl

    text, number, whole = pl.String(), pl.Float64(), pl.Int64()
    return pl.DataFrame(
        schema={
            "phenotype_id": text, "cs_id": whole, "size": whole, "coverage": number, "min_abs_corr": number,
            "mean_abs_corr": number, "log10_bf": number, "variant_id": text, "tss_distance": whole,
            "pip": number, "af": number, "slope": number, "effect_allele": text, "other_allele": text,
            "converged": pl.Boolean(),
        }
    )  # fmt: skip


def _fit(segment: Segment, gene: int, block: VariantBlock, settings: FinemapSettings) -> SusieFit:
    from postgwas.finemap.susie_individual import susie

    return susie(
        block.unit.T, segment.y_unit[gene] * np.sqrt(segment.projection.n_samples - 1),
        L=min(settings.n_effects, block.n_variants), coverage=settings.coverage,
        min_abs_corr=settings.min_abs_corr, max_iter=settings.max_iter, tol=settings.tol,
        scaled_prior_variance=settings.scaled_prior_variance, estimate_prior_method=settings.prior_method,
    )  # fmt: skip


def _tables(
    segment: Segment, gene: int, rows: Rows, block: VariantBlock, fit: SusieFit, settings: FinemapSettings
) -> dict[str, pl.DataFrame]:
    import polars as pl

    name = segment.gene_ids[gene]
    table = segment.variants[rows]
    # The phenotype was scaled to variance 1 and variants to norm 1: back to copies and its own unit.
    unit = segment.y_norm[gene] / np.sqrt(segment.projection.n_samples - 1)
    held = fit.in_set
    about = {
        "phenotype_id": [name] * len(rows),
        "variant_id": table["SNPID"],
        "tss_distance": table["POS"].to_numpy().astype(np.int64) - segment.tss[gene],
        "af": block.af,
        "pip": fit.pip,
        "cs_id": pl.Series(held, dtype=pl.Int32),
        "effect_allele": table["A1"],
        "other_allele": table["A2"],
    }
    everything = pl.DataFrame(about)
    sets = []
    for number, one in enumerate(fit.credible_sets, start=1):
        lead = everything.row(one.lead, named=True)
        # mu is per standard deviation of the scaled variant, which has norm 1 before.
        spread = block.unit[one.lead].std(ddof=1)
        slope = fit.mu[one.effect, one.lead] / spread / block.norm[one.lead] * unit
        sets.append(
            {
                "phenotype_id": name, "cs_id": number, "size": len(one), "coverage": one.coverage,
                "min_abs_corr": one.purity.min, "mean_abs_corr": one.purity.mean,
                "log10_bf": one.log_bf / np.log(10.0), "variant_id": lead["variant_id"],
                "tss_distance": lead["tss_distance"], "pip": lead["pip"], "af": lead["af"], "slope": slope,
                "effect_allele": lead["effect_allele"], "other_allele": lead["other_allele"],
                "converged": fit.converged,
            }
        )  # fmt: skip
    members = everything.filter(pl.col("cs_id") > 0).select(
        "phenotype_id", "variant_id", "pip", "af", "cs_id", "tss_distance", "effect_allele", "other_allele"
    )
    factors = {
        f"lbf_{number}": fit.lbf_variable[one.effect].astype(np.float32)
        for number, one in enumerate(fit.credible_sets, start=1)
    }
    pips = pl.DataFrame(
        {
            "CHR": table["CHR"], "POS": table["POS"], **about,
            "cs_id": pl.Series([None if one == 0 else int(one) for one in held], dtype=pl.Int32), **factors,
        }
    )  # fmt: skip
    summary = pl.DataFrame(
        {
            "phenotype_id": [name], "n_variants": [len(rows)], "n_sets": [len(fit.credible_sets)],
            "converged": [fit.converged], "n_iter": [fit.n_iter], "residual_variance": [fit.sigma2],
            "elbo": [float(fit.elbo[-1])],
        }
    )  # fmt: skip
    made = {"members": members, "pips": pips, "genes": summary}
    return {**made, "sets": pl.DataFrame(sets)} if sets else made
