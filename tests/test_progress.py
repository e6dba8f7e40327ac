"""Progress: silent when quick, plain lines without a terminal, a bar with one."""

from __future__ import annotations

import io
import sys
import threading
import time

import pytest

import postgwas.progress as module
from postgwas.progress import progress
from postgwas.runlog import run_log


def _wait_for(condition: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.01)


def test_quick_work_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with run_log(None), progress("Reading", total=2) as advance:
        advance(2)
    assert capsys.readouterr() == ("", "")


def test_plain_lines_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(module, "LINE_EVERY_SECONDS", 0.05)
    seen = ""

    def has_line() -> bool:
        nonlocal seen
        seen += capsys.readouterr().err
        return "Reading: 3 of 4 (75 %)" in seen

    with run_log(None), progress("Reading", total=4) as advance:
        advance(3)
        _wait_for(has_line)
    assert "Reading: 3 of 4 (75 %), 0 s" in seen


def test_quiet_runs_show_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(module, "LINE_EVERY_SECONDS", 0.02)
    with run_log(None, quiet=True), progress("Reading", total=4):
        time.sleep(0.2)
    assert capsys.readouterr() == ("", "")


def test_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("Reading", total=4) as advance:
        advance(3)
        _wait_for(lambda: "3/4" in terminal.getvalue())
    assert "Reading" in terminal.getvalue()
    assert "3/4" in terminal.getvalue()


def test_an_error_ends_the_thread() -> None:
    with pytest.raises(ValueError, match="boom"), progress("Reading"):
        raise ValueError("boom")
    assert not [t for t in threading.enumerate() if t.name == "progress"]
