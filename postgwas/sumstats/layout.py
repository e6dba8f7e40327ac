"""Where the header is and what separates the fields, told from the first lines of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from postgwas.errors import ColumnError, InputError

WHITESPACE = "whitespace"
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SEPARATOR_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", WHITESPACE: "white space"}


#: Name given to the row names that R's write.table leaves without a header.
ROW_NAMES = "<row names>"


@dataclass(frozen=True)
class Layout:
    """How the text of a file is laid out.

    Attributes
    ----------
    names : tuple of str
        Column names, without quotes and the ``#`` of ``#CHROM``.
    separator : str
        ``"\\t"``, ``","``, ``";"`` or :data:`WHITESPACE` (runs of spaces and tabs).
    first_line : int
        1-based line number of the first data line.
    offset : int
        Bytes before the first data line.
    quoted : bool
        Fields stand in double quotes.
    preamble : tuple of str
        Comment lines before the header.
    """

    names: tuple[str, ...]
    separator: str
    first_line: int
    offset: int
    quoted: bool = False
    preamble: tuple[str, ...] = ()

    @property
    def separator_name(self) -> str:
        """The separator in words."""
        return _SEPARATOR_NAMES[self.separator]


def split(line: str, separator: str) -> list[str]:
    """Fields of one line."""
    if separator == WHITESPACE:
        return line.split()
    return [field.strip() for field in line.rstrip("\r\n").split(separator)]


def _choose_separator(head: str, data: Sequence[str]) -> str:
    for separator in ("\t", ",", ";"):
        n = len(split(head, separator))
        if n > 1 and (not data or any(len(split(line, separator)) > 1 for line in data)):
            by_space = len(head.split())
            # A header typed with one tab among spaces is still white space.
            if separator == "\t" and by_space > n and data and len(data[0].split()) == by_space:
                return WHITESPACE
            return separator
    return WHITESPACE


def _heads(line: str, following: str) -> bool:
    """Whether a line that begins with "#" is the header of the line after it."""
    if following.startswith("#"):
        return False
    counts = ((len(split(line, s)), len(split(following, s))) for s in ("\t", ",", WHITESPACE))
    return any(n == m > 1 for n, m in counts)


def _looks_numeric(fields: Sequence[str]) -> bool:
    return sum(bool(_NUMBER.fullmatch(f)) for f in fields) >= 2


def sniff_layout(block: bytes, *, source: str, header: Sequence[str] | None = None) -> Layout:
    """Find header, separator and the first data line in the first block of a file.

    Parameters
    ----------
    block : bytes
        The beginning of the decompressed file, long enough for preamble, header and some lines.
    source : str
        Name of the file, for messages.
    header : sequence of str, optional
        Column names of a file that has no header line.

    Raises
    ------
    InputError
        Nothing but blank or comment lines; no data line; a header of one field.
    ColumnError
        Two columns have the same name.
    """
    refuse_other_kinds(block, source)
    text = block.decode("utf-8", errors="replace")
    ended = text.endswith("\n")
    text = text.removeprefix("\ufeff")
    lines = text.split("\n")
    if ended:
        lines.pop()

    preamble: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        following = lines[at + 1] if at + 1 < len(lines) else ""
        comment = line.startswith("#") and (
            header is not None or line.startswith("##") or not _heads(line, following)
        )
        # "#CHROM POS" alone in a file is a header without rows, not a comment.
        if comment and following == "" and not line.startswith("##") and len(line.split()) > 2:
            comment = False
        if line.strip() and not comment:
            break
        if line.strip():
            preamble.append(line.rstrip("\r"))
        at += 1
    if at >= len(lines):
        raise InputError(f"{source}: only comment or blank lines; expected a header and rows")

    head = lines[at]
    first = at if header is not None else at + 1
    data = [line for line in lines[first : first + 50] if line.strip()]
    if len(data) > 1 and not ended and first + 50 > len(lines):
        data = data[:-1]
    separator = _choose_separator(head, data)
    quoted = '"' in head or any('"' in line for line in data[:20])

    if header is not None:
        names = [
            name.strip() if name.strip() not in {"", "-", "_"} else f"<column {i + 1}>"
            for i, name in enumerate(header)
        ]
        found = len(split(head.replace('"', ""), separator))
        if found != len(names):
            raise ColumnError(
                f"{source}: line {at + 1} has {found} fields separated by {_SEPARATOR_NAMES[separator]}, "
                f"but {len(names)} column names were given",
                hint="--columns names every column of a file without a header",
            )
    else:
        names = _header_names(head, data, separator, source=source, line=at + 1)
    _refuse_duplicates(names, source)
    if not data:
        raise InputError(f"{source}: a header but no rows; columns found: {', '.join(names)}")
    offset = _offset_of_line(block, first)
    return Layout(tuple(names), separator, first + 1, offset, quoted, tuple(preamble))


def refuse_other_kinds(block: bytes, source: str) -> None:
    """Name the usual things that are given in place of a table.

    Parameters
    ----------
    block : bytes
        The file's beginning.
    source : str

    Raises
    ------
    InputError
    """
    start = block[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            f"{source}: binary data, by its first bytes text in UTF-16; expected UTF-8",
            hint=f"iconv -f UTF-16 -t UTF-8 {source} > new file",
        )
    if start[257:262] == b"ustar":
        raise InputError(
            f"{source}: a tar archive; expected a table", hint="unpack it and give the file in it"
        )
    if b"\x00" in start:
        raise InputError(f"{source}: binary data; expected a table of text")
    low = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:300].lower()
    if low.startswith(b"<") and b"<html" in low:
        raise InputError(
            f"{source}: a web page (HTML); expected a table of text",
            hint="did the download end in an error page?",
        )
    if low.startswith(b"version https://git-lfs"):
        raise InputError(f"{source}: a Git LFS pointer, not the file itself", hint="git lfs pull brings it")
    if b"\n" not in block and block.count(b"\r") > 1:
        raise InputError(
            f"{source}: lines end with carriage returns alone; expected newlines",
            hint=f"tr '\\r' '\\n' < {source} > new file",
        )


def _offset_of_line(block: bytes, n_lines: int) -> int:
    at = 3 if block.startswith(b"\xef\xbb\xbf") else 0
    for _ in range(n_lines):
        end = block.find(b"\n", at)
        if end < 0:
            return len(block)
        at = end + 1
    return at


def _header_names(head: str, data: Sequence[str], separator: str, *, source: str, line: int) -> list[str]:
    names = split(head.replace('"', "").lstrip("#"), separator)
    if len(names) < 2:
        raise InputError(
            f"{source}: line {line} has one field only, {head.strip()[:60]!r}; "
            "expected a header with columns separated by tab, comma, semicolon or white space"
        )
    if _looks_numeric(names):
        raise InputError(
            f"{source}: line {line} looks like data, not like a header: {' '.join(names)[:80]}",
            hint="--columns NAME,NAME,... names the columns of a file without a header: harmonise, munge, "
            "mtag, meta, finemap and coloc have it",
        )
    counts = {len(split(row.replace('"', ""), separator)) for row in data}
    if counts == {len(names) + 1}:
        # Some writers end lines with a separator; write.table of R leaves row names without a header.
        if all(split(row, separator)[-1] == "" for row in data):
            return [*names, "<empty>"]
        if not _are_row_names([split(row, separator)[0] for row in data], quoted='"' in head):
            raise InputError(
                f"{source}: the rows have {len(names) + 1} fields and the header {len(names)} names "
                f"({', '.join(names)}): which column has no name cannot be known",
                hint="name it in the header",
            )
        names = [ROW_NAMES, *names]
    elif data and len(names) not in counts:
        seen = ", ".join(str(c) for c in sorted(counts))
        raise InputError(
            f"{source}: the header has {len(names)} columns separated by {_SEPARATOR_NAMES[separator]}, "
            f"but the rows have {seen}; columns found: {', '.join(names)}",
            hint="is the separator of the rows another than that of the header?",
        )
    return names


def _are_row_names(first: Sequence[str], *, quoted: bool) -> bool:
    """Whether first fields are as R's write.table has them: counted up, or quoted and distinct."""
    bare = [field.strip('"') for field in first]
    if len(bare) > 1 and bare[0].isdigit() and bare == [str(int(bare[0]) + i) for i in range(len(bare))]:
        return True
    return quoted and all(field.startswith('"') for field in first) and len(set(bare)) == len(bare)


def _refuse_duplicates(names: Sequence[str], source: str) -> None:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    twice = [name for name, n in seen.items() if n > 1]
    if twice:
        raise ColumnError(
            f"{source}: duplicated column name{'s' if len(twice) > 1 else ''}: {', '.join(twice)}",
            hint="rename or remove one; nothing tells which is meant",
        )
