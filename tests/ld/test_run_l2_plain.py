"""LD scores without tables are those with tables, to the byte; what is unusual goes the long way."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.cli.main import main
from postgwas.columns.texts import Keeper, texts_of_list
from postgwas.genotypes.plain_plink1 import open_plain, plain_variants
from postgwas.genotypes.variants import read_bim
from postgwas.ld import run_l2
from postgwas.sumstats.munge import write_text
from postgwas.sumstats.write import ROWS, write_delimited

N_VARIANTS, N_FIRST = 90, 50
WRITTEN = (".l2.ldscore.gz", ".l2.M", ".l2.M_5_50")
Change = Callable[[list[list[str]]], None]


@pytest.fixture
def plink(tmp_path: Path) -> Path:
    calls = random_calls(5, N_VARIANTS, 30)
    calls[7] = 0
    positions = [1000 * i for i in [*range(1, N_FIRST + 1), *range(1, N_VARIANTS - N_FIRST + 1)]]
    return write_plink1(
        tmp_path / "sim", calls, chromosomes=["2"] * N_FIRST + ["10"] * (N_VARIANTS - N_FIRST),
        positions=positions, cm=[p / 1e4 for p in positions], ids=[f"rs{i}" for i in range(N_VARIANTS)],
    )  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def rewrite(prefix: Path, change: Change, ending: str = ".bim") -> None:
    path = Path(f"{prefix}{ending}")
    rows = [line.split() for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def run(prefix: object, out: Path, *flags: object) -> tuple[int, list[bytes], list[str]]:
    """Exit status, what was written, and the log without its times."""
    argv = ["ldsc", "--l2", "--genotypes", prefix, "--out", out, "--quiet", "--overwrite", *flags]
    status = main([str(arg) for arg in argv])
    files = [Path(f"{out}{ending}") for ending in WRITTEN]
    log = [
        line
        for line in Path(f"{out}.log").read_text().splitlines()
        if not line.startswith(("Beginning", "Analysis", "Total time"))
    ]
    return status, [file.read_bytes() for file in files if file.exists()], log


def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Filled with whether the short way led to the end, a value a run."""
    seen: list[bool] = []
    real = run_l2._plainly

    def watched(*arguments: object) -> bool:
        seen.append(real(*arguments))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(run_l2, "_plainly", watched)
    return seen


def both_ways(
    prefix: object, out: Path, monkeypatch: pytest.MonkeyPatch, *flags: object
) -> tuple[int, list[bytes], list[str]]:
    """The run by either way, which must be the same."""
    with monkeypatch.context() as patch:
        seen = taken(patch)
        short = run(prefix, out, *flags)
        assert seen == [short[0] == 0]
    with monkeypatch.context() as patch:
        patch.setattr(run_l2, "_opened_plainly", lambda genotypes: None)
        assert run(prefix, out, *flags) == short
    return short


@pytest.mark.parametrize(
    "flags",
    [
        ["--ld_wind_cm", 0.5],
        ["--ld_wind_kb", 3.5],
        ["--ld_wind_snps", 4],
        ["--ld_wind_kb", 5, "--maf", 0.3],
        ["--ld_wind_cm", 100, "--yes_really"],
        ["--ld_wind_kb", 5, "--cores", 2],
    ],
)
def test_the_same_bytes_and_lines(
    plink: Path, out: Path, monkeypatch: pytest.MonkeyPatch, flags: list[object]
) -> None:
    status, files, log = both_ways(plink, out, monkeypatch, *flags)
    assert status == 0
    assert len(files) == 3
    assert (
        any("rs9\t" in line for line in gzip.decompress(files[0]).decode().splitlines()) or "--maf" in flags
    )
    assert sum(line.startswith("Read list of") for line in log) == 2


