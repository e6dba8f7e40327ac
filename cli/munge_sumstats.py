#!/usr/bin/env python3
"""Drop-in for munge_sumstats.py of ldsc 1.0.1: the same flags, defaults, files and columns.

Put this in place of ``python munge_sumstats.py`` in a script: ``python cli/munge_sumstats.py
--sumstats ...``, or ``python -m postgwas.cli.munge_sumstats --sumstats ...`` where the package is
installed. ``--ldsc_compat`` brings back its faults too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``postgwas munge`` on munge_sumstats.py's command line."""
    from postgwas.cli.main import run_command

    return run_command("munge", sys.argv[1:] if argv is None else argv, prog="munge_sumstats.py")


if __name__ == "__main__":
    sys.exit(main())
