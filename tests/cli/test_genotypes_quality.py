"""``postgwas genotypes qc``, ``prune`` and ``king``: files, logs, the store, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.vcf_files import vcf_text

from postgwas.cli.main import main
from postgwas.genotypes import open_genotypes
from postgwas.store.study import Study

Run = Callable[..., str]
N_VARIANTS, N_SAMPLES = 60, 30


@pytest.fixture
def plink(tmp_path: Path) -> Path:
    """Sixty variants, the last twenty on X, of thirty people; I1 is I0 again."""
    (tmp_path / "in").mkdir()
    calls = random_calls(3, N_VARIANTS, N_SAMPLES, keep=0.6)
    calls[40:, ::2] = np.where(calls[40:, ::2] == 1, 2, calls[40:, ::2])
    calls[:, 1] = calls[:, 0]
    prefix = write_plink1(tmp_path / "in" / "sim", calls, chromosomes=["1"] * 40 + ["X"] * 20,
                          positions=[3_000_000 + 1000 * i for i in range(N_VARIANTS)])  # fmt: skip
    sexes = "".join(f"F{i} I{i} 0 0 {1 + i % 2} -9\n" for i in range(N_SAMPLES))
    prefix.with_suffix(".fam").write_text(sexes)
    return prefix


@pytest.fixture
def done(plink: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an action that must end well; gives its log."""

    def run(action: str, *flags: object) -> str:
        argv = ["genotypes", action, "--genotypes", plink, "--out", out, "--quiet", *flags]
        status = main(list(map(str, argv)))
        assert status == 0, capsys.readouterr().err
        return Path(f"{out}.log").read_text()

    return run


@pytest.fixture
def refused(plink: Path, out: Path, refusal: Run) -> Run:
    """Run an action that must be refused; gives the one line."""

    def run(action: str, *flags: object, genotypes: object = plink) -> str:
        return refusal("genotypes", action, "--genotypes", genotypes, "--out", out, "--quiet", *flags)

    return run


