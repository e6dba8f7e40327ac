"""Reading chain files: spellings, builds, direction, and every promised error."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sumstats.harmonise.chain_texts import FORWARD, REVERSE, ChainText, read

from postgwas.errors import InputError
from postgwas.sumstats.harmonise.chain import LIFT_OK
from postgwas.sumstats.harmonise.chain_file import check_direction, read_chain

TO_38 = ChainText("chr22", 51304566, 0, "chr22", 50818468, 0, ((100, 0, 0),))
TO_37 = ChainText("22", 50818468, 0, "22", 51304566, 0, ((100, 0, 0),))


def test_gzip_comments_spaces_and_windows_line_ends(tmp_path: Path) -> None:
    text = "#comment\n\n" + FORWARD.text() + "# between\n" + REVERSE.text().replace("\t", " ")
    path = tmp_path / "a.over.chain.gz"
    path.write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    assert read_chain(path).n_blocks == 6


@pytest.mark.parametrize(
    ("source", "target", "code"), [("1", "chr1", 1), ("chrX", "X", 23), ("Y", "24", 24), ("chr01", "1", 1)]
)
def test_contigs_in_any_style(tmp_path: Path, source: str, target: str, code: int) -> None:
    chain = read(tmp_path, ChainText(source, 500, 0, target, 500, 7, ((10, 0, 0),)))
    lifted = chain.lift([code], [1])
    assert (lifted.status[0], lifted.chr[0], lifted.pos[0]) == (LIFT_OK, code, 8)


def test_builds_by_the_lengths_of_chromosomes(tmp_path: Path) -> None:
    chain = read(tmp_path, TO_38)
    assert (chain.source_build, chain.target_build) == ("GRCh37", "GRCh38")
    unknown = read(tmp_path, FORWARD)
    assert (unknown.source_build, unknown.target_build) == (None, None)


def test_direction_is_checked_by_builds(tmp_path: Path) -> None:
    forth, back = read(tmp_path, TO_38), read(tmp_path, TO_37, name="back.chain")
    check_direction(forth, source="GRCh37", target="GRCh38")
    check_direction(forth, source=None, target=None)
    check_direction(read(tmp_path, FORWARD), source="GRCh37", target="GRCh38")
    with pytest.raises(InputError, match=r"back\.chain.*GRCh38 to GRCh37.*are GRCh37.*other direction"):
        check_direction(back, source="GRCh37", target="GRCh38")
    with pytest.raises(InputError, match=r"\(--chain hg19ToHg38\.over\.chain\.gz\)"):
        check_direction(back, source="GRCh37", target=None)
    with pytest.raises(InputError, match=r"GRCh37 to GRCh38, but the positions are NCBI36 \(.*hg18ToHg38"):
        check_direction(forth, source="NCBI36", target="GRCh38")
    with pytest.raises(InputError, match="GRCh37 to GRCh38, but NCBI36 is asked for") as caught:
        check_direction(forth, source="GRCh37", target="NCBI36")
    assert "--target_build GRCh38, or --chain hg19ToHg18.over.chain.gz" in str(caught.value)


def header(**changes: object) -> str:
    return ChainText(**{**vars(FORWARD), **changes}).text()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("CHR\tPOS\n1\t2\n", r"line 1: expected a chain's header, found 'CHR"),
        ("chain 1 chr1 100 + 0 10\n10\n", r"line 1: expected a chain's header, 'chain score"),
        ("chain 1 chr1 1e3 + 0 10 chr1 100 + 0 10 1\n10\n", r"line 1: expected a chain's header"),
        ("chain 1 chr1 100 - 0 10 chr1 100 + 0 10 1\n10\n", r"line 1: strands - and \+"),
        ("chain 1 chr1 100 + 0 110 chr1 100 + 0 110 1\n110\n", "outside its chromosomes"),
        ("chain 1 chr1 100 + 0 10 chr1 100 + 0 10 1\n5 x 0\n5\n", r"line 2: expected the size of a block"),
        ("chain 1 chr1 100 + 0 10 chr1 100 + 0 10 1\n5 -1 0\n6\n", r"line 2: expected the size of a block"),
        (
            "chain 1 chr1 100 + 0 10 chr1 100 + 0 10 1\n9\n",
            "end at 9 and 9, its header says 10 and 10",
        ),
        ("chain 1 chr1 100 + 0 10 chr1 100 + 0 10 1\n5 0 0\n", "no last block of this chain"),
        (header() + header(source_size=1001), "1001 bases that had 1000"),
        (header(source="chrUn_a"), "no chain of chromosomes 1 to 22"),
        ("#nothing\n", "no chain of chromosomes 1 to 22"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bad.chain"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint) as caught:
        read_chain(path)
    assert "bad.chain" in str(caught.value)


def test_missing_and_truncated_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_chain(tmp_path / "none.chain")
    cut = tmp_path / "cut.chain.gz"
    cut.write_bytes(gzip.compress(FORWARD.text().encode())[:-12])
    with pytest.raises(InputError, match="truncated"):
        read_chain(cut)
