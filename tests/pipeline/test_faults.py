"""Faults injected into a running study: what is left, and what the next run makes of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pipeline.tiny_study import STEPS

from postgwas.errors import OutputError, StoreError
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
    # What the store's writer had begun (.tiny.h5.*.tmp, in the parts too) goes after a day: others may write.
    left = [path for path in (fresh / "results").rglob("*") if path.name.endswith((".tmp", ".part"))]
    assert [path for path in left if ".h5." not in path.name] == []


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


def test_memory_sets_how_many_workers_there_are_and_no_bit(fresh, finished):
    """2.5 GB hold two of three workers; what all workers take at any moment stays below."""
    import psutil

    process = start(fresh, "--cores", "3", "--memory", "2.5GB")
    most, count = 0, 0
    while process.poll() is None:
        taken = []
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                if "spawn_main" in " ".join(child.cmdline()):
                    taken.append(child.memory_info().rss)
            except psutil.Error:
                continue
        most, count = max(most, sum(taken)), max(count, len(taken))
        time.sleep(0.05)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.startswith("2 workers instead of 3 fit into the memory\n")
    assert count == 2 and 0 < most < 2_500_000_000
    assert checksums(fresh) == checksums(finished)


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


def test_content_that_changed_under_the_same_size_and_time_is_seen(done):
    """cp -p, rsync -t and archives with fixed times give such files."""
    run_study(done)  # all is known by size and times now
    path = done / "expression" / "samples.tsv"
    stat, lines = path.stat(), path.read_text().splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if "\tfemale" in line)
    second = next(i for i, line in enumerate(lines) if "\tmale" in line)
    lines[first] = lines[first].replace("\tfemale", "\tmale")
    lines[second] = lines[second].replace("\tmale", "\tfemale")
    with open(path, "r+") as stream:
        stream.write("".join(lines))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert run_study(done).ran[0] == "expression_covariates/lcl"


def test_a_store_damaged_all_over_is_made_whole(done, finished):
    """A byte of each part flipped, and the index ruined: verify tells, run mends."""
    store = done / "results" / "tiny.h5"
    for number, path in enumerate(sorted((done / "results" / "tiny.parts").iterdir())):
        raw = bytearray(path.read_bytes())
        raw[(number * 7919) % len(raw)] ^= 0xFF
        path.write_bytes(bytes(raw))
    assert Study.open(store).verify().problems
    store.write_bytes(bytes(store.stat().st_size))
    with pytest.raises(StoreError, match="not a readable store"):
        Study.open(store)
    assert run_study(done).ran == STEPS
    assert checksums(done) == checksums(finished)
    assert not Study.open(store).verify().problems


def test_an_index_that_is_ruined_or_gone_is_rebuilt_and_no_step_is_run(done, finished):
    store = done / "results" / "tiny.h5"
    for damage in (lambda: store.write_bytes(b"ruined"), store.unlink):
        damage()
        assert run_study(done).kept == STEPS
        assert not Study.open(store).verify().problems
    assert checksums(done) == checksums(finished)


@pytest.mark.parametrize("force", [False, True])
def test_a_store_of_a_newer_version_is_refused_and_not_touched(done, force):
    import h5py

    store = done / "results" / "tiny.h5"
    with h5py.File(store, "r+") as handle:
        handle.attrs["encoding-version"] = 99
    before = {path: path.read_bytes() for path in (done / "results").rglob("*.h5")}
    with pytest.raises(StoreError, match=r"tiny\.h5: /: encoding 'study' version 99 is newer"):
        run_study(done, force=force)
    assert {path: path.read_bytes() for path in (done / "results").rglob("*.h5")} == before


def test_a_store_of_an_older_version_is_taken_over(done, finished, tmp_path):
    """Its index is of version 1, as are its results, which stay."""
    from store import frozen

    other = tmp_path / "older"
    other.mkdir()
    frozen.study_1(other / "tiny.h5")
    (done / "results" / "tiny.h5").unlink()
    shutil.copy(other / "tiny.h5", done / "results")
    for part in (other / "tiny.parts").iterdir():
        shutil.copy(part, done / "results" / "tiny.parts")
    assert run_study(done).kept == STEPS
    study = Study.open(done / "results" / "tiny.h5")
    assert {entry.key for entry in study.ls()} == {*checksums(finished), "mtag/cov", "mtag/height"}
    assert len(study.read_table("mtag/height")) == 3


@pytest.mark.parametrize("cores", ["1", "2"])
def test_an_ended_run_says_one_line_and_leaves_no_process(fresh, finished, tmp_path, cores):
    """SIGTERM, by which queues end jobs; the next run goes on."""
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "postgwas.cli.main", "run", str(fresh), "--cores", cores]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )  # fmt: skip
    wait_for((fresh / "results" / ".steps" / "ld_scores__EUR.begun").exists, process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == "postgwas: error: interrupted; no partial result stands under a final name\n"
    left, end = "?", time.monotonic() + 10
    while left and time.monotonic() < end:
        left = subprocess.run(["ps", "-s", str(process.pid), "-o", "args="], capture_output=True).stdout
    assert not left and list((tmp_path / "tmp").iterdir()) == []
    assert run_study(fresh).ran[0] == "ld_scores/EUR"
    assert checksums(fresh) == checksums(finished)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB, and how to give it more."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("not allowed to mount")
    yield place, lambda: subprocess.run(["mount", "-o", "remount,size=64M", str(place)], check=True)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_full_in_the_middle(fresh, finished, small_disk, capfd):
    """Each failed step says so; what was finished is sound and kept."""
    place, grow = small_disk
    text = (fresh / "study.yaml").read_text().replace("  name: tiny", f"  name: tiny\n  out: {place}/results")
    (fresh / "study.yaml").write_text(text)
    outcome = run_study(fresh)
    assert outcome.failed and not any("Traceback" in line for line in outcome.failed.values())
    full = ("No space left", "no space left", "disk full")
    assert all(any(word in line for word in full) for line in outcome.failed.values()), outcome.failed
    assert capfd.readouterr().err == ""
    assert not Study.open(place / "results" / "tiny.h5").verify().problems
    left = [path.name for path in place.rglob("*") if path.name.endswith((".tmp", ".part"))]
    assert left == []
    grow()
    again = run_study(fresh)
    assert again.kept == outcome.ran and not again.failed
    assert content_checksums(place / "results" / "tiny.h5") == checksums(finished)


def test_a_damaged_memory_of_checksums_is_made_anew(done):
    (done / "results" / ".steps" / "digests.json").write_text('{"a": [1')
    assert run_study(done).ran == []
