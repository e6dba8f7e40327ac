"""Genetic correlations from files: ``postgwas.ldsc.rg`` and ``postgwas.ldsc.rg_matrix``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from postgwas.errors import InputError, UsageError
from postgwas.ldsc.h2_outputs import Target, ldsc_log
from postgwas.ldsc.h2_settings import H2Settings, settings_of
from postgwas.ldsc.rg_files import RgOutputs, source_files, store_key, store_results, write_results
from postgwas.ldsc.rg_reading import trait_names as names_of
from postgwas.ldsc.rg_results import RgMatrix, RgResult, matrix_of
from postgwas.ldsc.rg_settings import PerTrait, RgSettings, settings_for
from postgwas.ldsc.rg_steps import RgInputs, every_pair, first_with_each
from postgwas.runlog import get_logger

log = get_logger(__name__)


def rg(
    files: Sequence[Any],
    *,
    ref_ld: str | os.PathLike[str] | Sequence[str],
    w_ld: str | os.PathLike[str] | None = None,
    ref_by_chromosome: bool = True,
    w_by_chromosome: bool = True,
    out: str | os.PathLike[str] | None = None,
    trait_names: Sequence[str] | None = None,
    m: float | Sequence[float] | None = None,
    not_m_5_50: bool = False,
    no_intercept: bool = False,
    intercept_h2: PerTrait = None,
    intercept_gencov: PerTrait = None,
    two_step: float | None = None,
    chisq_max: float | None = None,
    n_blocks: int = 200,
    check_alleles: bool = True,
    samp_prev: Sequence[float] | None = None,
    pop_prev: Sequence[float] | None = None,
    print_cov: bool = False,
    print_delete_vals: bool = False,
    print_pseudovalues: bool = False,
    figures: bool = False,
    invert_anyway: bool = False,
    return_silly_things: bool = False,
    compat: bool = False,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = True,
    log_json: bool = False,
) -> RgResult:
    """Genetic correlation of the first trait with each of the others, as ``ldsc.py --rg``.

    Parameters
    ----------
    files : sequence of paths, DataFrames or mungings
        Munged traits: ``.sumstats[.gz]``, tables of a store (``study.h5::traits/height``),
        DataFrames with SNP, A1, A2, Z and N, or what :func:`postgwas.munge` returned.
    ref_ld, w_ld, ref_by_chromosome, w_by_chromosome, m, not_m_5_50
        LD scores, as in :func:`postgwas.ldsc.h2`.
    out : path, optional
        Prefix of the files to write; nothing is written without it.
    trait_names : sequence of str, optional
        Default: the files' names without their endings.
    no_intercept : bool
        Constrain the intercepts to 1 (heritability) and 0 (covariance).
    intercept_h2, intercept_gencov : number, or sequence of T numbers or None, optional
        Constrained intercepts; None is a free one. The first of `intercept_gencov` is not used.
    two_step : float, optional
        Estimate intercepts from variants with chi-square below this (default: one step).
    chisq_max : float, optional
        Leave out variants at which the product of chi-squares is not below its square.
    n_blocks : int
        Jackknife blocks.
    check_alleles : bool
        Compare alleles: variants that disagree are left out of that pair and counted, swapped
        and strand-flipped ones are aligned. False takes signs as they are.
    samp_prev, pop_prev : sequence of T numbers, optional
        Shares of cases in the sample, prevalences in the population; NaN for a quantitative trait.
    print_cov, print_delete_vals, print_pseudovalues, figures : bool
        More files.
    invert_anyway : bool
        Go on although LD scores are nearly collinear.
    return_silly_things : bool
        Print correlations beyond 1.2.
    compat : bool
        ldsc.py's own behaviour: one variant with alleles that disagree fails its pair.
    store : path, optional
        Study to put the results into, under ``ldsc/rg/<out>``.
    overwrite : bool
        Replace existing results.
    quiet, log_json : bool

    Returns
    -------
    RgResult

    Raises
    ------
    UsageError, InputError, ColumnError, PanelError, NoVariantsError, MatrixError, OutputError, StoreError
        A setting, the first trait or the LD scores are wrong. What goes wrong in one pair is its
        `status`, not an error.

    Examples
    --------
    >>> import postgwas.ldsc                                         # doctest: +SKIP
    >>> traits = ["scz.sumstats.gz", "bip.sumstats.gz"]              # doctest: +SKIP
    >>> found = postgwas.ldsc.rg(traits, ref_ld="eur_w_ld_chr/")     # doctest: +SKIP
    >>> found["scz", "bip"].rg, found["scz", "bip"].pseudovalues     # doctest: +SKIP
    """
    scores = settings_of(
        ref_ld=ref_ld, w_ld=w_ld, ref_by_chromosome=ref_by_chromosome, w_by_chromosome=w_by_chromosome, m=m,
        not_m_5_50=not_m_5_50, n_blocks=n_blocks, invert_anyway=invert_anyway, compat=compat,
    )  # fmt: skip
    settings = settings_for(
        len(files), every_pair=False, no_intercept=no_intercept, intercept_h2=intercept_h2,
        intercept_gencov=intercept_gencov, samp_prev=samp_prev, pop_prev=pop_prev, n_blocks=n_blocks,
        two_step=two_step, chisq_max=chisq_max, check_alleles=check_alleles,
        invert_anyway=invert_anyway, silly=return_silly_things, compat=compat,
    )  # fmt: skip
    outputs = RgOutputs(
        out=None if out is None else os.fspath(out), print_cov=print_cov,
        print_delete_vals=print_delete_vals, print_pseudovalues=print_pseudovalues, figures=figures,
        store=None if store is None else os.fspath(store), overwrite=overwrite,
    )  # fmt: skip
    return _run(files, trait_names, scores, settings, outputs, quiet=quiet, log_json=log_json)


def rg_matrix(
    files: Sequence[Any],
    *,
    ref_ld: str | os.PathLike[str] | Sequence[str],
    w_ld: str | os.PathLike[str] | None = None,
    ref_by_chromosome: bool = True,
    w_by_chromosome: bool = True,
    out: str | os.PathLike[str] | None = None,
    trait_names: Sequence[str] | None = None,
    m: float | Sequence[float] | None = None,
    not_m_5_50: bool = False,
    no_intercept: bool = False,
    intercept_h2: PerTrait = None,
    intercept_gencov: PerTrait | Sequence[Sequence[float | None]] = None,
    two_step: float | None = None,
    chisq_max: float | None = None,
    n_blocks: int = 200,
    check_alleles: bool = True,
    samp_prev: Sequence[float] | None = None,
    pop_prev: Sequence[float] | None = None,
    print_cov: bool = False,
    print_delete_vals: bool = False,
    print_pseudovalues: bool = False,
    figures: bool = False,
    invert_anyway: bool = False,
    return_silly_things: bool = False,
    compat: bool = False,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    log_json: bool = False,
) -> RgMatrix:
    """Genetic correlations of all pairs of traits: the numbers of :func:`rg` for each, in one run.

    Each file is read and aligned once, and a heritability is fitted once where pairs of a trait
    have the same variants.

    Parameters
    ----------
    intercept_gencov : number, sequence of T (T - 1) / 2, or matrix (T, T), optional
        Constrained intercepts of the covariances, the sequence in the order 1-2, 1-3, ... 2-3, ...;
        None is a free one.
    cores, scheduler, jobqueue, jobqueue_options
        Where pairs are fitted; see :func:`postgwas.compute.engine.engine`. Traits are read here.
    files and all others
        As in :func:`rg`.

    Returns
    -------
    RgMatrix

    Raises
    ------
    UsageError
        A trait is given twice; otherwise as :func:`rg`.
    """
    scores = settings_of(
        ref_ld=ref_ld, w_ld=w_ld, ref_by_chromosome=ref_by_chromosome, w_by_chromosome=w_by_chromosome, m=m,
        not_m_5_50=not_m_5_50, n_blocks=n_blocks, invert_anyway=invert_anyway, compat=compat,
    )  # fmt: skip
    settings = settings_for(
        len(files), every_pair=True, no_intercept=no_intercept, intercept_h2=intercept_h2,
        intercept_gencov=intercept_gencov, samp_prev=samp_prev, pop_prev=pop_prev, n_blocks=n_blocks,
        two_step=two_step, chisq_max=chisq_max, check_alleles=check_alleles,
        invert_anyway=invert_anyway, silly=return_silly_things, compat=compat,
    )  # fmt: skip
    outputs = RgOutputs(
        out=None if out is None else os.fspath(out), print_cov=print_cov,
        print_delete_vals=print_delete_vals, print_pseudovalues=print_pseudovalues, figures=figures,
        store=None if store is None else os.fspath(store), overwrite=overwrite,
    )  # fmt: skip
    where = {
        "cores": cores,
        "scheduler": scheduler,
        "jobqueue": jobqueue,
        "jobqueue_options": jobqueue_options,
    }
    found = _run(files, trait_names, scores, settings, outputs, quiet=quiet, log_json=log_json, where=where)
    assert isinstance(found, RgMatrix)
    return found


def _run(
    files: Sequence[Any],
    trait_names: Sequence[str] | None,
    scores: H2Settings,
    settings: RgSettings,
    outputs: RgOutputs,
    *,
    quiet: bool,
    log_json: bool,
    where: Mapping[str, Any] | None = None,
) -> RgResult:
    """All pairs of the traits with `where` they are to be fitted; without, the first with each."""
    matrix = where is not None
    began = time.perf_counter()
    inputs = _inputs(files, trait_names, matrix=matrix)
    target = Target(outputs.out, outputs.store, outputs.overwrite)
    pairs = [(inputs.sources[i], inputs.sources[j]) for i, j in settings.pairs]
    planned = [str(name).removeprefix(str(outputs.out)) for name in outputs.names(pairs, matrix=matrix)]
    target.check(planned, store_key(outputs))
    with ldsc_log(target, quiet=quiet, log_json=log_json):
        if where is not None:
            scratch = None if outputs.out is None else Path(outputs.out).absolute().parent
            found, n_own = every_pair(inputs, scores, settings, where, scratch)
            result: RgResult = matrix_of(found, n_own)
        else:
            result = first_with_each(inputs, scores, settings, outputs)
        write_results(result, outputs)
        if outputs.store is not None:
            parameters = {**asdict(settings), "ref_ld": scores.ref_ld, "w_ld": scores.w_ld, "m": scores.m}
            store_results(result, outputs, parameters, source_files(inputs.sources), began)
        for pair in result.failed:
            log.error("no genetic correlation of %s and %s: %s", pair.p1, pair.p2, pair.found.reason)
    return result


def _inputs(files: Sequence[Any], trait_names: Sequence[str] | None, *, matrix: bool) -> RgInputs:
    names = names_of(files, trait_names)
    paths = [os.fspath(file) if isinstance(file, (str, os.PathLike)) else None for file in files]
    for path in paths:
        if path is not None and "::" not in path and not os.path.exists(path):
            raise InputError(f"{path}: no such file")
    given = [path for path in paths if path is not None]
    if matrix and len(set(given)) < len(given):
        twice = next(path for path in given if given.count(path) > 1)
        raise UsageError(f"--rg_matrix: {twice} is given twice", hint="give each trait once")
    return RgInputs(
        files=files,
        names=names,
        sources=[name if path is None else path for name, path in zip(names, paths)],
    )
