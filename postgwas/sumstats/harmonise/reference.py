"""A reference of variants with their alleles, frequencies and ids, one chromosome at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import os

    import polars as pl

LOCATED, ID_UNKNOWN, ID_AMBIGUOUS = 0, 1, 2
"""Status of an id that was looked up."""


@dataclass(frozen=True)
class Located:
    """Where ids are in a reference.

    Attributes
    ----------
    chr : ndarray of int8, shape (n,)
        0 where the id was not found at one position.
    pos : ndarray of int32, shape (n,)
    status : ndarray of uint8, shape (n,)
        :data:`LOCATED`, :data:`ID_UNKNOWN` or :data:`ID_AMBIGUOUS` (several positions).
    """

    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    status: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference, parsed once into columns; small enough to be sent to workers.

    Attributes
    ----------
    source : str
        What it was opened by.
    folder : Path
        Where the columns of each chromosome are.
    build : str or None
        ``"GRCh37"``, ``"GRCh38"``, or None where the file does not say for certain.
    ref_known : bool
        Whether REF is the reference genome's allele. False for ``.bim`` and for tables with
        A1 and A2: their order says nothing, A1 is given as ALT.
    has_af : bool
        Whether any frequency is known.
    n_variants : mapping of int to int
        Chromosome -> rows of its frame, chromosomes in genome order.
    af_field : str or None
        Where the frequencies come from.
    warnings : tuple of str
        One line each; for the log.
    skipped : mapping of str to int
        Reason -> records left out of the frames (symbolic alleles and the like).
    """

    source: str
    folder: Path
    build: str | None
    ref_known: bool
    has_af: bool
    n_variants: Mapping[int, int]
    af_field: str | None = None
    warnings: tuple[str, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def chromosomes(self) -> tuple[int, ...]:
        """Codes of the chromosomes that have variants."""
        return tuple(self.n_variants)

    def frame(self, chr: int) -> pl.DataFrame:
        """Variants of one chromosome, sorted by POS, REF and ALT; empty where there is none.

        Returns
        -------
        polars.DataFrame
            SNPID (String, null if none), POS (Int32), REF, ALT (String of A, C, G, T),
            AF (Float32 frequency of ALT, null if unknown). Multi-allelic records are split,
            one row an ALT, and trimmed of bases that both alleles share.
        """
        raise NotImplementedError

    def locate(self, ids: pl.Series) -> Located:
        """Chromosome and position of variants by SNPID, for files without positions."""
        raise NotImplementedError


def open_reference(
    path: str | os.PathLike[str], *, af_field: str | None = None, cache: bool = True
) -> Reference:
    """Open a reference of variants, parsing it unless that was done before.

    Parameters
    ----------
    path : path-like
        VCF or BCF (with or without genotypes and index), ``.bim``, ``.pvar`` or a table (TSV, CSV,
        Parquet) with columns SNPID, CHR, POS, REF, ALT and AF; compressed or not. A ``@`` stands
        for the chromosome where there is one file each.
    af_field : str, optional
        INFO field (VCF, BCF, .pvar) or column (table) with the frequency of ALT. Else AF, or
        AC / AN.
    cache : bool
        Keep the columns under the cache folder for the next run.

    Raises
    ------
    InputError
        A file is missing, damaged or no reference.
    UsageError
        `af_field` is not there.
    """
    raise NotImplementedError
