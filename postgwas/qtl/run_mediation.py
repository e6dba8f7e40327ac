"""Mediation of trans effects by cis phenotypes: ``postgwas.qtl.mediation``."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths as PathLike
from postgwas.qtl.inputs import QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.mediation_table import mediation_table
from postgwas.qtl.mediation_task import COLLINEAR, TASK, TrioPart, TrioTask, mediate
from postgwas.qtl.segments import narrowed
from postgwas.qtl.trios import Trios, joined_trios, neighbours, place_trios, read_pairs, read_trios
from postgwas.qtl.variant_block import VariantReason
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")


@dataclass(frozen=True)
class MediationSettings:
    """Which trios, and how much is resampled.

    Attributes
    ----------
    trans : path, optional
        Trans hits: a table with variant_id and phenotype_id. Mediators are the phenotypes of `cis`, or else
        those within `window` that the variant has an effect on.
    cis : path, optional
        Cis effects, likewise.
    trios : path, optional
        Instead of both: variant_id, mediator_id, phenotype_id.
    window : int
        Bases from the mediator's TSS, where there is no `cis`.
    cis_pval : float
        Largest P of the variant's effect on the mediator: of `cis` as it is written there; where there is no
        `cis`, as it is found.
    bootstrap : int
        Resamples; 0: none.
    seed : int, optional
        Drawn where it is None, and told.
    """

    trans: PathLike | None = None
    cis: PathLike | None = None
    trios: PathLike | None = None
    window: int = 1_000_000
    cis_pval: float = 1e-5
    bootstrap: int = 1000
    seed: int | None = None

    def check(self) -> None:
        """Refuse what contradicts itself or is out of range.

        Raises
        ------
        UsageError
        """
        if (self.trios is None) == (self.trans is None):
            raise UsageError("mediation needs either --trans (trans hits) or --trios")
        if self.trios is not None and self.cis is not None:
            raise UsageError("--trios names the mediators: --cis would too")
        if not 0.0 < self.cis_pval <= 1.0:
            raise UsageError(f"--cis_pval {self.cis_pval:g}: expected a P above 0 and at most 1")
        for name in ("window", "bootstrap"):
            if getattr(self, name) < 0:
                raise UsageError(f"--{name} {getattr(self, name)}: expected at least 0")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"--seed {self.seed}: expected 0 or more")


@dataclass(frozen=True, eq=False)
class MediationResult:
    """Figures of trios.

    Attributes
    ----------
    table : polars.DataFrame
        See :func:`postgwas.qtl.mediation_table.mediation_table`.
    rejected : polars.DataFrame
        variant_id, mediator_id, phenotype_id, reason.
    n_trios : int
        Asked for, those without an effect on the mediator included.
    seed : int
    inputs : QtlInputs
    """

    table: pl.DataFrame
    rejected: pl.DataFrame
    n_trios: int
    seed: int
    inputs: QtlInputs = field(repr=False)


def mediation(
    genotypes: Genotypes | PathLike | QtlInputs,
    phenotypes: ExpressionMatrix | PathLike | None = None,
    covariates: CovariateMatrix | PathLike | None = None,
    *,
    settings: MediationSettings,
    options: QtlInputOptions | None = None,
    cores: int = 1,
    scheduler: PathLike | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> MediationResult:
    """How much of a variant's trans effect goes through a phenotype that it affects in cis.

    Parameters
    ----------
    genotypes : Genotypes, path, or QtlInputs
        Inputs loaded with ``cis=False`` serve several analyses.
    phenotypes : ExpressionMatrix or path
        With both the mediators and the targets.
    covariates : CovariateMatrix or path, optional
    settings : MediationSettings
    options : QtlInputOptions, optional
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Raises
    ------
    UsageError
        If the settings contradict themselves, or ask for QTLtools' model.
    InputError
        As :func:`postgwas.qtl.inputs.load_inputs`; or if no trio can be tested.
    ColumnError
        If a table has not the columns.

    Examples
    --------
    >>> found = mediation("geno.pgen", "expression.bed.gz", "covariates.txt",
    ...                   settings=MediationSettings(trans="out.trans.tsv.gz"))  # doctest: +SKIP
    >>> found.table.filter(pl.col("sobel_pval") < 0.05)  # doctest: +SKIP
    """
    settings.check()
    seed = secrets.randbits(32) if settings.seed is None else settings.seed
    inputs = _loaded(genotypes, phenotypes, covariates, options)
    trios, a_max = _trios(inputs, settings)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(mediate, _tasks(inputs, trios, a_max, settings.bootstrap, seed), label="Mediation")
    _refuse_nothing(parts, trios, a_max)
    table = mediation_table(inputs, trios, parts, TASK)
    return MediationResult(table, _rejected(inputs, trios, parts), len(trios.variant), seed, inputs)


def _loaded(
    genotypes: Genotypes | PathLike | QtlInputs,
    phenotypes: ExpressionMatrix | PathLike | None,
    covariates: CovariateMatrix | PathLike | None,
    options: QtlInputOptions | None,
) -> QtlInputs:
    if not isinstance(genotypes, QtlInputs):
        if phenotypes is None:
            raise UsageError("no phenotypes are given")
        genotypes = load_inputs(genotypes, phenotypes, covariates, options=options, cis=False)
    elif phenotypes is not None or covariates is not None or options is not None:
        raise UsageError("loaded inputs have their phenotypes, covariates and options with them")
    if genotypes.options.compat is not None:
        raise UsageError(f"--compat {genotypes.options.compat}: mediation needs the full model")
    return genotypes


def _trios(inputs: QtlInputs, settings: MediationSettings) -> tuple[Trios, float]:
    """Trios, and the largest P of the effect on the mediator."""
    if settings.trios is not None:
        return place_trios(inputs, read_trios(settings.trios), os.fspath(settings.trios)), 1.0
    assert settings.trans is not None
    path = os.fspath(settings.trans)
    hits = read_pairs(settings.trans)
    if not hits.height:
        raise InputError(f"{path}: no trans hit, so nothing to mediate")
    if settings.cis is not None:
        made = joined_trios(hits, read_pairs(settings.cis, p_max=settings.cis_pval))
        if not made.height:
            raise InputError(
                f"{os.fspath(settings.cis)}: no variant of its pairs (P of {settings.cis_pval:g} or less) is "
                f"one of {path}",
                hint="all pairs of OUT.cis_nominal.tsv.gz, not lead variants alone; or leave --cis out",
            )
        return place_trios(inputs, made, path), 1.0
    made = joined_trios(hits, neighbours(inputs, hits, settings.window))
    if not made.height:
        raise InputError(
            f"{path}: no phenotype has its TSS within {settings.window:,} bases of one of its variants",
            hint="--window; are its variants those of --genotypes?",
        )
    return place_trios(inputs, made, path), settings.cis_pval


def _tasks(inputs: QtlInputs, trios: Trios, a_max: float, n_resamples: int, seed: int) -> list[TrioTask]:
    made = []
    for start in range(0, len(trios.variant), TASK):
        part = slice(start, start + TASK)
        rows, variant = np.unique(trios.variant[part], return_inverse=True)
        genes, at = np.unique(np.stack([trios.mediator[part], trios.target[part]]), return_inverse=True)
        mediator, target = at.reshape(2, -1)
        made.append(
            TrioTask(
                narrowed(inputs.genotypes.source, rows), inputs.residuals[genes],
                np.column_stack([variant, mediator, target]), inputs.projection, -math.log10(a_max),
                inputs.options.maf_min, inputs.options.max_missing, n_resamples, seed,
            )
        )  # fmt: skip
    return made


def _refuse_nothing(parts: list[TrioPart], trios: Trios, a_max: float) -> None:
    if any(len(part.kept) for part in parts):
        return
    bad = int(sum(np.count_nonzero(part.reason) for part in parts))
    raise InputError(
        f"none of {len(trios.variant):,} trios can be tested: in {bad:,} the variant cannot be used or "
        f"explains the mediator, in the others its effect on the mediator has a P above {a_max:g}",
        hint="--cis_pval, --maf_min",
    )


def _rejected(inputs: QtlInputs, trios: Trios, parts: list[TrioPart]) -> pl.DataFrame:
    import polars as pl

    rows = list(trios.rejected)
    reason = np.concatenate([part.reason for part in parts])
    names, ids = inputs.genotypes.variants["SNPID"], inputs.phenotypes.gene_ids
    for at in np.flatnonzero(reason).tolist():
        code = int(reason[at])
        why = (
            "variant_explains_mediator"
            if code == COLLINEAR
            else f"variant_{VariantReason(code).name.lower()}"
        )
        rows.append((names[int(trios.variant[at])], ids[trios.mediator[at]], ids[trios.target[at]], why))
    schema = dict.fromkeys(("variant_id", "mediator_id", "phenotype_id", "reason"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")
