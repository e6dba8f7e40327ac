"""A text that ends in the middle of a line: the rows that would have followed are not there."""

from __future__ import annotations

import os

from postgwas.errors import InputError


def refuse_half_a_line(
    path: str | os.PathLike[str], text: bytes, separator: bytes, width: int, *, line: int | None = None
) -> None:
    """Refuse a text whose last line lacks fields and its end.

    A last line that lacks its end alone is taken as it is, as are comments and the mark that DOS put after
    a text.

    Parameters
    ----------
    path : path
        For the message.
    text : bytes
        The last lines of the file.
    separator : bytes
        Between fields.
    width : int
        Number of fields that a line should have.
    line : int, optional
        Number of the text's first line, 1-based, for the message.

    Raises
    ------
    InputError
    """
    last = text[text.rfind(b"\n") + 1 :]
    fields = last.split(separator)
    if len(fields) >= width or not last.strip(b"\x1a\0\r \t") or last.startswith(b"#"):
        return
    before = text.count(b"\n")
    number = "a line" if line is None else f"line {line + before:,}"
    raise InputError(
        f"{path}: ends in the middle of {number}, after {len(fields)} of {width} fields: the file is cut "
        "short",
        hint="copy or download it again",
    )
