"""Opening HDF5 files: to read, and to write whole or not at all."""

from __future__ import annotations

import ctypes
import importlib.util
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py

from postgwas.store.atomic import atomic_file

#: The number that HDF5 knows the Zstd filter by.
ZSTD_FILTER = 32015


def _make_zstd_known() -> None:
    """Let HDF5 find the Zstd filter; without it reading fails with a cryptic OSError.

    hdf5plugin's library for it is loaded by itself: importing the package loads all filters, and so does
    HDF5 where it is told their folder, a hundred megabytes of them.
    """
    found = importlib.util.find_spec("hdf5plugin")
    if found is not None and found.origin is not None:
        _load_filter(Path(found.origin).parent / "plugins")
    if not h5py.h5z.filter_avail(ZSTD_FILTER):
        import hdf5plugin  # noqa: F401


def _load_filter(folder: Path) -> None:
    """Register the filter as HDF5 does with a plugin; nothing happens where that cannot be done."""
    for file in folder.glob("libh5zstd.*"):
        with suppress(OSError, AttributeError, RuntimeError):
            library = ctypes.CDLL(os.fspath(file))
            if hasattr(library, "init_filter"):
                # hdf5plugin's way of naming the HDF5 library to be used.
                library.init_filter(os.fsencode(h5py.h5z.__file__))
            library.H5PLget_plugin_info.restype = ctypes.c_void_p
            h5py.h5z.register_filter(library.H5PLget_plugin_info())


_make_zstd_known()


def open_file(path: Path, *, keep_chunks: bool = True) -> Any:
    """Open an HDF5 file to read, without file locks.

    `keep_chunks` keeps what was read for the next piece of the same chunk, which is memory for nothing
    where columns are read whole.

    Parts never change once they have their name and no two processes write the
    same file, so a lock protects nothing here; on NFS and Lustre mounts without
    lock support it makes every open fail. ``HDF5_USE_FILE_LOCKING`` is read by
    the library itself and, where a user sets it, wins over this choice.
    """
    options = {} if keep_chunks else {"rdcc_nbytes": 0}
    try:
        return h5py.File(path, "r", locking=False, **options)
    except OSError as error:
        # HDF5 refuses where the caller has the same file open by other means with locks.
        if "locking flag" not in str(error):
            raise
        return h5py.File(path, "r", **options)


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[Any]:
    """Give an HDF5 file to fill; it takes its name when the block ends well.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left then.
    StoreError
        If `path` exists and `overwrite` is false.
    """
    with atomic_file(path, overwrite=overwrite) as temporary, io.FileIO(temporary, "x+") as raw:
        output = ErrorHoldingFile(raw)
        try:
            # v110: metadata carries its own checksums, and HDF5 1.10 (2016) still reads it.
            with h5py.File(output, "w", libver=("v110", "v110")) as handle:
                yield handle
        finally:
            if output.failure is not None:
                raise output.failure


class ErrorHoldingFile(io.RawIOBase):
    """A file whose first failed write is kept for later instead of being raised.

    HDF5 cannot recover from a failed write: when the disk is full, h5py prints a
    traceback for each object that it closes, and the process dies of a
    segmentation fault at its end. So HDF5 is told that all is well, and the
    error is raised once HDF5 has let go of the file, which is then removed.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self.failure: OSError | None = None

    def write(self, content: Any) -> int:
        view = memoryview(content).cast("B")
        done = 0
        try:
            while done < len(view) and self.failure is None:
                done += self._raw.write(view[done:]) or 0
        except OSError as error:
            self.failure = error
        return len(view)

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        found = self._raw.readinto(view) or 0
        view[found:] = bytes(len(view) - found)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            return self._raw.truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
