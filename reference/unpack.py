"""Unpack an archive that somebody else made, without letting it write elsewhere."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from postgwas.errors import OutputError, PanelError

#: Panels of text shrink to a tenth; what grows by more than this, or to more files, is no panel.
MOST_GROWTH = 200
MOST_FILES = 100_000
_FREE_BYTES = 100 << 20


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a tar (plain, gz, bz2, xz) or zip archive into `folder`; returns the number of files.

    Only folders and plain files are made, all of them below `folder`; links,
    devices, absolute names and names with ``..`` end the unpacking, and so does
    an archive that grows without measure.

    Raises
    ------
    PanelError
        If it is no archive, is damaged, or holds what it should not.
    OutputError
        If a file cannot be written.
    """
    try:
        if zipfile.is_zipfile(archive):
            return _zip(archive, folder)
        return _tar(archive, folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError,
            RuntimeError) as error:  # fmt: skip
        raise PanelError(f"{archive.name}: damaged, or not a tar or zip archive ({error})") from error
    except OSError as error:
        if error.errno is None:  # gzip and bz2 report bad data this way
            raise PanelError(f"{archive.name}: damaged archive ({error})") from error
        raise OutputError(f"{folder}: cannot unpack {archive.name} ({error.strerror})") from error


def _tar(archive: Path, folder: Path) -> int:
    count, room = 0, _Room(archive)
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            room.entry()
            target = _target(archive, folder, member.name)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif member.isfile():
                content = tar.extractfile(member)
                if content is not None:
                    _write(content, target, room)
                    count += 1
            elif member.type not in (tarfile.XHDTYPE, tarfile.XGLTYPE):
                raise PanelError(f"{archive.name}: '{member.name}' is a link or device, which no panel needs")
    return count


def _zip(archive: Path, folder: Path) -> int:
    count, room = 0, _Room(archive)
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            room.entry()
            target = _target(archive, folder, entry.filename)
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif (entry.external_attr >> 16) & 0o170000 == 0o120000:
                raise PanelError(f"{archive.name}: '{entry.filename}' is a link, which no panel needs")
            else:
                with packed.open(entry) as content:
                    _write(content, target, room)
                count += 1
    return count


def _target(archive: Path, folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
        raise PanelError(f"{archive.name}: '{name}' would be written outside its folder")
    return folder.joinpath(*parts)


class _Room:
    """How much an archive may still become."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.bytes = _FREE_BYTES + MOST_GROWTH * archive.stat().st_size
        self.entries = MOST_FILES

    def entry(self) -> None:
        self.entries -= 1
        if self.entries < 0:
            raise PanelError(f"{self.archive.name}: more than {MOST_FILES:,} files, which no panel has")

    def take(self, n_bytes: int) -> None:
        self.bytes -= n_bytes
        if self.bytes < 0:
            raise PanelError(
                f"{self.archive.name}: unpacks to more than {MOST_GROWTH} times its size, which no panel does"
            )


def _write(content: IO[bytes], target: Path, room: _Room) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        while block := content.read(1 << 20):
            room.take(len(block))
            handle.write(block)
