#!/usr/bin/env python3
"""Drop-in for Popcorn 1.1: ``popcorn compute`` and ``popcorn fit`` with its flags and files.

Put this in place of ``popcorn`` in a script: ``python cli/popcorn.py fit --cfile ... OUT``, or
``python -m postgwas.cli.popcorn fit ...`` where the package is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run Popcorn's command line."""
    from postgwas.cli.main import run_module

    return run_module("popcorn_command", sys.argv[1:] if argv is None else argv, prog="popcorn")


if __name__ == "__main__":
    sys.exit(main())
