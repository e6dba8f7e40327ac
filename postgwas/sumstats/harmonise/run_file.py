"""One file through all steps: read, lift, compare, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from postgwas.compute.engine import Engine
from postgwas.errors import InputError, NoVariantsError, PostgwasError
from postgwas.progress import progress
from postgwas.runlog import get_logger
from postgwas.sumstats.harmonise import consistency, frequency
from postgwas.sumstats.harmonise.account import Account, account_of
from postgwas.sumstats.harmonise.build import MIN_KNOWN
from postgwas.sumstats.harmonise.build_given import call_by_given
from postgwas.sumstats.harmonise.build_plan import BuildPlan, plan_build
from postgwas.sumstats.harmonise.chain import Chain
from postgwas.sumstats.harmonise.chromosome import ChromosomeResult, ChromosomeTask, harmonise_chromosome
from postgwas.sumstats.harmonise.column_doubts import column_doubts
from postgwas.sumstats.harmonise.lifting import LiftedChromosome, LiftTask, lift_chromosome, save_chain
from postgwas.sumstats.harmonise.mismatch import (
    ENOUGH,
    FITTING,
    OTHER_BUILD_SHARE,
    mismatch_share,
    strand_warnings,
)
from postgwas.sumstats.harmonise.options import HarmoniseOptions
from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.placing import place_by_id
from postgwas.sumstats.harmonise.reading import ReadOptions, Spilled, spill_file
from postgwas.sumstats.harmonise.reference import Reference
from postgwas.sumstats.harmonise.spill import NOWHERE

log = get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Given:
    """What all files of a run share: opened once."""

    reference: Reference | None
    reference_build: str | None
    chain: Chain | None


@dataclass(frozen=True, eq=False)
class Work:
    """A file whose rows are all harmonised and lie in parts, not yet written out.

    Attributes
    ----------
    spilled : Spilled
    plan : BuildPlan
    results : tuple of ChromosomeResult
        In genome order, rows without a chromosome last.
    account : Account
    warnings : tuple of str
    frequencies : FrequencySummary
    consistency : ConsistencySummary
    ref_known : bool
        Whether something told REF from ALT: a sequence, or a reference that names them.
    """

    spilled: Spilled
    plan: BuildPlan
    results: tuple[ChromosomeResult, ...]
    account: Account
    warnings: tuple[str, ...]
    frequencies: frequency.FrequencySummary
    consistency: consistency.ConsistencySummary
    ref_known: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that have a value in some kept row."""
        return tuple(sorted(set().union(*(result.known for result in self.results))))


@dataclass(frozen=True, eq=False)
class ReadTask:
    """A file to read: small enough to travel."""

    path: str
    reading: ReadOptions
    folder: Path


def read_file(task: ReadTask) -> Spilled | PostgwasError:
    """Read one file and spill its rows (a task of the engine).

    An error is handed back rather than raised, because other files go on.
    """
    task.folder.mkdir()
    try:
        with progress(f"Reading {Path(task.path).name} (rows)") as advance:
            return spill_file(task.path, task.reading, task.folder, advance=advance)
    except PostgwasError as error:
        return error


def reading_of(options: HarmoniseOptions, flags: Mapping[str, str]) -> ReadOptions:
    """How files are read; `flags` names the flag that names each field's column."""
    return ReadOptions(
        columns=options.columns,
        header=options.header,
        dialect=options.dialect,
        dialect_files=options.dialect_files,
        n=options.n,
        n_cases=options.n_cases,
        n_controls=options.n_controls,
        sample=options.sample,
        flags=flags,
        chunk_bytes=options.chunk_bytes,
        read_ahead=options.read_ahead,
        needs_ref=options.needs_ref,
    )


