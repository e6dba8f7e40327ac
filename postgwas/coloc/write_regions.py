"""Colocalisation of regions from files to files: what ``postgwas coloc abf`` and its sisters do."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from postgwas.coloc.align_traits import warn_counts
from postgwas.coloc.allele_rules import AlleleRules
from postgwas.coloc.genome_settings import GwasInput
from postgwas.coloc.region_methods import RegionMethod, table_of
from postgwas.coloc.run_regions import ComparedRegions, LdChoice, RegionOutcome, compare_regions
from postgwas.destination import Destination
from postgwas.finemap.map_tables import with_names
from postgwas.finemap.region_list import RegionChoice
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited, write_rejected

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")

LARGE = ("variants",)
"""Tables that are compressed."""


def colocalise_files(
    inputs: Sequence[GwasInput],
    out: str,
    method: RegionMethod,
    *,
    regions: RegionChoice | None = None,
    ld: LdChoice | None = None,
    rules: AlleleRules | None = None,
    only: Sequence[str | None] | None = None,
    extra_inputs: Sequence[str] = (),
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> ComparedRegions:
    """Compare regions and write.

    OUT.<table>.tsv for each table of the method (its variants compressed), OUT.regions.tsv,
    OUT.rejected.tsv.gz, OUT.log; in the store ``coloc/<table>/<prefix>``.

    Parameters
    ----------
    inputs, method, regions, ld, rules, only
        As :func:`postgwas.coloc.run_regions.compare_regions`.
    out : str
        Prefix of the files.
    extra_inputs : sequence of str
        Other files that were read, for the store.
    store : str, optional
        A study's store.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    names = (*method.tables, "regions")
    endings = tuple(ending(name) for name in names)
    target = Destination(
        out, (*endings, ".rejected.tsv.gz"), store, names if store else (), overwrite, "coloc"
    )
    target.check()
    choice, panel = regions or RegionChoice(), ld or LdChoice()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = compare_regions(inputs, method, regions=choice, ld=panel, rules=rules, only=only, **where)
        tell(found)
        tables = {name: method_table(found, name) for name in method.tables}
        tables["regions"] = regions_table(found)
        rejected = rejected_tables(found)
        with target.together() as aside:
            for name, table in tables.items():
                write_delimited(with_names(table), aside.path(ending(name)))
            write_rejected(aside.path(".rejected.tsv.gz"), rejected)
        if store is not None:
            given = [
                *(one.path for one in inputs), panel.genotypes2, panel.ld, panel.ld_variants,
                panel.ld2, panel.ld_variants2,
                panel.covariates, *choice.files, *selection_lists(panel.selection), *extra_inputs,
            ]  # fmt: skip
            origin = Origin(
                _plain({"inputs": [asdict(one) for one in inputs], "method": type(method).__name__,
                        "only": list(only or []),
                        **_settings(method), **asdict(choice), "ld": asdict(panel)}),
                input_files(None if panel.genotypes is None else os.fspath(panel.genotypes), given),
                time.perf_counter() - began, sum(read.frame.height for read in found.stats),
                tables[method.tables[0]].height,
            )  # fmt: skip
            kinds = {name: (table, f"coloc-{name}") for name, table in tables.items()}
            attrs = {"n_regions": len(found.regions), "ld": found.ld_path, "method": type(method).__name__}
            store_tables(target, kinds, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(one)) for one in target.endings))
    return found


def ending(table: str) -> str:
    """Of a table's file."""
    return f".{table}.tsv.gz" if table in LARGE else f".{table}.tsv"


def method_table(found: ComparedRegions, name: str) -> pl.DataFrame:
    """A method's table over all regions: REGION, CHR, then its own columns."""
    rows = [
        {"REGION": one.region.name, "CHR": one.region.chromosome, **row}
        for one in found.regions
        if one.found is not None
        for row in one.found.tables.get(name, [])
    ]
    import polars as pl

    if not rows:
        return pl.DataFrame(schema={"REGION": pl.String, "CHR": pl.Int8})
    table = table_of(rows).with_columns(pl.col("CHR").cast(pl.Int8))
    return table.with_columns(pl.col(pl.Null).cast(pl.String))


