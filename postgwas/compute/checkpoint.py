"""Finished results of a map, one file a task, so that a run that died is resumed."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

from postgwas.compute.plain_pickle import loads
from postgwas.errors import OutputError

SUFFIX = ".task"


class Checkpoint:
    """A folder of finished results, keyed by the task's number and its fingerprint.

    Parameters
    ----------
    folder : path
        Made if missing.
    function : callable
        What computes the results; its name is part of each fingerprint.
    """

    def __init__(self, folder: str | os.PathLike[str], function: Callable[..., Any]) -> None:
        self._folder = Path(folder)
        self._function = function
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot keep finished work in '{folder}': {error.strerror}") from None

    def load(self, index: int, task: Any) -> tuple[bool, Any]:
        """(True, result) if this very task was finished before, else (False, None)."""
        try:
            content = self._path(index, task).read_bytes()
        except OSError:
            return False, None
        digest, body = content[:32], content[32:]
        if hashlib.sha256(body).digest() != digest:  # damaged: do the work again
            return False, None
        try:
            return True, loads(body)
        except Exception:  # a class of ours that has moved since, or no result: do the work again
            return False, None

    def save(self, index: int, task: Any, result: Any) -> None:
        """Keep one result; whole or not at all, whenever the run is killed."""
        body = pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest())
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path(index, task))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _path(self, index: int, task: Any) -> Path:
        return self._folder / f"{index:06d}-{fingerprint(self._function, task)[:32]}{SUFFIX}"


def clear(folder: str | os.PathLike[str]) -> None:
    """Remove the finished results kept in ``folder``, and the folder if nothing else is in it."""
    path = Path(folder)
    for file in [*path.glob(f"*{SUFFIX}"), *path.glob(".*.tmp")]:
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.rmdir()


def fingerprint(function: Callable[..., Any], task: Any) -> str:
    """SHA-256 of what a result depends on: function, task, the files it names, our version.

    Files (a string or path that names one) count by size and times of change.

    Examples
    --------
    >>> fingerprint(abs, {"a": 1, "b": 2}) == fingerprint(abs, {"b": 2, "a": 1})
    True
    >>> fingerprint(abs, 1) == fingerprint(abs, 1.0)
    False
    """
    from postgwas import __version__

    target = getattr(function, "func", function)  # functools.partial
    bound = (getattr(function, "args", ()), getattr(function, "keywords", {}))
    name = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', repr(target))}"
    digest = hashlib.sha256()
    for part in (__version__, name, bound, task):
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    """Hash by content. A pickle will not do: it differs with which equal strings are one object."""
    digest.update(type(value).__qualname__.encode() + b"(")
    if isinstance(value, (str, os.PathLike)):
        text = os.fspath(value)
        digest.update(text.encode() if isinstance(text, str) else text)
        _feed_file(digest, text)
    elif isinstance(value, (bytes, int, float, complex, bool, type(None), slice, range)):
        digest.update(repr(value).encode())
    elif isinstance(value, Mapping):
        for key, item in sorted(value.items(), key=lambda pair: repr(pair[0])):
            _feed(digest, key)
            _feed(digest, item)
    elif isinstance(value, Set):
        for item in sorted(value, key=repr):
            _feed(digest, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _feed(digest, item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            _feed(digest, field.name)
            _feed(digest, getattr(value, field.name))
    else:
        digest.update(pickle.dumps(value, protocol=5))
    digest.update(b")")


def _feed_file(digest: Any, path: str | bytes) -> None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return
    if stat.S_ISREG(found.st_mode):
        digest.update(f"|{found.st_size}|{found.st_mtime_ns}|{found.st_ctime_ns}".encode())
