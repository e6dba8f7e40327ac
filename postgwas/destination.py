"""Where results may go: what stands in the way is refused before any work is done, in one wording."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from postgwas.errors import OutputError, StoreError, UsageError


def check_prefix(out: str, *, example: str) -> None:
    """Refuse a prefix under which nothing can be written.

    Parameters
    ----------
    out : str
        As given with ``--out``: a folder that exists, and how names of files begin.
    example : str
        A prefix for the hint.

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
        raise UsageError(f"--out '{out}': expected a prefix for the results", hint=f"--out {example}")
    folder = Path(out).parent
    if not folder.is_dir():
        raise OutputError(f"--out {out}: folder {folder} does not exist", hint="create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"--out {out}: no permission to write in folder {folder}")


def refuse_existing(files: Iterable[Path]) -> None:
    """Refuse where a result is there already; not called with ``--overwrite``.

    Raises
    ------
    OutputError
        Names the first and says how many more there are.
    """
    there = [path for path in files if path.exists()]
    if there:
        what = f"{there[0]} and {len(there) - 1} more exist" if len(there) > 1 else f"{there[0]} exists"
        raise OutputError(f"{what} already", hint="--overwrite replaces; or give another --out")


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
