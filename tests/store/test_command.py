"""postgwas store ...: what it prints, writes and refuses."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.store import Provenance

from .conftest import results


def run(capsys, *argv):
    status = main(["store", *map(str, argv)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_ls(study, capsys):
    status, out, err = run(capsys, "ls", study.path)
    assert (status, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["KEY", "KIND", "ROWS", "BYTES", "CREATED"]
    assert [line[:3] for line in lines[1:]] == [
        ["mtag/bmi", "mtag-results", "5000"],
        ["mtag/covariances", "mtag-covariances", ""],
        ["mtag/height", "mtag-results", "5000"],
    ]
    assert json.loads(run(capsys, "ls", study.path, "--json")[1])[0]["key"] == "mtag/bmi"


def test_ls_on_a_terminal(study, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    status, out, _ = run(capsys, "ls", study.path)
    assert status == 0
    assert "mtag/height" in out
    assert "\t" not in out


def test_show(study, capsys):
    status, out, _ = run(capsys, "show", study.path, "mtag/height")
    assert status == 0
    for line in ("kind       mtag-results", "rows in    10", "dropped    1  INFO", "seed       7"):
        assert line in out.splitlines()
    document = json.loads(run(capsys, "show", study.path, "mtag/height", "--json")[1])
    assert document["provenance"]["rows_out"] == 9
    assert document["attrs"]["trait"] == "height"


def test_query_prints_tsv_with_chromosome_names(study, capsys):
    status, out, _ = run(capsys, "query", study.path, "--region", "chrX:1-9000", "--trait", "height")
    assert status == 0
    expected = (
        results().filter((pl.col("CHR") == 23) & (pl.col("POS") <= 9000)).sort("POS", maintain_order=True)
    )
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["KEY", "SNPID", "CHR", "POS", "EA", "Z"]
    assert [line[1] for line in lines[1:]] == expected["SNPID"].to_list()
    assert {line[2] for line in lines[1:]} == {"X"}
    assert [float(line[5]) for line in lines[1:] if line[5] != "NA"] == expected["Z"].drop_nans().to_list()


def test_query_says_that_it_found_nothing(study, capsys):
    for asked, said in (
        (("--snp", "PCSK9"), "by the ids that tables have"),
        (("--region", "7:1-2"), "no such rows"),
    ):
        status, out, err = run(capsys, "query", study.path, *asked)
        assert status == 0 and len(out.splitlines()) == 1
        assert err.startswith("postgwas: warning: ") and err.endswith(f"{said}\n")
    assert run(capsys, "query", study.path, "--snp", "rs7")[2] == ""


def test_query_by_snp_to_a_file(study, capsys, tmp_path):
    out = tmp_path / "hits.tsv.gz"
    argv = ("query", study.path, "--snp", "rs7", "--snp", "rs8", "--columns", "SNPID", "Z", "--out", out)
    status, _, err = run(capsys, *argv)
    assert status == 0
    assert "4 rows" in err
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert lines[0] == "KEY\tSNPID\tZ"
    assert sorted(line.split("\t")[1] for line in lines[1:]) == ["rs7", "rs7", "rs8", "rs8"]
    status, _, err = run(capsys, *argv)
    assert status == 2
    assert "--overwrite" in err
    assert run(capsys, *argv, "--overwrite")[0] == 0


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "parquet"])
def test_export(study, capsys, tmp_path, ending):
    out = tmp_path / f"height.{ending}"
    assert run(capsys, "export", study.path, "mtag/height", "--out", out)[0] == 0
    stored = study.read_polars("mtag/height")
    if ending == "parquet":
        assert pl.read_parquet(out).equals(stored)
    else:
        found = pl.read_csv(out, separator="\t", null_values="NA", schema_overrides={"CHR": pl.String})
        assert found["SNPID"].to_list() == stored["SNPID"].to_list()
        assert found["Z"].fill_null(float("nan")).equals(stored["Z"])
        assert set(found["CHR"]) == {*map(str, range(1, 23)), "X"}
    status, _, err = run(capsys, "export", study.path, "mtag/height", "--out", out)
    assert status == 2
    assert "--overwrite" in err


def test_export_as_gwas_ssf(study, capsys, tmp_path):
    table = {"CHR": [1, 23], "POS": [5, 7], "EA": ["A", "C"], "NEA": ["G", "T"], "BETA": [0.1, -0.25]}
    table |= {"SE": [0.01, 0.02], "EAF": [0.25, 0.5], "P": [1e-9, 0.5], "SNPID": ["rs1", "rs2"]}
    study.write_table("mtag/full", table, kind="k", provenance=Provenance("x"))
    out = tmp_path / "full.tsv.gz"
    argv = ("export", study.path, "mtag/full", "--out", out, "--format", "ssf")
    status, _, err = run(capsys, *argv)
    assert (status, "--genome_build GRCh37" in err) == (2, True)
    assert run(capsys, *argv, "--genome-build", "GRCh38")[0] == 0
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert lines[0].split("\t")[:5] == [
        "chromosome", "base_pair_location", "effect_allele", "other_allele", "beta"
    ]  # fmt: skip
    assert lines[2].split("\t")[:5] == ["23", "7", "C", "T", "-0.25"]
    assert "GRCh38" in (tmp_path / "full.tsv.gz-meta.yaml").read_text()
    status, _, err = run(
        capsys, "export", study.path, "mtag/bmi", "--out", tmp_path / "b.tsv", "--format", "ssf"
    )
    assert status == 2


def test_verify_and_pack(study, capsys, tmp_path):
    assert run(capsys, "pack", study.path, "--out", tmp_path / "p.h5", "--portable")[0] == 0
    status, out, _ = run(capsys, "verify", tmp_path / "p.h5")
    assert status == 0
    assert "3 results" in out
    part = next((tmp_path / "study.parts").glob("mtag_bmi*.h5"))
    part.write_bytes(part.read_bytes()[:5000])
    status, out, err = run(capsys, "verify", study.path)
    assert status == 2
    assert part.name in out
    assert "problems in 3 results" in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("ls", "none.h5"), "none.h5: no such store"),
        (("show", "STUDY", "mtag/iq"), "has no 'mtag/iq'"),
        (("query", "STUDY"), "--region 1:100000-200000, --snp rs123 or --gene ENSG1"),
        (("query", "STUDY", "--region", "1:9-3"), "region '1:9-3': ends before it starts"),
        (("query", "STUDY", "--region", "1", "--columns", "BETA"), "has no column 'BETA'"),
        (("export", "STUDY", "mtag/bmi", "--out", "x.docx"), "x.docx: its ending tells no format"),
        (
            ("export", "STUDY", "mtag/covariances", "--out", "x.tsv"),
            "holds 'arrays', expected 'table' (Study.read_arrays in Python",
        ),
        ((), "ACTION"),
    ],
)
def test_mistakes_end_in_one_line_and_status_2(study, capsys, argv, message):
    status, out, err = run(capsys, *(study.path if word == "STUDY" else word for word in argv))
    assert status == 2
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
