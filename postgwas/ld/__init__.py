"""LD score panels as objects."""

from __future__ import annotations

from postgwas.ld.panel import LDScorePanel, load_panel

__all__ = ["LDScorePanel", "load_panel"]
