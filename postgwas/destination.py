"""Where results may go: what stands in the way is refused before any work is done, in one wording."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from postgwas.errors import OutputError, StoreError, UsageError
from postgwas.staging import appear_together


def check_prefix(out: str, *, example: str, flag: str = "--out") -> None:
    """Refuse a prefix under which nothing can be written.

    Parameters
    ----------
    out : str
        As given with ``--out``: a folder that exists, and how names of files begin.
    example : str
        A prefix for the hint.
    flag : str
        That it was given with.

    Raises
    ------
    UsageError
        If it names a folder rather than a prefix.
    OutputError
        If its folder is missing or not writable.

    Examples
    --------
    >>> check_prefix("pca", example="results/pca")
    >>> check_prefix("", example="results/pca")
    Traceback (most recent call last):
        ...
    postgwas.errors.UsageError: --out '': expected a prefix for the results (--out results/pca)
    """
    if not out or out.endswith(os.sep):
        raise UsageError(f"{flag} '{out}': expected a prefix for the results", hint=f"{flag} {example}")
    folder = Path(out).parent
    if not folder.is_dir():
        raise OutputError(f"{flag} {out}: folder {folder} does not exist", hint="create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{flag} {out}: no permission to write in folder {folder}")


def refuse_existing(files: Iterable[Path], *, elsewhere: str = "give another --out") -> None:
    """Refuse where a result is there already; not called with ``--overwrite``.

    Raises
    ------
    OutputError
        Names the first and says how many more there are.
    """
    there = [path for path in files if path.exists()]
    if there:
        what = f"{there[0]} and {len(there) - 1} more exist" if len(there) > 1 else f"{there[0]} exists"
        raise OutputError(f"{what} already", hint=f"--overwrite replaces; or {elsewhere}")


def refuse_stored(store: str | os.PathLike[str] | None, keys: Sequence[str]) -> None:
    """Refuse where a study's store holds one of these already; not called with ``--overwrite``.

    Parameters
    ----------
    store : path, optional
        None, or a file that is not there yet, holds nothing.
    keys : sequence of str
        Such as ``genotypes/pca/run``.

    Raises
    ------
    StoreError
        If it does, or cannot be opened.
    """
    if store is None or not Path(store).exists():
        return
    from postgwas.store.study import Study

    taken = {entry.key for entry in Study.open(store).ls()}
    for key in keys:
        if key in taken:
            raise StoreError(f"{os.fspath(store)}: {key} exists already", hint="--overwrite replaces it")


def check_store(
    store: str | os.PathLike[str] | None, keys: Sequence[str] = (), *, overwrite: bool = False
) -> None:
    """Refuse a store that cannot be written, rather than find out when all is computed.

    Parameters
    ----------
    store : path, optional
        ``study.h5``; its results are in ``study.parts`` beside it, where that is there already.
    keys : sequence of str
        Of the results that will be put there.
    overwrite : bool
        They may be there already.

    Raises
    ------
    OutputError
        Its folder is missing, or there is no permission to write where it is.
    StoreError
        It is a folder, another file, damaged or packed; or it holds one of the results already, or one
        beside which they cannot stand.
    """
    if store is None:
        return
    path = Path(store)
    check_store_folder(path)
    if path.is_dir():
        raise StoreError(f"--store {path}: is a folder; expected a file such as study.h5")
    if not path.exists():
        return
    from postgwas.store.study import Study

    study = Study.open(path)
    if study.packed:
        raise StoreError(
            f"--store {path}: is a packed file, which is only read", hint="write to another store"
        )
    if not overwrite:
        refuse_stored(path, keys)
    held = [entry.key for entry in study.ls()] if keys else []
    for key, other in ((key, other) for key in keys for other in held):
        if other.startswith(f"{key}/") or key.startswith(f"{other}/"):
            raise StoreError(
                f"--store {path}: {key!r} cannot be stored beside {other!r}: one contains the other",
                hint="another --out, or for the matrices of mtag --store_name",
            )


def check_store_folder(store: str | os.PathLike[str]) -> None:
    """The part of :func:`check_store` that opens no file.

    Raises
    ------
    OutputError
        Its folder is missing, or there is no permission to write where it is.
    """
    path = Path(store)
    if not path.parent.is_dir():
        raise OutputError(f"--store {path}: folder {path.parent} does not exist", hint="create it first")
    for folder in (path.parent, path.with_name(f"{path.stem}.parts")):
        if folder.is_dir() and not os.access(folder, os.W_OK):
            raise OutputError(f"{os.fspath(store)}: no permission to write in folder {folder}")


@dataclass(frozen=True)
class Destination:
    """Results under one prefix.

    Attributes
    ----------
    out : str, optional
        Prefix of the files; None: nothing is written.
    endings : tuple of str
        Of all files that will be written, the log apart.
    store : str, optional
        A study's store.
    keys : tuple of str
        What is put there, such as "pca": its key is ``<room>/pca/<name of the prefix>``.
    overwrite : bool
    room : str
        Where in the store: "genotypes", "expression".
    """

    out: str | None = None
    endings: tuple[str, ...] = ()
    store: str | None = None
    keys: tuple[str, ...] = ()
    overwrite: bool = False
    room: str = "genotypes"

    def path(self, ending: str) -> Path:
        """``<out><ending>``."""
        return Path(f"{self.out}{ending}")

    @property
    def folder(self) -> Path | None:
        """Where scratch files may lie, which workers elsewhere see too."""
        return None if self.out is None else Path(self.out).parent

    def key(self, what: str) -> str:
        """Key of a result in the store."""
        return f"{self.room}/{what}/{Path(self.out or 'result').name}"

    def check(self) -> None:
        """Refuse before any work is done.

        Raises
        ------
        UsageError
            If the prefix is none.
        OutputError
            If its folder is missing, it or the store cannot be written, or results are there already.
        StoreError
            If the store has them already.
        """
        if self.out is None:
            return
        check_prefix(self.out, example="results/pca")
        if not self.overwrite:
            refuse_existing(map(self.path, self.endings))
        check_store(self.store, [self.key(what) for what in self.keys], overwrite=self.overwrite)

    @contextmanager
    def together(self) -> Iterator[Destination]:
        """The same prefix in a folder aside; the files get their names when the block ends well."""
        assert self.out is not None
        with appear_together(Path(self.out).parent) as aside:
            yield replace(self, out=str(aside / Path(self.out).name))
