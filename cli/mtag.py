#!/usr/bin/env python3
"""Drop-in for mtag.py 1.0.8: the same flags, defaults, file names and columns.

Put this in place of ``python mtag.py`` in a script: ``python cli/mtag.py --sumstats ...``, or
``python -m postgwas.cli.mtag --sumstats ...`` where the package is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``postgwas mtag`` on mtag.py's command line."""
    from postgwas.cli.main import run_command

    return run_command("mtag", sys.argv[1:] if argv is None else argv, prog="mtag.py")


if __name__ == "__main__":
    sys.exit(main())
