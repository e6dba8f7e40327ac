"""bgzip files, as tabix reads them: where a disk is full the error is ours, not htslib's on stderr."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

#: Bytes of text a block: what bgzip takes.
BLOCK = 0xFF00
_HEADER = struct.Struct("<4BI2BH2BHH")


def bgzip_blocks(text: bytes) -> Iterator[bytes]:
    """Blocks of a bgzip file of some text, the empty one at its end included.

    References
    ----------
    The SAM/BAM Format Specification Working Group (2024) Sequence Alignment/Map Format Specification, 4.1.

    Examples
    --------
    >>> import gzip
    >>> gzip.decompress(b"".join(bgzip_blocks(b"chr1" * 50_000))) == b"chr1" * 50_000
    True
    """
    for start in range(0, len(text), BLOCK):
        yield _block(text[start : start + BLOCK])
    yield _block(b"")


def _block(text: bytes) -> bytes:
    from isal import isal_zlib

    # The empty block that ends a file is told by its bytes, which are zlib's.
    squeeze = isal_zlib.compressobj(2, wbits=-15) if text else zlib.compressobj(6, wbits=-15)
    body = squeeze.compress(text) + squeeze.flush()
    size = _HEADER.size + len(body) + 8
    if size > 1 << 16:  # what cannot be squeezed is stored as it is
        body = struct.pack("<BHH", 1, len(text), len(text) ^ 0xFFFF) + text
        size = _HEADER.size + len(body) + 8
    header = _HEADER.pack(31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, size - 1)
    return header + body + struct.pack("<II", zlib.crc32(text), len(text))
