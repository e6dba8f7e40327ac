"""Where a result comes from: the call, the versions, the inputs, the rows and why some are gone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import postgwas
from postgwas.errors import InputError, StoreError
from postgwas.runlog import running_command

SCHEMA = 1
_LIBRARIES = ("numpy", "scipy", "pandas", "polars", "pyarrow", "h5py", "hdf5plugin", "distributed")


@dataclass(frozen=True)
class InputFile:
    """A file that was read: its name as given, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> InputFile:
        """Stat and hash a file; a file that has not changed is hashed once a process."""
        try:
            stat = os.stat(path)
            found = _hash_file(os.path.abspath(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        return cls(os.fspath(path), stat.st_size, found)


@dataclass(frozen=True)
class Provenance:
    """What made a result; stored with it as JSON (docs/store.md has the schema).

    Parameters
    ----------
    command : str
        The command line, or the call for results of the Python API.
    parameters : mapping
        Every parameter with the value that was used, defaults included.
    versions : mapping
        Version of Python, postgwas and the libraries that bear on numbers.
    inputs : tuple of InputFile
    rows_in, rows_out : int or None
    dropped : mapping of reason to number of rows
    wall_seconds : float or None
    seed : int or None
        None where nothing random was done.
    """

    command: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    rows_in: int | None = None
    rows_out: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    wall_seconds: float | None = None
    seed: int | None = None

    @classmethod
    def collect(
        cls,
        command: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        inputs: Iterable[str | os.PathLike[str] | InputFile] = (),
        rows_in: int | None = None,
        rows_out: int | None = None,
        dropped: Mapping[str, int] | None = None,
        wall_seconds: float | None = None,
        seed: int | None = None,
    ) -> Provenance:
        """Fill in the versions, the running command line and the inputs' checksums.

        Raises
        ------
        InputError
            If an input file cannot be read.
        """
        return cls(
            command=running_command() if command is None else command,
            parameters={str(name): plain(value) for name, value in (parameters or {}).items()},
            versions=_versions(),
            inputs=tuple(item if isinstance(item, InputFile) else InputFile.of(item) for item in inputs),
            rows_in=rows_in,
            rows_out=rows_out,
            dropped={str(reason): int(count) for reason, count in (dropped or {}).items()},
            wall_seconds=wall_seconds,
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON document with its schema's number."""
        return {"schema": SCHEMA, **{name: plain(value) for name, value in asdict(self).items()}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, where: str = "provenance") -> Provenance:
        """Read a document of any schema up to this program's.

        Raises
        ------
        StoreError
            It is of a newer schema, or no such document.
        """
        if not isinstance(document, Mapping):
            raise StoreError(f"{where}: provenance: damaged: expected a mapping")
        schema = document.get("schema")
        if not isinstance(schema, int) or schema > SCHEMA:
            raise StoreError(
                f"{where}: provenance schema {schema!r} is unknown, this postgwas reads up to {SCHEMA}",
                hint="update postgwas",
            )
        fields = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        try:
            fields["inputs"] = tuple(InputFile(**item) for item in document.get("inputs", ()))
            read = cls(**fields)
        except TypeError as error:
            raise StoreError(f"{where}: provenance: damaged: {error}") from None
        mappings = (read.parameters, read.versions, read.dropped)
        if (
            not isinstance(read.command, str)
            or not all(isinstance(one, Mapping) for one in mappings)
            or not isinstance(read.wall_seconds, int | float | None)
        ):
            raise StoreError(f"{where}: provenance: damaged: a field is of another kind")
        return read


def plain(value: Any) -> Any:
    """A value as JSON can hold it: paths and other objects as text, arrays as lists."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [
            plain(item) for item in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)
        ]
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return plain(value.tolist())
    return str(value)


@lru_cache(maxsize=4096)
def _hash_file(path: str, size: int, modified_ns: int, changed_ns: int) -> str:
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    # Who only reads a store needs neither, and the first brings in half of the standard library.
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "postgwas": postgwas.__version__}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return {**found, "platform": platform.platform()}
