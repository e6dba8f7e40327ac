"""Tell GRCh37 from GRCh38 by the positions of known SNPs."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class BuildCall:
    """What the positions of known SNPs say.

    Attributes
    ----------
    build : {"GRCh37", "GRCh38"} or None
        None if the evidence is too little or contradicts itself.
    n_known : int
        Rows whose SNPID is in the table of known SNPs and which have a position.
    n_grch37, n_grch38 : int
        Of them, those at the SNP's position in the build.
    n_zero_based : int
        Of them, those one base before the position in either build.
    reason : str
        One sentence: the counts, and where `build` is None why.
    """

    build: str | None
    n_known: int
    n_grch37: int
    n_grch38: int
    n_zero_based: int
    reason: str


class BuildVotes:
    """Counts over the chunks of a file; their order and size change nothing."""

    def add(self, snpid: pl.Series, chr: ArrayLike, pos: ArrayLike) -> None:
        """Count a chunk's rows.

        Parameters
        ----------
        snpid : pl.Series of String, shape (n_rows,)
            rsIDs; other ids and nulls are passed over.
        chr, pos : array_like of int, shape (n_rows,)
            Codes 1..25 and 1-based positions; polars Series with nulls will do.
        """
        raise NotImplementedError

    def call(self) -> BuildCall:
        """The build that the rows so far speak for."""
        raise NotImplementedError


def votes_from_reference(
    pos: ArrayLike, ea: pl.Series, nea: pl.Series, sequence: ArrayLike
) -> tuple[int, int]:
    """Rows of one chromosome whose SNV alleles hold the reference base, and rows compared.

    For files without rsIDs. In the right build nearly all do; in another about half do by chance.
    """
    raise NotImplementedError
