"""All files of a result or none: they are written aside and take their names together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgwas.errors import OutputError, PostgwasError, full_disk


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """A hidden folder in `beside`, for what a run keeps on disk for a while; gone when the block ends.

    Raises
    ------
    OutputError
        If `beside` cannot be written to, or the disk is full.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=".postgwas-", dir=beside))
    except OSError as error:
        raise OutputError(f"{beside}: cannot be written to: {error.strerror or error}") from None
    try:
        yield folder
    except OSError as error:
        if error.filename is None and full_disk(error):
            raise OutputError(f"{beside}: disk full while writing what is kept there until the end") from None
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def appear_together(final: Path) -> Iterator[Path]:
    """A folder aside; the files that lie in it move to `final` when the block ends well.

    A full disk, an error or Ctrl-C half way leaves neither some of the files nor a mixture of
    new and old ones, and nothing aside. Files of the same names in `final` are replaced: whether
    they may be is for the caller to ask beforehand. Errors name files as they will be called.

    Raises
    ------
    OutputError
        If `final` cannot be written to, or a file cannot be moved there.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with appear_together(home) as aside:
    ...     _ = (aside / "a.tsv").write_text("SNP")
    ...     list(home.glob("*.tsv"))
    []
    >>> [path.name for path in home.iterdir()]
    ['a.tsv']
    """
    with scratch_folder(final) as aside:
        try:
            yield aside
            files = sorted(aside.iterdir())
            for path in filter(Path.is_file, files):
                _settle(path)
            for path in files:
                os.replace(path, final / path.name)
        except PostgwasError as error:
            place = "" if str(final) == "." else f"{final}{os.sep}"
            error.message = error.message.replace(f"{aside}{os.sep}", place)
            raise
        except OSError as error:
            raise OutputError(f"{final}: results cannot be written: {error.strerror or error}") from None


def _settle(path: Path) -> None:
    """On the disk, and readable for whom the user's mask allows."""
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
