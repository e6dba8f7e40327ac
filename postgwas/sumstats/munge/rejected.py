"""The list of removed rows: line, identifier, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, Texts, join_texts, texts_of_list
from postgwas.sumstats.munge.filters import REASONS

if TYPE_CHECKING:
    import polars as pl


@dataclass
class Rejected:
    """Removed rows in the order in which they were removed.

    Attributes
    ----------
    reasons : list of str
        What the codes stand for: the rules of munging, and what the reader of lines says.
    """

    reasons: list[str] = field(default_factory=lambda: list(REASONS))
    _line: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    _snpid: list[Texts] = field(default_factory=list)
    _reason: list[npt.NDArray[np.uint8]] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(part.size for part in self._line)

    def add(self, line: npt.NDArray[np.uint32], snpid: Texts, reason: npt.NDArray[np.uint8]) -> None:
        """Rows and the rules that they broke."""
        self._line.append(line)
        self._snpid.append(snpid)
        self._reason.append(reason)

    def put_first(self, frames: Sequence[pl.DataFrame], keeper: Keeper) -> None:
        """Lines that could not be read as rows: frames of ROW, SNPID and REASON."""
        before = Rejected(self.reasons)
        known = {reason for frame in frames for reason in frame["REASON"].to_list()}
        self.reasons.extend(sorted(known - set(self.reasons)))
        for frame in frames:
            texts = [(text or "").encode() for text in frame["SNPID"].to_list()]
            codes = [self.reasons.index(reason) for reason in frame["REASON"].to_list()]
            before.add(frame["ROW"].to_numpy(), texts_of_list(texts, keeper), np.array(codes, dtype=np.uint8))
        self._line[:0], self._snpid[:0], self._reason[:0] = before._line, before._snpid, before._reason

    def columns(self) -> tuple[npt.NDArray[np.uint32], Texts, npt.NDArray[np.uint8]]:
        """Line, identifier and code of the reason of each row."""
        if not self._line:
            none = Texts(np.zeros((0, 1), dtype=np.uint64), Keeper(1))
            return np.empty(0, dtype=np.uint32), none, np.empty(0, dtype=np.uint8)
        texts = join_texts(self._snpid, self._snpid[0].keeper)
        return np.concatenate(self._line), texts, np.concatenate(self._reason)

    def frame(self) -> pl.DataFrame:
        """ROW, SNPID and REASON."""
        import polars as pl

        line, snpid, reason = self.columns()
        reasons = pl.Series("REASON", self.reasons, dtype=pl.Enum(self.reasons)).gather(reason)
        return pl.DataFrame([pl.Series("ROW", line), snpid.to_series("SNPID"), reasons])
