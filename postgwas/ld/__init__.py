"""LD score panels as objects, imported when first used: LD scores of genotypes need none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.ld.panel import LDScorePanel as LDScorePanel
    from postgwas.ld.panel import load_panel as load_panel

__all__ = ["LDScorePanel", "load_panel"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from postgwas.ld import panel

        return getattr(panel, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
