"""Making one step: settings, folder, store and what it reads put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postgwas.errors import UsageError
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.settings import available, flags_of, words_of
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription

#: Kinds whose settings are of all GWAS: what is said of one goes before.
_OF_ONE_GWAS = ("harmonise", "h2")


def wanted(study: StudyDescription, kind: str) -> bool:
    """Whether a kind of step is to be run."""
    return study.settings(kind) is not None and available(kind)


def make_step(
    study: StudyDescription,
    kind: str,
    of: str,
    words: Sequence[str],
    *,
    reads: Sequence[str] = (),
    after: Sequence[Step] = (),
    prefix: str | None = None,
    title: str | None = None,
    uses_store: bool = False,
    without: Sequence[str] = (),
) -> Step:
    """One step.

    Parameters
    ----------
    study : StudyDescription
    kind : str
    of : str
        What of: a trait, an ancestry, a tissue; empty where there is one.
    words : sequence of str
        The command's words that the study decides on, but for its output.
    reads : sequence of str
        Files that it reads, beside those that settings name.
    after : sequence of Step
        Steps that write some of them.
    prefix : str, optional
        Last part of ``--out``; default: what of.
    title : str, optional
    uses_store : bool
        It reads the store's results of `after`.
    without : sequence of str
        Settings that `words` see to.

    Returns
    -------
    Step
    """
    entry = KINDS[kind]
    said = {word[2:].partition("=")[0] for word in words if word.startswith("--")} | set(without)
    settings = study.settings(kind) or {}
    given = {name: value for name, value in settings.items() if name.replace("-", "_") not in said}
    both = [name for name in settings if name not in given and name.replace("-", "_") not in without]
    if both and kind not in _OF_ONE_GWAS:
        limits = "under genotypes_qc it holds for all steps of a tissue"
        raise UsageError(
            f"{study.path}: steps.{kind}: '{both[0]}' is set for {of or kind} by the study itself",
            hint=limits if both[0] in ("keep", "extract") else "leave it out",
        )
    chosen, files = words_of(kind, given, study.folder)
    folder = study.out / kind / of if of else study.out / kind
    known = flags_of(kind)
    argv = [*entry.command, *words, "--out", str(folder / (prefix or of or kind)), *chosen]
    if "store" in known:
        argv += ["--store", str(study.store)]
    return Step(
        name=f"{kind}/{of}" if of else kind,
        kind=kind,
        argv=tuple(argv),
        reads=tuple(dict.fromkeys([*reads, *files])),
        after=tuple(dict.fromkeys(step.name for step in after)),
        out=Path(folder),
        title=title or entry.title,
        uses_store=uses_store,
    )


def written(step: Step, ending: str) -> str:
    """A file that a step writes: its prefix and an ending."""
    return step.argv[step.argv.index("--out") + 1] + ending
