"""Faults injected into a running study: what is left, and what the next run makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pipeline.tiny_study import STEPS

from postgwas.errors import OutputError
from postgwas.pipeline.one_at_a_time import one_at_a_time
from postgwas.pipeline.run_study import Where, run_study
from postgwas.store.content import content_checksums
from postgwas.store.study import Study

pytestmark = pytest.mark.slow


def start(folder: Path, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "postgwas.cli.main", "run", str(folder), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, process: subprocess.Popen[str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


def checksums(folder: Path) -> dict[str, str]:
    return content_checksums(folder / "results" / "tiny.h5")


@pytest.mark.parametrize(("step", "ending"), [("h2/EUR_LDL", ".json"), ("eqtl_permute/lcl", ".begun")])
def test_a_killed_driver_loses_nothing(fresh, finished, step, ending):
    """kill -9 just after a step has been recorded, and in the middle of one."""
    marker = fresh / "results" / ".steps" / f"{step.replace('/', '__')}{ending}"
    process = start(fresh)
    wait_for(marker.exists, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    outcome = run_study(fresh)
    assert outcome.kept == STEPS[: len(outcome.kept)] and len(outcome.kept) >= STEPS.index(step)
    assert outcome.ran == STEPS[len(outcome.kept) :]
    assert checksums(fresh) == checksums(finished)
    assert not Study.open(fresh / "results" / "tiny.h5").verify().problems
    left = [path for path in (fresh / "results").rglob("*") if path.name.endswith((".tmp", ".part"))]
    assert left == []


def test_a_killed_worker_changes_no_bit(fresh, finished):
    """Three worker processes, one of them ended with kill -9."""
    import psutil

    process = start(fresh, "--cores", "3")
    me = psutil.Process(process.pid)

    def workers() -> list[psutil.Process]:
        found = []
        for child in me.children(recursive=True):
            try:
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:
                continue
        return found

    begun = fresh / "results" / ".steps" / "eqtl_permute__lcl.begun"
    wait_for(lambda: begun.exists() and len(workers()) >= 3, process)
    os.kill(workers()[0].pid, signal.SIGKILL)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, out + err
    assert checksums(fresh) == checksums(finished)


def test_a_cluster_that_is_gone_takes_no_result_with_it(done, monkeypatch):
    """Asked once, before anything is emptied; all steps that need it fail with the same line."""
    from postgwas.compute import dask_backend

    asked: list[str] = []
    monkeypatch.setattr(dask_backend, "CONNECT_SECONDS", 1)
    refuse = dask_backend.refuse_silent
    monkeypatch.setattr(
        dask_backend, "refuse_silent", lambda address, _: (asked.append(address), refuse(address, 1))
    )
    only, where = ["ld_scores", "eqtl_permute"], Where(scheduler="tcp://127.0.0.1:9")
    outcome = run_study(done, only=only, force=True, where=where)
    assert len(outcome.failed) == 2 and asked == ["tcp://127.0.0.1:9"]
    assert all("no Dask scheduler answers at 'tcp://127.0.0.1:9'" in one for one in outcome.failed.values())
    assert run_study(done).kept == STEPS


def test_two_runs_at_once_are_refused(done):
    folder = done / "results" / ".steps"
    process = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, time; from pathlib import Path\n"
         "from postgwas.pipeline.one_at_a_time import one_at_a_time\n"
         "with one_at_a_time(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)",
         str(folder)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    with pytest.raises(OutputError, match=rf"another run .*process {process.pid} on "):
        run_study(done)
    process.kill()
    process.wait()
    # The lock went with its holder: nothing to clean up.
    assert run_study(done).kept == STEPS


def test_the_lock_is_released_and_can_be_taken_again(tmp_path):
    for _ in range(2):
        with one_at_a_time(tmp_path):
            pass


def test_a_clock_that_goes_back_is_no_matter(done):
    run_study(done)
    for path in (done / "results" / ".steps").iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert run_study(done).ran == []


def test_a_damaged_memory_of_checksums_is_made_anew(done):
    (done / "results" / ".steps" / "digests.json").write_text('{"a": [1')
    assert run_study(done).ran == []
