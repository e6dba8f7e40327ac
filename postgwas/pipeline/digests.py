"""SHA-256 of files, remembered by size, time and inode: an unchanged study is looked through at once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path

from postgwas import __version__
from postgwas.errors import InputError

_CHUNK = 1 << 22


class Digests:
    """Checksums of files.

    Parameters
    ----------
    memory : Path
        JSON file that holds what is known; :meth:`save` writes it.
    trust : bool
        Take what is known of a file of the same size, time and inode; otherwise read each again.
    """

    def __init__(self, memory: Path, *, trust: bool = True) -> None:
        self._memory = memory
        self._known: dict[str, list[object]] = {}
        self._changed = False
        if not trust:
            return
        try:
            read = json.loads(memory.read_text())
            self._known = {name: entry for name, entry in read.items() if len(entry) == 4}
        except (OSError, ValueError, AttributeError, TypeError):
            self._known = {}

    def of(self, path: str) -> str:
        """SHA-256 of a file's content.

        Raises
        ------
        InputError
            It cannot be read.
        """
        try:
            stat = os.stat(path)
            signature = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
            entry = self._known.get(path)
            if entry is not None and entry[:3] == signature:
                return str(entry[3])
            digest = _sha256(path)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        self._known[path] = [*signature, digest]
        self._changed = True
        return digest

    def save(self) -> None:
        """Write what is known, whole or not at all; without it, files are read again and nothing is lost."""
        if not self._changed:
            return
        text = json.dumps(self._known, indent=0, sort_keys=True)
        write_whole(self._memory, text)
        self._changed = False


def write_whole(path: Path, text: str) -> None:
    """Write a small file whole or not at all, also when the machine goes down."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(aside, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: Path) -> None:
    """Remove what :func:`write_whole` left of small files when a run was killed; no other run may go on."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def code_digest(rooms: tuple[str, ...], module: str, digests: Digests) -> str:
    """The version, and where postgwas is worked on, the sources of rooms too.

    Parameters
    ----------
    rooms : tuple of str
        Folders of the package.
    module : str
        Of ``postgwas.cli``, which has the defaults of the flags.
    digests : Digests

    Returns
    -------
    str
    """
    package = Path(__file__).parent.parent
    if package.parent.name in ("site-packages", "dist-packages"):
        return __version__
    digest = hashlib.sha256(__version__.encode())
    command = importlib.util.find_spec(f"postgwas.cli.{module}")
    if command is not None and command.origin is not None:
        digest.update(digests.of(command.origin).encode())
    for room in sorted({*rooms, "store", "compute"}):
        for path in sorted((package / room).rglob("*.py")):
            digest.update(f"{path.relative_to(package)}={digests.of(str(path))}\n".encode())
    return digest.hexdigest()


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
