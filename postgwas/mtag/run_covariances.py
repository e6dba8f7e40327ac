"""Third step of a run: Sigma from LD score regression, Omega from the variants themselves."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.errors import InputError, MatrixError, NoVariantsError
from postgwas.ld.panel import load_panel
from postgwas.mtag.checks import warn_about_one_trait
from postgwas.mtag.definite import Adjusted, adjust, eigenvalues
from postgwas.mtag.matrix_file import read_matrix
from postgwas.mtag.omega import (
    OmegaMoments,
    correlation_of,
    maximum_likelihood,
    moments,
    perfect_correlation,
)
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.run_merge import Aligned
from postgwas.mtag.sigma import Intercept, assemble, blocks_of_rows, heritability, pair_intercept, pairs
from postgwas.progress import progress
from postgwas.runlog import get_logger

log = get_logger(__name__)

Floats = NDArray[np.float64]

#: A given matrix is singular when an eigenvalue of its correlations is smaller.
SINGULAR = 1e-12

#: From so many pairs on the regressions are worth spreading over workers.
PAIRS_WORTH_WORKERS = 10


@dataclass(frozen=True)
class Covariances:
    """Sigma and Omega as the estimator will use them, with standard errors.

    Matrices are n_traits x n_traits in the order of the traits; `*_changed` says
    that the estimate was shrunk to be positive definite. `warnings` speak of Omega's model.
    """

    sigma: Floats
    sigma_se: Floats
    sigma_changed: bool
    omega: Floats
    omega_se: Floats
    correlation: Floats
    correlation_se: Floats
    omega_changed: bool
    omega_eigenvalues: Floats
    n_variants: int
    n_in_panel: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blocks:
    """The regressions' jackknife blocks: that of every variant, and Sigma without each."""

    of_row: NDArray[np.int64]
    sigma: Floats
    n_variants: int


def estimate_covariances(
    aligned: Aligned,
    names: Sequence[str],
    options: MtagOptions,
    eng: Engine,
    *,
    scratch: Path | None = None,
) -> Covariances:
    """Sigma and Omega from the variants that all traits have, strand-ambiguous ones left out."""
    usable = aligned.present.all(axis=1) & ~aligned.ambiguous
    if not usable.any():
        raise NoVariantsError("no variant that all traits have is left to estimate Omega and Sigma")
    log.info(
        "Using %s SNPs to estimate Omega (%s left out as strand-ambiguous)",
        f"{usable.sum():,}", f"{aligned.ambiguous.sum():,}",
    )  # fmt: skip
    n_traits = len(names)
    # Traits in the order of their names: no result depends on the order they are given in.
    order = np.argsort(np.asarray(names), kind="stable")
    back = np.argsort(order)
    every = bool(usable.all())
    z = np.ascontiguousarray((aligned.z if every else aligned.z[usable])[:, order])
    n = np.ascontiguousarray((aligned.n if every else aligned.n[usable])[:, order])
    eaf = (aligned.eaf if every else aligned.eaf[usable])[:, order]
    ids = aligned.snpid if every else aligned.snpid.filter(pl.Series(usable))

    check_different(z, [names[t] for t in order], options)
    sigma, sigma_se, blocks = _sigma(z, n, eaf, ids, options, eng, order, scratch)
    given = options.residcov_path
    name = "Sigma" if given is None else f"Sigma (--residcov_path {given})"
    adjusted = _definite(sigma, name, given=given is not None, options=options, order=order)
    sigma = adjusted.matrix
    # A Sigma that was shrunk is taken as known.
    own = None if adjusted.changed else blocks
    named = [names[t] for t in order]
    said: list[str] = []
    found, correlation, correlation_se, shrunk, values = _omega(z, n, sigma, own, options, order, named, said)
    at = np.ix_(back, back)
    return Covariances(
        sigma=sigma[at],
        sigma_se=sigma_se[at],
        sigma_changed=adjusted.changed,
        omega=found.omega[at],
        omega_se=found.omega_se[at],
        correlation=correlation[at],
        correlation_se=correlation_se[at],
        omega_changed=shrunk,
        omega_eigenvalues=values,
        n_variants=len(z) if n_traits else 0,
        n_in_panel=None if blocks is None else blocks.n_variants,
        warnings=tuple(said),
    )


