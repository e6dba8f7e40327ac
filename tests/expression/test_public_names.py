"""The room's public names: importable, and none hidden by a module of the same name."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import postgwas.expression as expression


@pytest.mark.parametrize("name", expression.__all__)
def test_a_name_is_what_its_module_holds(name: str) -> None:
    home = importlib.import_module(expression._HOMES[name])
    assert getattr(expression, name) is getattr(home, name)


def test_no_module_is_called_as_a_public_name() -> None:
    """Importing such a module would put it in the place of the function."""
    modules = {path.stem for path in Path(expression.__file__).parent.glob("*.py")}
    assert modules & set(expression.__all__) == set()
