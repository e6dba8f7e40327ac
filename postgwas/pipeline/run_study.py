"""Running a study from end to end: what is there is kept, what is missing or out of date is made."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgwas.compute.memory import workers_within
from postgwas.destination import check_store_folder
from postgwas.errors import EngineError, OutputError, PostgwasError
from postgwas.pipeline.digests import Digests, remove_unfinished
from postgwas.pipeline.execute import Executed, check_room, execute, make_room, parallel
from postgwas.pipeline.graph import choose, steps_of
from postgwas.pipeline.markers import FOLDER, Marker, Markers, marker_of, outputs_in
from postgwas.pipeline.one_at_a_time import one_at_a_time
from postgwas.pipeline.owner import check_owner, take
from postgwas.pipeline.plan import Planned, make_plan, nothing_from, state_of, without_fits
from postgwas.pipeline.remarks import with_remarks
from postgwas.pipeline.step import Step
from postgwas.pipeline.store_index import mend_index
from postgwas.pipeline.store_parts import Others, listing, made_by, parts_folder, remove_parts, written_since
from postgwas.pipeline.study_file import StudyDescription, read_study

Say = Callable[[str], None]

#: Warnings of a step that are shown; its log and its marker have all.
_MOST_WARNINGS = 3


@dataclass
class Outcome:
    """What became of the steps.

    Attributes
    ----------
    study : StudyDescription
    ran, kept : list of str
        Names of steps.
    failed : dict of str to str
        Name to the line that says why.
    waiting : dict of str to str
        Steps that could not be run: name to the step that they wait for.
    partial : dict of str to str
        Steps, run or kept, that could not make part of their results: name to the last of their warnings.
    markers : dict of str to Marker
    """

    study: StudyDescription
    ran: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    partial: dict[str, str] = field(default_factory=dict)
    markers: dict[str, Marker] = field(default_factory=dict)


@dataclass(frozen=True)
class Where:
    """Where the work runs.

    Attributes
    ----------
    cores : int
    scheduler : str, optional
        A Dask cluster that runs already.
    jobqueue : str, optional
    jobqueue_options : mapping, optional
    memory : int, optional
        Bytes for all local workers, or for each job.
    """

    cores: int = 1
    scheduler: str | None = None
    jobqueue: str | None = None
    jobqueue_options: Mapping[str, Any] | None = None
    memory: int | None = None


def plan_study(
    path: str | Path,
    *,
    only: Sequence[str] = (),
    begin: Sequence[str] = (),
    force: bool = False,
    check: bool = False,
) -> tuple[StudyDescription, list[Planned]]:
    """What :func:`run_study` would do.

    Parameters
    ----------
    path, only, begin, force, check
        As :func:`run_study`.

    Returns
    -------
    StudyDescription
    list of Planned

    Raises
    ------
    PostgwasError
    """
    study = read_study(path)
    steps = steps_of(study)
    chosen, again = choose(steps, only=only, begin=begin)
    check_owner(study)
    digests = Digests(study.out / FOLDER / "digests.json", trust=not check)
    kept = Markers(study.out, study.store)
    again |= {step.name for step in chosen} if force else set()
    plan = make_plan(steps, chosen, again, root=study.folder, kept=kept, digests=digests)
    if (study.out / FOLDER).is_dir() and os.access(study.out / FOLDER, os.W_OK):
        digests.save()
    return study, plan


def run_study(
    path: str | Path,
    *,
    only: Sequence[str] = (),
    begin: Sequence[str] = (),
    force: bool = False,
    check: bool = False,
    where: Where | None = None,
    say: Say = lambda line: None,
) -> Outcome:
    """Run a study.

    Each step is kept if its command, the content of what it reads and the code are those of the last time
    and its results are there unchanged; otherwise it is run. A step that fails stops those that need it; the
    others go on.

    Parameters
    ----------
    path : path
        study.yaml, or its folder.
    only : sequence of str
        These steps alone (kinds, or names such as ``h2/EUR_LDL``).
    begin : sequence of str
        Run these again, and what depends on them.
    force : bool
        Run all chosen steps again.
    check : bool
        Read all files again instead of trusting their size and time.
    where : Where, optional
    say : callable
        Is told a line a step.

    Returns
    -------
    Outcome

    Raises
    ------
    PostgwasError
        The study cannot be run at all. What single steps meet is in the outcome.
    """
    study = read_study(path)
    steps = steps_of(study)
    chosen, again = choose(steps, only=only, begin=begin)
    again |= {step.name for step in chosen} if force else set()
    folder = study.out / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: {error.strerror}", hint="out: in study.yaml says where results go"
        ) from None
    check_store_folder(study.store)
    if where is not None and where.scheduler is None and where.jobqueue is None:
        fit, _ = workers_within(where.cores, where.memory)
        if fit < where.cores:
            say(f"{fit} workers instead of {where.cores} fit into the memory")
    with one_at_a_time(folder), ExitStack() as stack:
        check_owner(study)
        take(study)
        remove_unfinished(folder)
        run = _Run(study, Digests(folder / "digests.json", trust=not check), where or Where(), say, stack)
        mend_index(study.store, folder / "index.sha256", run.digests)
        if not only:
            run.forget_others(steps)
        for number, step in enumerate(chosen, 1):
            run.step(step, step.name in again, f"[{number:>{len(str(len(chosen)))}}/{len(chosen)}]")
        if only:
            run.tell_of_others(steps, chosen)
        mend_index(study.store, folder / "index.sha256", run.digests)
        run.digests.save()
    return run.outcome


class _Run:
    """One run: looks at a step after the other."""

    def __init__(
        self, study: StudyDescription, digests: Digests, where: Where, say: Say, stack: ExitStack
    ) -> None:
        self.study, self.digests, self.where, self.say, self.stack = study, digests, where, say, stack
        self.kept = Markers(study.out, study.store)
        self.outcome = Outcome(study)
        # A file is named from where one stands, and steps run in the study's folder.
        given = where.scheduler
        self.scheduler = given if given is None or not Path(given).is_file() else str(Path(given).absolute())
        self.gone: EngineError | None = None

    def step(self, step: Step, again: bool, label: str) -> None:
        """Keep or make one step's results."""
        outcome = self.outcome
        blocked = next(
            (name for name in step.after if name in outcome.failed or name in outcome.waiting), None
        )
        # The page shows what there is, if there is anything.
        if blocked is not None and (step.kind != "report" or not self.study.store.exists()):
            outcome.waiting[step.name] = blocked
            self.say(f"{label} {step.name}  waits for {blocked}")
            return
        for name in step.after:
            if name not in outcome.markers and (marker := self.kept.read(name)) is not None:
                outcome.markers[name] = marker
        step = without_fits(step, outcome.markers)
        if step.kind == "report":
            step = with_remarks(step, outcome.markers, failed=outcome.failed.keys(), waiting=outcome.waiting)
        began = time.perf_counter()
        try:
            key, why, marker = state_of(step, self.study.folder, self.kept, outcome.markers, self.digests)
            if why is None and not again and marker is not None:
                outcome.kept.append(step.name)
                outcome.markers[step.name] = marker
                if marker.status:
                    self._partial(step, label, marker)
                return
            self.say(f"{label} {step.name}  {step.title} ...")
            made = self._make(step, key, marker, began)
        except (PostgwasError, OSError, MemoryError) as error:
            from postgwas.cli.main import one_line

            self._fail(step, label, one_line(error))
        except Exception as error:
            place = self.kept.folder / f"{step.name.replace('/', '__')}.traceback.txt"
            place.write_text(traceback.format_exc())
            line = (
                f"{type(error).__name__}: {' '.join(str(error).split())}: a defect of postgwas; see {place}"
            )
            self._fail(step, label, line)
        else:
            outcome.ran.append(step.name)
            outcome.markers[step.name] = made
            note = f": {made.note}" if made.note else ""
            self.say(f"{label} {step.name}  done in {made.seconds:.1f} s{note}")
            if made.status:
                self._partial(step, label, made)
            else:
                self._warn(step, made.warnings)

    def _make(self, step: Step, key: str, marker: Marker | None, began: float) -> Marker:
        scheduler = self._cluster(step)  # before anything is emptied: there may be no workers to be had
        store, command = self.study.store, step.command(self.study.folder)
        unfinished = self._left({command, self.kept.command(step.name)})
        recorded = [] if marker is None else self._recorded(marker)
        files = None if marker is None else {self.study.out / name for name in marker.files}
        begun = self.kept.begun(step.name)
        check_room(step, begun, files)
        # As the files in its folder: were the step to fail, the store would show what is out of date.
        # First, as marker and mark, which go then, tell which parts are ours: a run may be killed between.
        remove_parts(store, [*unfinished, *recorded])
        make_room(step, begun, command)
        self.kept.remove(step.name)
        before = listing(store)
        try:
            nothing = nothing_from(step, self.outcome.markers)
            if nothing is None:
                done = execute(step, command, folder=self.study.folder, scheduler=scheduler)
            else:
                done = Executed(note=f"{nothing} found nothing to go on with")
        except BaseException:
            remove_parts(store, written_since(before, store, command))
            raise
        parts = written_since(before, store, command)
        results: dict[str, str] = {}
        if parts:
            from postgwas.store.content import content_checksums

            results = content_checksums(store, parts)
        folder = parts_folder(store)
        made = marker_of(
            step,
            key,
            files=outputs_in(step.out, self.study.out, self.digests),
            parts={name: self.digests.of(f"{folder}/{name}") for name in parts},
            results=results,
            seconds=round(time.perf_counter() - began, 3),
            note=done.note,
            warnings=[text.replace(f"{self.study.folder}/", "") for text in done.warnings],
            status=done.status,
        )
        self.kept.write(made)
        self.digests.save()
        return made

    def _left(self, commands: set[str]) -> list[str]:
        """Parts that a run with one of these command lines left behind when it was killed."""
        known = [marker for name in self.kept.names() if (marker := self.kept.read(name)) is not None]
        finished = {part for marker in known for part in marker.parts}
        names = (name for name in listing(self.study.store) if name not in finished)
        return made_by(self.study.store, names, commands - {""})

    def _recorded(self, marker: Marker) -> list[str]:
        """Parts of a finished step, but for those that someone else has replaced since."""
        folder = parts_folder(self.study.store)
        there = [name for name in marker.parts if (folder / name).is_file()]
        changed = [name for name in there if self.digests.of(str(folder / name)) != marker.parts[name]]
        theirs = made_by(self.study.store, changed, Others({self.kept.command(marker.name), ""}))
        return [name for name in there if name not in theirs]

    def _cluster(self, step: Step) -> str | None:
        """The scheduler's address; workers are started for the first step that can use them.

        A cluster that does not answer is asked once; the other steps that need it fail at once.
        """
        if self.gone is not None and parallel(step):
            raise self.gone
        if self.scheduler is not None and parallel(step):
            from postgwas.compute.shared import check_cluster

            try:
                check_cluster(self.scheduler)
            except EngineError as error:
                self.gone = error if self.where.scheduler is not None else None
                raise
        where = self.where
        # Also one worker alone, where its memory is to be held.
        spreads = where.cores > 1 or where.jobqueue is not None or where.memory is not None
        if self.scheduler is None and spreads and parallel(step):
            from postgwas.compute.shared import shared_cluster

            if where.jobqueue is not None:
                self.say(f"    jobs go to {where.jobqueue}; work goes on when the first of them runs")
            self.scheduler = self.stack.enter_context(
                shared_cluster(
                    self.where.cores,
                    jobqueue=self.where.jobqueue,
                    jobqueue_options=self.where.jobqueue_options,
                    memory=self.where.memory,
                )
            )
        return self.scheduler

    def _warn(self, step: Step, warnings: Sequence[str]) -> None:
        for text in warnings[:_MOST_WARNINGS]:
            self.say(f"    warning: {text}")
        if len(warnings) > _MOST_WARNINGS:
            self.say(f"    and {len(warnings) - _MOST_WARNINGS} more warnings: see the log in {step.out}")

    def _partial(self, step: Step, label: str, marker: Marker) -> None:
        """Said again by each run until it is mended: a kept step is silent otherwise."""
        self.outcome.partial[step.name] = marker.what_is_missing
        self.say(f"{label} {step.name}  PART OF ITS RESULTS IS MISSING (status {marker.status})")
        self._warn(step, marker.warnings[::-1])

    def _fail(self, step: Step, label: str, line: str) -> None:
        self.outcome.failed[step.name] = line
        self.say(f"{label} {step.name}  FAILED: {line}")

    def tell_of_others(self, steps: Sequence[Step], chosen: Sequence[Step]) -> None:
        """Say what else the chosen steps rest on and is out of date: --only leaves it so."""
        names = {step.name for step in chosen}
        needed: set[str] = set()
        for step in reversed(steps):
            if step.name in names | needed:
                needed |= {*step.after}
        others = [step for step in steps if step.name in needed - names]
        plan = make_plan(steps, others, set(), root=self.study.folder, kept=self.kept, digests=self.digests)
        old = [one for one in plan if not one.kept and one.why != "new"]
        if old:
            more = f" and {len(old) - 1} more" if len(old) > 1 else ""
            self.say(
                f"warning: these steps rest on {old[0].step.name}{more}, out of date ({old[0].why}): "
                "--only leaves that so"
            )

    def forget_others(self, steps: Sequence[Step]) -> None:
        """Take results of steps out of the store that the study no longer has."""
        names = {step.name for step in steps}
        for name in self.kept.begun_names():
            if name in names:
                continue
            marker = self.kept.read(name)
            left = {self.kept.command(name)}
            parts = self._recorded(marker) if marker is not None else self._left(left)
            remove_parts(self.study.store, parts)
            self.kept.remove(name)
            if marker is not None or parts:
                self.say(f"{name} is no longer in the study: its results were taken out of the store")
