"""Principal components from files to files: what ``postgwas genotypes pca`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.groups import Groups, groups_of
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.loadings_files import write_loadings
from postgwas.genotypes.pca_result import FIT, PCAResult
from postgwas.genotypes.run_pca import FEW_VARIANTS, UNPRUNED, PcaSettings, pca
from postgwas.genotypes.selection import Selection, open_for_selection
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import atomic_file, write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

ENDINGS = (".eigenvec", ".eigenval", ".loadings.tsv.gz", ".pca_samples.tsv")
FIGURES = (".pca.png", ".scree.png")


def pca_files(
    genotypes: str | os.PathLike[str],
    out: str,
    *,
    selection: Selection | None = None,
    settings: PcaSettings | None = None,
    dosage: bool = False,
    groups: str | None = None,
    group_column: str | None = None,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> PCAResult:
    """Compute principal components and write them.

    OUT.eigenvec and OUT.eigenval as plink2's, OUT.loadings.tsv.gz for projecting others,
    OUT.pca_samples.tsv (role, group, distance), OUT.pca.png and OUT.scree.png, OUT.log.

    Parameters
    ----------
    genotypes, selection, settings, dosage
        As :func:`postgwas.genotypes.run_pca.pca`.
    out : str
        Prefix of the files.
    groups, group_column : str, optional
        See :func:`postgwas.genotypes.groups.groups_of`; colours of the figure.
    figures : bool
    store : str, optional
        A study's store, for ``genotypes/pca/<prefix>`` and its loadings.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings = settings or PcaSettings()
    settings.check()
    keys = ("pca", "pca_loadings") if store else ()
    target = Destination(out, ENDINGS + (FIGURES if figures else ()), store, keys, overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        data = open_for_selection(genotypes, selection, dosage=dosage, scratch=target.folder)
        log.info("%s: %s variants, %s samples", data.path, f"{data.n_variants:,}", f"{data.n_samples:,}")
        result = pca(data, selection=selection, settings=settings, scratch=target.folder, **where)
        labels = None if groups is None else groups_of(result.samples, groups, column=group_column)
        tell(result, settings, n_in=data.n_samples)
        with target.together() as aside:
            _write(result, aside, labels, figures=figures)
        if store is not None:
            lists = [*selection_lists(selection), groups, settings.fit_keep, settings.fit_remove]
            parameters = parameters_of(data, selection, settings, groups=groups)
            _store(result, target, data, lists, parameters, labels, time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def tell(result: PCAResult, settings: PcaSettings, *, n_in: int) -> None:
    """What a reader of the log should know, warnings first of all."""
    n_variants = result.loadings.variants.height
    n_fit = int((result.role == FIT).sum())
    log_step(log, "Samples", rows_in=n_in, rows_out=len(result.role), dropped=result.samples_dropped,
             unit="samples")  # fmt: skip
    if n_variants < FEW_VARIANTS:
        log.warning("the axes rest on %s variants only; expected tens of thousands", f"{n_variants:,}")
    if result.neighbour_r2 > UNPRUNED:
        log.warning(
            "neighbouring variants have a mean r2 of %.2f: axes may follow single regions; prune first "
            "(postgwas genotypes prune)", result.neighbour_r2,
        )  # fmt: skip
    how = "exact" if result.exact else f"randomised, {result.n_passes} sweeps"
    log.info(
        "%d axes of %s samples and %s variants (%s)", len(result.eigenvalues), f"{n_fit:,}",
        f"{n_variants:,}", how,
    )  # fmt: skip
    late = np.flatnonzero(result.residuals > settings.tolerance)
    if late.size:
        log.warning(
            "axes %s have not converged after %d sweeps (residuals up to %.1e of the eigenvalue): "
            "--max_passes; neighbouring eigenvalues that are nearly equal have no axes of their own",
            ", ".join(str(i + 1) for i in late), result.n_passes, float(result.residuals.max()),
        )  # fmt: skip
    elif not result.exact:
        log.info("Largest residual of an axis: %.1e of its eigenvalue", float(result.residuals.max()))
    values = ", ".join(f"{value:.4g}" for value in result.eigenvalues)
    log.info("Eigenvalues: %s", values)
    lost = int(np.isnan(result.scores).any(axis=1).sum())
    if lost:
        log.warning("%s samples have too few calls to be projected: NA", f"{lost:,}")


def _write(result: PCAResult, aside: Destination, labels: Groups | None, *, figures: bool) -> None:
    table = result.table()
    first = table.columns[0]
    write_delimited(table.rename({first: f"#{first}"}), aside.path(".eigenvec"))
    with atomic_file(aside.path(".eigenval")) as stream:
        stream.write("".join(f"{value!r}\n" for value in result.eigenvalues.tolist()).encode())
    write_loadings(result.loadings, aside.path(".loadings.tsv.gz"))
    write_delimited(sample_table(result, labels), aside.path(".pca_samples.tsv"))
    if figures:
        from postgwas.plot.pca import pca_figure, scree_figure
        from postgwas.plot.saving import save_figure

        names = None if labels is None else labels.labels()
        drawn = pca_figure(result.scores, result.explained, groups=names, behind=result.role != FIT)
        save_figure(drawn, aside.path(".pca.png"))
        save_figure(scree_figure(result.eigenvalues, result.total_variance), aside.path(".scree.png"))


def sample_table(result: PCAResult, labels: Groups | None) -> pl.DataFrame:
    """What became of each sample."""
    import polars as pl

    columns = [pl.Series("ROLE", result.role.tolist()), pl.Series("LARGEST_SD", result.distance)]
    if labels is not None:
        columns.insert(0, pl.Series("GROUP", labels.labels(), dtype=pl.String))
    return result.table().select(pl.col("^FID|IID$")).with_columns(columns)


def _store(
    result: PCAResult,
    target: Destination,
    data: Genotypes,
    lists: list[Any],
    parameters: Mapping[str, Any],
    labels: Groups | None,
    seconds: float,
) -> None:
    import polars as pl

    n_variants = result.loadings.variants.height
    seed = None if result.exact else parameters["seed"]
    origin = Origin(
        parameters, input_files(data, lists), seconds, n_variants + sum(result.dropped.values()), n_variants,
        result.dropped, seed,
    )  # fmt: skip
    attrs = {
        "eigenvalues": result.eigenvalues.tolist(), "total_variance": result.total_variance,
        "residuals": result.residuals.tolist(), "exact": result.exact, "n_samples": result.loadings.n_samples,
        "n_variants": n_variants, "neighbour_r2": result.neighbour_r2,
    }  # fmt: skip
    table = sample_table(result, labels).hstack(result.table().select(pl.col("^PC[0-9]+$")))
    loadings = result.loadings
    weights = loadings.variants.select("CHR", "CHROM", "POS", "SNPID", "A1", "A2").with_columns(
        pl.Series("MEAN", loadings.scale.mean), pl.Series("SD", loadings.scale.sd),
        *(pl.Series(f"PC{i + 1}", np.ascontiguousarray(one)) for i, one in enumerate(loadings.weights.T)),
    )  # fmt: skip
    tables = {"pca": (table, "pca-scores"), "pca_loadings": (weights, "pca-loadings")}
    store_tables(target, tables, origin, attrs=attrs)
