"""Regions of two or more files of summary statistics, compared by any method."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postgwas.coloc.allele_rules import AlleleCounts, AlleleRules
from postgwas.coloc.genome_settings import GwasInput
from postgwas.coloc.phenotype_rows import load_trait, with_kinds
from postgwas.coloc.region_methods import Found, RegionMethod
from postgwas.coloc.region_traits import region_traits
from postgwas.coloc.trait_factors import NO_CASES, NO_FREQUENCY, NO_SIZE, NoFactors
from postgwas.compute.engine import engine
from postgwas.errors import InputError, NoVariantsError, PostgwasError, UsageError
from postgwas.finemap.ld_sources import LdSource, RegionSource
from postgwas.finemap.region_list import MapRegion, RegionChoice, choose_regions
from postgwas.finemap.region_stats import RegionStats
from postgwas.genotypes.selection import Selection
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")

Path = str | os.PathLike[str]

OK, NOT_IN_ALL = "ok", "not_in_all_files"
_HINTS = {
    NO_FREQUENCY: "it has no allele frequencies: --eaf_name COLUMN (one a file), or --sd_y SD",
    NO_SIZE: "it has no sample sizes: --n N (NA for the others), or effects with errors and --sd_y SD",
    NO_CASES: "the share of cases is not known: --case_fraction",
}


@dataclass(frozen=True)
class LdChoice:
    """Where LD comes from.

    Attributes
    ----------
    genotypes : path, optional
    genotypes2 : path, optional
        LD of the second trait, if it is another.
    ld, ld_variants : path, optional
        A matrix of one region instead.
    ld2, ld_variants2 : path, optional
        Of the second trait, if it is another.
    covariates : path, optional
        Projected out of `genotypes`.
    selection : Selection, optional
        Of `genotypes`.
    dosage : bool
    """

    genotypes: Path | None = None
    genotypes2: Path | None = None
    ld: Path | None = None
    ld_variants: Path | None = None
    ld2: Path | None = None
    ld_variants2: Path | None = None
    covariates: Path | None = None
    selection: Selection | None = None
    dosage: bool = False

    def check(self, choice: RegionChoice) -> None:
        """Refuse contradictions.

        Raises
        ------
        UsageError
        """
        if self.genotypes is not None and self.ld is not None:
            raise UsageError("--genotypes and --ld exclude each other", hint="give one of them")
        for end, matrix, names in (("", self.ld, self.ld_variants), ("2", self.ld2, self.ld_variants2)):
            if matrix is None and names is not None:
                raise UsageError(f"--ld_variants{end} without --ld{end}", hint=f"--ld{end} FILE")
        if self.ld2 is not None and self.ld is None:
            raise UsageError("--ld2 is the second trait's LD: which is the first's?", hint="--ld FILE")
        if self.genotypes is None and (self.genotypes2 is not None or self.covariates is not None):
            flag = "--genotypes2" if self.genotypes2 is not None else "--covariates"
            raise UsageError(f"{flag} has no meaning without --genotypes", hint="--genotypes FILE")
        if self.ld is not None and choice.regions is None and choice.leads is None:
            raise UsageError("--ld is the matrix of one region: which one?", hint="--region CHR:START-END")

    def sources(self) -> tuple[LdSource | None, LdSource | None]:
        """Open them."""
        from postgwas.finemap.run_finemap import ld_source

        first, _ = ld_source(
            self.genotypes, self.ld, self.ld_variants, self.covariates, self.selection, self.dosage, None
        )
        if self.genotypes2 is None and self.ld2 is None:
            return first, first
        second, _ = ld_source(self.genotypes2, self.ld2, self.ld_variants2, None, None, self.dosage, None)
        return first, second


@dataclass(frozen=True, eq=False)
class RegionTask:
    """What a worker gets."""

    region: MapRegion
    frames: tuple[pl.DataFrame, ...]
    inputs: tuple[GwasInput, ...]
    fractions: tuple[float | None, ...]
    sources: tuple[RegionSource | None, ...]
    method: RegionMethod
    rules: AlleleRules


@dataclass(frozen=True, eq=False)
class RegionOutcome:
    """A region's results.

    Attributes
    ----------
    region : MapRegion
    found : Found or None
    counts : tuple of AlleleCounts
        How the files fitted each other.
    sizes : tuple of int
        Variants of each file in the region.
    left_out : tuple of list of (int, str)
        ROW and reason, for each file.
    status : str
        "ok", or why there is nothing.
    """

    region: MapRegion
    found: Found | None
    counts: tuple[AlleleCounts, ...]
    sizes: tuple[int, ...]
    left_out: tuple[list[tuple[int, str]], ...]
    status: str


@dataclass(frozen=True, eq=False)
class ComparedRegions:
    """All regions.

    Attributes
    ----------
    inputs : tuple of GwasInput
    stats : tuple of RegionStats
    regions : tuple of RegionOutcome
        By chromosome and position.
    ld_path : str
        Where LD came from; empty without.
    """

    inputs: tuple[GwasInput, ...]
    stats: tuple[RegionStats, ...]
    regions: tuple[RegionOutcome, ...]
    ld_path: str


def compare_regions(
    inputs: Sequence[GwasInput],
    method: RegionMethod,
    *,
    regions: RegionChoice | None = None,
    ld: LdChoice | None = None,
    rules: AlleleRules | None = None,
    only: Sequence[str | None] | None = None,
    **where: Any,
) -> ComparedRegions:
    """Compare traits in regions of the genome.

    Parameters
    ----------
    inputs : sequence of GwasInput
        Two or more files; regions lie around the strongest variants of the first unless they are given.
    method : RegionMethod
    regions : RegionChoice, optional
    ld : LdChoice, optional
    rules : AlleleRules, optional
        How alleles are matched.
    only : sequence of (str or None), optional
        COLUMN=VALUE for each file that holds several phenotypes.
    **where
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    ComparedRegions
        A region that fails has a status that says why; the others go on.

    Raises
    ------
    UsageError
        If names repeat, LD is contradictory, or a setting is out of range.
    InputError, ColumnError, NoVariantsError
        If a file cannot be used, there is no sentinel, or nothing is shared in any region.
    """
    choice, panel, matching = regions or RegionChoice(), ld or LdChoice(), rules or AlleleRules()
    choice.check()
    panel.check(choice)
    matching.check()
    _check_inputs(inputs)
    method.check(len(inputs))
    with tempfile.TemporaryDirectory(prefix="postgwas-coloc-") as folder:
        stats = [
            load_trait(
                one, part, folder, unsigned=not getattr(method, "needs_signs", False),
                sized=getattr(method, "needs_sizes", False),
            )
            for one, part in zip(inputs, only or [None] * len(inputs), strict=True)
        ]  # fmt: skip
    inputs = with_kinds(inputs, stats)
    places = choose_regions(stats[0].frame, choice, stats[0].path)
    sources = panel.sources()
    fractions = tuple(
        0.5 if read.n_kind == "effective" else one.case_fraction for one, read in zip(inputs, stats)
    )
    tasks = [
        RegionTask(
            place, tuple(_inside(read.frame, place) for read in stats), tuple(inputs), fractions,
            tuple(None if one is None else one.region(place) for one in _distinct(sources)), method, matching,
        )
        for place in places
    ]  # fmt: skip
    with engine(**where) as eng:
        found = eng.map(run_region, tasks, label="Colocalising")
    made = ComparedRegions(
        tuple(inputs), tuple(stats), tuple(found), "" if sources[0] is None else sources[0].path
    )
    _refuse_nothing(made)
    return made


def _distinct(sources: tuple[LdSource | None, LdSource | None]) -> tuple[LdSource | None, ...]:
    return (sources[0], None if sources[1] is sources[0] else sources[1])


def _inside(frame: pl.DataFrame, place: MapRegion) -> pl.DataFrame:
    import polars as pl

    return frame.filter(
        (pl.col("CHR") == place.chromosome) & pl.col("POS").is_between(place.start, place.stop)
    )


def run_region(task: RegionTask) -> RegionOutcome:
    """Align and compare one region; what is wrong with it becomes its status."""
    sizes = tuple(frame.height for frame in task.frames)
    nothing: tuple[list[tuple[int, str]], ...] = tuple([] for _ in task.frames)
    if not all(sizes):
        return RegionOutcome(task.region, None, (), sizes, nothing, NOT_IN_ALL)
    try:
        traits = region_traits(task.frames, task.inputs, task.fractions, task.rules)
    except NoFactors as error:
        return RegionOutcome(task.region, None, (), sizes, nothing, str(error))
    except NoVariantsError as error:
        return RegionOutcome(task.region, None, (), sizes, nothing, str(error))
    counts = traits.aligned.counts
    try:
        found = task.method.compare(traits, task.sources)
    except PostgwasError as error:
        return RegionOutcome(task.region, None, counts, sizes, traits.left_out, str(error))
    return RegionOutcome(task.region, found, counts, sizes, traits.left_out, OK)


def _check_inputs(inputs: Sequence[GwasInput]) -> None:
    if len(inputs) < 2:
        raise UsageError(f"{len(inputs)} file of summary statistics: two or more are needed")
    for one in inputs:
        one.check()
    names = [one.name for one in inputs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two traits are called {twice}", hint="--names")


def _refuse_nothing(made: ComparedRegions) -> None:
    if any(one.found is not None for one in made.regions):
        return
    statuses = list(dict.fromkeys(one.status for one in made.regions))
    hint = None
    for code, _, name in (one.partition(": ") for one in statuses):
        path = next((read.path for one, read in zip(made.inputs, made.stats) if one.name == name), None)
        if code in _HINTS and path is not None:
            hint = f"{path}: {_HINTS[code]}"
            break
    if hint is None and set(statuses) == {NOT_IN_ALL}:
        sizes = ", ".join(
            f"{one.name} {sum(region.sizes[at] for region in made.regions):,}"
            for at, one in enumerate(made.inputs)
        )
        raise NoVariantsError(
            f"no region has variants of all files (variants in {len(made.regions)} regions: {sizes})",
            hint="are builds and chromosomes the same? postgwas harmonise",
        )
    raise InputError(
        f"none of {len(made.regions)} regions can be compared: {'; '.join(statuses[:3])}", hint=hint
    )
