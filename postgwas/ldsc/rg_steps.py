"""The steps of a genetic correlation run: read, align, correlate; ldsc's lines in the log."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from postgwas.errors import MatrixError, PostgwasError, UsageError
from postgwas.ldsc.h2_reading import (
    LARGEST_CONDITION_NUMBER,
    chromosomes_missing,
    read_model,
    read_model_weights,
)
from postgwas.ldsc.h2_settings import H2Settings
from postgwas.ldsc.inputs import FEW_VARIANTS, Munged
from postgwas.ldsc.lines_rg import SUMMARY_TITLE, Wording, pair_lines, summary_table
from postgwas.ldsc.partitioned import condition_number
from postgwas.ldsc.rg_files import RgOutputs, announce_pair_files
from postgwas.ldsc.rg_pairs import PairFit, PairFitter, Scores
from postgwas.ldsc.rg_parallel import fit_on_processes
from postgwas.ldsc.rg_reading import Ground, ReadTrait, align, first_misfit, read_file, swapped
from postgwas.ldsc.rg_results import RgPair, RgResult
from postgwas.ldsc.rg_settings import RgSettings
from postgwas.progress import progress
from postgwas.runlog import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RgInputs:
    """The traits of a run.

    Attributes
    ----------
    files : sequence of paths or DataFrames
    names, sources : sequence of str
        Names of the traits; what the log calls their files.
    """

    files: Sequence[Any]
    names: Sequence[str]
    sources: Sequence[str]

    @property
    def n_traits(self) -> int:
        return len(self.files)


def first_with_each(
    inputs: RgInputs, scores: H2Settings, settings: RgSettings, outputs: RgOutputs
) -> RgResult:
    """The first trait with each of the others: ldsc's own order of work and of lines."""
    ground, first = _read_first(inputs, scores, settings)
    fitter = PairFitter(_scores(ground, settings), {0: first.trait}, settings.intercept_h2)
    pairs = []
    for i in range(1, inputs.n_traits):
        log.info("Computing rg for phenotype %d/%d", i + 1, inputs.n_traits)
        try:
            other = _aligned(_read(inputs, i, settings), ground, settings)
        except PostgwasError as error:
            found = PairFit.failed(str(error))
        else:
            log.info("After merging with summary statistics, %d SNPs remain.", other.in_common(first))
            found = _fitted(fitter, ground, (first, other), i, settings)
        pair = _named(inputs, settings, i - 1, found)
        pairs.append(pair)
        if pair.fit is None:
            _log_failure(pair, inputs.sources[i], f"{i + 1}/{inputs.n_traits}")
            continue
        wording = _wording(ground, settings, i - 1)
        for line in ["", *pair_lines(pair.fit, i + 1, inputs.n_traits, wording, with_first=i == 1)]:
            log.info("%s", line)
        if outputs.out is not None:
            announce_pair_files(outputs, inputs.sources[0], inputs.sources[i])
    return _summed_up(inputs, ground, settings, pairs)


def every_pair(
    inputs: RgInputs,
    scores: H2Settings,
    settings: RgSettings,
    where: Mapping[str, Any],
    scratch: Path | None = None,
) -> tuple[RgResult, list[int]]:
    """All pairs; also how many variants each trait has. Each file is read and aligned once.

    `where` and `scratch` are those of :func:`~postgwas.ldsc.rg_parallel.fit_on_processes`.
    """
    ground, first = _read_first(inputs, scores, settings)
    traits: list[ReadTrait | PostgwasError] = [first]
    for i in range(1, inputs.n_traits):
        try:
            other = _aligned(_read(inputs, i, settings), ground, settings)
            log.info("After merging with LD scores, %d SNPs remain.", other.n_weights)
            traits.append(other)
        except PostgwasError as error:
            log.error("%s: %s", inputs.sources[i], error)
            traits.append(error)
    pairs = []
    with closing(_fits(traits, ground, settings, where, scratch)) as fits:
        for place, found in enumerate(fits):
            pair = _named(inputs, settings, place, found)
            pairs.append(pair)
            log.info("%s", _one_line(pair))
    fewest = min((pair.found.n_snps for pair in pairs if pair.fit is not None), default=FEW_VARIANTS)
    if fewest < FEW_VARIANTS:
        log.warning("number of SNPs less than 200k (%s); this is almost always bad.", f"{fewest:,}")
    n_own = [0 if isinstance(trait, PostgwasError) else trait.n_weights for trait in traits]
    return _summed_up(inputs, ground, settings, pairs), n_own


