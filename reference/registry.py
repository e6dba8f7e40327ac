"""Registered reference panels: what they are, where they come from, where they are kept."""

from __future__ import annotations

from pathlib import Path

from postgwas.errors import PanelError
from postgwas.reference.folders import data_folder


def panel_folder(name: str) -> Path:
    """Folder of a registered panel that is on this machine.

    Raises
    ------
    PanelError
        If the name is not registered, or the panel is not here yet.
    """
    folder = data_folder() / "panels" / name
    if not folder.is_dir():
        raise PanelError(
            f"LD score panel '{name}' is not on this machine", hint=f"postgwas reference fetch {name}"
        )
    return folder
