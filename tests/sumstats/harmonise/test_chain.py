"""Lifting through small chains: against a walk along every block, and pyliftover's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sumstats.harmonise.chain_texts import ELSEWHERE, FORWARD, REVERSE, ChainText, read

from postgwas.sumstats.harmonise.chain import (
    LIFT_AMBIGUOUS,
    LIFT_BROKEN_SPAN,
    LIFT_MITOCHONDRION,
    LIFT_OK,
    LIFT_OTHER_CONTIG,
    LIFT_UNMAPPED,
)

CODES = {"chr1": 1, "chr2": 2, "chr3": 3, "chrX": 23}

# convert_coordinate of pyliftover 0.4.1 (Python 3.11) on FORWARD, REVERSE and ELSEWHERE, written
# as one file: (chromosome, 1-based position) -> (contig, 1-based position, strand), or None. It
# counts from 0 and gives the position on the forward strand.
PYLIFTOVER = {
    ("chr1", 100): None,
    ("chr1", 101): ("chr1", 501, "+"),
    ("chr1", 150): ("chr1", 550, "+"),
    ("chr1", 151): None,
    ("chr1", 160): None,
    ("chr1", 161): ("chr1", 551, "+"),
    ("chr1", 200): ("chr1", 590, "+"),
    ("chr1", 201): ("chr1", 598, "+"),
    ("chr1", 230): ("chr1", 627, "+"),
    ("chr1", 235): None,
    ("chr1", 236): ("chr1", 633, "+"),
    ("chr1", 255): ("chr1", 652, "+"),
    ("chr1", 256): None,
    ("chr2", 10): None,
    ("chr2", 11): ("chr3", 700, "-"),
    ("chr2", 35): ("chr3", 676, "-"),
    ("chr2", 36): None,
    ("chr2", 38): None,
    ("chr2", 39): ("chr3", 671, "-"),
    ("chr2", 73): ("chr3", 637, "-"),
    ("chr2", 74): None,
}


def test_figures_of_pyliftover(tmp_path: Path) -> None:
    chain = read(tmp_path, FORWARD, REVERSE, ELSEWHERE)
    lifted = chain.lift([CODES[c] for c, _ in PYLIFTOVER], [p for _, p in PYLIFTOVER])
    for row, expected in enumerate(PYLIFTOVER.values()):
        if expected is None:
            assert lifted.status[row] == LIFT_UNMAPPED
            assert (lifted.chr[row], lifted.pos[row], lifted.reverse[row]) == (0, 0, False)
        else:
            contig, pos, strand = expected
            assert lifted.status[row] == LIFT_OK
            assert (lifted.chr[row], lifted.pos[row]) == (CODES[contig], pos)
            assert lifted.reverse[row] == (strand == "-")


def test_every_base_of_the_small_chains(tmp_path: Path) -> None:
    chain = read(tmp_path, FORWARD, REVERSE, ELSEWHERE)
    naive = {(1, p): goal for p, goal in {**FORWARD.bases(), **ELSEWHERE.bases()}.items()}
    naive |= {(2, p): goal for p, goal in REVERSE.bases().items()}
    rows = [(c, p) for c in (1, 2, 3) for p in range(1002)]
    lifted = chain.lift([c for c, _ in rows], [p for _, p in rows])
    for row, key in enumerate(rows):
        goal = naive.get(key)
        if goal is None:
            assert lifted.status[row] == LIFT_UNMAPPED, key
        elif goal[0] not in CODES:
            assert lifted.status[row] == LIFT_OTHER_CONTIG, key
        else:
            assert lifted.status[row] == LIFT_OK, key
            assert (lifted.chr[row], lifted.pos[row], lifted.reverse[row]) == (CODES[goal[0]], *goal[1:])


@st.composite
def chains(draw: st.DrawFn) -> list[ChainText]:
    """Chains of one source chromosome that may cover the same bases."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        blocks = draw(
            st.lists(
                st.tuples(st.integers(1, 9), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=5
            )
        )
        found.append(
            ChainText(
                "chr1", 200, draw(st.integers(0, 60)),
                draw(st.sampled_from(["chr2", "chr3", "chrUn_x", "chrUn_y"])), 300, draw(st.integers(0, 60)),
                tuple(blocks), strand=draw(st.sampled_from("+-")), score=number,
            )
        )  # fmt: skip
    return found


@given(chains(), st.randoms(use_true_random=False))
def test_a_base_is_lifted_if_all_its_blocks_agree(
    tmp_path_factory: pytest.TempPathFactory, some: list[ChainText], random: object
) -> None:
    folder = tmp_path_factory.mktemp("chain")
    chain = read(folder, *some)
    pos = np.arange(0, 202)
    lifted = chain.lift(np.ones_like(pos), pos)
    for p in pos.tolist():
        goals = {text.bases()[p] for text in some if p in text.bases()}
        status = LIFT_UNMAPPED if not goals else LIFT_AMBIGUOUS
        if len(goals) == 1:
            (goal,) = goals
            status = LIFT_OK if goal[0] in CODES else LIFT_OTHER_CONTIG
            if status == LIFT_OK:
                assert (lifted.chr[p], lifted.pos[p], lifted.reverse[p]) == (CODES[goal[0]], *goal[1:])
        assert lifted.status[p] == status
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = read(folder, *shuffled)
    for name in ("first", "last", "chr", "reverse", "offset", "status"):
        assert np.array_equal(getattr(chain, name), getattr(again, name)), name