def _fits(
    traits: Sequence[ReadTrait | PostgwasError],
    ground: Ground,
    settings: RgSettings,
    where: Mapping[str, Any],
    scratch: Path | None,
) -> Generator[PairFit, None, None]:
    """The fit of each pair in turn."""
    scores = _scores(ground, settings)
    read = {place: trait for place, trait in enumerate(traits) if isinstance(trait, ReadTrait)}
    aligned = {place: trait.trait for place, trait in read.items()}
    wanted = [(i, j, both) for (i, j), both in zip(settings.pairs, settings.intercept_gencov)]
    possible = [pair for pair in wanted if pair[0] in read and pair[1] in read]
    if len(possible) > 1 and (where["cores"] > 1 or where["scheduler"] or where["jobqueue"]):
        found: Iterator[PairFit] = iter(
            fit_on_processes(scores, aligned, possible, settings.intercept_h2, where, scratch)
        )
    else:
        fitter = PairFitter(scores, aligned, settings.intercept_h2)
        found = (fitter.fit(*pair) for pair in possible)
    with progress("Correlating", total=len(wanted)) as advance:
        for i, j, _ in wanted:
            if i in read and j in read:
                yield _checked(next(found), (read[i], read[j]), ground, settings)
            else:
                yield PairFit.failed(str(traits[j] if i in read else traits[i]))
            advance(1)


def _read_first(inputs: RgInputs, scores: H2Settings, settings: RgSettings) -> tuple[Ground, ReadTrait]:
    munged = _read(inputs, 0, settings, complete=True)
    warnings: list[str] = []
    panel = read_model(scores, warnings)
    weights = read_model_weights(scores, panel)
    if not np.ptp(weights.l2) > 0:
        log.warning("%s: every variant has the same LD score; all count the same", scores.w_ld)
    if settings.two_step is not None and len(panel.annotations) > 1:
        raise UsageError(
            f"--two_step takes one LD score column, there are {len(panel.annotations)}",
            hint="drop --two_step",
        )
    ground = Ground.of(panel, weights)
    _check_condition(ground, settings)
    first = _aligned(munged, ground, settings)
    log.info("After merging with reference panel LD, %d SNPs remain.", first.n_reference)
    log.info("After merging with regression SNP LD, %d SNPs remain.", first.n_weights)
    if settings.two_step is not None:
        log.info("Using two-step estimator with cutoff at %s.", settings.two_step)
    return ground, first


def _read(inputs: RgInputs, i: int, settings: RgSettings, *, complete: bool = False) -> Munged:
    """Read one trait; ldsc counts incomplete rows too but for the first."""
    log.info("Reading summary statistics from %s ...", inputs.sources[i])
    munged = read_file(inputs.files[i], inputs.names[i], check_alleles=settings.check_alleles)
    log.info("Read summary statistics for %d SNPs.", munged.n_read if complete else munged.n_rows)
    if munged.n_duplicates:
        log.info("Dropped %d SNPs with duplicated rs numbers.", munged.n_duplicates)
    for warning in munged.warnings:
        log.warning("%s", warning)
    return munged


def _aligned(munged: Munged, ground: Ground, settings: RgSettings) -> ReadTrait:
    found = align(munged, ground, check_alleles=settings.check_alleles, keep=settings.compat)
    if few := chromosomes_missing(ground.chr, np.flatnonzero(found.trait.kind)):
        log.warning("%s: %s", found.source, few)
    return found


def _check_condition(ground: Ground, settings: RgSettings) -> None:
    condition = condition_number(ground.l2)
    if condition <= LARGEST_CONDITION_NUMBER:
        return
    text = f"LD score matrix condition number is {condition:.6g}"
    if not settings.invert_anyway:
        raise MatrixError(
            f"{text}: above {LARGEST_CONDITION_NUMBER:,} columns are nearly collinear",
            hint="remove collinear LD scores, or --invert_anyway",
        )
    log.warning("%s. Inverting anyway because of --invert_anyway.", text)


def _scores(ground: Ground, settings: RgSettings) -> Scores:
    return Scores(
        l2=ground.l2[:, 0] if ground.l2.shape[1] == 1 else ground.l2,
        w_l2=ground.w_l2,
        m=ground.panel.m,
        n_blocks=settings.n_blocks,
        two_step=settings.two_step,
        chisq_max=settings.chisq_max,
    )


