"""Small chain files, and a lookup in them that walks along every block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from postgwas.sumstats.harmonise.chain import Chain
from postgwas.sumstats.harmonise.chain_file import read_chain


@dataclass(frozen=True)
class ChainText:
    """One chain; `blocks` are (size, source gap, target gap), the gaps of the last being ignored."""

    source: str
    source_size: int
    source_start: int
    target: str
    target_size: int
    target_start: int
    blocks: tuple[tuple[int, int, int], ...]
    strand: str = "+"
    score: int = 1000

    def text(self) -> str:
        sizes = [b[0] for b in self.blocks]
        gaps = self.blocks[:-1]
        source_end = self.source_start + sum(sizes) + sum(b[1] for b in gaps)
        target_end = self.target_start + sum(sizes) + sum(b[2] for b in gaps)
        lines = [
            f"chain {self.score} {self.source} {self.source_size} + {self.source_start} {source_end} "
            f"{self.target} {self.target_size} {self.strand} {self.target_start} {target_end} 1",
            *("\t".join(map(str, block)) for block in gaps),
            str(sizes[-1]),
            "",
        ]
        return "\n".join(lines) + "\n"

    def bases(self) -> dict[int, tuple[str, int, bool]]:
        """Of each aligned 1-based source position: target contig, 1-based position, reversed."""
        found = {}
        s, t = self.source_start, self.target_start
        for size, source_gap, target_gap in self.blocks:
            for i in range(size):
                place = t + i + 1 if self.strand == "+" else self.target_size - (t + i)
                found[s + i + 1] = (self.target, place, self.strand == "-")
            s, t = s + size + source_gap, t + size + target_gap
        return found


def read(folder: Path, *chains: ChainText, name: str = "a.chain") -> Chain:
    """Write the chains to a file and read it."""
    path = folder / name
    path.write_text("".join(chain.text() for chain in chains))
    return read_chain(path)


FORWARD = ChainText("chr1", 1000, 100, "chr1", 2000, 500, ((50, 10, 0), (40, 0, 7), (30, 5, 5), (20, 0, 0)))
REVERSE = ChainText("chr2", 800, 10, "chr3", 900, 200, ((25, 3, 4), (35, 0, 0)), strand="-")
ELSEWHERE = ChainText("chr1", 1000, 700, "chr1_KI270706v1_random", 300, 0, ((60, 0, 0),))
"""Blocks with gaps in either assembly, a block on the reverse strand, and one to another contig."""
