"""Calls straight from the text of a VCF: whole batches of lines at once where GT is plain.

For hard calls this replaces a general parser, which spends most of its time on building
records; dosages and BCF go through one (:mod:`postgwas.genotypes.vcf_records`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.alleles import Multiallelic, variant_alleles
from postgwas.genotypes.genotypes import MISSING, Calls
from postgwas.genotypes.vcf_calls import Line, read_lines
from postgwas.genotypes.vcf_index import Stretch, tabix_file
from postgwas.genotypes.vcf_records import Site, no_field

_CHUNK = 1 << 22
#: Bytes of a record; of a million people it has a few dozen million.
_LONGEST = 1 << 29
_BASES = frozenset(b"ACGTacgt")
_ONE = (1,)
_ODD = 2 + MISSING
"""Smaller than any call."""


def _table() -> tuple[NDArray[np.uint32], NDArray[np.int8]]:
    """Of the 18 words that two alleles out of 0, 1 and . can make: each at its hash, and its call."""
    words, calls = np.zeros(32, np.uint32), np.full(32, _ODD, np.int8)
    for first in "01.":
        for second in "01.":
            for between in "/|":
                word = np.frombuffer(f"{first}{between}{second}\t".encode(), "<u4")
                at = int(_hash(word)[0])
                words[at] = word[0]
                calls[at] = MISSING if "." in (first, second) else int(first) + int(second)
    return words, calls


def _hash(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Bits 0, 1 (first allele), 8 (separator), 16 and 17 (second allele) as a number from 0 to 31."""
    hashed: NDArray[np.uint32] = words & np.uint32(0x00030103)
    hashed *= np.uint32(1 << 27 | 1 << 21 | 1 << 14)
    hashed >>= np.uint32(27)
    return hashed


_WORDS, _CALLS = _table()
_UNPHASED, _PHASED = (int(np.frombuffer(call, "<u4")[0]) for call in (b"1/1\t", b"1|1\t"))
_IN_CACHE = 1 << 16


