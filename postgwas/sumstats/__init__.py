"""The summary-statistics table: read it from any dialect, check it, write it.

>>> from postgwas.sumstats import read_sumstats, quality_control  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "Sumstats": "table",
    "read_sumstats": "run",
    "from_table": "run",
    "QCRules": "qc",
    "QCResult": "qc",
    "quality_control": "qc",
    "write_delimited": "write",
    "write_rejected": "write",
    "write_ssf": "ssf",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    # polars and scipy are loaded only once something is used, so that --help stays quick.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"postgwas.sumstats.{_HOME[name]}"), name)
