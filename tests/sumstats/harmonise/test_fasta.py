"""FASTA files: what is read, how the index comes to be, and every promised error."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from postgwas.errors import InputError
from postgwas.sumstats.harmonise import fasta
from postgwas.sumstats.harmonise.assembly import length_of
from postgwas.sumstats.harmonise.fasta import Fasta

CONTIGS = {"chr2 some text": "ACGTNacgtnRyACG", "chrX": "TTTTTTTTTTTTTTTTTTTTTTTTA", "chrUn_a": "CCC"}


def written(folder: Path, contigs: dict[str, str] = CONTIGS, name: str = "a.fa", end: str = "\n") -> Path:
    path = folder / name
    lines = []
    for header, bases in contigs.items():
        lines += [f">{header}", *(bases[i : i + 7] for i in range(0, len(bases), 7))]
    path.write_text(end.join(lines) + end, newline="")
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("piece", [4, 7, 1 << 22])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whole_chromosomes_in_upper_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, end: str
) -> None:
    monkeypatch.setattr(fasta, "_PIECE", piece)
    with Fasta(written(tmp_path, end=end)) as opened:
        assert opened.chromosomes == (2, 23)
        assert opened.lengths == {2: 15, 23: 25}
        assert opened.sequence(2).dtype == np.uint8
        assert opened.sequence(2).tobytes() == b"ACGTNACGTNRYACG"
        assert opened.sequence(23).tobytes() == CONTIGS["chrX"].encode()


def test_bgzip_reads_as_plain_does(tmp_path: Path) -> None:
    import pysam

    plain = written(tmp_path)
    packed = tmp_path / "a.fa.gz"
    pysam.tabix_compress(str(plain), str(packed))
    with Fasta(plain) as one, Fasta(packed) as other:
        for code in (2, 23):
            assert np.array_equal(one.sequence(code), other.sequence(code))
    assert Path(f"{packed}.gzi").is_file()


def test_index_is_built_beside_the_file_once(tmp_path: Path, cache: Path) -> None:
    path = written(tmp_path)
    Fasta(path).close()
    index = Path(f"{path}.fai")
    before = index.stat().st_mtime_ns
    Fasta(path).close()
    assert index.stat().st_mtime_ns == before
    assert not cache.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.fa", "a.fa.fai"]


def test_index_goes_to_the_cache_where_the_folder_cannot_be_written(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    real = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != tmp_path and real(place, mode))
    for _ in range(2):
        with Fasta(path) as opened:
            assert opened.sequence(23).tobytes() == CONTIGS["chrX"].encode()
    assert not Path(f"{path}.fai").exists()
    assert [p.suffix for p in (cache / "fasta").iterdir()] == [".fai"]


def test_nowhere_to_write_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with pytest.raises(InputError, match="has no index, and none can be written") as caught:
        Fasta(path)
    assert "samtools faidx" in str(caught.value)


def test_build_by_lengths_and_mitochondria(tmp_path: Path) -> None:
    """Only an index, as made from whole assemblies; no base is read."""

    def opened(**lengths: int) -> Fasta:
        path = tmp_path / "b.fa"
        parts, index = [], []
        for name, length in lengths.items():
            offset = sum(map(len, parts)) + len(name) + 2
            index.append(f"{name}\t{length}\t{offset}\t60\t61\n")
            parts.append(f">{name}\nA\n")
        path.write_text("".join(parts))
        Path(f"{path}.fai").write_text("".join(index))
        return Fasta(path)

    grch37 = opened(chr21=length_of("GRCh37", 21), chr22=length_of("GRCh37", 22), chrM=16571)
    assert (grch37.build, grch37.chromosomes) == ("GRCh37", (21, 22))  # hg19's chrM is another sequence
    grch38 = opened(**{"22": length_of("GRCh38", 22), "MT": 16569})
    assert (grch38.build, grch38.chromosomes) == ("GRCh38", (22, 25))
    assert opened(chr22=100).build is None


def test_what_is_wrong_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no such file"):
        Fasta(tmp_path / "none.fa")
    with pytest.raises(InputError, match="is a folder"):
        Fasta(tmp_path)
    table = tmp_path / "t.tsv"
    table.write_text("CHR\tPOS\n")
    with pytest.raises(InputError, match="not a FASTA file: expected '>' first"):
        Fasta(table)
    packed = tmp_path / "p.fa.gz"
    packed.write_bytes(gzip.compress(b">1\nACGT\n"))
    with pytest.raises(InputError, match="gzip file cannot be read by position; expected plain FASTA or"):
        Fasta(packed)
    with pytest.raises(InputError, match="'1' and 'chr1' are the same chromosome"):
        Fasta(written(tmp_path, {"1": "ACGT", "chr1": "ACGT"}, name="twice.fa"))
    uneven = tmp_path / "uneven.fa"
    uneven.write_text(">1\nACGT\nAC\nACGTAC\n")
    with pytest.raises(InputError, match="cannot be indexed as FASTA: expected lines"):
        Fasta(uneven)
    with (
        Fasta(written(tmp_path)) as opened,
        pytest.raises(InputError, match=r"no sequence of chromosome 7.*chr2"),
    ):
        opened.sequence(7)
    assert capfd.readouterr().err == ""


def test_an_index_of_another_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    Fasta(path).close()
    written(tmp_path, {"chr2": "ACGT" * 9, "chrX": "ACGT"})
    with pytest.raises(InputError, match=r"a\.fa\.fai is not of this file: it does not find 'chr2'"):
        Fasta(path)


def test_a_file_that_is_no_index_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    Path(f"{path}.fai").write_text("no\tindex\n")
    with pytest.raises(InputError, match="is not of this file"):
        Fasta(path)
    assert capfd.readouterr().err == ""


def test_a_file_cut_short_is_noticed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, {"chr2": "ACGTACG" * 5})
    Fasta(path).close()
    path.write_bytes(path.read_bytes()[:-20])
    with Fasta(path) as opened, pytest.raises(InputError, match="cut short or damaged"):
        opened.sequence(2)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_an_index_cut_short_is_refused(tmp_path: Path, lines: int) -> None:
    """Its missing chromosomes would be missing from the sequence, and their variants set aside."""
    path = written(tmp_path)
    Fasta(path).close()
    index = Path(f"{path}.fai")
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:lines]))
    with pytest.raises(InputError, match="is not of this file: it ends before the last contig"):
        Fasta(path)
