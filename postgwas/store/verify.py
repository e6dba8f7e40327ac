"""Read a whole study again and compare it with its checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from postgwas.errors import StoreError
from postgwas.store import index
from postgwas.store.attributes import attribute
from postgwas.store.containment import check_dataset, check_links, member
from postgwas.store.damage import BROKEN, first_line
from postgwas.store.encoding import digest, read_json
from postgwas.store.hdf5 import open_file
from postgwas.store.part import seal
from postgwas.store.schema import CHECKSUM, encoding_of

if TYPE_CHECKING:
    from postgwas.store.study import Study


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written: in which file, under which key, what."""

    file: Path
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.what}"


@dataclass(frozen=True)
class Report:
    """How many results and datasets were read, and what was wrong with them."""

    results: int
    datasets: int
    problems: tuple[Problem, ...]


def verify(study: Study) -> Report:
    """Compare every dataset with its SHA-256, every result with its seal, the index with the folder.

    Returns
    -------
    Report
        ``problems`` is empty where every byte of content is as it was written.
    """
    problems: list[Problem] = []
    datasets = 0
    lines = study.ls()
    for entry in lines:
        file = index.parts_folder(study.path) / entry.part if entry.part else study.path
        try:
            with open_file(file) as handle:
                found, read = _check(member(handle, entry.key) if study.packed else handle, file, entry.key)
        except BROKEN as error:
            found, read = [Problem(file, entry.key, f"damaged: {first_line(error)}")], 0
        problems += found
        datasets += read
        if not study.packed and entry.kind != index.UNREADABLE and entry.part != index.part_name(entry.key):
            problems.append(
                Problem(file, entry.key, f"expected in a file named {index.part_name(entry.key)}")
            )
    if not study.packed:
        problems += _check_links(study, {entry.key for entry in lines if entry.kind != index.UNREADABLE})
    return Report(len(lines), datasets, tuple(problems))


def _check(group: Any, file: Path, key: str) -> tuple[list[Problem], int]:
    problems: list[Problem] = []
    datasets: list[tuple[str, Any]] = []

    def add(name: str | bytes, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            datasets.append((name if isinstance(name, str) else name.decode(errors="replace"), node))

    check_links(group)
    group.visititems(add)
    try:
        encoding_of(group, file=file, key=key, expected=("table", "arrays"))
    except StoreError as error:
        problems.append(Problem(file, key, error.message.removeprefix(f"{file}: {key}: ")))
    for name, node in datasets:
        try:
            check_dataset(node)
            same = digest(node[()]) == attribute(node, CHECKSUM)
        except BROKEN as error:
            problems.append(Problem(file, key, f"{name} cannot be read: {first_line(error)}"))
        else:
            if not same:
                problems.append(Problem(file, key, f"{name} differs from its checksum"))
    if not problems and seal(group) != attribute(group, CHECKSUM):
        problems.append(Problem(file, key, "attributes differ from the checksum of the result"))
    return problems, len(datasets)


def _check_links(study: Study, keys: set[str]) -> list[Problem]:
    linked: set[str] = set()

    def add(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            linked.add(name)

    mend = "opening the study to write, or the next write, mends it"
    try:
        with open_file(study.path) as handle:
            handle.visititems_links(add)
            read_json(handle, index.CATALOGUE, file=study.path, key="/")
    except StoreError as error:
        return [Problem(study.path, "/", f"{error.message.removeprefix(f'{study.path}: /: ')}; {mend}")]
    except BROKEN as error:
        return [Problem(study.path, "/", f"the index is damaged: {first_line(error)}; {mend}")]
    lacking = [
        Problem(study.path, key, f"the index lacks this result; {mend}") for key in sorted(keys - linked)
    ]
    return lacking + [Problem(study.path, key, "its part is gone") for key in sorted(linked - keys)]
