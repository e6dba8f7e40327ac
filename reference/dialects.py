"""Write ``dialects.json`` from ``dialects.yaml``: the same table in a form that is read in no time.

    python -m postgwas.reference.dialects

People edit the YAML, programs read the JSON; a test holds the two to be equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

YAML = Path(__file__).with_name("dialects.yaml")
JSON = Path(__file__).with_name("dialects.json")


def table_of_yaml() -> dict[str, Any]:
    """The table as people write it."""
    import yaml

    table: dict[str, Any] = yaml.safe_load(YAML.read_text(encoding="utf-8"))
    return table


def main() -> None:
    """Write the JSON."""
    JSON.write_text(json.dumps(table_of_yaml(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
