"""Reference sequences from an indexed FASTA file, a chromosome at a time."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]


class Fasta:
    """An indexed FASTA file, plain or bgzip; contigs named in any usual style.

    A missing ``.fai`` is built beside the file, or in the cache where that cannot be written.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    InputError
        The file is missing, not FASTA, or gzip but not bgzip.

    Attributes
    ----------
    build : str or None
        By the lengths of its chromosomes; None if they are no known build's.
    chromosomes : tuple of int
        Codes of those present.
    """

    build: str | None
    chromosomes: tuple[int, ...]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        raise NotImplementedError

    def sequence(self, chromosome: int) -> ByteArray:
        """Bases of a whole chromosome as upper-case ASCII codes, base i of the array being position i + 1.

        Raises
        ------
        InputError
            The file has no such chromosome.
        """
        raise NotImplementedError
