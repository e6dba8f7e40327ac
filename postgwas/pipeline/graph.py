"""Which steps follow from a study.yaml, in an order in which they can run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import normpath
from pathlib import Path

from postgwas.errors import UsageError
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.step import Step, relative
from postgwas.pipeline.steps_expression import expression_steps
from postgwas.pipeline.steps_gwas import gwas_steps
from postgwas.pipeline.steps_joint import coloc_steps, report_step
from postgwas.pipeline.study_file import StudyDescription


def steps_of(study: StudyDescription) -> list[Step]:
    """All steps of a study; each comes after those that it needs.

    Raises
    ------
    UsageError
        A setting is wrong, or nothing is left to do.
    """
    steps = gwas_steps(study)
    steps += expression_steps(study)
    steps += coloc_steps(study, steps)
    if not steps:
        raise UsageError(f"{study.path}: every step is left out", hint="steps: ... false")
    steps += report_step(study, steps)
    seen: dict[str, str] = {}
    for step in steps:
        # Some file systems hold a and A for one.
        other = seen.setdefault(step.name.casefold(), step.name)
        if other is not step.name:
            told = f"called {other}" if other == step.name else f"called alike, {other} and {step.name}"
            raise UsageError(
                f"{study.path}: two steps are {told}", hint="give ancestries, traits or tissues other names"
            )
    _check_order(study, steps)
    return steps


def _check_order(study: StudyDescription, steps: Sequence[Step]) -> None:
    """Whoever reads what a step writes comes after it.

    Raises
    ------
    UsageError
        A setting names results of the study itself, which would be read before or while they are made.
    """
    makers = {normpath(step.out): step.name for step in steps}
    out = f"{normpath(study.out)}/"
    for step in steps:
        for name in map(normpath, step.reads):  # ./results is results
            if not name.startswith(out):
                continue
            maker = next((makers[str(one)] for one in Path(name).parents if str(one) in makers), step.name)
            if maker != step.name and maker not in step.after:
                place = relative(name, study.folder)
                raise UsageError(
                    f"{study.path}: {step.name} would read {place}, a result of {maker}",
                    hint="settings name files that are there before the run: copy it elsewhere",
                )


def choose(
    steps: Sequence[Step], *, only: Sequence[str] = (), begin: Sequence[str] = ()
) -> tuple[list[Step], set[str]]:
    """Steps that a run looks at, and the names of those that it runs whatever is kept.

    Parameters
    ----------
    steps : sequence of Step
    only : sequence of str
        Kinds or names: these steps alone. What they need must have been run before.
    begin : sequence of str
        Kinds or names: run these again, and whatever depends on them.

    Returns
    -------
    list of Step
    set of str

    Raises
    ------
    UsageError
        Nothing is called so, or what is to be run again is left out.
    """
    chosen = list(steps) if not only else [step for step in steps if step.name in _named(steps, only)]
    again = _named(steps, begin)
    for step in steps:
        if any(name in again for name in step.after):
            again.add(step.name)
    names = {step.name for step in chosen}
    if again and not again & names:
        raise UsageError(
            f"--from {','.join(begin)} and what follows are not among the steps of --only {','.join(only)}"
        )
    return chosen, again & names


def _named(steps: Sequence[Step], words: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for word in words:
        these = {step.name for step in steps if word in (step.kind, step.name)}
        if not these:
            kinds = [kind for kind in KINDS if any(step.kind == kind for step in steps)]
            raise UsageError(
                f"no step is called '{word}'; the study has {', '.join(kinds)}",
                hint="a kind, or a kind and what of, such as h2/EUR_LDL; --dry_run lists them",
            )
        found |= these
    return found
