"""Rows as they come: separators, odd values, bad lines, any chunk size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from postgwas.errors import ColumnError, InputError, PostgwasError, UsageError
from postgwas.sumstats.chunks import iter_blocks, squeeze
from postgwas.sumstats.layout import Layout
from postgwas.sumstats.run import from_table, read_sumstats

HEADER = ["SNP", "CHR", "BP", "A1", "A2", "FRQ", "BETA", "SE", "P", "N"]
ROW = ["rs1", "1", "100", "A", "G", "0.3", "0.02", "0.01", "0.0455", "1000"]


def write(path: Path, rows: list[list[str]], *, separator: str = "\t", header: list[str] = HEADER) -> Path:
    path.write_text("\n".join(separator.join(r) for r in [header, *rows]) + "\n")
    return path


def changed(**values: str) -> list[str]:
    return [values.get(name, value) for name, value in zip(HEADER, ROW, strict=True)]


@pytest.mark.parametrize("separator", ["\t", ",", " ", "   ", " \t ", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, ending: str) -> None:
    expected = read_sumstats(write(tmp_path / "plain.txt", [ROW, changed(SNP="rs2")])).frame
    text = ending.join(separator.join(r) for r in [HEADER, ROW, changed(SNP="rs2")])
    (tmp_path / "x.txt").write_bytes((text + ending).encode())
    assert_frame_equal(read_sumstats(tmp_path / "x.txt").frame, expected)
    (tmp_path / "unended.txt").write_bytes(text.encode())
    assert_frame_equal(read_sumstats(tmp_path / "unended.txt").frame, expected)


def test_r_row_names_quotes_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    quoted = " ".join(f'"{n}"' for n in HEADER)
    path.write_bytes(b"\xef\xbb\xbf" + f'{quoted}\n"1" "rs1" {" ".join(ROW[1:])}\n'.encode())
    assert read_sumstats(path).frame["SNPID"].to_list() == ["rs1"]
    path.write_text('"SNP","A1","A2","Z","N"\n"rs1","A","G",1.5,100\n')
    assert read_sumstats(path).frame.row(0, named=True)["EA"] == "A"


def test_row_names_are_taken_by_name(tmp_path: Path) -> None:
    """One field more than names is R's row names where it looks so, and is said; else it is refused."""
    path = tmp_path / "r.txt"
    path.write_text("SNP A1 A2 Z N\n1 rs1 A G 1.5 100\n2 rs2 C T 0.5 100\n")
    stats = read_sumstats(path)
    assert stats.frame["SNPID"].to_list() == ["rs1", "rs2"]
    assert [text for text in stats.warnings if "R's row names" in text]
    path.write_text('"SNP" "A1" "A2" "Z" "N"\n"7" "rs1" "A" "G" 1.5 100\n"9" "rs2" "C" "T" 0.5 100\n')
    assert read_sumstats(path).frame["SNPID"].to_list() == ["rs1", "rs2"]
    for rows in ("x rs1 A G 1.5 100\nx rs2 C T 0.5 100\n", "rs1 A G 1.5 100 9\nrs2 C T 0.5 100 9\n"):
        path.write_text("SNP A1 A2 Z N\n" + rows)
        with pytest.raises(InputError, match=r"6 fields and the header 5 names.*cannot be known"):
            read_sumstats(path)


