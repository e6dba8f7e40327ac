"""What a study keeps, in which order, under which rules."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgwas.errors import OutputError, StoreError
from postgwas.store import Provenance, Study

from .conftest import results

PROVENANCE = Provenance("test")


def test_tables_come_back_sorted_by_position_and_otherwise_equal(study):
    expected = results().sort("CHR", "POS", maintain_order=True)
    assert study.read_polars("mtag/height").equals(expected)
    found = study.read_table("mtag/height", ["POS", "SNPID"])
    assert list(found.columns) == ["POS", "SNPID"]
    assert isinstance(found, pd.DataFrame)
    assert found["SNPID"].tolist() == expected["SNPID"].to_list()
    assert study.read_table("mtag/height", []).shape == (5000, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.sampled_from(["1", "2", "chr10", "X", "MT", "y"]), st.none() | st.integers(-5, 5)
        ),
        max_size=40,
    )
)
def test_sorting_is_stable_and_puts_missing_positions_last(study, rows):
    codes = {"1": 1, "2": 2, "chr10": 10, "X": 23, "MT": 25, "y": 24, None: None}
    frame = pl.DataFrame(
        {
            "CHR": pl.Series([row[0] for row in rows], dtype=pl.String),
            "POS": pl.Series([row[1] for row in rows], dtype=pl.Int32),
            "ROW": np.arange(len(rows)),
        }
    )
    study.write_table("x/sorted", frame, kind="k", provenance=PROVENANCE, overwrite=True)
    found = study.read_polars("x/sorted")
    last = 10**6

    def place(i):
        code, position = codes[rows[i][0]], rows[i][1]
        return (last if code is None else code, last if position is None else position)

    expected = sorted(range(len(rows)), key=place)
    assert found["ROW"].to_list() == expected
    assert found["CHR"].to_list() == [codes[rows[i][0]] for i in expected]
    assert found["POS"].to_list() == [rows[i][1] for i in expected]


def test_unknown_chromosomes_keep_their_names_and_order(study):
    study.write_table("x/t", {"CHR": ["GL1", "1"], "POS": [5, 1]}, kind="k", provenance=PROVENANCE)
    assert study.read_table("x/t")["CHR"].tolist() == ["GL1", "1"]
    with pytest.raises(StoreError, match="x/t: has no position index"):
        study.query("1", key="x/t")


def test_whole_numbers_in_float_columns_are_positions(study):
    table = pd.DataFrame({"CHR": [2.0, np.nan, 1.0], "POS": [7.0, 3.0, np.nan]})
    study.write_table("x/t", table, kind="k", provenance=PROVENANCE)
    found = study.read_table("x/t")
    assert found["CHR"].dropna().tolist() == [1, 2]
    assert len(study.query("2:1-10", key="x/t")) == 1


def test_arrays_attributes_units_and_provenance(study):
    arrays = study.read_arrays("mtag/covariances")
    np.testing.assert_array_equal(arrays["omega"], [[1.0, 0.5], [0.5, 2.0]])
    assert arrays["traits"].tolist() == ["height", "bmi"]
    assert arrays["n"].shape == () and arrays["n"] == 3
    assert study.attrs("mtag/height") == {"trait": "height", "mean_chi2": 1.25}
    assert study.units("mtag/height") == {"Z": "standard deviations"}
    provenance = study.provenance("mtag/height")
    assert (provenance.command, provenance.dropped, provenance.seed) == ("postgwas mtag", {"INFO": 1}, 7)
    assert provenance.versions["numpy"] == np.__version__


def test_large_arrays_of_more_dimensions(study):
    values = np.random.default_rng(0).normal(size=(300, 20, 3))
    study.write_arrays("x/big", {"v": values, "empty": np.zeros((0, 3))}, kind="k", provenance=PROVENANCE)
    found = study.read_arrays("x/big")
    np.testing.assert_array_equal(found["v"], values)
    assert found["empty"].shape == (0, 3)


def test_listing(study):
    assert [(entry.key, entry.kind, entry.rows) for entry in study.ls()] == [
        ("mtag/bmi", "mtag-results", 5000),
        ("mtag/covariances", "mtag-covariances", 0),
        ("mtag/height", "mtag-results", 5000),
    ]
    assert all(
        entry.size == os.stat(study.path.parent / "study.parts" / entry.part).st_size for entry in study.ls()
    )


def test_nothing_is_replaced_without_overwrite(study):
    before = study.read_polars("mtag/height")
    with pytest.raises(StoreError, match=r"mtag/height exists already .--overwrite replaces it"):
        study.write_table("mtag/height", {"Z": [1.0]}, kind="k", provenance=PROVENANCE)
    assert study.read_polars("mtag/height").equals(before)
    study.write_table("mtag/height", {"Z": [1.0]}, kind="new", provenance=PROVENANCE, overwrite=True)
    assert study.read_table("mtag/height")["Z"].tolist() == [1.0]
    assert {entry.kind for entry in study.ls() if entry.key == "mtag/height"} == {"new"}


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".a", "a/../b", "a\n", "a/.catalogue"])
def test_keys_that_hdf5_or_a_folder_could_not_hold(study, key):
    with pytest.raises(StoreError, match="key "):
        study.write_table(key, {"a": [1]}, kind="k", provenance=PROVENANCE)


@pytest.mark.parametrize("key", ["mtag/height²", "mtag/BMI (kg/m²)", "mtag/" + "x" * 400, "mtag/Height"])
def test_keys_of_any_spelling(study, key):
    study.write_table(key, {"a": [1]}, kind="k", provenance=PROVENANCE)
    assert study.read_table(key)["a"].tolist() == [1]
    assert key in [entry.key for entry in study.ls()]


@pytest.mark.parametrize("key", ["mtag", "mtag/height/z"])
def test_one_key_cannot_contain_another(study, key):
    with pytest.raises(StoreError, match="one contains the other"):
        study.write_table(key, {"a": [1]}, kind="k", provenance=PROVENANCE)


def test_links_let_any_hdf5_reader_in_and_survive_a_move(study, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "study.h5").rename(moved / "study.h5")
    (tmp_path / "study.parts").rename(moved / "study.parts")
    with h5py.File(moved / "study.h5", "r") as handle:
        link = handle.get("mtag/height", getlink=True)
        assert not os.path.isabs(link.filename)
        np.testing.assert_array_equal(
            handle["mtag/height/columns/POS"][()],
            Study.open(moved / "study.h5").read_table("mtag/height")["POS"],
        )


def test_a_study_travels_to_workers(study):
    again = pickle.loads(pickle.dumps(study))
    assert again.read_polars("mtag/bmi").equals(study.read_polars("mtag/bmi"))


def test_opening_what_is_no_study(tmp_path, study):
    with pytest.raises(StoreError, match=r"none\.h5: no such store"):
        Study.open(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(StoreError, match=r"text\.h5: not a readable store"):
        Study.open(tmp_path / "text.h5", create=True)
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(StoreError, match=r"folder\.h5: is a folder; expected a store \(STUDY\.h5\)$"):
        Study.open(tmp_path / "folder.h5")
    with h5py.File(tmp_path / "other.h5", "w") as handle:
        handle["x"] = 1
    with pytest.raises(StoreError, match=r"other\.h5: /: has no encoding-type"):
        Study.open(tmp_path / "other.h5", create=True)
    with pytest.raises(OutputError, match="cannot create"):
        Study.open(tmp_path / "no" / "study.h5", create=True)
    (tmp_path / "study.parts").rename(tmp_path / "gone")
    with pytest.raises(StoreError, match=r"its results are missing: expected them in .*study\.parts"):
        Study.open(study.path)


def test_missing_keys_columns_and_kinds_are_named(study):
    with pytest.raises(StoreError, match=r"study\.h5: has no 'mtag/heigth' .near it: mtag/height"):
        study.read_table("mtag/heigth")
    with pytest.raises(StoreError, match=r"mtag/height: has no column 'BETA'; it has SNPID, CHR"):
        study.read_table("mtag/height", ["BETA"])
    with pytest.raises(StoreError, match="mtag/covariances: holds 'arrays', expected 'table'"):
        study.read_table("mtag/covariances")
    with pytest.raises(StoreError, match="unit given for column 'SE', which is not there"):
        study.write_table("x/t", {"a": [1]}, kind="k", units={"SE": "sd"}, provenance=PROVENANCE)


def test_no_empty_store_is_left_where_its_first_result_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.h5"
    study = Study.open(path, create=True)
    with pytest.raises(StoreError):
        study.write_table("a/b", {"X": [1], "Y": [1, 2]}, kind="test", provenance=PROVENANCE)
    assert not list(tmp_path.iterdir())
    study.write_table("a/b", {"X": [1]}, kind="test", provenance=PROVENANCE)
    assert [entry.key for entry in study.ls()] == ["a/b"]
    path = tmp_path / "deeper" / "study.h5"
    path.parent.mkdir()
    with pytest.raises(StoreError):
        Study.open(path, create=True).write_arrays(
            "a/b", {"x": np.array([object()])}, kind="test", provenance=PROVENANCE
        )
    assert not list(path.parent.iterdir())


def test_a_store_that_was_there_or_holds_something_stays(tmp_path: Path) -> None:
    path = tmp_path / "study.h5"
    Study.open(path, create=True)
    with pytest.raises(StoreError):
        Study.open(path, create=True).write_table("a/b", {"": [1]}, kind="test", provenance=PROVENANCE)
    assert path.exists()
    study = Study.open(tmp_path / "other.h5", create=True)
    study.write_table("a", {"X": [1]}, kind="test", provenance=PROVENANCE)
    with pytest.raises(StoreError):
        study.write_table("b", {"": [1]}, kind="test", provenance=PROVENANCE)
    assert [entry.key for entry in study.ls()] == ["a"]
