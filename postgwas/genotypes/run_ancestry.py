"""Ancestry of projected samples beside labelled ones: ``postgwas.genotypes.ancestry``, and its files."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.destination import Destination
from postgwas.errors import InputError, UsageError
from postgwas.genotypes.groups import Given, groups_of
from postgwas.genotypes.reference_groups import (
    Assignment,
    Proportions,
    ReferenceGroups,
    assign,
    describe_groups,
    proportions,
)
from postgwas.genotypes.score_files import read_scores
from postgwas.genotypes.standardise import Floats
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

TABLE, FIGURE = ".ancestry.tsv", ".ancestry.png"
UNASSIGNED = "unassigned"

Scores = str | os.PathLike[str] | tuple["pl.DataFrame", Floats]


@dataclass(frozen=True)
class AncestrySettings:
    """How ancestry is told.

    Attributes
    ----------
    n_axes : int, optional
        The first axes alone; by default all that both tables have.
    sources : tuple of str, optional
        Groups that proportions may be of; all by default. Leave out groups that are mixtures themselves.
    least_probability, furthest : float
        See :func:`postgwas.genotypes.reference_groups.assign`.
    """

    n_axes: int | None = None
    sources: tuple[str, ...] | None = None
    least_probability: float = 0.9
    furthest: float = 1e-4

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name, value in (("least_probability", self.least_probability), ("furthest", self.furthest)):
            if not 0 <= value <= 1:
                raise UsageError(f"--{name} {value:g}: expected 0 to 1")
        if self.n_axes is not None and self.n_axes < 1:
            raise UsageError(f"--n_axes {self.n_axes}: expected at least 1")


@dataclass(frozen=True, eq=False)
class AncestryResult:
    """Group and proportions of each sample.

    Attributes
    ----------
    samples : polars.DataFrame
        FID, IID; n rows.
    groups : tuple of str
        Labelled groups, columns of ``assignment.probabilities``.
    sources : tuple of str
        Columns of ``proportions.values``.
    assignment : Assignment
    proportions : Proportions
    """

    samples: pl.DataFrame
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    assignment: Assignment
    proportions: Proportions

    def labels(self) -> list[str]:
        """Name of each sample's group, or "unassigned"."""
        return [UNASSIGNED if code < 0 else self.groups[code] for code in self.assignment.best.tolist()]

    def table(self) -> pl.DataFrame:
        """GROUP, PROBABILITY, DISTANCE2, P_<group>, Q_<source> (proportions), RESIDUAL_SD."""
        import polars as pl

        ids = ["IID"] if self.samples["FID"].null_count() == self.samples.height else ["FID", "IID"]
        found, mixed = self.assignment, self.proportions
        return self.samples.select(ids).with_columns(
            pl.Series("GROUP", self.labels()),
            pl.Series("PROBABILITY", found.probabilities.max(axis=1)),
            pl.Series("DISTANCE2", found.distance),
            *(pl.Series(f"P_{name}", found.probabilities[:, i].copy()) for i, name in enumerate(self.groups)),
            *(pl.Series(f"Q_{name}", mixed.values[:, i].copy()) for i, name in enumerate(self.sources)),
            pl.Series("RESIDUAL_SD", mixed.residual),
        )


