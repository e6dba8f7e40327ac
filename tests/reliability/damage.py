"""Sound files, spoilt: a field, a line, a byte, a stretch, the end.

What a reader raises must be a PostgwasError, whose one line a user sees; any other exception, or a crash of a
library below, is a defect. POSTGWAS_FUZZ=1000 looks that often, and elsewhere each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from postgwas.errors import PostgwasError
from postgwas.pipeline.study_file import StudyFileError

EXAMPLES = int(os.environ.get("POSTGWAS_FUZZ", "15"))
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
ODD = (
    b"", b"0", b"-1", b"1.5", b"nan", b"NA", b"inf", b"1e400", b"1e-400", b"+7", b"0x10", b"1_0",
    b"2147483648", b"-9223372036854775809", b".", b"X", b"chr2", b"#", b'"', b"'", b"a b", b"a\tb",
    b"\xff\xfe", b"\xd9\xa1", b"\xc2\xa0", b"\x00", b"\n", b"\r", b"\r\n", b",", b";", b"/", b"<DEL>",
    b"*" * 3000,
)  # fmt: skip


KINDS = ("odd", "odd", "line", "byte", "cut", "stretch", "repeat", "swap")


@st.composite
def spoilt(draw: st.DrawFn, data: bytes, kinds: tuple[str, ...]) -> bytes:
    """A file with one to three places changed."""
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(kinds))
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        end = draw(st.integers(at, min(at + 200, len(data))))
        if kind == "odd":
            separators = [i for i, byte in enumerate(data) if byte in b"\t\n ,;:"]
            start = draw(st.sampled_from(separators)) + 1 if separators else at
            stop = next((i for i in range(start, len(data)) if data[i] in b"\t\n ,;:"), len(data))
            data = data[:start] + draw(st.sampled_from(ODD)) + data[stop:]
        elif kind == "line":
            lines = data.split(b"\n")
            del lines[draw(st.integers(0, len(lines) - 1))]
            data = b"\n".join(lines)
        elif kind == "byte" and data:
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "stretch":
            data = data[:at] + data[end:]
        elif kind == "repeat":
            data = data[:end] + data[at:end] + data[end:]
        else:
            data = data[:at] + data[at:end][::-1] + data[end:]
    return data


@dataclass(frozen=True)
class Reader:
    """A reader and a sound set of files for it.

    Attributes
    ----------
    files : dict of str to bytes
        Each in turn is spoilt.
    read : callable
        Takes the folder of the files; reads all that there is.
    kinds : tuple of str
        How files may be spoilt.
    """

    files: dict[str, bytes]
    read: Callable[[Path], Any]
    kinds: tuple[str, ...] = KINDS


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def simple(name: str, data: bytes, function: Callable[[Path], Any]) -> Reader:
    """Of one file."""
    return Reader({name: data}, lambda folder: function(folder / name))


def lay(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files."""
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def read_damaged(reader: Reader, folder: Path, data: st.DataObject) -> None:
    """One of the reader's files spoilt: it must be read, or refused in one line."""
    chosen = data.draw(st.sampled_from(sorted(reader.files)))
    lay(folder, reader.files | {chosen: data.draw(spoilt(reader.files[chosen], reader.kinds))})
    try:
        reader.read(folder)
    except PostgwasError as error:
        assert str(error).strip()
        # Of study.yaml all mistakes are told, each with its line.
        assert "\n" not in str(error) or isinstance(error, StudyFileError)
