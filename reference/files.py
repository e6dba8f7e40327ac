"""Small files written whole or not at all, and checksums of files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from postgwas.errors import OutputError


def write_text(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it.

    Raises
    ------
    OutputError
        If the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
            if advance is not None:
                advance(len(block))
    return digest.hexdigest()
