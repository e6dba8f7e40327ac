"""Colocalisation: do two traits share a causal variant in a region?

======================  ====================================================================
``Dataset``             one trait's summary statistics of a region, checked
``abf``                 two traits, one causal variant each at most
``abf_regions``         the same for many regions in one pass
======================  ====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.coloc.hypotheses import Sensitivity as Sensitivity
    from postgwas.coloc.trait_data import Dataset as Dataset
    from postgwas.coloc.two_traits import Coloc as Coloc
    from postgwas.coloc.two_traits import ColocRegions as ColocRegions
    from postgwas.coloc.two_traits import abf as abf
    from postgwas.coloc.two_traits import abf_regions as abf_regions

_HOMES = {
    "Coloc": "postgwas.coloc.two_traits",
    "ColocRegions": "postgwas.coloc.two_traits",
    "Dataset": "postgwas.coloc.trait_data",
    "Sensitivity": "postgwas.coloc.hypotheses",
    "abf": "postgwas.coloc.two_traits",
    "abf_regions": "postgwas.coloc.two_traits",
}

__all__ = ["Coloc", "ColocRegions", "Dataset", "Sensitivity", "abf", "abf_regions"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
