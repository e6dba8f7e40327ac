"""Traits as figures of a region need them: variants, places where they are known, -log10 P."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import ColumnError, InputError, NoVariantsError, UsageError
from postgwas.runlog import get_logger
from postgwas.store.position import Region, chromosome_names

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class PlotTrait:
    """One trait of a figure.

    Attributes
    ----------
    source : path
        Summary statistics of any dialect; with `gene`, QTLs (a file or ``STUDY.h5::KEY``).
    label : str
    gene : str, optional
        Which gene of QTLs.
    qtl : bool
        Whether `source` is one of QTLs.
    columns : mapping of str to str
        Field -> column, of summary statistics.
    header : sequence of str, optional
        Names of all columns of a file without a header.
    dialect : str, optional
    dialect_files : sequence of path
    """

    source: Path
    label: str
    gene: str | None = None
    qtl: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    header: Sequence[str] | None = None
    dialect: str | None = None
    dialect_files: Sequence[Path] = ()


def read_heights(
    trait: PlotTrait, region: Region | None, *, places: pl.DataFrame | None = None
) -> pl.DataFrame:
    """SNPID, CHR, POS and MLOG10P of a trait's variants, of a region if one is given.

    Parameters
    ----------
    trait : PlotTrait
    region : Region, optional
    places : polars.DataFrame, optional
        SNPID, CHR, POS of variants whose places the file does not tell.

    Returns
    -------
    polars.DataFrame
        CHR and POS are null where nothing tells them, and then a region takes nothing away.

    Raises
    ------
    InputError, ColumnError
        If the file cannot be read, or has no P-values.
    NoVariantsError
        If nothing is left.
    """
    import polars as pl

    table = _of_qtls(trait, region, places) if trait.qtl else _of_stats(trait, places)
    if region is not None and table["POS"].null_count() < table.height:
        inside = (pl.col("CHR") == region.chromosome) & (pl.col("POS") >= region.start)
        if region.stop is not None:
            inside &= pl.col("POS") <= region.stop
        table = table.filter(inside)
    table = table.filter(pl.col("MLOG10P").is_finite())
    if not table.height:
        called = chromosome_names(np.array([region.chromosome]))[0] if region is not None else ""
        where = "" if region is None else f" of {called}:{region.start}-{region.stop or ''}"
        raise NoVariantsError(f"{trait.source}: no variants{where} with a P-value", hint="--region")
    return table


def _of_stats(trait: PlotTrait, places: pl.DataFrame | None) -> pl.DataFrame:
    import polars as pl

    from postgwas.sumstats.run import read_sumstats

    read = read_sumstats(
        trait.source, columns=dict(trait.columns) or None, header=trait.header, dialect=trait.dialect,
        dialect_files=trait.dialect_files,
        wanted=("SNPID", "CHR", "POS", "MLOG10P"),
        flags={"SNPID": "--snpid_name", "CHR": "--chr_name", "POS": "--pos_name", "P": "--p_name"},
    )  # fmt: skip
    frame = read.frame
    if "MLOG10P" not in frame.columns:
        raise ColumnError(
            f"{trait.source}: no P-values, nor what gives them; columns are {', '.join(read.header)}",
            hint="--p_name",
        )
    if "SNPID" not in frame.columns:
        if not {"CHR", "POS"} <= set(frame.columns):
            raise ColumnError(
                f"{trait.source}: neither ids nor places; columns are {', '.join(read.header)}",
                hint="--snpid_name, or --chr_name and --pos_name",
            )
        frame = frame.with_columns(pl.format("{}:{}", "CHR", "POS").alias("SNPID"))
    for name, dtype in (("CHR", pl.Int8), ("POS", pl.Int32)):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype).alias(name))
    frame = frame.select("SNPID", "CHR", "POS", pl.col("MLOG10P").cast(pl.Float64))
    if frame["POS"].null_count() == frame.height and places is not None:
        known = places.select("SNPID", "CHR", "POS").unique("SNPID", keep="none")
        frame = frame.drop("CHR", "POS").join(known, on="SNPID", how="left", maintain_order="left")
        lost = frame["POS"].null_count()
        log.info("%s: places of %s of %s variants by id", trait.source, f"{frame.height - lost:,}",
                 f"{frame.height:,}")  # fmt: skip
        if lost == frame.height:
            log.warning("%s: none of its ids is among the variants with places", trait.source)
        frame = frame.select("SNPID", "CHR", "POS", "MLOG10P")
    return _once(frame, trait)


def _once(frame: pl.DataFrame, trait: PlotTrait) -> pl.DataFrame:
    """Each id once, the first line."""
    kept = frame.unique("SNPID", keep="first", maintain_order=True)
    if kept.height < frame.height:
        log.info("%s: %s lines of ids that came before are left out", trait.source,
                 f"{frame.height - kept.height:,}")  # fmt: skip
    return kept


def _of_qtls(trait: PlotTrait, region: Region | None, places: pl.DataFrame | None) -> pl.DataFrame:
    import polars as pl

    from postgwas.coloc.qtl_source import qtl_source

    source = qtl_source(trait.source, gene=trait.gene, variants=places)
    parts, genes = [], set()
    for piece in source.pieces(None if region is None else [region], heights=True):
        genes.update(piece["GENE"].unique().to_list()[:20])
        bare = pl.col("GENE").str.replace(r"\.\d+$", "")
        parts.append(piece.filter((pl.col("GENE") == trait.gene) | (bare == trait.gene)))
    found = pl.concat(parts) if parts else None
    if found is None or not found.height:
        some = ", ".join(sorted(one for one in genes if one)[:5])
        raise InputError(
            f"{trait.source}: no rows of gene '{trait.gene}'; it has {some or 'no rows there'}", hint="--gene"
        )
    return _once(found.select("SNPID", "CHR", "POS", "MLOG10P"), trait)


def same_variants(tables: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Give variants of further tables the first one's id where they lie at its place under another name.

    An id that both have is left alone; of several variants at one place none is renamed.
    """
    import polars as pl

    first = tables[0]
    known = first.filter(pl.col("POS").is_not_null()).unique(["CHR", "POS"], keep="none")
    ids = set(first["SNPID"].to_list())
    made = [first]
    for table in tables[1:]:
        joined = table.join(
            known.select("CHR", "POS", pl.col("SNPID").alias("_first")), on=["CHR", "POS"], how="left",
            maintain_order="left",
        )  # fmt: skip
        alone = ~pl.struct("CHR", "POS").is_duplicated()
        other = pl.col("_first").is_not_null() & ~pl.col("SNPID").is_in(list(ids)) & alone
        renamed = joined.with_columns(
            pl.when(other).then(pl.col("_first")).otherwise(pl.col("SNPID")).alias("SNPID")
        )
        made.append(renamed.drop("_first").unique("SNPID", keep="first", maintain_order=True))
    return made


def check_traits(traits: Sequence[PlotTrait]) -> None:
    """Refuse traits that cannot be told apart.

    Raises
    ------
    UsageError
    """
    labels = [one.label for one in traits]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise UsageError(f"two traits are called '{twice}'", hint="--names")
