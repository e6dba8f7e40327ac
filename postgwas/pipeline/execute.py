"""Running one step: its command in this process, silent, its warnings kept."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from postgwas.errors import NoSignalError, OutputError, StoreError
from postgwas.pipeline.digests import write_whole
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.settings import flags_of
from postgwas.pipeline.step import Step
from postgwas.runlog import ROOT, ConsoleHandler, running_step

#: Most warnings of a step that its marker keeps.
_MOST_WARNINGS = 50


@dataclass
class Executed:
    """What a step said.

    Attributes
    ----------
    warnings : list of str
    note : str
        Why there was nothing to do.
    status : int
        Above zero where the command could not make part of its results, and says so in warnings.
    """

    warnings: list[str] = field(default_factory=list)
    note: str = ""
    status: int = 0


def execute(step: Step, command: str, *, folder: Path, scheduler: str | None = None) -> Executed:
    """Run a step's command.

    Parameters
    ----------
    step : Step
    command : str
        As one would type it in the study's folder; logs and provenance have it.
    folder : Path
        Of study.yaml. The command runs there, so that a word which is no path here means no file elsewhere.
    scheduler : str, optional
        Address of a Dask cluster, for commands that can use it.

    Returns
    -------
    Executed

    Raises
    ------
    PostgwasError, OSError, MemoryError
        As the command; a step that finds no signal has a note instead.
    """
    from postgwas.cli.main import run_words

    known = flags_of(step.kind)
    words = list(step.argv)
    if "quiet" in known:
        words.append("--quiet")
    if scheduler is not None and parallel(step):
        words += ["--dask_scheduler", scheduler]
    done = Executed()
    with (
        running_step(command),
        _listening() as heard,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.chdir(folder),
    ):
        try:
            done.status = run_words(words)
        except NoSignalError as nothing:
            done.note = nothing.message
        except StoreError as error:
            raise _not_ours(error) from None
    told = list(dict.fromkeys(heard))
    # What is missing is known at the end.
    done.warnings = told[-_MOST_WARNINGS:] if done.status else told[:_MOST_WARNINGS]
    return done


def _not_ours(error: StoreError) -> StoreError:
    """What the step's own last run left is gone by now: whatever is in the way is someone else's."""
    if error.hint is None or "--overwrite" not in error.hint:
        return error
    hint = "no step of this study made it: move the store away, or give the study another name"
    return StoreError(error.message, hint=hint)


def parallel(step: Step) -> bool:
    """Whether a step's command can use a cluster."""
    return KINDS[step.kind].spreads and "dask_scheduler" in flags_of(step.kind)


def check_room(step: Step, begun: Path, recorded: Collection[Path] | None = None) -> None:
    """Refuse to empty a folder that holds anything of others.

    Parameters
    ----------
    step : Step
    begun : Path
        Marks the folder as ours.
    recorded : collection of Path, optional
        Files that the step made when it last finished; None where it has not, or where that is not known.

    Raises
    ------
    OutputError
        Something is there that no run of this study has made.
    """
    home = begun.parent.parent
    if step.out.resolve() != home.resolve() / step.out.relative_to(home):
        raise OutputError(
            f"{step.out} leads to {step.out.resolve()}: results are not emptied through links",
            hint="put a folder in the link's place, or give another out: in study.yaml",
        )
    if step.out.exists() and not begun.exists():
        raise OutputError(
            f"{step.out} exists, and no run of this study made it",
            hint="move it away, or give another out: in study.yaml",
        )
    if recorded is not None:
        there = sorted(path for path in step.out.rglob("*") if not path.is_dir() or path.is_symlink())
        theirs = next((path for path in there if path not in recorded), None)
        if theirs is not None:
            raise OutputError(
                f"{theirs} is no result of this study, and its folder is to be emptied",
                hint="move it away",
            )


def make_room(step: Step, begun: Path, command: str) -> None:
    """An empty folder for a step's results, with a mark that it is ours, which holds what is begun."""
    write_whole(begun, command)
    if step.out.exists():
        shutil.rmtree(step.out)
    step.out.mkdir(parents=True)


class _Silent(ConsoleHandler):
    """Stands where a command would put its own lines on the terminal."""

    def __init__(self) -> None:
        super().__init__(stdout=False, quiet=True, verbose=False)
        self.setLevel(logging.CRITICAL + 1)


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(" ".join(record.getMessage().split()))


@contextlib.contextmanager
def _listening() -> Iterator[list[str]]:
    """The warnings of a block, and nothing of it on the terminal."""
    root, ear, silent = logging.getLogger(ROOT), _Ear(), _Silent()
    for handler in (ear, silent):
        root.addHandler(handler)
    try:
        yield ear.heard
    finally:
        for handler in (ear, silent):
            root.removeHandler(handler)
