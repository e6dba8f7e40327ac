#!/usr/bin/env python3
"""Drop-in for ldsc.py 1.0.1: the same flags, defaults, file names and result lines.

Put this in place of ``python ldsc.py`` in a script: ``python cli/ldsc.py --h2 ...``, or
``python -m postgwas.cli.ldsc --h2 ...`` where the package is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``postgwas ldsc`` on ldsc.py's command line."""
    from postgwas.cli.main import run_command

    return run_command("ldsc", sys.argv[1:] if argv is None else argv, prog="ldsc.py")


if __name__ == "__main__":
    sys.exit(main())
