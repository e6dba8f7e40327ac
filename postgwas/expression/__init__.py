"""Expression: from raw counts to matrices that are ready for QTL mapping.

Every name is imported when first used.
"""

from __future__ import annotations

from typing import Any

#: Public name -> the module that it lives in.
_HOMES: dict[str, str] = {
    "ExpressionMatrix": "postgwas.expression.matrix",
    "gene_table": "postgwas.expression.matrix",
    "read_bed": "postgwas.expression.bed",
    "read_expression": "postgwas.expression.reading",
    "read_parquet": "postgwas.expression.parquet",
    "write_bed": "postgwas.expression.bed",
    "write_parquet": "postgwas.expression.parquet",
}

__all__: list[str] = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.expression' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
