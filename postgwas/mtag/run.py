"""``postgwas.mtag``: from summary-statistics files to MTAG results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine, engine
from postgwas.errors import UsageError
from postgwas.mtag import run_outputs
from postgwas.mtag.options import MtagOptions, PerTrait, trait_names_for
from postgwas.mtag.preflight import check_inputs, check_store
from postgwas.mtag.results import MtagResult
from postgwas.mtag.row_counts import row_counts
from postgwas.mtag.run_covariances import estimate_covariances
from postgwas.mtag.run_estimates import by_subset, summarise
from postgwas.mtag.run_filters import restrict
from postgwas.mtag.run_merge import Aligned, merge
from postgwas.mtag.run_remarks import log_merge, warnings_of
from postgwas.mtag.run_traits import Trait, read_traits
from postgwas.mtag.staging import staged
from postgwas.mtag.summary import matrix_text
from postgwas.runlog import get_logger, run_log
from postgwas.stopwatch import Stopwatch

log = get_logger(__name__)

#: A path or a name alone, or several.
OneOrMore = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def mtag(
    sumstats: Sequence[Any],
    *,
    ld_ref_panel: str | os.PathLike[str] | None = "eur_w_ld_chr",
    out: str | os.PathLike[str] | None = None,
    trait_names: Sequence[str] | None = None,
    columns: Mapping[str, str] | Sequence[Mapping[str, str]] = {},
    header: Sequence[str] | None = None,
    dialect_files: OneOrMore = (),
    use_beta_se: bool = False,
    n_value: PerTrait = None,
    no_chr_data: bool = False,
    include: OneOrMore = (),
    exclude: OneOrMore = (),
    only_chr: OneOrMore | int | Sequence[int] = (),
    homog_ns_frac: PerTrait = None,
    homog_ns_dist: PerTrait = None,
    maf_min: PerTrait = 0.01,
    n_min: PerTrait = None,
    n_max: PerTrait = None,
    info_min: PerTrait = None,
    incld_ambig_snps: bool = False,
    no_allele_flipping: bool = False,
    median_z_cutoff: float | None = 0.1,
    force: bool = False,
    gencov_path: str | os.PathLike[str] | None = None,
    residcov_path: str | os.PathLike[str] | None = None,
    no_overlap: bool = False,
    perfect_gencov: bool = False,
    equal_h2: bool = False,
    numerical_omega: bool = False,
    tol: float = 1e-6,
    time_limit: float = 100.0,
    n_blocks: int = 200,
    std_betas: bool = False,
    meta_format: bool = False,
    fdr: bool = False,
    fdr_method: str = "grid",
    grid_file: str | os.PathLike[str] | None = None,
    fit_ss: bool = False,
    intervals: int = 10,
    p_sig: float = 5e-8,
    n_approx: bool = True,
    fdr_starts: int | None = None,
    seed: int = 1,
    mtag_compat: bool = False,
    figures: bool = False,
    ssf: bool = False,
    genome_build: str | None = None,
    store: str | os.PathLike[str] | None = None,
    store_name: str | None = None,
    overwrite: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    verbose: bool = False,
    stream_stdout: bool = False,
    log_json: bool = False,
) -> MtagResult:
    """Multi-trait analysis of GWAS (MTAG).

    Reads and checks each trait, aligns them to one effect allele, estimates Sigma
    by LD score regression and Omega by the method of moments, and combines the
    traits into trait-specific estimates. Names follow mtag.py's flags.

    Parameters
    ----------
    sumstats : sequence of paths or DataFrames
        One per trait; formats may differ. Effects refer to the effect allele.
    ld_ref_panel : str or path
        Registered name, folder or prefix of LD scores (``eur_w_ld_chr`` layout).
        Not needed with `residcov_path`.
    out : str or path, optional
        Prefix of the files to write; nothing is written without it.
    trait_names : sequence of str, optional
        Default: the file names without endings.
    columns : mapping or sequence of mappings
        Canonical name (SNPID, CHR, POS, EA, NEA, EAF, BETA, SE, Z, P, N, INFO) ->
        column; what is not named is found by the header's dialect.
    header : sequence of str, optional
        Canonical names, in order, of the columns of files without a header.
    use_beta_se : bool
        Z = BETA/SE and N = 1/(2 EAF (1-EAF) SE^2).
    n_value : float or sequence, optional
        Sample sizes for files without N.
    n_min, n_max, maf_min, info_min : float or sequence, optional
        Filters; default `n_min` is the 90th percentile of N over 1.5.
    homog_ns_frac, homog_ns_dist : float or sequence, optional
        Keep variants whose N is within this fraction of, or distance from, its mode.
    gencov_path, residcov_path : path, optional
        Omega and Sigma given, as text or .npy.
    perfect_gencov, equal_h2, no_overlap, numerical_omega : bool
        Models for Omega and Sigma, as in mtag.py.
    meta_format : bool
        Also report variants that only some traits have.
    fdr, fdr_method, intervals, p_sig, grid_file, fit_ss, n_approx, fdr_starts, seed
        maxFDR: ``"grid"`` searches mtag.py's grid, ``"optimise"`` the whole simplex.
    mtag_compat : bool
        mtag.py 1.0.8's own numbers, quirks included (docs/methods/mtag.md).
    figures, ssf, genome_build, store
        Also figures, GWAS-SSF files (their positions' build, such as GRCh37), and a study's HDF5 store.
    store_name : str, optional
        Matrices go to ``mtag/covariances/<name>`` and ``mtag/maxfdr/<name>``, for stores of several runs.
    cores, scheduler, jobqueue, jobqueue_options
        Where the work runs, see :func:`postgwas.compute.engine.engine`.

    Returns
    -------
    MtagResult

    Raises
    ------
    PostgwasError
        Bad input, an unknown panel, a matrix that cannot be used, nothing left
        after a filter, an existing result without `overwrite`.

    References
    ----------
    Turley P. et al. (2018) Multi-trait analysis of genome-wide association summary
    statistics using MTAG. Nature Genetics 50, 229-237.
    """
    for name, given in (("sumstats", sumstats), ("trait_names", trait_names), ("header", header)):
        if isinstance(given, str | os.PathLike):
            raise UsageError(f"{name} is {os.fspath(given)!r} alone; expected a list")
    options = MtagOptions(
        ld_ref_panel=None if ld_ref_panel is None else os.fspath(ld_ref_panel),
        trait_names=trait_names, columns=columns, header=header, dialect_files=_listed(dialect_files),
        use_beta_se=use_beta_se, n_value=n_value, no_chr_data=no_chr_data, include=_listed(include),
        exclude=_listed(exclude), only_chr=_listed(only_chr), homog_ns_frac=homog_ns_frac,
        homog_ns_dist=homog_ns_dist, maf_min=maf_min, n_min=n_min, n_max=n_max, info_min=info_min,
        incld_ambig_snps=incld_ambig_snps, no_allele_flipping=no_allele_flipping,
        median_z_cutoff=median_z_cutoff, force=force,
        gencov_path=None if gencov_path is None else os.fspath(gencov_path),
        residcov_path=None if residcov_path is None else os.fspath(residcov_path),
        no_overlap=no_overlap, perfect_gencov=perfect_gencov, equal_h2=equal_h2,
        numerical_omega=numerical_omega, tol=tol, time_limit=time_limit, n_blocks=n_blocks,
        std_betas=std_betas, meta_format=meta_format, fdr=fdr, fdr_method=fdr_method,
        grid_file=None if grid_file is None else os.fspath(grid_file), fit_ss=fit_ss,
        intervals=intervals, p_sig=p_sig, n_approx=n_approx, fdr_starts=fdr_starts, seed=seed,
        compat=mtag_compat,
    )  # fmt: skip
    request = run_outputs.Request(
        out=None if out is None else os.fspath(out), figures=figures, ssf=ssf, genome_build=genome_build,
        store=None if store is None else Path(store), store_name=store_name, overwrite=overwrite,
    )  # fmt: skip
    options.check(len(sumstats))
    names = trait_names_for([_source(s, i) for i, s in enumerate(sumstats)], options.trait_names)
    run_outputs.check_writable(request, options, names)
    check_store(request.store, names, overwrite=overwrite, fdr=fdr, name=store_name)
    check_inputs(sumstats, names, options)
    log_path = None if request.out is None else Path(f"{request.out}.log")
    with (
        run_log(
            log_path,
            quiet=quiet,
            verbose=verbose,
            stream_stdout=stream_stdout,
            json_lines=log_json,
            fresh=True,
        ),
        engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng,
    ):
        return run(sumstats, names, options, request, eng)


def max_fdr_of_results(
    out: str | os.PathLike[str],
    *,
    fdr_method: str = "grid",
    grid_file: str | os.PathLike[str] | None = None,
    fit_ss: bool = False,
    intervals: int = 10,
    p_sig: float = 5e-8,
    n_approx: bool = True,
    fdr_starts: int | None = None,
    seed: int = 1,
    mtag_compat: bool = False,
    overwrite: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    verbose: bool = False,
    stream_stdout: bool = False,
    log_json: bool = False,
) -> NDArray[np.float64]:
    """maxFDR from the files that an earlier run left under `out` (mtag.py's --skip_mtag).

    Reads ``<out>_trait_<k>.txt``, ``<out>_omega_hat.txt`` and ``<out>_sigma_hat.txt``;
    parameters as for :func:`mtag`.

    Returns
    -------
    ndarray, shape (n_traits,)
        Largest FDR of each trait.

    Raises
    ------
    InputError
        A file is missing or cannot be read.
    """
    from postgwas.mtag.run_fdr import max_fdr, read_results

    options = MtagOptions(
        fdr=True, skip_mtag=True, fdr_method=fdr_method,
        grid_file=None if grid_file is None else os.fspath(grid_file), fit_ss=fit_ss, intervals=intervals,
        p_sig=p_sig, n_approx=n_approx, fdr_starts=fdr_starts, seed=seed, compat=mtag_compat,
    )  # fmt: skip
    out = os.fspath(out)
    request = run_outputs.Request(out=out, overwrite=overwrite)
    options.check(1)
    run_outputs.check_writable(request, options, [])
    with (
        run_log(
            Path(f"{out}.FDR.log"),
            quiet=quiet,
            verbose=verbose,
            stream_stdout=stream_stdout,
            json_lines=log_json,
            fresh=True,
        ),
        engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng,
    ):
        earlier = read_results(out)
        maximum, _ = max_fdr(
            earlier.omega, earlier.sigma, earlier.z, earlier.n, earlier.names, options, request, eng
        )
        return maximum


def run(
    sumstats: Sequence[Any],
    names: Sequence[str],
    options: MtagOptions,
    request: run_outputs.Request,
    eng: Engine,
) -> MtagResult:
    """The steps of a run, in order; `mtag` and the command line both end up here."""
    watch = Stopwatch()
    rejected: list[tuple[str, Any]] = []
    traits: list[Trait] = []

    def each() -> Iterator[Trait]:
        for trait in read_traits(sumstats, names, options, eng, watch, scratch=request.folder):
            rejected.append((trait.source, trait.rejected))
            traits.append(trait.without_rows())
            yield trait
            del trait  # its rows live on in the merged table alone

    aligned, to_estimate = _merged(each(), options, watch)
    if request.ssf:
        run_outputs.check_ssf(to_estimate)
    with watch("Sigma and Omega"):
        covariances = estimate_covariances(aligned, names, options, eng, scratch=request.folder)
    log.info("Sigma hat:\n%s", matrix_text(covariances.sigma))
    with watch("MTAG"):
        estimates = by_subset(to_estimate, covariances.omega, covariances.sigma, names, compat=options.compat)
    aligned = to_estimate
    rejected += [(t.source, c.rejected) for t, c in zip(traits, aligned.counts) if c.rejected is not None]
    summaries = summarise(aligned, estimates, covariances.sigma, traits)
    found = MtagResult(
        options=options,
        trait_names=list(names),
        omega=covariances.omega,
        omega_se=covariances.omega_se,
        genetic_correlation=covariances.correlation,
        genetic_correlation_se=covariances.correlation_se,
        sigma=covariances.sigma,
        sigma_se=covariances.sigma_se,
        aligned=aligned,
        beta=estimates.beta,
        se=estimates.se,
        summaries=summaries,
        warnings=warnings_of(aligned, covariances, names, options, summaries),
        timings=watch.seconds,
        column_names=[trait.columns for trait in traits],
        provenance=row_counts(traits, aligned),
    )
    with watch("writing"), staged(request) as aside:
        run_outputs.write_results(found, aside, rejected)
    if options.fdr:
        from postgwas.mtag.run_fdr import search_max_fdr

        with watch("maxFDR"):
            found = search_max_fdr(found, request, eng)
    log.info("\n%s\n", found.summary())
    with watch("store and figures"):
        run_outputs.write_extras(found, request)
    for line in watch.lines():
        log.debug(line)
    log.info("MTAG complete. Time elapsed: %.1f s", watch.wall())
    return found


def _merged(traits: Iterator[Trait], options: MtagOptions, watch: Stopwatch) -> tuple[Aligned, Aligned]:
    """The variants that Sigma and Omega come from, and those that get estimates: mostly the same."""
    rules: dict[str, Any] = {
        "flip_strand": not options.compat,
        "swap": options.compat or not options.no_allele_flipping,
        "keep_ambiguous": options.incld_ambig_snps,
        "watch": watch,
    }
    if options.compat and options.meta_format:
        # mtag.py aligns what Omega comes from, and takes the union of the traits as it stands.
        held = list(traits)
        aligned = merge(held, **rules)
        rules |= {"keep_ambiguous": True, "union": True, "align_alleles": False}
        union = merge(held, **rules)
        log_merge(aligned)
        return restrict(aligned, options), union
    aligned = merge(traits, union=options.meta_format, **rules)
    log_merge(aligned)
    aligned = restrict(aligned, options)
    return aligned, aligned


def _source(source: Any, index: int) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if not hasattr(source, "columns"):
        raise UsageError(f"trait {index + 1} is a {type(source).__name__}; expected a path or a DataFrame")
    return f"trait_{index + 1}"


def _listed(value: OneOrMore | int | Sequence[int]) -> tuple[str, ...]:
    """Of one that stands alone, or of several; the letters of a text are not several."""
    several = (value,) if isinstance(value, str | int | os.PathLike) else value
    return tuple(str(one) for one in several)
