"""The genomic relationship matrix: ``postgwas.genotypes.grm``, and its files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.destination import Destination
from postgwas.errors import NoVariantsError, UsageError
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.relationship import Relationship, relationship
from postgwas.genotypes.run_axes import summed
from postgwas.genotypes.run_pca import autosomal
from postgwas.genotypes.selection import Selection, all_moments, open_for_selection, open_selected
from postgwas.genotypes.standardise import scale_of
from postgwas.genotypes.stored import Origin
from postgwas.genotypes.sweeps import gram, missing_pairs, pieces_of
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import atomic_file, write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

FORMATS = {
    "rel": (".rel", ".rel.id"),
    "gcta": (".grm.bin", ".grm.N.bin", ".grm.id"),
}
_MUCH_MEMORY = 8e9


@dataclass(frozen=True, eq=False)
class GrmResult:
    """A relationship matrix and whose it is.

    Attributes
    ----------
    samples : polars.DataFrame
        FID, IID, SEX; n rows.
    matrix : Relationship
        (n, n) values, and the variants that each is the mean of.
    n_variants : int
    dropped : dict of str to int
    """

    samples: pl.DataFrame
    matrix: Relationship
    n_variants: int
    dropped: dict[str, int]


def grm(
    genotypes: Genotypes | str | os.PathLike[str],
    *,
    selection: Selection | None = None,
    dosage: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> GrmResult:
    """Mean product of standardised genotypes of each pair of samples, over the variants that both have.

    Parameters
    ----------
    genotypes, selection, dosage, cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.genotypes.run_pca.pca`.

    Returns
    -------
    GrmResult

    Raises
    ------
    NoVariantsError
        If no autosomal variant varies.

    References
    ----------
    Yang, Lee, Goddard and Visscher 2011, American Journal of Human Genetics 88:76-82, equation 3.

    Examples
    --------
    >>> result = grm("people.pgen")  # doctest: +SKIP
    >>> result.matrix.values.shape  # doctest: +SKIP
    """
    selected = open_selected(genotypes, selection, dosage=dosage)
    chosen, dropped = autosomal(selected.genotypes, dict(selected.variants_dropped))
    scale = scale_of(all_moments(chosen))
    rows = np.flatnonzero(scale.varies)
    dropped["monomorphic"] = chosen.n_variants - len(rows)
    if not len(rows):
        raise NoVariantsError(f"{chosen.path}: none of {chosen.n_variants:,} autosomal variants varies")
    log_step(log, "Variants", rows_in=len(rows) + sum(dropped.values()), rows_out=len(rows), dropped=dropped)
    needed = 40.0 * chosen.n_samples**2
    if needed > _MUCH_MEMORY:
        log.warning("%s samples: about %.0f GB of memory", f"{chosen.n_samples:,}", needed / 1e9)
    pieces = pieces_of(chosen.select(variants=rows).source, scale.of(rows))
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        missing = summed(eng, missing_pairs, pieces)
        products = summed(eng, gram, pieces)
    found = relationship(products, len(rows), missing, np.diagonal(missing))
    return GrmResult(chosen.samples, found, len(rows), dropped)


def grm_files(
    genotypes: str | os.PathLike[str],
    out: str,
    *,
    selection: Selection | None = None,
    dosage: bool = False,
    format: str = "rel",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> GrmResult:
    """Compute the matrix and write it: OUT.rel and OUT.rel.id, or OUT.grm.bin, OUT.grm.N.bin, OUT.grm.id.

    Parameters
    ----------
    genotypes, selection, dosage
        As :func:`grm`.
    out : str
        Prefix of the files.
    format : {"rel", "gcta"}
        A square table as of plink2 --make-rel square, or GCTA's binary files (lower triangle, float32).
    store : str, optional
        A study's store, for ``genotypes/grm/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.
    """
    if format not in FORMATS:
        raise UsageError(f"--format {format}: expected {' or '.join(FORMATS)}")
    target = Destination(out, FORMATS[format], store, ("grm",) if store else (), overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        data = open_for_selection(genotypes, selection, dosage=dosage, scratch=target.folder)
        log.info("%s: %s variants, %s samples", data.path, f"{data.n_variants:,}", f"{data.n_samples:,}")
        result = grm(data, selection=selection, **where)
        with target.together() as aside:
            (_write_rel if format == "rel" else _write_gcta)(result, aside)
        if store is not None:
            _store(result, target, data, selection, time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def _write_rel(result: GrmResult, aside: Destination) -> None:
    import polars as pl

    values = result.matrix.values
    frame = pl.DataFrame([pl.Series(str(i), np.ascontiguousarray(values[:, i])) for i in range(len(values))])
    write_delimited(frame, aside.path(".rel"), header=False)
    ids = ["IID"] if result.samples["FID"].null_count() == result.samples.height else ["FID", "IID"]
    named = result.samples.select(ids).rename({ids[0]: f"#{ids[0]}"})
    write_delimited(named, aside.path(".rel.id"))


def _write_gcta(result: GrmResult, aside: Destination) -> None:
    import polars as pl

    lower = np.tril_indices(len(result.matrix.values))
    for ending, table in ((".grm.bin", result.matrix.values), (".grm.N.bin", result.matrix.n_variants)):
        with atomic_file(aside.path(ending)) as stream:
            stream.write(table[lower].astype("<f4").tobytes())
    ids = result.samples.select(pl.col("FID").fill_null(pl.col("IID")), "IID")
    write_delimited(ids, aside.path(".grm.id"), header=False)


def _store(
    result: GrmResult, target: Destination, data: Genotypes, selection: Selection | None, seconds: float
) -> None:
    from postgwas.store.study import Study

    origin = Origin(
        parameters_of(data, selection), input_files(data, selection_lists(selection)), seconds,
        result.n_variants + sum(result.dropped.values()), result.n_variants, result.dropped,
    )  # fmt: skip
    assert target.store is not None
    arrays = {
        "IID": result.samples["IID"].to_list(), "values": result.matrix.values,
        "n_variants": result.matrix.n_variants,
    }  # fmt: skip
    Study.open(target.store, create=True).write_arrays(
        target.key("grm"),
        arrays,
        kind="relationship",
        provenance=origin.provenance(),
        overwrite=target.overwrite,
    )
