"""One study read once: its rows checked, and cut by place into files of arrays on disk."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, Texts, join_texts

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]

BIN_BITS = 25
"""Partitions are of a chromosome and 2^25 = 33.6 million bases."""
ID_BITS = 7
"""Where variants are joined by identifier, of 128 parts of its hashes."""
GROUP_BITS = 2
"""Four neighbouring partitions are one file and one task: to create files takes longer than to fill them."""
_ROWS = 1 << 14
"""Rows of one partition that are gathered before they are written."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a study.

    Attributes
    ----------
    arrays : dict of str to ndarray, shape (M,)
        line, chr, pos, key, sign, strand; beta, se, z, n, eaf where the study has them; id, id2 where
        variants are joined by identifier.
    snpid : Texts
    texts : dict
        Key -> alleles, of pairs that are not two letters.
    """

    arrays: Arrays
    snpid: Texts
    texts: dict[int, tuple[bytes, bytes]]

    def __len__(self) -> int:
        return self.arrays["line"].size


def partition_of(
    chr: npt.NDArray[np.int8], pos: npt.NDArray[np.int32], id_hash: npt.NDArray[np.uint64] | None
) -> npt.NDArray[np.int64]:
    """Number of the partition that each row belongs to; in the order of chromosomes and places."""
    if id_hash is not None:
        return (id_hash >> np.uint64(64 - ID_BITS)).astype(np.int64)
    return (chr.astype(np.int64) << 8) | (pos.astype(np.int64) >> BIN_BITS)


@dataclass
class SpoolWriter:
    """Writes rows by partition.

    Parameters
    ----------
    folder : Path
        Exists; holds ``<study>.<group>`` afterwards, a file for some partitions.
    study : int
    """

    folder: Path
    study: int
    partitions: set[int] = field(default_factory=set)
    _waiting: dict[int, list[Part]] = field(default_factory=dict)
    _n_waiting: dict[int, int] = field(default_factory=dict)

    def add(self, partition: npt.NDArray[np.int64], part: Part) -> None:
        """Take rows, each with its partition."""
        if not len(part):
            return
        first = int(partition[0])
        if (partition == first).all():
            self._put(first, part)
            return
        if (partition[1:] < partition[:-1]).any():
            # Numbers of partitions are small: 16 bits are sorted by counting.
            order = np.argsort(partition.astype(np.uint16), kind="stable")
            partition, part = partition[order], take(part, order)
        starts = np.flatnonzero(np.concatenate(([True], partition[1:] != partition[:-1])))
        for begin, end in zip(starts, [*starts[1:], partition.size]):
            self._put(int(partition[begin]), take(part, slice(begin, end)))

    def _put(self, partition: int, part: Part) -> None:
        self._waiting.setdefault(partition, []).append(part)
        self._n_waiting[partition] = self._n_waiting.get(partition, 0) + len(part)
        if self._n_waiting[partition] >= _ROWS:
            self._write(partition)

    def close(self) -> tuple[int, ...]:
        """Write what waits; all partitions that have rows."""
        for partition in list(self._waiting):
            self._write(partition)
        return tuple(sorted(self.partitions))

    def _write(self, partition: int) -> None:
        parts = self._waiting.pop(partition, [])
        self._n_waiting[partition] = 0
        if not parts:
            return
        joined = join(parts)
        # Texts that are kept aside go along: the numbers of a study's keeper mean nothing elsewhere.
        aside = joined.snpid.aside()
        long = {
            int(row): joined.snpid.keeper.texts[int(joined.snpid.words[row, 0]) >> 8]
            for row in aside.tolist()
        }
        record = (joined.arrays, joined.snpid.words, long, joined.texts)
        # Arrays go beside the pickle, and the sizes of both before them: who wants others can skip them.
        beside: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(record, protocol=5, buffer_callback=beside.append)
        pieces = [memoryview(pickled), *(one.raw() for one in beside)]
        with open(spool_file(self.folder, self.study, group_of(partition)), "ab") as stream:
            pickle.dump((partition, [piece.nbytes for piece in pieces]), stream)
            for piece in pieces:
                stream.write(piece)
        self.partitions.add(partition)


def group_of(partition: int) -> int:
    """Number of the group of neighbours, of one chromosome, that a partition belongs to."""
    return partition >> GROUP_BITS


def spool_file(folder: Path, study: int, group: int) -> Path:
    """Where a study's rows of a group of partitions are."""
    return folder / f"{study}.{group}"


def read_part(folder: Path, study: int, partition: int, keeper: Keeper) -> Part | None:
    """A study's rows of a partition; None if it has none there."""
    path = spool_file(folder, study, group_of(partition))
    parts = list(_records(path, partition, keeper)) if path.exists() else []
    return join(parts) if parts else None


def _records(path: Path, partition: int, keeper: Keeper) -> Iterator[Part]:
    with open(path, "rb") as stream:
        while stream.peek(1):
            found, sizes = pickle.load(stream)
            if found != partition:
                stream.seek(sum(sizes), os.SEEK_CUR)
                continue
            pickled, *beside = (bytearray(size) for size in sizes)
            for piece in (pickled, *beside):
                stream.readinto(piece)
            arrays, words, long, texts = pickle.loads(pickled, buffers=beside)
            for row, text in long.items():
                words[row] = 0
                words[row, 0] = keeper.keep(text)
            yield Part(arrays, Texts(words, keeper), texts)


def take(part: Part, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Part:
    """Some of the rows."""
    return Part({name: values[rows] for name, values in part.arrays.items()}, part.snpid[rows], part.texts)


def join(parts: list[Part]) -> Part:
    """All rows in one piece; a figure that one of them lacks is NaN there."""
    if len(parts) == 1:
        return parts[0]
    names = {name for part in parts for name in part.arrays}
    texts: dict[int, tuple[bytes, bytes]] = {}
    for part in parts:
        texts.update(part.texts)
    arrays = {name: np.concatenate([_filled(part, name) for part in parts]) for name in sorted(names)}
    return Part(arrays, join_texts([part.snpid for part in parts], parts[0].snpid.keeper), texts)


def _filled(part: Part, name: str) -> npt.NDArray[np.generic]:
    found = part.arrays.get(name)
    return found if found is not None else np.full(len(part), np.nan)


def numbers_of(part: Part, name: str) -> Floats:
    """A figure of each row, NaN where the study lacks it."""
    found = part.arrays.get(name)
    return np.full(len(part), np.nan) if found is None else found.astype(np.float64, copy=False)


def account_of(reasons: Mapping[str, int]) -> dict[str, int]:
    """Reasons with a count above zero, the most frequent first."""
    return dict(sorted(((why, n) for why, n in reasons.items() if n), key=lambda item: (-item[1], item[0])))
