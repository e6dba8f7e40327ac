"""Figures of traits over a region: what ``postgwas coloc plot`` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from postgwas.coloc.plot_figures import RegionData, draw_region, draw_sensitivity
from postgwas.coloc.plot_ld import r2_with_lead
from postgwas.coloc.plot_traits import Path, PlotTrait, check_traits, read_heights, same_variants
from postgwas.destination import check_prefix
from postgwas.errors import InputError, UsageError
from postgwas.finemap.ld_sources import LdSource
from postgwas.finemap.region_list import MapRegion
from postgwas.genotypes.selection import Selection
from postgwas.plot.save_all import check_formats, save_figures
from postgwas.runlog import get_logger, run_log
from postgwas.store.position import Region, parse_region

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")

WIDEST = 10_000_000
"""Bases of a region that is not given but taken from a file's variants."""


@dataclass(frozen=True)
class PlotRegion:
    """Which region, and the variant that LD is with.

    Attributes
    ----------
    region : str, optional
        ``CHR:START-END``; around `lead` if None, or all that the first file has.
    lead : str, optional
        The strongest variant of the first trait that has LD if None.
    window : int
        Bases on either side of `lead` where no region is given.
    """

    region: str | None = None
    lead: str | None = None
    window: int = 500_000


@dataclass(frozen=True)
class PlotLd:
    """Where r^2 comes from; see :func:`postgwas.finemap.finemap_regions`."""

    genotypes: Path | None = None
    ld: Path | None = None
    ld_variants: Path | None = None
    covariates: Path | None = None
    selection: Selection | None = None
    dosage: bool = False