def _sigma(
    z: Floats,
    n: Floats,
    eaf: Floats,
    ids: pl.Series,
    options: MtagOptions,
    eng: Engine,
    order: Any,
    scratch: Path | None,
) -> tuple[Floats, Floats, Blocks | None]:
    n_traits = z.shape[1]
    if options.residcov_path is not None:
        given = read_matrix(options.residcov_path, n_traits, name="--residcov_path")
        return given[np.ix_(order, order)], np.full_like(given, np.nan), None
    if options.ld_ref_panel is None:
        raise InputError("Sigma needs LD scores", hint="--ld_ref_panel, or --residcov_path gives Sigma")
    panel = load_panel(options.ld_ref_panel)
    at, rows = panel.match(ids)
    if rows.size == 0:
        raise NoVariantsError(
            f"none of {len(ids):,} variants is in the LD score panel {options.ld_ref_panel} "
            f"({panel.n_variants:,} variants; ids such as {panel.snpid[0]}, the traits' such as {ids[0]})",
            hint="ids must be of one kind in all files and the panel; --ld_ref_panel names another",
        )
    log.info("LD scores: %s variants in, %s in the panel", f"{len(ids):,}", f"{rows.size:,}")
    l2 = np.ascontiguousarray(panel.l2[at, 0])
    m = float(panel.m[0])
    n_all = len(z)
    z, n = np.asfortranarray(z[rows]), np.asfortranarray(n[rows])
    # A missing frequency takes the variant out of that trait's regressions, as in mtag.py.
    known = np.isfinite(eaf[rows])
    # A trait without any frequency (--std_betas) is usable everywhere.
    usable = known | ~known.any(axis=0)
    wanted = pairs(n_traits, no_overlap=options.no_overlap)
    intercepts = _regressions(z, n, usable, l2, m, wanted, options.n_blocks, eng, scratch)
    fit = assemble(intercepts, n_traits)
    for one in fit.intercepts:
        log.debug(
            "LD score regression %d-%d: %d SNPs, slope %.4f (%.4f), intercept %.4f (%.4f)",
            order[one.first] + 1, order[one.second] + 1, one.n_variants, one.slope, one.slope_se,
            one.intercept, one.intercept_se,
        )  # fmt: skip
    if not np.all(np.isfinite(fit.sigma)):
        raise MatrixError(
            f"LD score regression on {len(rows):,} variants gave no finite Sigma",
            hint="use more variants, or give Sigma by --residcov_path",
        )
    bad = [t for t in range(n_traits) if fit.sigma[t, t] <= 0]
    if bad:
        listed = ", ".join(f"{fit.sigma[t, t]:.3g} for trait {order[t] + 1}" for t in bad)
        raise MatrixError(
            f"the LD score intercept is {listed}, from {len(rows):,} variants; expected about 1",
            hint="use more variants, leave the trait out, or give Sigma by --residcov_path",
        )
    block = blocks_of_rows(rows.astype(np.int64), n_all, options.n_blocks)
    return fit.sigma, fit.sigma_se, Blocks(block, fit.deleted, len(rows))


def _regressions(
    z: Floats,
    n: Floats,
    usable: NDArray[np.bool_],
    l2: Floats,
    m: float,
    wanted: Sequence[tuple[int, int]],
    n_blocks: int,
    eng: Engine,
    scratch: Path | None,
) -> list[Intercept]:
    n_traits = z.shape[1]
    if eng.cores == 1 or len(wanted) < PAIRS_WORTH_WORKERS:
        fits = {t: heritability(z, n, usable, l2, m, t, n_blocks=n_blocks) for t in range(n_traits)}
        found = []
        with progress("LD score regressions", total=len(wanted)) as advance:
            for pair in wanted:
                found.append(pair_intercept(z, n, usable, l2, m, pair, fits, n_blocks=n_blocks))
                advance(1)
        return found
    # Workers map the arrays from disk; only their names travel.
    with tempfile.TemporaryDirectory(prefix=".postgwas-", dir=scratch) as folder:
        for name, array in (("z", z), ("n", n), ("usable", usable), ("l2", l2)):
            np.save(Path(folder) / f"{name}.npy", array)
        fit_list = eng.map(
            partial(_heritability_task, folder, m, n_blocks), list(range(n_traits)), label="Heritabilities"
        )
        fits = dict(enumerate(fit_list))
        work = partial(_pair_task, folder, m, n_blocks)
        tasks = [(pair, {t: fits[t] for t in pair}) for pair in wanted]
        return eng.map(work, tasks, label="LD score regressions")


