"""Flags, matrices, panels and places to write to that `postgwas mtag` must refuse."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from mtag.text_study import Accepted, Refused, TextStudy, given

from postgwas.cli.main import main


@pytest.fixture
def ab(study: TextStudy) -> str:
    return f"{study.a},{study.b}"


@pytest.mark.parametrize(
    ("flag", "values"),
    [("--n_value", "5,6,7"), ("--n_min", "1,2,3"), ("--n_max", "1e9,1e9,1e9"), ("--maf_min", "0,0,0"),
     ("--info_min", "0,0,0"), ("--homogNs_frac", "1,1,1"), ("--homogNs_dist", "1,1,1")],
)  # fmt: skip
def test_wrong_number_of_values(flag: str, values: str, ab: str, refused: Refused) -> None:
    assert (
        refused("--sumstats", ab, flag, values)
        == f"{flag} has 3 values, expected 1 or 2 (one for each trait)"
    )


@pytest.mark.parametrize("what", ["z", "n", "snp", "p", "a1", "a2", "eaf", "chr", "bpos", "beta", "se"])
def test_wrong_number_of_column_names(what: str, ab: str, refused: Refused) -> None:
    said = refused("--sumstats", ab, f"--{what}_name", "x,y,z")
    assert said == f"--{what}_name has 3 names, expected 1 or 2 (one for each file)"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--trait_names a,b,c", "--trait_names has 3 names, expected 2 (one for each file)"),
        ("--trait_names a,a", "--trait_names a,a: expected different, non-empty names"),
        ("--trait_names a,b/c", "--trait_names b/c: a name may not hold '/'"),
        ("--n_value many", "--n_value many: expected a number"),
        ("--n_value -5", "--n_value -5: expected at least 1"),
        ("--n_value 5,inf", "--n_value inf: expected at least 1"),
        ("--maf_min 0.6", "--maf_min 0.6: expected 0 to 0.5"),
        ("--maf_min nan", "--maf_min nan: expected 0 to 0.5"),
        ("--equal_h2", "--equal_h2 needs --perfect_gencov: .*(add --perfect_gencov)"),
        ("--homogNs_frac .1 --homogNs_dist 9", "--homogNs_frac and --homogNs_dist exclude each other"),
        ("--only_chr 1 --no_chr_data", "--only_chr needs chromosomes, which --no_chr_data says are absent"),
        ("--only_chr 1,27", "--only_chr 27: no such chromosome; expected 1 to 22, X, Y or MT"),
        ("--gencov_path x --perfect_gencov", "--gencov_path gives Omega, so --perfect_gencov"),
        ("--n_approx --exact_n", "--n_approx and --exact_n exclude each other"),
        ("--fdr_method nonsense", "argument --fdr_method: invalid choice: 'nonsense'"),
        ("--fdr --fdr_method optimise --fdr_starts 0", "--fdr_starts 0: expected at least 1"),
        ("--fdr --grid_file nope.txt", "--grid_file nope.txt: no such file"),
        ("--intervals 0", "--intervals 0: expected a positive whole number"),
        ("--p_sig 2", "--p_sig 2: expected a P value between 0 and 1"),
        ("--p_sig 0", "--p_sig 0: expected a P value between 0 and 1"),
        ("--cores 0", "--cores 0: expected at least 1"),
        ("--cores two", "argument --cores: invalid int value: 'two'"),
        ("--n_blocks 1", "--n_blocks 1: expected at least 2"),
        ("--tol 0", "--tol 0: expected a positive number"),
        ("--time_limit -1", "--time_limit -1: expected a positive number of hours"),
        ("--median_z_cutoff -1", "--median_z_cutoff -1: expected 0 or more"),
        ("--seed -1", "--seed -1: expected at least 0"),
        ("--info_min 0.8", ".*--info_min is given, but there is no INFO column; the columns are snpid"),
        ("--columns snpid,chr", ".*line 1 has 9 fields separated by tab, but 2 column names were given"),
        ("--columns " + "a," * 8 + "a", ".*duplicated column name"),
        ("--dialect_file nope.yaml", "nope.yaml: cannot read the dialects"),
        ("--ssf", "--ssf needs --genome_build: .*--genome_build GRCh37"),
        ("--ssf --genome_build hg19", "--genome_build hg19: GWAS-SSF knows .*--genome_build GRCh37"),
        ("--nosuchflag", "unrecognized arguments: --nosuchflag"),
        ("--n_minn 5", r"unrecognized arguments: --n_minn 5 (did you mean --n_min?"),
        ("another.txt", "unrecognized arguments: another.txt "
            "(files follow their flag, lists are separated by commas without blanks"),
        ("--dask_jobqueue_options queue=short", "--dask_jobqueue_options without --dask_jobqueue"),
    ],
)  # fmt: skip
def test_flags(flags: str, said: str, ab: str, refused: Refused) -> None:
    pattern = re.escape(said).replace(r"\.\*", ".*")
    assert re.match(pattern, refused("--sumstats", ab, *flags.split()))


@pytest.mark.parametrize("sumstats", [["--sumstats", ""], ["--sumstats", ","], ["--sumstats"], []])
def test_no_traits(sumstats: list[str], refused: Refused) -> None:
    assert refused(*sumstats) == "no summary statistics given (--sumstats FILE1,FILE2)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, ": no such file"),
        ("", ": the file is empty; expected 2 rows of 2 numbers"),
        ("# nothing\n", ": no numbers in the file"),
        ("1 0 0\n0 1 0\n0 0 1\n", " is 3 x 3, expected 2 x 2: a row and a column for each trait"),
        ("1 0.5\n", " is 1 x 2, expected 2 x 2"),
        ("1 0.5\n0.5\n", ": line 2 has 1 numbers, the line before 2"),
        ("1 nan\nnan 1\n", " holds nan in row 1, column 2; expected finite numbers"),
        ("1 0\n0 inf\n", " holds inf in row 2, column 2; expected finite numbers"),
        ("1 0.5\n0.2 1\n", " is not symmetric: element (1, 2) is 0.5, element (2, 1) is 0.2"),
        ("a b\n1 0.5\n0.5 1\n", ": line 1 has 'a'; expected 2 rows of 2 numbers, without names"),
        (bytes(range(256)), ": not a text file; expected 2 rows of 2 numbers"),
        ("1 2\n2 1\n", ") is not positive definite: the eigenvalues of its correlations are -1, 3 (--force"),
        ("1 1\n1 1\n", ") is singular: the eigenvalues of its correlations are 0, 2 ("),
        ("-1 0\n0 1\n", ") has no positive variance on its diagonal: -1 for trait 1"),
    ],
)
@pytest.mark.parametrize("flag", ["--gencov_path", "--residcov_path"])
def test_matrix(flag: str, text, said: str, ab: str, refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "matrix.txt"
    if text is not None:
        given(tmp_path, text, "matrix.txt")
    line = refused("--sumstats", ab, flag, path)
    assert f"{flag} {path}{said}" in line
    if "singular" in said and flag == "--gencov_path":
        assert "for traits that correlate perfectly: --perfect_gencov" in line


def test_numpy_matrix(ab: str, refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "matrix.npy"
    for array in (np.eye(2) * 1j, np.array([["a", "b"], ["c", "d"]])):
        np.save(path, array)
        assert refused("--sumstats", ab, "--gencov_path", path).endswith("; expected real numbers")
    for array in (np.ones((2, 2, 2)), np.ones(2)):
        np.save(path, array)
        assert "expected 2 x 2" in refused("--sumstats", ab, "--gencov_path", path)
    path.write_bytes(b"rubbish")
    assert "not an array of numbers" in refused("--sumstats", ab, "--gencov_path", path)


def test_singular_omega_of_three_traits(study: TextStudy, ab: str, refused: Refused, tmp_path: Path) -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    path = tmp_path / "omega.txt"
    np.savetxt(path, vectors @ vectors.T * 1e-6)
    said = refused("--sumstats", f"{ab},{study.c}", "--gencov_path", path)
    assert re.match(
        r"Omega \(--gencov_path .*\) is singular: the eigenvalues of its correlations are 0, ", said
    )


def test_panel(ab: str, refused: Refused, tmp_path: Path) -> None:
    said = refused("--sumstats", ab, panel="eur_w_ld_chr")
    assert said == (
        "panel 'eur_w_ld_chr' is not on this machine yet "
        "(bring it with: postgwas reference fetch eur_w_ld_chr)"
    )
    said = refused("--sumstats", ab, panel=tmp_path / "no_panel")
    assert "is neither an LD score folder or prefix on this machine nor a registered panel" in said
    assert "no LD score files" in refused("--sumstats", ab, panel=tmp_path)


def test_panel_without_counts(study: TextStudy, ab: str, refused: Refused, tmp_path: Path) -> None:
    for path in study.panel.glob("*.gz"):
        (tmp_path / path.name).symlink_to(path)
    assert "1.l2.M_5_50 and 1 more: no such file" in refused("--sumstats", ab, panel=tmp_path)


def test_output_folder_is_missing(ab: str, refused: Refused, tmp_path: Path) -> None:
    said = refused("--sumstats", ab, "--out", tmp_path / "none" / "run", own_out=True)
    assert said.endswith(f"folder {tmp_path / 'none'} does not exist (--make_full_path creates it)")
    assert not (tmp_path / "none").exists()


def test_a_file_in_place_of_the_output_folder(ab: str, refused: Refused, tmp_path: Path) -> None:
    file = given(tmp_path, "text", "file")
    said = refused("--sumstats", ab, "--out", file / "run", own_out=True)
    assert f"{file} is a file, not a folder" in said
    said = refused("--sumstats", ab, "--out", file / "x" / "run", "--make_full_path", own_out=True)
    assert said.startswith(f"--make_full_path: folder {file / 'x'} cannot be made: Not a directory")
    assert refused("--sumstats", ab, "--out", "", own_out=True).startswith("--out is empty")


def test_output_folder_is_not_writable(ab: str, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write wherever the system can, whatever the permissions: what access says is simulated.
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **rest: mode != os.W_OK and real(path, mode, **rest))
    assert "no permission to write in folder" in refused("--sumstats", ab)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that even root cannot write to")
def test_output_folder_where_no_file_can_be_made(ab: str, refused: Refused) -> None:
    said = refused("--sumstats", ab, "--out", "/sys/kernel/run", own_out=True)
    assert "/sys/kernel" in said


def test_existing_output(ab: str, refused: Refused, accepted: Accepted, out: Path) -> None:
    accepted("--sumstats", ab)
    before = {path.name: path.read_bytes() for path in out.parent.iterdir()}
    said = refused("--sumstats", ab)
    assert said == f"{out}_trait_1.txt and 6 more exist already (--overwrite replaces; or give another --out)"
    assert {path.name: path.read_bytes() for path in out.parent.iterdir()} == before


def test_store(ab: str, refused: Refused, accepted: Accepted, tmp_path: Path) -> None:
    said = refused("--sumstats", ab, "--store", tmp_path / "none" / "study.h5")
    assert said.endswith(f"folder {tmp_path / 'none'} does not exist (create it first)")
    assert "is a folder" in refused("--sumstats", ab, "--store", tmp_path)
    said = refused("--sumstats", ab, "--store", given(tmp_path, "text", "text.h5"))
    assert said.startswith(f"{tmp_path / 'text.h5'}: not a readable store")
    accepted("--sumstats", ab, "--store", tmp_path / "study.h5")
    for path in (tmp_path / "results").iterdir():
        path.unlink()
    said = refused("--sumstats", ab, "--store", tmp_path / "study.h5")
    assert "study.h5: mtag/a exists already (--overwrite" in said
    words = ("--trait_names", "c,d", "--store", tmp_path / "study.h5")
    said = refused("--sumstats", ab, *words, "--store_name", "EUR")
    assert "'mtag/covariances/EUR' cannot be stored beside 'mtag/covariances'" in said
    assert said.endswith("for the matrices of mtag --store_name)")


def test_skip_mtag_without_earlier_results(refused: Refused, out: Path) -> None:
    said = refused("--skip_mtag", "--fdr")
    assert said.startswith(
        f"--skip_mtag: {out}_trait_1.txt does not exist; expected the files of an earlier run"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a table of results"),
        ("hello\nworld\n", "expected columns Z and N, found hello"),
        ("SNP\tZ\tN\n", "expected rows with numbers in columns Z and N"),
        ("SNP\tZ\tN\nrs1\tx\t5\n", "expected rows with numbers in columns Z and N"),
        ("SNP\tZ\tN\nrs1\t1\t5\n", "have different SNPs"),
    ],
)
def test_skip_mtag_with_spoilt_results(
    text: str, said: str, ab: str, refused: Refused, accepted: Accepted, out: Path
) -> None:
    accepted("--sumstats", ab)
    given(out.parent, text, "run_trait_1.txt")
    assert said in refused("--skip_mtag")


def test_out_that_ends_in_a_slash_is_a_folder_as_in_mtag_py(
    study: TextStudy, ab: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["mtag", "--sumstats", ab, "--ld_ref_panel", str(study.panel), "--quiet"]
    assert main([*argv, "--out", f"{tmp_path}/new/", "--make_full_path"]) == 0, capsys.readouterr().err
    assert (tmp_path / "new" / "_trait_2.txt").exists()
