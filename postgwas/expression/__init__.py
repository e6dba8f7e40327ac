"""Expression: from raw counts to matrices that are ready for QTL mapping.

Every name is imported when first used.
"""

from __future__ import annotations

from typing import Any

#: Public name -> the module that it lives in.
_HOMES: dict[str, str] = {}

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.expression' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
