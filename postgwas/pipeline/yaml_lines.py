"""YAML as plain data, with the line of every entry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from postgwas.errors import InputError

#: Where an entry lies: keys of mappings and numbers of lists, from the outside in.
Place = tuple[str | int, ...]

#: Larger files are no study.yaml, and aliases could make a small one huge.
_MOST_BYTES = 1 << 20
_MOST_ENTRIES = 100_000
#: Numbers of YAML 1.2 that YAML 1.1 takes for text, and those that it takes for octal or of base 60.
_POWER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
_ODD_BASE = re.compile(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-9_.]+)+)")


@dataclass(frozen=True)
class Document:
    """A YAML file.

    Attributes
    ----------
    path : Path
    data : object
        Mappings, lists, text, numbers, booleans and None.
    lines : dict of tuple to int
        1-based line of each entry; a mapping's entry counts from its key.
    problems : list of (int, str)
        Line and text of each key that is given twice (the first counts) and of each number that YAML reads
        as another.
    """

    path: Path
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Line of an entry, or of the innermost one around it that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_document(path: Path) -> Document:
    """Read a YAML file without building anything but plain data.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Document

    Raises
    ------
    InputError
        The file cannot be read, is no YAML, or uses tags or aliases.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint="postgwas init writes one") from None
    if len(raw) > _MOST_BYTES:
        raise InputError(f"{path}: {len(raw):,} bytes: expected a study.yaml of at most {_MOST_BYTES:,}")
    try:
        text = raw.decode()
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(
                f"{path}: by its first bytes text in UTF-16; expected UTF-8",
                hint=f"iconv -f UTF-16 -t UTF-8 {path.name} > new file",
            ) from None
        raise InputError(f"{path}: byte {error.start} is no UTF-8") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}{_where(error)}: no YAML: {_problem(error)}") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply") from None
    if node is None:
        raise InputError(f"{path}: empty", hint="postgwas init writes one")
    walk = _Walk(path)
    return Document(path, walk.value(node, ()), walk.lines, walk.problems)


class _Walk:
    """Turns nodes into data; keeps lines and problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self.problems: list[tuple[int, str]] = []
        self.seen: set[int] = set()
        self.scalars = yaml.SafeLoader("")

    def value(self, node: Any, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self.seen:
            raise InputError(f"{self.path}, line {line}: aliases (*) are not taken here")
        self.seen.add(id(node))
        if len(self.seen) > _MOST_ENTRIES:
            raise InputError(f"{self.path}: more than {_MOST_ENTRIES:,} entries")
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise InputError(f"{self.path}, line {line}: the tag {node.tag} is not taken here")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, number)) for number, item in enumerate(node.value)]
        if node.style is None and _POWER.fullmatch(node.value):
            return float(node.value)
        try:
            found = self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise InputError(f"{self.path}, line {line}: {_problem(error)}") from None
        if isinstance(found, (int, float)) and _ODD_BASE.fullmatch(node.value):
            mend = "a number without a zero before it and without colons, or text in quotes"
            self.problems.append((line, f"YAML reads {node.value} as {found} ({mend})"))
        # A date or bytes would be a surprise where text was meant.
        return found if isinstance(found, (str, int, float, bool, type(None))) else str(node.value)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise InputError(f"{self.path}, line {line}: expected a name before the colon")
            key = str(key_node.value)
            if key in found:
                first = self.lines[(*place, key)]
                self.problems.append((line, f"'{key}' is given twice, first in line {first}"))
                continue
            self.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return found


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"


def _problem(error: Exception) -> str:
    text = str(getattr(error, "problem", None) or error).splitlines()[0]
    if "'\\t'" in text:
        return "a tab: YAML is indented by blanks"
    if text.startswith("expected <block end>"):
        return "not indented as the entries above it, or a word without its colon"
    return text
