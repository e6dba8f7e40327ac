"""Fine-mapping of several populations from files to files: what ``postgwas finemap A,B,C`` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from postgwas.finemap.map_settings import MapSettings
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
from postgwas.finemap.write_finemap import tell_findings
from postgwas.finemap.write_run import Account, Outputs, tell_stats, write_run
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.runlog import get_logger

log = get_logger("finemap")

TABLES = ("variants", "sets", "regions", "populations")


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
    to = Outputs(out, keep_ld, store, figures, gtf, overwrite, quiet, log_json)

    def run() -> FinemappedPopulations:
        return finemap_populations(
            populations, dosage=dosage, regions=choice, settings=chosen, reading=reading,
            ld_cache=to.ld_cache, **where,
        )  # fmt: skip

    def account(found: FinemappedPopulations) -> Account:
        _tell(found)
        tables = {
            "variants": variants_of_populations(found), "sets": sets_of_populations(found),
            "regions": regions_of_populations(found), "populations": populations_table(found),
        }  # fmt: skip
        attrs = {
            "n_regions": len(found.regions), "n_sets": found.n_sets, "ld": ", ".join(found.ld_paths),
            "populations": ", ".join(found.names),
        }  # fmt: skip
        return Account(
            tables, found.regions, found.names, found.stats,
            [(one.path, rejected_of(found, k)) for k, one in enumerate(found.stats)],
            _parameters(populations, choice, chosen, reading), _inputs(populations, choice), attrs,
        )  # fmt: skip

    return write_run(to, chosen, choice, TABLES, run, account)


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
        tell_stats(stats, name)
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
