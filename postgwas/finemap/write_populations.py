"""Fine-mapping of several populations from files to files: what ``postgwas finemap A,B,C`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from postgwas.destination import Destination
from postgwas.errors import UsageError
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.map_tables import log_bf_table, with_names
from postgwas.finemap.population_fit import PopulationRegion
from postgwas.finemap.population_tables import (
    populations_table,
    regions_of_populations,
    rejected_of,
    sets_of_populations,
    variants_of_populations,
)
from postgwas.finemap.region_fit import NOT_CONVERGED
from postgwas.finemap.region_list import RegionChoice
from postgwas.finemap.region_stats import StatsOptions
from postgwas.finemap.run_populations import FinemappedPopulations, Population, finemap_populations
from postgwas.finemap.write_finemap import REGIONS, SETS, VARIANTS, tell_findings
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.plot.save_all import check_formats, refuse_figures, save_figures
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited, write_rejected

log = get_logger("finemap")

POPULATIONS = ".populations.tsv"
ENDINGS = (VARIANTS, SETS, REGIONS, POPULATIONS, ".rejected.tsv.gz")
KEYS = ("variants", "sets", "regions", "populations", "log_bf")


def finemap_population_files(
    populations: Sequence[Population],
    out: str,
    *,
    dosage: bool = False,
    regions: RegionChoice | None = None,
    settings: MapSettings | None = None,
    reading: StatsOptions | None = None,
    keep_ld: bool = False,
    store: str | None = None,
    figures: Sequence[str] = (),
    gtf: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> FinemappedPopulations:
    """Fine-map several populations together and write.

    OUT.pip.tsv.gz, OUT.credible_sets.tsv, OUT.regions.tsv, OUT.populations.tsv (a row a population of each
    region), OUT.rejected.tsv.gz, OUT.log; in the store ``finemap/<variants, sets, regions, populations,
    log_bf>/<prefix>``.

    Parameters
    ----------
    populations, dosage, regions, settings, reading
        As :func:`postgwas.finemap.finemap_populations`.
    out : str
        Prefix of the files.
    keep_ld, store, figures, gtf, overwrite, quiet, log_json, **where
        As :func:`postgwas.finemap.finemap_files`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen, choice = settings or MapSettings(), regions or RegionChoice()
    chosen.check()
    choice.check()
    if keep_ld and store is None:
        raise UsageError("--keep_ld needs a store to keep LD in", hint="--store STUDY.h5")
    target = Destination(out, ENDINGS, store, KEYS if store else (), overwrite, "finemap")
    target.check()
    check_formats(figures)
    if figures and not overwrite:
        refuse_figures(out, "finemap")
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = finemap_populations(
            populations, dosage=dosage, regions=choice, settings=chosen, reading=reading,
            ld_cache=store if keep_ld else None, **where,
        )  # fmt: skip
        _tell(found)
        tables = {
            "variants": variants_of_populations(found), "sets": sets_of_populations(found),
            "regions": regions_of_populations(found),
        }  # fmt: skip
        told = populations_table(found)
        rejected = [(one.path, rejected_of(found, k)) for k, one in enumerate(found.stats)]
        with target.together() as aside:
            for what, ending in zip(tables, (VARIANTS, SETS, REGIONS)):
                write_delimited(with_names(tables[what]), aside.path(ending))
            write_delimited(told, aside.path(POPULATIONS))
            write_rejected(aside.path(".rejected.tsv.gz"), rejected)
        if figures:
            from postgwas.finemap.draw_regions import draw_finemapped

            drawn = draw_finemapped(
                found.regions, tables["variants"], labels=found.names, coverage=chosen.coverage, gtf=gtf
            )
            save_figures(drawn, out, figures, overwrite=overwrite, room="finemap")
        if store is not None:
            kinds = {name: (table, f"finemap-{name}") for name, table in tables.items()}
            kinds |= {
                "populations": (told, "finemap-populations"),
                "log_bf": (log_bf_table(found.regions), "finemap-log-bf"),
            }
            dropped: dict[str, int] = {}
            for _, table in rejected:
                for reason in table["REASON"].to_list():
                    dropped[reason] = dropped.get(reason, 0) + 1
            origin = Origin(
                _parameters(populations, choice, chosen, reading), _inputs(populations, choice),
                time.perf_counter() - began,
                sum(one.frame.height + one.rejected.height for one in found.stats),
                tables["variants"].height, dropped, chosen.seed if chosen.ld_check == "full" else None,
            )  # fmt: skip
            attrs = {
                "n_regions": len(found.regions), "n_sets": found.n_sets, "ld": ", ".join(found.ld_paths),
                "populations": ", ".join(found.names),
            }  # fmt: skip
            store_tables(target, kinds, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return found


def _parameters(
    populations: Sequence[Population],
    choice: RegionChoice,
    chosen: MapSettings,
    reading: StatsOptions | None,
) -> dict[str, Any]:
    made = {**asdict(choice), **asdict(chosen), **asdict(reading or StatsOptions())}
    for one in populations:
        made[f"population {one.name}"] = {
            key: os.fspath(value) if isinstance(value, os.PathLike) else value
            for key, value in asdict(one).items()
            if value is not None
        }
    return made


def _inputs(populations: Sequence[Population], choice: RegionChoice) -> list[str]:
    made: list[str] = []
    for one in populations:
        given = [one.sumstats, one.ld, one.ld_variants, one.covariates, *selection_lists(one.selection)]
        genotypes = None if one.genotypes is None else os.fspath(one.genotypes)
        made += input_files(genotypes, [path for path in given if path is not None])
    return [*dict.fromkeys([*made, *choice.files])]


def _tell(found: FinemappedPopulations) -> None:
    for name, stats in zip(found.names, found.stats):
        counts = stats.rejected["REASON"].value_counts().iter_rows() if stats.rejected.height else ()
        log_step(
            log, f"{name}: {stats.path}", rows_in=stats.frame.height + stats.rejected.height,
            rows_out=stats.frame.height, dropped=dict(counts), unit="variants",
        )  # fmt: skip
        for note in stats.notes:
            log.info("%s: %s", name, note)
    for one in found.regions:
        _tell_region(one, found.names)
    log.info("%d credible sets in %d regions", found.n_sets, len(found.regions))


def _tell_region(one: PopulationRegion, names: Sequence[str]) -> None:
    called = one.region.name
    if one.posterior is None:
        log.warning("Region %s: not mapped: %s", called, one.status)
        return
    sizes = ", ".join(str(len(credible)) for credible in one.posterior.sets)
    log.info(
        "Region %s: %s variants: %d credible sets%s", called, f"{one.variants.height:,}",
        len(one.posterior.sets), f" of {sizes} variants" if sizes else "",
    )  # fmt: skip
    if one.status == NOT_CONVERGED:
        log.warning("Region %s: has not converged; --max_iter allows more", called)
    for name, part, told in zip(names, one.populations, one.findings):
        log.info(
            "Region %s, %s: %s variants, %s left out, n = %s", called, name, f"{part.rows.size:,}",
            f"{len(part.left_out):,}", f"{part.n:,.0f}",
        )  # fmt: skip
        if len(part.left_out) > part.rows.size:
            log.warning("Region %s, %s: most of its variants are left out", called, name)
        if told is not None:
            tell_findings(f"{called}, {name}", told, part.stats["SNPID"].to_list())
