"""Runs of `postgwas mtag` that a full disk or Ctrl-C ends: all results or none, and nothing else left."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mtag.text_study import Accepted, Refused, TextStudy, simulate

from postgwas.cli.main import guarded

PROGRAM = [sys.executable, "-m", "postgwas.cli.main", "mtag"]
INTERRUPTED = "postgwas: error: interrupted; no partial result stands under a final name\n"


def disk_full_after(monkeypatch: pytest.MonkeyPatch, n_files: int) -> None:
    """Many file systems notice that they are full when a file's blocks are flushed."""
    real, flushed = os.fsync, []

    def fsync(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) > n_files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("n_files", [0, 3, 7, 12])
def test_disk_full_between_result_files(
    n_files: int, study: TextStudy, refused: Refused, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The panel's cache is written first; that it does not fit is no reason to fail.
    monkeypatch.setattr("postgwas.ld.panel.write_cache", lambda *args: None)
    disk_full_after(monkeypatch, n_files)
    said = refused("--sumstats", f"{study.a},{study.b}")
    assert said.startswith(f"{out.parent}/run")
    assert said.endswith(": cannot be written: No space left on device")


def test_disk_full_keeps_earlier_results_with_overwrite(
    study: TextStudy, accepted: Accepted, refused: Refused, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted("--sumstats", f"{study.a},{study.b}")
    before = {path.name: path.read_bytes() for path in out.parent.iterdir() if path.suffix != ".log"}
    disk_full_after(monkeypatch, 5)
    refused("--sumstats", f"{study.a},{study.c}", "--overwrite")
    assert {path.name: path.read_bytes() for path in out.parent.iterdir() if path.suffix != ".log"} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_disk_full_for_the_log(study: TextStudy, refused: Refused, out: Path) -> None:
    Path(f"{out}.log").symlink_to("/dev/full")
    said = refused("--sumstats", f"{study.a},{study.b}")
    assert said == f"disk full while writing '{out}.log'"


def test_files_that_may_not_grow(study: TextStudy, out: Path, tmp_path: Path) -> None:
    """A real refusal by the system in the middle of writing a file, as a quota gives."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    argv = ["--sumstats", f"{study.a},{study.b}", "--ld_ref_panel", str(study.panel), "--out", str(out)]
    done = subprocess.run([*PROGRAM, *argv, "--quiet"], capture_output=True, text=True, preexec_fn=limit)
    assert done.stderr == f"postgwas: error: {out}_trait_1.txt: cannot be written: File too large\n"
    assert done.returncode == 2
    assert [path.name for path in out.parent.iterdir()] == ["run.log"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> TextStudy:
    return simulate(tmp_path_factory.mktemp("large"), seed=11, n_variants=40_000)


def interrupted(argv: list[str], when: str, log: Path) -> tuple[subprocess.Popen[str], str]:
    """Run, send Ctrl-C to the whole group once the log says `when`, and wait for the end."""
    run = subprocess.Popen([*PROGRAM, *argv], stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and run.poll() is None and not (log.exists() and when in log.read_text()):
        time.sleep(0.003)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGINT)
    return run, run.communicate(timeout=60)[1]


@pytest.mark.parametrize(
    ("when", "cores"),
    [("Trait 1 quality control", 1), ("Sigma hat", 1), ("Trait 1 quality control", 2), ("Sigma hat", 2)],
)
def test_ctrl_c(when: str, cores: int, large: TextStudy, out: Path) -> None:
    """A terminal sends it to the whole group of processes, workers too."""
    argv = ["--sumstats", f"{large.a},{large.b},{large.c}", "--ld_ref_panel", str(large.panel)]
    argv += ["--out", str(out), "--cores", str(cores), "--quiet"]
    for _ in range(20):  # on a busy machine a run may be over before this process gets to interrupt it
        run, said = interrupted(argv, when, Path(f"{out}.log"))
        if run.returncode != 0:
            break
        for path in out.parent.iterdir():
            path.unlink()
    assert said == INTERRUPTED
    assert run.returncode == 2
    assert [path.name for path in out.parent.iterdir()] == ["run.log"]
    assert Path(f"{out}.log").read_text().rstrip().endswith("ERROR interrupted")


def test_ctrl_c_that_reaches_polars_first(capsys: pytest.CaptureFixture[str]) -> None:
    class PanicException(BaseException):
        """What polars makes of a KeyboardInterrupt in its callbacks."""

    def panic(argv: list[str]) -> int:
        raise PanicException("called `Result::unwrap()` on an `Err` value: KeyboardInterrupt()")

    assert guarded(panic, []) == 2
    assert capsys.readouterr().err == INTERRUPTED


def test_nothing_is_printed_between_ctrl_c_and_the_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """Rust prints a panic to the file descriptor itself when an interrupt lands in one of its callbacks."""

    def panic(argv: list[str]) -> int:
        os.write(2, b"before\n")
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            os.write(2, b"thread '<unnamed>' panicked\n")
        return 0

    # The test's own process may ignore SIGINT; a terminal's does not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        terminate = signal.getsignal(signal.SIGTERM)
        assert guarded(panic, []) == 2
        assert capfd.readouterr().err == f"before\n{INTERRUPTED}"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) == terminate
        assert guarded(panic, ["--debug"]) == 2
        assert "panicked" in capfd.readouterr().err
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_ignored_ctrl_c_stays_ignored(capfd: pytest.CaptureFixture[str]) -> None:
    def work(argv: list[str]) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert guarded(work, []) == 0
    finally:
        signal.signal(signal.SIGINT, before)
