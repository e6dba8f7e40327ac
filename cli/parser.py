"""The argument parser that all commands share.

Three things differ from plain argparse: dashes in long options may stand for
underscores, a prefix that was unambiguous in a peer's program stays so when we
add flags, and a mistake ends in a :class:`~postgwas.errors.UsageError`.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from postgwas.errors import UsageError


def underscored(argv: Sequence[str]) -> list[str]:
    """Rewrite ``-`` to ``_`` in the names of long options, and nowhere else.

    Values keep their dashes, in ``--name value`` and in ``--name=value``, and
    so does everything after a bare ``--``.

    Examples
    --------
    >>> underscored(["--n-min", "3", "--out=my-study", "--", "--not-an-option"])
    ['--n_min', '3', '--out=my-study', '--', '--not-an-option']
    """
    rewritten = list(argv)
    for i, token in enumerate(rewritten):
        if token == "--":
            break
        if token.startswith("--"):
            name, equals, value = token[2:].partition("=")
            rewritten[i] = "--" + name.replace("-", "_") + equals + value
    return rewritten


class Parser(argparse.ArgumentParser):
    """ArgumentParser that raises UsageError and settles prefixes in favour of a peer's flags."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._giving_way: set[str] = set()

    def give_way(self, *dests: str) -> None:
        """Let these options (named by dest) lose a prefix that they share with one other option.

        ``--o`` means ``--out`` in mtag.py; adding ``--overwrite`` must not make it ambiguous.
        """
        self._giving_way.update(dests)

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        matches: list[Any] = super()._get_option_tuples(option_string)
        first = [match for match in matches if match[0].dest not in self._giving_way]
        return first if len(matches) > 1 and len(first) == 1 else matches

    def error(self, message: str) -> NoReturn:
        hint = f"see {self.prog} --help"
        marker = "unrecognized arguments: "
        if message.startswith(marker):
            flag = message[len(marker) :].split()[0].partition("=")[0]
            if not flag.startswith("-"):
                lists = "lists are separated by commas without blanks: FILE1,FILE2"
                hint = f"files follow their flag, {lists}; {hint}"
            near = difflib.get_close_matches(flag, self._option_string_actions, n=1, cutoff=0.75)
            if near:
                hint = f"did you mean {near[0]}? {hint}"
        ambiguous = re.match(r"ambiguous option: (\S+)", message)
        if ambiguous is not None:
            flag = ambiguous[1].partition("=")[0]
            # Flags differ in case in munge_sumstats.py: --N is a flag, --n is the beginning of some.
            near = [name for name in self._option_string_actions if name.lower() == flag.lower()]
            hint = f"did you mean {near[0]}? {hint}" if near else hint
        raise UsageError(message, hint=hint)


class HelpParser(Parser):
    """Parser used when help was asked for: only then is rich imported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", _rich_formatter())
        super().__init__(*args, **kwargs)


def wants_help(argv: Sequence[str]) -> bool:
    """Whether ``-h`` or a prefix of ``--help`` stands among the arguments."""
    options = argv[: list(argv).index("--")] if "--" in argv else argv
    return any(a == "-h" or (len(a) > 2 and "--help".startswith(a)) for a in options)


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _rich_formatter() -> type[argparse.HelpFormatter]:
    from rich_argparse import RawDescriptionRichHelpFormatter

    class Formatter(RawDescriptionRichHelpFormatter):
        # Help texts hold square brackets (shapes, ranges), which are not markup.
        text_markup = False
        help_markup = False
        group_name_formatter = staticmethod(_capital)  # type: ignore[assignment]

    return Formatter
