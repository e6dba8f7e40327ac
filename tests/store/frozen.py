"""Writers of every version of every encoding, in plain h5py.

It never changes: it stands for files that users have. When an encoding gets a
new version, its own frozen writer is added beside these.
"""

from __future__ import annotations

import json

import h5py
import hdf5plugin
import numpy as np


def stamp(node, encoding):
    node.attrs["encoding-type"] = encoding
    node.attrs["encoding-version"] = 1
    return node


def string_array_1(group, name, text):
    node = stamp(group.create_group(name), "string-array")
    encoded = [(value or "").encode() for value in text]
    node["offsets"] = np.cumsum([0, *map(len, encoded)]).astype("u8")
    node["bytes"] = np.frombuffer(b"".join(encoded), "u1")
    if None in text:
        node["mask"] = np.array([value is None for value in text])


def columns_1(group):
    group.attrs["column-order"] = json.dumps(["CHR", "POS", "SNPID", "EA", "ID", "N", "Z"])
    group.attrs["n_rows"] = 3
    columns = group.create_group("columns")
    stamp(columns.create_dataset("CHR", data=np.array([1, 1, 23], "i1")), "array")
    stamp(columns.create_dataset("POS", data=np.array([5, 9, 2], "i4")), "array")
    string_array_1(columns, "SNPID", ["rs1", None, "é"])
    categorical = stamp(columns.create_group("EA"), "categorical")
    categorical.attrs["shown-as"] = "string"
    categorical["codes"] = np.array([1, -1, 0], "i1")
    string_array_1(categorical, "categories", ["A", "C"])
    fixed = stamp(columns.create_group("ID"), "fixed-string-array")
    fixed["values"] = np.array([b"a", b"", b"ccc"], "S3")
    fixed["mask"] = np.array([False, True, False])
    nullable = stamp(columns.create_group("N"), "nullable")
    nullable["values"] = np.array([10, 0, 30], "i4")
    nullable["mask"] = np.array([False, True, False])
    zstd = hdf5plugin.Zstd(clevel=3)
    z = columns.create_dataset("Z", data=np.array([0.5, np.nan, -1]), chunks=(2,), shuffle=True, **zstd)
    stamp(z, "array").attrs["unit"] = "sd"


def document_1(group, name, content):
    stamp(group.create_dataset(name, data=np.bytes_(json.dumps(content).encode())), "json")


def header_1(group, key, kind):
    group.attrs.update(key=key, kind=kind, created="2026-01-31T12:00:00+00:00", postgwas="0.1.0")
    document_1(group, "attrs", {"trait": "height"})
    provenance = {
        "schema": 1,
        "command": "postgwas mtag",
        "parameters": {"maf_min": 0.01},
        "versions": {"python": "3.11.7"},
        "inputs": [{"name": "a.txt.gz", "size": 5, "sha256": "00"}],
        "rows_in": 4,
        "rows_out": 3,
        "dropped": {"INFO": 1},
        "wall_seconds": 1.5,
        "seed": None,
    }
    document_1(group, "provenance", provenance)


def table_1(group, key):
    stamp(group, "table")
    columns_1(group)
    index = stamp(group.create_group("position-index"), "position-index")
    index.attrs["chunk_rows"] = 2
    index["first_chr"], index["first_pos"] = np.array([1, 23]), np.array([5, 2])
    index["last_chr"], index["last_pos"] = np.array([1, 23]), np.array([9, 2])
    header_1(group, key, "mtag-results")


def arrays_1(group, key):
    stamp(group, "arrays")
    group.attrs["column-order"] = json.dumps(["omega", "traits"])
    arrays = group.create_group("arrays")
    stamp(arrays.create_dataset("omega", data=np.eye(2)), "array")
    string_array_1(arrays, "traits", ["height", "bmi"])
    header_1(group, key, "mtag-covariances")


def study_1(path):
    """An index and two parts, their names made as version 1 makes them."""
    parts = path.with_suffix(".parts")
    parts.mkdir()
    names = {"mtag/height": "mtag_height-0a3223bed686.h5", "mtag/cov": "mtag_cov-4fe69a108c08.h5"}
    with h5py.File(parts / names["mtag/height"], "w") as handle:
        table_1(handle, "mtag/height")
    with h5py.File(parts / names["mtag/cov"], "w") as handle:
        arrays_1(handle, "mtag/cov")
    with h5py.File(path, "w") as handle:
        stamp(handle, "study").attrs["layout"] = "index"
        document_1(handle, ".catalogue", [])
        for key, name in names.items():
            handle[key] = h5py.ExternalLink(f"{parts.name}/{name}", "/")


def packed_1(path):
    with h5py.File(path, "w") as handle:
        stamp(handle, "study").attrs["layout"] = "packed"
        table_1(handle.create_group("mtag/height"), "mtag/height")
        arrays_1(handle.create_group("mtag/cov"), "mtag/cov")


def column_file_1(path):
    with h5py.File(path, "w") as handle:
        stamp(handle, "columns")
        columns_1(handle)
        document_1(handle, "attrs", {"m": 7})


#: Their version 2 is version 1 with the texts of attributes, also of what is in them, at fixed length.
AT_FIXED_LENGTH = ("study", "columns", "table", "arrays")


def as_version_2(path):
    """Make version 2 of a file of version 1."""

    def change(node):
        for name, value in list(node.attrs.items()):
            if isinstance(value, str):
                content = value.encode()
                dtype = h5py.string_dtype("utf-8", len(content))
                del node.attrs[name]
                node.attrs.create(name, np.array(content, dtype), dtype=dtype)
        if node.attrs.get("encoding-type", b"").decode() in AT_FIXED_LENGTH:
            node.attrs["encoding-version"] = 2

    with h5py.File(path, "r+") as handle:
        change(handle)
        handle.visititems(lambda _, node: change(node))


def study_2(path):
    study_1(path)
    for file in (path, *path.with_suffix(".parts").iterdir()):
        as_version_2(file)


def packed_2(path):
    packed_1(path)
    as_version_2(path)


def column_file_2(path):
    column_file_1(path)
    as_version_2(path)
