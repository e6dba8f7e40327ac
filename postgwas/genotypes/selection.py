"""Which samples and variants of a genotype file are used: by lists, place, frequency, missing calls."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes.genotypes import Genotypes, Moments, joined
from postgwas.genotypes.haploid import Cleared, clear_impossible_calls
from postgwas.genotypes.opening import open_genotypes, reads_by_region
from postgwas.genotypes.regions import chromosome_regions, in_regions, no_chromosome, regions_of
from postgwas.genotypes.samples import keep_samples, with_sexes
from postgwas.genotypes.variants import listed_variants
from postgwas.runlog import get_logger, log_step

log = get_logger("genotypes")

Listed = str | os.PathLike[str] | Sequence[str]

_BLOCK = 1 << 14


@dataclass(frozen=True)
class Selection:
    """What to use of a genotype file; everything by default.

    Attributes
    ----------
    keep, remove : path or sequence of str, optional
        Samples, see :func:`postgwas.genotypes.samples.keep_samples`.
    extract, exclude : path or sequence of str, optional
        Variant ids, see :func:`postgwas.genotypes.variants.listed_variants`.
    chromosomes : str or sequence of str, optional
        In any style: 1, chr1, X.
    region : str, optional
        ``CHR:START-END``, 1-based, both ends included.
    maf_min : float, optional
        Variants of this minor allele frequency or more, among the samples that are used.
    max_missing : float, optional
        Variants with at most this share of missing calls.
    sex : path, optional
        Sexes of the samples, instead of the genotype file's own; see
        :func:`postgwas.genotypes.samples.read_sexes`.
    haploid : str, optional
        A build, GRCh37 or GRCh38: calls that its X, Y and MT exclude are set missing; see
        :func:`postgwas.genotypes.haploid.clear_impossible_calls`.
    """

    keep: Listed | None = None
    remove: Listed | None = None
    extract: Listed | None = None
    exclude: Listed | None = None
    chromosomes: str | Sequence[str] | None = None
    region: str | None = None
    maf_min: float | None = None
    max_missing: float | None = None
    sex: str | os.PathLike[str] | None = None
    haploid: str | None = None

    def __post_init__(self) -> None:
        """A chromosome alone is one: the letters of "12" are not chromosomes 1 and 2."""
        if isinstance(self.chromosomes, str):
            object.__setattr__(self, "chromosomes", (self.chromosomes,))


@dataclass(frozen=True)
class Selected:
    """Genotypes that are left, how many of the others each reason took, and calls set missing."""

    genotypes: Genotypes
    samples_dropped: dict[str, int]
    variants_dropped: dict[str, int]
    set_missing: dict[str, int] = field(default_factory=dict)


def open_selected(
    genotypes: str | os.PathLike[str] | Genotypes,
    selection: Selection | None = None,
    *,
    dosage: bool = False,
    scratch: str | os.PathLike[str] | None = None,
) -> Selected:
    """Open a genotype file and apply a selection; of an indexed VCF or BCF only its regions are read.

    Parameters
    ----------
    genotypes : path or Genotypes
        A file as :func:`postgwas.genotypes.opening.open_genotypes` takes it, or one that is open already.
    dosage, scratch
        As there; of no effect on what is open.
    selection : Selection, optional
        Everything if None.

    Raises
    ------
    InputError, UsageError, NoVariantsError
        As :func:`postgwas.genotypes.opening.open_genotypes` and :func:`select_genotypes`.
    """
    chosen = selection or Selection()
    if not isinstance(genotypes, Genotypes):
        genotypes = open_for_selection(genotypes, chosen, dosage=dosage, scratch=scratch)
    return select_genotypes(genotypes, chosen)


def tell_selection(chosen: Selected) -> None:
    """Log what a selection left of a file, where it took something."""
    data = chosen.genotypes
    for what, left, dropped, unit in (
        ("Samples of the genotypes", data.n_samples, chosen.samples_dropped, "samples"),
        ("Variants", data.n_variants, chosen.variants_dropped, "variants"),
    ):
        if dropped:
            log_step(log, what, rows_in=left + sum(dropped.values()), rows_out=left, dropped=dropped,
                     unit=unit)  # fmt: skip


def open_for_selection(
    path: str | os.PathLike[str],
    selection: Selection | None,
    *,
    dosage: bool = False,
    scratch: str | os.PathLike[str] | None = None,
) -> Genotypes:
    """Open a file that :func:`select_genotypes` follows on: of an indexed VCF or BCF only the regions."""
    # Elsewhere a filter of the table does, which counts what it leaves out.
    regions = _regions(selection) if selection is not None and reads_by_region(path) else None
    return open_genotypes(path, dosage=dosage, scratch=scratch, region=regions)


def _regions(selection: Selection) -> list[str] | None:
    if selection.chromosomes is not None:
        chromosome_regions(selection.chromosomes)  # refuses what is none
    if selection.region is not None:
        return [selection.region]
    return None if selection.chromosomes is None else list(selection.chromosomes)


def select_genotypes(genotypes: Genotypes, selection: Selection) -> Selected:
    """Apply a selection.

    Raises
    ------
    InputError, UsageError
        If a list names nobody or nothing, a region cannot be read, or a limit is out of range.
    NoVariantsError
        If no variant is left.
    """
    people, samples_dropped = _samples(genotypes, selection)
    wanted, dropped = _listed(genotypes, selection)
    chosen = genotypes.select(
        variants=None if wanted.all() else np.flatnonzero(wanted),
        samples=None if people.all() else np.flatnonzero(people),
    )
    if selection.sex is not None:
        chosen = replace(chosen, samples=with_sexes(chosen.samples, selection.sex))
    set_missing: dict[str, int] = {}
    if selection.haploid is not None and chosen.n_variants:
        cleared = clear_impossible_calls(chosen, build=selection.haploid)
        chosen, set_missing = cleared.genotypes, cleared.set_missing
        _warn(cleared)
    if chosen.n_variants and (selection.maf_min is not None or selection.max_missing is not None):
        kept = _by_counts(chosen, selection, dropped)
        chosen = chosen if kept.all() else chosen.select(variants=np.flatnonzero(kept))
    if not chosen.n_variants:
        told = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items() if number)
        raise NoVariantsError(f"{genotypes.path}: none of {genotypes.n_variants:,} variants is left ({told})")
    return Selected(chosen, samples_dropped, dropped, set_missing)


def _warn(cleared: Cleared) -> None:
    if sum(cleared.set_missing.values()):
        told = ", ".join(f"{number:,} {reason}" for reason, number in cleared.set_missing.items() if number)
        log.warning("%s: calls set missing: %s", cleared.genotypes.path, told)
    if cleared.set_missing and cleared.n_unknown_sex:
        log.warning(
            "%s: %d samples of unknown sex: their calls on X stay as they are; --sex names a file",
            cleared.genotypes.path, cleared.n_unknown_sex,
        )  # fmt: skip


def all_moments(genotypes: Genotypes) -> Moments:
    """Counts of every variant, read block by block."""
    starts = range(0, genotypes.n_variants, _BLOCK)
    return joined([genotypes.moments(at, min(at + _BLOCK, genotypes.n_variants)) for at in starts])


def _samples(genotypes: Genotypes, selection: Selection) -> tuple[NDArray[np.bool_], dict[str, int]]:
    wanted = np.ones(genotypes.n_samples, np.bool_)
    dropped: dict[str, int] = {}
    if selection.keep is not None:
        wanted[:] = False
        wanted[keep_samples(genotypes.samples, selection.keep)] = True
        dropped["not in --keep"] = int((~wanted).sum())
    if selection.remove is not None:
        removed = np.zeros(genotypes.n_samples, np.bool_)
        removed[keep_samples(genotypes.samples, selection.remove)] = True
        dropped["in --remove"] = int((wanted & removed).sum())
        wanted &= ~removed
    if not wanted.any():
        raise InputError(f"{genotypes.path}: no sample is left of {genotypes.n_samples:,}")
    return wanted, dropped


def _listed(genotypes: Genotypes, selection: Selection) -> tuple[NDArray[np.bool_], dict[str, int]]:
    wanted = np.ones(genotypes.n_variants, np.bool_)
    dropped: dict[str, int] = {}
    table = genotypes.variants

    def narrow(mask: NDArray[np.bool_], reason: str) -> None:
        dropped[reason] = int((wanted & ~mask).sum())
        wanted[:] &= mask

    for regions, reason in (
        (selection.chromosomes and chromosome_regions(selection.chromosomes), "on other chromosomes"),
        (selection.region and regions_of(selection.region), "outside --region"),
    ):
        if regions:
            if not table["CHR"].is_in([one.chromosome for one in regions]).any():
                contigs = table["CHROM"].unique(maintain_order=True).to_list()
                raise no_chromosome(genotypes.path, regions, contigs)
            narrow(in_regions(table, regions), reason)
    if selection.extract is not None:
        narrow(listed_variants(table, selection.extract), "not in --extract")
    if selection.exclude is not None:
        narrow(~listed_variants(table, selection.exclude), "in --exclude")
    return wanted, dropped


def _by_counts(genotypes: Genotypes, selection: Selection, dropped: dict[str, int]) -> NDArray[np.bool_]:
    for name, limit, top in (
        ("maf_min", selection.maf_min, 0.5),
        ("max_missing", selection.max_missing, 1.0),
    ):
        if limit is not None and not 0 <= limit <= top:
            raise UsageError(f"--{name} {limit:g}: expected 0 to {top:g}")
    moments = all_moments(genotypes)
    kept = np.ones(genotypes.n_variants, np.bool_)
    if selection.max_missing is not None:
        # Counts, not shares, so that a limit that is met exactly does not depend on rounding.
        allowed = selection.max_missing * genotypes.n_samples * (1 + 1e-12)
        complete = genotypes.n_samples - moments.n_observed <= allowed
        dropped["too many missing calls"] = int((~complete).sum())
        kept &= complete
    if selection.maf_min is not None:
        frequent = moments.minor_frequency >= selection.maf_min * (1 - 1e-12)  # NaN is not
        dropped["MAF below --maf_min"] = int((kept & ~frequent).sum())
        kept &= frequent
    return kept
