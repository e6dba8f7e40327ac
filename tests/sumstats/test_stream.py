"""Reading in chunks gives what reading at once gives."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import polars as pl
import pytest

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.run import iter_sumstats, read_sumstats

LINES = ["SNP CHR BP A1 A2 OR SE P N_CAS N_CON"]
for i in range(200):
    p_value = "1e-400" if i == 7 else 0.01 * (1 + i % 90)
    LINES.append(f"rs{i} {1 + i % 23} {1000 + i} A G {1 + i / 1000} 0.1 {p_value} 100 {900 + i}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "trait.txt"
    file.write_text("\n".join([*LINES, "rs_short 1 2"]) + "\n")
    return file


@pytest.mark.parametrize("chunk_bytes", [1, 137, 1 << 22])
@pytest.mark.parametrize("read_ahead", [False, True])
def test_chunks_stack_to_the_whole(path: Path, chunk_bytes: int, read_ahead: bool) -> None:
    whole = read_sumstats(path)
    with iter_sumstats(path, chunk_bytes=chunk_bytes, read_ahead=read_ahead) as stream:
        frames = list(stream)
        rejected = stream.take_rejected()
    assert all(frame.schema == frames[0].schema for frame in frames)
    stacked = pl.concat(frames)
    assert stacked.select(whole.frame.columns).equals(whole.frame)
    assert rejected.equals(whole.rejected)
    summary = stream.summary()
    assert (summary.n_kind, summary.derived, summary.warnings) == (
        whole.n_kind,
        whole.derived,
        whole.warnings,
    )
    assert summary.n_kind == "effective"


def test_memory_of_what_was_taken_is_given_back(path: Path) -> None:
    with iter_sumstats(path) as stream:
        list(stream.raw())
        assert stream.take_rejected().height == 1
        assert stream.take_rejected().height == 0
    assert stream.n_rejected == 1


@pytest.mark.parametrize("sign", ["-", ""])
def test_log10_p_of_either_sign(tmp_path: Path, sign: str) -> None:
    file = tmp_path / "log.txt"
    rows = [f"rs{i} A G 0.1 0.1 {sign if i else ''}{i}" for i in range(30)]
    file.write_text("\n".join(["SNP A1 A2 BETA SE LOG10P", *rows]) + "\n")
    with iter_sumstats(file, chunk_bytes=40) as stream:
        stacked = pl.concat(stream)
    assert stacked["MLOG10P"].to_list() == [float(i) for i in range(30)]
    whole = read_sumstats(file).frame
    assert stacked.select(whole.columns).equals(whole)


def test_log10_p_of_both_signs_is_refused_across_chunks(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    rows = [f"rs{i} A G 0.1 0.1 {1 if i < 20 else -1}" for i in range(40)]
    file.write_text("\n".join(["SNP A1 A2 BETA SE LOG10P", *rows]) + "\n")
    with iter_sumstats(file, chunk_bytes=40) as stream, pytest.raises(ColumnError, match="both signs"):
        list(stream)


@pytest.mark.parametrize("read_ahead", [False, True])
def test_a_truncated_file_is_refused_and_leaves_no_thread(tmp_path: Path, read_ahead: bool) -> None:
    file = tmp_path / "cut.txt.gz"
    file.write_bytes(gzip.compress("\n".join(LINES * 300).encode())[:-2000])
    before = threading.active_count()
    with (
        pytest.raises(InputError, match="truncated"),
        iter_sumstats(file, chunk_bytes=10_000, read_ahead=read_ahead) as stream,
    ):
        list(stream)
    assert threading.active_count() == before


def test_leaving_early_leaves_no_thread(path: Path) -> None:
    before = threading.active_count()
    with iter_sumstats(path, chunk_bytes=50, read_ahead=True) as stream:
        frames = iter(stream)
        next(frames)
        frames.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_what_a_column_of_variants_held_is_told(tmp_path: Path) -> None:
    path = tmp_path / "neale.tsv"
    path.write_text(
        "variant\trsid\tnCompleteSamples\tAC\tytx\tbeta\tse\ttstat\tpval\n"
        "1:100:A:G\trs1\t500\t250\t10\t0.1\t0.05\t2\t0.0455\n"
    )
    found = read_sumstats(path)
    assert found.frame.select("CHR", "POS", "NEA", "EA", "EAF").row(0) == (1, 100, "A", "G", 0.25)
    assert found.derived[:2] == ("CHR, POS, NEA, EA from VARIANT", "EAF = AC / 2N")
