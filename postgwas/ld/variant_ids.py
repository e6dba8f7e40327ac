"""The ids of a list of variants: compared by hashes, shown as text only where someone asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Places, Words
from postgwas.columns.texts import Keeper, Texts, hashes_of_spans, texts_of_series

if TYPE_CHECKING:
    import polars as pl

    from postgwas.ld.id_index import IdIndex


@dataclass(frozen=True, eq=False)
class VariantIds:
    """Ids of V variants.

    Attributes
    ----------
    first, second : ndarray of uint64, shape (V,)
        Two hashes of each id; :meth:`Texts.hashes` has their chance of a collision.
    load : callable
        Gives the ids as a polars series of strings.
    known_index : IdIndex or None
        An index that was made before.
    missing : ndarray of bool, shape (V,), or None
        Where there is no id; it is nobody's equal.
    """

    first: Words
    second: Words
    load: Callable[[], pl.Series]
    known_index: IdIndex | None = None
    missing: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, ids: pl.Series | Texts) -> VariantIds:
        """From text.

        Examples
        --------
        >>> import polars as pl
        >>> ids = VariantIds.of(pl.Series(["rs1", "rs2", "rs1"]))
        >>> len(ids), ids[1], bool(ids.first[0] == ids.first[2])
        (3, 'rs2', True)
        """
        texts = ids if isinstance(ids, Texts) else texts_of_series(ids, Keeper())
        missing = texts.missing()
        load = texts.to_series if isinstance(ids, Texts) else lambda: ids
        return cls(*texts.hashes(), load, missing=missing if missing.any() else None)

    @classmethod
    def of_spans(
        cls,
        content: npt.NDArray[np.uint8],
        starts: Places,
        lengths: Places,
        load: Callable[[], pl.Series],
    ) -> VariantIds:
        """From UTF-8 in a buffer that need not be kept; lengths below 1 stand for missing ones.

        Examples
        --------
        >>> import polars as pl
        >>> spans = np.frombuffer(b"rs1rs22", np.uint8), np.array([0, 3]), np.array([3, 4])
        >>> ids = VariantIds.of_spans(*spans, lambda: pl.Series(["rs1", "rs22"]))
        >>> len(ids), bool(ids.first[1] == VariantIds.of(ids.series).first[1])
        (2, True)
        """
        missing = lengths < 1
        return cls(
            *hashes_of_spans(content, starts, lengths), load, missing=missing if missing.any() else None
        )

    def __len__(self) -> int:
        return int(self.first.size)

    def __getitem__(self, row: int) -> str:
        return str(self.series[row])

    @cached_property
    def series(self) -> pl.Series:
        """As text."""
        return self.load()

    @cached_property
    def index(self) -> IdIndex:
        """To find other ids in these, which are unique."""
        from postgwas.ld.id_index import IdIndex

        return self.known_index or IdIndex.of(self)

    def take(self, rows: npt.NDArray[np.integer]) -> VariantIds:
        """Those of some rows."""
        missing = None if self.missing is None else self.missing[rows]
        return VariantIds(
            self.first[rows], self.second[rows], lambda: self.series.gather(rows), missing=missing
        )

    def absent_and_repeated(self, absent: Words) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Rows whose first hash is among some, and of the others those whose id an earlier row has.

        Only few ids share half a hash with another, or its first bits with those in `absent`; only those
        are looked at whole.

        Examples
        --------
        >>> import polars as pl
        >>> ids = VariantIds.of(pl.Series(["rs1", "NA", "rs2", "rs1", "NA"]))
        >>> [rows.tolist() for rows in ids.absent_and_repeated(ids.first[1:2])]
        [[1, 4], [3]]
        """
        half = (self.first >> np.uint64(32)).astype(np.uint32)
        ordered = np.sort(half)
        shared = ordered[1:][ordered[1:] == ordered[:-1]]
        looked_for = np.zeros(1 << 16, dtype=np.bool_)
        looked_for[shared >> np.uint32(16)] = True
        looked_for[(absent >> np.uint64(48)).astype(np.intp)] = True
        rows = np.flatnonzero(looked_for.take(half >> np.uint32(16)))
        left_out = np.isin(self.first[rows], absent)
        gone, rows = rows[left_out], rows[~left_out]
        rows = rows[np.lexsort((rows, self.second[rows], self.first[rows]))]
        one, other = rows[:-1], rows[1:]
        same = (self.first[one] == self.first[other]) & (self.second[one] == self.second[other])
        return gone, np.sort(other[same])

    def differing(self, other: VariantIds) -> npt.NDArray[np.intp]:
        """Rows in which another list of the same length has another id."""
        return np.flatnonzero((self.first != other.first) | (self.second != other.second))

    def same(self, other: VariantIds) -> bool:
        """Whether another list has the same ids in the same order."""
        return self is other or (
            len(self) == len(other)
            and np.array_equal(self.first, other.first)
            and np.array_equal(self.second, other.second)
        )