def table(out: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{out}{ending}", separator="\t", null_values="NA", infer_schema_length=None)


def test_qc_writes_tables_lists_figures_and_store(done: Run, plink: Path, out: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    log = done(
        "qc", "--haploid", "GRCh37", "--max_missing", 0.05, "--maf_min", 0.05, "--hwe", 1e-4, "--het-sd", 3,
        "--relatives", "remove", "--max_kinship", 0.4, "--figures", "--store", store, "--format", "bed",
    )  # fmt: skip
    variants, samples, account = (table(out, e) for e in (".variants.tsv.gz", ".samples.tsv", ".account.tsv"))
    assert variants.height == N_VARIANTS and samples.height == N_SAMPLES
    passing = variants.filter(pl.col("FILTER") == "PASS")["SNPID"].to_list()
    assert Path(f"{out}.extract.txt").read_text().split() == passing
    kept = Path(f"{out}.keep.txt").read_text().splitlines()
    assert kept[0] == "#FID\tIID" and len(kept) == N_SAMPLES  # one of the twins is gone
    assert account["DROPPED"].sum() == N_VARIANTS - len(passing) + 1
    assert "kinship >= 0.4: 1 of 30 dropped" in log
    copy = open_genotypes(f"{out}.passing")
    assert copy.variants["SNPID"].to_list() == passing and copy.n_samples == N_SAMPLES - 1
    for figure in ("missing", "het", "hwe", "sex"):
        assert Path(f"{out}.{figure}.png").stat().st_size > 5000
    study = Study.open(store)
    stored = study.read_polars("genotypes/qc_variants/run")
    assert stored["FILTER"].to_list() == variants["FILTER"].to_list()
    assert study.attrs("genotypes/qc_samples/run")["account"] == account.to_dicts()
    assert study.provenance("genotypes/qc_variants/run").rows_out == len(passing)
    assert table(out, ".king.tsv.gz")["RELATION"][0] == "duplicate or twin"
    assert "cannot be" not in log


def test_prune_writes_plinks_lists(done: Run, out: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    log = done("prune", "--indep-pairwise", 20, 5, 0.2, "--store", store)
    kept, gone = (Path(f"{out}.prune.{end}").read_text().split() for end in ("in", "out"))
    assert len(kept) + len(gone) == N_VARIANTS and len(gone) > 10
    whole = table(out, ".prune.tsv.gz")
    assert whole.filter("KEPT")["SNPID"].to_list() == kept
    assert set(whole["CORRELATED_WITH"].drop_nulls()) <= set(whole["SNPID"])
    assert Study.open(store).read_polars("genotypes/prune/run").height == N_VARIANTS
    assert f"Pruning: {N_VARIANTS} variants in, {len(kept)} out" in log
    one = done("prune", "--window", "20", "--step", 5, "--overwrite") and Path(f"{out}.prune.in").read_text()
    assert one.split() == kept
    done("prune", "--indep_pairwise", 5, "kb", 0.2, "--overwrite")


def test_king_writes_pairs_and_lists(done: Run, out: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    log = done(
        "king", "--all_pairs", "--relatives", "remove", "--max_kinship", 0.4, "--figures", "--store", store
    )
    pairs = table(out, ".king.tsv.gz")
    assert pairs.height == N_SAMPLES * (N_SAMPLES - 1) // 2
    assert pairs.columns == [
        "FID1", "IID1", "FID2", "IID2", "NSNP", "HETHET", "IBS0", "KINSHIP", "RELATION"
    ]  # fmt: skip
    assert Path(f"{out}.relatives.txt").read_text() == "#FID\tIID\nF1\tI1\n"
    assert len(Path(f"{out}.unrelated.txt").read_text().splitlines()) == N_SAMPLES
    assert "kinship rests on 40 variants only" in log
    assert "20 not on an autosome" in log and "duplicate or twin, " in log
    assert Path(f"{out}.king.png").stat().st_size > 5000
    assert Study.open(store).read_polars("genotypes/king/run").height == pairs.height


def test_results_are_not_replaced(
    done: Run, plink: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in ("qc", "prune", "king"):
        done(action)
        assert main(["genotypes", action, "--genotypes", str(plink), "--out", str(out), "--quiet"]) == 2
        assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("action", "flags", "told"),
    [
        ("qc", ["--dosage"], "--dosage: quality control is of hard calls"),
        ("prune", ["--dosage"], "--dosage: pruning is of hard calls"),
        ("king", ["--dosage"], "--dosage: kinship is of hard calls"),
        ("qc", ["--hwe", "2"], "--hwe 2: expected 0 to 1"),
        ("qc", ["--maf_min", "0.7"], "--maf_min 0.7"),
        ("qc", ["--haploid", "GRCh36"], "GRCh37 (hg19) or GRCh38 (hg38)"),
        ("qc", ["--mac_min", "1000"], "none of 60 variants passes"),
        ("qc", ["--groups", "GONE"], "GONE"),
        ("qc", ["--groups", "NOBODY"], "gives a group to none of the 30 samples"),
        ("qc", ["--keep", "NOBODY"], "none of the"),
        ("qc", ["--chr", "1", "--sex_check", "remove"], "sexes cannot be checked"),
        ("prune", ["--window", "big"], "--window big"),
        ("prune", ["--indep_pairwise", "50"], "--indep_pairwise 50: expected WINDOW STEP R2"),
        ("prune", ["--window", "200kb", "--step", "5"], "a window in kb moves on by 1"),
        ("prune", ["--r2", "-1"], "--r2 -1"),
        ("king", ["--chr", "X"], "none of the 20 variants is on an autosome"),
        ("king", ["--keep", "ONE"], "1 sample; kinship needs at least two"),
        ("king", ["--max_kinship", "0"], "--max_kinship 0"),
    ],
)
def test_what_is_refused(refused: Run, tmp_path: Path, action: str, flags: list[str], told: str) -> None:
    files = {"NOBODY": "IID GROUP\nnobody x\n", "ONE": "I3\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    given = [str(tmp_path / flag) if flag in (*files, "GONE") else flag for flag in flags]
    assert told in refused(action, *given)


def test_unsorted_positions_and_shared_ids(refused: Run, plink: Path, tmp_path: Path) -> None:
    calls = random_calls(1, 4, 10)
    unsorted = write_plink1(tmp_path / "unsorted", calls, positions=[10, 30, 20, 40])
    assert "expected ascending positions" in refused("prune", genotypes=unsorted)
    twice = write_plink1(tmp_path / "twice", calls, ids=["a", "b", "a", "c"])
    assert "2 variants share their id with another ('a')" in refused("prune", genotypes=twice)


def test_samples_and_variants_without_calls(tmp_path: Path, out: Path) -> None:
    calls = random_calls(1, 20, 10, missing=0.0)
    calls[4], calls[5] = -9, 2
    calls[:, 3] = -9
    prefix = write_plink1(tmp_path / "gaps", calls)
    assert main(["genotypes", "qc", "--genotypes", str(prefix), "--out", str(out), "--quiet"]) == 0
    log = Path(f"{out}.log").read_text()
    assert "samples: no call: 1 of 10 dropped" in log and "variants: no call: 1 of 20 dropped" in log
    assert "passing variants do not vary" in log
    assert table(out, ".variants.tsv.gz")["HWE_P"][5] == 1.0
    assert table(out, ".variants.tsv.gz")["HWE_P"][4] is None


def test_copy_of_what_passes_goes_by_place_not_by_id(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record of several ALTs shares its id with a variant that passes: lists of ids cannot leave it out."""
    path = tmp_path / "shared.vcf"
    some, none = " 0/1" * 3 + " 0/0" * 5, " ./." * 6 + " 0/1 0/2"
    rows = [
        f"chr1 1 r A C . . . GT{some}",
        f"chr1 2 r A C,G . . . GT{none}",
        f"chr1 3 r A C . . . GT{none[:-1]}1",
    ]
    path.write_text(vcf_text(rows, 8))
    argv = ["genotypes", "qc", "--genotypes", path, "--out", out, "--max_missing", 0.1, "--format", "pgen"]
    assert main(list(map(str, argv))) == 0
    assert "3 variants that fail share their id with one that passes" in capsys.readouterr().err
    assert open_genotypes(f"{out}.passing").variants["POS"].to_list() == [1]
    assert re.search(rf"Input {path}: [0-9,]+ bytes, SHA-256 [0-9a-f]{{64}}", Path(f"{out}.log").read_text())


def test_no_tables_without_the_copy(refused: Run, plink: Path) -> None:
    fam = plink.with_suffix(".fam")
    fam.write_text(fam.read_text().replace(" I1 ", " I0 "))
    assert "2 samples share their IID with another" in refused("qc", "--format", "vcf")


def test_copy_that_is_there_already_is_not_replaced(plink: Path, out: Path) -> None:
    bim = Path(f"{out}.passing.bim")
    bim.touch()
    argv = ["genotypes", "qc", "--genotypes", plink, "--out", out, "--format", "bed", "--quiet"]
    assert main(list(map(str, argv))) == 2
    assert [path for path in out.parent.iterdir() if path.suffix != ".log"] == [bim]
