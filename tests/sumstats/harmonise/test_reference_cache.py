"""The columns kept of a reference: the same whatever the chunks, used again, never trusted blindly."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import polars as pl
import pytest
from sumstats.harmonise.reference_files import (
    EXPECTED_22,
    SITES,
    vcf,
)

from postgwas.errors import InputError, OutputError
from postgwas.sumstats.harmonise import reference_vcf
from postgwas.sumstats.harmonise.reference import (
    ID_AMBIGUOUS,
    ID_UNKNOWN,
    LOCATED,
    Reference,
    open_reference,
)
from postgwas.sumstats.harmonise.reference_cache import (
    ChromosomeWriter,
    settle,
    temporary_folder,
    write_meta,
)


@pytest.mark.parametrize("chunk", [1, 40, 200])
def test_size_of_chunks_and_parts_changes_nothing(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_vcf, "CHUNK_BYTES", chunk)
    for samples in (0, 2):
        reference = open_reference(vcf(tmp_path, samples=samples), cache=False)
        assert reference.frame(22).rows() == EXPECTED_22
    writer = ChromosomeWriter(tmp_path, pending_rows=chunk // 40)
    for row in [2, 0, 4, 1, 3, 3]:
        pair = pl.DataFrame([EXPECTED_22[row]], schema=reference.frame(22).schema, orient="row")
        writer.add(pair.with_columns(CHR=pl.lit(22, pl.Int8)))
    assert writer.finish() == {22: 5}
    frame = pl.read_ipc(tmp_path / "chr22.arrow")
    assert frame["POS"].to_list() == [100, 200, 200, 300, 300]
    assert set(frame.rows()) == set(EXPECTED_22)
    assert not list(tmp_path.glob("*.part*"))


def test_cache_is_used_and_follows_the_file(tmp_path: Path, own_cache: Path) -> None:
    path = vcf(tmp_path)
    first = open_reference(path)
    made = sorted(own_cache.rglob("*.arrow"))
    times = [file.stat().st_mtime_ns for file in made]
    again = open_reference(path)
    assert again.folder == first.folder and again.warnings == first.warnings
    assert [file.stat().st_mtime_ns for file in made] == times
    assert open_reference(path, af_field="AFR_AF").folder != first.folder

    vcf(tmp_path, ["22\t9\trs1\tA\tG\t.\t.\tAF=0.1"])
    os.utime(path, ns=(1, 1))
    assert open_reference(path).frame(22)["POS"].to_list() == [9]
    assert not first.folder.exists()


def test_damaged_cache_is_made_again(tmp_path: Path) -> None:
    path = vcf(tmp_path)
    reference = open_reference(path)
    (reference.folder / "chr22.arrow").unlink()
    with pytest.raises(InputError, match="are gone or damaged"):
        reference.frame(22)
    assert open_reference(path).frame(22).height == 5
    (reference.folder / "reference.json").write_text("{")
    assert open_reference(path).frame(22).height == 5


def test_two_that_parse_at_once_share_the_first_result(tmp_path: Path) -> None:
    first = open_reference(vcf(tmp_path))
    late = temporary_folder(first.folder)
    write_meta(late, {"n_variants": {}})
    assert settle(late, first.folder) == first.folder
    assert not late.exists()
    assert first.frame(22).rows() == EXPECTED_22


def test_what_a_killed_run_left_is_removed_after_a_day(tmp_path: Path) -> None:
    place = open_reference(vcf(tmp_path)).folder
    old, new = temporary_folder(place), temporary_folder(place)
    os.utime(old, (1, 1))
    temporary_folder(place)
    assert new.exists()
    assert not old.exists()


def test_without_cache_nothing_is_left(tmp_path: Path, own_cache: Path) -> None:
    reference = open_reference(vcf(tmp_path), cache=False)
    folder = reference.folder
    sent: Reference = pickle.loads(pickle.dumps(reference))
    assert sent.frame(22).rows() == EXPECTED_22
    del sent
    assert folder.exists() and not own_cache.exists()
    del reference
    assert not folder.exists()


def test_cache_folder_that_cannot_be_written(tmp_path: Path, own_cache: Path) -> None:
    own_cache.write_text("a file, not a folder")
    assert open_reference(vcf(tmp_path)).frame(22).rows() == EXPECTED_22


def test_nothing_is_left_after_an_error(tmp_path: Path, own_cache: Path) -> None:
    path = vcf(tmp_path, [*SITES, "22\t5\trs1"])
    with pytest.raises(InputError):
        open_reference(path)
    assert [p for p in own_cache.rglob("*") if p.is_file()] == []


def test_locate_by_id(tmp_path: Path) -> None:
    sites = [
        "22\t5\trs1\tA\tG,T\t.\t.\t.",
        "21\t6\trs2\tA\tG\t.\t.\t.",
        "22\t7\trs2\tA\tG\t.\t.\t.",
        "22\t8\t22:8:A:G\tA\tG\t.\t.\t.",
        "22\t9\trs02\tA\tG\t.\t.\t.",
    ]
    reference = open_reference(vcf(tmp_path, sites))
    for _ in range(2):  # made, then read
        found = reference.locate(pl.Series(["rs1", "rs2", "22:8:A:G", None, "rs3", "rs02", "rs1"]))
        assert found.status.tolist() == [
            LOCATED, ID_AMBIGUOUS, LOCATED, ID_UNKNOWN, ID_UNKNOWN, LOCATED, LOCATED
        ]  # fmt: skip
        assert found.chr.tolist() == [22, 0, 22, 0, 0, 22, 22]
        assert found.pos.tolist() == [5, 0, 8, 0, 0, 9, 5]


def test_a_change_of_the_same_size_and_time_is_seen(tmp_path: Path, own_cache: Path) -> None:
    path = vcf(tmp_path)
    before = path.stat()
    first = open_reference(path)
    with path.open("r+b") as stream:
        stream.write(stream.read(1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert open_reference(path).folder != first.folder


def test_a_full_disk_names_the_folder_and_how_to_take_another(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device (os error 28)")  # all that polars says

    monkeypatch.setattr(pl.DataFrame, "write_ipc", full)
    with pytest.raises(OutputError, match="disk full while writing the columns of") as caught:
        open_reference(vcf(tmp_path))
    assert str(own_cache) in str(caught.value) and "POSTGWAS_CACHE" in str(caught.value)
    assert not [path for path in own_cache.rglob("*") if path.is_file()]
