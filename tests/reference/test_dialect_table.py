"""The table of dialects that is read is the one that people edit."""

from __future__ import annotations

import json

from postgwas.reference.dialects import JSON, table_of_yaml


def test_json_and_yaml_are_the_same_table() -> None:
    # python -m postgwas.reference.dialects writes the one from the other.
    assert json.loads(JSON.read_text(encoding="utf-8")) == table_of_yaml()
