"""Rows parted by chromosome on disk come back whole and in order."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgwas.sumstats.harmonise import spill
from postgwas.sumstats.harmonise.spill import NOWHERE, SpillWriter, read_spilled

SCHEMA = {"ROW": pl.UInt32(), "CHR": pl.Int8(), "EA": pl.String()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(codes=st.lists(st.sampled_from([1, 2, 23, None]), max_size=60), cut=st.integers(1, 20))
def test_every_row_comes_back(
    tmp_path_factory: pytest.TempPathFactory, codes: list[int | None], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    frame = pl.DataFrame(
        {"ROW": range(len(codes)), "CHR": codes, "EA": [f"A{i}" for i in codes]}, schema=SCHEMA
    )
    writer = SpillWriter(folder)
    for at in range(0, frame.height, cut):
        writer.add(frame.slice(at, cut))
    files = writer.close()
    for code in {*codes}:
        key = NOWHERE if code is None else code
        expected = frame.filter(pl.col("CHR").eq_missing(code))
        assert read_spilled(files[key], SCHEMA).equals(expected)
        assert writer.n_rows[key] == expected.height
    assert sum(writer.n_rows.values()) == frame.height


def test_pieces_are_written_before_they_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "PIECE_ROWS", 10)
    writer = SpillWriter(tmp_path)
    for i in range(35):
        writer.add(pl.DataFrame({"ROW": [i], "CHR": [1], "EA": ["A"]}, schema=SCHEMA))
    files = writer.close()[1]
    assert len(files) == 4
    assert read_spilled(files, SCHEMA)["ROW"].to_list() == list(range(35))


def test_a_column_that_some_chunks_lack_is_null_there(tmp_path: Path) -> None:
    writer = SpillWriter(tmp_path)
    writer.add(pl.DataFrame({"ROW": [1], "CHR": [1]}, schema={"ROW": pl.UInt32, "CHR": pl.Int8}))
    writer.add(pl.DataFrame({"ROW": [2], "CHR": [1], "EA": ["A"]}, schema=SCHEMA))
    assert read_spilled(writer.close()[1], SCHEMA)["EA"].to_list() == [None, "A"]