def ancestry(
    scores: Scores,
    reference: Scores,
    groups: Given,
    *,
    group_column: str | None = None,
    settings: AncestrySettings | None = None,
) -> AncestryResult:
    """Groups and ancestry proportions of samples from their scores beside labelled ones on the same axes.

    Parameters
    ----------
    scores : path, or (samples, scores)
        Of the samples in question: OUT.projected.tsv of ``postgwas genotypes project``.
    reference : path, or (samples, scores)
        Of labelled samples: OUT.eigenvec of ``postgwas genotypes pca``.
    groups : path, mapping or sequence
        Labels of the reference's samples; see :func:`postgwas.genotypes.groups.groups_of`.
    group_column : str, optional
    settings : AncestrySettings, optional

    Returns
    -------
    AncestryResult

    Raises
    ------
    UsageError
        If settings are out of range, or fewer than two groups have labelled samples.
    InputError, ColumnError
        If files are damaged or groups name nobody.

    References
    ----------
    Ma and Amos 2012, PLoS ONE 7:e40115 (proportions); Friedman 1989, JASA 84:165-175 (groups).

    Examples
    --------
    >>> result = ancestry("new.projected.tsv", "ref.eigenvec", "populations.tsv")  # doctest: +SKIP
    >>> result.labels(), result.proportions.values.shape  # doctest: +SKIP
    """
    settings = settings or AncestrySettings()
    settings.check()
    people, values = _read(scores)
    known, landmarks = _read(reference)
    shared = min(values.shape[1], landmarks.shape[1])
    n_axes = settings.n_axes or shared
    if n_axes > shared:
        raise UsageError(f"--n_axes {n_axes}: the tables of scores share {shared} axes")
    values, landmarks = values[:, :n_axes], landmarks[:, :n_axes]
    finite = np.isfinite(landmarks).all(axis=1)
    labelled = groups_of(known[np.flatnonzero(finite)], groups, column=group_column).at_least(2)
    if len(labelled.names) < 2:
        raise UsageError(
            f"{len(labelled.names)} group has two or more labelled samples with scores; expected two groups",
            hint="--groups, --group_column",
        )
    found = describe_groups(landmarks[finite], labelled.codes, labelled.names)
    sources = settings.sources or labelled.names
    unknown = [name for name in sources if name not in labelled.names]
    if unknown or len(sources) < 2:
        what = f"'{unknown[0]}' is none of {', '.join(labelled.names)}" if unknown else "expected two or more"
        raise UsageError(f"--sources {','.join(sources)}: {what}")
    places = [labelled.names.index(name) for name in sources]
    few = ReferenceGroups(
        tuple(sources), found.centres[places], found.whitening, found.precisions[places],
        found.log_determinants[places],
    )  # fmt: skip
    if n_axes < len(sources) - 1:
        log.warning("%d axes cannot tell %d sources apart: proportions are not unique", n_axes, len(sources))
    assigned = assign(found, values, least_probability=settings.least_probability, furthest=settings.furthest)
    return AncestryResult(people, labelled.names, tuple(sources), assigned, proportions(few, values))


def _read(scores: Scores) -> tuple[pl.DataFrame, Floats]:
    if isinstance(scores, tuple):
        samples, values = scores
        if values.ndim != 2 or len(values) != samples.height:
            raise InputError(f"scores of shape {values.shape} for {samples.height} samples")
        return samples, values
    return read_scores(scores)


def ancestry_files(
    scores: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    groups: str,
    out: str,
    *,
    group_column: str | None = None,
    settings: AncestrySettings | None = None,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> AncestryResult:
    """Assign groups and proportions, and write OUT.ancestry.tsv, OUT.ancestry.png and OUT.log.

    Parameters
    ----------
    scores, reference, groups, group_column, settings
        As :func:`ancestry`; files.
    out : str
        Prefix of the files.
    figures : bool
    store : str, optional
        A study's store, for ``genotypes/ancestry/<prefix>``.
    overwrite, quiet, log_json : bool

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings = settings or AncestrySettings()
    settings.check()
    endings = (TABLE, FIGURE) if figures else (TABLE,)
    target = Destination(out, endings, store, ("ancestry",) if store else (), overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        result = ancestry(scores, reference, groups, group_column=group_column, settings=settings)
        labels = result.labels()
        counts = ", ".join(f"{name} {labels.count(name):,}" for name in (*result.groups, UNASSIGNED))
        log.info("%s samples: %s", f"{len(labels):,}", counts)
        with target.together() as aside:
            write_delimited(result.table(), aside.path(TABLE))
            if figures:
                from postgwas.plot.ancestry import ancestry_figure
                from postgwas.plot.saving import save_figure

                drawn = ancestry_figure(result.proportions.values, names=result.sources, groups=labels)
                save_figure(drawn, aside.path(FIGURE))
        if store is not None:
            from postgwas.store.provenance import Provenance
            from postgwas.store.study import Study

            inputs = [os.fspath(file) for file in (scores, reference, groups)]
            made = Provenance.collect(
                parameters={"scores": scores, "reference": reference, **asdict(settings)},
                inputs=inputs, rows_in=len(labels), rows_out=len(labels),
                wall_seconds=time.perf_counter() - began,
            )  # fmt: skip
            Study.open(store, create=True).write_table(
                target.key("ancestry"), result.table(), kind="ancestry", provenance=made, overwrite=overwrite
            )
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def sources_of(text: str | None) -> tuple[str, ...] | None:
    """A list of names parted by commas.

    Examples
    --------
    >>> sources_of("AFR, EUR")
    ('AFR', 'EUR')
    """
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