def coloc_figures(
    traits: Sequence[PlotTrait],
    out: str,
    *,
    where: PlotRegion | None = None,
    ld: PlotLd | None = None,
    gtf: Path | None = None,
    marked: Sequence[str] = (),
    sensitivity: Path | None = None,
    p12: float = 1e-5,
    formats: Sequence[str] = ("png", "svg"),
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> list[FilePath]:
    """Draw traits over a region, each pair of the first with another, and sensitivity to p12.

    Parameters
    ----------
    traits : sequence of PlotTrait
        May be empty where `sensitivity` is given.
    out : str
        Prefix: OUT.regional (all traits over each other), OUT.locuscompare or OUT.locuscompare.<label>,
        OUT.sensitivity, each with the endings of the formats and .tsv with its numbers; OUT.log.
    where : PlotRegion, optional
    ld : PlotLd, optional
        Points are grey without.
    gtf : path, optional
        Genes below the traits.
    marked : sequence of str
        Names of genes in another colour.
    sensitivity : path, optional
        Table with p12 and prior and posterior probabilities of H0 to H4, as ``postgwas coloc abf`` writes it.
    p12 : float
        Of that analysis, marked in the figure.
    formats : sequence of str
        "png", "svg", "pdf".
    overwrite, quiet, log_json : bool

    Returns
    -------
    list of Path
        Of the figures and tables.

    Raises
    ------
    PostgwasError
        No figure is written then.
    """
    chosen = where or PlotRegion()
    _check(traits, sensitivity, formats)
    check_prefix(out, example="results/furin")
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        made: dict[str, tuple[Any, pl.DataFrame]] = {}
        if traits:
            made |= draw_region(_region_data(traits, chosen, ld or PlotLd(), gtf), marked)
        if sensitivity is not None:
            made |= draw_sensitivity(sensitivity, p12=p12)
        return save_figures(made, out, formats, overwrite=overwrite, room="coloc")


def _check(traits: Sequence[PlotTrait], sensitivity: Path | None, formats: Sequence[str]) -> None:
    if not traits and sensitivity is None:
        raise UsageError("nothing to draw", hint="postgwas coloc plot FILE ..., --qtl, or --sensitivity")
    check_traits(traits)
    check_formats(formats, some=True)


def _region_data(traits: Sequence[PlotTrait], chosen: PlotRegion, ld: PlotLd, gtf: Path | None) -> RegionData:
    source = _source(ld)
    places = None if source is None else source.variants
    asked = None if chosen.region is None else parse_region(chosen.region)
    if asked is None and chosen.lead is not None:
        asked = _around(traits, chosen, places)
    tables = same_variants([read_heights(one, asked, places=places) for one in traits])
    for one, table in zip(traits, tables):
        log.info("%s: %s variants", one.label, f"{table.height:,}")
    region = _region(tables, asked, traits, whole=chosen.region is not None)
    r2: dict[str, float] = {}
    lead = chosen.lead or _strongest(tables[0], source, region)
    if chosen.lead is not None and all(chosen.lead not in set(one["SNPID"]) for one in tables):
        raise InputError(f"--lead {chosen.lead}: no trait has it in the region")
    if source is not None and region is not None:
        r2 = r2_with_lead(source, region, tables, lead)
    genes = None
    if gtf is not None and region is not None:
        from postgwas.expression.gtf import read_gtf
        from postgwas.plot.gene_models import genes_from

        genes = genes_from(read_gtf(gtf), region.chromosome, region.start, region.stop)
        log.info("%s: %d genes in the region", gtf, len(genes))
    return RegionData(tuple(one.label for one in traits), tuple(tables), region, lead, r2, genes)


def _source(ld: PlotLd) -> LdSource | None:
    from postgwas.finemap.run_finemap import ld_source

    if ld.genotypes is not None and ld.ld is not None:
        raise UsageError("--genotypes and --ld exclude each other", hint="give one of them")
    if ld.ld is None and ld.ld_variants is not None:
        raise UsageError("--ld_variants without --ld", hint="--ld FILE")
    if ld.covariates is not None and ld.genotypes is None:
        raise UsageError("--covariates needs --genotypes: they are projected out of these")
    return ld_source(ld.genotypes, ld.ld, ld.ld_variants, ld.covariates, ld.selection, ld.dosage, None)[0]


def _around(traits: Sequence[PlotTrait], chosen: PlotRegion, places: pl.DataFrame | None) -> Region | None:
    import polars as pl

    for one in traits:
        found = read_heights(one, None, places=places).filter(pl.col("SNPID") == chosen.lead)
        if found.height:
            if found["POS"][0] is None:
                return None
            middle = int(found["POS"][0])
            return Region(int(found["CHR"][0]), max(1, middle - chosen.window), middle + chosen.window)
    raise InputError(f"--lead {chosen.lead}: no trait has it; such as '{_example(traits, places)}' are there")


def _example(traits: Sequence[PlotTrait], places: pl.DataFrame | None) -> str:
    return str(read_heights(traits[0], None, places=places)["SNPID"][0])


def _region(
    tables: Sequence[pl.DataFrame], asked: Region | None, traits: Sequence[PlotTrait], *, whole: bool
) -> MapRegion | None:
    """The region that is drawn, as far as variants reach unless `whole`; None where no trait has places."""
    import polars as pl

    placed = [one.filter(pl.col("POS").is_not_null()) for one in tables]
    placed = [one for one in placed if one.height]
    if not placed:
        log.warning(
            "no positions: only pairs of traits can be drawn (--genotypes or --ld_variants place ids)"
        )
        return None
    rows = pl.concat([one.select("CHR", "POS") for one in placed])
    low, high = int(rows["POS"].min()), int(rows["POS"].max())  # type: ignore[arg-type]
    code = int(rows["CHR"][0])
    if asked is None and (rows["CHR"].n_unique() > 1 or high - low > WIDEST):
        raise UsageError(
            f"{traits[0].source}: which region? The variants lie on {rows['CHR'].n_unique()} chromosomes, "
            f"over {high - low:,} bases",
            hint="--region CHR:START-END, or --lead ID",
        )
    if asked is not None and whole:
        low, high = asked.start, asked.stop if asked.stop is not None else high
    return MapRegion(f"{code}:{low}-{high}", code, low, high)


def _strongest(table: pl.DataFrame, source: LdSource | None, region: MapRegion | None) -> str:
    """The strongest variant, of those with LD if there are any."""
    import polars as pl

    ordered = table.sort(["MLOG10P", "POS", "SNPID"], descending=[True, False, False])
    if source is not None and region is not None:
        have = source.region(region).variants
        known = ordered.filter(pl.col("SNPID").is_in(have["SNPID"].to_list()))
        if not known.height and "POS" in have.columns:
            known = ordered.filter(pl.col("POS").is_in(have["POS"].to_list()))
        ordered = known if known.height else ordered
    return str(ordered["SNPID"][0])
