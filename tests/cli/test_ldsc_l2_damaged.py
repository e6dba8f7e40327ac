"""``ldsc --l2`` and ``make_annot`` on damaged files: one line and status 2, or what a slow program finds.

Each example spoils one file in one place. A run that goes through must agree with files read line by
line in plain Python: a reader that repairs, skips or shifts anything without a word is caught.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ld.naive_scores import naive_in_window, naive_ld_scores, varies

from postgwas.cli.main import main

N_VARIANTS, N_SAMPLES = 8, 9
REACH = 0.12
SEVERAL = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

#: What fields are replaced by: numbers that are none, borders of integers, blanks, other alphabets.
ODD = (
    b"", b"0", b"-1", b"1.5", b"nan", b"NA", b"inf", b"-0.0", b"1e3", b"1e400", b"+7", b"0x10", b"1_0",
    b"2147483647", b"2147483648", b"-9223372036854775809", b".", b"X", b"chr2", b"rs1", b"I1", b"#", b'"',
    b'"a', b"a b", b"a\tb", b"\xff\xfe", b"\xd9\xa1", b"\xc2\xa0", b"\x00", b"\n", b"\r",
)  # fmt: skip


KINDS = ("field", "field", "drop line", "repeat line", "swap lines", "blank line", "cut", "byte")


@st.composite
def spoilt(draw: st.DrawFn, fields_of: Callable[[bytes], list[list[bytes]]], text: bytes) -> bytes:
    """A file with one field, line or byte changed."""
    rows = fields_of(text)
    kind = draw(st.sampled_from(KINDS))
    row = draw(st.integers(0, len(rows) - 1))
    if kind == "field":
        column = draw(st.integers(0, len(rows[row]) - 1))
        rows[row][column] = draw(st.sampled_from(ODD))
    elif kind == "drop line":
        del rows[row]
    elif kind == "repeat line":
        rows.insert(row, rows[row])
    elif kind == "swap lines":
        other = draw(st.integers(0, len(rows) - 1))
        rows[row], rows[other] = rows[other], rows[row]
    elif kind == "blank line":
        rows.insert(row, [b""])
    elif kind == "cut":
        return text[: draw(st.integers(0, len(text) - 1))]
    else:
        at = draw(st.integers(0, len(text) - 1))
        return text[:at] + bytes([draw(st.integers(0, 255))]) + text[at + 1 :]
    return b"".join(b"\t".join(fields) + b"\n" for fields in rows)


def fields_of(text: bytes) -> list[list[bytes]]:
    return [line.split(b"\t") for line in text.splitlines()]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files as they should be, by their endings."""
    folder = tmp_path_factory.mktemp("base")
    cm = [0.05 * i for i in range(N_VARIANTS)]
    chromosomes = ["1"] * 5 + ["2"] * 3
    prefix = write_plink1(
        folder / "sim", random_calls(5, N_VARIANTS, N_SAMPLES), chromosomes=chromosomes, cm=cm
    )
    files = {ending: prefix.with_suffix(ending).read_bytes() for ending in (".bed", ".bim", ".fam")}
    files[".fam"] = files[".fam"].replace(b" ", b"\t")
    rows = [b"CHR\tBP\tSNP\tCM\tone\ttwo\n"]
    rows += [
        b"%s\t%d\trs%d\t%g\t%d\t%g\n" % (chromosomes[i].encode(), 1000 * (i + 1), i, cm[i], i % 2, 0.25 * i)
        for i in range(N_VARIANTS)
    ]
    files[".annot"] = b"".join(rows)
    files["intervals"] = b"1\t500\t1500\tx\nchr1\t2999\t3000\ty\n2\t6000\t7000\tz\n1\t0\t10\tw\n"
    return files


