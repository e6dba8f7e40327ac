"""All result files of a step or none: they are written aside and named together."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from postgwas.errors import OutputError, PostgwasError
from postgwas.mtag.run_outputs import Request


@contextmanager
def staged(request: Request) -> Iterator[Request]:
    """A request whose files lie in a folder aside; they get their names when the block ends well.

    A full disk, an error or Ctrl-C half way leaves neither some of the files nor a mixture of
    new and old ones (--overwrite), and no scratch folder.

    Raises
    ------
    OutputError
        The folder cannot be made, or a file cannot be moved to its name.
    """
    if request.out is None or request.folder is None:
        yield request
        return
    final = request.folder
    try:
        aside = Path(tempfile.mkdtemp(prefix=".postgwas-", dir=final))
    except OSError as error:
        raise OutputError(f"{final}: cannot be written to: {error.strerror or error}") from None
    try:
        yield replace(request, out=os.path.join(aside, os.path.basename(request.out)))
        for path in sorted(aside.iterdir()):
            os.replace(path, final / path.name)
    except PostgwasError as error:
        # The user knows the files by their final names.
        error.message = error.message.replace(
            f"{aside}{os.sep}", "" if str(final) == "." else f"{final}{os.sep}"
        )
        raise
    except OSError as error:
        raise OutputError(f"{final}: results cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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
