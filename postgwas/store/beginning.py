"""How a study begins, and that no empty one is left where its first result is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from postgwas.errors import OutputError
from postgwas.store import index


class Begun(Protocol):
    """A study, as far as it matters here."""

    @property
    def path(self) -> Path: ...

    @property
    def new(self) -> bool: ...


P = ParamSpec("P")
S = TypeVar("S", bound=Begun)


def begin(file: Path, folder: Path) -> None:
    """An empty study, or an index of what the folder of parts holds.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create {folder}: {error.strerror}") from error
    index.rebuild(file)


def or_no_store(write: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """Have a new study go again where `write` fails and it is still empty."""

    @functools.wraps(write)
    def written(study: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            if study.new and not study.path.exists():  # it went when another result was refused
                begin(study.path, index.parts_folder(study.path))
            write(study, *args, **kwargs)
        except BaseException:
            if study.new:
                with suppress(OSError):
                    # Where another process has put something in, this fails and all stays.
                    index.parts_folder(study.path).rmdir()
                    study.path.unlink()
            raise

    return written
