"""Trans mapping from files to files: what ``postgwas eqtl trans`` does."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.run_trans import TransResult, TransSettings, trans
from postgwas.runlog import get_logger, run_log
from postgwas.staging import scratch_folder

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")


def trans_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    settings: TransSettings | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> TransResult:
    """Write OUT.trans.tsv.gz (with a context OUT.trans_interaction.tsv.gz), OUT.trans_genes.tsv.gz, the rest.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, settings
        As :func:`postgwas.qtl.run_trans.trans`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store: ``qtl/trans/<prefix>`` and ``qtl/trans_genes/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen = settings or TransSettings()
    what = "trans" if chosen.interaction is None else "trans_interaction"
    target = destination(out, (what, f"{what}_genes"), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        with scratch_folder(Path(out).parent) as scratch:
            found = trans(
                genotypes, phenotypes, covariates, options=options, settings=chosen, scratch=scratch, **where
            )
        _tell(found, chosen)
        tables = {what: found.table, f"{what}_genes": found.genes}
        with target.together() as aside:
            write_tables(aside, tables, format)
            write_rejections(aside, found.rejected)
        given = {name: value for name, value in asdict(chosen).items() if value is not None}
        paths = (phenotypes, covariates, chosen.crossmap, chosen.gene_places, chosen.interaction)
        stored = {what: _placed(found.table), f"{what}_genes": found.genes}
        store_results(
            target, stored, found.inputs, paths=paths, parameters=given, began=began, rejected=found.rejected,
            attrs={"n_tests": found.n_tests, "n_masked": found.n_masked, "df": found.df},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found


def _placed(table: pl.DataFrame) -> pl.DataFrame:
    """With the names and the order by which the store finds variants and regions."""
    names = {"variant_id": "SNPID", "variant_chrom": "CHR", "variant_pos": "POS"}
    return table.rename(names)


def _tell(found: TransResult, settings: TransSettings) -> None:
    tell_inputs(found.inputs, found.rejected, where="")
    log.info(
        "%s tests of %s variants and %s phenotypes (%s masked); %s missing calls set to their variant's mean",
        *(f"{n:,}" for n in (found.n_tests, found.n_variants, found.inputs.n_genes, found.n_masked,
                             found.n_imputed)),
    )  # fmt: skip
    hits = found.table.height
    if not hits:
        log.warning("No pair has a P of %g or less: the table is empty", settings.pval_threshold)
        return
    log.info(
        "%s pairs have a P of %g or less, of %s phenotypes; at a false discovery rate of 5%% over all tests: "
        "%s pairs, over phenotypes: %s",
        f"{hits:,}", settings.pval_threshold, f"{found.table['phenotype_id'].n_unique():,}",
        f"{int((found.table['pval_adj_bh'] <= 0.05).sum()):,}",
        f"{int((found.genes['pval_adj_bh'] <= 0.05).sum()):,}",
    )  # fmt: skip
