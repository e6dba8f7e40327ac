"""The list of ``--merge_alleles``: which SNPs to keep, and with which alleles."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, Texts, join_texts
from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.chunks import Block, iter_blocks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.layout import Layout, sniff_layout
from postgwas.sumstats.munge.batch import Batch, CellReader, batch_of_frame

_FIELDS = {"SNPID": "SNP", "EA": "A1", "NEA": "A2"}
_HEAD = 1 << 20
_BITS = 24


@dataclass(frozen=True)
class AlleleList:
    """SNPs and their alleles, in the order of the file.

    Attributes
    ----------
    snpid : Texts
    a1, a2 : ndarray of uint8, shape (L,)
        Codes of :func:`~postgwas.sumstats.munge.filters.allele_codes`.
    source : str
    """

    snpid: Texts
    a1: npt.NDArray[np.uint8]
    a2: npt.NDArray[np.uint8]
    source: str

    def __len__(self) -> int:
        return len(self.snpid)

    def index(self) -> SnpIndex:
        """For looking identifiers up."""
        return SnpIndex(self.snpid)


class SnpIndex:
    """Finds identifiers in a list: a bit map of hashes first, then a search among the few that pass.

    Nine in ten rows of a file of imputed variants are not in a list of HapMap SNPs; for them
    one look into the bit map, which fits the cache better than a hash table, is enough.
    """

    def __init__(self, snpid: Texts) -> None:
        self._snpid = snpid
        hashes = snpid.hash()
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        # Of an identifier that is listed twice, the first counts.
        first = np.concatenate(([True], ordered[1:] != ordered[:-1])) if ordered.size else np.zeros(0, bool)
        self._hashes = ordered[first]
        self._at = order[first].astype(np.int32)
        self._seen = np.zeros(1 << _BITS, dtype=np.bool_)
        self._seen[self._hashes >> np.uint64(64 - _BITS)] = True

    def find(self, snpid: Texts) -> npt.NDArray[np.int32]:
        """Position in the list of each identifier, -1 where it is not listed, [shape: (M,)]."""
        found = np.full(len(snpid), -1, dtype=np.int32)
        hashes = snpid.hash()
        near = np.flatnonzero(self._seen[hashes >> np.uint64(64 - _BITS)])
        if not near.size or not self._hashes.size:
            return found
        slot = np.minimum(np.searchsorted(self._hashes, hashes[near]), self._hashes.size - 1)
        hit = self._hashes[slot] == hashes[near]
        rows, at = near[hit], self._at[slot[hit]]
        # Equal hashes of different texts are next to impossible, not impossible.
        same = (self._snpid.words[at] == snpid.words[rows]).all(axis=1)
        found[rows[same]] = at[same]
        return found


def read_allele_list(path: str | os.PathLike[str], keeper: Keeper) -> AlleleList:
    """Read a file with columns SNP, A1 and A2, such as ``w_hm3.snplist``.

    Parameters
    ----------
    path : path-like
    keeper : Keeper
        Of the identifiers that are to be looked up.

    Raises
    ------
    InputError
        The file is missing, empty or damaged.
    ColumnError
        A column is missing.
    """
    source = os.fspath(path)
    with ByteStream(path) as stream:
        head = stream.read(_HEAD)
        layout = sniff_layout(head, source=source)
        absent = [column for column in _FIELDS.values() if column not in layout.names]
        if absent:
            raise ColumnError(
                f"{source}: --merge_alleles needs columns SNP, A1 and A2; missing: {', '.join(absent)}; "
                f"columns found: {', '.join(layout.names)}"
            )
        places = {field: layout.names.index(column) for field, column in _FIELDS.items()}
        reader = CellReader(places, keeper, check_alleles=True, keep_tiny=False)
        batches = [_read(block, reader, layout, source) for block in iter_blocks(stream, head, layout)]
    if not sum(map(len, batches)):
        raise InputError(f"{source}: a header but no SNPs")
    pairs = [batch.codes for batch in batches]
    a1, a2 = (np.concatenate([pair[at] for pair in pairs if pair is not None]) for at in (0, 1))
    return AlleleList(join_texts([batch.snpid for batch in batches], keeper), a1, a2, source)


def _read(block: Block, reader: CellReader, layout: Layout, source: str) -> Batch:
    found = reader.read(block.cells, block.first_line) if block.cells is not None else None
    if found is not None:
        return found[0]
    from postgwas.sumstats.reader import ChunkParser

    parser = ChunkParser(layout, ColumnPlan("named", _FIELDS), list(_FIELDS), source, keep_tiny=False)
    frame = parser.parse(block.chunk)
    if parser.rejected:
        first = parser.rejected[0].row(0, named=True)
        raise InputError(
            f"{source}: line {first['ROW']} has not the {len(layout.names)} fields of the header"
        )
    return batch_of_frame(frame, reader.keeper, check_alleles=True)
