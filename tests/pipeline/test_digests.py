"""When a file or the code counts as changed."""

from __future__ import annotations

import ast
import os
import time
from functools import cache
from pathlib import Path

import pytest

import postgwas
from postgwas import reference
from postgwas.cli import main as cli_main
from postgwas.errors import InputError
from postgwas.pipeline import digests as module
from postgwas.pipeline.digests import Digests, code_digest
from postgwas.pipeline.kinds import KINDS

PLACES = {
    "postgwas": Path(postgwas.__file__).parent,
    "postgwas.cli": Path(cli_main.__file__).parent,
    "postgwas.reference": Path(reference.__file__).parent,
}


def old(path: Path) -> None:
    """Set a file's time back, as if it had been written long ago."""
    os.utime(path, ns=(10**18 + 7, 10**18 + 7))


def test_content_of_the_same_size_time_and_inode_is_told_apart(tmp_path):
    """What `touch -r` and some editors do: the time of change cannot be set back."""
    path, memory = tmp_path / "a", tmp_path / "memory.json"
    path.write_text("one")
    old(path)
    time.sleep(0.06)  # longer than a tick: else it is not remembered at all
    first = Digests(memory)
    before = first.of(str(path))
    first.save()
    with open(path, "r+") as stream:
        stream.write("two")
    old(path)
    assert Digests(memory).of(str(path)) != before


def test_a_file_that_has_just_been_written_is_not_remembered(tmp_path, monkeypatch):
    """It may be written again within the same tick, and neither size nor times would tell."""
    path, memory = tmp_path / "a", tmp_path / "memory.json"
    path.write_text("one")
    second = time.time_ns() // 10**9 * 10**9  # of a clock of whole seconds
    monkeypatch.setattr(module, "_signature", lambda name: [3, second, 1, second])
    known = Digests(memory)
    before = known.of(str(path))
    known.save()
    path.write_text("two")
    assert Digests(memory).of(str(path)) != before


def test_what_is_known_is_not_read_again(tmp_path, monkeypatch):
    path, memory = tmp_path / "a", tmp_path / "memory.json"
    path.write_text("one")
    time.sleep(0.06)
    known = Digests(memory)
    before = known.of(str(path))
    known.save()
    monkeypatch.setattr(module, "_sha256", lambda name: pytest.fail("read again"))
    assert Digests(memory).of(str(path)) == before


def test_a_file_that_is_written_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("one")

    def slow(name: str) -> str:
        path.write_text("longer")
        return "0" * 64

    monkeypatch.setattr(module, "_sha256", slow)
    with pytest.raises(InputError, match="changed while it was read"):
        Digests(tmp_path / "memory.json").of(str(path))


def test_two_builds_of_one_version_are_told_apart(tmp_path):
    package = tmp_path / "site-packages" / "postgwas"
    record = tmp_path / "site-packages" / "postgwas-0.1.0.dist-info" / "RECORD"
    record.parent.mkdir(parents=True)
    lines = ["postgwas/ldsc/irwls.py,sha256=A,10", "../../../bin/postgwas,sha256=B,9", "postgwas/x.pyc,,"]

    def installed(*text: str) -> str | None:
        record.write_text("\n".join(text))
        module._installed.cache_clear()
        return module._installed(package)

    first = installed(*lines)
    assert first is not None
    assert installed(lines[0], "../../../bin/postgwas,sha256=ELSEWHERE,9", lines[2]) == first
    assert installed("postgwas/ldsc/irwls.py,sha256=C,10", *lines[1:]) != first
    module._installed.cache_clear()
    assert module._installed(tmp_path / "clone" / "postgwas") is None


def test_data_that_lie_beside_the_code_are_in_keys_too():
    """Templates of pages, places of known variants by which builds are told."""
    beside = {
        path.suffix for place in PLACES.values() for path in place.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "py.typed"
    }  # fmt: skip
    assert {".py", ".npz", ".html"} <= beside <= set(module._SOURCES)


@cache
def imports(path: Path) -> frozenset[Path]:
    """Modules of ours that a module imports, now or when it is used."""
    found: set[Path] = set()
    todo: list[ast.AST] = [ast.parse(path.read_text())]
    while todo:
        node = todo.pop()
        # In packages' own modules the names that are imported when first used stand there.
        of_types = isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        if of_types and path.name != "__init__.py":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{one.name}" for one in node.names]
            found |= {place for name in (node.module, *names) if (place := place_of(name)) is not None}
        todo += ast.iter_child_nodes(node)
    return frozenset(found)


def place_of(name: str) -> Path | None:
    parts = name.split(".")
    if parts[0] != "postgwas" or len(parts) == 1:
        return None
    base = PLACES.get(".".join(parts[:2]))
    path = base.joinpath(*parts[2:]) if base is not None else PLACES["postgwas"].joinpath(*parts[1:])
    return next((one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()), None)


@pytest.mark.parametrize("kind", KINDS)
def test_all_code_that_a_command_imports_is_in_the_keys_of_its_steps(kind):
    """A room that KINDS does not name could change results unseen where postgwas is worked on."""
    seen: set[Path] = set()
    todo = [PLACES["postgwas.cli"] / f"{KINDS[kind].module}.py"]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += [
                one for one in imports(path) if one.name != "__init__.py" or one.parent != PLACES["postgwas"]
            ]
    digests = Digests(Path("none.json"))
    code_digest(KINDS[kind].rooms, KINDS[kind].module, digests)
    missing = {str(path) for path in seen} - set(digests._known)
    # The list of all commands, of which a step runs one.
    extra = {"/".join(Path(name).parts[-2:]) for name in missing}
    assert {name for name in extra if not name.endswith(("/main.py", "/__init__.py"))} == set()
