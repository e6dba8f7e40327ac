"""Where postgwas keeps what it fetched and what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Folder of what can be made again.

    POSTGWAS_CACHE, else XDG_CACHE_HOME/postgwas, else ~/.cache/postgwas.
    """
    return _folder("POSTGWAS_CACHE", "XDG_CACHE_HOME", ".cache")


def data_folder() -> Path:
    """Folder of fetched panels and the user's registry.

    POSTGWAS_DATA, else XDG_DATA_HOME/postgwas, else ~/.local/share/postgwas.
    """
    return _folder("POSTGWAS_DATA", "XDG_DATA_HOME", ".local/share")


def _folder(own: str, standard: str, fallback: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser()
    if value := os.environ.get(standard):
        return Path(value).expanduser() / "postgwas"
    try:
        return Path.home() / fallback / "postgwas"
    except RuntimeError:  # an account without a home folder, as in some containers
        return Path("/nonexistent") / "postgwas"
