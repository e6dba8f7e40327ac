"""LD score regression: heritability, genetic covariance and correlation, intercepts, LD scores.

Every name is imported when first used. These functions take files; the regressions on arrays are
in :mod:`postgwas.ldsc.regression`.

===================  =========================================================================
``h2``               heritability of one trait, partitioned where the model has several columns
``h2_cts``           coefficients of cell types beside a baseline model
``rg``               genetic correlations of the first trait with the others
``rg_matrix``        genetic correlations of all pairs of traits
``ld_scores``        LD scores from genotypes
``cross_ld_scores``  LD scores of two populations and across them
``read_munged``      a munged trait
===================  =========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.ld.run import ld_scores as ld_scores
    from postgwas.ld.run_cross import cross_ld_scores as cross_ld_scores
    from postgwas.ldsc.cts import CtsResult as CtsResult
    from postgwas.ldsc.cts import h2_cts as h2_cts
    from postgwas.ldsc.fits import GencovFit as GencovFit
    from postgwas.ldsc.fits import H2Fit as H2Fit
    from postgwas.ldsc.fits import RegressionFit as RegressionFit
    from postgwas.ldsc.fits import RgFit as RgFit
    from postgwas.ldsc.h2_result import H2Result as H2Result
    from postgwas.ldsc.inputs import read_munged as read_munged
    from postgwas.ldsc.rg_results import RgMatrix as RgMatrix
    from postgwas.ldsc.rg_results import RgPair as RgPair
    from postgwas.ldsc.rg_results import RgResult as RgResult
    from postgwas.ldsc.run_h2 import h2 as h2
    from postgwas.ldsc.run_rg import rg as rg
    from postgwas.ldsc.run_rg import rg_matrix as rg_matrix

_HOMES = {
    "CtsResult": "postgwas.ldsc.cts",
    "GencovFit": "postgwas.ldsc.fits",
    "H2Fit": "postgwas.ldsc.fits",
    "H2Result": "postgwas.ldsc.h2_result",
    "RegressionFit": "postgwas.ldsc.fits",
    "RgFit": "postgwas.ldsc.fits",
    "RgMatrix": "postgwas.ldsc.rg_results",
    "RgPair": "postgwas.ldsc.rg_results",
    "RgResult": "postgwas.ldsc.rg_results",
    "cross_ld_scores": "postgwas.ld.run_cross",
    "h2": "postgwas.ldsc.run_h2",
    "h2_cts": "postgwas.ldsc.cts",
    "ld_scores": "postgwas.ld.run",
    "read_munged": "postgwas.ldsc.inputs",
    "rg": "postgwas.ldsc.run_rg",
    "rg_matrix": "postgwas.ldsc.run_rg",
}

__all__ = [
    "CtsResult",
    "GencovFit",
    "H2Fit",
    "H2Result",
    "RegressionFit",
    "RgFit",
    "RgMatrix",
    "RgPair",
    "RgResult",
    "cross_ld_scores",
    "h2",
    "h2_cts",
    "ld_scores",
    "read_munged",
    "rg",
    "rg_matrix",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.ldsc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
