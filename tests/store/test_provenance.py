"""Provenance: complete, plain JSON, and cheap."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import postgwas
from postgwas.errors import InputError
from postgwas.store import InputFile, Provenance, provenance


def test_collect_fills_in_what_the_caller_need_not_know(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"x" * 100_000)
    found = Provenance.collect(
        "postgwas mtag --sumstats a.txt",
        parameters={
            "out": tmp_path,
            "maf": np.float64(0.01),
            "n": np.arange(2),
            "ids": {"b", "a"},
            "x": None,
        },
        inputs=[file],
        rows_in=10,
        rows_out=7,
        dropped={"INFO": np.int64(3)},
        wall_seconds=0.5,
        seed=1,
    )
    assert found.inputs == (InputFile(str(file), 100_000, hashlib.sha256(file.read_bytes()).hexdigest()),)
    assert found.parameters == {"out": str(tmp_path), "maf": 0.01, "n": [0, 1], "ids": ["a", "b"], "x": None}
    assert found.versions["postgwas"] == postgwas.__version__
    assert {"python", "numpy", "h5py", "polars"} <= found.versions.keys()
    document = json.loads(json.dumps(found.to_json()))
    assert document["schema"] == 1
    assert Provenance.from_json(document) == found


def test_the_command_line_is_the_default_command(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/postgwas", "mtag", "--out", "my study"])
    assert Provenance.collect().command == "postgwas mtag --out 'my study'"


def test_a_file_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    file = tmp_path / "a.txt"
    file.write_text("one")
    opened = []
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *args, **named: opened.append(self) or real(self, *args, **named)
    )
    provenance._hash_file.cache_clear()
    first = InputFile.of(file)
    assert InputFile.of(file) == first
    assert len(opened) == 1
    file.write_bytes(b"three")
    assert InputFile.of(file).sha256 == hashlib.sha256(b"three").hexdigest()


def test_an_input_that_is_gone(tmp_path):
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read: No such file"):
        Provenance.collect("x", inputs=[tmp_path / "gone.txt"])


def test_documents_past_the_limit_of_attributes(study):
    long = Provenance.collect("x", parameters={f"p{i}": "v" * 100 for i in range(2000)})
    attrs = {"list": list(range(50_000)), "text": "é\0"}
    study.write_arrays("long", {"a": np.zeros(1)}, kind="k", provenance=long, attrs=attrs)
    assert study.provenance("long") == long
    assert study.attrs("long") == attrs
