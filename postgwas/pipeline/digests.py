"""SHA-256 of files, remembered by size, times and inode: an unchanged study is looked through at once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from postgwas import __version__
from postgwas.errors import InputError

_CHUNK = 1 << 22
#: Files that results rest on.
_SOURCES = (".py", ".yaml", ".json", ".npz", ".html")
_SECOND = 1_000_000_000


class Digests:
    """Checksums of files.

    Parameters
    ----------
    memory : Path
        JSON file that holds what is known; :meth:`save` writes it.
    trust : bool
        Take what is known of a file of the same size, times and inode; otherwise read each again.
    """

    def __init__(self, memory: Path, *, trust: bool = True) -> None:
        self._memory = memory
        self._known: dict[str, list[object]] = {}
        self._changed = False
        self._fresh: set[str] = set()
        #: What :func:`code_digest` found.
        self.codes: dict[tuple[tuple[str, ...], str], str] = {}
        if not trust:
            return
        try:
            read = json.loads(memory.read_text())
            self._known = {name: entry for name, entry in read.items() if len(entry) == 5}
        except (OSError, ValueError, AttributeError, TypeError):
            self._known = {}

    def of(self, path: str) -> str:
        """SHA-256 of a file's content.

        Raises
        ------
        InputError
            It cannot be read, or is written to meanwhile.
        """
        try:
            signature = _signature(path)
            entry = self._known.get(path)
            if entry is not None and entry[:4] == signature:
                return str(entry[4])
            began = time.time_ns()
            digest = _sha256(path)
            if _signature(path) != signature:
                raise InputError(f"{path}: changed while it was read", hint="run again when it is finished")
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        self._known[path] = [*signature, digest]
        if _just_written(signature, began):
            self._fresh.add(path)
        self._changed = True
        return digest

    def save(self) -> None:
        """Write what is known, whole or not at all; without it, files are read again and nothing is lost.

        A file that was written a moment before it was read is left out: it could be written again within
        the same tick of the file system's clock, to the same size, and nothing would tell.
        """
        if not self._changed:
            return
        lasting = {name: entry for name, entry in self._known.items() if name not in self._fresh}
        with suppress(OSError):  # a full disk is told by what has to be written
            write_whole(self._memory, json.dumps(lasting, indent=0, sort_keys=True))
            self._changed = False


def _signature(path: str) -> list[int]:
    """Size, time, inode, and the time of any change, which no program can set back."""
    stat = os.stat(path)
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns]


def _just_written(signature: list[int], began: int) -> bool:
    """Whether a file was changed so shortly before it was read that a later change may have that time too."""
    latest = max(signature[1], signature[3])
    # A clock of whole seconds ticks every second or two, others every few milliseconds.
    tick = 2 * _SECOND if signature[1] % _SECOND == 0 else _SECOND // 20
    return abs(began - latest) < tick


def write_whole(path: Path, text: str) -> None:
    """Write a small file whole or not at all, also when the machine goes down."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with open(aside, "x", encoding="utf-8") as stream:
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
    """The code of an installed postgwas; where it is worked on, the sources that a step's results rest on.

    Parameters
    ----------
    rooms : tuple of str
        Folders of the package, and ``reference``.
    module : str
        Of ``postgwas.cli``, which has the defaults of the flags; those whose names begin alike count too.
    digests : Digests

    Returns
    -------
    str
    """
    if (rooms, module) in digests.codes:
        return digests.codes[rooms, module]
    package = Path(__file__).parent.parent
    installed = _installed(package)
    if installed is not None:
        return installed
    digest = hashlib.sha256(__version__.encode())
    command = importlib.util.find_spec(f"postgwas.cli.{module}")
    cli = Path(command.origin).parent if command is not None and command.origin is not None else None
    sources = [*package.glob("*.py")]
    for room in sorted({*rooms, "store", "compute"}):
        folder = _reference() if room == "reference" else package / room
        sources += [path for path in folder.rglob("*") if path.suffix in _SOURCES]
    if cli is not None:
        named = cli.glob(f"{module.partition('_')[0]}*.py")
        sources += {cli / "options.py", cli / "parser.py", *named, *cli.glob("*_flags.py")}
    for path in sorted(sources):
        digest.update(f"{path.parent.name}/{path.name}={digests.of(str(path))}\n".encode())
    digests.codes[rooms, module] = digest.hexdigest()
    return digests.codes[rooms, module]


@cache
def _installed(package: Path) -> str | None:
    """Checksums of all sources, as the installer has recorded them: two builds of one version may differ."""
    records = sorted(package.parent.glob("postgwas-*.dist-info/RECORD"))
    if not records or package.parent.name not in ("site-packages", "dist-packages"):
        return None
    lines = records[0].read_text(encoding="utf-8").splitlines()
    sources = sorted(one for one in lines if one.partition(",")[0].endswith(_SOURCES))
    return hashlib.sha256("\n".join([__version__, *sources]).encode()).hexdigest()


@cache
def _reference() -> Path:
    found = importlib.util.find_spec("postgwas.reference")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
