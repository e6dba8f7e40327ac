"""A store that can be opened: steps look after its parts, this after the index beside them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from postgwas.errors import InputError
from postgwas.pipeline.digests import Digests, write_whole
from postgwas.pipeline.store_parts import listing


def mend_index(store: Path, record: Path, digests: Digests) -> None:
    """Rebuild the index where it is gone or damaged.

    Parameters
    ----------
    store : Path
        Such as ``study.h5``.
    record : Path
        Keeps the checksum of an index that is sound, so that one that nobody has touched is not opened.
    digests : Digests

    Raises
    ------
    StoreError
        The store is of a newer version, or the file is no store: nothing is changed then.
    OutputError
        It cannot be written.
    """
    if not store.exists() and not listing(store):
        return
    with suppress(OSError, InputError):
        if record.read_text() == digests.of(str(store)):
            return
    from postgwas.store.index import mend

    mend(store)
    with suppress(OSError, InputError):
        write_whole(record, digests.of(str(store)))
