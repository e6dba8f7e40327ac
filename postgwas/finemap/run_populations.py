"""Fine-mapping of regions in several populations together: ``postgwas.finemap.finemap_populations``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from postgwas.compute.engine import engine
from postgwas.errors import ColumnError, NoVariantsError, UsageError
from postgwas.finemap.build_check import refuse_other_build
from postgwas.finemap.ld_sources import LdSource
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.population_fit import PopulationRegion, PopulationTask, map_populations
from postgwas.finemap.region_list import RegionChoice, choose_regions
from postgwas.finemap.region_stats import RegionStats, StatsOptions, load_stats
from postgwas.finemap.run_finemap import check_ld, ld_source
from postgwas.genotypes.selection import Selection
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("finemap")

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class Population:
    """Where one population's data are.

    Attributes
    ----------
    name : str
    sumstats : path
    genotypes, ld, ld_variants, covariates : path, optional
        Its LD, as :func:`postgwas.finemap.finemap_regions`.
    n, n_cases, n_controls : float, optional
        Sample sizes; go before the file's.
    selection : Selection, optional
        Of its genotypes.
    """

    name: str
    sumstats: Path
    genotypes: Path | None = None
    ld: Path | None = None
    ld_variants: Path | None = None
    covariates: Path | None = None
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    selection: Selection | None = None


@dataclass(frozen=True, eq=False)
class FinemappedPopulations:
    """Regions with their results over all populations.

    Attributes
    ----------
    names : tuple of str
    stats : tuple of RegionStats
    regions : tuple of PopulationRegion
    ld_paths : tuple of str
    """

    names: tuple[str, ...]
    stats: tuple[RegionStats, ...]
    regions: tuple[PopulationRegion, ...]
    ld_paths: tuple[str, ...]

    @property
    def n_sets(self) -> int:
        """Credible sets of all regions."""
        return sum(len(one.posterior.sets) for one in self.regions if one.posterior is not None)


def finemap_populations(
    populations: Sequence[Population],
    *,
    dosage: bool = False,
    regions: RegionChoice | None = None,
    settings: MapSettings | None = None,
    reading: StatsOptions | None = None,
    ld_cache: Path | None = None,
    **where: Any,
) -> FinemappedPopulations:
    """Fine-map regions with :func:`postgwas.finemap.susie_multi_rss`: causal variants shared, effects not.

    Variants are joined by place and both alleles, between populations and with each one's LD.

    Parameters
    ----------
    populations : sequence of Population
        At least two.
    dosage : bool
        Dosages rather than hard calls.
    regions : RegionChoice, optional
        Around sentinels of the smallest P over populations if None.
    settings : MapSettings, optional
    reading : StatsOptions, optional
        For all files.
    ld_cache : path, optional
        A study's store where LD is kept.
    **where
        As :func:`postgwas.compute.engine.engine`.

    Returns
    -------
    FinemappedPopulations
        A region that fails has a status that says why; the others go on.

    Raises
    ------
    UsageError
        If a setting is none for several populations, or LD is missing.
    InputError, ColumnError, NoVariantsError
        If a file cannot be used, there is no sentinel, or no region can be mapped.
    """
    chosen, choice = settings or MapSettings(), regions or RegionChoice()
    chosen.check()
    choice.check()
    _check(populations, chosen)
    stats: list[RegionStats] = []
    sources: list[LdSource] = []
    for one in populations:
        check_ld(chosen, one.genotypes, one.ld, one.ld_variants, one.covariates, choice)
        options = replace(reading or StatsOptions(), n=one.n, n_cases=one.n_cases, n_controls=one.n_controls)
        read = load_stats(one.sumstats, options)
        missing = [name for name in ("EA", "NEA") if name not in read.frame.columns]
        if missing:
            raise ColumnError(
                f"{read.path}: no column of {'effect' if missing[0] == 'EA' else 'other'} alleles: several "
                "populations are joined by both alleles",
                hint=f"--{missing[0].lower()}_name",
            )
        source, _ = ld_source(
            one.genotypes, one.ld, one.ld_variants, one.covariates, one.selection, dosage, ld_cache
        )
        assert source is not None
        refuse_other_build(read.frame, source.variants, read.path, source.path)
        if stats:
            refuse_other_build(stats[0].frame, read.frame, stats[0].path, read.path)
        stats.append(read)
        sources.append(source)
    places = choose_regions(_strongest(stats), choice, stats[0].path)
    names = tuple(one.name for one in populations)
    tasks = [
        PopulationTask(
            place, names, tuple(_inside(one.frame, place) for one in stats),
            tuple(one.region(place) for one in sources), chosen,
        )
        for place in places
    ]  # fmt: skip
    with engine(**where) as eng:
        found = eng.map(map_populations, tasks, label="Fine-mapping")
    return _some(FinemappedPopulations(names, tuple(stats), tuple(found), _paths(sources)))


def _check(populations: Sequence[Population], settings: MapSettings) -> None:
    names = [one.name for one in populations]
    if len(names) < 2:
        raise UsageError("one population alone", hint="finemap_regions, or a list of files with commas")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two populations are called '{twice}'", hint="--names EUR,EAS")
    if settings.method != "susie":
        raise UsageError(f"--method {settings.method} takes one population", hint="--method susie")
    for flag, wrong in (
        ("--refine", settings.refine), ("--null_weight", settings.null_weight > 0),
        ("--prior_method simple", settings.prior_method == "simple"),
    ):  # fmt: skip
        if wrong:
            raise UsageError(f"{flag} is not there for several populations", hint="leave it out")


def _strongest(stats: Sequence[RegionStats]) -> pl.DataFrame:
    """Variants of all populations by place, each with its smallest P."""
    import polars as pl

    names = ("SNPID", "CHR", "POS", "MLOG10P")
    whole = pl.concat([one.frame.select(names) for one in stats], how="vertical_relaxed")
    best = whole.sort("MLOG10P", descending=True, nulls_last=True, maintain_order=True)
    return best.unique(["CHR", "POS"], keep="first", maintain_order=True).sort("CHR", "POS")


def _inside(frame: pl.DataFrame, place: Any) -> pl.DataFrame:
    return frame.filter((frame["CHR"] == place.chromosome) & frame["POS"].is_between(place.start, place.stop))


def _paths(sources: Sequence[LdSource]) -> tuple[str, ...]:
    return tuple(one.path for one in sources)


def _some(found: FinemappedPopulations) -> FinemappedPopulations:
    if any(one.posterior is not None for one in found.regions):
        return found
    why = "; ".join(dict.fromkeys(one.status for one in found.regions))
    reasons = [why for one in found.regions for part in one.populations for _, why in part.left_out]
    counts = ", ".join(f"{reasons.count(one):,} {one}" for one in dict.fromkeys(reasons))
    raise NoVariantsError(
        f"none of {len(found.regions)} regions can be fine-mapped in {', '.join(found.names)} ({why}"
        f"{'; of their variants: ' + counts if counts else ''})",
        hint="are builds and chromosomes the same? postgwas harmonise",
    )


def list_of(text: str | None) -> list[str]:
    """Names that commas part; a file whose own name has a comma is one."""
    if text is None:
        return []
    if FilePath(text).exists():
        return [text]
    return [part.strip() for part in text.split(",") if part.strip()]
