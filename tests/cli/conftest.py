"""Small simulated studies for commands, and ways to run them that prove how they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from meta.small_studies import Combined
from meta.small_studies import Table as MetaTable
from meta.small_studies import write as write_meta
from mtag.text_study import N_VARIANTS, Accepted, Refused, TextStudy, simulate, write_table
from qtl.trans_study import TransStudy, make_study

from postgwas.cli.main import main


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> TextStudy:
    return simulate(tmp_path_factory.mktemp("study"), seed=7, n_variants=N_VARIANTS)


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or leaves anything in the user's cache and registry."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def left_behind(folder: Path) -> list[str]:
    """Files and folders under `folder` that a failed run has no business to leave: all but its log."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.endswith(".log")
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Prefix of results, alone in its folder."""
    (tmp_path / "results").mkdir()
    return tmp_path / "results" / "run"


@pytest.fixture
def refusal(out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must be refused; gives the one line without its beginning.

    Checks exit status 2, that stderr holds that line alone (and warnings), that nothing is printed, and that
    nothing but the log is left.
    """

    def run(*argv: object) -> str:
        before = left_behind(out.parent)
        assert main([str(one) for one in argv]) == 2
        printed = capsys.readouterr()
        lines = [line for line in printed.err.splitlines() if not line.startswith("warning: ")]
        assert printed.out == ""
        assert len(lines) == 1, printed.err
        assert lines[0].startswith("postgwas: error: ")
        assert left_behind(out.parent) == before
        return lines[0].removeprefix("postgwas: error: ")

    return run


@pytest.fixture
def refused(study: TextStudy, out: Path, refusal: Callable[..., str]) -> Refused:
    """Run `postgwas mtag` on files that must be refused; gives the one line.

    `own_out` is for command lines that bring their own --out.
    """

    def run(*arguments: object, panel: object = None, own_out: bool = False) -> str:
        argv = ["mtag", *arguments, "--quiet", "--ld_ref_panel", panel or study.panel]
        return refusal(*argv) if own_out else refusal(*argv, "--out", out)

    return run


@pytest.fixture
def accepted(study: TextStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> Accepted:
    """Run `postgwas mtag` on odd files that are fine all the same; gives the log."""

    def run(*arguments: object) -> str:
        argv = ["mtag", *map(str, arguments), "--quiet", "--ld_ref_panel", str(study.panel)]
        status = main([*argv, "--out", str(out)])
        assert status == 0, capsys.readouterr().err
        return Path(f"{out}.log").read_text()

    return run


@pytest.fixture
def spoilt(study: TextStudy, tmp_path: Path) -> Callable[..., Path]:
    """Write trait 2 with columns replaced (or left out, where None) and other ways of writing."""

    def write(name: str = "bad.txt", *, separator: str = "\t", **columns: object) -> Path:
        table = {**study.tables[1]}
        for column, values in columns.items():
            if values is None:
                del table[column]
            else:
                table[column] = np.broadcast_to(np.asarray(values), (N_VARIANTS,))
        return write_table(tmp_path / name, table, separator=separator)

    return write


@pytest.fixture
def combined(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Combined:
    """Write tables of studies, run `postgwas meta` on them, give the prefix."""

    def run(tables: list[MetaTable], *arguments: object, prefix: Path = out, name: str = "study") -> Path:
        paths = [write_meta(tmp_path / f"{name}{at}.txt", table) for at, table in enumerate(tables)]
        argv = ["meta", "--sumstats", ",".join(map(str, paths)), "--out", prefix, "--quiet", *arguments]
        assert main([str(one) for one in argv]) == 0, capsys.readouterr().err
        return prefix

    return run


@pytest.fixture(scope="session")
def trans_study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("eqtl"))


@pytest.fixture
def eqtl_refused(trans_study: TransStudy, out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run `eqtl ACTION`, which must be refused; gives the one line."""

    def run(action: str, *flags: object) -> str:
        return refusal("eqtl", action, *trans_study.flags, "--out", out, "--quiet", *flags)

    return run
