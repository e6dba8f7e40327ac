"""Files written by older versions stay readable; newer ones are refused in one line."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from postgwas.errors import StoreError
from postgwas.store import InputFile, Study, read_columns
from postgwas.store.schema import VERSIONS

from . import frozen


def check_columns(found):
    assert found["CHR"].tolist() == [1, 1, 23]
    assert found["POS"].tolist() == [5, 9, 2]
    assert [value if isinstance(value, str) else None for value in found["SNPID"]] == ["rs1", None, "é"]
    assert [value if isinstance(value, str) else None for value in found["EA"]] == ["C", None, "A"]
    assert [value if isinstance(value, str) else None for value in found["ID"]] == ["a", None, "ccc"]
    np.testing.assert_array_equal(found["Z"], [0.5, np.nan, -1])


@pytest.mark.parametrize("write", [frozen.study_1, frozen.packed_1, frozen.study_2, frozen.packed_2])
def test_studies_of_every_version(tmp_path, write):
    write(tmp_path / "study.h5")
    study = Study.open(tmp_path / "study.h5")
    assert [(entry.key, entry.rows) for entry in study.ls()] == [("mtag/cov", 0), ("mtag/height", 3)]
    table = study.read_table("mtag/height")
    check_columns(table)
    assert table["N"].isna().tolist() == [False, True, False]
    assert study.units("mtag/height") == {"Z": "sd"}
    assert study.attrs("mtag/height") == {"trait": "height"}
    provenance = study.provenance("mtag/height")
    assert provenance.inputs == (InputFile("a.txt.gz", 5, "00"),)
    assert (provenance.rows_in, provenance.rows_out, provenance.dropped) == (4, 3, {"INFO": 1})
    assert study.read_arrays("mtag/cov")["omega"].tolist() == np.eye(2).tolist()
    assert study.read_arrays("mtag/cov")["traits"].tolist() == ["height", "bmi"]
    assert study.query("1:6-20")["POS"].tolist() == [9]
    assert study.query("X")["POS"].tolist() == [2]


@pytest.mark.parametrize("write", [frozen.column_file_1, frozen.column_file_2])
def test_column_files_of_every_version(tmp_path, write):
    write(tmp_path / "x.h5")
    found, attrs = read_columns(tmp_path / "x.h5")
    assert attrs == {"m": 7}
    check_columns(found)
    assert found["N"].tolist() == [10, None, 30]


@pytest.mark.parametrize(
    ("node", "key", "encoding"),
    [
        ("mtag/height", "mtag/height", "table"),
        ("mtag/height/columns/Z", "mtag/height/Z", "array"),
        ("mtag/height/columns/EA", "mtag/height/EA", "categorical"),
        ("mtag/height/columns/EA/categories", "mtag/height/EA/categories", "string-array"),
    ],
)
def test_newer_versions_are_refused_by_file_and_key(tmp_path, node, key, encoding):
    path = tmp_path / "packed.h5"
    frozen.packed_1(path)
    last = VERSIONS[encoding]
    with h5py.File(path, "r+") as handle:
        handle[node].attrs["encoding-version"] = last + 1
    with pytest.raises(StoreError) as caught:
        Study.open(path).read_table("mtag/height")
    assert str(caught.value) == (
        f"{path}: {key}: encoding '{encoding}' version {last + 1} is newer than version {last}, "
        "the last that this postgwas reads (update postgwas)"
    )


def test_a_newer_study_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "study.h5"
    frozen.study_1(path)
    with h5py.File(path, "r+") as handle:
        handle.attrs["encoding-version"] = 9
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(StoreError, match=r"study\.h5: /: encoding 'study' version 9 is newer"):
            Study.open(path, create=create)
    assert path.read_bytes() == before


def test_unknown_encodings_are_refused(tmp_path):
    path = tmp_path / "packed.h5"
    frozen.packed_1(path)
    with h5py.File(path, "r+") as handle:
        handle["mtag/height/columns/Z"].attrs["encoding-type"] = "quantum"
    with pytest.raises(StoreError, match="mtag/height/Z: encoding 'quantum' version 1 is unknown"):
        Study.open(path).read_table("mtag/height")
    assert len(Study.open(path).read_table("mtag/height", ["POS"])) == 3


def test_newer_provenance_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "packed.h5"
    frozen.packed_1(path)
    monkeypatch.setattr("postgwas.store.provenance.SCHEMA", 0)
    with pytest.raises(StoreError, match=r"packed\.h5: mtag/height: provenance schema 1 is unknown"):
        Study.open(path).provenance("mtag/height")
