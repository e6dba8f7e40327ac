"""The engine in process and on real local worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import engine_tasks as tasks
import numpy as np
import pytest

from postgwas.compute import dask_backend
from postgwas.compute.engine import Engine, engine
from postgwas.errors import EngineError, InputError, UsageError


@pytest.fixture(scope="module")
def two_processes() -> Engine:
    with engine(cores=2) as eng:
        yield eng


def test_in_process_keeps_order_and_holds_blas_to_one_thread() -> None:
    with engine() as eng:
        assert eng.cores == 1
        assert eng.map(tasks.square, range(5)) == [0, 1, 4, 9, 16]
        assert eng.map(tasks.square, []) == []
        process, threads = eng.map(tasks.process_and_threads, [0])[0]
    assert process == os.getpid()
    assert set(threads) == {1}


def test_in_process_imports_no_dask() -> None:
    code = (
        "import sys; from postgwas.compute import engine\n"
        "with engine(cores=1) as eng: assert eng.map(abs, [-1]) == [1]\n"
        "with engine(cores=8) as eng: assert eng.map(abs, [-1]) == [1]\n"  # one task needs no processes
        "assert not {'dask', 'distributed'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_processes_give_the_same_bits_in_the_same_order(two_processes: Engine) -> None:
    seeds = list(range(7))
    with engine() as eng:
        expected = eng.map(tasks.float_work, seeds)
    found = two_processes.map(tasks.float_work, seeds)
    for a, b in zip(expected, found):
        np.testing.assert_array_equal(a, b)


def test_work_is_done_by_other_processes_with_one_thread(two_processes: Engine) -> None:
    seen = two_processes.map(tasks.process_and_threads, range(8))
    processes = {process for process, _ in seen}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert all(set(threads) == {1} for _, threads in seen)
    assert two_processes.cores == 2


def test_a_task_whose_worker_dies_is_run_again(two_processes: Engine, tmp_path: Path) -> None:
    markers = [str(tmp_path / name) for name in "abc"]
    assert two_processes.map(tasks.die_once, markers) == ["survived a", "survived b", "survived c"]
    assert two_processes.map(tasks.square, [3, 4]) == [9, 16]


def test_a_task_that_always_kills_its_worker_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_backend, "ALLOWED_DEATHS", 1)
    with engine(cores=2) as eng, pytest.raises(EngineError, match="Pairs: a worker died 2 times") as caught:
        eng.map(tasks.die_always, [1, 2], label="Pairs")
    assert "--cores" in (caught.value.hint or "")


@pytest.mark.parametrize("cores", [1, 2])
def test_errors_arrive_as_themselves_and_first_in_task_order(cores: int, two_processes: Engine) -> None:
    work = [("good", 0.0), ("bad a", 0.5), ("bad b", 0.0), ("good", 0.0)]
    with engine() as one:
        eng = one if cores == 1 else two_processes
        with pytest.raises(InputError) as caught:
            eng.map(tasks.fail_in_order, work)
        assert str(caught.value) == "bad a is empty (--sumstats)"
        assert eng.map(tasks.square, [5, 6]) == [25, 36]


def test_bad_arguments() -> None:
    for arguments in ({"cores": 0}, {"scheduler": "tcp://a:1", "jobqueue": "slurm"}):
        with pytest.raises(UsageError), engine(**arguments):  # type: ignore[arg-type]
            pass


SCRIPT = """
import sys; sys.path.insert(0, {folder!r})
import engine_tasks as tasks
from postgwas.compute import engine
from pathlib import Path

if __name__ == "__main__":
    with engine(cores=2) as eng:
        assert eng.map(tasks.square, [1, 2]) == [1, 4]
        Path({ready!r}).touch()
        if {wait}:
            eng.map(tasks.slow, [60.0, 60.0])
"""


def _start(tmp_path: Path, *, wait: bool) -> tuple[subprocess.Popen[str], Path, Path]:
    """A program of its own, standing in an empty folder, with a temporary folder of its own."""
    here, temporary = tmp_path / "cwd", tmp_path / "tmp"
    here.mkdir()
    temporary.mkdir()
    script = tmp_path / "script.py"
    text = SCRIPT.format(folder=str(Path(__file__).parent), ready=str(tmp_path / "ready"), wait=wait)
    script.write_text(text)
    program = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=here,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return program, here, temporary


def _processes_left(session: int) -> str:
    """What still runs of a session, once Python's own resource tracker had time to go."""
    command = ["ps", "-s", str(session), "-o", "pid=,stat=,args="]
    end = time.monotonic() + 5
    while left := subprocess.run(command, capture_output=True, text=True, check=False).stdout:
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    return left


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    program, here, temporary = _start(tmp_path, wait=False)
    _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")
    assert list(here.iterdir()) == []
    assert list(temporary.glob("postgwas-*")) == []
    assert _processes_left(program.pid) == ""


def test_ctrl_c_closes_the_cluster(tmp_path: Path) -> None:
    program, here, temporary = _start(tmp_path, wait=True)
    end = time.monotonic() + 40
    while not (tmp_path / "ready").exists() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(program.pid, signal.SIGINT)  # a terminal sends it to workers too
    _, errors = program.communicate(timeout=30)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert "distributed" not in errors.split("Traceback")[0]
    assert list(here.iterdir()) == []
    assert list(temporary.glob("postgwas-*")) == []
    assert _processes_left(program.pid) == ""
