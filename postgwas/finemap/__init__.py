"""Fine-mapping: which variants of a region are likely causal.

Every name below is imported when first used. These functions take arrays.

======================  ====================================================================
``susie``               SuSiE on genotypes and a phenotype
``susie_rss``           SuSiE on z-scores, or effects and standard errors, with LD
``susie_suff_stat``     SuSiE on X'X and X'y
======================  ====================================================================

Examples
--------
>>> import numpy as np
>>> from postgwas import finemap
>>> rng = np.random.default_rng(3)
>>> x = rng.binomial(2, 0.3, (500, 40)).astype(float)
>>> x[:, 8] = np.where(rng.random(500) < 0.99, x[:, 7], x[:, 8])
>>> y = 0.3 * x[:, 7] + rng.normal(size=500)
>>> r = np.corrcoef(x.T, y)
>>> z = r[-1, :-1] * np.sqrt(498 / (1 - r[-1, :-1] ** 2))
>>> fit = finemap.susie_rss(z, r[:-1, :-1], n=500)
>>> [one.variants.tolist() for one in fit.credible_sets]
[[7, 8]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.finemap.susie_individual import susie as susie
    from postgwas.finemap.susie_result import CredibleSet as CredibleSet
    from postgwas.finemap.susie_result import Purity as Purity
    from postgwas.finemap.susie_result import SusieFit as SusieFit
    from postgwas.finemap.susie_summary import susie_rss as susie_rss
    from postgwas.finemap.susie_summary import susie_suff_stat as susie_suff_stat

_HOMES = {
    "CredibleSet": "postgwas.finemap.susie_result",
    "Purity": "postgwas.finemap.susie_result",
    "SusieFit": "postgwas.finemap.susie_result",
    "susie": "postgwas.finemap.susie_individual",
    "susie_rss": "postgwas.finemap.susie_summary",
    "susie_suff_stat": "postgwas.finemap.susie_summary",
}

__all__ = [
    "CredibleSet", "Purity", "SusieFit", "susie", "susie_rss", "susie_suff_stat",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