def test_the_same_bytes_for_odd_spellings(plink: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled = ["-0", "0.", ".5", "+0.75", "1e0", "1.25E+0", "0001.5", "1.5000000000000000000001"]
    names = ["rs" + "9" * 70, "1:1000:A:G", ".", "a#b", '"quoted"', "rs1", "rs1", "-"]

    def change(rows: list[list[str]]) -> None:
        for row, cm, name in zip(rows, spelled, names):
            row[1:3] = name, cm
        for row in rows[len(spelled) : N_FIRST]:
            row[2] = "2" + row[2]
        rows[0][3] = "0007"

    rewrite(plink, change)
    status, files, _ = both_ways(plink, out, monkeypatch, "--ld_wind_cm", 0.5)
    assert status == 0
    lines = gzip.decompress(files[0]).decode().splitlines()
    assert lines[1].startswith(f"2\t{names[0]}\t7\t")
    # No line end at the end, and one too many.
    bim = Path(f"{plink}.bim")
    bim.write_text(bim.read_text().removesuffix("\n"))
    assert both_ways(plink, out, monkeypatch, "--ld_wind_cm", 0.5)[1] == files


def test_columns_are_those_of_the_table(plink: Path) -> None:
    found, table = open_plain(f"{plink}.bed"), read_bim(f"{plink}.bim")
    assert found is not None
    assert found.n_samples == 30
    assert found.variants.chromosome.tolist() == table["CHR"].to_list()
    assert found.variants.position.tolist() == table["POS"].to_list()
    assert found.variants.cm.tolist() == table["CM"].to_list()
    assert [name.decode() for name in found.variants.snpid.to_bytes()] == table["SNPID"].to_list()


@pytest.mark.parametrize(
    "line",
    [
        "X\trs1\t0\t5\tA\tC", "chr1\trs1\t0\t5\tA\tC", "0\trs1\t0\t5\tA\tC", "01\trs1\t0\t5\tA\tC",
        "1\trs1\tabc\t5\tA\tC", "1\trs1\tnan\t5\tA\tC", "1\trs1\tinf\t5\tA\tC", "1\trs1\t1_0\t5\tA\tC",
        "1\trs1\t0\t-5\tA\tC", "1\trs1\t0\t1e3\tA\tC", "1\trs1\t0\t5.0\tA\tC",
        "1\trs1\t0\t2147483648\tA\tC", "1\trs1\t0\t5\tA", "1\trs1\t0\t5\tA\tC\tG", "1\t\t0\t5\tA\tC",
        "1 rs1 0 5 A C", "1\tr\u00e91\t0\t5\tA\tC",
        "1\trs1\t0\t5\tA\tC\n1\trs2\t0\t4\tA\tC", "1\trs1\t2\t5\tA\tC\n1\trs2\t1\t6\tA\tC",
        "1\trs1\t0\t5\tA\tC\n2\trs2\t0\t5\tA\tC\n1\trs3\t0\t6\tA\tC", "1\trs1\t0\t5\tA\tC\n\n",
    ],
)  # fmt: skip
def test_what_is_unusual_is_left_to_the_tables(line: str) -> None:
    assert plain_variants((line + "\n").encode()) is None


@pytest.mark.parametrize(
    "people",
    [
        "F1 I1 0 0 0\n",
        "F1\tI1\t0\t0\t0\t-9\nF1\tI1\t0\t0\t0\t-9\n",
        "F1\t\t0\t0\t0\t-9\n",
        "F I\u00e9 0 0 0 1\n",
    ],
)
def test_unusual_samples_are_left_to_the_tables(plink: Path, people: str) -> None:
    Path(f"{plink}.fam").write_text(people)
    assert open_plain(f"{plink}.bed") is None


@pytest.mark.parametrize("ending", [".bim", ".fam"])
def test_files_that_are_not_there_are_left_to_the_tables(plink: Path, ending: str) -> None:
    Path(f"{plink}{ending}").unlink()
    assert open_plain(f"{plink}.bed") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [row.__setitem__(0, "chr" + row[0]) for row in rows],
        lambda rows: [row.__setitem__(0, "X") for row in rows[N_FIRST:]],
        lambda rows: rows[0].__setitem__(0, "0"),
        lambda rows: rows[3].__setitem__(1, "rs\u00e9"),
    ],
    ids=["names with chr", "X", "a variant without a place", "an id beyond ASCII"],
)
def test_unusual_files_are_scored_all_the_same(
    plink: Path, out: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    rewrite(plink, change)
    seen = taken(monkeypatch)
    status, files, _ = run(plink, out, "--ld_wind_kb", 5)
    assert (status, len(files), seen) == (0, 3, [])


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("--extract", "rs1\nrs2\nrs3\nrs60\nrs70\n"), ("--keep", "F1 I1\nF2 I2\nF3 I3\nF4 I4\nF5 I5\n"),
        ("--print_snps", "rs1\nrs4\n"), ("--pq_exp", 0.5), ("--per_allele", None), ("--ldsc_compat", None),
        ("--store", None), ("--annot", "CHR\tBP\tSNP\tCM\tx\n"), ("--cts_bin", ""),
    ],
)  # fmt: skip
def test_what_needs_tables_has_them(
    plink: Path, out: Path, monkeypatch: pytest.MonkeyPatch, flag: str, text: object
) -> None:
    def refused(genotypes: object) -> None:
        raise AssertionError("the short way was tried")

    monkeypatch.setattr(run_l2, "_opened_plainly", refused)
    samples = Path(f"{plink}.fam").read_text().splitlines()
    flags: list[object] = [flag]
    if flag == "--keep":
        text = "".join(line + "\n" for line in samples[:9])
    if flag == "--annot":
        rows = [line.split() for line in Path(f"{plink}.bim").read_text().splitlines()]
        text = "CHR\tBP\tSNP\tCM\tx\n" + "".join(f"{r[0]}\t{r[3]}\t{r[1]}\t{r[2]}\t1\n" for r in rows)
    if flag == "--cts_bin":
        text = "".join(f"rs{i} {i}\n" for i in range(N_VARIANTS))
    if flag == "--store":
        flags.append(out.with_name("study.h5"))
    elif isinstance(text, str):
        beside = out.with_name("list.annot" if flag == "--annot" else "list.txt")
        beside.write_text(text)
        flags.append(beside)
    elif text is not None:
        flags.append(text)
    if flag == "--cts_bin":
        flags += ["--cts_breaks", "30,60"]
    assert run(plink, out, "--ld_wind_kb", 5, *flags)[0] == 0