def _arrays(folder: str) -> list[Any]:
    return [np.load(Path(folder) / f"{name}.npy", mmap_mode="r") for name in ("z", "n", "usable", "l2")]


def _heritability_task(folder: str, m: float, n_blocks: int, trait: int) -> Any:
    z, n, usable, l2 = _arrays(folder)
    return heritability(z, n, usable, l2, m, trait, n_blocks=n_blocks)


def _pair_task(folder: str, m: float, n_blocks: int, task: tuple[tuple[int, int], Any]) -> Intercept:
    z, n, usable, l2 = _arrays(folder)
    pair, fits = task
    return pair_intercept(z, n, usable, l2, m, pair, fits, n_blocks=n_blocks)


def check_different(z: Floats, names: Sequence[str], options: MtagOptions) -> None:
    """Refuse one trait under two names: Omega is singular then, and MTAG adds nothing.

    Raises
    ------
    InputError
        Two traits have the same Z, or the same but for the sign, at every variant.
    """
    if options.force or options.compat:
        return
    size = np.abs(z)
    for i in range(z.shape[1]):
        for j in range(i):
            # The first rows settle it for all but copies.
            if np.array_equal(size[:64, i], size[:64, j]) and (
                np.array_equal(z[:, i], z[:, j]) or np.array_equal(z[:, i], -z[:, j])
            ):
                first, second = sorted((names[i], names[j]))
                raise InputError(
                    f"{first} and {second} have the same Z at all {len(z):,} variants that the traits share: "
                    "one GWAS given twice? Omega is singular then",
                    hint="give it once in --sumstats; --force goes on",
                )


def _definite(matrix: Floats, name: str, *, given: bool, options: MtagOptions, order: Any) -> Adjusted:
    """Shrink an estimate that is not positive definite; refuse a given one, unless --force."""
    variance = np.diag(matrix)
    bad = np.flatnonzero(~(variance > 0))
    if bad.size:
        listed = ", ".join(f"{variance[t]:.4g} for trait {order[t] + 1}" for t in bad)
        raise MatrixError(
            f"{name} has no positive variance on its diagonal: {listed}",
            hint=None if given else "use more variants, leave the trait out, or give it by --residcov_path",
        )
    values = eigenvalues(matrix)
    if given and not options.compat and not options.force and values[0] < SINGULAR:
        listed = ", ".join(f"{0.0 if abs(value) < SINGULAR else value:.4g}" for value in values)
        what = "singular" if values[0] > -SINGULAR else "not positive definite"
        hint = "--force shrinks its off-diagonal elements and goes on"
        if what == "singular" and "gencov" in name:
            hint = f"for traits that correlate perfectly: --perfect_gencov without --gencov_path; {hint}"
        raise MatrixError(f"{name} is {what}: the eigenvalues of its correlations are {listed}", hint=hint)
    try:
        adjusted = adjust(matrix)
    except MatrixError as error:
        raise MatrixError(f"{name}: {error.message}") from None
    if adjusted.changed:
        before = ", ".join(f"{value:.3g}" for value in adjusted.eigenvalues_before)
        log.warning(
            "%s is not positive definite (eigenvalues of its correlations: %s); off-diagonal elements "
            "shrunk, by up to %.3g",
            name, before, np.abs(adjusted.matrix - matrix).max(),
        )  # fmt: skip
    return adjusted


