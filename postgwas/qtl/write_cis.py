"""The cis nominal pass from files to files: what ``postgwas eqtl cis`` does."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.compute.engine import engine
from postgwas.destination import Destination, refuse_stored
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.cis_pieces import Piece, PieceTask, join_parquet, join_text, write_piece
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
)
from postgwas.qtl.rejections import Rejections, gather_rejections
from postgwas.qtl.run_cis import refuse_untested
from postgwas.qtl.segments import segments_of
from postgwas.runlog import get_logger, run_log
from postgwas.staging import scratch_folder

if TYPE_CHECKING:
    pass

log = get_logger("qtl")

WHAT = "cis_nominal"


def cis_nominal_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> int:
    """Test all pairs and write OUT.cis_nominal.tsv.gz (or .parquet).

    OUT.cis_nominal.rejected.tsv.gz names what was not tested; OUT.log tells of the run.
    Memory holds a segment of about a million pairs, however many there are.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options
        As :func:`postgwas.qtl.run_cis.cis_nominal`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store, for a table a chromosome: ``qtl/cis_nominal_chr1/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Returns
    -------
    int
        Number of pairs.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    target = destination(out, (WHAT,), format, store=store, overwrite=overwrite, keys=())
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        inputs = load_inputs(genotypes, phenotypes, covariates, options=options)
        if not overwrite:
            refuse_stored(store, [target.key(_key(int(code))) for code in _chromosomes(inputs)])
        with scratch_folder(Path(out).parent) as scratch, engine(**where) as eng:
            tasks = [
                PieceTask(
                    segment,
                    str(scratch / f"{number}.tsv.gz") if format != "parquet" else None,
                    str(scratch / f"{number}.arrow") if format != "tsv" or store else None,
                )
                for number, segment in enumerate(segments_of(inputs))
            ]
            pieces: list[Piece] = eng.map(write_piece, tasks, label="Cis pairs")
            rejected = gather_rejections([piece.rejected for piece in pieces], inputs.rejected)
            n_pairs = sum(piece.n_pairs for piece in pieces)
            refuse_untested(n_pairs, inputs, rejected)
            tell_inputs(inputs, rejected)
            imputed = sum(piece.rejected.imputed for piece in pieces)
            log.info(
                "%s pairs tested; %s missing calls set to their variant's mean",
                f"{n_pairs:,}",
                f"{imputed:,}",
            )
            with target.together() as aside:
                if format != "parquet":
                    join_text(pieces, aside.path(f".{WHAT}.tsv.gz"))
                if format != "tsv":
                    join_parquet(pieces, aside.path(f".{WHAT}.parquet"))
                write_rejections(aside, rejected)
            _store(target, pieces, inputs, (phenotypes, covariates), began, rejected)
        log.info("Wrote %s", told_paths(target))
    return n_pairs


def _chromosomes(inputs: QtlInputs) -> list[int]:
    codes: list[int] = inputs.phenotypes.genes["CHR"].unique().sort().to_list()
    return codes


def _key(code: int) -> str:
    return f"{WHAT}_chr{code}"


def _store(
    target: Destination,
    pieces: list[Piece],
    inputs: QtlInputs,
    paths: tuple[Any, ...],
    began: float,
    rejected: Rejections,
) -> None:
    """A table a chromosome, by position, so that regions are read alone."""
    if target.store is None:
        return
    import polars as pl
    import pyarrow as pa

    from postgwas.qtl.cis_pieces import read_columns

    for code in sorted({piece.chromosome for piece in pieces if piece.n_pairs}):
        files = [piece.columns for piece in pieces if piece.chromosome == code and piece.n_pairs]
        parts = [read_columns(file).unify_dictionaries() for file in files if file is not None]
        table = pa.concat_tables(parts)
        for name in ("phenotype_id", "variant_id", "effect_allele", "other_allele"):
            text = table[name].cast(pa.string())
            table = table.set_column(table.schema.get_field_index(name), name, text)
        frame = pl.DataFrame(pl.from_arrow(table)).rename({"variant_id": "SNPID"})
        store_results(
            replace(target, keys=(_key(code),)), {_key(code): frame.sort("POS", "phenotype_id")}, inputs,
            paths=paths, parameters={}, began=began, rejected=rejected, attrs={"chromosome": code},
        )  # fmt: skip
