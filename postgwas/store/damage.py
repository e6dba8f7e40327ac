"""What a damaged file makes the HDF5 library raise, and how that is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgwas.errors import StoreError

#: Arrow's errors, and those of damaged UTF-8 and JSON, are ValueErrors.
#: TypeErrors and AttributeErrors are those of a group where a dataset was expected, or the other way round.
BROKEN = (OSError, KeyError, ValueError, RuntimeError, IndexError, TypeError, AttributeError)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its name where it has none."""
    # A KeyError quotes its message.
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    return (text.splitlines() or [type(error).__name__])[0]


@contextmanager
def damage(file: Path, key: str) -> Iterator[None]:
    """Name the file and the key of whatever a damaged file makes a library raise.

    Raises
    ------
    StoreError
    """
    try:
        yield
    except BROKEN as error:
        raise StoreError(f"{file}: {key}: damaged: {first_line(error)}") from error