class TextReader:
    """Turns lines into batches; what could not be used is counted.

    Parameters
    ----------
    name : str
        File, for messages.
    n_samples : int
    multiallelic : {"split", "skip"}
    """

    def __init__(self, name: str, n_samples: int, *, multiallelic: Multiallelic) -> None:
        self.name = name
        self.n_samples = n_samples
        self.multiallelic = multiallelic
        self.skipped: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()

    def batches(self, blocks: Iterable[list[bytes]]) -> Iterator[tuple[list[Site], Calls]]:
        """Sites and calls, int8, shape (sites, n_samples), of each block of lines."""
        for lines in blocks:
            yield self._batch(lines)

    def _batch(self, lines: list[bytes]) -> tuple[list[Site], NDArray[np.int8]]:
        sites: list[Site] = []
        plain: list[Line] = []
        other: list[Line] = []
        width = 4 * self.n_samples - 1
        for text in lines:
            fields = text.split(b"\t", 9)
            if len(fields) < 10:
                start = Line(fields[0], fields[min(1, len(fields) - 1)], b"", 0, (), 0)
                raise start.damaged(self.name, f"{len(fields)} columns; expected {9 + self.n_samples}")
            contig, position, _, _, alt, _, _, _, form, samples = fields
            if form == b"GT" and len(samples) == width and len(alt) == 1 and alt[0] in _BASES:
                plain.append(Line(contig, position, samples, 1, _ONE, len(sites)))
                sites.append(self._site(fields, alt.decode(), split=False))
                continue
            alts = [] if alt == b"." else alt.decode().split(",")
            chosen = variant_alleles(alts, self.skipped, self.notes, self.multiallelic)
            if not chosen:
                continue
            if form.split(b":", 1)[0] != b"GT":
                place = f"{contig.decode(errors='replace')}:{position.decode(errors='replace')}"
                raise no_field(self.name, place, "GT", form.decode(errors="replace").split(":"))
            other.append(Line(contig, position, samples, len(alts), chosen, len(sites)))
            sites += [self._site(fields, alts[one - 1], split=len(chosen) > 1) for one in chosen]
        calls = np.empty((len(sites), self.n_samples), np.int8)
        if plain:
            found = self._plain([line.samples for line in plain])
            calls[[line.row for line in plain]] = found
            # Of the usual length, but with something unusual in it.
            other += [plain[at] for at in np.flatnonzero((found == _ODD).any(axis=1))]
        return self._without(read_lines(other, calls, self.name), sites, calls)

    def _without(
        self, lines: list[Line], sites: list[Site], calls: NDArray[np.int8]
    ) -> tuple[list[Site], NDArray[np.int8]]:
        """Leave out lines with calls of more than two copies."""
        if not lines:
            return sites, calls
        self.skipped["more_than_two_copies"] += len(lines)
        dropped = {line.row + at for line in lines for at in range(len(line.numbers))}
        kept = [row for row in range(len(sites)) if row not in dropped]
        return [sites[row] for row in kept], calls[kept]

    def _plain(self, samples: list[bytes]) -> NDArray[np.int8]:
        """Calls of lines of GT alone, three characters each; _ODD where they are no plain call."""
        words = np.frombuffer(b"\t".join([*samples, b""]), "<u4").reshape(len(samples), self.n_samples)
        calls = np.empty(words.shape, np.int8)
        step = max(1, _IN_CACHE // self.n_samples)
        for start in range(0, len(words), step):
            some = words[start : start + step]
            # 0 and 1 differ in the last bit only: the alleles are bits 0 and 16.
            calls[start : start + step] = (some & np.uint32(1)) + (some >> np.uint32(16) & np.uint32(1))
            known = some | np.uint32(0x00010001)
            complete = ((known == _UNPHASED) | (known == _PHASED)).all(axis=1)
            if not complete.all():
                rest = np.flatnonzero(~complete)
                hashed = _hash(some[rest])
                calls[start + rest] = np.where(_WORDS.take(hashed) == some[rest], _CALLS.take(hashed), _ODD)
        return calls

    def _site(self, fields: list[bytes], alt: str, *, split: bool) -> Site:
        # Python reads 1_0, too, and numbers that no table has room for.
        position = int(fields[1]) if fields[1].isdigit() and len(fields[1]) <= 10 else -1
        if not 0 <= position < 1 << 31:
            raise InputError(
                f"{self.name}: damaged: '{fields[1].decode(errors='replace')[:30]}' is not a position"
            )
        return fields[0].decode(), fields[2].decode(), position, alt, fields[3].decode(), split


def check_header(path: str) -> None:
    """Say what is wrong with a VCF that its reader refused, where it is a matter of its samples.

    Raises
    ------
    InputError
        If a sample occurs twice, or there is no line of columns.
    """
    from postgwas.sumstats.compression import ByteStream

    with ByteStream(path) as stream:
        start = stream.read(_CHUNK)
    columns = next((line for line in start.split(b"\n") if line.startswith(b"#CHROM")), b"").split(b"\t")
    if start.startswith(b"##fileformat=VCF") and len(columns) < 8:
        raise InputError(f"{path}: the header has no line that begins with #CHROM and names columns")
    twice = [name for name, count in Counter(columns[9:]).items() if count > 1]
    if twice:
        raise InputError(
            f"{path}: sample '{twice[0].decode(errors='replace')}' occurs more than once "
            f"({len(twice)} such names)",
            hint="sample ids must be unique",
        )


def line_blocks(path: str) -> Iterator[list[bytes]]:
    """Records of a VCF as blocks of lines of a few megabytes, without the header.

    Raises
    ------
    InputError
        If the file is damaged, or ends in the middle of a line.
    """
    from postgwas.sumstats.compression import ByteStream

    left = b""
    with ByteStream(path, any_growth=True) as stream:
        while part := stream.read(_CHUNK):
            whole, newline, left_now = part.rpartition(b"\n")
            if not newline:
                if len(left) > _LONGEST:
                    raise InputError(f"{path}: damaged: a line has no end within {_LONGEST:,} bytes")
                left += part
                continue
            yield _records(left + whole)
            left = left_now
    if left.strip():
        samples = left.rstrip(b"\r").split(b"\t", 9)[-1].rsplit(b"\t", 2)
        if len(samples[-1]) != len(samples[-2:][0]):
            raise InputError(f"{path}: damaged or truncated: it ends in the middle of a line")
        yield _records(left)


def _records(text: bytes) -> list[bytes]:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").rstrip(b"\r")
    lines = text.split(b"\n")
    if any(line[:1] == b"#" or not line for line in (lines[0], lines[-1])) or b"\n\n" in text:
        return [line for line in lines if line and line[:1] != b"#"]
    return lines


def region_blocks(path: str, stretches: Iterable[Stretch]) -> Iterator[list[bytes]]:
    """Records that overlap stretches, by the index."""
    with tabix_file(path) as file:
        for stretch in stretches:
            lines: list[bytes] = []
            size = 0
            for line in file.fetch(stretch.contig, stretch.start - 1, stretch.stop):
                lines.append(line.encode())
                size += len(line)
                if size > _CHUNK:
                    yield lines
                    lines, size = [], 0
            if lines:
                yield lines
