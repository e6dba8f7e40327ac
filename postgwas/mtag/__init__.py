"""Multi-trait analysis of GWAS; ``postgwas.mtag(...)`` is :func:`postgwas.mtag.run.mtag`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.mtag.options import MtagOptions as MtagOptions
    from postgwas.mtag.results import MtagResult as MtagResult
    from postgwas.mtag.run import max_fdr_of_results as max_fdr_of_results

_HOMES = {
    "MtagOptions": "postgwas.mtag.options",
    "MtagResult": "postgwas.mtag.results",
    "max_fdr_of_results": "postgwas.mtag.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _CallableModule(ModuleType):
    """Lets ``postgwas.mtag`` be both the room and the one thing that most users want from it."""

    def __call__(self, *args: Any, **kwargs: Any) -> MtagResult:
        from postgwas.mtag.run import mtag

        return mtag(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        import inspect

        from postgwas.mtag.run import mtag

        return inspect.signature(mtag)


sys.modules[__name__].__class__ = _CallableModule
