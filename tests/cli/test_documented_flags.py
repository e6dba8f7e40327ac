"""Every command line of the documents names a command, an action and flags that exist."""

from __future__ import annotations

import argparse
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from postgwas.cli.main import COMMANDS
from postgwas.cli.parser import Parser

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "tutorials").glob("*.py")],
)
#: Commands whose flags a page says are the same as a peer's.
THE_SAME = {"from_mtag.md": ["mtag"], "from_ldsc.md": ["munge", "ldsc", "make_annot"]}


@cache
def parsers(command: str) -> dict[str, set[str]]:
    """Flags of a command, or of each of its actions."""
    parser = Parser(prog=command)
    importlib.import_module(f"postgwas.cli.{COMMANDS[command][0]}").add_arguments(parser)
    actions = next((one for one in parser._actions if isinstance(one, argparse._SubParsersAction)), None)
    found = {"": parser} if actions is None else dict(actions.choices)
    return {name: {flag for a in one._actions for flag in a.option_strings} for name, one in found.items()}


def command_lines(text: str) -> list[str]:
    """What follows ``postgwas`` in code, lines that go on joined."""
    text = re.sub(r"\\\n(?:# )?\s*", " ", text)
    spans = re.findall(r"`(postgwas [a-z_0-9]+(?: [^`\n]*)?)`", text)
    lines = re.findall(
        r"^(?:# )?(?:\$ |    )?(postgwas [a-z_0-9]+.*?)(?:[ \t]+#.*)?$", text, flags=re.MULTILINE
    )
    return [one for one in (*spans, *lines) if one.split()[1] in COMMANDS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_flags_exist(document: Path) -> None:
    for line in command_lines(document.read_text(encoding="utf-8")):
        _, command, *words = line.split()
        actions = parsers(command)
        action = words[0] if words and words[0] in actions else ""
        known = actions[action] if action in actions else set().union(*actions.values())
        named = {re.split(r"[=|,.;:)\]\"']", word)[0] for word in words if re.match(r"--[A-Za-z]", word)}
        missing = {flag for flag in named if flag.replace("-", "_").replace("__", "--", 1) not in known}
        assert not missing, f"{document.name}: {line}"


@pytest.mark.parametrize("page", THE_SAME)
def test_flags_that_are_the_same_exist(page: str) -> None:
    known = set().union(*(flags for command in THE_SAME[page] for flags in parsers(command).values()))
    rows = [
        line
        for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
        if "| the same" in line
    ]
    assert len(rows) > 8
    for row in rows:
        for flag in re.findall(r"`(--[A-Za-z][\w-]*)", row.split(" | ")[0]):
            assert "--" + flag[2:].replace("-", "_") in known, row
