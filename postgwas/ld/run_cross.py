"""``cross_ld_scores``: LD scores of two populations and across them, from two genotype files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import Genotypes, Moments, open_genotypes
from postgwas.genotypes.genetic_map import with_genetic_positions
from postgwas.ld.run_filters import chosen_samples, chosen_variants, exponent_of, varying
from postgwas.ld.run_sums import Population, count, sum_over_windows
from postgwas.ld.run_windows import Unit, refuse_whole, windows_of
from postgwas.ld.scores import Floats
from postgwas.ld.scores_cross import cross_scores, cross_weights
from postgwas.ld.shared_variants import Match, shared_variants
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

Path = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class CrossLDScores:
    """LD scores of the variants that two populations share.

    Attributes
    ----------
    variants : polars.DataFrame
        CHR, CHROM, SNPID, CM, POS, A1, A2 of the first file, in its order; FRQ_1, FRQ_2 of A1.
    l2_1, l2_2 : ndarray of float64, shape (V,)
        Sums of w * (r^2 - (1 - r^2)/(n - 2)) over the window, in each population.
    l2_cross : ndarray of float64, shape (V,)
        Sums of w * r1 * r2.
    m : ndarray of float64, shape (3,)
        Sums of the weights w behind the three; the number of variants without weights.
    n_samples : pair of int
    dropped : dict of str to int
        Variants of the first file that have no score, by reason.
    """

    variants: pl.DataFrame
    l2_1: Floats
    l2_2: Floats
    l2_cross: Floats
    m: Floats
    n_samples: tuple[int, int]
    dropped: dict[str, int]


def cross_ld_scores(
    genotypes1: Path | Genotypes,
    genotypes2: Path | Genotypes,
    *,
    window: float,
    unit: Unit = "cm",
    match: Match = "position",
    keep1: Path | Sequence[str] | None = None,
    keep2: Path | Sequence[str] | None = None,
    extract: Path | Sequence[str] | None = None,
    maf: float | None = None,
    pq_exp: float | None = None,
    per_allele: bool = False,
    allele_counts: bool = False,
    cm_map: Path | None = None,
    whole_chromosome: bool = False,
    double: bool = False,
    cores: int = 1,
    scheduler: Path | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CrossLDScores:
    """LD scores of two populations and across them, on the variants that vary in both.

    Alleles are brought to those of the first file, so the sign of r is the same in both.
    One file may hold both populations: give it twice, with `keep1` and `keep2`.

    Parameters
    ----------
    genotypes1, genotypes2 : path or Genotypes
        PLINK 1, PLINK 2, VCF or BCF; windows are by the first one's positions.
    window, unit
        As for :func:`postgwas.ld.run.ld_scores`.
    match : {"position", "id"}
        What tells the same variant, besides its alleles
        (:func:`postgwas.ld.shared_variants.shared_variants`).
    keep1, keep2, extract, maf, cm_map, whole_chromosome, double
        As for :func:`postgwas.ld.run.ld_scores`; `maf` holds in both populations.
    pq_exp : float, optional
        Weigh variants by (p(1-p))^pq_exp, across by the geometric mean of both. None: effects
        of standardised genotypes (Popcorn's genetic impact).
    per_allele : bool
        The same with exponent 1: effects per allele (Popcorn's genetic effect).
    allele_counts : bool
        Exponent 1, and each score divided by its variant's own weight: effects per allele
        both where they arise and where they are seen (MAMA's allele-count units).
    cores, scheduler, jobqueue, jobqueue_options
        Where the work runs, see :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    UsageError, InputError, NoVariantsError
        As :func:`postgwas.ld.run.ld_scores`; and if the files share no variant, or two
        populations of one file share people.

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76.
    """
    if not window > 0:
        raise UsageError(f"the LD window is {window}: expected more than 0")
    exponent = exponent_of(pq_exp, per_allele or allele_counts)
    files = [g if isinstance(g, Genotypes) else open_genotypes(g) for g in _both(genotypes1, genotypes2)]
    samples = [chosen_samples(keep, data, compat=False) for keep, data in zip((keep1, keep2), files)]
    n_samples = _sample_counts(files, samples)
    rows, dropped = chosen_variants(extract, files[0], compat=False)
    shared = shared_variants(files[0].variants[rows], files[1].variants, match=match)
    dropped |= shared.dropped
    both = [rows[shared.first], shared.second]
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        moments = [count(eng, data.source, some, here) for data, some, here in zip(files, samples, both)]
        kept = _vary_in_both(moments, maf or 0.0, dropped)
        moments = [one.of(kept) for one in moments]
        flip = shared.flip[kept]
        populations = tuple(
            Population(data.source, some, here[kept], one, turned)
            for data, some, here, one, turned in zip(files, samples, both, moments, (None, flip))
        )
        frequency = [one.frequency for one in moments]
        variants = _table(
            files[0], both[0][kept], frequency[0], np.where(flip, 1 - frequency[1], frequency[1])
        )
        if cm_map is not None:
            variants = with_genetic_positions(variants, cm_map)
        left = windows_of(variants, window, unit, files[0].path)
        if not whole_chromosome:
            refuse_whole(left, variants, compat=False)
        weights = cross_weights(frequency[0], frequency[1], exponent, None)
        sums = sum_over_windows(eng, populations, left, weights, np.float64 if double else np.float32)
    one, two, cross = cross_scores(sums, weights, left, n_samples)
    if allele_counts:
        one, two, cross = one / weights[:, :1], two / weights[:, 1:2], cross / weights[:, 2:]
    return CrossLDScores(variants, one[:, 0], two[:, 0], cross[:, 0], weights.sum(axis=0), n_samples, dropped)


def _both(one: Path | Genotypes, two: Path | Genotypes) -> tuple[Path | Genotypes, Path | Genotypes]:
    """The two, opened once if they are one file."""
    if isinstance(one, Genotypes) or isinstance(two, Genotypes) or os.fspath(one) != os.fspath(two):
        return one, two
    opened = open_genotypes(one)
    return opened, opened


def _sample_counts(files: Sequence[Genotypes], samples: Sequence[Any]) -> tuple[int, int]:
    """Numbers of people; nobody may be in both."""
    people = []
    for data, some in zip(files, samples):
        table = data.samples if some is None else data.samples[some]
        if table.height < 3:
            raise InputError(f"{data.path}: {table.height} samples; LD scores need at least 3")
        people.append(table)
    common = people[0].join(people[1], on=["FID", "IID"], nulls_equal=True)
    if common.height and files[0].path == files[1].path:
        raise InputError(
            f"{common.height:,} people are in both populations, such as '{common['IID'][0]}'; the product of "
            "their correlations would be biased",
            hint="--keep and --keep2 choose people",
        )
    if common.height:
        log.warning(
            "%s sample ids, such as '%s', are in both populations: LD scores across them are biased if these "
            "are the same people", f"{common.height:,}", common["IID"][0],
        )  # fmt: skip
    return people[0].height, people[1].height


def _vary_in_both(moments: Sequence[Moments], maf: float, dropped: dict[str, int]) -> Any:
    varies = varying(moments[0]) & varying(moments[1])
    rarest = np.minimum.reduce([one.minor_frequency for one in moments])
    dropped["monomorphic"] = int((~varies).sum())
    kept = varies
    if maf:
        kept = varies & (rarest > maf)
        dropped["maf"] = int(varies.sum() - kept.sum())
    if not kept.any():
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
        raise NoVariantsError(f"no variants are left for LD scores ({reasons})")
    return np.flatnonzero(kept)


def _table(data: Genotypes, rows: Any, frequency1: Floats, frequency2: Floats) -> pl.DataFrame:
    import polars as pl

    return data.variants[rows].with_columns(pl.Series("FRQ_1", frequency1), pl.Series("FRQ_2", frequency2))