def run(argv: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """The status of a run that ends well, or as it should end otherwise."""
    before = set(folder.iterdir())
    status = main(argv)
    printed = capsys.readouterr()
    if status:
        lines = [line for line in printed.err.splitlines() if not line.startswith("warning:")]
        assert status == 2 and len(lines) == 1 and lines[0].startswith("postgwas: error: "), printed.err
        assert {path for path in folder.iterdir() if path.suffix != ".log"} == before - set(
            folder.glob("*.log")
        )
    return status


def whole(text: bytes) -> int:
    """A whole number as all programs of genetics write it."""
    number = text.decode("ascii")
    assert number.lstrip("+-").isdigit() and "_" not in number, text
    return int(number)


def real(text: bytes) -> float:
    number = text.decode("ascii")
    assert "_" not in number and np.isfinite(float(number)), text
    return float(number)


def lines_of(text: bytes, blank: bytes | None = None) -> list[list[bytes]]:
    """Fields of the lines, parted by tabs or by any blanks."""
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return [line.split(blank) for line in text.removesuffix(b"\n").split(b"\n")]


def written(folder: Path) -> list[list[bytes]]:
    """Fields of the lines of the LD scores."""
    text = gzip.decompress((folder / "out.l2.ldscore.gz").read_bytes())
    return [line.split(b"\t") for line in text.splitlines()]


def calls_of(bed: bytes, n_variants: int, n_samples: int) -> np.ndarray:
    """Copies of A1."""
    assert bed[:3] == b"\x6c\x1b\x01"
    packed = np.frombuffer(bed[3:], np.uint8).reshape(n_variants, -1)
    codes = (packed[:, :, None] >> np.array([0, 2, 4, 6])) & 3
    return np.array([2, -9, 1, 0], np.int8)[codes].reshape(n_variants, -1)[:, :n_samples]


@SEVERAL
@given(data=st.data())
def test_genotypes(
    data: st.DataObject,
    base: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("run")
    files = dict(base)
    ending = data.draw(st.sampled_from([".bim", ".bim", ".fam", ".bed"]))
    files[ending] = data.draw(spoilt(fields_of, base[ending]))
    for each in (".bed", ".bim", ".fam"):
        (folder / f"sim{each}").write_bytes(files[each])
    argv = ["ldsc", "--l2", "--bfile", f"{folder}/sim", "--ld-wind-cm", str(REACH), "--quiet", "--yes-really"]
    if run([*argv, "--out", f"{folder}/out"], folder, capsys):
        return
    variants, samples = lines_of(files[".bim"]), lines_of(files[".fam"])
    assert {len(row) for row in variants} | {len(row) for row in samples} == {6}
    assert len({(row[0], row[1]) for row in samples}) == len(samples)
    calls = calls_of(files[".bed"], len(variants), len(samples))
    scored = varies(calls) & np.array([row[0] != b"0" for row in variants])
    kept = [row for row, some in zip(variants, scored) if some]
    cm, position = [real(row[2]) for row in kept], [whole(row[3]) for row in kept]
    near = naive_in_window([row[0].decode() for row in kept], cm, REACH)
    expected = naive_ld_scores(calls[scored], near)[:, 0]
    rows = written(folder)
    assert [row[1] for row in rows[1:]] == [row[1] for row in kept]
    assert [int(row[2]) for row in rows[1:]] == position
    np.testing.assert_allclose([float(row[3]) for row in rows[1:]], expected, rtol=2e-5, atol=2e-5)


@SEVERAL
@given(data=st.data())
def test_annotations(
    data: st.DataObject,
    base: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for each in (".bed", ".bim", ".fam"):
        (folder / f"sim{each}").write_bytes(base[each])
    text = data.draw(spoilt(fields_of, base[".annot"]))
    (folder / "a.annot").write_bytes(text)
    argv = ["ldsc", "--l2", "--bfile", f"{folder}/sim", "--ld-wind-cm", str(REACH), "--quiet", "--yes-really"]
    argv += ["--annot", f"{folder}/a.annot"]
    if run([*argv, "--out", f"{folder}/out"], folder, capsys):
        return
    header, *rows = lines_of(text, b"\t")
    assert len(rows) == N_VARIANTS and {len(row) for row in rows} == {len(header)}
    assert [row[header.index(b"SNP")] for row in rows] == [b"rs%d" % i for i in range(N_VARIANTS)]
    columns = [at for at, name in enumerate(header) if name not in (b"CHR", b"BP", b"SNP", b"CM")]
    values = np.array([[real(row[at]) for at in columns] for row in rows])
    calls = calls_of(base[".bed"], N_VARIANTS, N_SAMPLES)
    scored = varies(calls)
    variants = [row for row, some in zip(lines_of(base[".bim"]), scored) if some]
    near = naive_in_window([row[0].decode() for row in variants], [float(row[2]) for row in variants], REACH)
    expected = naive_ld_scores(calls[scored], near, values[scored])
    found = written(folder)
    assert found[0][3:] == ([b"L2"] if len(columns) == 1 else [header[at] + b"L2" for at in columns])
    np.testing.assert_allclose(
        np.array([row[3:] for row in found[1:]], dtype=np.float64), expected, rtol=2e-5, atol=2e-5
    )
    sums = (folder / "out.l2.M").read_text().split()
    np.testing.assert_allclose([float(one) for one in sums], values[scored].sum(axis=0), rtol=1e-12)


@SEVERAL
@given(data=st.data())
def test_intervals(
    data: st.DataObject,
    base: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("run")
    text = data.draw(spoilt(fields_of, base["intervals"]))
    (folder / "x.bed").write_bytes(text)
    (folder / "sim.bim").write_bytes(base[".bim"])
    argv = ["make_annot", "--bed-file", f"{folder}/x.bed", "--bimfile", f"{folder}/sim.bim", "--quiet"]
    if run([*argv, "--annot-file", f"{folder}/out.annot"], folder, capsys):
        return
    inside = []
    for row in lines_of(base[".bim"]):
        hits = 0
        for fields in lines_of(text):
            if not fields or fields[0].startswith(b"#") or fields[0] in (b"track", b"browser"):
                continue
            start, end = whole(fields[1]), whole(fields[2])
            assert 0 <= start <= end
            name = fields[0].decode("utf-8", "replace").lower().removeprefix("chr")
            hits += name in (row[0].decode(), f"0{row[0].decode()}") and start < int(row[3]) <= end
        inside.append(str(int(hits > 0)))
    assert (folder / "out.annot").read_text().split() == ["ANNOT", *inside]