def inverse(text: ChainText) -> ChainText:
    """The chain of the other direction, as UCSC's chainSwap makes it."""
    sizes = [b[0] for b in text.blocks]
    gaps = text.blocks[:-1]
    source_end = text.source_start + sum(sizes) + sum(b[1] for b in gaps)
    target_end = text.target_start + sum(sizes) + sum(b[2] for b in gaps)
    blocks = [(size, t, s) for size, s, t in text.blocks]
    if text.strand == "+":
        return ChainText(
            text.target, text.target_size, text.target_start,
            text.source, text.source_size, text.source_start, tuple(blocks),
        )  # fmt: skip
    turned = [
        (size, *gap)
        for size, gap in zip(reversed(sizes), [*((t, s) for _, s, t in reversed(gaps)), (0, 0)], strict=True)
    ]
    return ChainText(
        text.target, text.target_size, text.target_size - target_end,
        text.source, text.source_size, text.source_size - source_end, tuple(turned), strand="-",
    )  # fmt: skip


@given(chains())
def test_there_and_back_is_identity(tmp_path_factory: pytest.TempPathFactory, some: list[ChainText]) -> None:
    text = some[0]
    folder = tmp_path_factory.mktemp("chain")
    there = read(folder, text, name="there")
    pos = np.array(sorted(text.bases()))
    lifted = there.lift(np.ones_like(pos), pos)
    if text.target not in CODES:
        assert (lifted.status == LIFT_OTHER_CONTIG).all()
        return
    back = read(folder, inverse(text), name="back")
    returned = back.lift(lifted.chr, lifted.pos)
    assert (returned.status == LIFT_OK).all()
    assert np.array_equal(returned.pos, pos)
    assert np.array_equal(returned.reverse, lifted.reverse)


@given(chains(), st.integers(1, 6))
def test_spans_lie_in_one_block(
    tmp_path_factory: pytest.TempPathFactory, some: list[ChainText], length: int
) -> None:
    chain = read(tmp_path_factory.mktemp("chain"), some[0])
    pos = np.arange(1, 200 - length)
    spans = chain.lift_spans(np.ones_like(pos), pos, np.full(pos.size, length))
    ends = [chain.lift(np.ones_like(pos), pos + i) for i in range(length)]
    for row in range(pos.size):
        places = [int(end.pos[row]) for end in ends]
        together = all(end.status[row] == LIFT_OK for end in ends) and (
            max(places) - min(places) == length - 1
        )
        if together:
            assert spans.status[row] == LIFT_OK
            assert spans.pos[row] == min(places)
        elif ends[0].status[row] == LIFT_OK:
            assert spans.status[row] == LIFT_BROKEN_SPAN
        else:
            assert spans.status[row] == ends[0].status[row]


def test_indels_in_a_reversed_block_begin_where_their_last_base_went(tmp_path: Path) -> None:
    chain = read(tmp_path, FORWARD, REVERSE)
    lifted = chain.lift_spans([1, 2, 2, 2], [101, 11, 11, 35], [4, 1, 3, 2])
    assert lifted.pos.tolist() == [501, 700, 698, 0]
    assert lifted.status.tolist() == [LIFT_OK] * 3 + [LIFT_BROKEN_SPAN]


def test_abutting_blocks_of_one_diagonal_are_one(tmp_path: Path) -> None:
    text = ChainText("chr1", 100, 10, "chr1", 100, 20, ((5, 0, 0), (5, 0, 0)))
    chain = read(tmp_path, text)
    assert chain.n_blocks == 1
    assert chain.lift_spans([1], [14], [4]).pos.tolist() == [24]


def test_rows_without_a_place_are_unmapped(tmp_path: Path) -> None:
    chain = read(tmp_path, FORWARD)
    chr = pl.Series([1, None, 0, -1, 26, 1, 1, 1], dtype=pl.Int8)
    pos = pl.Series([101, 101, 101, 101, 101, None, 0, -5])
    assert chain.lift(chr, pos).status.tolist() == [LIFT_OK] + [LIFT_UNMAPPED] * 7
    huge = chain.lift([1, 0, 1], [float("nan"), (1 << 32) + 101, (1 << 32) + 101])
    assert huge.status.tolist() == [LIFT_UNMAPPED] * 3
    assert chain.lift([], []).pos.size == 0


def test_mitochondrion_of_hg19_is_refused(tmp_path: Path) -> None:
    """hg19's chrM has 16,571 bases and other positions than the MT of GRCh37 and GRCh38."""
    blocks = ((1000, 0, 0),)
    refused = read(tmp_path, ChainText("chrM", 16571, 0, "chrM", 16569, 0, blocks))
    assert refused.lift([25], [10]).status.tolist() == [LIFT_MITOCHONDRION]
    backwards = read(tmp_path, ChainText("chrM", 16569, 0, "chrM", 16571, 0, blocks))
    assert backwards.lift([25], [10]).status.tolist() == [LIFT_MITOCHONDRION]
    same = read(tmp_path, ChainText("MT", 16569, 0, "MT", 16569, 0, blocks))
    assert same.lift([25], [10]).pos.tolist() == [10]
