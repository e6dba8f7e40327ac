"""What someone meets who knows the commands of ``postgwas expression`` from their help texts only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import (
    d_statistic,
    inverse_normal,
    peer,
    prepare,
    quantile_normalise,
    tmm,
)

PEOPLE = [f"p{j}" for j in range(12)]
GENES = [f"ENSG{i}" for i in range(40)]
COUNTS = np.random.default_rng(4).negative_binomial(4, 0.02, (len(GENES), len(PEOPLE)))


def matrix(path: Path, values: np.ndarray = COUNTS, *, end: str = "", first: str = "gene_id") -> Path:
    rows = ["\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, values.tolist())]
    path.write_text("\n".join(["\t".join([first, *PEOPLE]), *rows]) + "\n" + end)
    return path


def sheet(path: Path, *, header: bool = True) -> Path:
    rows = [f"{name}\t{'ab'[j % 2]}\n" for j, name in enumerate(PEOPLE)]
    path.write_text(("sample\tbatch\n" if header else "") + "".join(rows))
    return path


def run(action: str, out: Path, *arguments: object) -> int:
    return main(["expression", action, *map(str, arguments), "--out", str(out)])


def refused(capsys: pytest.CaptureFixture[str], action: str, out: Path, *arguments: object) -> str:
    capsys.readouterr()
    assert run(action, out, *arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("postgwas: error: ")]
    assert len(lines) == 1
    assert [path.name for path in out.parent.iterdir() if not path.name.endswith(".log")] == []
    return lines[0]


ACTIONS = {
    "import": (),
    "qc": (),
    "prepare": ("--no_bed", "--cpm_for_tpm"),
    "peer": ("--n_factors", 2),
    "variance": ("--group", "batch"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_the_matrix_by_place_or_by_name(tmp_path: Path, action: str) -> None:
    file, more = matrix(tmp_path / "m.tsv"), list(ACTIONS[action])
    if action == "variance":
        more += ["--sample_sheet", sheet(tmp_path / "s.tsv")]
    found = []
    flag = "--counts" if action in ("peer", "variance") else "--expression"
    for name, given in {"a": [file], "b": [flag, file]}.items():
        (tmp_path / name).mkdir()
        assert run(action, tmp_path / name / "x", *given, *more) == 0
        files = sorted((tmp_path / name).iterdir())
        found.append({f.name: f.read_bytes() for f in files if f.suffix != ".log"})
    assert found[0] and found[0] == found[1]


@pytest.mark.parametrize("action", ["qc", "prepare", "peer", "variance", "import"])
def test_the_matrix_twice_or_not_at_all(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    more = ["--group", "batch", "--sheet", sheet(tmp_path / "s.tsv")] if action == "variance" else []
    file = matrix(tmp_path / "m.tsv")
    assert "given twice" in refused(capsys, action, out, file, "--counts", file, *more)
    assert "give" in refused(capsys, action, out, *more)


@pytest.mark.parametrize("cell", ["1_0", " 12 ", "1 2"])
def test_a_cell_that_only_python_reads_is_told_by_its_line(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    values = COUNTS.astype(object)
    values[6, 3] = cell
    told = refused(capsys, "import", out, matrix(tmp_path / "m.tsv", values))
    assert f"line 8, column p3: {cell!r} is not a number" in told


def test_blank_lines(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = matrix(tmp_path / "m.tsv").read_text()
    (tmp_path / "mid.tsv").write_text(text.replace("\nENSG5\t", "\n\nENSG5\t"))
    assert "line 7: 0 columns found, expected 13" in refused(capsys, "import", out, tmp_path / "mid.tsv")
    assert run("import", out, matrix(tmp_path / "end.tsv", end="\n\n")) == 0
    assert pl.read_parquet(f"{out}.counts.parquet").height == len(GENES)


def test_names_that_transcripts_share_are_told(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = matrix(tmp_path / "t.tsv", first="TargetID")
    lines = path.read_text().splitlines()
    named = [line.replace("\t", f"\tG{i // 2}\t", 1) for i, line in enumerate(lines[1:])]
    path.write_text("\n".join([lines[0].replace("\t", "\tGene_Symbol\t", 1), *named]) + "\n")
    assert run("import", out, path) == 0
    told = capsys.readouterr().err
    assert "40 of 40 rows share their Gene_Symbol" in told and "--gene_column Gene_Symbol" in told
    assert run("import", out, path, "--gene_column", "Gene_Symbol", "--overwrite") == 0
    assert "share their" not in capsys.readouterr().err
    assert pl.read_parquet(f"{out}.counts.parquet").height == 20


def test_numbers_that_are_no_counts(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--no_bed", "--cpm_for_tpm")
    huge = COUNTS.astype(object)
    huge[3, 3] = "1e300"
    told = refused(capsys, "prepare", out, matrix(tmp_path / "huge.tsv", huge), *more)
    assert "1e+300 is no count of reads" in told and "--unit" not in told
    share = COUNTS / COUNTS.sum(axis=0) * 1e6
    told = refused(capsys, "prepare", out, matrix(tmp_path / "tpm.tsv", share), *more)
    assert "TPM or CPM, not counts" in told and "--unit" not in told and "--tpm FILE" in told
    assert (
        run("prepare", out, matrix(tmp_path / "log.tsv", np.log2(COUNTS + 1.5)), *more, "--filter", "none")
        == 0
    )
    assert "if these are logarithms" in capsys.readouterr().err


def test_covariates_without_a_header_are_refused(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """FastQTL's interaction terms have none: the first sample would be lost as the column's name."""
    file, order = sheet(tmp_path / "s.tsv", header=False), matrix(tmp_path / "m.tsv")
    told = refused(capsys, "covariates", out, "--known", file, "--samples", order, "--unmatched", "drop")
    assert "line 1: 'p0' is a sample: the file has no header" in told


def test_covariates_to_exclude_must_be_there(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = sheet(tmp_path / "s.tsv")
    assert "--exclude: there is no covariate bacth; there are batch" in refused(
        capsys, "covariates", out, "--known", known, "--exclude", "bacth"
    )


def test_factors_that_are_switched_off_are_told_once(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    factors = tmp_path / "f.txt"
    rows = [f"F{k}\t" + "\t".join(f"{(j % 3 + k) * 1e-30:g}" for j in range(12)) for k in range(8)]
    factors.write_text("\t".join(["id", *PEOPLE]) + "\n" + "\n".join(rows) + "\n")
    assert run("covariates", out, "--known", sheet(tmp_path / "s.tsv"), "--factors", factors) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "switched off" in line]
    assert len(told) == 1 and "8 hidden factors are left out" in told[0]
    account = pl.read_csv(f"{out}.covariates_account.tsv", separator="\t")
    assert account["OUTCOME"].to_list().count("switched_off") == 8


def test_hints_of_peer_and_qc_name_what_there_is(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """peer has no --impute; a matrix without XIST needs --skip sex."""
    file, known = matrix(tmp_path / "m.tsv"), sheet(tmp_path / "s.tsv")
    known.write_text(known.read_text().replace("p3\tb", "p3\t"))
    told = refused(capsys, "peer", out, file, "--covariates", known, "--n_factors", "2")
    assert "postgwas expression covariates makes a file" in told
    assert "--skip sex" in refused(capsys, "qc", out, file, "--sheet", known, "--sex_column", "batch")


def test_arrays_lists_and_frames() -> None:
    want = tmm(COUNTS.astype(float))
    pandas = pytest.importorskip("pandas")
    for counts in (COUNTS, COUNTS.tolist(), pl.DataFrame(COUNTS), pandas.DataFrame(COUNTS, GENES, PEOPLE)):
        np.testing.assert_array_equal(tmm(counts), want)


@pytest.mark.parametrize("call", [tmm, inverse_normal, quantile_normalise, d_statistic, lambda y: peer(y, 2)])
def test_text_and_complex_numbers_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    from postgwas.errors import InputError

    frame = pl.DataFrame(COUNTS).insert_column(0, pl.Series("gene", GENES))
    for values in (frame, COUNTS + 1j):
        with pytest.raises(InputError, match="expected a matrix of numbers"):
            call(values)


def test_odd_shapes_and_masked_values() -> None:
    from postgwas.errors import InputError, UsageError

    assert inverse_normal(np.zeros((5, 0))).shape == (5, 0)
    assert quantile_normalise(np.zeros((0, 5))).shape == (0, 5)
    masked = np.ma.masked_array([[3.0, 1.0, 2.0]], [[False, True, False]])
    np.testing.assert_array_equal(inverse_normal(masked), inverse_normal([[3.0, np.nan, 2.0]]))
    with pytest.raises(InputError, match="not a finite number"):
        tmm(np.ma.masked_array(COUNTS, COUNTS.max() == COUNTS))
    with pytest.raises(InputError, match=r"expected \(samples, samples\)"):
        d_statistic(COUNTS)
    with pytest.raises(UsageError, match="an ExpressionMatrix, found ndarray"):
        prepare(COUNTS)  # type: ignore[arg-type]
