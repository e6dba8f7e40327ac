"""``--method mrmega``: axes of ancestry from all variants, then a block of studies to its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError, UsageError
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.ancestry_axes import axis_markers, classical_scaling, frequency_distances
from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.genomic_control import inflation
from postgwas.meta.methods import Columns, Context
from postgwas.meta.mrmega import MrMega, mrmega
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
log = get_logger("meta.mrmega")


@dataclass(frozen=True, eq=False)
class Axes:
    """What the first pass found.

    Attributes
    ----------
    coordinates : ndarray of float64, shape (K, T)
        In the order of studies' names.
    covariates : ndarray of float64, shape (K, S)
    n_markers : int
        That the axes are made of; 0 if they were given.
    lambda_association : float
        By which association chi-squares are divided; 1 without ``gco``.
    """

    coordinates: Floats
    covariates: Floats
    n_markers: int
    lambda_association: float = 1.0


def prepare_axes(blocks: Iterable[MetaBlock], context: Context) -> Axes:
    """Axes of all cohorts, and with ``gco`` the inflation of the association test.

    Raises
    ------
    UsageError
        Fewer cohorts than axes and covariates + 3.
    NoVariantsError
        No marker is common in all cohorts.
    """
    options = context.options
    covariates = _covariates(context)
    given = options.get("axes")
    k, n_axes = len(context.names), int(options.get("n_axes", 3))
    if given is not None:
        coordinates, n_markers = np.asarray(given, np.float64), 0
        n_axes = coordinates.shape[1]
    if k - 2 <= n_axes + covariates.shape[1]:
        also = f" and {covariates.shape[1]} covariates" if covariates.shape[1] else ""
        raise UsageError(
            f"{k} cohorts are too few for {n_axes} axes{also}: MR-MEGA needs 3 more cohorts than these",
            hint=f"--pcs {max(k - 3 - covariates.shape[1], 1)}" if k > 3 else "--method random",
        )
    if given is None:
        coordinates, n_markers = _own_axes(blocks, n_axes, float(options.get("min_maf", 0.01)))
    axes = Axes(coordinates, covariates, n_markers)
    for name, row in zip(context.names, coordinates):
        log.info("Axes of %s: %s", name, " ".join(f"{value:.6f}" for value in row))
    if not options.get("gco"):
        return axes
    found = [_fit(block, axes).association.chisq for block in blocks]
    value = inflation(np.concatenate(found), 1 + n_axes + covariates.shape[1])
    log.info("Association chi-squares: lambda %.4f%s", value, "" if value > 1 else ", not corrected")
    return Axes(coordinates, covariates, n_markers, max(value, 1.0) if np.isfinite(value) else 1.0)


def _own_axes(blocks: Iterable[MetaBlock], n_axes: int, min_maf: float) -> tuple[Floats, int]:
    """A block never ends within a bin of markers that another begins, but for its last one: see below."""
    chrom, pos, eaf = [], [], []
    for block in blocks:
        rows = axis_markers(block.chr, block.pos, block.eaf, min_maf=min_maf)
        chrom.append(block.chr[rows])
        pos.append(block.pos[rows])
        eaf.append(block.eaf[:, rows])
    if not chrom or not sum(part.size for part in pos):
        raise NoVariantsError(
            f"no marker has a frequency of {min_maf:g} or more in every cohort: axes cannot be made",
            hint="--pc_min_maf, or --pc_file with axes",
        )
    # Blocks are cut by rows: of a bin that two share the last marker counts.
    everywhere = np.concatenate(eaf, axis=1)
    rows = axis_markers(np.concatenate(chrom), np.concatenate(pos), everywhere, min_maf=min_maf)
    if rows.size < 100:
        log.warning("axes are made of %d markers only", rows.size)
    log.info("Axes of ancestry from %s markers, one of each million bases", f"{rows.size:,}")
    axes = classical_scaling(frequency_distances(everywhere[:, rows]), n_axes)
    length = np.square(axes).sum(axis=0)
    true = int((length > 1e-9 * length[0]).sum())
    if true < n_axes:
        raise UsageError(
            f"frequencies of these cohorts differ along {true} axes only, {n_axes} are asked for",
            hint=f"--pcs {true}" if true else "--method random",
        )
    return axes, int(rows.size)


def _covariates(context: Context) -> Floats:
    wanted = context.options.get("covariates", ())
    columns = []
    for name in wanted:
        if name not in context.environment_names:
            found = ", ".join(context.environment_names) or "none"
            raise UsageError(
                f"--covariates: {name} is no column of the table of studies; columns found: {found}",
                hint="--studies TABLE",
            )
        values = context.environment[:, context.environment_names.index(name)]
        if not np.isfinite(values).all():
            lacking = context.names[int(np.flatnonzero(~np.isfinite(values))[0])]
            raise UsageError(f"--covariates: {name} of {lacking} is missing")
        columns.append(values)
    return np.stack(columns, axis=1) if columns else np.empty((len(context.names), 0))


def _fit(block: MetaBlock, axes: Axes) -> MrMega:
    others = axes.covariates if axes.covariates.shape[1] else None
    return mrmega(block.beta, block.se, axes.coordinates, covariates=others)


def mrmega_columns(block: MetaBlock, context: Context) -> Columns:
    """MR-MEGA of a block: a function of :data:`postgwas.meta.methods.METHODS`.

    Columns of MR-MEGA with its names; MLOG10P is that of the association.
    """
    axes: Axes = context.prepared
    found = _fit(block, axes)
    columns: Columns = {}
    for at in range(len(found.coefficients)):
        columns[f"beta_{at}"] = found.coefficients[at]
        columns[f"se_{at}"] = found.scaled_errors[at]
    chisq = found.association.chisq / axes.lambda_association
    association = found.association.mlog10p
    if axes.lambda_association != 1.0:
        association = chi2_mlog10p(chisq, found.association.df)
    tests = [("association", chisq, found.association.df, association)]
    for name, test in (
        ("ancestry_het", found.ancestry),
        ("environment_het", found.environment),
        ("residual_het", found.residual),
    ):
        if test is not None:
            tests.append((name, test.chisq, test.df, test.mlog10p))
    for name, statistic, df, size in tests:
        columns[f"chisq_{name}"] = statistic
        columns[f"ndf_{name}"] = df
        columns[f"MLOG10P_{name}"] = size
    columns["MLOG10P"] = columns.pop("MLOG10P_association")
    columns["lnBF"] = found.ln_bf
    comments = np.zeros(len(block), "S16")
    comments[found.small_cohort_count] = b"SmallCohortCount"
    comments[found.collinear] = b"CollinearAxes"
    columns["Comments"] = comments
    return columns


def axes_table(context: Context) -> dict[str, pl.DataFrame]:
    """OUT.pcs.tsv: the axes, a row a cohort; --pc_file reads it again."""
    import polars as pl

    axes: Axes = context.prepared
    made = {"NAME": list(context.names)}
    made |= {f"PC{i + 1}": axes.coordinates[:, i].tolist() for i in range(axes.coordinates.shape[1])}
    return {".pcs.tsv": pl.DataFrame(made)}
