"""Read a UCSC chain file.

The format is described at https://genome.ucsc.edu/goldenPath/help/chain.html. What it calls
reference or target ("t") is our source: the assembly that positions are lifted from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from postgwas.errors import InputError
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.harmonise.assembly import HG19_CHRM_LENGTH, build_of_lengths
from postgwas.sumstats.harmonise.chain import LIFT_MITOCHONDRION, LIFT_OK, LIFT_OTHER_CONTIG, Chain
from postgwas.sumstats.harmonise.chain_blocks import Blocks, disjoint
from postgwas.sumstats.values import chromosome_code

_MITOCHONDRION = 25
_UCSC = {"NCBI36": "hg18", "GRCh37": "hg19", "GRCh38": "hg38"}


def read_chain(path: str | os.PathLike[str]) -> Chain:
    """Read a chain file, plain or compressed.

    Raises
    ------
    InputError
        The file is missing, truncated or no chain file, or holds no chain of chromosomes
        1..22, X, Y, MT.
    """
    reading = _Reading(os.fspath(path))
    for header, line in reading.headers():
        reading.add(_Header.parsed(header, f"{path}, line {line}"), line)
    if not reading.rows:
        raise InputError(f"{path}: no chain of chromosomes 1 to 22, X, Y or MT; is it of another species?")
    blocks = disjoint(Blocks(*np.array(reading.rows, dtype=np.int64).T))
    return Chain(
        name=os.fspath(path),
        source_build=build_of_lengths(reading.source_lengths),
        target_build=build_of_lengths(reading.target_lengths),
        first=blocks.first,
        last=blocks.last,
        chr=np.maximum(blocks.contig, 0).astype(np.int8),
        reverse=blocks.sign < 0,
        offset=blocks.offset,
        status=blocks.status.astype(np.uint8),
    )


def check_direction(chain: Chain, *, source: str | None, target: str | None) -> None:
    """Refuse a chain that goes another way than the file needs.

    Parameters
    ----------
    chain : Chain
    source : str or None
        Build of the file; None leaves it unchecked.
    target : str or None
        Build that is asked for; None leaves it unchecked.

    Raises
    ------
    InputError
        The chain's source or target build is another one.
    """
    way = f"{chain.name}: this chain file goes from {chain.source_build} to {chain.target_build}"
    if source is not None and chain.source_build not in (None, source):
        backwards = chain.target_build == source
        raise InputError(
            f"{way}, but the positions are {source}"
            + (": it is the chain for the other direction" if backwards else ""),
            hint=f"--chain {_usual_name(source, target or (chain.source_build if backwards else None))}",
        )
    if target is not None and chain.target_build not in (None, target):
        raise InputError(
            f"{way}, but {target} is asked for",
            hint=f"--target_build {chain.target_build}, or --chain {_usual_name(chain.source_build, target)}",
        )


def _usual_name(source: str | None, target: str | None) -> str:
    """UCSC's name of the chain file between two builds."""
    one, other = _UCSC.get(source or ""), _UCSC.get(target or "")
    if one is None or other is None:
        return f"with a file from {source or 'the build of the positions'} to {target or 'the target build'}"
    return f"{one}To{other.capitalize()}.over.chain.gz"


@dataclass(frozen=True)
class _Header:
    source: str
    source_size: int
    source_start: int
    source_end: int
    target: str
    target_size: int
    reverse: bool
    target_start: int
    target_end: int

    @staticmethod
    def parsed(line: bytes, place: str) -> _Header:
        words = line.split()
        try:
            _, _, source, size, strand, start, end, target, t_size, t_strand, t_start, t_end = (
                word.decode("ascii") for word in words[:12]
            )
            header = _Header(
                source, int(size), int(start), int(end),
                target, int(t_size), t_strand == "-", int(t_start), int(t_end),
            )  # fmt: skip
        except ValueError:
            raise InputError(
                f"{place}: expected a chain's header, 'chain score name size strand start end "
                f"name size strand start end id', found {_shown(line)}"
            ) from None
        if strand != "+" or t_strand not in ("+", "-"):
            raise InputError(f"{place}: strands {strand} and {t_strand}; expected + and either + or -")
        if not 0 <= header.source_start <= header.source_end <= header.source_size or (
            not 0 <= header.target_start <= header.target_end <= header.target_size
        ):
            raise InputError(f"{place}: the chain lies outside its chromosomes: {_shown(line)}")
        return header


