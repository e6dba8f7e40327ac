"""`postgwas coloc` on files as they come: what a file tells is used, what it lacks is asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.region_files import Files, N, ld_flags, make_files, read

from postgwas import finemap
from postgwas.cli.main import main

REGION = ("--region", "7:1-1000000")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("coloc"))


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run an action; exit status, stderr and the log."""

    def run(action: str, *arguments: object) -> tuple[int, str, str]:
        out = tmp_path / "run"
        argv = ["coloc", action, *arguments, *REGION, "--out", out, "--overwrite"]
        status = main([str(one) for one in argv])
        log = Path(f"{out}.log")
        return status, capsys.readouterr().err, log.read_text() if log.exists() else ""

    return run


def changed(given: Files, number: int, folder: Path, **columns: object) -> Path:
    """A trait's file with other columns; None leaves one out."""
    table = pl.read_csv(given.trait(number), separator="\t")
    gone = [name for name, value in columns.items() if value is None]
    table = table.drop(gone).with_columns(**{k: v for k, v in columns.items() if v is not None})  # type: ignore[arg-type]
    path = folder / f"trait{number}.tsv"
    table.write_csv(path, separator="\t")
    return path


def test_the_kind_of_a_trait_is_told_by_its_columns(given: Files, call: Call, tmp_path: Path) -> None:
    """Cases and controls: as with --type cc; --type quant goes before, with a warning."""
    counted = changed(given, 2, tmp_path, N=None, N_CAS=pl.lit(N // 2), N_CON=pl.lit(N // 2))
    out, found = tmp_path / "run", {}
    for flags in ((), ("--type", "quant", "cc"), ("--type", "quant", "quant")):
        status, told, _ = call("abf", given.trait(1), counted, *flags)
        assert status == 0
        found[flags] = read(out, "coloc.tsv")["PP.H4"][0], "has N_CAS, N_CON" in told
    assert found[()] == (found["--type", "quant", "cc"][0], True)
    assert found["--type", "quant", "quant"][0] != found[()][0]
    assert found["--type", "quant", "quant"][1] and not found["--type", "quant", "cc"][1]
    effective = changed(given, 2, tmp_path, N=None, NEFF=pl.lit(N))
    assert "trait2: taken as quantitative, but NEFF is a sample size of case-control" in call(
        "abf", given.trait(1), effective
    )[2].replace("\n", " ")


def test_frequencies_of_either_allele_do_where_the_allele_does_not_matter(
    given: Files, call: Call, tmp_path: Path
) -> None:
    """MAF without EAF: the same Bayes factors, but no strand of palindromic SNPs from it."""
    frequency = pl.read_csv(given.trait(2), separator="\t")["EAF"]
    minor = changed(given, 2, tmp_path, EAF=None, MAF=pl.min_horizontal(frequency, 1 - frequency))
    tables = []
    for path in (given.trait(2), minor):
        status, _, log = call("abf", given.trait(1), path)
        assert status == 0
        tables.append(read(tmp_path / "run", "coloc.tsv"))
    assert "MAF is used where the frequency of either allele will do" in log
    for number in range(5):
        np.testing.assert_allclose(tables[1][f"PP.H{number}"], tables[0][f"PP.H{number}"], rtol=1e-9)
    assert "of another trait" not in log


def test_what_lacks_frequencies_is_named(given: Files, call: Call, tmp_path: Path) -> None:
    one, two = (changed(given, number, tmp_path, EAF=None) for number in (1, 2))
    status, told, _ = call("abf", one, two)
    assert status == 2
    assert f"no_frequencies: trait1 ({one}: it has no allele frequencies: --eaf_name" in told


def test_sample_sizes_are_asked_for_where_they_are_needed_only(
    given: Files, call: Call, tmp_path: Path
) -> None:
    """Effects, errors and sdY, or log odds ratios, need none; as coloc has it."""
    bare = changed(given, 2, tmp_path, N=None)
    out = tmp_path / "run"
    for flags in (("--sd_y", "1"), ("--type", "cc")):
        pps = []
        for path in (given.trait(2), bare):
            assert call("abf", given.trait(1), path, *flags)[0] == 0
            pps.append(read(out, "coloc.tsv")["PP.H4"][0])
        assert pps[0] == pytest.approx(pps[1], rel=1e-12)
    status, told, _ = call("abf", given.trait(1), bare)
    assert status == 2 and f"no_sample_size: trait2 ({bare}: it has no sample sizes: --n N" in told
    assert call("abf", given.trait(1), bare, "--n", "NA", N)[0] == 0
    status, told, _ = call("susie", given.trait(1), bare, *ld_flags(given))
    assert status == 2 and f"{bare}: no sample sizes" in told


@pytest.mark.parametrize("action", ["abf", "hyprcoloc", "moloc", "susie", "signals"])
def test_standard_errors_that_are_variances_are_told_of_by_name(
    given: Files, call: Call, tmp_path: Path, action: str
) -> None:
    """By every action, and by the trait's name, in the log and in the table of regions."""
    se = pl.read_csv(given.trait(2), separator="\t")["SE"]
    square = changed(given, 2, tmp_path, SE=se**2)
    more = ld_flags(given) if action in ("susie", "signals") else ()
    if action == "signals":
        more = (*more, "--method", "mask")
    status, told, log = call(action, given.trait(1), square, "--names", "height", "scz", *more)
    assert status == 0, told
    assert "scz: standard errors look like variances" in log
    notes = read(tmp_path / "run", "regions.tsv")["NOTES"][0]
    assert "scz: standard errors look like variances" in notes
    assert "trait 1" not in notes and "trait 2" not in notes and "height: standard" not in notes


@pytest.mark.parametrize("command", ["coloc", "finemap"])
def test_swapped_columns_of_effects_and_errors(
    given: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    table = pl.read_csv(given.trait(1), separator="\t")
    path = changed(given, 1, tmp_path, BETA=table["SE"], SE=table["BETA"])
    argv = (
        ["coloc", "abf", path, given.trait(2)] if command == "coloc" else ["finemap", path, "--method", "abf"]
    )
    assert main([str(one) for one in (*argv, *REGION, "--out", tmp_path / "run", "--quiet")]) == 2
    told = capsys.readouterr().err
    assert "trait1.tsv: columns BETA and SE look swapped" in told and "--beta_name SE --se_name BETA" in told


def test_each_trait_has_its_own_matrix(given: Files, call: Call, tmp_path: Path) -> None:
    """--ld2 for a second trait of other people; the file of its variants may have another order."""
    order = np.random.default_rng(1).permutation(len(given.ld))
    weaker = np.where(np.eye(len(given.ld)) > 0, 1.0, 0.5 * given.ld)
    np.save(tmp_path / "two.npy", weaker[np.ix_(order, order)])
    pl.read_csv(given.folder / "ld.tsv", separator="\t")[order].write_csv(
        tmp_path / "two.tsv", separator="\t"
    )
    second = ("--ld2", tmp_path / "two.npy", "--ld_variants2", tmp_path / "two.tsv")
    assert call("susie", given.trait(1), given.trait(2), *ld_flags(given), *second)[0] == 0
    found = read(tmp_path / "run", "credible_sets.tsv")
    fits = [
        finemap.susie_rss(np.asarray(one.beta) / np.asarray(one.se), ld, N)
        for one, ld in zip(given.datasets, (given.ld, weaker))
    ]
    for name, fit in zip(("t1", "t2"), fits):
        sets = found.filter(pl.col("TRAIT") == name).sort("LEAD_POS")["VARIANTS"].to_list()
        told = sorted(",".join(sorted(f"rs{row}" for row in one.variants)) for one in fit.credible_sets)
        assert sorted(",".join(sorted(one.split(","))) for one in sets) == told
    same = finemap.susie_rss(
        np.asarray(given.datasets[1].beta) / np.asarray(given.datasets[1].se), given.ld, N
    )
    assert np.abs(same.pip - fits[1].pip).max() > 1e-3


@pytest.mark.requires_shared
def test_fes_beside_furin(shared: Path, call: Call, tmp_path: Path) -> None:
    """SCZ GWAS (Ncases, MAF, no EAF) x FES and FURIN: no flag but the gene is needed.

    coloc.abf's formula on all shared places has 0.99991 for FURIN; ours leaves other alleles out.
    """
    folder = shared / "realdata/coloc_moloc_FURIN"
    found = {}
    for gene in ("ENSG00000140564", "ENSG00000182511"):
        argv = ["coloc", "abf", folder / "gwas.tsv.gz", folder / "eqtl.tsv.gz", "--only", "-",
                f"ProbeID={gene}", "--region", "15:91000000-92000000", "--out", tmp_path / gene,
                "--quiet"]  # fmt: skip
        assert main([str(one) for one in argv]) == 0
        table = read(tmp_path / gene, "coloc.tsv")
        found[gene] = [table[name][0] for name in ("N_SHARED", "PP.H3", "PP.H4")]
        notes = (tmp_path / f"{gene}.log").read_text()
        assert "gwas: case-control, as it has Ncases" in notes
    assert found["ENSG00000140564"] == pytest.approx([205, 7.94e-5, 0.99992], rel=1e-3)
    assert found["ENSG00000182511"] == pytest.approx([162, 0.1271, 0.8676], rel=1e-3)
