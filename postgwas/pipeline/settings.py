"""Settings of steps in study.yaml: the flags of the step's command, checked by that command's own parser."""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from postgwas.errors import UsageError
from postgwas.pipeline.file_flags import NoSuchFile, names_files, resolve, takes_list
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


def problem_of(kind: str, name: str, value: Any, folder: Path | None = None, given: Any = None) -> str | None:
    """What is wrong with one setting, in a few words; None: nothing.

    Parameters
    ----------
    kind, name : str
    value : object
    folder : Path, optional
        Where study.yaml lies: files that the setting names are looked for from there.
    given : mapping, optional
        All settings of the step.
    """
    flag = name.replace("-", "_")
    known = flags_of(kind)
    if flag in RUN_FLAGS or flag in KINDS[kind].own:
        return f"'{name}' is set by the study itself"
    if flag in KINDS[kind].elsewhere:
        return f"'{name}' says how the GWAS files are read: it belongs under gwas, or steps.harmonise"
    if flag not in known or flag == "help":
        near = difflib.get_close_matches(flag, known, n=1)
        return f"unknown setting '{name}'" + (f" (did you mean {near[0]}?)" if near else "")
    action = known[flag]
    first = next((one for one in given or () if known.get(one.replace("-", "_")) is action), name)
    if first != name:
        return f"'{name}' and '{first}' are one setting"  # of two flags the last would count
    if action.nargs == 0:
        return None if isinstance(value, bool) else f"'{name}' takes true or false, found {value!r}"
    values = value if isinstance(value, list) else [value]
    if not values:
        return f"'{name}' is an empty list"
    for item in values:
        item = _on_or_off(action, item)
        if item is None or isinstance(item, (bool, dict, list)):
            return f"'{name}' takes {_metavar(action)}, found {item!r}"
        if isinstance(item, float) and not math.isfinite(item):
            return f"'{name}' is {item}: expected a finite number"
        if (problem := _text_problem(action, name, _text(item))) is not None:
            return problem
    problem = _count_problem(action, name, values)
    if problem is not None or folder is None:
        return problem
    return _file_problem(action, name, values, folder, given or {})


#: Whole numbers up to here are exact in floating point.
_MOST_WHOLE = 2**53
_WORDS = {"int": "a whole number", "float": "a number"}


def _text_problem(action: argparse.Action, name: str, text: str) -> str | None:
    """What is wrong with one word of a flag."""
    try:
        converted = action.type(text) if callable(action.type) else text
    except (ValueError, TypeError, argparse.ArgumentTypeError):
        kind_of = getattr(action.type, "__name__", "value")
        return f"'{name}' takes {_WORDS.get(kind_of, kind_of)}, found {text!r}"
    if action.choices is not None and converted not in action.choices:
        return f"'{name}' is {text!r}: expected {', '.join(map(str, action.choices))}"
    return None


def _count_problem(action: argparse.Action, name: str, values: list[Any]) -> str | None:
    """Whether there are as many values as a flag takes."""
    if isinstance(action.nargs, int):
        wrong = len(values) != action.nargs
        return f"'{name}' takes [{_metavar(action)}], found {len(values)} values" if wrong else None
    if len(values) < 2 or names_files(action) or _several(action):
        return None
    if _text_problem(action, name, ",".join(map(_text, values))) is None:
        return None  # text with commas, which the command takes apart
    return f"'{name}' takes one value, found {len(values)}"


def _metavar(action: argparse.Action) -> str:
    return ", ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar or "a value"


def _file_problem(
    action: argparse.Action, name: str, values: list[Any], folder: Path, given: Mapping[str, Any]
) -> str | None:
    if not names_files(action):
        return None
    if len(values) > 1 and not _several(action):
        return f"'{name}' takes one file, found {len(values)}"
    found = []
    for text in _texts(action, values):
        try:
            words = resolve(action, text, folder, given).words
        except NoSuchFile as error:
            found.append(str(error))
            continue
        parted = [word for word in words if "," in word] if takes_list(action) else []
        found += [f"{word}: lists of files are parted by commas, which no name may have" for word in parted]
    return f"'{name}': {'; '.join(found)}" if found else None


def words_of(kind: str, settings: Mapping[str, Any], folder: Path) -> tuple[list[str], list[str]]:
    """Words of the command line that settings stand for, and the files that they name.

    Parameters
    ----------
    kind : str
    settings : mapping
        Checked by :func:`problem_of`.
    folder : Path
        Where study.yaml lies: files are found from there.

    Returns
    -------
    list of str
    list of str
        All files behind names, prefixes and patterns; absolute.

    Raises
    ------
    UsageError
        A setting is wrong.
    """
    words: list[str] = []
    files: list[str] = []
    for name in sorted(settings):
        value = settings[name]
        problem = problem_of(kind, name, value, folder, settings)
        if problem is not None:
            raise UsageError(f"steps: {kind}: {problem}")
        action = flags_of(kind)[name.replace("-", "_")]
        flag = f"--{name.replace('-', '_')}"
        value = _on_or_off(action, value)
        if value is False:
            continue
        if value is True:
            words.append(flag)
            continue
        texts = _texts(action, value if isinstance(value, list) else [value])
        if names_files(action):
            named = [resolve(action, text, folder, settings) for text in texts]
            texts = [word for one in named for word in one.words]
            files += [file for one in named for file in one.files]
        if _repeats(action):
            words += [word for text in texts for word in (flag, text)]
        elif _several_words(action):
            words += [flag, *texts]
        elif (text := ",".join(texts)).startswith("-"):
            words.append(f"{flag}={text}")  # or it would be taken for a flag
        else:
            words += [flag, text]
    return words, files


def _texts(action: argparse.Action, values: list[Any]) -> list[str]:
    """Values as text; where they are files, lists with commas are taken apart."""
    texts = [_text(value) for value in values]
    if names_files(action) and takes_list(action):
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]
    return texts


def _several(action: argparse.Action) -> bool:
    return takes_list(action) or _several_words(action) or _repeats(action)


def _several_words(action: argparse.Action) -> bool:
    return action.nargs in ("+", "*") or isinstance(action.nargs, int)


def _repeats(action: argparse.Action) -> bool:
    """Whether a flag may be given again and again."""
    return isinstance(action, argparse._AppendAction)


def _on_or_off(action: argparse.Action, value: Any) -> Any:
    """YAML reads ``on`` and ``off`` as true and false: what was written, for flags that take these words."""
    words = (action.metavar if isinstance(action.metavar, str) else "").split("|")
    if isinstance(value, bool) and {"on", "off"} <= {*words, *(action.choices or ())}:
        return "on" if value else "off"
    return value


def _text(value: Any) -> str:
    """As one would type it; 1e6 is a whole number."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
