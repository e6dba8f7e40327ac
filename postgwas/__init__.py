"""postgwas: what comes after a GWAS.

The public interface fits on this page; every name is imported when first used.

======================  ====================================================================
``mtag``                summary statistics of several traits in, MTAG results out
``read_sumstats``       one file of summary statistics, whatever program wrote it
``quality_control``     LDSC's filters, every dropped row with its reason
``load_panel``          LD scores by registered name, folder or prefix
``Study``               the HDF5 store: write, list, query by region, export, verify, pack
``engine``              where work runs: in process, local workers, a Dask cluster, a queue
``PostgwasError``       base of all errors that a user can meet
======================  ====================================================================

Examples
--------
>>> import postgwas
>>> result = postgwas.mtag(["a.txt.gz", "b.txt.gz"], ld_ref_panel="eur_w_ld_chr")  # doctest: +SKIP
>>> result.omega, result.traits["a"], print(result.summary())                     # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas import mtag as mtag
    from postgwas.compute.engine import engine as engine
    from postgwas.errors import PostgwasError as PostgwasError
    from postgwas.ld.panel import load_panel as load_panel
    from postgwas.store.study import Study as Study
    from postgwas.sumstats.qc import QCRules as QCRules
    from postgwas.sumstats.qc import quality_control as quality_control
    from postgwas.sumstats.run import read_sumstats as read_sumstats

__version__ = "0.1.0"

_HOMES = {
    "engine": "postgwas.compute.engine",
    "load_panel": "postgwas.ld.panel",
    "PostgwasError": "postgwas.errors",
    "QCRules": "postgwas.sumstats.qc",
    "quality_control": "postgwas.sumstats.qc",
    "read_sumstats": "postgwas.sumstats.run",
    "Study": "postgwas.store.study",
}

__all__ = [
    "PostgwasError",
    "QCRules",
    "Study",
    "engine",
    "load_panel",
    "mtag",
    "quality_control",
    "read_sumstats",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name == "mtag":
        return importlib.import_module("postgwas.mtag")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
