"""Stores that others made: nothing outside the file is read, and nothing huge is believed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.errors import StoreError
from postgwas.store import Provenance, Study
from postgwas.store.query import keys_like

KEY = "mtag/height"
TABLE = pl.DataFrame(
    {"CHR": [1, 1, 2], "POS": [5, 9, 4], "SNPID": ["a", "b", "c"], "EA": ["A", "C", "A"], "Z": [0.5, 1.0, -2]}
)
Make = Callable[[Any, str, Path], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with study.h5, its parts, packed.h5, and what is not for others to see."""
    folder = tmp_path_factory.mktemp("sound")
    study = Study.open(folder / "study.h5", create=True)
    study.write_table(KEY, TABLE, kind="mtag-results", provenance=Provenance.collect("x"))
    study.pack(folder / "packed.h5")
    with h5py.File(folder / "secret.h5", "w") as handle:
        handle["z"] = np.array([7.25, 7.25, 7.25])
    (folder / "secret.bin").write_bytes(np.full(3, 7.25).tobytes())
    return folder


def _virtual(parent: Any, name: str, folder: Path) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[...] = h5py.VirtualSource(str(folder / "secret.h5"), "z", (3,))
    parent.create_virtual_dataset(name, layout)


def of_type(dtype: Any) -> Make:
    return lambda parent, name, _: parent.create_dataset(name, (3,), dtype) and None


ATTACKS: dict[str, tuple[Make, str]] = {
    "external link": (
        lambda parent, name, folder: parent.__setitem__(
            name, h5py.ExternalLink(str(folder / "secret.h5"), "z")
        ),
        "leads to another place",
    ),
    "soft link": (
        lambda parent, name, _: parent.__setitem__(name, h5py.SoftLink("/")),
        "leads to another place",
    ),
    "external storage": (
        lambda parent, name, folder: (
            parent.create_dataset(name, (3,), "f8", external=[(str(folder / "secret.bin"), 0, 24)]) and None
        ),
        "external storage",
    ),
    "virtual": (_virtual, "a virtual dataset"),
    "huge, in chunks": (
        lambda parent, name, _: parent.create_dataset(name, (10**13,), "f8", chunks=(65_536,)) and None,
        "not all of them are in the file",
    ),
    "huge, in one": (
        lambda parent, name, _: parent.create_dataset(name, (10**13,), "f8") and None,
        "not all of them are in the file",
    ),
    "bomb": (
        lambda parent, name, _: (
            parent.create_dataset(
                name, data=np.zeros(20_000_000, "i1"), chunks=(20_000_000,), compression="gzip"
            )
            and None
        ),
        "bytes in the file would become 20,000,000",
    ),
    "compound": (of_type([("a", "f8"), ("b", "i4")]), "expected numbers"),
    "references": (of_type(h5py.ref_dtype), "expected numbers"),
    "variable length": (of_type(h5py.vlen_dtype(np.float64)), "expected numbers"),
    "texts of variable length": (of_type(h5py.string_dtype()), "expected numbers"),
    "opaque": (of_type("V8"), "expected numbers"),
    "arrays in it": (of_type(np.dtype((np.float64, (3,)))), "expected numbers"),
    "complex": (of_type("c16"), "expected numbers"),
    "no values": (
        lambda parent, name, _: parent.create_dataset(name, data=h5py.Empty("f8")) and None,
        "expected numbers",
    ),
    "a group": (lambda parent, name, _: parent.create_group(name) and None, "is no dataset"),
    "a loop": (lambda parent, name, _: parent.__setitem__(name, parent), "is no dataset"),
}


def spoilt(sound: Path, folder: Path, name: str, change: Callable[[Any], None]) -> Path:
    """A copy of the store, one of its files changed."""
    shutil.copytree(sound, folder / "in")
    store = folder / "in" / name
    file = store if name == "packed.h5" else next((folder / "in" / "study.parts").iterdir())
    with h5py.File(file, "r+") as handle:
        change(handle[KEY] if name == "packed.h5" else handle)
    return store


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line of a command that must be refused."""
    assert main([str(word) for word in words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("postgwas: error: ")
    return line


@pytest.mark.parametrize("name", ["study.h5", "packed.h5"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_column_that_is_none(
    name: str, attack: str, sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, expected = ATTACKS[attack]

    def change(group: Any) -> None:
        kept = dict(group["columns/Z"].attrs)
        del group["columns/Z"]
        make(group["columns"], "Z", sound)
        if isinstance(group["columns"].get("Z", getlink=True), h5py.HardLink) and attack != "a loop":
            group["columns/Z"].attrs.update(kept)

    store, out = spoilt(sound, tmp_path, name, change), tmp_path / "out.tsv"
    said = refused(capsys, "store", "export", store, KEY, "--out", out)
    assert KEY in said and (expected in said or attack == "a loop")
    refused(capsys, "store", "query", store, "--region", "1")
    refused(capsys, "store", "pack", store, "--portable", "--out", out)
    if attack not in ("a group", "a loop"):
        refused(capsys, "store", "pack", store, "--out", out)
    assert not out.exists()
    assert main(["store", "verify", str(store)]) == 2
    printed = capsys.readouterr()
    assert "7.25" not in printed.out and "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("inside", "attribute", "value"),
    [
        ("", "n_rows", 10**15),
        ("", "n_rows", -5),
        ("", "n_rows", "many"),
        ("", "n_rows", np.zeros(3)),
        ("", "column-order", '["../../secret"]'),
        ("", "column-order", '["/"]'),
        ("", "column-order", "[" * 100_000),
        ("", "column-order", "{}"),
        ("", "encoding-type", np.array([1, 2])),
        ("", "key", "../../elsewhere"),
        ("", "sha256", np.zeros(2, [("a", "f8")])),
        ("columns/Z", "encoding-type", "nullable"),
        ("columns/Z", "encoding-type", "categorical"),
        ("columns/Z", "encoding-version", 10**12),
        ("columns/SNPID", "encoding-type", "array"),
        ("columns/SNPID", "encoding-type", "table"),
        ("columns/EA", "shown-as", np.void(b"xx")),
        ("position-index", "chunk_rows", 0),
        ("position-index", "chunk_rows", -(10**12)),
    ],
)
def test_attributes_that_lie(
    inside: str, attribute: str, value: Any, sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any answer is right that is no traceback; where the reader needs the attribute, it is a refusal."""

    def change(group: Any) -> None:
        (group[inside] if inside else group).attrs[attribute] = value

    store, out = spoilt(sound, tmp_path, "study.h5", change), tmp_path / "out"
    for words in (
        ["ls", store],
        ["show", store, KEY],
        ["export", store, KEY, "--out", out / "x.tsv"],
        ["query", store, "--region", "1:1-6"],
        ["query", store, "--snp", "b"],
        ["pack", store, "--out", out / "x.h5"],
        ["pack", store, "--out", out / "y.h5", "--portable"],
    ):
        out.mkdir(exist_ok=True)
        if main(["store", *map(str, words)]) == 2:
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith("postgwas: error: ")
            assert list(out.iterdir()) == []
        shutil.rmtree(out)
        capsys.readouterr()
    assert main(["store", "verify", str(store)]) == 2


