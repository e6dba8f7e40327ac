#!/usr/bin/env python3
"""Drop-in for mama.py 1.0.0: the same flags, defaults, file names and columns.

Put this in place of ``python mama.py`` in a script: ``python cli/mama.py --sumstats ...``, or
``python -m postgwas.cli.mama --sumstats ...`` where the package is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run MAMA on mama.py's command line."""
    from postgwas.cli.main import run_module

    return run_module("mama_command", sys.argv[1:] if argv is None else argv, prog="mama.py")


if __name__ == "__main__":
    sys.exit(main())