def harmonise_rows(
    spilled: Spilled, options: HarmoniseOptions, given: Given, engine: Engine, folder: Path
) -> Work:
    """Bring all rows of a file onto build, strand and effect allele.

    Parameters
    ----------
    spilled : Spilled
    options : HarmoniseOptions
    given : Given
    engine : Engine
    folder : Path
        Scratch space; exists and is empty.

    Raises
    ------
    PostgwasError
        A right answer cannot be given.
    """
    path, summary = spilled.summary.source, spilled.summary
    found = ", ".join(f"{name} from {column}" for name, column in summary.columns.items())
    log.info("%s: %s rows, dialect %s: %s", path, f"{spilled.n_rows:,}", summary.dialect, found)
    if options.build == "auto":
        call = call_by_given(
            spilled, reference=given.reference, fasta=options.fasta, build=given.reference_build
        )
        spilled = replace(spilled, call=call)
    plan = plan_build(
        path,
        given=options.build,
        call=spilled.call,
        has_positions=spilled.has_positions,
        target=options.target_build,
        chain=given.chain,
        reference_build=given.reference_build,
        needs_build=_needs_build(options),
    )
    _log_build(path, plan)
    lifted = _lift(spilled, plan, given.chain, engine, folder)
    tasks = _tasks(path, spilled, lifted, options, given, folder)
    results = tuple(engine.map(harmonise_chromosome, tasks, label=f"Harmonising {Path(path).name}"))
    account = account_of(
        spilled.n_rows, spilled.n_rejected, [r.outcomes for r in results], [r.remarks for r in results]
    )
    _refuse_other_build(path, account, given, plan)
    if options.fasta is not None and given.reference is not None:
        _refuse_contradiction(account, given.reference.source, options.fasta)
    elif options.fasta is not None:
        sure = spilled.call.build is not None and given.reference_build is not None
        _refuse_other_sequence(path, account, options.fasta, sure=sure)
    frequencies = frequency.total(result.frequencies for result in results)
    agreement = consistency.total(result.consistency for result in results)
    warnings = _warnings(path, spilled, options, given, account, frequencies, agreement)
    if not account.n_kept:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in account.dropped.items())
        raise NoVariantsError(
            f"{path}: no row is left of {account.n_read:,}: {reasons}",
            hint=_other_variants(account, given, plan),
        )
    ref_known = options.fasta is not None or given.reference is None or given.reference.ref_known
    return Work(spilled, plan, results, account, warnings, frequencies, agreement, ref_known)


def _reference_warnings(path: str, account: Account, source: str, options: HarmoniseOptions) -> list[str]:
    """What the reference lacks, where that costs many rows."""
    found = []
    missing = account.outcomes.get(Outcome.NOT_IN_REFERENCE, 0)
    if options.unmatched == "drop" and 2 * missing > account.n_read:
        found.append(
            f"{path}: {missing / account.n_read:.1%} of the rows are left out, because {source} does not "
            "have them (--unmatched keep leaves them in)"
        )
    kept = account.outcomes.get(Outcome.UNMATCHED_KEPT, 0)
    if options.fasta is None and 2 * kept > account.n_read:
        found.append(
            f"{path}: {kept / account.n_read:.1%} of the rows are not in {source} and are kept as given: "
            "their build, strand and REF are compared with nothing"
        )
    no_frequency = account.outcomes.get(Outcome.PALINDROMIC_NO_AF, 0)
    if options.palindromic == "infer" and no_frequency:
        found.append(
            f"{path}: strands of {no_frequency:,} palindromic SNPs could not be inferred: {source} gives no "
            "frequency for them"
        )
    return found


def _other_variants(account: Account, given: Given, plan: BuildPlan) -> str | None:
    """What to look at where the reference has none of the rows' positions."""
    missing = account.outcomes.get(Outcome.NOT_IN_REFERENCE, 0)
    if given.reference is None or 2 * missing < account.n_read:
        return None
    build = plan.target or "their build"
    return f"has {given.reference.source} these chromosomes, and are its positions {build}?"


def _needs_build(options: HarmoniseOptions) -> str | None:
    for wanted, what in (
        (options.reference is not None, "--reference"),
        (options.fasta is not None, "--fasta"),
        ("ssf" in options.formats, "GWAS-SSF"),
        (options.target_build is not None, "--target_build"),
    ):
        if wanted:
            return what
    return None


