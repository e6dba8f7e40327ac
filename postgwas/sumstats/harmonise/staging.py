"""All files of one trait or none: they are written aside and take their names together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from postgwas.errors import OutputError
from postgwas.staging import appear_together, scratch_folder


@dataclass
class Stage:
    """A folder aside: ``results`` are published, ``scratch`` is thrown away."""

    prefix: Path
    results: Path
    scratch: Path
    overwrite: bool
    files: list[str] = field(default_factory=list)

    def path(self, ending: str) -> Path:
        """Where to write the result that will be ``<prefix><ending>``."""
        self.files.append(f"{self.prefix.name}{ending}")
        return self.results / self.files[-1]

    def final(self, ending: str) -> Path:
        """The name that the result will have."""
        return self.prefix.with_name(f"{self.prefix.name}{ending}")


def refuse_existing(prefix: Path, endings: tuple[str, ...], *, overwrite: bool) -> None:
    """Stop before any work where a result has its name taken.

    Raises
    ------
    OutputError
    """
    if overwrite:
        return
    for ending in endings:
        path = prefix.with_name(f"{prefix.name}{ending}")
        if path.exists():
            raise OutputError(f"{path}: the file exists already", hint="--overwrite replaces it")


@contextmanager
def staged(prefix: Path, *, overwrite: bool) -> Iterator[Stage]:
    """Write results aside; they get their names when the block ends well.

    Raises
    ------
    OutputError
        The folder cannot be written to, or a result's name is taken.
    """
    with scratch_folder(prefix.parent) as scratch, appear_together(prefix.parent) as results:
        stage = Stage(prefix, results, scratch, overwrite)
        yield stage
        refuse_existing(prefix, tuple(f[len(prefix.name) :] for f in stage.files), overwrite=overwrite)
