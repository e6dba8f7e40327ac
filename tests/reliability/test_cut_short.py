"""Commands on files cut short: one line that names the file, status 2, nothing left, and no shorter result.

Where text is cut between two lines nothing shows it, unless another file says how many there should be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloc.region_files import Files, make_files
from genotypes.vcf_files import binary, compressed, random_rows, vcf_text

from postgwas.cli.main import main

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