@pytest.mark.parametrize(
    "document",
    [
        [], {}, "text", 7, [7], [[]], [{"part": []}], [{"part": {}, "columns": [], "signature": []}],
        [{"key": 5, "columns": 3, "signature": None}],
    ],
)  # fmt: skip
def test_a_catalogue_of_anything(document: Any, sound: Path, tmp_path: Path) -> None:
    """The folder is the truth: what the index says otherwise is passed over."""
    shutil.copytree(sound, tmp_path / "in")
    store = tmp_path / "in" / "study.h5"
    with h5py.File(store, "r+") as handle:
        kept = {name: value for name, value in handle[".catalogue"].attrs.items() if name != "sha256"}
        del handle[".catalogue"]
        handle[".catalogue"] = np.bytes_(json.dumps(document).encode())
        handle[".catalogue"].attrs.update(kept)
    assert [entry.key for entry in Study.open(store).ls()] == [KEY]


def test_a_catalogue_in_another_file(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "in")
    store = tmp_path / "in" / "study.h5"
    with h5py.File(store, "r+") as handle:
        handle.move(".catalogue", "x")
        handle[".catalogue"] = h5py.SoftLink("/x")
    (problem,) = Study.open(store).verify().problems
    assert "leads to another place" in str(problem)
    assert [entry.key for entry in Study.open(store).ls()] == [KEY]


@pytest.mark.parametrize(
    "document",
    [
        [],
        7,
        "text",
        {},
        {"schema": 1, "command": "x", "inputs": 5},
        {"schema": []},
        {"schema": 1, "command": "x", "parameters": 3},
        {"schema": 1, "command": 3, "wall_seconds": "x"},
    ],
)
@pytest.mark.parametrize("name", ["provenance", "attrs"])
def test_documents_of_anything(
    document: Any, name: str, sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(group: Any) -> None:
        kept = {key: value for key, value in group[name].attrs.items() if key != "sha256"}
        del group[name]
        group[name] = np.bytes_(json.dumps(document).encode())
        group[name].attrs.update(kept)

    store = spoilt(sound, tmp_path, "study.h5", change)
    if main(["store", "show", str(store), KEY]) == 2:
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("postgwas: error: ")


def test_a_damaged_part_is_named_where_the_store_is_packed(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(sound, tmp_path / "in")
    part = next((tmp_path / "in" / "study.parts").iterdir())
    part.write_bytes(part.read_bytes()[:-1])
    said = refused(capsys, "store", "pack", tmp_path / "in" / "study.h5", "--out", tmp_path / "out.h5")
    assert said.startswith(f"postgwas: error: {part}: cannot be read")
    assert not (tmp_path / "out.h5").exists()


def test_a_query_does_not_pass_over_a_damaged_part(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows of the others would look like all that there is."""
    shutil.copytree(sound, tmp_path / "in")
    store = tmp_path / "in" / "study.h5"
    part = next((tmp_path / "in" / "study.parts").iterdir())
    Study.open(store).write_table("mtag/bmi", TABLE, kind="mtag-results", provenance=Provenance.collect("x"))
    part.write_bytes(part.read_bytes()[:-1])
    said = refused(capsys, "store", "query", store, "--snp", "b")
    assert said.startswith(f"postgwas: error: {part}: cannot be read")
    for pattern in ("mtag/*", "mtag/height"):
        with pytest.raises(StoreError, match=f"{part.name}: cannot be read"):
            keys_like(Study.open(store), pattern)
    assert keys_like(Study.open(store), "mtag/bmi") == ["mtag/bmi"]
    assert main(["store", "query", str(store), "--snp", "b", "--key", "mtag/bmi"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("mtag/bmi\t1\t9\tb")
