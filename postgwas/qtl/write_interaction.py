"""Interactions from files to files: what ``postgwas eqtl interaction`` does."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.compute.engine import engine
from postgwas.destination import Destination, refuse_stored
from postgwas.expression.covariate_table import CovariateMatrix, CovariateTable
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.cis_pieces import Piece, join_parquet, join_text
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.interaction_scan import scan
from postgwas.qtl.interaction_tables import in_single, pair_columns, pair_table
from postgwas.qtl.interaction_top import TopOf, top_of, top_table
from postgwas.qtl.outputs import (
    REJECTED,
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.rejections import Rejections, gather_rejections
from postgwas.qtl.run_cis import refuse_untested
from postgwas.qtl.run_interaction import (
    InteractionOptions,
    InteractionTask,
    LoadedInteraction,
    left_out,
    load_interaction,
)
from postgwas.runlog import get_logger, run_log
from postgwas.staging import scratch_folder
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

WHAT = "cis_interaction"
TOP = "cis_interaction_top"
TERMS = ".cis_interaction_terms.tsv"
STORED = "interaction"
"""Name in the store: the best pairs, and ``interaction_chr1`` and so on all pairs."""


@dataclass(frozen=True, eq=False)
class _Task:
    task: InteractionTask
    text: str | None
    columns: str | None


@dataclass(frozen=True, eq=False)
class _Result:
    piece: Piece
    top: TopOf


def cis_interaction_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    interaction: CovariateTable | Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    interaction_options: InteractionOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> int:
    """Test all pairs and write OUT.cis_interaction.tsv.gz, OUT.cis_interaction_top.tsv.gz and the rest.

    OUT.cis_interaction.rejected.tsv.gz names what was not tested; OUT.log tells of the run.

    Parameters
    ----------
    genotypes, phenotypes, interaction, covariates, options, interaction_options
        As :func:`postgwas.qtl.run_interaction.cis_interaction`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store, for ``qtl/interaction/<prefix>`` (the best of each phenotype) and
        ``qtl/interaction_chr1/<prefix>`` (all pairs, a table a chromosome).
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
    others = (TERMS, f".{WHAT}{REJECTED}")
    target = destination(
        out, (WHAT, TOP), format, store=store, overwrite=overwrite, others=others, keys=(STORED,)
    )
    began = time.perf_counter()
    chosen = interaction_options or InteractionOptions()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        loaded = load_interaction(
            genotypes, phenotypes, interaction, covariates,
            options=options or QtlInputOptions(), interaction_options=chosen,
        )  # fmt: skip
        if not overwrite:
            codes = loaded.inputs.phenotypes.genes["CHR"].unique().sort().to_list()
            refuse_stored(store, [target.key(f"{STORED}_chr{code}") for code in codes])
        with scratch_folder(Path(out).parent) as scratch, engine(**where) as eng:
            tasks = [
                _Task(
                    task,
                    str(scratch / f"{number}.tsv.gz") if format != "parquet" else None,
                    str(scratch / f"{number}.arrow") if format != "tsv" or store else None,
                )
                for number, task in enumerate(loaded.tasks())
            ]
            results: list[_Result] = eng.map(_write_piece, tasks, label="Interactions")
            pieces = [result.piece for result in results]
            rejected = gather_rejections([piece.rejected for piece in pieces], loaded.inputs.rejected)
            n_pairs = sum(piece.n_pairs for piece in pieces)
            refuse_untested(n_pairs, loaded.inputs, rejected)
            tell_inputs(loaded.inputs, rejected)
            top = top_table([result.top for result in results], loaded.model.n_terms)
            _tell_top(n_pairs, top)
            with target.together() as aside:
                if format != "parquet":
                    join_text(
                        pieces, aside.path(f".{WHAT}.tsv.gz"), columns=pair_columns(loaded.model.n_terms)
                    )
                if format != "tsv":
                    join_parquet(pieces, aside.path(f".{WHAT}.parquet"))
                write_tables(aside, {TOP: top}, format)
                write_delimited(loaded.terms.table(), aside.path(TERMS))
                write_rejections(aside, rejected)
            paths = (phenotypes, covariates, interaction)
            _store(target, pieces, top, loaded, chosen, paths, began, rejected)
        log.info("Wrote %s", told_paths(target))
    return n_pairs


def _write_piece(task: _Task) -> _Result:
    segment, settings = task.task.segment, task.task.settings
    found = scan(segment, task.task.values, settings)
    pairs = pair_table(segment, found, settings.model.df)
    top = top_of(segment, found, settings.model, pairs)
    frame = in_single(pairs)
    if task.text is not None:
        write_delimited(frame, task.text, header=False)
    if task.columns is not None:
        import polars as pl

        rows = pl.Series(found.variant)
        place = segment.variants.select("CHR", "POS")
        placed = frame.with_columns(
            place["CHR"].gather(rows), place["POS"].gather(rows), pl.col(pl.String).cast(pl.Categorical)
        )
        placed.write_ipc(task.columns, compat_level=pl.CompatLevel.oldest())
    code = int(segment.variants["CHR"][0]) if segment.n_variants else 0
    return _Result(
        Piece(frame.height, left_out(segment, found), code, task.text, task.columns), top
    )  # fmt: skip


def _tell_top(n_pairs: int, top: pl.DataFrame) -> None:
    log.info("%s pairs tested", f"{n_pairs:,}")
    for column, told in (("pval_adj_bh", "eigenMT and Benjamini-Hochberg"), ("qval", "permutations")):
        if column in top.columns:
            number = int((top[column] <= 0.05).sum())
            log.info("%d of %d phenotypes have an interaction at FDR 0.05 (%s)", number, top.height, told)


def _store(
    target: Destination,
    pieces: list[Piece],
    top: pl.DataFrame,
    loaded: LoadedInteraction,
    options: InteractionOptions,
    paths: tuple[Any, ...],
    began: float,
    rejected: Rejections,
) -> None:
    if target.store is None:
        return
    import polars as pl

    parameters = {**asdict(options), "seed": loaded.seed}
    about = {
        "terms": ", ".join(loaded.terms.names), "df": loaded.model.df,
        "seed": -1 if loaded.seed is None else loaded.seed,
    }  # fmt: skip
    tables = {STORED: top.rename({"variant_id": "SNPID"})}
    for code in sorted({piece.chromosome for piece in pieces if piece.n_pairs}):
        files = [piece.columns for piece in pieces if piece.chromosome == code and piece.n_pairs]
        parts = [pl.read_ipc(file) for file in files if file is not None]
        frame = pl.concat([part.with_columns(pl.col(pl.Categorical).cast(pl.String)) for part in parts])
        frame = frame.rename({"variant_id": "SNPID"})
        tables[f"{STORED}_chr{code}"] = frame.sort("POS", "phenotype_id")
    store_results(
        replace(target, keys=tuple(tables)), tables, loaded.inputs, paths=paths, parameters=parameters,
        began=began, rejected=rejected, attrs=about,
    )  # fmt: skip