def _log_build(path: str, plan: BuildPlan) -> None:
    log.info("%s: build: %s", path, plan.evidence)
    if plan.lift:
        log.info("%s: positions are lifted from %s to %s", path, plan.source, plan.target)
    elif plan.source is not None:
        log.info("%s: positions stay %s", path, plan.source)


def _lift(
    spilled: Spilled, plan: BuildPlan, chain: Chain | None, engine: Engine, folder: Path
) -> dict[int, LiftedChromosome]:
    if not plan.lift or chain is None:
        return {}
    moved = folder / "lifted"
    moved.mkdir()
    saved = save_chain(chain, moved)
    tasks = [
        LiftTask(code, files, spilled.schema, saved, moved)
        for code, files in spilled.files.items()
        if code != NOWHERE
    ]
    return {found.chromosome: found for found in engine.map(lift_chromosome, tasks, label="Lifting over")}


def _tasks(
    path: str,
    spilled: Spilled,
    lifted: Mapping[int, LiftedChromosome],
    options: HarmoniseOptions,
    given: Given,
    folder: Path,
) -> list[ChromosomeTask]:
    files = spilled.files
    by_id = False
    lost: dict[int, str] = {}
    if not spilled.has_positions and given.reference is not None:
        placed = folder / "placed"
        placed.mkdir()
        by_id = True
        files, lost = place_by_id(spilled, given.reference, placed)
    codes = {*files, *(code for found in lifted.values() for code in found.moved)}
    parts = folder / "parts"
    parts.mkdir()
    rules = options.rules(maf_like=spilled.eaf.maf_like)
    # In another build REF may be the other allele.
    effect_is_alt = True if spilled.tells_ref and not lifted else None
    return [
        ChromosomeTask(
            chromosome=code,
            files=files.get(code, ()),
            moved=tuple(f for _, found in sorted(lifted.items()) for f in found.moved.get(code, ())),
            lift=lifted[code].lift if code in lifted else lost.get(code),
            schema=_schema(spilled, by_id),
            columns=spilled.summary.columns,
            rules=rules,
            reference=given.reference if code != NOWHERE else None,
            fasta=options.fasta if code != NOWHERE else None,
            positions=spilled.has_positions or by_id,
            by_id=by_id,
            numbered=spilled.numbered,
            effect_is_alt=effect_is_alt if code != NOWHERE else None,
            out=str(parts / f"part{code}.arrow"),
        )
        for code in sorted(codes, key=lambda code: (code == NOWHERE, code))
    ]


def _schema(spilled: Spilled, by_id: bool) -> dict[str, Any]:
    if not by_id:
        return dict(spilled.schema)
    import polars as pl

    return {**spilled.schema, "CHR": pl.Int8(), "POS": pl.Int32()}


def _refuse_other_build(path: str, account: Account, given: Given, plan: BuildPlan) -> None:
    if given.reference is None:
        return
    share = mismatch_share({int(outcome): n for outcome, n in account.outcomes.items()})
    if share.other_build:
        raise InputError(
            f"{path}: {share.n_mismatch:,} of {share.n_known:,} alleles differ from those of "
            f"{given.reference.source} at the same positions, and {share.n_unknown:,} rows are at positions "
            f"that it does not have: the two are of different builds (positions taken as "
            f"{plan.target or 'of unknown build'})",
            hint="another --reference; --target_build and --chain; or --build, if it was taken wrongly",
        )


def _refuse_contradiction(account: Account, reference: str, fasta: str) -> None:
    wrong = account.outcomes.get(Outcome.REF_MISMATCH, 0)
    fitting = sum(account.outcomes.get(outcome, 0) for outcome in FITTING)
    if wrong >= ENOUGH and wrong > OTHER_BUILD_SHARE * (wrong + fitting):
        raise InputError(
            f"{reference}: {fasta} does not have its reference allele in {wrong:,} of {wrong + fitting:,} "
            "rows: the two are of different builds",
            hint="another --fasta or --reference",
        )