def test_file_without_header(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("22\trs1\t100\t-9\tG\tC\t0.0\t1000\t0.02\t0.01\t0.0455\n" * 2)
    with pytest.raises(InputError, match=r"line 1 looks like data.*--columns"):
        read_sumstats(path)
    stats = read_sumstats(
        path, header=["chr", "snpid", "bpos", "-", "a1", "a2", "-", "n", "beta", "se", "pval"]
    )
    assert stats.frame["ROW"].to_list() == [1, 2]
    assert stats.frame.row(0, named=True)["Z"] == 2.0
    with pytest.raises(
        ColumnError, match="line 1 has 11 fields separated by tab, but 2 column names were given"
    ):
        read_sumstats(path, header=["a", "b"])


def test_chromosomes_and_positions(tmp_path: Path) -> None:
    names = [
        "1",
        "chr2",
        "CHR3",
        "04",
        "23.0",
        "X",
        "chrY",
        "MT",
        "chrM",
        "XY",
        "GL000192.1",
        "NA",
        "0",
        "99",
    ]
    path = write(tmp_path / "x.txt", [changed(CHR=c) for c in names])
    expected = [1, 2, 3, 4, 23, 23, 24, 25, 25, 23, None, None, None, None]
    assert read_sumstats(path).frame["CHR"].to_list() == expected
    positions = ["1e6", "2500000", "1.5e+08", "100.0", "1.5", "-3", "NA", "9999999999"]
    path = write(tmp_path / "y.txt", [changed(BP=p) for p in positions])
    stats = read_sumstats(path)
    assert stats.frame["POS"].to_list() == [1_000_000, 2_500_000, 150_000_000, 100, None, None, None, None]
    assert any("3 values of column BP" in w and "'1.5' in line 6" in w for w in stats.warnings)


def test_missing_values_and_words_among_numbers(tmp_path: Path) -> None:
    spelled = ["", "NA", "N/A", "NaN", "nan", ".", "-", "#N/A", "#NA", "NULL", "null", "None"]
    path = write(tmp_path / "x.txt", [changed(BETA=v) for v in spelled] + [ROW])
    stats = read_sumstats(path)
    assert stats.frame["BETA"].to_list() == [None] * len(spelled) + [0.02]
    assert stats.warnings[1:] == ()
    path = write(tmp_path / "y.txt", [changed(N=v) for v in ["many", "1e3", " 12", "inf", "few"]])
    stats = read_sumstats(path)
    assert stats.frame["N"].to_list() == [None, 1000.0, 12.0, None, None]
    assert any(
        "2 values of column N (N) not a number" in w and "'many' in line 2" in w for w in stats.warnings
    )


def test_column_of_words_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", [changed(N="many")] * 3)
    with pytest.raises(ColumnError, match=r"column N \(N\) should hold numbers.*line 2 has 'many'.*--n_name"):
        read_sumstats(path, flags={"N": "--n_name"})


def test_wrong_number_of_fields_sets_the_row_aside(tmp_path: Path) -> None:
    rows = [ROW, ROW[:-1], changed(SNP="rs3"), [*ROW, "extra"], [""], changed(SNP="rs6")]
    stats = read_sumstats(write(tmp_path / "x.txt", rows))
    assert stats.frame["SNPID"].to_list() == ["rs1", "rs3", "rs6"]
    assert stats.frame["ROW"].to_list() == [2, 4, 7]
    assert stats.rejected["ROW"].to_list() == [3, 5]
    assert set(stats.rejected["REASON"]) == {"wrong number of fields"}


def test_wrong_delimiter_says_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("SNP|A1|A2|Z\nrs1|A|G|1\n")
    with pytest.raises(InputError, match=r"line 1 has one field only, 'SNP\|A1\|A2\|Z'"):
        read_sumstats(path)
    path.write_text("SNP,A1,A2,Z,N\nrs1\tA\tG\t1\t5\nrs2\tA\tG\t1\t5\n")
    with pytest.raises(InputError, match=r"one field only"):
        read_sumstats(path)
    path.write_text("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\nrs2\tA\tG\n")
    with pytest.raises(InputError, match="the header has 5 columns separated by tab, but the rows have 3"):
        read_sumstats(path)


def test_header_only_duplicates_and_binary(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", [])
    with pytest.raises(InputError, match="a header but no rows; columns found: SNP, CHR"):
        read_sumstats(path)
    path = write(tmp_path / "y.txt", [[*ROW, "1"]], header=[*HEADER, "P"])
    with pytest.raises(ColumnError, match="duplicated column name: P"):
        read_sumstats(path)
    (tmp_path / "z.txt").write_bytes("SNP\tP\nrs1\t1\n".encode("utf-16"))
    with pytest.raises(InputError, match="binary data"):
        read_sumstats(tmp_path / "z.txt")


def test_missing_column_names_what_was_found_and_the_flag(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("SNP\tA1\tA2\tZ\nrs1\tA\tG\t1\n")
    with pytest.raises(ColumnError, match=r"no column for N; columns found: SNP, A1, A2, Z \(--n_name"):
        read_sumstats(path, require=("Z", "N"), flags={"N": "--n_name"})
    assert read_sumstats(path, require=("Z", "P"), n=500).frame["N"].to_list() == [500.0]


def test_numbers_of_people(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("SNP\tA1\tA2\tZ\tN\tN_CAS\tN_CON\nrs1\tA\tG\t1\t1000\t100\t900\n")
    stats = read_sumstats(path)
    assert (stats.frame["N"][0], stats.n_kind) == (360.0, "effective")
    stats = read_sumstats(path, columns={"N": "N"})
    assert (stats.frame["N"][0], stats.n_kind) == (1000.0, "total")
    stats = read_sumstats(path, n=7)
    assert (stats.frame["N"][0], stats.n_kind) == (7.0, "given")
    stats = read_sumstats(path, n_cases=100, n_controls=300)
    assert (stats.frame["N"][0], stats.n_kind) == (300.0, "effective")
    with pytest.raises(UsageError, match="together"):
        read_sumstats(path, n_cases=100)


def test_tiny_p_keeps_its_size(tmp_path: Path) -> None:
    texts = ["5.27e-1756", "0", "1e-305", "4.9E-324", "1E-400", "0.5", "NA"]
    path = write(tmp_path / "x.txt", [changed(P=p) for p in texts])
    size = read_sumstats(path).frame["MLOG10P"].to_list()
    # P printed as 0 has the size that Z = 2 gives.
    expected = [1755.2781893847, 1.3419860845, 305.0, 323.3098039, 400.0, 0.30103, None]
    assert size[:6] == pytest.approx(expected[:6], rel=1e-6)
    assert size[6] is None
    no_se = [i for i, name in enumerate(HEADER) if name != "SE"]
    rows = [[changed(P=p)[i] for i in no_se] for p in texts]
    no_z = write(tmp_path / "y.txt", rows, header=[HEADER[i] for i in no_se])
    z = read_sumstats(no_z).frame["Z"].to_list()
    assert z[0] == pytest.approx(89.8549147, rel=1e-6)
    assert z[1] is None


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", [ROW])
    stats = read_sumstats(path, wanted=("SNPID", "Z"))
    assert stats.frame.columns == ["ROW", "SNPID", "Z"]
    assert set(stats.columns) == {"SNPID", "BETA", "SE"}
    assert read_sumstats(path, wanted=("SNPID", "Z"), derive=False).frame.columns == ["ROW", "SNPID"]
    with pytest.raises(UsageError, match="unknown column EFFECT"):
        read_sumstats(path, wanted=("EFFECT",))


def test_table_reads_as_its_file(tmp_path: Path) -> None:
    rows = [ROW, changed(SNP="rs2", CHR="X", N="NA"), changed(SNP=".", BETA="x", BP="1e6"), changed(A1="at")]
    path = write(tmp_path / "x.txt", rows)
    expected = read_sumstats(path).frame.with_columns(pl.col("ROW") - 1)
    text = pd.DataFrame(rows, columns=HEADER)
    assert_frame_equal(from_table(text).frame, expected)
    typed = text.assign(N=pd.to_numeric(text["N"], errors="coerce"), FRQ=text["FRQ"].astype(float))
    assert_frame_equal(from_table(typed).frame, expected)
    assert_frame_equal(from_table(pl.from_pandas(typed)).frame, expected)
    assert from_table(typed).source == "<table>"
    with pytest.raises(InputError, match="a table without rows"):
        from_table(typed.head(0))


def test_tiny_p_of_a_table_of_text() -> None:
    table = pd.DataFrame(
        {"SNP": ["rs1", "rs2"], "A1": "A", "A2": "G", "Z": [1.0, 90.0], "P": ["0.3", "1e-1700"]}
    )
    assert from_table(table).frame["MLOG10P"].to_list() == [pytest.approx(0.5228787453), 1700.0]


def test_letters_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("SNP\tA1\tA2\tZ\tN\tNOTE\nrsé\tA\tG\t1\t5\té\nrs2\tA\tG\t1\t5\tx\n".encode("latin-1"))
    assert read_sumstats(path).frame["SNPID"].to_list() == ["rs\ufffd", "rs2"]


def test_comment_lines_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(
        "## build 37\n# made by a program\n# with options a b\n#CHROM\tPOS\tID\tEA\tNEA\tGENE\tZ\n"
        "1\t5\trs1\tA\tG\t\t1\n# done\n1\t6\trs2\tA\tG\tABC DEF\t1\n"
    )
    stats = read_sumstats(path)
    assert stats.frame["SNPID"].to_list() == ["rs1", "rs2"]
    assert stats.frame["ROW"].to_list() == [5, 7]
    assert stats.rejected.height == 0


VALUES = {
    "SNP": st.sampled_from(["rs1", "rs22", ".", "1:5:A:G", "NA", "nan", "a" * 30]),
    "CHR": st.sampled_from(["1", "22", "X", "chr5", "7.0", "NA", "junk", "0", "99", "300"]),
    "BP": st.sampled_from(["1", "100", "1e6", "5.0", "NA", "x"]),
    "A1": st.sampled_from(["A", "t", "AT", "-", "NA"]),
    "P": st.sampled_from(["0.1", "1e-400", "0", "NA", "1", "word", "3e-310"]),
    "BETA": st.sampled_from(["0.1", "-1e-3", "NaN", "Inf", "-", "word"]),
}


@given(
    rows=st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=25),
    lengths=st.lists(st.integers(-1, 1), min_size=25, max_size=25),
    chunk_bytes=st.integers(1, 300),
    separator=st.sampled_from(["\t", "  ", ","]),
)
def test_chunk_size_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    lengths: list[int],
    chunk_bytes: int,
    separator: str,
) -> None:
    path = tmp_path_factory.mktemp("chunks") / "x.txt"
    cells = [changed(**row) for row in rows]
    # Every third row may be a field short or long.
    wrong = [n if i % 3 == 2 else 0 for i, n in enumerate(lengths)]
    cells = [[*cell, "z"][: len(cell) + n] for cell, n in zip(cells, wrong, strict=False)]
    write(path, cells, separator=separator)

    def outcome(size: int) -> object:
        try:
            return read_sumstats(path, chunk_bytes=size)
        except PostgwasError as error:
            return str(error)

    whole, cut = outcome(1 << 20), outcome(chunk_bytes)
    if isinstance(whole, str):
        assert cut == whole
        return
    assert_frame_equal(cut.frame, whole.frame, check_exact=True)
    assert_frame_equal(cut.rejected, whole.rejected)
    assert cut.warnings == whole.warnings


@given(st.lists(st.lists(st.text("ab\t ", max_size=40), max_size=3), max_size=5))
def test_squeeze_is_split_and_join(lines: list[list[str]]) -> None:
    text = "\n".join(" ".join(line) for line in lines) + "\n"
    expected = "".join(" ".join(line.split()) + "\n" for line in text[:-1].split("\n"))
    assert squeeze(text.encode()).decode() == expected


def test_values_are_exact_doubles(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    values = np.concatenate(
        [rng.normal(size=500), rng.normal(size=500) * 10.0 ** rng.integers(-200, 200, 500)]
    )
    path = write(tmp_path / "x.txt", [changed(BETA=repr(float(v))) for v in values])
    assert np.array_equal(read_sumstats(path).frame["BETA"].to_numpy(), values)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    class Endless:
        path, read_bytes = "bomb.txt", 0

        def read(self, size: int) -> bytes:
            self.read_bytes += size
            return b"A" * size

    stream, layout = Endless(), Layout(("SNP", "Z"), "\t", 2, 0)
    blocks = iter_blocks(stream, b"rs1\t0.5\nrs2\t", layout)
    with pytest.raises(InputError, match=r"bomb.txt: line 2 or one soon after has no end within 67,108,864"):
        list(blocks)
    assert stream.read_bytes < 80 << 20
