"""One door for every genotype file: the kind is told by the name."""

from __future__ import annotations

import os
from pathlib import Path

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import Genotypes


def open_genotypes(path: str | os.PathLike[str]) -> Genotypes:
    """Open PLINK 1 genotypes by their prefix or main file.

    Parameters
    ----------
    path : path-like
        ``prefix`` or ``prefix.bed``.

    Raises
    ------
    InputError
        If no such file exists, or it is damaged.
    """
    name = os.fspath(path)
    if name.endswith(".bed") or Path(name + ".bed").is_file():
        from postgwas.genotypes.plink1 import open_plink1

        return open_plink1(name)
    raise InputError(f"{name}: no such genotypes; expected {name}.bed")