def _refuse_other_sequence(path: str, account: Account, fasta: str, *, sure: bool) -> None:
    """Stop where positions cannot be the sequence's; `sure` if both are known to be of one build."""
    # Any base fits some allele of other SNPs or its complement; only palindromic ones can contradict.
    count = account.outcomes.get
    against = count(Outcome.SEQUENCE_MISMATCH, 0)
    fitting = count(Outcome.PALINDROMIC_DROPPED, 0) + count(Outcome.PALINDROMIC_KEPT, 0)
    if against >= ENOUGH and against > OTHER_BUILD_SHARE * (against + fitting):
        raise InputError(
            f"{path}: {fasta} has neither allele of {against:,} rows, and one of {fitting:,} palindromic "
            "rows: the sequence is of another build",
            hint="another --fasta, or --target_build and --chain",
        )
    # At wrong positions half of the others seem to be on the other strand.
    reverse = count(Outcome.FLIPPED, 0) + count(Outcome.FLIPPED_SWAPPED, 0)
    either = reverse + count(Outcome.MATCHED, 0) + count(Outcome.SWAPPED, 0)
    mixed = OTHER_BUILD_SHARE * either < reverse < (1 - OTHER_BUILD_SHARE) * either
    if either >= ENOUGH and mixed and not sure:
        raise InputError(
            f"{path}: by {fasta} {reverse:,} of {either:,} rows are on the other strand, as where the "
            "positions are of another build or count from 0; a sequence cannot tell that from mixed strands",
            hint="--reference with the variants and their alleles decides",
        )


def _warnings(
    path: str,
    spilled: Spilled,
    options: HarmoniseOptions,
    given: Given,
    account: Account,
    frequencies: frequency.FrequencySummary,
    agreement: consistency.ConsistencySummary,
) -> tuple[str, ...]:
    maf_like = spilled.eaf.maf_like
    inferred = sum(
        account.outcomes.get(code, 0) for code in (Outcome.PALINDROMIC_FORWARD, Outcome.PALINDROMIC_REVERSE)
    )
    found, call = list(spilled.summary.warnings), spilled.call
    if given.reference is not None:
        found += _reference_warnings(path, account, given.reference.source, options)
    if options.build != "auto" and call.build is None and call.n_known >= MIN_KNOWN:
        found.append(f"{path}: {options.build} is taken as given, against the positions: {call.reason}")
    if given.reference is not None and not given.reference.ref_known and options.fasta is None:
        effects = {"alt": "A1", "ref": "A2", "given": "the file's effect allele"}[
            options.effect_allele or "alt"
        ]
        found.append(
            f"{path}: {given.reference.source} does not tell REF: effects are of {effects} on the strand of "
            "that panel, which need not be the forward one (--fasta tells)"
        )
    compared = list(frequencies.warnings(path, maf_like=maf_like)) if frequencies.n else []
    if inferred and not frequencies.usable(maf_like=maf_like):
        why = f": {compared[0]}" if compared else ""
        raise InputError(
            f"{path}: strands of palindromic SNPs cannot be inferred from these frequencies{why}",
            hint="--palindromic drop",
        )
    found += compared
    found += strand_warnings({int(code): n for code, n in account.outcomes.items()}, path)
    found += column_doubts(path, account, agreement, spilled.summary.columns.get("BETA", "BETA"))
    if spilled.numbered:
        found.append(f"{path}: alleles 1, 2, 3, 4 are read as A, C, G, T")
    if not spilled.has_positions:
        found.append(
            f"{path}: no positions: they are taken from the reference by SNPID"
            if given.reference is not None
            else f"{path}: no positions, and no reference to take them from: rows are kept without"
        )
    if options.compares is False:
        found.append(f"{path}: alleles were not compared with anything: no reference and no sequence")
    return tuple(found)
