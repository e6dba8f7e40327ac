"""Calls straight from the text of a VCF: whole batches of lines at once where GT is plain.

For hard calls this replaces a general parser, which spends most of its time on building
records; dosages and BCF go through one (:mod:`postgwas.genotypes.vcf_records`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.alleles import Multiallelic, variant_alleles
from postgwas.genotypes.genotypes import MISSING, Calls
from postgwas.genotypes.vcf_index import Stretch, tabix_file
from postgwas.genotypes.vcf_records import Site, no_field

_CHUNK = 1 << 22
_BASES = frozenset(b"ACGTacgt")
_TAB, _COLON, _MISSING, _ZERO = b"\t:.0"
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
        plain: list[bytes] = []
        rows_plain: list[int] = []
        rows_other: list[int] = []
        other: list[NDArray[np.int8]] = []
        width = 4 * self.n_samples - 1
        for line in lines:
            fields = line.split(b"\t", 9)
            if len(fields) < 10:
                raise self._damaged(line, f"{len(fields)} columns")
            alt, samples = fields[4], fields[9]
            if fields[8] == b"GT" and len(samples) == width and len(alt) == 1 and alt[0] in _BASES:
                rows_plain.append(len(sites))
                plain.append(samples)
                sites.append(self._site(fields, alt.decode(), split=False))
                continue
            alts = [] if alt == b"." else alt.decode().split(",")
            chosen = variant_alleles(alts, self.skipped, self.notes, self.multiallelic)
            calls = self._calls(fields, len(alts), chosen) if chosen else None
            if calls is not None:
                for number, one in zip(chosen, calls):
                    rows_other.append(len(sites))
                    other.append(one)
                    sites.append(self._site(fields, alts[number - 1], split=len(chosen) > 1))
        if not rows_other:
            return self._with_odd(sites, plain, rows_plain, self._plain(plain))
        found = np.empty((len(sites), self.n_samples), np.int8)
        found[rows_other] = other
        if rows_plain:
            found[rows_plain] = self._plain(plain)
        return self._with_odd(sites, plain, rows_plain, found)

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

    def _with_odd(
        self, sites: list[Site], plain: list[bytes], rows: list[int], calls: NDArray[np.int8]
    ) -> tuple[list[Site], NDArray[np.int8]]:
        """Lines of the usual length that hold something unusual are read by themselves."""
        unusual = np.flatnonzero((calls == _ODD).any(axis=1)) if len(calls) else np.empty(0, np.int64)
        if not len(unusual):
            return sites, calls
        samples = dict(zip(rows, plain))
        dropped = set()
        for row in unusual.tolist():
            chrom, identifier, position, alt, ref, _ = sites[row]
            fields = [chrom.encode(), str(position).encode(), (identifier or ".").encode(), ref.encode()]
            fields += [alt.encode(), b".", b".", b".", b"GT", samples[row]]
            one = self._calls(fields, 1, (1,))
            if one is None:
                dropped.add(row)
            else:
                calls[row] = one[0]
        kept = [row for row in range(len(sites)) if row not in dropped]
        return [sites[row] for row in kept], calls[kept]

    def _site(self, fields: list[bytes], alt: str, *, split: bool) -> Site:
        try:
            position = int(fields[1])
        except ValueError:
            raise InputError(
                f"{self.name}: damaged: '{fields[1].decode(errors='replace')}' is not a position"
            ) from None
        return fields[0].decode(), fields[2].decode(), position, alt, fields[3].decode(), split

    def _calls(
        self, fields: list[bytes], n_alts: int, chosen: Sequence[int]
    ) -> list[NDArray[np.int8]] | None:
        """Copies of each chosen allele in one line; None if it has calls of more than two copies."""
        if fields[8].split(b":", 1)[0] != b"GT":
            raise no_field(self.name, self._place(fields), "GT", fields[8].decode().split(":"))
        text = np.frombuffer(fields[9] + b"\t\t\t", np.uint8)
        ends = np.flatnonzero(text[:-2] == _TAB)
        if len(ends) != self.n_samples:
            raise self._damaged(b"\t".join(fields), f"{len(ends) + 9} columns")
        starts = np.concatenate([[0], ends[:-1] + 1])
        first, between, second, after = (text[starts + i] for i in range(4))
        haploid = (between == _TAB) | (between == _COLON)
        diploid = ((between == ord("/")) | (between == ord("|"))) & ((after == _TAB) | (after == _COLON))
        second = np.where(haploid, first, second)
        digits = _is_allele(first) & _is_allele(second)
        if not ((haploid | diploid) & digits).all():
            return self._calls_one_by_one(fields, n_alts, chosen)
        missing = (first == _MISSING) | (second == _MISSING)
        highest = max(int(np.where(missing, 0, first).max()), int(np.where(missing, 0, second).max()))
        if highest > _ZERO + n_alts:
            raise self._damaged(b"\t".join(fields), f"allele {chr(highest)}, of {n_alts + 1}")
        copies = []
        for number in chosen:
            one = (first == _ZERO + number).view(np.int8) + (second == _ZERO + number).view(np.int8)
            one[missing] = MISSING
            copies.append(one)
        return copies

    def _calls_one_by_one(
        self, fields: list[bytes], n_alts: int, chosen: Sequence[int]
    ) -> list[NDArray[np.int8]] | None:
        calls = [one.split(b":", 1)[0].replace(b"|", b"/").split(b"/") for one in fields[9].split(b"\t")]
        for alleles in calls:
            for allele in alleles:
                if allele != b"." and not (allele.isdigit() and int(allele) <= n_alts):
                    raise self._damaged(b"\t".join(fields), f"the call {b'/'.join(alleles).decode()!r}")
        if max(map(len, calls)) > 2:
            self.skipped["more_than_two_copies"] += 1
            return None
        numbers = np.array(
            [[-1 if allele == b"." else int(allele) for allele in (one[0], one[-1])] for one in calls]
        )
        missing = (numbers < 0).any(axis=1)
        copies = []
        for number in chosen:
            one = (numbers == number).sum(axis=1).astype(np.int8)
            one[missing] = MISSING
            copies.append(one)
        return copies

    def _place(self, fields: list[bytes]) -> str:
        return f"{fields[0].decode(errors='replace')}:{fields[1].decode(errors='replace')}"

    def _damaged(self, line: bytes, found: str) -> InputError:
        place = self._place([*line.split(b"\t", 2), b"", b""])
        return (
            InputError(
                f"{self.name}: damaged or truncated: record {place} has {found}; expected "
                f"{9 + self.n_samples} columns"
            )
            if found.endswith("columns")
            else InputError(f"{self.name}: damaged: record {place} has {found}")
        )


def _is_allele(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digit: NDArray[np.bool_] = (text - np.uint8(_ZERO)) <= 9
    return digit | (text == _MISSING)


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
    with ByteStream(path) as stream:
        while part := stream.read(_CHUNK):
            whole, newline, left_now = part.rpartition(b"\n")
            if not newline:
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
