"""Which build a file is of, which it goes to, and whether a chain has to carry it there."""

from __future__ import annotations

from dataclasses import dataclass

from postgwas.errors import InputError, UsageError
from postgwas.sumstats.harmonise.build import MIN_KNOWN, MIN_SHARE, BuildCall
from postgwas.sumstats.harmonise.chain import Chain
from postgwas.sumstats.harmonise.chain_file import check_direction


@dataclass(frozen=True)
class BuildPlan:
    """From where to where.

    Attributes
    ----------
    source, target : str or None
        ``"GRCh37"``, ``"GRCh38"``, or None where nothing tells.
    lift : bool
        Positions go through the chain.
    evidence : str
        One sentence on the source build.
    """

    source: str | None
    target: str | None
    lift: bool
    evidence: str


def source_build(path: str, given: str, call: BuildCall) -> tuple[str | None, str]:
    """Build of a file's positions and the evidence.

    Raises
    ------
    InputError
        The build given is not that of the positions, or they count from 0.
    """
    if given == "auto":
        return call.build, call.reason
    if call.build not in (None, given):
        raise InputError(
            f"{path}: the positions are not {given}: {call.reason}", hint=f"--build {call.build}, or auto"
        )
    if call.n_zero_based >= MIN_KNOWN and call.n_zero_based >= MIN_SHARE * call.n_known:
        raise InputError(f"{path}: {call.reason}", hint="add 1 to the positions")
    return given, f"{given} as given; {call.reason}"


def plan_build(
    path: str,
    *,
    given: str,
    call: BuildCall,
    has_positions: bool,
    target: str | None,
    chain: Chain | None,
    reference_build: str | None,
    needs_build: str | None,
) -> BuildPlan:
    """Decide, or stop.

    Parameters
    ----------
    path : str
        The file, for messages.
    given : str
        ``--build``.
    call : BuildCall
    has_positions : bool
    target : str, optional
        ``--target_build``.
    chain : Chain, optional
    reference_build : str, optional
        Build of the reference or FASTA, where that is known.
    needs_build : str, optional
        What cannot be done in an unknown build.

    Raises
    ------
    InputError
        The build is needed and not known; the chain goes another way; the reference is of another
        build.
    UsageError
        A liftover is needed and there is no chain.
    """
    if reference_build is not None and target is not None and reference_build != target:
        raise UsageError(
            f"the reference is {reference_build}, but --target_build is {target}",
            hint=f"--target_build {reference_build}, or a reference of {target}",
        )
    if not has_positions:
        return BuildPlan(None, target or reference_build, False, "the file has no positions")
    source, evidence = source_build(path, given, call)
    goal = target or reference_build
    if source is None and needs_build is None and chain is None and target is None:
        return BuildPlan(None, None, False, evidence)
    if source is None:
        raise InputError(
            f"{path}: the build of the positions is not known, which {needs_build or 'a liftover'} needs: "
            f"{evidence}",
            hint="--build GRCh37 or GRCh38 tells it",
        )
    if goal is None and chain is not None:
        goal = chain.target_build
        if goal == source:
            check_direction(chain, source=source, target=None)
    if goal is None or goal == source:
        return BuildPlan(source, source, False, evidence)
    if chain is None:
        raise UsageError(
            f"{path}: the positions are {source} and must become {goal}: that takes a chain file",
            hint=f"--chain with a file from {source} to {goal}, such as UCSC's "
            f"{'hg19ToHg38' if goal == 'GRCh38' else 'hg38ToHg19'}.over.chain.gz",
        )
    check_direction(chain, source=source, target=goal)
    return BuildPlan(source, goal, True, evidence)
