"""What is written is whole, reads back as itself, or is not there at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from postgwas.errors import OutputError
from postgwas.sumstats import write as module
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.run import from_table, read_sumstats
from postgwas.sumstats.write import write_delimited, write_rejected

any_float = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


def content(path: Path) -> bytes:
    with ByteStream(path) as stream:
        return stream.read(1 << 24)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "SNPID": st.from_regex(r"rs[0-9]{1,8}", fullmatch=True),
                "CHR": st.integers(1, 25),
                "POS": st.integers(1, 2**31 - 1),
                "EA": st.sampled_from(["A", "c", "GT"]),
                "NEA": st.sampled_from(["A", "c", "GT"]),
                "EAF": any_float,
                "BETA": any_float,
                "SE": any_float,
                "Z": any_float,
                "MLOG10P": st.one_of(st.none(), st.floats(0, 1e300)),
                "N": any_float,
            }
        ),
        min_size=1,
        max_size=20,
    ),
    suffix=st.sampled_from([".tsv", ".tsv.gz", ".tsv.bgz", ".tsv.zst"]),
)
def test_write_then_read_is_identity(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("w") / f"x{suffix}"
    schema = {
        "CHR": pl.Int8,
        "POS": pl.Int32,
        **dict.fromkeys(["EAF", "BETA", "SE", "Z", "MLOG10P", "N"], pl.Float64),
    }
    frame = pl.DataFrame(rows, schema_overrides=schema)
    write_delimited(frame, path)
    back = read_sumstats(path, wanted=frame.columns, derive=False)
    assert back.dialect == "gwaslab"
    assert_frame_equal(back.frame.drop("ROW"), frame.select(back.frame.drop("ROW").columns), check_exact=True)


def test_missing_values_separator_and_header(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1.5, None, float("nan"), 1e-320], "b": ["x", None, "y z", "w"]})
    path = write_delimited(frame, tmp_path / "x.csv", separator=",", null="#NA", header=False)
    assert path.read_text() == "1.5,x\n#NA,#NA\n#NA,y z\n1e-320,w\n"


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_many_blocks_and_no_rows(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"a": list(range(10))})
    whole = content(write_delimited(frame, tmp_path / f"a{suffix}"))
    monkeypatch.setattr(module, "ROWS", 3)
    assert (
        content(write_delimited(frame, tmp_path / f"b{suffix}"))
        == whole
        == b"a\n" + b"".join(b"%d\n" % i for i in range(10))
    )
    assert content(write_delimited(frame.head(0), tmp_path / f"c{suffix}")) == b"a\n"


def test_equal_tables_give_equal_gzip_files(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    first = write_delimited(frame, tmp_path / "a.gz").read_bytes()
    assert write_delimited(frame, tmp_path / "b.gz").read_bytes() == first


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()
    path = write_delimited(pl.DataFrame({"a": [1]}), tmp_path / "x")
    assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_existing_file_and_missing_folder(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1]})
    path = write_delimited(frame, tmp_path / "x")
    with pytest.raises(OutputError, match=r"exists already \(--overwrite"):
        write_delimited(frame, path, overwrite=False)
    with pytest.raises(OutputError, match="does not exist"):
        write_delimited(frame, tmp_path / "none" / "x")


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_full_disk_leaves_nothing(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"x.tsv{suffix}"
    path.write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        write_delimited(pl.DataFrame({"a": [1]}), path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_disk_that_fills_up_while_writing(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling:
        def __init__(self, raw) -> None:  # type: ignore[no-untyped-def]
            self._raw = raw

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
            return getattr(self._raw, name)

        def __enter__(self):  # type: ignore[no-untyped-def]
            return self

        def __exit__(self, *_: object) -> None:
            self._raw.close()

    true_fdopen = os.fdopen
    monkeypatch.setattr(module.os, "fdopen", lambda *a, **k: Filling(true_fdopen(*a, **k)))
    with pytest.raises(OutputError, match="No space left"):
        write_delimited(pl.DataFrame({"a": range(100000)}), tmp_path / f"x{suffix}")
    assert os.listdir(tmp_path) == []


def test_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_csv", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_delimited(pl.DataFrame({"a": [1]}), tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_rejected_rows(tmp_path: Path) -> None:
    table = from_table(pl.DataFrame({"SNP": ["rs1"], "A1": ["A"], "A2": ["G"], "Z": [1.0], "N": [5.0]}))
    lines = pl.DataFrame(
        {"ROW": [7], "SNPID": ["rs9"], "REASON": ["not a SNP"]}, schema_overrides={"ROW": pl.UInt32}
    )
    path = write_rejected(tmp_path / "out.rejected.tsv.gz", [("a.txt", lines), ("b.txt", table.rejected)])
    assert content(path) == b"FILE\tLINE\tSNPID\tREASON\na.txt\t7\trs9\tnot a SNP\n"
