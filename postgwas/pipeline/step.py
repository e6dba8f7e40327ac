"""One step of a study: a command line, what it reads, where it writes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name : str
        Kind and, where there are several, what of: ``h2/EUR_LDL``. Also the folder of its files below the
        study's results.
    kind : str
        Key of :data:`postgwas.pipeline.kinds.KINDS`, and of `steps` in study.yaml.
    argv : tuple of str
        Words after ``postgwas``, but for where the work runs and how much is said. Files are absolute.
    reads : tuple of str
        Files and prefixes that its result depends on; its key holds their content.
    after : tuple of str
        Names of the steps that write some of these.
    uses_store : bool
        The result depends on what the steps of `after` put into the store.
    out : Path
        Its folder.
    title : str
        A few words for the plan.
    """

    name: str
    kind: str
    argv: tuple[str, ...]
    reads: tuple[str, ...]
    after: tuple[str, ...]
    out: Path
    title: str
    uses_store: bool = False

    def command(self, root: Path) -> str:
        """The command line as one would type it in the study's folder."""
        return shlex.join(["postgwas", *(relative(word, root) for word in self.argv)])


def relative(word: str, root: Path) -> str:
    """A word of a command line, with paths below `root` from there, also in lists with commas, after a name.

    Examples
    --------
    >>> relative("/data/study/a.gz,/data/study/b.gz", Path("/data/study"))
    'a.gz,b.gz'
    >>> relative("AFR,EUR=/data/study/c.gz", Path("/data/study"))
    'AFR,EUR=c.gz'
    """
    prefix = f"{root}/"
    return ",".join(
        part.removeprefix(prefix) if part.startswith(prefix) else part.replace(f"={prefix}", "=", 1)
        for part in word.split(",")
    )
