"""Many writers at once, writers that are killed, and disks that are full."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import h5py
import numpy as np
import pytest

from postgwas.errors import OutputError, StoreError
from postgwas.store import Provenance, Study, write_columns
from postgwas.store.atomic import remove_stale
from postgwas.store.hdf5 import ErrorHoldingFile

PROVENANCE = Provenance("test")
SPAWN = multiprocessing.get_context("spawn")


def _write_some(path, worker, barrier):
    study = Study.open(path, create=True)
    barrier.wait(60)
    for i in range(5):
        table = {"CHR": [1, 1], "POS": [2, 1], "X": [worker, i]}
        study.write_table(f"w{worker}/r{i}", table, kind="k", provenance=PROVENANCE)


def _write_same(path, worker, barrier, outcomes):
    study = Study.open(path, create=True)
    barrier.wait(60)
    try:
        study.write_arrays("one", {"x": np.full(3, worker)}, kind="k", provenance=PROVENANCE)
        outcomes.put(worker)
    except StoreError as error:
        outcomes.put(str(error))


def _run(target, path, *more):
    barrier = SPAWN.Barrier(4)
    processes = [SPAWN.Process(target=target, args=(path, i, barrier, *more)) for i in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4


def test_four_processes_write_at_once_and_the_index_lists_every_part(tmp_path):
    path = tmp_path / "study.h5"
    _run(_write_some, path)
    study = Study.open(path)
    keys = [f"w{worker}/r{i}" for worker in range(4) for i in range(5)]
    assert [entry.key for entry in study.ls()] == keys
    with h5py.File(path, "r", locking=False) as handle:
        for key in keys:
            assert handle[key]["columns/X"][()].tolist() == [int(key[4]), int(key[1])]
    assert study.verify().problems == ()
    assert [name for name in os.listdir(tmp_path / "study.parts") if name.startswith(".")] == []


def test_of_four_writers_of_one_key_exactly_one_wins(tmp_path):
    outcomes = SPAWN.Queue()
    _run(_write_same, tmp_path / "study.h5", outcomes)
    found = [outcomes.get(timeout=10) for _ in range(4)]
    winners = [outcome for outcome in found if isinstance(outcome, int)]
    assert len(winners) == 1
    assert all("exists already (--overwrite" in outcome for outcome in found if isinstance(outcome, str))
    assert Study.open(tmp_path / "study.h5").read_arrays("one")["x"].tolist() == winners * 3


KILLED = textwrap.dedent(
    """
    import sys
    import numpy as np
    from postgwas.store import Provenance, Study
    study = Study.open(sys.argv[1], create=True)
    table = {c: np.random.default_rng(0).normal(size=400_000) for c in "abcd"}
    print("ready", flush=True)
    while True:
        study.write_table("mtag/new", table, kind="k", provenance=Provenance("x"), overwrite=True)
    """
)


def test_a_killed_writer_leaves_the_whole_result_or_nothing(tmp_path):
    path = tmp_path / "study.h5"
    expected = np.random.default_rng(0).normal(size=400_000)
    for delay in (0.01, 0.06, 0.2, 0.45):
        with subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(delay)
            writer.send_signal(signal.SIGKILL)
        study = Study.open(path)
        for entry in study.ls():
            assert entry.key == "mtag/new"
            np.testing.assert_array_equal(study.read_table("mtag/new", ["a"])["a"], expected)
        assert [problem for problem in study.verify().problems if "the index lacks" not in problem.what] == []
    # The next writer puts the index right, whatever the killed ones left undone.
    study = Study.open(path, create=True)
    study.write_arrays("next", {"x": np.zeros(1)}, kind="k", provenance=PROVENANCE)
    assert study.verify().problems == ()


def test_an_index_that_lacks_a_part_is_mended_and_does_not_hide_it(study):
    stale = study.path.read_bytes()
    study.write_arrays("late", {"x": np.arange(3)}, kind="k", provenance=PROVENANCE)
    study.path.write_bytes(stale)
    assert "late" in [entry.key for entry in study.ls()]
    assert study.read_arrays("late")["x"].tolist() == [0, 1, 2]
    assert ["index lacks" in problem.what for problem in study.verify().problems] == [True]
    assert Study.open(study.path, create=True).verify().problems == ()


def test_leftovers_of_killed_writers_go_after_a_day(tmp_path):
    old, new = tmp_path / ".a.h5.1-x.tmp", tmp_path / ".b.h5.2-x.tmp"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    remove_stale(tmp_path)
    assert not old.exists()
    assert new.exists()


FULL = textwrap.dedent(
    """
    import os, resource, sys
    import numpy as np
    from postgwas.errors import OutputError
    from postgwas.store import Provenance, Study
    study = Study.open(sys.argv[1], create=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    table = {c: np.random.default_rng(0).normal(size=200_000) for c in "abc"}
    try:
        study.write_table("mtag/big", table, kind="k", provenance=Provenance("x"))
    except OutputError as error:
        print(error)
    print(os.listdir(study.path.parent))
    """
)


@pytest.mark.parametrize("limit", [0, 9_000, 100_000, 3_000_000])
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path, limit):
    # A limit on the size of files fails in the same places as a full disk, without one.
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "study.h5", str(limit)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr  # HDF5 alone would end in a segmentation fault
    assert done.stderr == ""
    message, left = done.stdout.splitlines()
    assert message.startswith("cannot write ")
    assert "no space left on the disk" in message
    assert left == "[]"


def test_a_full_disk_when_the_index_is_written_takes_the_part_back(study, monkeypatch):
    real = ErrorHoldingFile.write

    def fail(self, content):
        if "study.h5" in str(self._raw.name):
            self.failure = OSError(28, "No space left on device")
            return len(memoryview(content).cast("B"))
        return real(self, content)

    monkeypatch.setattr(ErrorHoldingFile, "write", fail)
    with pytest.raises(OutputError, match=r"cannot write .*study\.h5: no space left"):
        study.write_arrays("late", {"x": np.arange(3)}, kind="k", provenance=PROVENANCE)
    assert "late" not in [entry.key for entry in study.ls()]
    assert Study.open(study.path).verify().problems == ()


def test_a_failed_overwrite_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    write_columns(path, {"a": [1]})
    before = path.read_bytes()

    def full(self, content):
        self.failure = OSError(28, "No space left on device")
        return len(memoryview(content).cast("B"))

    monkeypatch.setattr(ErrorHoldingFile, "write", full)
    with pytest.raises(OutputError, match="no space left on the disk"):
        write_columns(path, {"a": [2]})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