def _shown(line: bytes) -> str:
    return repr(line[:100].decode("utf-8", "replace").strip())


class _Reading:
    """The blocks of all chains of one file, as rows for :class:`Blocks`."""

    def __init__(self, path: str) -> None:
        self.path = path
        with ByteStream(path) as stream:
            data = b"".join(iter(lambda: stream.read(1 << 24), b""))
        self.lines = data.split(b"\n")
        self.rows: list[tuple[int, ...]] = []
        self.source_lengths: dict[int, int] = {}
        self.target_lengths: dict[int, int] = {}
        self._contigs: dict[str, int] = {}

    def headers(self) -> Iterator[tuple[bytes, int]]:
        """Header lines and their line numbers; the lines of blocks are read by :meth:`add`."""
        self._next = 0
        while self._next < len(self.lines):
            line = self.lines[self._next].strip()
            self._next += 1
            if not line or line.startswith(b"#"):
                continue
            if not line.startswith(b"chain"):
                raise InputError(
                    f"{self.path}, line {self._next}: expected a chain's header, found {_shown(line)}",
                    hint="a chain file such as hg19ToHg38.over.chain.gz",
                )
            yield line, self._next

    def add(self, header: _Header, line: int) -> None:
        """Read the blocks that follow a header."""
        source, target = self._code(header.source), self._code(header.target)
        if source is not None:
            self._record(self.source_lengths, source, header.source_size, line)
        if target is not None:
            self._record(self.target_lengths, target, header.target_size, line)
        goal = self._goal(header, source, target)
        s, t = header.source_start, header.target_start
        for size, source_gap, target_gap in self._block_lines(line):
            if source is not None and size:
                # On the reverse strand, base t of the complement is base size - t, 1-based.
                offset = header.target_size - t + s + 1 if header.reverse else t - s
                key = source << 32
                self.rows.append((key + s + 1, key + s + size, goal[0], goal[1], offset, goal[2]))
            s += size + source_gap
            t += size + target_gap
        if (s, t) != (header.source_end, header.target_end):
            raise InputError(
                f"{self.path}, line {line}: the chain's blocks end at {s} and {t}, its header says "
                f"{header.source_end} and {header.target_end}; the file is damaged or cut short"
            )

    def _block_lines(self, line: int) -> Iterator[tuple[int, int, int]]:
        while self._next < len(self.lines):
            words = self.lines[self._next].split()
            self._next += 1
            if not words:
                break
            try:
                numbers = [int(word) for word in words]
            except ValueError:
                numbers = []
            if len(numbers) not in (1, 3) or min(numbers) < 0:
                raise InputError(
                    f"{self.path}, line {self._next}: expected the size of a block and two gaps, found "
                    f"{_shown(self.lines[self._next - 1])}"
                )
            if len(numbers) == 1:
                yield numbers[0], 0, 0
                return
            yield numbers[0], numbers[1], numbers[2]
        raise InputError(f"{self.path}, line {line}: no last block of this chain; the file is cut short")

    def _code(self, name: str) -> int | None:
        code = chromosome_code(name)
        return code if code is not None and code <= _MITOCHONDRION else None

    def _record(self, lengths: dict[int, int], code: int, size: int, line: int) -> None:
        known = lengths.setdefault(code, size)
        if known != size:
            raise InputError(
                f"{self.path}, line {line}: a chromosome of {size} bases that had {known} in an earlier chain"
            )

    def _goal(self, header: _Header, source: int | None, target: int | None) -> tuple[int, int, int]:
        """Target contig, sign and status of a chain's blocks."""
        contig = target or self._contigs.setdefault(header.target, -1 - len(self._contigs))
        status = LIFT_OK if contig > 0 else LIFT_OTHER_CONTIG
        if (source == _MITOCHONDRION and header.source_size == HG19_CHRM_LENGTH) or (
            target == _MITOCHONDRION and header.target_size == HG19_CHRM_LENGTH
        ):
            status = LIFT_MITOCHONDRION
        return contig, -1 if header.reverse else 1, status
