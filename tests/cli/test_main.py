"""The entry point: finding commands, one line for each mistake, and a start that imports nothing heavy."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from postgwas import __version__
from postgwas.cli import main as module
from postgwas.cli.main import COMMANDS, main
from postgwas.errors import InputError

HEAVY = {"pandas", "numpy", "scipy", "dask", "distributed", "h5py", "matplotlib", "polars", "pyarrow", "rich"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[str]]:
    """Put a stand-in in the place of every command; its run() calls the given action."""

    def install(action: Callable[[], object]) -> list[str]:
        def run(args: object) -> int:
            result = action()
            return result if isinstance(result, int) else 0

        def add_arguments(parser: object) -> None:
            parser.add_argument("--out")  # type: ignore[attr-defined]
            parser.add_argument("--debug", action="store_true")  # type: ignore[attr-defined]

        stand_in = SimpleNamespace(add_arguments=add_arguments, run=run, __doc__="A stand-in.")
        monkeypatch.setattr(module, "_load", lambda name: stand_in)
        return ["mtag"]

    return install


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["mtgg"], []])
def test_start_imports_nothing_heavy(argv: list[str]) -> None:
    code = (
        "import sys; from postgwas.cli.main import main\n"
        f"main({argv!r})\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "argparse" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_start_without_numeric_libraries(name: str) -> None:
    code = (
        "import sys, importlib\n"
        f"importlib.import_module('postgwas.cli.{COMMANDS[name][0]}')\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & (HEAVY - {"rich"})


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_the_commands_say(name: str) -> None:
    loaded = importlib.import_module(f"postgwas.cli.{COMMANDS[name][0]}")
    assert COMMANDS[name][1] == loaded.HELP


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"postgwas {name}" in text
    assert "--debug" in text or name in ("coloc", "eqtl", "expression", "genotypes", "reference", "store")


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["--help"], ["-h"], ["help"], ["--debug"]):
        assert main(argv) == 0
        out = capsys.readouterr().out
        assert all(f"  {name} " in out for name in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"postgwas {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (
            ["mtagg"],
            f"unknown command 'mtagg'; the commands are {', '.join(COMMANDS)} (did you mean mtag?)",
        ),
        (["--bogus"], "unknown option '--bogus'"),
        (["mtag", "--ou"], "argument --out: expected one argument (see postgwas mtag --help)"),
        (
            ["mtag", "--outt", "x"],
            "unrecognized arguments: --outt x (did you mean --out? see postgwas mtag --help)",
        ),
    ],
)
def test_mistakes_on_the_command_line(
    argv: list[str], text: str, command: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    command(lambda: 0)
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"postgwas: error: {text}")
    assert err.count("\n") == 1


def _raise(error: BaseException) -> Callable[[], object]:
    def action() -> object:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("a.txt is\n empty", hint="--sumstats"), "a.txt is empty (--sumstats)"),
        (KeyboardInterrupt(), "interrupted; no partial result stands under a final name"),
        (
            OSError(errno.ENOSPC, "No space left", "out_trait_1.txt"),
            "disk full while writing 'out_trait_1.txt'",
        ),
        (OSError("No space left on device (os error 28)"), "disk full while writing a file"),
        (PermissionError(errno.EACCES, "Permission denied", "/out.log"), "'/out.log': permission denied"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), "'a.txt': no such file or folder"),
        (OSError(errno.EIO, "Input/output error", "a.txt"), "'a.txt': Input/output error"),
        (MemoryError(), "out of memory"),
    ],
)
def test_each_error_is_one_line_and_status_2(
    error: BaseException,
    text: str,
    command: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = command(_raise(error))
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"postgwas: error: {text}")
    assert err.count("\n") == 1


def test_debug_shows_the_traceback(
    command: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    argv = command(_raise(InputError("a.txt is empty")))
    for arguments in ([*argv, "--debug"], ["--debug", *argv]):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        assert "Traceback" in err
        assert err.endswith("postgwas: error: a.txt is empty\n")


def test_a_defect_of_ours_keeps_its_traceback(command: Callable[..., list[str]]) -> None:
    argv = command(_raise(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        main(argv)


def test_status_of_a_command_is_returned(command: Callable[..., list[str]]) -> None:
    assert main(command(lambda: 3)) == 3


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import sys; from postgwas.cli import main as m; from types import SimpleNamespace as N\n"
        "def run(args):\n for i in range(100000): print(i)\n"
        "m._load = lambda name: N(add_arguments=lambda p: None, run=run)\n"
        "sys.exit(m.main(['mtag']))"
    )
    program = subprocess.Popen(
        [sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None and program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait(20) == 141


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_program(number: int, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        "import sys, time, pathlib; from types import SimpleNamespace as N\n"
        "from postgwas.cli import main as m\n"
        f"def run(args):\n pathlib.Path({str(ready)!r}).touch()\n time.sleep(30)\n"
        "m._load = lambda name: N(add_arguments=lambda p: None, run=run)\n"
        "sys.exit(m.main(['mtag']))"
    )
    program = subprocess.Popen([sys.executable, "-P", "-c", code], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not ready.exists() and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(program.pid, number)
    _, err = program.communicate(timeout=20)
    assert err == "postgwas: error: interrupted; no partial result stands under a final name\n"
    assert program.returncode == 2


def test_an_interrupt_that_passes_an_exec_has_the_same_status(tmp_path: Path) -> None:
    """Libraries make classes so; under ``python -m`` the status was that of a program that SIGINT ended."""
    (tmp_path / "ended.py").write_text(
        "import sys\nfrom postgwas.cli.main import guarded\n"
        "text = 'import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)'\n"
        "sys.exit(guarded(lambda argv: exec(text), []))\n"
    )
    program = [sys.executable, "-m", "ended"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == "postgwas: error: interrupted; no partial result stands under a final name\n"
    assert done.returncode == 2


def test_an_unknown_flag_of_an_action_is_told_by_the_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["genotypes", "prune", "--genotypes", "x", "--out", "y", "--widow", "3"]) == 2
    assert "did you mean --window? see postgwas genotypes prune --help" in capsys.readouterr().err
