"""F_ST from files to files: what ``postgwas genotypes fst`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.run_fst import FstResult, FstSettings, fst
from postgwas.genotypes.selection import Selection, open_for_selection
from postgwas.genotypes.standardise import Floats
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

TABLE, BY_VARIANT = ".fst.tsv", ".fst.var.tsv.gz"
FIGURES = (".fst.png", ".fst_genome.png")
_ESTIMATOR = {"hudson": "Hudson's", "wc": "Weir and Cockerham's"}


def fst_files(
    genotypes: str | os.PathLike[str],
    out: str,
    groups: str,
    *,
    group_column: str | None = None,
    selection: Selection | None = None,
    settings: FstSettings | None = None,
    by_variant: bool = False,
    dosage: bool = False,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> FstResult:
    """Estimate F_ST and write it: OUT.fst.tsv, OUT.fst.var.tsv.gz, OUT.fst.png, OUT.fst_genome.png, OUT.log.

    Parameters
    ----------
    genotypes, groups, group_column, selection, settings, by_variant, dosage
        As :func:`postgwas.genotypes.run_fst.fst`.
    out : str
        Prefix of the files.
    figures : bool
    store : str, optional
        A study's store, for ``genotypes/fst/<prefix>`` (and ``genotypes/fst_variants/<prefix>``).
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings = settings or FstSettings()
    settings.check()
    optional = ((BY_VARIANT,) if by_variant else ()) + (FIGURES if figures else ())
    keys = (("fst", "fst_variants") if by_variant else ("fst",)) if store else ()
    target = Destination(out, (TABLE, *optional), store, keys, overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        data = open_for_selection(genotypes, selection, dosage=dosage, scratch=target.folder)
        log.info("%s: %s variants, %s samples", data.path, f"{data.n_variants:,}", f"{data.n_samples:,}")
        result = fst(
            data, groups, group_column=group_column, selection=selection, settings=settings,
            by_variant=by_variant, **where,
        )  # fmt: skip
        _tell(result)
        variants = _variant_table(result) if by_variant else None
        with target.together() as aside:
            write_delimited(result.table, aside.path(TABLE))
            if variants is not None:
                write_delimited(variants, aside.path(BY_VARIANT))
            if figures:
                _draw(result, aside)
        if store is not None:
            parameters = parameters_of(data, selection, settings, groups=groups)
            inputs = input_files(data, [*selection_lists(selection), groups])
            _store(result, target, variants, parameters, inputs, time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def _tell(result: FstResult) -> None:
    sizes = ", ".join(
        f"{name} {size:,}" for name, size in zip(result.groups.names, result.groups.sizes.tolist())
    )
    log.info("%d groups: %s", len(result.groups.names), sizes)
    first = result.table.row(0, named=True)
    log.info(
        "F_ST (%s) of %s: %.5f (standard error %.5f, %s variants)", _ESTIMATOR[result.method],
        result.names()[0], first["FST"], first["SE"], f"{first['N_VARIANTS']:,}",
    )  # fmt: skip


def pair_matrix(table: pl.DataFrame, groups: Sequence[str]) -> Floats:
    """F_ST of pairs, shape (G, G), symmetric; NaN on the diagonal and where pairs were not compared."""
    places = {name: place for place, name in enumerate(groups)}
    matrix = np.full((len(places), len(places)), np.nan)
    for row in table.iter_rows(named=True):
        if row["GROUP1"] in places and row["GROUP2"] in places:
            one, other = places[row["GROUP1"]], places[row["GROUP2"]]
            matrix[one, other] = matrix[other, one] = row["FST"]
    return matrix


def _variant_table(result: FstResult) -> pl.DataFrame:
    import polars as pl

    columns = ["CHR", "POS", "SNPID", "A1", "A2"]
    return result.variants.select(columns).with_columns(
        pl.Series(name, np.ascontiguousarray(values))
        for name, values in zip(result.names(), result.by_variant.T)
    )


def _draw(result: FstResult, aside: Destination) -> None:
    from postgwas.plot.fst import fst_along_genome, fst_heatmap
    from postgwas.plot.saving import save_figure

    title = f"{_ESTIMATOR[result.method]} $F_{{ST}}$"
    save_figure(
        fst_heatmap(pair_matrix(result.table, result.groups.names), names=result.groups.names, title=title),
        aside.path(FIGURES[0]),
    )
    drawn = fst_along_genome(
        result.variants["CHR"].to_numpy(), result.variants["POS"].to_numpy(), result.together.numerator,
        result.together.denominator,
    )  # fmt: skip
    save_figure(drawn, aside.path(FIGURES[1]))


def _store(
    result: FstResult,
    target: Destination,
    variants: pl.DataFrame | None,
    parameters: dict[str, Any],
    inputs: list[str],
    seconds: float,
) -> None:
    n_variants = result.variants.height
    n_in = n_variants + sum(result.dropped.values())
    origin = Origin(parameters, inputs, seconds, n_in, n_variants, result.dropped)
    attrs = {
        "method": result.method,
        "groups": list(result.groups.names),
        "sizes": result.groups.sizes.tolist(),
    }
    tables = {"fst": (result.table, "fst")}
    if variants is not None:
        tables["fst_variants"] = (variants, "fst-variants")
    store_tables(target, tables, origin, attrs=attrs)
