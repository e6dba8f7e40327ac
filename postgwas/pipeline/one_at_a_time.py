"""Two runs of one study at once would write over each other: the second is refused."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from postgwas.errors import OutputError


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a study's results for the duration of a block.

    The lock is the system's: it goes with the process, however that ends, and needs no cleaning up.

    Parameters
    ----------
    folder : Path
        The study's ``.steps``.

    Raises
    ------
    OutputError
        Another run holds it, or the folder cannot be written.
    """
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(
            f"{path}: {error.strerror}", hint="results need a folder that can be written"
        ) from None
    try:
        if not _lock(handle):
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise OutputError(
                f"another run of this study is going on{f' ({holder})' if holder else ''}: {folder.parent}",
                hint="wait for it, or end it",
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
        with suppress(OSError):
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