def regions_table(found: ComparedRegions) -> pl.DataFrame:
    """A row a region: its place, variants of each trait, what alleles needed, NOTES, STATUS."""
    import polars as pl

    rows = []
    for one in found.regions:
        counts = one.counts
        rows.append(
            {
                "REGION": one.region.name, "CHR": one.region.chromosome, "START": one.region.start,
                "END": one.region.stop, "SENTINEL": one.region.lead,
                **{f"N.{given.name}": size for given, size in zip(found.inputs, one.sizes)},
                "N_SHARED": None if one.found is None else one.found.n_shared,
                "N_SWAPPED": sum(count.n_swapped for count in counts),
                "N_OTHER_STRAND": sum(count.n_other_strand for count in counts),
                "N_OTHER_ALLELES": sum(count.n_other_alleles for count in counts),
                "NOTES": None if one.found is None else "; ".join(one.found.notes) or None,
                "STATUS": one.status,
            }
        )  # fmt: skip
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table.with_columns(pl.col("CHR").cast(pl.Int8), pl.col(pl.Null).cast(pl.String))


def rejected_tables(found: ComparedRegions) -> list[tuple[str, pl.DataFrame]]:
    """Rows of each file that could not be read, or have no effect in a region."""
    import polars as pl

    made = []
    for at, read in enumerate(found.stats):
        reasons = dict(pair for one in found.regions for pair in one.left_out[at])
        rows = sorted(reasons)
        left = read.frame.select("ROW", "SNPID").filter(pl.col("ROW").is_in(rows)).sort("ROW")
        why = pl.Series("REASON", [reasons[row] for row in left["ROW"].to_list()], dtype=pl.String)
        table = left.cast({"ROW": pl.UInt32}).with_columns(why)
        made.append((read.path, pl.concat([read.rejected, table])))
    return made


def tell(found: ComparedRegions) -> None:
    """What a reader of the log should know."""
    for read in found.stats:
        counts = read.rejected["REASON"].value_counts().iter_rows() if read.rejected.height else ()
        log_step(
            log, read.path, rows_in=read.frame.height + read.rejected.height, rows_out=read.frame.height,
            dropped=dict(counts), unit="variants",
        )  # fmt: skip
        for note in read.notes:
            log.info("%s", note)
    for one in found.regions:
        _tell_region(one)
    done = sum(one.found is not None for one in found.regions)
    log.info("%d of %d regions compared", done, len(found.regions))


def _tell_region(one: RegionOutcome) -> None:
    name = one.region.name
    for count in one.counts:
        log.info("Region %s: %s", name, count.line())
        warn_counts(log, count)
    if one.found is None:
        log.warning("Region %s: not compared: %s", name, one.status)
        return
    for note in one.found.notes:
        log.warning("Region %s: %s", name, note)
    for row in one.found.tables.get("coloc", []):
        which = ", ".join(str(row[key]) for key in ("CS1", "CS2", "HIT1", "HIT2") if key in row)
        log.info(
            "Region %s%s: %d shared variants, PP.H4 %.3g, PP.H3 %.3g (before data %.2g and %.2g)", name,
            f" ({which})" if which else "", row["N_SHARED"], row["PP.H4"], row["PP.H3"], row["PRIOR.H4"],
            row["PRIOR.H3"],
        )  # fmt: skip


def _settings(method: RegionMethod) -> dict[str, Any]:
    from dataclasses import fields, is_dataclass

    assert is_dataclass(method)
    made = {one.name: getattr(method, one.name) for one in fields(method)}
    if "weights" in made:
        made["weights"] = [None if one is None else f"{len(one)} variants" for one in made["weights"]]
    return made


def _plain(value: Any) -> Any:
    """What a store's provenance can hold."""
    from dataclasses import is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value
