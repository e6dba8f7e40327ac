"""QTL mapping: cis, permutations, independent signals, interactions, trans, allelic fold change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.qtl.inputs import QtlInputOptions as QtlInputOptions
    from postgwas.qtl.inputs import QtlInputs as QtlInputs
    from postgwas.qtl.inputs import load_inputs as load_inputs
    from postgwas.qtl.qvalues import qvalue as qvalue
    from postgwas.qtl.run_cis import cis_nominal as cis_nominal
    from postgwas.qtl.run_trans import TransSettings as TransSettings
    from postgwas.qtl.run_trans import trans as trans

_HOMES = {
    "cis_nominal": "postgwas.qtl.run_cis",
    "load_inputs": "postgwas.qtl.inputs",
    "QtlInputOptions": "postgwas.qtl.inputs",
    "QtlInputs": "postgwas.qtl.inputs",
    "qvalue": "postgwas.qtl.qvalues",
    "trans": "postgwas.qtl.run_trans",
    "TransSettings": "postgwas.qtl.run_trans",
}

__all__ = [
    "QtlInputOptions",
    "QtlInputs",
    "TransSettings",
    "cis_nominal",
    "load_inputs",
    "qvalue",
    "trans",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.qtl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
