"""Files without a header line: ``--columns`` gives what a header would, command by command."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from coloc.genome_study import GenomeStudy
from coloc.genome_study import make_study as genome_study
from finemap.study import Study, make_study
from meta.small_studies import studies, write

from postgwas.cli.main import main
from postgwas.cli.options import header_each
from postgwas.errors import UsageError

Ran = Callable[..., Path]


def bare(source: Path, target: Path) -> tuple[Path, str]:
    """The same file without its first line, and that line as --columns takes it."""
    content = source.read_bytes()
    header, _, rest = (gzip.decompress(content) if source.suffix == ".gz" else content).partition(b"\n")
    target.write_bytes(rest)
    return target, header.decode().replace("\t", ",")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("gwas"))


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> GenomeStudy:
    return genome_study(tmp_path_factory.mktemp("genome"))


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ran:
    """Run a command; gives the folder of its files."""

    def run(name: str, *arguments: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        argv = [*arguments, "--out", folder / "run", "--quiet"]
        assert main([str(one) for one in argv]) == 0, capsys.readouterr().err
        return folder

    return run


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run what must fail; gives the one line. Nothing but the log may be left."""

    def run(*arguments: object) -> str:
        folder = tmp_path / "refused"
        folder.mkdir()
        argv = [*arguments, "--out", folder / "run", "--quiet"]
        assert main([str(one) for one in argv]) == 2
        (line,) = [one for one in capsys.readouterr().err.splitlines() if not one.startswith("warning: ")]
        assert [path.name for path in folder.iterdir() if path.suffix != ".log"] == []
        return line.removeprefix("postgwas: error: ")

    return run


