"""Heritability of one trait from files: ``postgwas.ldsc.h2``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError, UsageError
from postgwas.ldsc import h2_outputs as outputs
from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.h2_outputs import Target, ldsc_log
from postgwas.ldsc.h2_reading import H2Inputs, all_columns, input_files, read_inputs
from postgwas.ldsc.h2_result import H2Counts, H2Result
from postgwas.ldsc.h2_settings import H2Settings, settings_of
from postgwas.ldsc.inputs import split_names
from postgwas.ldsc.lines_h2 import LDSC_WIDTH, h2_lines, place
from postgwas.ldsc.munged import trait_name as trait_name_of
from postgwas.ldsc.regression import DEFAULT_TWO_STEP
from postgwas.ldsc.regression import h2 as regress
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.ldsc.annotation_overlap import Overlap, OverlapTask

log = get_logger(__name__)

#: Below this mean chi-square there is hardly a signal to partition or to correlate.
LOW_MEAN_CHISQ = 1.02
#: By how much M and the sums of the annotations may differ before it is told.
M_TOLERANCE = 0.01


def h2(
    sumstats: Any,
    *,
    ref_ld: str | Sequence[str],
    w_ld: str | None = None,
    ref_by_chromosome: bool = True,
    w_by_chromosome: bool = True,
    out: str | os.PathLike[str] | None = None,
    trait_name: str | None = None,
    m: float | Sequence[float] | None = None,
    not_m_5_50: bool = False,
    no_intercept: bool = False,
    intercept_h2: float | None = None,
    two_step: float | None = None,
    chisq_max: float | None = None,
    n_blocks: int = 200,
    samp_prev: float | None = None,
    pop_prev: float | None = None,
    overlap_annot: bool = False,
    frqfile: str | None = None,
    print_coefficients: bool = False,
    print_cov: bool = False,
    print_delete_vals: bool = False,
    print_pseudovalues: bool = False,
    invert_anyway: bool = False,
    compat: bool = False,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    log_json: bool = False,
) -> H2Result:
    """Heritability of one trait by LD score regression, partitioned where the model has several columns.

    Parameters
    ----------
    sumstats : path, DataFrame or munging
        Munged summary statistics: a ``.sumstats[.gz]`` file, a table of a store
        (``study.h5::traits/height``), a DataFrame with SNP, Z and N, or what
        :func:`postgwas.munge` returned.
    ref_ld : str or sequence
        LD scores of the model: folder, prefix, file or registered name; several stand side by side.
    w_ld : str, optional
        LD scores for the weights; by default those of a model with one column.
    ref_by_chromosome, w_by_chromosome : bool
        False where the prefix is that of one file.
    out : path, optional
        Prefix of the files to write; nothing is written without it.
    trait_name : str, optional
        Default: the file's name without its endings.
    m : float or sequence, optional
        Variants behind each LD score column, instead of those in files.
    not_m_5_50 : bool
        Take ``.l2.M`` instead of ``.l2.M_5_50``.
    no_intercept : bool
        Constrain the intercept to 1.
    intercept_h2 : float, optional
        Constrain it to this.
    two_step : float, optional
        Cutoff of the two-step estimator; 30 by default with one column and a free intercept.
    chisq_max : float, optional
        Leave out variants whose chi-square is not below this; by default, with several
        columns, the larger of 80 and 0.001 of the largest N.
    n_blocks : int
        Jackknife blocks.
    samp_prev, pop_prev : float, optional
        Share of cases in the sample, prevalence in the population: liability scale.
    overlap_annot : bool
        Annotations overlap: read ``.annot`` files beside the LD scores.
    frqfile : str, optional
        Prefix of allele frequencies (``.frq``), in the same number of files as the LD scores.
    print_coefficients, print_cov, print_delete_vals, print_pseudovalues : bool
        More files.
    invert_anyway : bool
        Go on although LD scores are nearly collinear.
    compat : bool
        Quirks of ldsc.py 1.0.1 (docs/methods/ldsc.md lists them).
    store : path, optional
        Study to put the results into, under ``ldsc/h2/<trait>``.
    overwrite : bool
        Replace existing results.
    cores, scheduler, jobqueue, jobqueue_options
        Where annotations are read; see :func:`postgwas.compute.engine.engine`.
    quiet, log_json : bool

    Returns
    -------
    H2Result

    Raises
    ------
    UsageError, InputError, ColumnError, PanelError, NoVariantsError, MatrixError, OutputError, StoreError

    Examples
    --------
    >>> import postgwas.ldsc                                                      # doctest: +SKIP
    >>> result = postgwas.ldsc.h2("height.sumstats.gz", ref_ld="eur_w_ld_chr/")  # doctest: +SKIP
    >>> result.h2, result.h2_se, result.pseudovalues()["h2"]                      # doctest: +SKIP
    """
    began = time.perf_counter()
    settings = settings_of(
        ref_ld=ref_ld, w_ld=w_ld, ref_by_chromosome=ref_by_chromosome, w_by_chromosome=w_by_chromosome, m=m,
        not_m_5_50=not_m_5_50, no_intercept=no_intercept, intercept_h2=intercept_h2, two_step=two_step,
        chisq_max=chisq_max, n_blocks=n_blocks, invert_anyway=invert_anyway, compat=compat,
    )  # fmt: skip
    factor = _factor(samp_prev, pop_prev)
    if overlap_annot:
        from postgwas.ldsc.annotation_overlap import check_frequencies_given, overlap_tasks

        check_frequencies_given(not_m_5_50, frqfile)
    target = Target(
        None if out is None else os.fspath(out), None if store is None else os.fspath(store), overwrite
    )
    name = trait_name or _name_of(sumstats)
    target.check(outputs.ENDINGS, f"ldsc/h2/{name}/summary")
    where = {
        "cores": cores,
        "scheduler": scheduler,
        "jobqueue": jobqueue,
        "jobqueue_options": jobqueue_options,
    }
    with ldsc_log(target, quiet=quiet, log_json=log_json):
        if frqfile is not None and (not overlap_annot or not_m_5_50):
            log.info("The frequency file is unnecessary and is being ignored.")
            frqfile = None
        inputs = read_inputs(sumstats, settings, name=name)
        fit = _regression(inputs, settings)
        result = H2Result(
            trait=name,
            source=inputs.munged.source,
            fit=fit,
            annotations=inputs.panel.annotations,
            m=inputs.panel.m,
            samp_prev=samp_prev,
            pop_prev=pop_prev,
            factor=factor,
            chisq_max=inputs.chisq_max,
            no_intercept=no_intercept,
            counts=_counts(inputs),
            warnings=(*inputs.warnings, *_remarks(fit)),
        )
        written = outputs.write_jackknife(
            result, target, cov=print_cov, delete=print_delete_vals, pseudo=print_pseudovalues
        )
        for line in _lines(result, overlap=overlap_annot, compat=compat):
            log.info("%s", line)
        for warning in _remarks(fit):
            log.warning("%s", warning)
        annotation_files: list[str] = []
        if overlap_annot:
            tasks = overlap_tasks(split_names(settings.ref_ld), frqfile, by_chromosome=ref_by_chromosome)
            annotation_files = [file for task in tasks for file in (*task.annot, task.frq) if file]
            result = _with_overlap(result, inputs, settings, tasks, where)
        written += outputs.write_h2(result, target, inputs.munged.rejected, coefficients=print_coefficients)
        target.warn_of_leftovers(written)
        if target.store is not None:
            outputs.store_h2(
                result,
                target,
                {
                    "parameters": {**asdict(settings), "samp_prev": samp_prev, "pop_prev": pop_prev},
                    "inputs": input_files(sumstats, settings, *annotation_files),
                    "rows_in": inputs.munged.n_rows,
                    "rows_out": inputs.table.n_variants,
                    "dropped": _dropped(inputs),
                    "wall_seconds": time.perf_counter() - began,
                },
            )
    return result


def _regression(inputs: H2Inputs, settings: H2Settings) -> H2Fit:
    several = len(inputs.panel.annotations) > 1
    two_step = settings.two_step
    if two_step is not None and several:
        raise UsageError(
            f"--two_step takes one LD score column, there are {len(inputs.panel.annotations)}",
            hint="drop --two_step",
        )
    if two_step is None and settings.intercept is None and not several:
        two_step = DEFAULT_TWO_STEP
    if two_step is not None:
        shown = "30" if settings.two_step is None else repr(two_step)
        log.info("Using two-step estimator with cutoff at %s.", shown)
    table = inputs.table
    return regress(
        table.z**2,
        table.l2,
        table.w_l2,
        table.n,
        inputs.panel.m,
        n_blocks=settings.n_blocks,
        intercept=settings.intercept,
        two_step=two_step,
        chisq_max=None,
        fixed_weights=several,
    )


def _with_overlap(
    result: H2Result,
    inputs: H2Inputs,
    settings: H2Settings,
    tasks: Sequence[OverlapTask],
    where: Mapping[str, Any],
) -> H2Result:
    """Read the annotations, and take their overlap into account."""
    from postgwas.compute.engine import engine
    from postgwas.ldsc.annotation_overlap import add_overlaps, overlap_of
    from postgwas.ldsc.partitioned import annotation_sd, enrichment, tau_star

    log.info(
        "Reading annot matrix from %s ... (annot)",
        place(settings.ref_ld, by_chromosome=settings.ref_by_chromosome),
    )
    with engine(**where) as eng:
        read = add_overlaps(eng.map(overlap_of, tasks, label="Reading annotations"), tasks)
    kept, warnings = _matched(read, inputs, settings)
    products, sums = read.products[kept][:, kept], read.sums[kept]
    for text in warnings:
        log.warning("%s", text)
    return replace(
        result,
        overlap=enrichment(result.fit, products, result.m, float(read.m_tot)),
        tau_star=tau_star(result.fit, annotation_sd(products, sums, float(read.m_tot)), float(read.m_tot)),
        warnings=(*result.warnings, *warnings),
    )


def _matched(read: Overlap, inputs: H2Inputs, settings: H2Settings) -> tuple[list[int], list[str]]:
    """Places of the annotations of the LD score columns in use, and what looks wrong.

    Raises
    ------
    InputError
        Annotations and LD scores are not each other's.
    """
    panel = inputs.panel
    columns = list(panel.annotations) if not panel.dropped else all_columns(settings)
    names = read.annotations
    if len(names) != len(columns):
        raise InputError(
            f"{settings.ref_ld}: {len(columns)} LD score columns ({', '.join(columns[:4])} ...), but "
            f"{len(names)} annotations ({', '.join(names[:4])} ...)"
        )
    if read.n_rows < panel.n_variants:
        raise InputError(
            f"{settings.ref_ld}: LD scores of {panel.n_variants:,} variants, but annotations of "
            f"{read.n_rows:,}; the annotations must have every variant of the reference"
        )
    bare = [column.rpartition("_")[0].removesuffix("L2") for column in columns]
    warnings = []
    for column, name in zip(bare, names):
        if column and column != name:
            if name in bare:
                raise InputError(
                    f"{settings.ref_ld}: the annotations stand in another order than the LD scores: "
                    f"{name} where {column} is expected"
                )
            warnings.append(f"annotation {name} is taken for the one of LD scores {column}L2")
    kept = [columns.index(column) for column in panel.annotations]
    for place_, m in zip(kept, panel.m):
        if abs(read.sums[place_] - m) > M_TOLERANCE * abs(m):
            warnings.append(
                f"annotation {names[place_]} sums to {read.sums[place_]:,.6g}, its M is {m:,.6g}: "
                "enrichments may be wrong"
            )
    return kept, warnings


def _counts(inputs: H2Inputs) -> H2Counts:
    table = inputs.table
    return H2Counts(
        read=inputs.munged.n_read,
        duplicates=inputs.munged.n_duplicates,
        reference=table.n_reference,
        weights=table.n_weights,
        regression=table.n_variants,
    )


def _dropped(inputs: H2Inputs) -> dict[str, int]:
    munged, table = inputs.munged, inputs.table
    return {
        "not a number": munged.n_rejected,
        "value missing": munged.n_missing,
        "id came before": munged.n_duplicates,
        "no LD score": munged.n_variants - table.n_reference,
        "no LD score for the weights": table.n_reference - table.n_weights,
        "chi-square too large": table.n_weights - table.n_variants,
    }


def _remarks(fit: H2Fit) -> list[str]:
    """What a user should think of before using the estimate."""
    remarks = []
    if fit.mean_chisq < LOW_MEAN_CHISQ:
        remarks.append(f"mean chi^2 is {fit.mean_chisq:.4g}, below {LOW_MEAN_CHISQ}: too little signal")
    if not 0 <= fit.tot <= 1:
        remarks.append(f"h2 is {fit.tot:.4g} on the observed scale, outside 0 to 1")
    return remarks


def _lines(result: H2Result, *, overlap: bool, compat: bool) -> list[str]:
    fit = result.fit
    return h2_lines(
        fit,
        result.annotations,
        None if result.pop_prev is None else result.factor,
        overlap=overlap,
        no_intercept=result.no_intercept,
        **({"width": LDSC_WIDTH} if compat else {}),
    )


def _factor(samp_prev: float | None, pop_prev: float | None) -> float:
    if samp_prev is None and pop_prev is None:
        return 1.0
    from postgwas.ldsc.liability import liability_factor

    return liability_factor(samp_prev, pop_prev)


def _name_of(sumstats: Any) -> str:
    return trait_name_of(os.fspath(sumstats)) if isinstance(sumstats, (str, os.PathLike)) else "trait"
