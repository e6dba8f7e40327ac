"""Kept results of a folder that came from someone else run no code; ours come back."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import engine_tasks as tasks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.compute.checkpoint import Checkpoint
from postgwas.compute.plain_pickle import loads
from postgwas.mtag.maxfdr_optimise import OptimiseResult


class Evil:
    def __init__(self, call: object, *words: object) -> None:
        self.call, self.words = call, words

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call, self.words


@pytest.mark.parametrize("call", [os.system, eval, exec, __import__, getattr])
def test_code_is_not_run_and_the_work_is_done_again(call: object, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    kept = Checkpoint(tmp_path / "kept", tasks.square)
    kept.save(0, 5, 25)
    file = next((tmp_path / "kept").glob("*.task"))
    words = {os.system: f"touch {marker}", getattr: marker}.get(call, f"open({str(marker)!r}, 'w')")
    body = pickle.dumps(Evil(call, *([words, "touch"] if call is getattr else [words])))
    file.write_bytes(hashlib.sha256(body).digest() + body)
    assert kept.load(0, 5) == (False, None)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("postgwas.compute.checkpoint", "clear"), ("postgwas.compute.checkpoint", "tempfile.mkdtemp"),
     ("postgwas.staging", "os"), ("numpy", "load"), ("numpy", "frompyfunc"), ("builtins", "open")],
)  # fmt: skip
def test_what_is_ours_or_numpy_s_but_no_data(module: str, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no plain data"):
        loads(b"\x80\x04" + b"\x8c" + bytes([len(module)]) + module.encode()
              + b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93.")  # fmt: skip


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.binary(max_size=5) | st.sets(st.integers(), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(values)
def test_plain_data_comes_back(value: object) -> None:
    assert loads(pickle.dumps(value, protocol=5)) == value


@pytest.mark.parametrize("kind", ["f8", "f4", "i1", "?", "U3", "S2", ">i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_and_records_come_back(kind: str, order: str) -> None:
    array = np.asarray(np.arange(12).reshape(3, 4).astype(kind), order=order)
    sent = OptimiseResult(1, "corner", array, np.float64(0.5), 0.25, float("nan"))
    found = loads(pickle.dumps(sent, protocol=5))
    assert isinstance(found, OptimiseResult) and found.fdr == 0.5 and found.point.dtype == array.dtype
    np.testing.assert_array_equal(found.point, array)
    empty = loads(pickle.dumps({"a": np.empty((0, 3)), "o": np.array([None, "x"], object)}))
    assert empty["a"].shape == (0, 3) and empty["o"].tolist() == [None, "x"]
