"""Which build a study's positions are of, from places of known SNPs: counted over arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import LAST, Words, place_of
from postgwas.columns.decimals import digits_of
from postgwas.columns.texts import Texts
from postgwas.sumstats.harmonise.build import BuildCall, BuildVotes

_RS = int.from_bytes(b"rs", "little")


class BuildCounter:
    """Counts rows at places of known SNPs.

    Parameters
    ----------
    sample : bool
        Look at rows only whose position is divisible by 8: enough of a large file.
    """

    def __init__(self, *, sample: bool) -> None:
        self._sample = sample
        self._votes = BuildVotes()

    def add(self, snpid: Texts, chr: npt.NDArray[np.int8], pos: npt.NDArray[np.int32]) -> None:
        """Count rows."""
        rows = np.flatnonzero(((pos & 7) == 0) & (pos > 0)) if self._sample else np.flatnonzero(pos > 0)
        if not rows.size:
            return
        self._votes.add_numbers(rs_numbers(snpid.words[rows]), chr[rows], pos[rows])

    def call(self) -> BuildCall:
        """What the places say."""
        return self._votes.call()


def rs_numbers(words: Words) -> npt.NDArray[np.uint32]:
    """Numbers of rsIDs of up to eight digits or so, 0 where a text is none, [words shape: (M, width)].

    Examples
    --------
    >>> from postgwas.columns.texts import Keeper, texts_of_list
    >>> rs_numbers(texts_of_list([b"rs12", b"rs3131972", b"1:5"], Keeper(2)).words).tolist()
    [12, 3131972, 0]
    """
    first = words[:, 0]
    second = words[:, 1] if words.shape[1] > 1 else np.zeros_like(first)
    beyond = words[:, 2:].any(axis=1) if words.shape[1] > 2 else np.zeros(first.size, np.bool_)
    # The text after "rs" as one word, and what hangs over.
    text: Words = (first >> np.uint64(16)) | (second << np.uint64(48))
    over: Words = second >> np.uint64(16)
    length = place_of(0, text)
    number, bad = digits_of(text << ((8 - length) << 3).astype(np.uint64), LAST[length])
    good = ((first & np.uint64(0xFFFF)) == _RS) & (length > 0) & (bad == 0) & ~beyond
    rows = np.flatnonzero(over)
    if rows.size:
        length = place_of(0, over[rows])
        rest, bad = digits_of(over[rows] << ((8 - length) << 3).astype(np.uint64), LAST[length])
        number[rows] = number[rows] * np.uint64(10) ** length.astype(np.uint64) + rest
        good[rows] &= (length <= 2) & (bad == 0)
    good &= number < np.uint64(1 << 32)
    result: npt.NDArray[np.uint32] = np.where(good, number, np.uint64(0)).astype(np.uint32)
    return result
