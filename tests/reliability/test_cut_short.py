"""Commands on files cut short: one line that names the file, status 2, nothing left, and no shorter result.

Where text is cut between two lines nothing shows it, unless another file says how many there should be.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.region_files import Files, make_files
from genotypes.vcf_files import binary, compressed, random_rows, vcf_text

from postgwas.cli.main import main
from postgwas.errors import InputError

CUTS = {"nothing": 0.0, "a third": 1 / 3, "half": 0.5, "all but a byte": None}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Two traits, and their LD in every form that is read."""
    made = make_files(tmp_path_factory.mktemp("sound"))
    np.savez(made.folder / "ld.npz", made.ld)
    np.savez_compressed(made.folder / "small.npz", ld=made.ld)
    np.savetxt(made.folder / "ld.txt", made.ld)
    np.savetxt(made.folder / "ld.txt.gz", made.ld)
    return made


def cut_to(data: bytes, share: float | None) -> bytes:
    return data[:-1] if share is None else data[: int(len(data) * share)]


def refused(
    given: Files,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    command: str,
    ld: Path,
    variants: Path,
) -> str:
    """The one line of fine-mapping or colocalisation with this LD."""
    traits = (
        [given.folder / "t1.tsv"] if command == "finemap" else [given.folder / f"t{i}.tsv" for i in (1, 2)]
    )
    (tmp_path / "out").mkdir()
    argv = [*command.split(), *traits, "--region", "7:1-1000000", "--ld", ld, "--ld_variants", variants]
    assert main([str(one) for one in [*argv, "--out", tmp_path / "out" / "run", "--quiet"]]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert {path.suffix for path in (tmp_path / "out").iterdir()} <= {".log"}
    return line.removeprefix("postgwas: error: ")


@pytest.mark.parametrize("command", ["finemap", "coloc susie"])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", ["ld.npy", "ld.npz", "small.npz", "ld.txt.gz"])
def test_ld(
    command: str, name: str, cut: str, given: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ld = tmp_path / name
    ld.write_bytes(cut_to((given.folder / name).read_bytes(), CUTS[cut]))
    variants = given.folder / "ld.tsv"
    said = refused(given, tmp_path, capsys, command=command, ld=ld, variants=variants)
    assert said.startswith(f"{ld}: ") and "pickle" not in said
    assert any(word in said for word in ("cut short", "truncated", "empty"))


@pytest.mark.parametrize("lines", [1, 30, -1])
@pytest.mark.parametrize("name", ["ld.txt", "ld.tsv"])
def test_ld_in_text_and_its_variants(
    name: str, lines: int, given: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut between two lines: the matrix and its variants no longer fit each other."""
    files = {one: given.folder / one for one in ("ld.txt", "ld.tsv")}
    whole = files[name].read_text().splitlines(keepends=True)
    files[name] = tmp_path / name
    files[name].write_text("".join(whole[:lines]))
    said = refused(given, tmp_path, capsys, command="finemap", ld=files["ld.txt"], variants=files["ld.tsv"])
    assert str(tmp_path / name) in said


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.eye(3) + 1j, "an array of type complex128, expected real numbers"),
        (np.zeros((3, 3), [("a", "f8")]), "expected real numbers"),
        (np.full((3, 3), "1"), "expected real numbers"),
        (np.zeros((3, 3), "M8[s]"), "expected real numbers"),
    ],
)
def test_arrays_of_something_else(
    array: np.ndarray, expected: str, given: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "r.npy", array)
    variants = given.folder / "ld.tsv"
    said = refused(given, tmp_path, capsys, command="finemap", ld=tmp_path / "r.npy", variants=variants)
    assert expected in said


def test_a_sparse_matrix(given: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first array is not LD."""
    from scipy import sparse

    sparse.save_npz(tmp_path / "r.npz", sparse.csr_matrix(given.ld))
    variants = given.folder / "ld.tsv"
    said = refused(given, tmp_path, capsys, command="finemap", ld=tmp_path / "r.npz", variants=variants)
    assert "r.npz: a sparse matrix of SciPy" in said and "toarray" in said


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("which", ["file", "index"])
@pytest.mark.parametrize("kind", ["vcf.gz", "bcf"])
def test_vcf_by_region(
    kind: str, which: str, cut: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """htslib has lines of its own to say, which must not stand beside ours."""
    (tmp_path / "v.vcf").write_text(vcf_text(random_rows(2, 400, 9, odd=False), 9))
    path = (compressed if kind == "vcf.gz" else binary)(tmp_path / "v.vcf")
    spoilt = path if which == "file" else next(tmp_path.glob(f"{path.name}.*i"))
    whole = spoilt.read_bytes()
    spoilt.write_bytes(whole[:-40] if which == "index" and CUTS[cut] is None else cut_to(whole, CUTS[cut]))
    (tmp_path / "out").mkdir()
    argv = ["genotypes", "qc", "--genotypes", path, "--region", "chr2:1-5000", "--quiet"]
    assert main([str(one) for one in [*argv, "--out", tmp_path / "out" / "run"]]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("postgwas: error: ") and path.name in line
    assert {one.suffix for one in (tmp_path / "out").iterdir()} <= {".log"}


SUMSTATS = "".join(
    ["SNP\tCHR\tBP\tA1\tA2\tBETA\tSE\tP\tN\n"]
    + [f"rs{i}\t1\t{1000 + i}\tA\tG\t0.0{i + 1}\t0.01\t0.{11 + i}\t1000\n" for i in range(30)]
).encode()
READERS = (
    "munge --sumstats {file}",
    "harmonise {file} --build GRCh38 --no_report",
    "meta --sumstats {file} {sound}",
    "finemap {file} --method abf --region 1",
    "mtag --sumstats {file},{sound} --residcov_path {omega} --gencov_path {omega}",
)


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("packed", [False, True])
def test_half_a_line_of_summary_statistics(
    command: str, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line without its last fields and its end; also where what was cut was packed afterwards."""
    names = {"file": "cut.tsv.gz" if packed else "cut.tsv", "sound": "sound.tsv", "omega": "omega.txt"}
    places = {key: tmp_path / name for key, name in names.items()}
    half = SUMSTATS[: SUMSTATS.index(b"rs20") + 13]
    places["file"].write_bytes(gzip.compress(half) if packed else half)
    places["sound"].write_bytes(SUMSTATS)
    places["omega"].write_text("1 0.1\n0.1 1\n")
    (tmp_path / "out").mkdir()
    argv = [word.format(**places) for word in command.split()]
    assert main([*argv, "--quiet", "--out", str(tmp_path / "out" / "run")]) == 2
    lines = [one for one in capsys.readouterr().err.splitlines() if not one.startswith("warning: ")]
    assert lines == [
        f"postgwas: error: {places['file']}: ends in the middle of line 22, after 4 of 9 fields: the file is "
        "cut short (copy or download it again)"
    ]
    assert {one.suffix for one in (tmp_path / "out").iterdir()} <= {".log"}


NOMINAL = "".join(
    ["phenotype_id\tvariant_id\ttss_distance\taf\tma_samples\tma_count\tpval_nominal\tslope\tslope_se\n"]
    + [f"G{i % 3}\tchr1_{100 + i}_A_G_b38\t{i}\t0.2\t5\t6\t0.0{i + 1}\t0.3\t0.1\n" for i in range(9)]
)
SCORES = "SNP\tCHR\tBP\tEUR_EUR\tEUR_EAS\tEAS_EAS\n" + "".join(
    f"rs{i}\t1\t{i}\t1.5\t1.1\t2\n" for i in range(9)
)


def _readers_of_half_lines() -> dict[str, tuple[str, Callable[[Path], object]]]:
    from postgwas.coloc.qtl_source import qtl_source
    from postgwas.meta.mama_reading import read_ld_table
    from postgwas.qtl.significant_pairs import significant_pairs

    limits = pl.DataFrame({"phenotype_id": ["G0", "G1"], "threshold": [0.05, 0.5]})
    return {
        "nominal pass": (NOMINAL, lambda path: list(qtl_source(path).pieces(heights=True))),
        "significant pairs": (NOMINAL, lambda path: significant_pairs(path, limits)),
        "MAMA's scores": (SCORES, lambda path: read_ld_table(str(path))),
    }


@pytest.mark.parametrize("name", ["nominal pass", "significant pairs", "MAMA's scores"])
@pytest.mark.parametrize("packed", [False, True])
def test_half_a_line_of_other_tables(name: str, packed: bool, tmp_path: Path) -> None:
    """polars takes what is missing at a line's end for missing values."""
    text, read = _readers_of_half_lines()[name]
    path = tmp_path / ("a.tsv.gz" if packed else "a.tsv")
    for content in (text, text[:-1]):
        path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
        read(path)
    half = text[: text.rindex("\t", 0, text.rindex("\t"))].encode()
    path.write_bytes(gzip.compress(half) if packed else half)
    with pytest.raises(InputError, match=r"a\.tsv.*: ends in the middle of .* the file is cut short"):
        read(path)


def test_half_a_line_of_pairs_that_are_looked_up(tmp_path: Path) -> None:
    from postgwas.qtl.pair_lookup import heights

    path = tmp_path / "a.tsv"
    for content in (NOMINAL, NOMINAL[:-1]):
        path.write_text(content)
        assert len(heights(path)) == NOMINAL.count("\n") - 1
    path.write_text(NOMINAL[: NOMINAL.rindex("\t", 0, NOMINAL.rindex("\t"))])
    with pytest.raises(InputError, match=r"a\.tsv: ends in the middle of .* the file is cut short"):
        heights(path)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\x1a", "\n# the end"])
def test_other_ends_of_files_are_read(end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A last line that has all its fields, a comment, and the mark that DOS put after a text."""
    (tmp_path / "a.tsv").write_bytes(SUMSTATS[:-1] + end.encode())
    assert main(["munge", "--sumstats", str(tmp_path / "a.tsv"), "--quiet", "--out", f"{tmp_path}/run"]) == 0
    table = gzip.decompress((tmp_path / "run.sumstats.gz").read_bytes())
    assert table.count(b"\n") == 31


def test_a_number_of_variants_without_its_end(tmp_path: Path) -> None:
    """A tenth of the number gives a tenth of the heritability."""
    import logging

    from postgwas.ld.ldscore_files import read_counts

    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("postgwas")
    log.addHandler(handler)
    try:
        (tmp_path / "x.l2.M").write_text("117\n")
        read_counts([tmp_path / "x.l2.M"], 1)
        assert told == []
        (tmp_path / "x.l2.M").write_text("11")
        read_counts([tmp_path / "x.l2.M"], 1)
    finally:
        log.removeHandler(handler)
    assert told == [f"{tmp_path / 'x.l2.M'}: the end of its line is missing; is the number whole?"]
