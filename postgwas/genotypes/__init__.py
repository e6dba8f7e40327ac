"""Genotypes from PLINK 1, PLINK 2, VCF, BCF and BGEN files, and what is computed from them.

Every name below is imported when first used.

=====================  ======================================================================
``pca``                principal components, exact or randomised, with loadings
``project``            new samples on the axes of others
``ancestry``           groups and proportions of projected samples beside labelled ones
``fst``                F_ST of groups, Weir-Cockerham's or Hudson's, with standard errors
``grm``                the genomic relationship matrix
=====================  ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgwas.genotypes.genotypes import BlockSource, Genotypes, Moments
from postgwas.genotypes.opening import open_genotypes

if TYPE_CHECKING:
    from postgwas.genotypes.run_pca import PcaSettings as PcaSettings
    from postgwas.genotypes.run_pca import pca as pca
    from postgwas.genotypes.selection import Selection as Selection

_HOMES = {
    "PcaSettings": "postgwas.genotypes.run_pca",
    "Selection": "postgwas.genotypes.selection",
    "pca": "postgwas.genotypes.run_pca",
}

__all__ = ["BlockSource", "Genotypes", "Moments", "PcaSettings", "Selection", "open_genotypes", "pca"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
