"""Compression is told by the bytes; files that end too early are refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from postgwas.errors import InputError
from postgwas.sumstats.compression import BGZF_EOF, ByteStream
from postgwas.sumstats.run import read_sumstats

TEXT = b"SNP\tA1\tA2\tZ\tN\n" + b"".join(
    b"rs%d\tA\tG\t%d.5\t%d\n" % (i, i % 7 - 3, 1000 + i) for i in range(5000)
)


def bgzf(data: bytes, block: int = 9000) -> bytes:
    """Blocks as bgzip writes them, then the empty one that ends a file."""
    parts = []
    for at in range(0, len(data), block):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        piece = data[at : at + block]
        body = packer.compress(piece) + packer.flush()
        head = bytes.fromhex("1f8b08040000000000ff060042430200")
        tail = zlib.crc32(piece).to_bytes(4, "little") + len(piece).to_bytes(4, "little")
        parts.append(head + (len(body) + 25).to_bytes(2, "little") + body + tail)
    return b"".join(parts) + BGZF_EOF


def zipped(data: bytes, names: tuple[str, ...] = ("x.txt",)) -> bytes:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip members": lambda data: gzip.compress(data[:777]) + gzip.compress(data[777:]),
    "bgzip": bgzf,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "zstd frames": lambda data: zstd(data[:777]) + zstd(data[777:]),
    "zip": zipped,
}


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_come_back_whatever_the_suffix(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "misnamed.txt"
    path.write_bytes(CODECS[codec](TEXT))
    with ByteStream(path) as stream:
        parts = []
        while part := stream.read(1000):
            parts.append(part)
    assert b"".join(parts) == TEXT
    assert all(len(part) == 1000 for part in parts[:-1])
    assert len(read_sumstats(path)) == 5000


@pytest.mark.parametrize("codec", [c for c in CODECS if c != "plain"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_files_are_refused(tmp_path: Path, codec: str, share: float) -> None:
    data = CODECS[codec](TEXT)
    path = tmp_path / "cut.gz"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"cut\.gz: (truncated|damaged)") as caught:
        read_sumstats(path)
    assert "\n" not in str(caught.value)


def test_bgzip_cut_between_blocks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(bgzf(TEXT)[: -len(BGZF_EOF)])
    with pytest.raises(InputError, match="lacks its end-of-file block"):
        read_sumstats(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "bad.gz"
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"bad\.gz"):
        read_sumstats(path)


def test_archive_of_two_files(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    path.write_bytes(zipped(TEXT, ("a.txt", "b.txt")))
    with pytest.raises(InputError, match=r"expected one file in the zip archive, found 2: a\.txt, b\.txt"):
        read_sumstats(path)


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_sumstats(tmp_path / "nothing.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_sumstats(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(InputError, match="the file is empty"):
        read_sumstats(tmp_path / "empty.txt")
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match="only comment or blank lines"):
        read_sumstats(tmp_path / "empty.gz")


@pytest.mark.parametrize("codec", ["plain", "gzip", "bgzip", "zstd"])
def test_pipes_can_be_read(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(CODECS[codec](TEXT)))
    writer.start()
    assert len(read_sumstats(path)) == 5000
    writer.join()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd, zipped])
def test_bombs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr("postgwas.sumstats.compression._MOST_BYTES", 1 << 22)
    (tmp_path / "x").write_bytes(pack(bytes(1 << 25)))
    with pytest.raises(InputError, match="unpacks to more than 400 times its size, as no table does"):
        read_whole(tmp_path / "x")
    (tmp_path / "x").write_bytes(pack(bytes(1 << 21)))
    assert read_whole(tmp_path / "x") == 1 << 21  # so little is read all the same


def read_whole(path: Path) -> int:
    with ByteStream(path) as stream:
        return sum(len(part) for part in iter(lambda: stream.read(1 << 20), b""))
