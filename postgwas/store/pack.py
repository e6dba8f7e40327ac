"""One self-contained file of a study, to send or to archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from postgwas.errors import StoreError
from postgwas.store.attributes import attribute, attributes, text_attribute, write_attribute
from postgwas.store.columns import read_group, units_of
from postgwas.store.containment import check_dataset
from postgwas.store.encoding import read_json
from postgwas.store.hdf5 import new_file
from postgwas.store.part import read_arrays_part, seal, sort_table, write_arrays_part, write_table_part
from postgwas.store.schema import CHECKSUM, encoding_of, stamp

if TYPE_CHECKING:
    from postgwas.store.study import Study

_HEADER = ("key", "kind", "created", "postgwas")


def pack(study: Study, out: Path, *, portable: bool = False, overwrite: bool = False) -> None:
    """Copy every result into the file `out`.

    Compressed chunks are copied as they are. With `portable` they are written
    anew with gzip and fixed-width strings, for HDF5 readers without the Zstd
    plugin.

    Raises
    ------
    StoreError
        If `out` exists and `overwrite` is false, or is the study itself.
    OutputError
        If it cannot be written.
    """
    if out.exists() and study.path.exists() and out.samefile(study.path):
        raise StoreError(f"{out}: is the study itself", hint="pack into another file")
    with new_file(out, overwrite=overwrite) as handle:
        stamp(handle, "study")
        write_attribute(handle, "layout", "packed")
        for entry in study.ls():
            with study.result(entry.key) as (group, file):
                if portable:
                    _rewrite(group, handle.create_group(entry.key), file, entry.key)
                else:
                    _copy(group, handle, entry.key)
                    if seal(handle[entry.key]) != attribute(group, CHECKSUM):
                        raise StoreError(
                            f"{file}: {entry.key}: differs from its checksum",
                            hint="see 'postgwas store verify'",
                        )


def _copy(group: Any, handle: Any, key: str) -> None:
    """Chunks as they are; attributes anew, since those of older files are not at fixed length."""
    group.visititems(lambda _, node: check_dataset(node) if isinstance(node, h5py.Dataset) else None)
    handle.copy(group, key, without_attrs=True)
    target = handle[key]
    nodes = [(group, target)]
    group.visititems(lambda name, node: nodes.append((node, target[name])))
    for source, copied in nodes:
        for name, value in attributes(source).items():
            write_attribute(copied, name, value)


def _rewrite(group: Any, target: Any, file: Path, key: str) -> None:
    header = {name: text_attribute(group, name) for name in _HEADER}
    attrs = read_json(group, "attrs", file=file, key=key)
    provenance = read_json(group, "provenance", file=file, key=key)
    if encoding_of(group, file=file, key=key)[0] == "arrays":
        arrays = read_arrays_part(group, file=file, key=key)
        write_arrays_part(target, arrays, header, attrs=attrs, provenance=provenance, portable=True)
        return
    units = units_of(group)
    table = sort_table(read_group(group, None, file=file, key=key))
    write_table_part(target, table, header, units=units, attrs=attrs, provenance=provenance, portable=True)
