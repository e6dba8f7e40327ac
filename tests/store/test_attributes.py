"""Texts of attributes: checked whenever they are read; heaps of older files cannot hold the library up."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import postgwas.store
from postgwas.errors import StoreError
from postgwas.store import Provenance, Study
from postgwas.store.attributes import attribute, attributes, check_heaps, write_attribute

from . import frozen

HEAP = b"GCOL"


def put_texts_into_a_heap(path):
    """As files of before have them."""

    def change(node):
        for name, value in list(node.attrs.items()):
            if isinstance(value, bytes):
                node.attrs[name] = value.decode()

    with h5py.File(path, "r+") as handle:
        change(handle)
        handle.visititems(lambda _, node: change(node))


@pytest.mark.parametrize("text", ["sd", "", "β per allele", "x" * 100_000])
def test_texts_come_back(tmp_path, text):
    with h5py.File(tmp_path / "a.h5", "w", libver=("v110", "v110")) as handle:
        write_attribute(handle, "unit", text)
        write_attribute(handle, "n_rows", 7)
    with h5py.File(tmp_path / "a.h5") as handle:
        assert attributes(handle) == {"n_rows": 7, "unit": text}
        with pytest.raises(KeyError, match="'kind' is missing"):
            attribute(handle, "kind")
    assert HEAP not in (tmp_path / "a.h5").read_bytes()


def test_one_module_reads_attributes():
    """As h5py gives them they are bytes, or come from a heap that nobody has looked through."""
    for file in Path(postgwas.store.__file__).parent.glob("*.py"):
        found = re.findall(r"\.attrs(?:\[|\.get|\.items)", file.read_text())
        assert not found or file.name == "attributes.py", file


def test_no_file_of_a_store_has_texts_in_a_heap(study, tmp_path):
    study.pack(tmp_path / "packed.h5")
    study.pack(tmp_path / "portable.h5", portable=True)
    parts = list(study.path.with_suffix(".parts").iterdir())
    for file in (study.path, *parts, tmp_path / "packed.h5", tmp_path / "portable.h5"):
        assert HEAP not in file.read_bytes(), file
    for part in parts:
        put_texts_into_a_heap(part)
        assert HEAP in part.read_bytes()
    assert study.verify().problems == ()  # what a text says is sealed, not how it is stored
    study.pack(tmp_path / "again.h5")
    assert HEAP not in (tmp_path / "again.h5").read_bytes()
    assert Study.open(tmp_path / "again.h5").verify().problems == ()


def test_every_changed_byte_of_a_part_is_told_when_it_is_read(study):
    """Without `verify`: values, texts and where they lie are all guarded by checksums."""
    part = study.path.with_suffix(".parts") / next(one.part for one in study.ls() if one.key == "mtag/height")
    sound, expected = part.read_bytes(), study.read_polars("mtag/height")
    kind, units, told = study.ls()[2].kind, study.units("mtag/height"), 0
    rng = np.random.default_rng(8)
    for at in sorted(rng.choice(len(sound), 120, replace=False)):
        content = bytearray(sound)
        content[at] ^= 1 << int(rng.integers(8))
        part.write_bytes(content)
        try:
            assert study.read_polars("mtag/height").equals(expected)
            assert study.units("mtag/height") == units
        except StoreError as error:
            assert part.name in str(error)
            told += 1
        assert {one.kind for one in study.ls() if one.key == "mtag/height"} <= {kind}
    assert told > 60


#: Bytes of an object's size in the heap of the file below, and values on which HDF5 2.0 does not come back.
ENDLESS = ((48, 255), (120, 255), (160, 253), (264, 210), (328, 0))
READ = """
import h5py, sys
from postgwas.store.attributes import attribute
for path in sys.argv[1:]:
    with h5py.File(path) as handle:
        try:
            print(attribute(handle, "kind"))
        except ValueError as error:
            print(error)
"""


def test_damaged_heaps_of_older_files_are_told(tmp_path):
    sound = tmp_path / "sound.h5"
    names = ("encoding-type", "kind", "created", "key", "sha256", "column-order", "postgwas")
    with h5py.File(sound, "w", libver=("v110", "v110")) as handle:
        for i, name in enumerate(names):
            handle.attrs[name] = "x" * (7 * i + 3)
    files = [sound]
    for byte, value in ENDLESS:
        content = bytearray(sound.read_bytes())
        content[content.find(HEAP) + byte] = value
        files.append(tmp_path / f"{byte}.h5")
        files[-1].write_bytes(content)
    ran = subprocess.run([sys.executable, "-c", READ, *files], capture_output=True, text=True, timeout=60)
    told = [f"the heap of texts at byte {sound.read_bytes().find(HEAP)} is damaged"] * len(ENDLESS)
    assert ran.stdout.splitlines() == ["x" * 10, *told]


def test_a_damaged_older_store_ends(tmp_path):
    frozen.study_1(tmp_path / "study.h5")
    part = next((tmp_path / "study.parts").glob("mtag_height*"))
    content = bytearray(part.read_bytes())
    size = content.find(HEAP) + 24  # of the first text
    content[size : size + 8] = bytes(8)
    content[size + 8 : size + 4096 - 24] = bytes(4096 - 32)
    part.write_bytes(content)
    with pytest.raises(ValueError, match="the heap of texts at byte"):
        check_heaps(part)
    study = Study.open(tmp_path / "study.h5")
    with pytest.raises(StoreError, match="mtag/height: damaged: the heap of texts"):
        study.read_table("mtag/height")
    assert [one.key for one in study.ls()] == ["mtag/cov", part.name]
    assert [problem.file for problem in study.verify().problems if "heap" in problem.what] == [part]
    study.write_table("mtag/height", {"Z": [1.0]}, kind="k", provenance=Provenance("x"), overwrite=True)
    assert study.read_table("mtag/height")["Z"].tolist() == [1.0]
