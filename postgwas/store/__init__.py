"""The store: one study in one HDF5 tree of immutable parts.

Nothing outside this room touches h5py, and no h5py handle leaves it. The names
below are imported when first used, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.store.columns import read_columns, read_columns_frame, write_columns
    from postgwas.store.provenance import InputFile, Provenance
    from postgwas.store.study import Study

__all__ = ["InputFile", "Provenance", "Study", "read_columns", "read_columns_frame", "write_columns"]

_HOME = {
    "InputFile": "provenance",
    "Provenance": "provenance",
    "Study": "study",
    "read_columns": "columns",
    "read_columns_frame": "columns",
    "write_columns": "columns",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
