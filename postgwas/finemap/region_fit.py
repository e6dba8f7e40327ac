"""One region from summary statistics and LD to its tables; what a worker does."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, PostgwasError, PostgwasWarning
from postgwas.finemap.abf import estimate_sd_y, log_abf, log_abf_from_z
from postgwas.finemap.allele_alignment import align_variants
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.matrix_checks import CheckedLd
from postgwas.finemap.one_causal import single_causal
from postgwas.finemap.region_check import LdFindings, check_region
from postgwas.finemap.region_list import MapRegion
from postgwas.finemap.susie_result import CredibleSet, Purity, SusieFit
from postgwas.finemap.susie_summary import susie_rss

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CONSTANT_IN_LD = "does_not_vary_in_ld"
FEWEST = 2
OK, TOO_FEW, NOT_CONVERGED = "ok", "too_few_variants", "not_converged"


@dataclass(frozen=True, eq=False)
class RegionTask:
    """What a worker gets: a region's rows of the summary statistics, and where its LD comes from."""

    region: MapRegion
    stats: pl.DataFrame
    source: RegionSource | None
    settings: MapSettings


@dataclass(frozen=True, eq=False)
class Posterior:
    """What either method gives, variants in the order of the region's table.

    Attributes
    ----------
    pip, effect : ndarray, shape (p,)
        Effects are posterior means per standard deviation of the genotype, of the effect allele; NaN
        where the method has none.
    sets : tuple of CredibleSet
    log_bf : ndarray, shape (sets, p)
        Log Bayes factors of each set's effect.
    numbers : dict of str to float
        About the fit: rounds, bound and so on.
    status : str
    """

    pip: Floats
    effect: Floats
    sets: tuple[CredibleSet, ...]
    log_bf: Floats
    numbers: dict[str, float]
    status: str


@dataclass(frozen=True, eq=False)
class RegionResult:
    """A region's results.

    Attributes
    ----------
    region : MapRegion
    variants : polars.DataFrame
        Those that were mapped; empty where the region failed.
    posterior : Posterior or None
    findings : LdFindings or None
        What the checks of LD say.
    left_out : list of (int, str)
        ROW of variants that were not mapped, and why.
    n : float
        Sample size that was used.
    n_flipped : int
        Variants on the other strand than LD's.
    status : str
        "ok", "not_converged", "too_few_variants", or the error's line.
    lead_r2 : ndarray, shape (p,), or None
        r^2 with the variant of the largest absolute z-score; None without LD.
    notes : tuple of str
        Warnings of the fit.
    """

    region: MapRegion
    variants: pl.DataFrame
    posterior: Posterior | None
    findings: LdFindings | None
    left_out: list[tuple[int, str]]
    n: float
    n_flipped: int
    status: str
    lead_r2: Floats | None = None
    notes: tuple[str, ...] = ()


def map_region(task: RegionTask) -> RegionResult:
    """Align, check and fit one region; what is wrong with it becomes its status."""
    settings, stats = task.settings, task.stats
    left_out: list[tuple[int, str]] = []
    n_flipped, matrix, sign = 0, None, np.ones(stats.height)
    if task.source is not None:
        aligned = align_variants(stats, task.source.variants, task.source.path)
        left_out = [(int(stats["ROW"][row]), why) for row, why in aligned.reasons.items()]
        n_flipped, sign = aligned.n_flipped, aligned.sign
        stats = stats[aligned.rows]
        if stats.height >= FEWEST:
            found = task.source.ld(aligned.ld_rows)
            left_out += [(int(row), CONSTANT_IN_LD) for row in stats["ROW"].to_numpy()[~found.varies]]
            stats, sign = stats[np.flatnonzero(found.varies)], sign[found.varies]
            matrix = found.matrix.astype(np.float64)
    n = float(np.median(stats["N"].cast(float).fill_null(np.nan).to_numpy())) if stats.height else math.nan
    if stats.height < FEWEST:
        return RegionResult(task.region, stats[:0], None, None, left_out, n, n_flipped, TOO_FEW)
    z = stats["Z"].to_numpy() * sign
    findings = None
    try:
        ld = None if matrix is None else CheckedLd.of(matrix)
        if ld is not None and settings.ld_check != "none":
            findings = check_region(z, ld, n, full=settings.ld_check == "full", seed=settings.seed)
            refuse_other_signs(findings)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", PostgwasWarning)
            posterior = (
                _abf(stats, settings) if settings.method == "abf" else _susie(z, ld, sign, n, settings)
            )
    except PostgwasError as error:
        return RegionResult(task.region, stats[:0], None, findings, left_out, n, n_flipped, str(error))
    lead_r2 = None if ld is None else np.square(ld.matrix[int(np.argmax(np.abs(z)))])
    notes = tuple(str(one.message) for one in told if issubclass(one.category, PostgwasWarning))
    notes = (*_scale_notes(stats), *notes)
    return RegionResult(
        task.region, stats, posterior, findings, left_out, n, n_flipped, posterior.status, lead_r2, notes
    )


