"""New samples on the axes of others: ``postgwas.genotypes.project``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import NoVariantsError, UsageError
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.loadings import Loadings
from postgwas.genotypes.loadings_files import read_loadings
from postgwas.genotypes.projection import coordinates, turned, unshrunk
from postgwas.genotypes.run_projection import project_sums
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.genotypes.standardise import Floats
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

_SAY_BELOW = 0.9


@dataclass(frozen=True)
class ProjectSettings:
    """How samples are projected.

    Attributes
    ----------
    n_axes : int, optional
        The first axes alone; all by default.
    match : {"id", "position"}
        How variants are found; alleles must agree in any case.
    missing : {"lsq", "mean"}
        See :func:`postgwas.genotypes.projection.coordinates`.
    least_matched : float
        Share of the loadings' variants that the genotypes must have.
    unshrink : bool
        Undo the shrinkage of new samples (:func:`postgwas.genotypes.projection.unshrunk`); wrong
        for samples that the axes were fitted to, or close relatives of them.
    """

    n_axes: int | None = None
    match: str = "id"
    missing: str = "lsq"
    least_matched: float = 0.5
    unshrink: bool = False

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name, chosen, known in (
            ("match_by", self.match, ("id", "position")), ("missing", self.missing, ("lsq", "mean")),
        ):  # fmt: skip
            if chosen not in known:
                raise UsageError(f"--{name} {chosen}: expected {' or '.join(known)}")
        if not 0 < self.least_matched <= 1:
            raise UsageError(f"--least_matched {self.least_matched:g}: expected a share above 0, at most 1")
        if self.n_axes is not None and self.n_axes < 1:
            raise UsageError(f"--n_axes {self.n_axes}: expected at least 1")


@dataclass(frozen=True, eq=False)
class Projection:
    """Samples on given axes.

    Attributes
    ----------
    samples : polars.DataFrame
        FID, IID, SEX; n rows.
    scores : ndarray of float64, shape (n, k)
        On the scale of the reference's own; NaN where a sample has too few calls.
    seen : ndarray of float64, shape (n,)
        Share of the axes that the sample's calls hold, in the worst direction.
    n_observed : ndarray of int64, shape (n,)
        Calls that were used.
    n_matched, n_loadings : int
        Variants found in the genotypes, and in the loadings.
    n_swapped : int
        Matched ones that count the other allele.
    dropped : dict of str to int
        Variants of the loadings that were not used, by reason.
    eigenvalues : ndarray of float64, shape (k,)
    """

    samples: pl.DataFrame
    scores: Floats
    seen: Floats
    n_observed: NDArray[np.int64]
    n_matched: int
    n_loadings: int
    n_swapped: int
    dropped: dict[str, int] = field(default_factory=dict)
    eigenvalues: Floats = field(default_factory=lambda: np.empty(0))


def project(
    genotypes: Genotypes | str | os.PathLike[str],
    loadings: Loadings | str | os.PathLike[str],
    *,
    frequencies: str | None = None,
    selection: Selection | None = None,
    settings: ProjectSettings | None = None,
    dosage: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> Projection:
    """Project samples on axes that were fitted to others.

    Variants are matched by id (or position) and alleles, swapped ones turned; A/T and C/G by
    their letters, unless the two files are on different strands: then they are dropped.

    Parameters
    ----------
    genotypes : Genotypes or path
    loadings : Loadings or path
        Of :func:`postgwas.genotypes.pca`, or plink2's (see
        :func:`postgwas.genotypes.loadings_files.read_loadings`).
    frequencies : str, optional
        plink2's .afreq.
    selection : Selection, optional
    settings : ProjectSettings, optional
    dosage : bool
        Dosages rather than hard calls, of a path.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    Projection

    Raises
    ------
    NoVariantsError
        If too few variants match.
    UsageError, InputError, ColumnError
        If settings are out of range or files are damaged.

    References
    ----------
    Zhang, Dey and Lee 2020, Bioinformatics 36:3439-3446 (shrinkage undone).

    Examples
    --------
    >>> result = project("new.pgen", "reference.loadings.tsv.gz")  # doctest: +SKIP
    >>> result.scores.shape, result.n_matched  # doctest: +SKIP
    """
    settings = settings or ProjectSettings()
    settings.check()
    axes = loadings if isinstance(loadings, Loadings) else read_loadings(loadings, frequencies=frequencies)
    if settings.n_axes is not None:
        if settings.n_axes > axes.n_axes:
            raise UsageError(f"--n_axes {settings.n_axes}: the loadings have {axes.n_axes} axes")
        axes = axes.first(settings.n_axes)
    chosen = open_selected(genotypes, selection, dosage=dosage).genotypes
    matched = _match(chosen, axes, settings)
    view = chosen.select(variants=matched.columns)
    scale, weights = turned(axes.scale.of(matched.rows), axes.weights[matched.rows], matched.flip)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        sums = project_sums(eng, view, scale, weights)
    whole = len(matched.rows) == axes.variants.height
    held = np.eye(axes.n_axes) if whole else weights.T @ weights
    found = coordinates(sums, held, missing=settings.missing)
    values = found.values
    if settings.unshrink:
        with np.errstate(divide="ignore"):
            squares = sums.squares * (axes.variants.height / sums.n_observed)
        values = unshrunk(values, squares, axes.singular)
    return Projection(
        chosen.samples, values / axes.singular, found.seen, sums.n_observed, len(matched.rows),
        axes.variants.height, int(matched.flip.sum()), matched.dropped, axes.eigenvalues,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Matched:
    """Rows of the loadings and of the genotypes, ascending in the latter."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    flip: NDArray[np.bool_]
    dropped: dict[str, int]


def _match(genotypes: Genotypes, axes: Loadings, settings: ProjectSettings) -> _Matched:
    from postgwas.ld.shared_variants import shared_variants

    n_loadings = axes.variants.height
    hint = "another genome build or other ids? --match_by position (or id), --least_matched"
    try:
        how: Any = settings.match
        shared = shared_variants(axes.variants, genotypes.variants, match=how)
    except NoVariantsError:
        raise NoVariantsError(
            f"{genotypes.path}: has none of the {n_loadings:,} variants of the loadings by "
            f"{settings.match} and alleles "
            f"(such as {axes.variants['SNPID'][0]} against {genotypes.variants['SNPID'][0]})",
            hint=hint,
        ) from None
    share = len(shared.first) / n_loadings
    told = f"{len(shared.first):,} of {n_loadings:,} variants of the loadings ({100 * share:.1f} %)"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in shared.dropped.items() if count)
    if share < settings.least_matched:
        raise NoVariantsError(
            f"{genotypes.path}: has {told}, expected at least {100 * settings.least_matched:g} % ({reasons})",
            hint=hint,
        )
    swapped = int(shared.flip.sum())
    say = log.warning if share < _SAY_BELOW else log.info
    say("Matched %s, %s with swapped alleles%s", told, f"{swapped:,}", f" ({reasons})" if reasons else "")
    order = np.argsort(shared.second, kind="stable")
    return _Matched(shared.first[order], shared.second[order], shared.flip[order], shared.dropped)
