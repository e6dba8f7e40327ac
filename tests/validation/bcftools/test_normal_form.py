"""Normal forms of indels as `bcftools norm` writes them (the bcftools that pysam brings along).

Both follow Tan et al. 2015, so every row must be the same; on 43,718 random variants of a sequence
of repeats all were (bcftools 1.24 of pysam 0.24.1).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from pysam import bcftools

from postgwas.sumstats.harmonise.fasta import Fasta
from postgwas.sumstats.harmonise.indels import NORMAL_OK, normalise

LETTERS = list("ACGT")


def repeats(rng: np.random.Generator, size: int) -> str:
    """Units of 1 to 5 letters, each up to eight times."""
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append("".join(rng.choice(LETTERS, rng.integers(1, 6))) * int(rng.integers(1, 9)))
    return "".join(parts)


def variants(rng: np.random.Generator, sequence: str, n: int) -> list[tuple[int, str, str]]:
    """Deletions, insertions of what follows, and random replacements, in no normal form."""
    found = set()
    for _ in range(n):
        pos = int(rng.integers(50, len(sequence) - 50))
        ref = sequence[pos - 1 : pos - 1 + int(rng.integers(1, 8))]
        after = sequence[pos - 1 + len(ref) :]
        alt = (
            ref[: int(rng.integers(1, len(ref) + 1))],
            ref + after[: int(rng.integers(1, 8))],
            "".join(rng.choice(LETTERS, rng.integers(1, 8))),
        )[int(rng.integers(3))]
        if alt != ref:
            found.add((pos, ref, alt))
    return sorted(found)


def test_every_row_is_that_of_bcftools(tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    sequence = repeats(rng, 20_000)
    rows = variants(rng, sequence, 4_000)
    fasta, vcf = tmp_path / "r.fa", tmp_path / "v.vcf"
    lines = [sequence[i : i + 60] for i in range(0, len(sequence), 60)]
    fasta.write_text("\n".join([">chr7", *lines]) + "\n")
    vcf.write_text(
        f"##fileformat=VCFv4.2\n##contig=<ID=chr7,length={len(sequence)}>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        + "".join(f"chr7\t{p}\t{i}\t{ref}\t{alt}\t.\t.\t.\n" for i, (p, ref, alt) in enumerate(rows))
    )
    peer: dict[int, tuple[int, str, str]] = {}
    for line in bcftools.norm("-f", str(fasta), str(vcf)).splitlines():
        if not line.startswith("#"):
            _, pos, number, ref, alt = line.split("\t")[:5]
            peer[int(number)] = (int(pos), ref, alt)
    assert len(peer) == len(rows)

    given_pos, given_ref, given_alt = zip(*rows)
    with Fasta(fasta) as opened:
        ours = normalise(given_pos, pl.Series(given_ref), pl.Series(given_alt), opened.sequence(7))
    assert (ours.status == NORMAL_OK).all()
    assert ours.changed.mean() > 0.5
    for row in range(len(rows)):
        assert (int(ours.pos[row]), ours.ref[row], ours.alt[row]) == peer[row]