def refuse_other_signs(findings: LdFindings) -> None:
    """Refuse z-scores whose signs do not go with LD's: no fit means anything then.

    Raises
    ------
    InputError
    """
    if findings.alignment.contrary:
        raise InputError(
            f"signs of z-scores and LD agree in {100 * findings.alignment.share_of_pairs:.0f} % of "
            f"{findings.alignment.n_pairs:,} pairs only: does LD count other alleles than the file?",
            hint="--ld_variants with A1 and A2 tells; --ld_check none goes on all the same",
        )


def _susie(z: Floats, ld: CheckedLd | None, sign: Floats, n: float, settings: MapSettings) -> Posterior:
    assert ld is not None
    fit: SusieFit = susie_rss(
        z, ld, n, L=settings.n_effects, coverage=settings.coverage, min_abs_corr=settings.min_abs_corr,
        estimate_residual_variance=settings.estimate_residual_variance,
        scaled_prior_variance=settings.scaled_prior_variance, estimate_prior_method=settings.prior_method,
        check_null_threshold=settings.null_threshold or 0.0, null_weight=settings.null_weight,
        tol=settings.tol, max_iter=settings.max_iter, refine=settings.refine,
    )  # fmt: skip
    numbers: dict[str, float] = {
        "N_ITER": fit.n_iter, "ELBO": float(fit.elbo[-1]), "RESIDUAL_VARIANCE": fit.sigma2,
    }  # fmt: skip
    factors = fit.lbf_variable[[one.effect for one in fit.credible_sets]]
    return Posterior(
        fit.pip, fit.coefficients * sign, fit.credible_sets, factors, numbers,
        OK if fit.converged else NOT_CONVERGED,
    )  # fmt: skip


def _abf(stats: pl.DataFrame, settings: MapSettings) -> Posterior:
    factors = bayes_factors(stats, settings)
    found = single_causal(factors, p1=settings.p1)
    smallest = found.credible_set(coverage=settings.coverage)
    sets: tuple[CredibleSet, ...] = ()
    if not smallest.with_null:
        unknown = Purity(math.nan, math.nan, math.nan)
        sets = (
            CredibleSet(
                np.sort(smallest.variants), smallest.coverage, unknown, int(smallest.variants[0]), 0,
                float(found.log_bf[0]),
            ),
        )  # fmt: skip
    numbers = {"PIP_NULL": float(found.pip_null[0])}
    nothing = np.full(stats.height, np.nan)
    return Posterior(found.pip, nothing, sets, factors[None, :][: len(sets)], numbers, OK)


def bayes_factors(stats: pl.DataFrame, settings: MapSettings) -> Floats:
    """Log Bayes factors: from effects and errors where all have them, else from z, frequency and n."""
    columns: dict[str, Any] = {
        name: stats[name].cast(float).fill_null(np.nan).to_numpy()
        if name in stats.columns
        else np.full(stats.height, np.nan)
        for name in ("BETA", "SE", "Z", "EAF", "MAF", "N")
    }
    kind = settings.kind or "quant"
    frequency = columns["EAF" if "EAF" in stats.columns else "MAF"]  # of either allele will do
    has_effects = np.isfinite(columns["BETA"]).all() and np.isfinite(columns["SE"]).all()
    known = (frequency > 0) & (frequency < 1)
    sized = np.isfinite(columns["N"])
    if not has_effects:
        if not known.all():
            raise InputError(
                f"{int((~known).sum()):,} of {known.size:,} variants have neither an effect with its "
                "standard error nor an allele frequency: P-values alone tell no Bayes factor",
                hint="--beta_name and --se_name, or --eaf_name",
            )
        if not sized.all():
            raise InputError(
                f"{int((~sized).sum()):,} of {known.size:,} variants have neither an effect with its "
                "standard error nor a sample size",
                hint="--n N, or --beta_name and --se_name",
            )
        return log_abf_from_z(
            columns["Z"], frequency, columns["N"], kind=kind, case_fraction=settings.case_fraction
        )
    sd_y = settings.sd_y or 1.0
    if kind == "quant" and settings.sd_y is None:
        if not sized.any():
            raise InputError(
                "no sample sizes to estimate the trait's standard deviation from", hint="--n N, or --sd_y SD"
            )
        known &= sized
        if not known.any():
            raise InputError(
                "no allele frequencies to estimate the trait's standard deviation from",
                hint="--sd_y, or --eaf_name",
            )
        sd_y = float(estimate_sd_y(columns["SE"][known], frequency[known], columns["N"][known])[0])
    return log_abf(columns["BETA"], columns["SE"], kind=kind, sd_y=sd_y)


def _scale_notes(stats: pl.DataFrame) -> tuple[str, ...]:
    """Whether standard errors look like variances, or z-scores are too large for n."""
    from postgwas.coloc.error_scale import error_notes, strength_notes

    z, n = stats["Z"].to_numpy(), stats["N"].cast(float).fill_null(np.nan).to_numpy()
    sized = bool(np.isfinite(n).all())
    notes = strength_notes(z, n, stats["SNPID"].to_list()) if sized else ()
    frequency = next((name for name in ("EAF", "MAF") if name in stats.columns), None)
    if "SE" in stats.columns and frequency is not None:
        se, f = (stats[name].cast(float).fill_null(np.nan).to_numpy() for name in ("SE", frequency))
        good = (se > 0) & (f > 0) & (f < 1)
        notes = (*notes, *error_notes(se[good], f[good], n[good] if sized else None, case_control=False))
    return notes
