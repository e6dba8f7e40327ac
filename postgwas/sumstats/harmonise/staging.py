"""All files of one trait or none: they are written aside and take their names together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from postgwas.errors import OutputError, PostgwasError


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
def scratch_folder(beside: Path) -> Iterator[Path]:
    """A folder for what a run keeps on disk for a while; gone when the block ends.

    Raises
    ------
    OutputError
        The folder that it is to lie in cannot be written to.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=".postgwas-", dir=beside))
    except OSError as error:
        raise OutputError(f"{beside}: cannot be written to: {error.strerror or error}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged(prefix: Path, *, overwrite: bool) -> Iterator[Stage]:
    """Write results aside; they get their names when the block ends well.

    Raises
    ------
    OutputError
        The folder cannot be written to, or a result's name is taken.
    """
    folder = prefix.parent
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{prefix.name[:60]}-", dir=folder))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to: {error.strerror or error}") from None
    try:
        results, scratch = aside / "results", aside / "scratch"
        results.mkdir()
        scratch.mkdir()
        stage = Stage(prefix, results, scratch, overwrite)
        yield stage
        refuse_existing(prefix, tuple(f[len(prefix.name) :] for f in stage.files), overwrite=overwrite)
        mask = os.umask(0)
        os.umask(mask)
        for path in sorted(results.iterdir()):
            with open(path, "rb") as stream:
                os.fsync(stream.fileno())
            path.chmod(0o666 & ~mask)
        for path in sorted(results.iterdir()):
            os.replace(path, folder / path.name)
    except PostgwasError as error:
        # The user knows the files by their final names.
        error.message = error.message.replace(f"{aside / 'results'}{os.sep}", f"{folder}{os.sep}")
        raise
    except OSError as error:
        raise OutputError(f"{folder}: results cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
