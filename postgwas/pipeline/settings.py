"""Settings of steps in study.yaml: the flags of the step's command, checked by that command's own parser."""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from postgwas.errors import UsageError
from postgwas.pipeline.kinds import KINDS, RUN_FLAGS


def available(kind: str) -> bool:
    """Whether this installation has the command of a kind of step."""
    return importlib.util.find_spec(f"postgwas.cli.{KINDS[kind].module}") is not None


@cache
def flags_of(kind: str) -> dict[str, argparse.Action]:
    """The options of a kind's command: name without dashes to argparse's action."""
    from postgwas.cli.parser import Parser

    parser = Parser(prog=f"postgwas {' '.join(KINDS[kind].command)}")
    importlib.import_module(f"postgwas.cli.{KINDS[kind].module}").add_arguments(parser)
    return {
        option[2:]: action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }


def problem_of(kind: str, name: str, value: Any) -> str | None:
    """What is wrong with one setting, in a few words; None: nothing."""
    flag = name.replace("-", "_")
    known = flags_of(kind)
    if flag in RUN_FLAGS or flag in KINDS[kind].own:
        return f"'{name}' is set by the study itself"
    if flag not in known or flag == "help":
        near = difflib.get_close_matches(flag, known, n=1)
        return f"unknown setting '{name}'" + (f" (did you mean {near[0]}?)" if near else "")
    action = known[flag]
    if action.nargs == 0:
        return None if isinstance(value, bool) else f"'{name}' takes true or false, found {value!r}"
    values = value if isinstance(value, list) else [value]
    for item in values:
        if item is None or isinstance(item, (bool, dict, list)):
            return f"'{name}' takes {action.metavar or 'a value'}, found {item!r}"
        text = _text(item)
        try:
            converted = action.type(text) if callable(action.type) else text
        except (ValueError, TypeError, argparse.ArgumentTypeError):
            kind_of = getattr(action.type, "__name__", "value")
            return f"'{name}' takes {_WORDS.get(kind_of, kind_of)}, found {text!r}"
        if action.choices is not None and converted not in action.choices:
            return f"'{name}' is {text!r}: expected {', '.join(map(str, action.choices))}"
    return None


_WORDS = {"int": "a whole number", "float": "a number"}


def words_of(kind: str, settings: Mapping[str, Any], folder: Path) -> tuple[list[str], list[str]]:
    """Words of the command line that settings stand for, and the files that they name.

    Parameters
    ----------
    kind : str
    settings : mapping
        Checked by :func:`problem_of`.
    folder : Path
        Where study.yaml lies: a value that is a file there is that file.

    Returns
    -------
    list of str
    list of str
        Absolute paths.

    Raises
    ------
    UsageError
        A setting is wrong.
    """
    words: list[str] = []
    files: list[str] = []
    for name in sorted(settings):
        value = settings[name]
        problem = problem_of(kind, name, value)
        if problem is not None:
            raise UsageError(f"steps: {kind}: {problem}")
        action = flags_of(kind)[name.replace("-", "_")]
        flag = f"--{name.replace('-', '_')}"
        if value is False:
            continue
        if value is True:
            words.append(flag)
            continue
        texts = []
        for item in value if isinstance(value, list) else [value]:
            text = _text(item)
            path = folder / text
            if isinstance(item, str) and action.choices is None and path.is_file():
                text = str(path)
                files.append(text)
            texts.append(text)
        words += [flag, *texts] if action.nargs in ("+", "*") else [flag, ",".join(texts)]
    return words, files


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)
