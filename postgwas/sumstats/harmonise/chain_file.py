"""Read a UCSC chain file."""

from __future__ import annotations

import os

from postgwas.sumstats.harmonise.chain import Chain


def read_chain(path: str | os.PathLike[str]) -> Chain:
    """Read a chain file, plain or compressed.

    Raises
    ------
    InputError
        The file is missing, truncated or no chain file, or holds no chain of chromosomes
        1..22, X, Y, MT.
    """
    raise NotImplementedError


def check_direction(chain: Chain, *, source: str | None, target: str | None) -> None:
    """Refuse a chain that goes another way than the file needs.

    Parameters
    ----------
    chain : Chain
    source : str or None
        Build of the file; None leaves it unchecked.
    target : str or None
        Build that is asked for; None leaves it unchecked.

    Raises
    ------
    InputError
        The chain's source or target build is another one.
    """
    raise NotImplementedError
