"""Variants of chromosomes 1 to 22."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError
from postgwas.genotypes.genotypes import Genotypes

N_AUTOSOMES = 22


def on_autosomes(genotypes: Genotypes) -> NDArray[np.bool_]:
    """Which variants are on chromosomes 1 to 22."""
    mask: NDArray[np.bool_] = genotypes.variants["CHR"].is_between(1, N_AUTOSOMES).fill_null(False).to_numpy()
    return mask


def autosomal_only(genotypes: Genotypes) -> Genotypes:
    """The same file with its autosomal variants.

    Raises
    ------
    NoVariantsError
        If there is none.
    """
    mask = on_autosomes(genotypes)
    if not mask.any():
        raise NoVariantsError(
            f"{genotypes.path}: none of the {genotypes.n_variants:,} variants is on an autosome (chromosome "
            f"{genotypes.variants['CHROM'][0]} for instance); expected chromosomes 1 to 22"
        )
    return genotypes if mask.all() else genotypes.select(variants=np.flatnonzero(mask))
