"""`postgwas meta` on what must not be combined: other builds, missing columns, flags without a meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from meta.small_studies import Combined, Table, studies, tsv, write

from postgwas.cli.main import main

Refused = Callable[..., str]


@pytest.fixture
def refused(out: Path, tmp_path: Path, refusal: Refused) -> Refused:
    """Run what must fail; gives the one line."""

    def run(tables: list[Table], *arguments: object) -> str:
        paths = [write(tmp_path / f"study{at}.txt", table) for at, table in enumerate(tables)]
        return refusal("meta", "--sumstats", ",".join(map(str, paths)), "--out", out, "--quiet", *arguments)

    return run


def test_subtotals_need_all_ancestries(refused: Refused, out: Path, tmp_path: Path) -> None:
    """Q within ancestries would have the degrees of freedom of a study that is in none."""
    assert "--subtotals: no ancestry is given for study0, study1" in refused(studies(2), "--subtotals")
    table = tmp_path / "studies.tsv"
    table.write_text(f"NAME\tPATH\tANCESTRY\na\t{tmp_path}/study0.txt\tEUR\nb\t{tmp_path}/study1.txt\t\n")
    assert main(["meta", "--studies", str(table), "--subtotals", "--out", str(out)]) == 2


def test_ssf_needs_an_effect(refused: Refused) -> None:
    assert "--format ssf: " in refused(studies(2), "--format", "ssf", "--scheme", "stouffer")


def known_snps(build: str) -> Table:
    """A study at places of known SNPs."""
    from postgwas.reference.known_snps import known_snps as table

    known = table()
    rows = np.arange(0, known.rsid.size, max(1, known.rsid.size // 300))[:300]
    n = rows.size
    rng = np.random.default_rng(1)
    return {
        "SNP": np.array([f"rs{number}" for number in known.rsid[rows].tolist()]),
        "CHR": known.chr[rows], "BP": getattr(known, build.lower())[rows],
        "EA": np.full(n, "A"), "NEA": np.full(n, "G"), "BETA": rng.normal(0, 0.1, n).round(5),
        "SE": np.full(n, 0.1), "N": np.full(n, 1000),
    }  # fmt: skip


def test_different_builds_are_refused(refused: Refused, combined: Combined) -> None:
    tables = [known_snps("GRCh37"), known_snps("GRCh38")]
    line = refused(tables)
    assert "different builds: study0 is on GRCh37; study1 is on GRCh38" in line and "--target_build" in line
    by_id = tsv(combined(tables, "--match", "id", "--format", "tsv"))
    assert by_id["N_STUDIES"].unique().to_list() == [2]


def test_studies_are_lifted(combined: Combined, refused: Refused, tmp_path: Path) -> None:
    tables = [known_snps("GRCh37"), known_snps("GRCh38")]
    line = refused(tables, "--target_build", "GRCh38")
    assert "is on GRCh37, not on GRCh38" in line and "--chain" in line
    lines = []
    for at, (chr, old, new) in enumerate(zip(tables[0]["CHR"], tables[0]["BP"], tables[1]["BP"])):
        size = 250_000_000
        name = "X" if chr == 23 else chr
        ends = f"{old - 1} {old}", f"{new - 1} {new}"
        lines.append(f"chain 1 chr{name} {size} + {ends[0]} chr{name} {size} + {ends[1]} {at + 1}\n1\n\n")
    (tmp_path / "to38.chain").write_text("".join(lines))
    found = tsv(
        combined(tables, "--target_build", "GRCh38", "--chain", tmp_path / "to38.chain", "--format", "tsv")
    )
    assert set(found["POS"]) == set(tables[1]["BP"].tolist())
    assert found["N_STUDIES"].unique().to_list() == [2]


def test_missing_n_is_said(refused: Refused) -> None:
    tables = studies(2)
    del tables[1]["N"]
    line = refused(tables, "--scheme", "samplesize")
    assert "study1.txt: no column gives N" in line and "--n" in line


def test_no_common_form_is_refused(refused: Refused) -> None:
    one, two = studies(2)
    line = refused([one, {**two, "BP": two["BP"] + 1}], "--min_studies", 2)
    assert "no variant of 2 studies or more" in line


def test_empty_study_is_refused(refused: Refused) -> None:
    one, two = studies(2)
    line = refused([one, {**two, "SE": np.zeros(len(two["SE"]))}])
    assert "none of 400 rows can be used" in line and "SE zero or negative" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--names", "a,a"], "two studies are called a"),
        (["--names", "a"], "--names has 1 values for 2 studies"),
        (["--genomic_control", "maybe"], "--genomic_control maybe"),
        (["--format", "xlsx"], "--format xlsx"),
        (["--maf_min", "0.7"], "--maf_min 0.7"),
        (["--info_min", "nan"], "--info_min nan"),
        (["--n_min", "-1"], "--n_min -1"),
        (["--chain", "x"], "--chain without --target_build"),
    ],
)
def test_bad_flags(arguments: list[str], said: str, refused: Refused) -> None:
    assert said in refused(studies(2, n_variants=50), *arguments)


@pytest.mark.parametrize("value", ["-3", "nan", "0"])
def test_a_lambda_that_corrects_nothing(out: Path, tmp_path: Path, capsys, value: str) -> None:
    path = write(tmp_path / "one.txt", studies(1, n_variants=50)[0])
    table = tmp_path / "studies.tsv"
    table.write_text(f"NAME\tPATH\tLAMBDA\none\t{path}\t{value}\n")
    assert main(["meta", "--studies", str(table), "--out", str(out), "--quiet"]) == 2
    assert f"line 2, LAMBDA: {value}, expected a number above 0" in capsys.readouterr().err


def unplaced(table: Table) -> Table:
    return {name: column for name, column in table.items() if name not in ("CHR", "BP")}


def test_loci_and_ssf_need_positions(refused: Refused) -> None:
    """Without, all hits would be one locus, and the file a header alone."""
    tables = [unplaced(table) for table in studies(2, n_variants=50)]
    line = refused(tables, "--match", "id", "--loci", "0.5")
    assert "have no place: loci cannot be told apart (--chr_name" in line
    assert "--format ssf: no variant has a position" in refused(tables, "--match", "id", "--format", "ssf")


def test_nothing_is_overwritten(combined: Combined, out: Path, tmp_path: Path) -> None:
    combined(studies(2, n_variants=50))
    before = Path(f"{out}.tbl").read_bytes()
    paths = ",".join(str(tmp_path / f"study{at}.txt") for at in range(2))
    assert main(["meta", "--sumstats", paths, "--out", str(out), "--quiet"]) == 2
    assert Path(f"{out}.tbl").read_bytes() == before


def test_columns_are_named_for_one_file_alone(combined: Combined, out: Path, refused: Refused) -> None:
    """The second study's alleles have names that tell nothing; those of the others are found."""
    tables = studies(3)
    odd = [*tables]
    odd[1] = {{"EA": "AL1", "NEA": "AL2"}.get(name, name): values for name, values in tables[1].items()}
    told = refused(odd, "--ea_name", "AL1,NA")
    assert told.startswith("--ea_name AL1,NA: 2 names for 3 studies")
    plain = tsv(combined(tables, "--format", "tsv", prefix=out.with_name("plain"), name="plain"))
    named = tsv(combined(odd, "--format", "tsv", "--ea_name", "NA,AL1,NA", "--nea_name", "NA,AL2,NA"))
    assert named.drop("NAME", strict=False).equals(plain.drop("NAME", strict=False))