def test_refusals_are_told_once_and_alike(
    plink: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*flags: object) -> str:
        status, files, log = both_ways(plink, out, monkeypatch, *flags)
        assert (status, files) == (2, [])
        assert sum(line.startswith("Read list of") for line in log) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2
        assert lines[0] == lines[1]
        return lines[0]

    assert "--yes_really" in told("--ld_wind_cm", 100)
    bed = Path(f"{plink}.bed")
    varied = bed.read_bytes()
    bed.write_bytes(varied[:3] + bytes(len(varied) - 3))
    assert "no variants are left" in told("--ld_wind_kb", 5)
    bed.write_bytes(varied)
    rewrite(plink, lambda rows: [row.__setitem__(2, "0") for row in rows[N_FIRST:]])
    assert "no genetic positions" in told("--ld_wind_cm", 0.5)


def test_two_samples_are_refused(plink: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = write_plink1(
        plink.with_name("two"), random_calls(5, N_VARIANTS, 2), chromosomes=["2"] * N_VARIANTS,
        positions=list(range(1, N_VARIANTS + 1)), cm=[0.1 * i for i in range(N_VARIANTS)],
        ids=[f"rs{i}" for i in range(N_VARIANTS)],
    )  # fmt: skip
    assert run(two, out, "--ld_wind_kb", 5)[:2] == (2, [])
    assert "2 samples" in capsys.readouterr().err


def test_no_library_for_tables_is_loaded(plink: Path, out: Path) -> None:
    code = (
        "import sys; from postgwas.cli.main import main; status = main(sys.argv[1:]);"
        "print(status, [name for name in ('polars', 'pyarrow', 'pandas', 'scipy') if name in sys.modules])"
    )
    argv = ["ldsc", "--l2", "--bfile", plink, "--ld_wind_cm", 0.5, "--out", out, "--quiet"]
    found = subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)], capture_output=True, text=True, check=True
    )
    assert found.stdout == "0 []\n"


def test_long_tables_compress_to_the_same_bytes(tmp_path: Path) -> None:
    n, rng = ROWS + 20_000, np.random.default_rng(3)
    ids = [b"rs%d" % i for i in rng.integers(1, 10**9, n)]
    places, scores = np.arange(n), rng.normal(size=n) * 30
    columns = {"SNP": texts_of_list(ids, Keeper()), "BP": places, "L2": scores}
    write_text.write_table(columns, tmp_path / "plain.gz", overwrite=True, piece=ROWS)
    frame = pl.DataFrame({"SNP": [name.decode() for name in ids], "BP": places, "L2": scores})
    write_delimited(frame, tmp_path / "table.gz")
    assert (tmp_path / "plain.gz").read_bytes() == (tmp_path / "table.gz").read_bytes()
