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
    from postgwas.meta.run_meta import meta
    from postgwas.meta.studies import StudySpec

__all__ = ["MetaBlock", "StudySpec", "combine_fixed", "meta"]

_HOME = {
    "MetaBlock": "aligned",
    "StudySpec": "studies",
    "combine_fixed": "fixed_effects",
    "meta": "run_meta",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
