"""Packed and portable files hold the same, and are read by the same calls."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest

from postgwas.errors import StoreError
from postgwas.store import Provenance, Study


@pytest.fixture
def rich_study(study):
    table = {
        "CHR": ["1", None, "X"],
        "POS": [5, None, 7],
        "text": ["é" * 200, None, "b"],
        "nul": ["end\0", "", "x"],
        "count": np.ma.array([1, 2, 3], mask=[True, False, False]),
        "flag": [True, None, False],
    }
    study.write_table("odd/columns", table, kind="k", units={"POS": "bp"}, provenance=Provenance("x", seed=3))
    study.write_arrays("odd/empty", {"a": np.zeros((0, 2))}, kind="k", provenance=Provenance("x"))
    return study


@pytest.mark.parametrize("portable", [False, True])
def test_packed_files_hold_the_same(rich_study, tmp_path, portable):
    rich_study.pack(tmp_path / "packed.h5", portable=portable)
    packed = Study.open(tmp_path / "packed.h5")
    assert packed.packed
    assert packed.verify().problems == ()
    assert [(e.key, e.kind, e.rows, e.created) for e in packed.ls()] == [
        (e.key, e.kind, e.rows, e.created) for e in rich_study.ls()
    ]
    for entry in rich_study.ls():
        assert packed.provenance(entry.key) == rich_study.provenance(entry.key)
        assert packed.attrs(entry.key) == rich_study.attrs(entry.key)
        if entry.encoding == "table":
            assert packed.read_polars(entry.key).equals(rich_study.read_polars(entry.key))
            assert packed.units(entry.key) == rich_study.units(entry.key)
        else:
            found, expected = packed.read_arrays(entry.key), rich_study.read_arrays(entry.key)
            assert {n: a.tolist() for n, a in found.items()} == {n: a.tolist() for n, a in expected.items()}
    assert packed.query("3:1000-20000").equals(rich_study.query("3:1000-20000"))


def test_packing_a_packed_file_again(rich_study, tmp_path):
    rich_study.pack(tmp_path / "one.h5")
    Study.open(tmp_path / "one.h5").pack(tmp_path / "two.h5", portable=True)
    Study.open(tmp_path / "two.h5").pack(tmp_path / "three.h5")
    for key in ("mtag/height", "odd/columns"):
        assert Study.open(tmp_path / "three.h5").read_polars(key).equals(rich_study.read_polars(key))


def test_a_portable_file_needs_no_plugin(study, tmp_path):
    study.pack(tmp_path / "portable.h5", portable=True)
    filters = set()

    def look(_, node):
        if isinstance(node, h5py.Dataset):
            creation = node.id.get_create_plist()
            filters.update(creation.get_filter(i)[0] for i in range(creation.get_nfilters()))

    with h5py.File(tmp_path / "portable.h5", "r") as handle:
        handle.visititems(look)
    assert filters == {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}
    plain = (
        "import h5py, sys; f = h5py.File(sys.argv[1]); c = f['mtag/height/columns'];"
        "print(c['SNPID/values'][0].decode(), c['Z'].shape[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", plain, tmp_path / "portable.h5"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [study.read_table("mtag/height")["SNPID"][0], "5000"]


def test_what_pack_refuses(study, tmp_path):
    (tmp_path / "there.h5").write_text("precious")
    with pytest.raises(StoreError, match=r"exists already .--overwrite"):
        study.pack(tmp_path / "there.h5")
    assert (tmp_path / "there.h5").read_text() == "precious"
    with pytest.raises(StoreError, match="is the study itself"):
        study.pack(study.path, overwrite=True)
    study.pack(tmp_path / "packed.h5")
    with pytest.raises(StoreError, match="is a packed file, which is only read"):
        Study.open(tmp_path / "packed.h5", create=True).write_arrays(
            "x", {"a": np.zeros(1)}, kind="k", provenance=Provenance("x")
        )
    part = next((tmp_path / "study.parts").glob("mtag_height*.h5"))
    with h5py.File(part, "r+") as handle:
        handle.attrs["kind"] = "changed"
    with pytest.raises(StoreError, match="mtag/height: differs from its checksum"):
        study.pack(tmp_path / "again.h5")
    assert not (tmp_path / "again.h5").exists()
