"""All result files of a step or none: they are written aside and named together."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from postgwas.mtag.run_outputs import Request
from postgwas.staging import appear_together


@contextmanager
def staged(request: Request) -> Iterator[Request]:
    """A request whose files lie in a folder aside; they get their names when the block ends well.

    Raises
    ------
    OutputError
        As :func:`postgwas.staging.appear_together`.
    """
    if request.out is None or request.folder is None:
        yield request
        return
    with appear_together(request.folder) as aside:
        yield replace(request, out=os.path.join(aside, os.path.basename(request.out)))


#: Endings of results of earlier runs that someone could take for this one's.
RESULT_ENDINGS = (
    *("_trait_*.txt", "_mtag_meta.txt", "_omega_hat.txt", "_omega_se.txt", "_rg.txt", "_rg.png"),
    *("_fdr_mat.txt", "_prob_grid.txt", "_maxfdr_optimum.tsv"),
)


def leftovers(request: Request, written: Sequence[Path]) -> list[Path]:
    """Results under this prefix that the run did not write: they are an earlier one's."""
    if request.out is None or request.folder is None:
        return []
    prefix = glob.escape(os.path.basename(request.out))
    found = {path for ending in RESULT_ENDINGS for path in request.folder.glob(prefix + ending)}
    return sorted(found - set(written))
