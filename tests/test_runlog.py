"""The run's log: what reaches the terminal and the file, and what is left behind (nothing)."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path

import pytest

from postgwas.errors import InputError, OutputError
from postgwas.runlog import get_logger, log_step, run_log


def test_lines_reach_stderr_and_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run_log(tmp_path / "a.log", command="postgwas mtag --out a") as log:
        log_step(log, "QC", rows_in=1000, rows_out=990, dropped={"INFO": 10, "MAF": 0})
        get_logger("mtag").warning("mean chi2 is low")
        get_logger("mtag").debug("not shown")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "QC: 1,000 variants in, 990 out (dropped: 10 INFO)\nwarning: mean chi2 is low\n"
    lines = (tmp_path / "a.log").read_text().splitlines()
    assert lines[0].endswith(": postgwas mtag --out a")
    assert lines[1].endswith("QC: 1,000 variants in, 990 out (dropped: 10 INFO)")
    assert lines[2].endswith("WARNING mean chi2 is low")
    assert len(lines) == 3


def test_log_begins_with_the_running_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for argv, expected in (
        (["/usr/bin/postgwas", "mtag", "--out", "my study"], ": postgwas mtag --out 'my study'"),
        (["-c"], ": started"),
    ):
        monkeypatch.setattr("sys.argv", argv)
        with run_log(tmp_path / "a.log", fresh=True):
            pass
        assert (tmp_path / "a.log").read_text().splitlines()[0].endswith(expected)


def test_stdout_verbose_and_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run_log(None, stream_stdout=True, verbose=True) as log:
        log.debug("reading took 1 s")
    assert capsys.readouterr() == ("reading took 1 s\n", "")
    with run_log(tmp_path / "q.log", quiet=True) as log:
        log.info("a step")
        log.warning("a warning")
    assert capsys.readouterr() == ("", "warning: a warning\n")
    assert "a step" in (tmp_path / "q.log").read_text()


def test_twice_in_one_process_leaves_no_handler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger("postgwas")
    before = (list(root.handlers), root.level)
    for name in ("first", "second"):
        with run_log(tmp_path / f"{name}.log") as log:
            log.info(name)
    assert (list(root.handlers), root.level) == before
    assert capsys.readouterr().err == "first\nsecond\n"
    assert "first" not in (tmp_path / "second.log").read_text()
    get_logger("mtag").info("after the run")
    assert capsys.readouterr().err == ""


def test_nested_runs_print_each_line_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run_log(tmp_path / "outer.log"), run_log(tmp_path / "inner.log") as log:
        log.info("once")
    assert capsys.readouterr().err == "once\n"
    assert "once" in (tmp_path / "outer.log").read_text()
    assert "once" in (tmp_path / "inner.log").read_text()


def test_json_lines_hold_counts(tmp_path: Path) -> None:
    with run_log(tmp_path / "j.log", json_lines=True) as log:
        log_step(log, "QC", rows_in=10, rows_out=9, dropped={"INFO": 1, "MAF": 0})
    entries = [json.loads(line) for line in (tmp_path / "j.log").read_text().splitlines()]
    assert entries[1]["rows_in"] == 10
    assert entries[1]["dropped"] == {"INFO": 1, "MAF": 0}
    assert entries[1]["level"] == "info"


def test_a_second_run_adds_to_the_log_unless_fresh(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for word in ("one", "two"):
        with run_log(path, quiet=True) as log:
            log.info(word)
    assert "one" in path.read_text() and "two" in path.read_text()
    with run_log(path, quiet=True, fresh=True) as log:
        log.info("three")
    assert "one" not in path.read_text()


def test_an_error_is_the_last_line(tmp_path: Path) -> None:
    with pytest.raises(InputError), run_log(tmp_path / "a.log", quiet=True):
        raise InputError("a.txt is empty", hint="--sumstats")
    assert (tmp_path / "a.log").read_text().splitlines()[-1].endswith("ERROR a.txt is empty (--sumstats)")


def test_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"), run_log(tmp_path / "no" / "a.log"):
        pass
    assert not any(isinstance(h, logging.FileHandler) for h in logging.getLogger("postgwas").handlers)


def test_full_disk_ends_the_run_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"disk full while writing '.*a\.log'"):  # noqa: SIM117
        with run_log(tmp_path / "a.log", quiet=True) as log:
            monkeypatch.setattr(logging.FileHandler, "emit", _emit_calling(full))
            log.info("a step")


def _emit_calling(fail: object) -> object:
    def emit(self: logging.Handler, record: logging.LogRecord) -> None:
        try:
            fail()  # type: ignore[operator]
        except OSError:
            self.handleError(record)

    return emit


def test_a_library_that_logs_to_the_root_prints_nothing_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    with run_log(tmp_path / "a.log"):
        logging.debug("of a library: configures the root logger if it has no handler")
        get_logger("mtag").warning("once")
    assert capsys.readouterr().err == "warning: once\n"
    assert root.handlers == []
