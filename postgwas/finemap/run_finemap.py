"""Fine-mapping of a genome's regions from summary statistics and LD: ``postgwas.finemap.finemap_regions``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.finemap.build_check import refuse_other_build
from postgwas.finemap.ld_sources import GenotypeLd, LdSource, MatrixLd, read_matrix
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.region_fit import TOO_FEW, RegionResult, RegionTask, map_region
from postgwas.finemap.region_list import MapRegion, RegionChoice, choose_regions
from postgwas.finemap.region_stats import RegionStats, StatsOptions, load_stats
from postgwas.finemap.trait_kind import told_kind
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("finemap")

Path = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class FinemappedRegions:
    """Regions with their results.

    Attributes
    ----------
    stats : RegionStats
        The summary statistics that were used.
    regions : tuple of RegionResult
        By chromosome and position.
    ld_path : str
        Where LD came from; empty without.
    n_people : int
        People that LD was computed from; 0 where a file or nothing gave it.
    """

    stats: RegionStats
    regions: tuple[RegionResult, ...]
    ld_path: str
    n_people: int

    @property
    def n_sets(self) -> int:
        """Credible sets of all regions."""
        return sum(len(one.posterior.sets) for one in self.regions if one.posterior is not None)


def finemap_regions(
    sumstats: Path,
    *,
    genotypes: Genotypes | Path | None = None,
    ld: Path | None = None,
    ld_variants: Path | None = None,
    covariates: Path | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    regions: RegionChoice | None = None,
    settings: MapSettings | None = None,
    reading: StatsOptions | None = None,
    ld_cache: Path | None = None,
    cores: int = 1,
    scheduler: Path | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> FinemappedRegions:
    """Fine-map regions of a GWAS with LD of genotypes (of the same people or a reference) or of a file.

    Variants are found in LD by place and both alleles, and z-scores turned to LD's alleles.

    Parameters
    ----------
    sumstats : path
        Summary statistics of any dialect.
    genotypes : Genotypes or path, optional
        LD is computed from them, region by region.
    ld, ld_variants : path, optional
        An LD matrix and its variants instead, see :func:`postgwas.finemap.ld_sources.read_matrix`.
    covariates : path, optional
        Covariates of the people of `genotypes`, projected out of them.
    selection, dosage
        As :func:`postgwas.genotypes.open_selected`.
    regions : RegionChoice, optional
        Around sentinels of P at most 5e-8 if None.
    settings : MapSettings, optional
    reading : StatsOptions, optional
    ld_cache : path, optional
        A study's store: LD is kept there, and taken from there when genotypes and covariates are the
        same.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    FinemappedRegions
        A region that fails has a status that says why; the others go on.

    Raises
    ------
    UsageError
        If LD is missing or given twice, or a setting is out of range.
    InputError, ColumnError, NoVariantsError
        If a file cannot be used, there is no sentinel, or no region has variants with LD.

    Examples
    --------
    >>> found = finemap_regions("gwas.tsv.gz", genotypes="panel.pgen")  # doctest: +SKIP
    >>> found.regions[0].posterior.pip  # doctest: +SKIP
    """
    chosen, choice = settings or MapSettings(), regions or RegionChoice()
    chosen.check()
    choice.check()
    check_ld(chosen, genotypes, ld, ld_variants, covariates, choice)
    options = reading or StatsOptions()
    if chosen.method == "abf":
        options = replace(options, unsigned=True, sized=False)
    stats = load_stats(sumstats, options)
    if chosen.method == "abf":
        kind, notes = told_kind(
            chosen.kind, stats.header, stats.path, counted=options.n_cases is not None, sd_y=chosen.sd_y,
            case_fraction=chosen.case_fraction,
        )  # fmt: skip
        chosen = replace(chosen, kind=kind)
        for note in notes:
            log.warning("%s", note)
    places = choose_regions(stats.frame, choice, stats.path)
    source, people = ld_source(genotypes, ld, ld_variants, covariates, selection, dosage, ld_cache)
    if source is not None:
        refuse_other_build(stats.frame, source.variants, stats.path, source.path)
    tasks = [_task(stats.frame, place, source, chosen) for place in places]
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        found = eng.map(map_region, tasks, label="Fine-mapping")
    result = FinemappedRegions(stats, tuple(found), "" if source is None else source.path, people)
    _refuse_nothing(result)
    return result


def check_ld(
    settings: MapSettings, genotypes: Any, ld: Any, ld_variants: Any, covariates: Any, choice: RegionChoice
) -> None:
    """Refuse LD that is missing, given twice, or without meaning; raises UsageError."""
    if genotypes is not None and ld is not None:
        raise UsageError("--genotypes and --ld exclude each other", hint="give one of them")
    if ld is None and ld_variants is not None:
        raise UsageError("--ld_variants without --ld", hint="--ld FILE")
    if covariates is not None and genotypes is None:
        raise UsageError("--covariates needs --genotypes: they are projected out of these")
    if settings.method == "susie" and genotypes is None and ld is None:
        raise UsageError("SuSiE needs LD", hint="--genotypes FILE, or --ld FILE; or --method abf")
    if settings.method == "abf" and (genotypes is not None or ld is not None):
        raise UsageError("--method abf takes no LD", hint="leave --genotypes and --ld out")
    if ld is not None and choice.regions is None and choice.leads is None:
        raise UsageError("--ld is the matrix of one region: which one?", hint="--region CHR:START-END")


def ld_source(
    genotypes: Genotypes | Path | None,
    ld: Path | None,
    ld_variants: Path | None,
    covariates: Path | None,
    selection: Selection | None,
    dosage: bool,
    ld_cache: Path | None,
) -> tuple[LdSource | None, int]:
    """Open what gives LD, and how many people it is of; arguments as :func:`finemap_regions`."""
    if ld is not None:
        matrix: MatrixLd = read_matrix(ld, ld_variants)
        log.info("%s: LD of %s variants", matrix.path, f"{matrix.variants.height:,}")
        return matrix, 0
    if genotypes is None:
        return None, 0
    made = genotype_ld(
        genotypes, covariates=covariates, selection=selection, dosage=dosage, ld_cache=ld_cache
    )
    return made, made.genotypes.n_samples


def genotype_ld(
    genotypes: Genotypes | Path,
    *,
    covariates: Path | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    ld_cache: Path | None = None,
) -> GenotypeLd:
    """Genotypes opened as a source of LD; parameters as :func:`finemap_regions`.

    Raises
    ------
    InputError, UsageError
        If they cannot be opened, or fewer than 3 samples are left.
    """
    data = open_selected(genotypes, selection, dosage=dosage).genotypes
    basis = None
    if covariates is not None:
        data, basis = _with_covariates(data, covariates)
    log.info("%s: %s variants, %s samples", data.path, f"{data.n_variants:,}", f"{data.n_samples:,}")
    if data.n_samples < 3:
        raise InputError(f"{data.path}: {data.n_samples} samples are too few for LD")
    return GenotypeLd(data, basis, None if ld_cache is None else os.fspath(ld_cache))


def _with_covariates(data: Genotypes, path: Path) -> tuple[Genotypes, NDArray[np.float64]]:
    """The people who have covariates, and an orthonormal basis of these."""
    from postgwas.expression.covariate_files import read_covariates
    from postgwas.qtl.projection import projection

    ids = data.samples["IID"].to_list()
    table = read_covariates(path, samples=ids)
    at = {name: column for column, name in enumerate(table.samples)}
    people = np.array([row for row, name in enumerate(ids) if name in at], np.int64)
    if not people.size:
        raise InputError(f"{path}: none of the {len(ids):,} samples of {data.path} has covariates")
    if people.size < len(ids):
        log.warning(
            "%s: %s of %s samples of the genotypes have no covariates and are left out",
            path, f"{len(ids) - people.size:,}", f"{len(ids):,}",
        )  # fmt: skip
        data = data.select(samples=people)
    columns = [at[ids[row]] for row in people]
    # In the order of names, so that a file's order changes no bit.
    order = sorted(range(table.n_covariates), key=lambda row: table.names[row])
    return data, projection(table.values[np.ix_(order, columns)], people.size).basis


def _task(
    frame: pl.DataFrame, place: MapRegion, source: LdSource | None, settings: MapSettings
) -> RegionTask:
    inside = (frame["CHR"] == place.chromosome) & frame["POS"].is_between(place.start, place.stop)
    return RegionTask(place, frame.filter(inside), None if source is None else source.region(place), settings)


def _refuse_nothing(result: FinemappedRegions) -> None:
    if any(one.posterior is not None for one in result.regions):
        return
    states = [one.status for one in result.regions]
    why = "; ".join(f"in {states.count(one):,}: {one}" for one in dict.fromkeys(states))
    reasons = _counts([why for one in result.regions for _, why in one.left_out])
    told = f"; of their variants: {reasons}" if reasons else ""
    where = f" with LD of {result.ld_path}" if result.ld_path else ""
    lost = TOO_FEW in states and result.ld_path
    raise NoVariantsError(
        f"{result.stats.path}: none of {len(states)} regions can be fine-mapped{where}; {why}{told}",
        hint="are builds and chromosomes the same? postgwas harmonise" if lost else None,
    )


def _counts(names: Sequence[str]) -> str:
    found = {name: names.count(name) for name in dict.fromkeys(names)}
    return ", ".join(f"{number:,} {name}" for name, number in found.items())
