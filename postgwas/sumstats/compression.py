"""Open a file as a stream of decompressed bytes, whatever its name says.

The kind is told by the first bytes, because sumstats named ``.txt`` are often gzip and
those named ``.gz`` are sometimes plain. A file that ends too early raises
:class:`~postgwas.errors.InputError` instead of giving the rows that happened to arrive.
"""

from __future__ import annotations

import io
import os
import stat
import zlib
from pathlib import Path
from typing import IO, Any

from postgwas.errors import InputError

BGZF_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)
_READ = 1 << 20
#: Four bytes can unpack to 128 KB, and what is read is unpacked at once.
_ZSTD_READ = 1 << 14
#: A file that unpacks to more than both is taken for a bomb: tables shrink to a hundredth at most.
_MOST_BYTES, _MOST_TIMES = 1 << 30, 400


def detect_compression(first: bytes) -> str:
    """Name of the compression that begins with these bytes; ``"plain"`` if none is known."""
    if first[1:4] == b"\x2a\x4d\x18" and 0x50 <= first[0] <= 0x5F:
        return "zstd"  # written by pzstd and seekable writers
    for magic, name in _MAGIC:
        if first.startswith(magic):
            return name
    return "plain"


class _ZstdStream(io.RawIOBase):
    """Frames one after another; unlike zstandard's own reader it notices a missing end."""

    def __init__(self, raw: IO[bytes]) -> None:
        import zstandard

        self._raw = raw
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 31)
        self._frame = self._decompressor.decompressobj()
        self._input = b""
        self._output = b""
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._output:
            data = self._input or self._raw.read(_ZSTD_READ)
            self._input = b""
            if not data:
                if self._begun and not self._frame.eof:
                    raise EOFError("zstd frame without its end")
                return 0
            if self._frame.eof:
                self._frame = self._decompressor.decompressobj()
            self._begun = True
            self._output = self._frame.decompress(data)
            if self._frame.eof:
                self._input = self._frame.unused_data
        n = min(len(view), len(self._output))
        view[:n] = self._output[:n]
        self._output = self._output[n:]
        return n

    def close(self) -> None:
        self._raw.close()
        super().close()


class ByteStream:
    """Decompressed bytes of one file; a context manager.

    Parameters
    ----------
    path : path-like
        File to read.
    any_growth : bool
        However much it unpacks to. Genotypes of many people who nearly all have two copies of REF shrink to
        less than a four-hundredth.

    Raises
    ------
    InputError
        The file is missing, a folder, empty, not readable, truncated or damaged.
    """

    def __init__(self, path: str | os.PathLike[str], *, any_growth: bool = False) -> None:
        self.path = Path(path)
        try:
            raw = open(self.path, "rb")  # noqa: SIM115
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except IsADirectoryError:
            raise InputError(f"{path}: is a folder; expected a file") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from None
        self._raw = raw
        try:
            # A look ahead rather than a read, so that pipes can be read too.
            first = raw.peek(18)[:18]
        except OSError as error:
            raw.close()
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
        if not first:
            raw.close()
            raise InputError(f"{path}: the file is empty")
        self.compression = detect_compression(first)
        self.bytes_read = 0
        status = os.fstat(raw.fileno())
        known = not any_growth and self.compression != "plain" and stat.S_ISREG(status.st_mode)
        self._most = max(_MOST_BYTES, _MOST_TIMES * status.st_size) if known else None
        try:
            self._stream = self._open(raw, first)
        except InputError:
            raw.close()
            raise

    def _open(self, raw: IO[bytes], first: bytes) -> IO[bytes]:
        if self.compression == "gzip":
            from isal import igzip

            if len(first) == 18 and first[3] & 4 and first[12:14] == b"BC" and raw.seekable():
                self._check_bgzf_end(raw)
            opener: Any = igzip.IGzipFile
            return opener(fileobj=raw)
        if self.compression == "bz2":
            import bz2

            return bz2.BZ2File(raw)
        if self.compression == "xz":
            import lzma

            return lzma.LZMAFile(raw)
        if self.compression == "zstd":
            return io.BufferedReader(_ZstdStream(raw), _READ)
        if self.compression == "zip":
            return self._open_zip(raw)
        return raw

    def _check_bgzf_end(self, raw: IO[bytes]) -> None:
        # Cut at a block's border, a bgzip file looks complete to a gzip reader.
        raw.seek(-min(28, os.fstat(raw.fileno()).st_size), os.SEEK_END)
        tail = raw.read(28)
        raw.seek(0)
        if tail != BGZF_EOF:
            raise InputError(
                f"{self.path}: truncated: the bgzip file lacks its end-of-file block",
                hint="copy it again, or recompress it if it is known to be whole",
            )

    def _open_zip(self, raw: IO[bytes]) -> IO[bytes]:
        import zipfile

        try:
            archive = zipfile.ZipFile(raw)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(f"{self.path}: truncated or damaged zip file: {error}") from None
        members = [
            m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith(("__MACOSX/", "."))
        ]
        if len(members) != 1:
            names = ", ".join(m.filename for m in members[:5]) or "none"
            raise InputError(
                f"{self.path}: expected one file in the zip archive, found {len(members)}: {names}",
                hint="unpack it and give the one to read",
            )
        try:
            return archive.open(members[0])
        except (RuntimeError, zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            raise InputError(f"{self.path}: cannot unpack {members[0].filename}: {error}") from None

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; fewer only at the end of the data."""
        parts: list[bytes] = []
        wanted = size
        try:
            while wanted > 0:
                part = self._stream.read(wanted)
                if not part:
                    break
                parts.append(part)
                wanted -= len(part)
        except EOFError:
            got = self.bytes_read + size - wanted
            where = f"it ends after {got:,} bytes of text" if got else "its end is missing"
            raise InputError(
                f"{self.path}: truncated {self.compression} file: {where}",
                hint="copy or download it again",
            ) from None
        except (OSError, zlib.error) as error:
            raise self._damaged(error) from None
        except Exception as error:
            # Each of these raises classes of its own, which need not be importable here.
            module = type(error).__module__.split(".")[0]
            if module in {"isal", "igzip_lib", "zstandard", "zstd", "zipfile", "_lzma", "lzma"}:
                raise self._damaged(error) from None
            raise
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.bytes_read += len(data)
        if self._most is not None and self.bytes_read > self._most:
            raise InputError(
                f"{self.path}: unpacks to more than {_MOST_TIMES} times its size, as no table does",
                hint="unpack it yourself if that is right",
            )
        return data

    def _damaged(self, error: Exception) -> InputError:
        return InputError(
            f"{self.path}: damaged {self.compression} data after {self.bytes_read:,} bytes of text: {error}",
            hint="copy or download it again",
        )

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