def tables(folder: Path) -> dict[str, list[str]]:
    """Every table of a run, line by line."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".gz", ".tsv", ".tbl"):
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            found[path.name] = content.decode().splitlines()
    assert found
    return found


def test_meta(tmp_path: Path, ran: Ran) -> None:
    """One study has a header and one has none; the lines of rejected rows move up by one."""
    with_header = [write(tmp_path / f"s{at}.txt", table) for at, table in enumerate(studies(2))]
    broken = with_header[1].read_text().splitlines()
    broken[5] = broken[5].replace(broken[5].split("\t")[6], "x")
    with_header[1].write_text("\n".join(broken) + "\n")
    second, names = bare(with_header[1], tmp_path / "bare.txt")
    told = ran("told", "meta", "--sumstats", *with_header, "--names", "a,b", "--diagnostics")
    given = ran(
        "given", "meta", "--sumstats", with_header[0], second, "--names", "a,b", "--columns", "-", names,
        "--diagnostics",
    )  # fmt: skip
    one, two = tables(told), tables(given)
    assert one.pop("run.rejected.tsv.gz")[1].split("\t")[1:3] == ["6", "v4"]
    assert two.pop("run.rejected.tsv.gz")[1].split("\t")[1:3] == ["5", "v4"]
    assert _without_paths(one) == _without_paths(two)
    assert len(one["run.tbl"]) > 300


def _without_paths(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [line.replace("bare.txt", "s1.txt") for line in lines] for name, lines in found.items()}


def test_finemap(made: Study, tmp_path: Path, ran: Ran) -> None:
    path, names = bare(made.stats, tmp_path / "bare.tsv")
    more = ("--method", "abf", "--p_max", "1e-4", "--sd_y", "1")
    told, given = (
        tables(ran(name, "finemap", *source, *more))
        for name, source in (("told", (made.stats,)), ("given", (path, "--columns", names)))
    )
    assert told == given and len(told["run.pip.tsv.gz"]) > 100


def test_coloc(made: Study, tmp_path: Path, ran: Ran) -> None:
    """One file of two, or both."""
    path, names = bare(made.stats, tmp_path / "bare.tsv")
    call = ("--names", "a", "b", "--region", "1:1-9000000", "--sd_y", "1")
    told = tables(ran("told", "coloc", "abf", made.stats, made.stats, *call))
    one = tables(ran("one", "coloc", "abf", made.stats, path, *call, "--columns", "-", names))
    both = tables(ran("both", "coloc", "abf", path, path, *call, "--columns", names))
    assert told == one == both and len(told["run.variants.tsv.gz"]) > 50


def test_coloc_one_phenotype_of_several(made: Study, tmp_path: Path, ran: Ran) -> None:
    """--only looks for its column among the names that are given."""
    header, *lines = made.stats.read_text().splitlines()
    both = tmp_path / "both.tsv"
    others = [line.replace(line.split("\t")[5], "0.001") for line in lines]
    both.write_text("\n".join([*(f"{row}\tg1" for row in lines), *(f"{row}\tg2" for row in others)]) + "\n")
    names = header.replace("\t", ",") + ",gene"
    call = ("--names", "a", "b", "--region", "1:1-9000000", "--sd_y", "1")
    told = tables(ran("told", "coloc", "abf", made.stats, made.stats, *call))
    given = tables(
        ran(
            "given",
            "coloc",
            "abf",
            made.stats,
            both,
            *call,
            "--columns",
            "-",
            names,
            "--only",
            "-",
            "gene=g1",
        )
    )
    assert told["run.coloc.tsv"] == given["run.coloc.tsv"]


def test_coloc_plot(made: Study, tmp_path: Path, ran: Ran) -> None:
    path, names = bare(made.stats, tmp_path / "bare.tsv")
    call = ("coloc", "plot", "--names", "a", "--region", "1:1-9000000", "--figure_format", "svg")
    told = tables(ran("told", *call[:2], made.stats, *call[2:]))
    assert told == tables(ran("given", *call[:2], path, *call[2:], "--columns", names))


def test_coloc_genomewide(genome: GenomeStudy, tmp_path: Path, ran: Ran) -> None:
    path, names = bare(genome.gwas, tmp_path / "bare.tsv")
    more = ("--names", "a", "--qtl", genome.qtl)
    told = tables(ran("told", "coloc", "genomewide", genome.gwas, *more))
    given = tables(ran("given", "coloc", "genomewide", path, *more, "--columns", names))
    assert told == given
    assert pl.read_csv(tmp_path / "given" / "run.coloc.genes.tsv.gz", separator="\t").height > 1


@pytest.mark.parametrize(
    "command", [("finemap", "--method", "abf"), ("coloc", "plot"), ("meta", "--sumstats")]
)
def test_the_message_names_the_flag(
    made: Study, tmp_path: Path, refused: Callable[..., str], command: tuple[str, ...]
) -> None:
    path, _ = bare(made.stats, tmp_path / "bare.tsv")
    line = refused(*command[:2], path) if command[0] != "finemap" else refused("finemap", path, *command[1:])
    assert "line 1 looks like data, not like a header: rs0 1 1000000" in line
    assert "--columns NAME,NAME,... names the columns of a file without a header" in line


def test_as_many_names_as_columns(made: Study, tmp_path: Path, refused: Callable[..., str]) -> None:
    path, names = bare(made.stats, tmp_path / "bare.tsv")
    line = refused("finemap", path, "--method", "abf", "--columns", f"{names},X")
    assert "line 1 has 9 fields separated by tab" in line and "10 column names were given" in line


def test_a_header_that_is_there_and_given_too(made: Study, ran: Ran) -> None:
    """The line is set aside as what it then is, a row without numbers; the others are used."""
    names = made.stats.read_text().partition("\n")[0].replace("\t", ",")
    more = ("--method", "abf", "--p_max", "1e-4", "--sd_y", "1")
    told = tables(ran("told", "finemap", made.stats, *more))
    given = tables(ran("given", "finemap", made.stats, *more, "--columns", names))
    assert given["run.pip.tsv.gz"] == told["run.pip.tsv.gz"]
    assert [line.split("\t")[1:3] for line in given["run.rejected.tsv.gz"][1:]] == [["1", "SNP"]]


def test_names_for_a_file_whose_own_header_has_others(tmp_path: Path, refused: Callable[..., str]) -> None:
    """Its columns are in another order, and the first line is no row."""
    one, two = (write(tmp_path / f"s{at}.txt", table) for at, table in enumerate(studies(2)))
    bare_one, names = bare(one, tmp_path / "bare.txt")
    header, *rest = two.read_text().splitlines()
    turned = [line.split("\t")[::-1] for line in (header, *rest)]
    two.write_text("\n".join("\t".join(line) for line in turned) + "\n")
    line = refused("meta", "--sumstats", bare_one, two, "--names", "a,b", "--columns", names)
    assert "s1.txt: column" in line and "is line 1 a header?" in line


@pytest.mark.parametrize("method", ["mama", "popcorn"])
def test_methods_of_other_programs_refuse_it(
    made: Study, tmp_path: Path, refused: Callable[..., str], method: str
) -> None:
    path, names = bare(made.stats, tmp_path / "bare.tsv")
    line = refused("meta", "--sumstats", path, "--method", method, "--columns", names)
    assert f"--columns has no meaning with --method {method}" in line and "harmonise --columns" in line


def test_one_a_file_or_one_for_all() -> None:
    assert header_each(["A,B"], 2) == [("A", "B"), ("A", "B")]
    assert header_each(["-", "A,-,B"], 2) == [None, ("A", "-", "B")]
    assert header_each(None, 2) == [None, None]
    with pytest.raises(UsageError, match="--columns: 3 values for 2 files"):
        header_each(["A", "B", "C"], 2)
    with pytest.raises(UsageError, match="names no column"):
        header_each(["-,-"], 1)
