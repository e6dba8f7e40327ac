"""The rows of a munged trait as they were read, before anything is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Texts
from postgwas.ld.variant_ids import VariantIds

Letters = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class AlleleLetters:
    """One allele of each variant.

    Attributes
    ----------
    letters : ndarray of uint8, shape (T,)
        The character of an allele that has one, in the case in which it was written; 0 for longer
        ones, :attr:`MISSING` where there is none.
    text : callable
        Row -> the allele.
    """

    letters: Letters
    text: Callable[[int], str]

    MISSING: ClassVar[int] = 255

    @classmethod
    def of(cls, texts: Texts) -> AlleleLetters:
        """From text.

        Examples
        --------
        >>> from postgwas.columns.texts import Keeper, texts_of_list
        >>> alleles = AlleleLetters.of(texts_of_list([b"A", b"TC", b""], Keeper()))
        >>> alleles.letters.tolist(), alleles.text(1)
        ([65, 0, 255], 'TC')
        """
        first = texts.words[:, 0]
        letters = np.where(first < cls.MISSING, first, 0).astype(np.uint8)
        letters[texts.missing()] = cls.MISSING
        return cls(letters, texts.text)

    def take(self, rows: npt.NDArray[np.intp]) -> AlleleLetters:
        """Those of some rows."""
        return AlleleLetters(self.letters[rows], lambda row: self.text(int(rows[row])))


@dataclass(frozen=True, eq=False)
class Rows:
    """T rows of a trait.

    Attributes
    ----------
    ids : VariantIds
    z, n : ndarray of float64, shape (T,)
        NaN where there is no value.
    ea, nea : AlleleLetters or None
        None where they were not asked for.
    lines : ndarray of int64, shape (T,), or int
        Line of each row in its file, or that of the first where they follow one another.
    """

    ids: VariantIds
    z: npt.NDArray[np.float64]
    n: npt.NDArray[np.float64]
    ea: AlleleLetters | None = None
    nea: AlleleLetters | None = None
    lines: npt.NDArray[np.int64] | int = 1

    def __len__(self) -> int:
        return int(self.z.size)

    def take(self, kept: npt.NDArray[np.bool_]) -> Rows:
        """The rows that are kept."""
        rows = np.flatnonzero(kept)
        return Rows(
            ids=self.ids.take(rows),
            z=self.z[rows],
            n=self.n[rows],
            ea=self.ea and self.ea.take(rows),
            nea=self.nea and self.nea.take(rows),
            lines=self.line_numbers(rows),
        )

    def line_numbers(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Lines of some rows in the file."""
        return rows + self.lines if isinstance(self.lines, int) else self.lines[rows]

    def incomplete(self) -> npt.NDArray[np.bool_]:
        """Which rows lack a value."""
        lacking = np.isnan(self.z) | np.isnan(self.n)
        if self.ids.missing is not None:
            lacking |= self.ids.missing
        for alleles in (self.ea, self.nea):
            if alleles is not None:
                lacking |= alleles.letters == AlleleLetters.MISSING
        return lacking
