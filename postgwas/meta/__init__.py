"""Meta-analysis of GWAS: fixed and random effects, heterogeneity, ancestry; and METAL's command files.

``run_meta.py`` reads studies, joins them by variant and runs a method of ``methods.py`` block by block;
``metal_script.py`` does what METAL does with a command file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.meta.aligned import MetaBlock
    from postgwas.meta.fixed_effects import combine_fixed
    from postgwas.meta.mama_options import MamaOptions, Population
    from postgwas.meta.run_mama import mama
    from postgwas.meta.run_meta import meta
    from postgwas.meta.run_popcorn import PopcornOptions, popcorn
    from postgwas.meta.studies import StudySpec

__all__ = [
    "MamaOptions",
    "MetaBlock",
    "PopcornOptions",
    "Population",
    "StudySpec",
    "combine_fixed",
    "mama",
    "meta",
    "popcorn",
]

_HOME = {
    "MamaOptions": "mama_options",
    "MetaBlock": "aligned",
    "PopcornOptions": "run_popcorn",
    "Population": "mama_options",
    "StudySpec": "studies",
    "combine_fixed": "fixed_effects",
    "mama": "run_mama",
    "meta": "run_meta",
    "popcorn": "run_popcorn",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
