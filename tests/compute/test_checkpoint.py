"""A run that was cut short goes on from the results that it finished."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import engine_tasks as tasks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postgwas
from postgwas.compute.checkpoint import Checkpoint, clear, fingerprint
from postgwas.compute.engine import engine
from postgwas.errors import InputError, OutputError


def _calls(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "calls").read_text().split()]


@pytest.mark.parametrize("cores", [1, 2])
def test_resume_after_a_failure(cores: int, tmp_path: Path) -> None:
    work = [(str(tmp_path / "here"), i) for i in range(6)]
    (tmp_path / "here").mkdir()
    kept = tmp_path / "kept"
    with engine(cores=cores) as eng:
        with pytest.raises(InputError, match="number 3"):
            eng.map(tasks.counted, work, checkpoint=kept)
        before = sorted(_calls(tmp_path / "here"))
        (tmp_path / "here" / "mended").touch()
        results = eng.map(tasks.counted, work, checkpoint=kept)
    assert results == [0, 10, 20, 30, 40, 50]
    again = sorted(_calls(tmp_path / "here"))
    # The earlier tasks were finished before the error was raised; none of them is run twice.
    assert {0, 1, 2} <= set(before)
    assert [again.count(i) for i in (0, 1, 2)] == [1, 1, 1]
    assert again.count(3) == 2


def test_a_damaged_result_is_computed_again(tmp_path: Path) -> None:
    with engine() as eng:
        assert eng.map(tasks.square, [2, 3], checkpoint=tmp_path) == [4, 9]
        for file in tmp_path.glob("*.task"):
            file.write_bytes(file.read_bytes()[:-1] + b"?")
        assert eng.map(tasks.square, [2, 3], checkpoint=tmp_path) == [4, 9]


def test_results_of_other_tasks_files_and_versions_are_not_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    kept = Checkpoint(tmp_path / "kept", tasks.square)
    kept.save(0, file, "result")
    assert kept.load(0, file) == (True, "result")
    assert kept.load(0, str(tmp_path / "b.txt")) == (False, None)
    assert kept.load(1, file) == (False, None)
    assert Checkpoint(tmp_path / "kept", tasks.slow).load(0, file) == (False, None)
    file.write_text("another length")
    assert kept.load(0, file) == (False, None)
    file.write_text("one")
    monkeypatch.setattr(postgwas, "__version__", "9.9")
    assert kept.load(0, file) == (False, None)


def test_clear_leaves_other_files(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "kept", tasks.square)
    kept.save(0, 1, "result")
    (tmp_path / "kept" / "mine.txt").touch()
    clear(tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine.txt"]
    (tmp_path / "kept" / "mine.txt").unlink()
    clear(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot keep finished work"):
        Checkpoint(tmp_path / "file" / "kept", tasks.square)


@dataclasses.dataclass(frozen=True)
class Slice:
    path: str
    rows: slice
    weights: object = None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_equal_tasks_have_equal_fingerprints(value: object) -> None:
    import copy

    first = Slice("a.txt", slice(0, 10), value)
    second = Slice("".join(["a", ".txt"]), slice(0, 10), copy.deepcopy(value))
    assert fingerprint(tasks.square, first) == fingerprint(tasks.square, second)


def test_different_tasks_have_different_fingerprints() -> None:
    different = [
        Slice("a", slice(0, 10)),
        Slice("a", slice(0, 11)),
        Slice("b", slice(0, 10)),
        Slice("a", slice(0, 10), np.zeros(3)),
        Slice("a", slice(0, 10), np.ones(3)),
        ("a", slice(0, 10), None),
        [["a"], "b"],
        ["a", ["b"]],
        {1: "a"},
        {"1": "a"},
    ]
    assert len({fingerprint(tasks.square, task) for task in different}) == len(different)
