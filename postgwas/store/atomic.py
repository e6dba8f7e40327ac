"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgwas.errors import OutputError, StoreError, full_disk

TEMPORARY_SUFFIX = ".tmp"
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
_STALE_SECONDS = 24 * 3600


@contextmanager
def atomic_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success its content takes the name `path`.

    The content is fsynced before it is renamed, the folder after, so neither a
    killed process nor a power cut leaves half a file under the final name.

    Raises
    ------
    OutputError
        If the file cannot be written (folder missing, no right, disk full).
    StoreError
        If `path` exists and `overwrite` is false. Two processes that publish the
        same name at once without `overwrite` cannot both succeed.
    """
    if not overwrite and path.exists():
        raise _exists(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}{TEMPORARY_SUFFIX}")
    try:
        try:
            yield temporary
            _sync(temporary)
            _publish(temporary, path, overwrite=overwrite)
            _sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # h5py turns some failed writes into RuntimeError
        raise OutputError(f"cannot write {path}: {_reason(error)}") from error


def remove_stale(folder: Path, name: str = "") -> None:
    """Remove temporary files that killed writers left more than a day ago: all, or those of one name."""
    for leftover in folder.glob(f".{glob.escape(name)}*{TEMPORARY_SUFFIX}"):
        try:
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                leftover.unlink()
        except OSError:
            continue  # another process was faster, or it is not ours to remove


def _publish(temporary: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, path)
        return
    try:
        # A hard link fails where the name is taken; a rename would silently win.
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if path.exists():
            raise _exists(path) from None
        os.replace(temporary, path)


def _sync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # a folder that may be written but not read
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(handle)


def _exists(path: Path) -> StoreError:
    return StoreError(f"{path} exists already", hint="--overwrite replaces it")


def _reason(error: BaseException) -> str:
    if code := full_disk(error):
        return f"no space left on the disk ({os.strerror(code)})"
    text = str(error)
    if number := getattr(error, "errno", None):
        return os.strerror(number)
    return text.splitlines()[0] if text else type(error).__name__
