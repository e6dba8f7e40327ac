"""Genotypes from PLINK 1, PLINK 2, VCF, BCF and BGEN files behind one interface."""

from __future__ import annotations

from postgwas.genotypes.genotypes import BlockSource, Genotypes, Moments
from postgwas.genotypes.opening import open_genotypes

__all__ = ["BlockSource", "Genotypes", "Moments", "open_genotypes"]
