"""Principal components of genotypes: ``postgwas.genotypes.pca``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine, engine
from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes.autosomes import autosomal_only
from postgwas.genotypes.axis_outliers import axis_distances
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.loadings import Loadings
from postgwas.genotypes.neighbour_ld import neighbour_r2
from postgwas.genotypes.pca_result import FIT, OUTLIER, PROJECTED, PCAResult
from postgwas.genotypes.projection import coordinates
from postgwas.genotypes.run_axes import Axes, AxesSettings, compute_axes
from postgwas.genotypes.run_projection import project_sums
from postgwas.genotypes.samples import keep_samples
from postgwas.genotypes.selection import Listed, Selection, all_moments, open_selected
from postgwas.genotypes.standardise import Floats, Scale, scale_of
from postgwas.runlog import get_logger, log_step

log = get_logger(__name__)

FEW_VARIANTS = 2000
"""Below this the axes are said to rest on few variants."""
UNPRUNED = 0.1
"""Mean r^2 of neighbours from which variants are said to look unpruned."""


@dataclass(frozen=True)
class PcaSettings:
    """How principal components are computed.

    Attributes
    ----------
    n_axes, method, missing, seed, tolerance, max_passes, block
        See :class:`postgwas.genotypes.run_axes.AxesSettings`.
    fit_keep, fit_remove : path or sequence of str, optional
        Samples that the axes are fitted to, or are not (relatives); the others are projected.
    outlier_sd : float
        Standard deviations from an axis's mean beyond which a sample is an outlier.
    outlier_axes : int
        Axes that are looked at, from the first.
    outlier_rounds : int
        How often outliers are left out and the axes computed again; 0 only counts them.
    """

    n_axes: int = 10
    method: str = "auto"
    missing: str = "mean"
    seed: int = 1
    tolerance: float = 1e-3
    max_passes: int = 60
    block: int = 4096
    fit_keep: Listed | None = None
    fit_remove: Listed | None = None
    outlier_sd: float = 6.0
    outlier_axes: int = 10
    outlier_rounds: int = 0

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        least: tuple[tuple[str, float, float], ...] = (
            ("n_axes", self.n_axes, 1), ("max_passes", self.max_passes, 1), ("block", self.block, 1),
            ("outlier_axes", self.outlier_axes, 1), ("outlier_rounds", self.outlier_rounds, 0),
            ("seed", self.seed, 0),
        )  # fmt: skip
        for name, value, limit in least:
            if value < limit:
                raise UsageError(f"--{name} {value:g}: expected at least {limit:g}")
        for name, value in (("outlier_sd", self.outlier_sd), ("tolerance", self.tolerance)):
            if not value > 0:
                raise UsageError(f"--{name} {value:g}: expected a number above 0")
        for name, chosen, known in (
            ("method", self.method, ("auto", "exact", "randomised")),
            ("missing", self.missing, ("mean", "pairwise")),
        ):
            if chosen not in known:
                raise UsageError(f"--{name} {chosen}: expected {' or '.join(known)}")
        if self.missing == "pairwise" and self.method == "randomised":
            raise UsageError("--missing pairwise needs the whole matrix", hint="--method exact")

    @property
    def axes(self) -> AxesSettings:
        return AxesSettings(
            self.n_axes, self.method, self.missing, self.seed, self.tolerance, self.max_passes, self.block
        )


def pca(
    genotypes: Genotypes | str | os.PathLike[str],
    *,
    selection: Selection | None = None,
    settings: PcaSettings | None = None,
    dosage: bool = False,
    scratch: str | os.PathLike[str] | None = None,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> PCAResult:
    """Principal components of the autosomal variants that vary.

    Genotypes are standardised as plink2 does, (x - 2p) / sqrt(2p(1 - p)), missing calls at the mean.
    Up to 1,000 samples the relationship matrix is decomposed exactly; beyond, a randomised block
    Krylov method sweeps over the file, block by block, until each axis has converged.

    Parameters
    ----------
    genotypes : Genotypes or path
    selection : Selection, optional
        Which samples and variants; prune variants first.
    settings : PcaSettings, optional
    dosage : bool
        Dosages rather than hard calls, of a path.
    scratch : path-like, optional
        Folder for temporary files, which workers on other machines must see.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    PCAResult

    Raises
    ------
    UsageError
        If settings are out of range, or more axes are asked for than samples or variants allow.
    InputError
        If files are damaged or lists name nobody.
    NoVariantsError
        If no autosomal variant varies.

    References
    ----------
    Price et al. 2006, Nature Genetics 38:904-909 (axes, standardisation).
    Musco and Musco 2015, Randomized block Krylov methods for stronger and faster approximate singular
    value decomposition, algorithm 2.

    Examples
    --------
    >>> result = pca("people.pgen", settings=PcaSettings(n_axes=20))  # doctest: +SKIP
    >>> result.scores.shape, result.explained[:3]  # doctest: +SKIP
    """
    settings = settings or PcaSettings()
    settings.check()
    selected = open_selected(genotypes, selection, dosage=dosage)
    chosen, dropped = autosomal(selected.genotypes, dict(selected.variants_dropped))
    fit = _fitted_to(chosen, settings)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        found = _rounds(eng, chosen, fit, settings, dropped, scratch)
        scores = np.full((chosen.n_samples, settings.n_axes), np.nan)
        scores[found.fit] = found.axes.scores
        others = np.flatnonzero(~found.fit)
        if len(others):
            view = chosen.select(variants=found.rows, samples=others)
            sums = project_sums(eng, view, found.scale, found.axes.loadings, block=settings.block)
            landed = coordinates(sums, np.eye(settings.n_axes)).values
            scores[others] = landed / np.sqrt(len(found.rows) * found.axes.found.values)
    role = np.where(found.fit, FIT, np.where(found.outlier, OUTLIER, PROJECTED))
    loadings = Loadings(
        chosen.variants[found.rows], found.scale, found.axes.loadings, found.axes.found.values,
        int(found.fit.sum()),
    )  # fmt: skip
    return PCAResult(
        chosen.samples, scores, role, found.distance, found.axes.found.values, found.total,
        found.axes.found.residuals, loadings, found.axes.exact, found.axes.found.n_passes, found.neighbour_r2,
        found.dropped, dict(selected.samples_dropped),
    )  # fmt: skip


def autosomal(genotypes: Genotypes, dropped: dict[str, int]) -> tuple[Genotypes, dict[str, int]]:
    """Variants of chromosomes 1 to 22, and the counts of what was dropped with the others added.

    Raises
    ------
    NoVariantsError
        If there is none.
    """
    kept = autosomal_only(genotypes)
    return kept, {**dropped, "not on an autosome": genotypes.n_variants - kept.n_variants}


def _fitted_to(genotypes: Genotypes, settings: PcaSettings) -> NDArray[np.bool_]:
    fit = np.ones(genotypes.n_samples, np.bool_)
    if settings.fit_keep is not None:
        fit[:] = False
        fit[keep_samples(genotypes.samples, settings.fit_keep)] = True
    if settings.fit_remove is not None:
        fit[keep_samples(genotypes.samples, settings.fit_remove)] = False
    if not fit.any():
        raise InputError(
            f"{genotypes.path}: no sample is left to fit axes to", hint="--fit_keep, --fit_remove"
        )
    return fit


@dataclass(frozen=True, eq=False)
class _Found:
    axes: Axes
    rows: NDArray[np.int64]
    scale: Scale
    fit: NDArray[np.bool_]
    outlier: NDArray[np.bool_]
    distance: Floats
    total: float
    neighbour_r2: float
    dropped: dict[str, int]


def _rounds(
    eng: Engine,
    genotypes: Genotypes,
    fit: NDArray[np.bool_],
    settings: PcaSettings,
    dropped: dict[str, int],
    scratch: str | os.PathLike[str] | None,
) -> _Found:
    """Axes, again and again while there are outliers and rounds left."""
    outlier = np.zeros(genotypes.n_samples, np.bool_)
    distance = np.full(genotypes.n_samples, np.nan)
    for number in range(settings.outlier_rounds + 1):
        found = _once(eng, genotypes, fit, settings, dropped, scratch)
        away = axis_distances(found.axes.scores, settings.outlier_axes)
        distance[fit] = away.largest
        beyond = away.beyond(settings.outlier_sd)
        n_beyond = int(beyond.sum())
        if not n_beyond:
            break
        names = ", ".join(np.array(genotypes.samples["IID"].to_list())[fit][beyond][:3])
        where = (
            f"{n_beyond:,} of {int(fit.sum()):,} samples lie over {settings.outlier_sd:g} SD out ({names})"
        )
        if number == settings.outlier_rounds:
            hint = "" if settings.outlier_rounds else "; --outlier_rounds leaves them out of the axes"
            log.warning("%s%s", where, hint)
            break
        log.info("Round %d: %s; axes again without them", number + 1, where)
        outlier[np.flatnonzero(fit)[beyond]] = True
        fit = fit & ~outlier
    return replace(found, outlier=outlier, distance=distance)


def _once(
    eng: Engine,
    genotypes: Genotypes,
    fit: NDArray[np.bool_],
    settings: PcaSettings,
    dropped: dict[str, int],
    scratch: str | os.PathLike[str] | None,
) -> _Found:
    people = None if fit.all() else np.flatnonzero(fit)
    view = genotypes.select(samples=people)
    scale = scale_of(all_moments(view))
    rows = np.flatnonzero(scale.varies)
    dropped = {**dropped, "monomorphic": view.n_variants - len(rows)}
    _check_sizes(view, len(rows), settings, dropped)
    view, scale = (
        (view, scale) if len(rows) == view.n_variants else (view.select(variants=rows), scale.of(rows))
    )
    log_step(log, "Variants for the axes", rows_in=sum(dropped.values()) + len(rows), rows_out=len(rows),
             dropped=dropped)  # fmt: skip
    r2 = neighbour_r2(view.source, scale, view.variants["CHR"].to_numpy())
    axes = compute_axes(eng, view, scale, settings.axes, scratch=scratch)
    none = np.zeros(len(fit), np.bool_)
    # Each variant has variance 1 in Hardy-Weinberg proportions, hence the trace is near n.
    total = _trace(view, scale)
    return _Found(axes, rows, scale, fit, none, np.full(len(fit), np.nan), total, r2, dropped)


def _trace(genotypes: Genotypes, scale: Scale) -> float:
    """Sum of all eigenvalues: of the squared standardised genotypes, over the variants."""
    return float((all_moments(genotypes).deviation / scale.sd**2).sum() / genotypes.n_variants)


def _check_sizes(
    genotypes: Genotypes, n_varying: int, settings: PcaSettings, dropped: dict[str, int]
) -> None:
    n_axes = settings.n_axes
    told = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items() if number)
    if n_varying == 0:
        raise NoVariantsError(f"{genotypes.path}: no variant is left for the axes ({told})")
    if n_axes >= genotypes.n_samples:
        raise UsageError(
            f"{n_axes} axes of {genotypes.n_samples} samples: expected fewer axes than samples",
            hint=f"--n_axes {max(1, min(10, genotypes.n_samples - 1))}",
        )
    if n_axes > n_varying:
        raise UsageError(
            f"{n_axes} axes of {n_varying} variants that vary ({told}): expected no more axes than variants",
            hint=f"--n_axes {min(10, n_varying)}",
        )
