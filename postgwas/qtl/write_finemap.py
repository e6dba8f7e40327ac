"""Fine-mapping from files to files: what ``postgwas eqtl finemap`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from postgwas.errors import ColumnError, InputError, NoSignalError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions, load_inputs
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.qtl_table import numbers_of
from postgwas.qtl.run_finemap import Finemapped, FinemapSettings, finemap, only_genes
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

MEMBERS, SETS, PIPS, GENES = "finemap", "finemap_sets", "finemap_pip", "finemap_genes"


def finemap_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    egenes: str | os.PathLike[str] | Sequence[str] | None = None,
    fdr: float = 0.05,
    settings: FinemapSettings | None = None,
    options: QtlInputOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> Finemapped:
    """Fine-map and write.

    OUT.finemap.tsv.gz (variants of credible sets), OUT.finemap_sets.tsv.gz (a row a set, with its lead),
    OUT.finemap_pip.tsv.gz (variants of PIP at least `settings.min_pip`), OUT.finemap_genes.tsv.gz,
    OUT.finemap.rejected.tsv.gz, OUT.log. The store has all PIPs, with the log Bayes factors of each set's
    effect.

    Parameters
    ----------
    genotypes, phenotypes, covariates, settings, options
        As :func:`postgwas.qtl.run_finemap.finemap`.
    out : str
        Prefix of the files.
    egenes : path, or sequence of str, optional
        Phenotypes to map, or a table of them, see :func:`read_egenes`; all if None.
    fdr : float
        Those of at most this q-value, where the table has q-values.
    format, store, overwrite, quiet, log_json, **where
        As :func:`postgwas.qtl.write_cis.cis_nominal_files`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen = settings or FinemapSettings()
    chosen.check()
    whats = (MEMBERS, SETS, PIPS, GENES)
    target = destination(out, whats, format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        path = egenes if isinstance(egenes, str | os.PathLike) else None
        genes = egenes if path is None else read_egenes(path, fdr)
        inputs = load_inputs(genotypes, phenotypes, covariates, options=options)
        if genes is not None:
            assert not isinstance(genes, str | os.PathLike)
            inputs = only_genes(inputs, genes)
        found = finemap(inputs, settings=chosen, **where)
        tell_inputs(inputs, found.rejected)
        _tell(found)
        tables = {
            MEMBERS: found.members,
            SETS: found.sets,
            PIPS: _reported(found, chosen),
            GENES: found.genes,
        }
        with target.together() as aside:
            write_tables(aside, tables, format)
            write_rejections(aside, found.rejected)
        store_results(
            target, {**tables, PIPS: found.pips.rename({"variant_id": "SNPID"})}, inputs,
            paths=(phenotypes, covariates, path), parameters={**asdict(chosen), "fdr": fdr}, began=began,
            rejected=found.rejected, attrs={"n_genes": found.genes.height, "n_sets": found.sets.height},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found


def read_egenes(path: str | os.PathLike[str], fdr: float = 0.05) -> list[str]:
    """Phenotypes of a table: those of q-value at most `fdr`, or all where it has no ``qval``.

    Parameters
    ----------
    path : path
        Text or Parquet with ``phenotype_id`` (OUT.cis_permutation.tsv.gz); or one id a line, no header.
    fdr : float

    Raises
    ------
    InputError
        If there is none, or a line is cut short.
    ColumnError
        If a table has no ``phenotype_id``, or text among its q-values.
    UsageError
        If `fdr` is no share.
    """

    if not 0.0 < fdr <= 1.0:
        raise UsageError(f"--fdr {fdr:g}: expected a number above 0, at most 1")
    if os.fspath(path).endswith((".parquet", ".pq")):
        from postgwas.sumstats.parquet_table import read_table

        table = read_table(path)
    else:
        table = _text_of_egenes(os.fspath(path))
    if "phenotype_id" not in table.columns:
        raise ColumnError(f"{path}: no column phenotype_id; it has {', '.join(table.columns)}")
    if "qval" in table.columns:
        q = numbers_of(table["qval"], os.fspath(path))
        if without := q.null_count():
            log.info("%s: %d of %d phenotypes have no q-value and are left out", path, without, table.height)
        table = table.filter(q <= fdr)
    names: list[str] = table["phenotype_id"].unique(maintain_order=True).to_list()
    if not names:
        why = f" has qval <= {fdr:g}" if "qval" in table.columns else ""
        raise (NoSignalError if why else InputError)(f"{path}: no phenotype in it{why}")
    return names


def _text_of_egenes(path: str) -> pl.DataFrame:
    """A table with a header, its q-values as numbers; or the one column of a list."""
    import polars as pl

    from postgwas.expression.text_matrix import lines_of
    from postgwas.genotypes.text_table import read_text

    data = read_text(path)
    lines = [line.split("\t") for line in data.decode(errors="replace").splitlines() if line]
    header = lines[0] if lines else ["phenotype_id"]
    if "phenotype_id" not in header:
        wide = next((row for row, cells in enumerate(lines, start=1) if len(cells) != 1), None)
        if wide is not None:
            raise InputError(f"{path}, line {wide}: expected a column phenotype_id, or one phenotype a line")
        return pl.DataFrame({"phenotype_id": [one for (one,) in lines]})
    if len(lines) < 2:  # a scan without hits
        return pl.DataFrame(schema={name: pl.Float64 if name == "qval" else pl.String for name in header})
    table = lines_of(data.lstrip(b"\r\n"), path)
    return table.frame(text=[name for name in table.header if name != "qval"])


def _reported(found: Finemapped, settings: FinemapSettings) -> pl.DataFrame:
    import polars as pl

    names = (
        "phenotype_id",
        "variant_id",
        "tss_distance",
        "af",
        "pip",
        "cs_id",
        "effect_allele",
        "other_allele",
    )
    high = (pl.col("pip") >= settings.min_pip) | pl.col("cs_id").is_not_null()
    return found.pips.filter(high).select(names)


def _tell(found: Finemapped) -> None:
    import polars as pl

    genes = found.genes
    with_sets = genes.filter(pl.col("n_sets") > 0).height
    log.info(
        "%d phenotypes mapped: %d credible sets in %d of them", genes.height, found.sets.height, with_sets
    )
    slow = genes.filter(~pl.col("converged"))["phenotype_id"].to_list()
    if slow:
        from postgwas.expression.matrix import some_names

        log.warning(
            "%d phenotypes have not converged (%s): they are marked; --max_iter allows more",
            len(slow), some_names(slow),
        )  # fmt: skip
