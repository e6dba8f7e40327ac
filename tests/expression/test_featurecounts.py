"""Genes of featureCounts whose exons are not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from postgwas.errors import InputError
from postgwas.expression.reading import read_expression

HEADER = "# Program:featureCounts v2.0.1\nGeneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam\n"
SOUND = "g1\tchr1;chr1\t1;5\t3;9\t+;+\t8\t5\t6\n"


@pytest.mark.parametrize(
    ("places", "counts"),
    [
        ("chr2\t1\t\t-", "1, 1, 0, 1"),
        ("\t1\t3\t+", "0, 1, 1, 1"),
        ("\t\t\t", "0, 0, 0, 0"),
        ("NA\tNA\tNA\tNA", "0, 0, 0, 0"),
        ("chr2;chr2\t1\t3;4\t+;+", "2, 1, 2, 2"),
    ],
)
def test_a_gene_without_all_of_its_places_is_refused(tmp_path: Path, places: str, counts: str) -> None:
    path = tmp_path / "counts.txt"
    path.write_text(f"{HEADER}{SOUND}g2\t{places}\t3\t7\t8\n")
    with pytest.raises(InputError, match=f"line 4: {counts} chromosomes, starts, ends and strands"):
        read_expression(path)