def _omega(
    z: Floats,
    n: Floats,
    sigma: Floats,
    blocks: Blocks | None,
    options: MtagOptions,
    order: Any,
    names: Sequence[str],
    said: list[str],
) -> tuple[OmegaMoments, Floats, Floats, bool, Floats]:
    n_traits = z.shape[1]
    nan = np.full((n_traits, n_traits), np.nan)
    if options.equal_h2:
        ones = np.ones((n_traits, n_traits))
        if not options.compat:
            said += warn_about_one_trait(names, _moments(z, n, sigma, blocks, options), equal_h2=True)
        return OmegaMoments(ones, nan, ones, nan, 0), ones, nan, False, eigenvalues(ones)
    if options.gencov_path is not None:
        given = read_matrix(options.gencov_path, n_traits, name="--gencov_path")[np.ix_(order, order)]
        return _given_omega(given, nan, options, order)
    gmm = _moments(z, n, sigma, blocks, options)
    values = eigenvalues(gmm.omega)
    _check_variances(gmm, order, len(z))
    if options.perfect_gencov:
        said += warn_about_one_trait(names, gmm)
    if options.numerical_omega:
        fit = _likelihood(z, n, sigma, gmm.omega, options, said)
        found = OmegaMoments(fit, nan, correlation_of(fit), nan, 0)
        return found, correlation_of(fit), nan, False, eigenvalues(fit)
    if options.perfect_gencov:
        omega = perfect_correlation(gmm.omega)
        found = OmegaMoments(omega, nan, correlation_of(omega), nan, 0)
        return found, found.correlation, nan, False, values
    adjusted = _definite(gmm.omega, "Omega", given=False, options=options, order=order)
    found = OmegaMoments(adjusted.matrix, gmm.omega_se, gmm.correlation, gmm.correlation_se, gmm.n_blocks)
    return found, correlation_of(adjusted.matrix), gmm.correlation_se, adjusted.changed, values


def _moments(
    z: Floats, n: Floats, sigma: Floats, blocks: Blocks | None, options: MtagOptions
) -> OmegaMoments:
    if blocks is None:
        return moments(z, n, sigma, n_blocks=options.n_blocks)
    return moments(z, n, sigma, n_blocks=len(blocks.sigma), block=blocks.of_row, sigma_deleted=blocks.sigma)


def _given_omega(
    given: Floats, nan: Floats, options: MtagOptions, order: Any
) -> tuple[OmegaMoments, Floats, Floats, bool, Floats]:
    values = eigenvalues(given)
    changed = False
    # mtag.py takes whatever it is given; a matrix that cannot be a covariance gives wrong standard errors.
    if not options.compat:
        adjusted = _definite(
            given, f"Omega (--gencov_path {options.gencov_path})", given=True, options=options, order=order
        )
        given, changed = adjusted.matrix, adjusted.changed
    return (
        OmegaMoments(given, nan, correlation_of(given), nan, 0),
        correlation_of(given),
        nan,
        changed,
        values,
    )


def _check_variances(gmm: OmegaMoments, order: Any, n_variants: int) -> None:
    variance = np.diag(gmm.omega)
    bad = np.flatnonzero(~(variance > 0))
    if bad.size:
        listed = ", ".join(f"trait {order[t] + 1}: {variance[t]:.3g}" for t in bad)
        raise MatrixError(
            f"Omega, from {n_variants:,} variants, has no positive genetic variance for {listed}: no signal "
            "beyond the LD score intercept",
            hint="leave the trait out, or give matrices by --gencov_path and --residcov_path",
        )


def _likelihood(
    z: Floats, n: Floats, sigma: Floats, start: Floats, options: MtagOptions, said: list[str]
) -> Floats:
    # mtag.py takes the flag and never looks at it.
    limit = np.inf if options.compat else options.time_limit * 3600
    deadline = time.monotonic() + limit

    def watch() -> None:
        if time.monotonic() > deadline:
            raise StopIteration

    fit = maximum_likelihood(
        z, n, sigma, start, rank_one=options.perfect_gencov, tol=options.tol, callback=watch
    )
    log.info("Numerical optimisation of Omega: %d iterations, log likelihood %.6f", fit.iterations,
             fit.log_likelihood)  # fmt: skip
    if not fit.converged:
        said.append(
            "the numerical optimisation of Omega did not converge within its limits (--time_limit, --tol)"
        )
        log.warning(said[-1])
    return fit.omega