def _fitted(
    fitter: PairFitter, ground: Ground, traits: tuple[ReadTrait, ReadTrait], i: int, settings: RgSettings
) -> PairFit:
    """The first trait with number `i`, with ldsc's lines about alleles."""
    first, other = traits
    fitter.traits[i] = other.trait
    found = _checked(fitter.fit(0, i, settings.intercept_gencov[i - 1]), traits, ground, settings)
    # Two traits at a time are enough here, however many there are.
    del fitter.traits[i]
    if settings.check_alleles:
        log.info("%d SNPs with valid alleles.", found.n_common - found.n_mismatched)
        if found.n_mismatched and found.fit is not None:
            log.info(
                "Left out %d SNPs that are palindromic (A/T, C/G) or whose alleles disagree.",
                found.n_mismatched,
            )
    elif count := swapped(first, other):
        log.warning(
            "--no_check_alleles: %d SNPs have the other effect allele in %s; their Z is taken as it is",
            count,
            other.source,
        )
    if found.fit is not None and found.n_snps < FEW_VARIANTS:
        log.warning("number of SNPs less than 200k; this is almost always bad.")
    return found


def _checked(
    found: PairFit, traits: tuple[ReadTrait, ReadTrait], ground: Ground, settings: RgSettings
) -> PairFit:
    """With ldsc's own failures where they are asked for."""
    if not settings.compat or found.fit is None:
        return found
    counts = {"n_common": found.n_common, "n_mismatched": found.n_mismatched, "n_snps": found.n_snps}
    if found.n_mismatched:
        alleles = first_misfit(*traits, ground)
        return PairFit.failed(
            f"Incompatible alleles in .sumstats files: {alleles}. Did you forget to use --merge-alleles with "
            "munge_sumstats.py?",
            **counts,
        )
    if found.status == "no standard error":
        return PairFit.failed("invalid value encountered in sqrt", **counts)
    return found


def _named(inputs: RgInputs, settings: RgSettings, place: int, found: PairFit) -> RgPair:
    i, j = settings.pairs[place]
    factors = (1.0, 1.0) if settings.factors is None else (settings.factors[i], settings.factors[j])
    return RgPair(p1=inputs.names[i], p2=inputs.names[j], found=found, factors=factors)


def _wording(ground: Ground, settings: RgSettings, place: int) -> Wording:
    i, j = settings.pairs[place]
    return Wording(
        annotations=ground.panel.annotations,
        factors=None if settings.factors is None else (settings.factors[i], settings.factors[j]),
        fixed=(settings.intercept_h2[i], settings.intercept_h2[j], settings.intercept_gencov[place]),
        silly=settings.silly,
    )


def _log_failure(pair: RgPair, source: str, which: str) -> None:
    log.info("ERROR computing rg for phenotype %s, from file %s.", which, source)
    log.info("%s\n\n", pair.found.reason)


def _one_line(pair: RgPair) -> str:
    """A pair of a matrix in the log."""
    found, fit = pair.found, pair.fit
    n = found.n_mismatched
    left_out = f", {n:,} left out: palindromic (A/T, C/G), or alleles disagree" if n else ""
    variants = f"{found.n_snps:,} SNPs{left_out}"
    if fit is None or pair.status == "h2 out of bounds":
        return f"rg({pair.p1}, {pair.p2}): NA ({found.reason}); {variants}"
    remark = "" if pair.status == "ok" else f" ({found.reason})"
    return f"rg({pair.p1}, {pair.p2}) = {fit.rg:.4f} ({fit.se:.4f}), P = {fit.p:.4g}{remark}; {variants}"


def _summed_up(inputs: RgInputs, ground: Ground, settings: RgSettings, pairs: Sequence[RgPair]) -> RgResult:
    places = [(inputs.sources[i], inputs.sources[j]) for i, j in settings.pairs]
    factors = None if settings.factors is None else [settings.factors[j] for _, j in settings.pairs]
    fixed = [
        (settings.intercept_h2[j], both) for (_, j), both in zip(settings.pairs, settings.intercept_gencov)
    ]
    log.info("")
    log.info("%s", SUMMARY_TITLE)
    log.info("%s\n", summary_table(places, [pair.found for pair in pairs], factors, fixed))
    return RgResult(
        names=tuple(inputs.names),
        sources=tuple(inputs.sources),
        annotations=ground.panel.annotations,
        pairs=tuple(pairs),
        liability=settings.factors is not None,
    )
