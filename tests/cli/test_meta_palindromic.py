"""`postgwas meta --palindromic infer`: planted flips turned, what cannot be told set aside and counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from meta.small_studies import Table, account, studies, tsv, write

from postgwas.cli.main import main

OTHER = dict(zip("ACGT", "TGCA"))
V = 800


def palindromic(table: Table) -> np.ndarray:
    return np.array([OTHER[a] == b for a, b in zip(table["EA"], table["NEA"])])


def flipped(table: Table, rows: np.ndarray) -> Table:
    """The same study with these rows written on the other strand."""
    made = dict(table)
    for name in ("EA", "NEA"):
        made[name] = np.where(rows, [OTHER[letter] for letter in table[name]], table[name])
    return made


def run(tables: list[Table], folder: Path, *arguments: object, out: str = "out", status: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    paths = [write(folder / f"study{at}.txt", table) for at, table in enumerate(tables)]
    argv = ["meta", "--sumstats", *paths, "--out", folder / out, "--format", "tsv", "--quiet", *arguments]
    assert main([str(one) for one in argv]) == status
    return folder / out


def reasons(prefix: Path) -> dict[str, int]:
    frame = pl.read_csv(f"{prefix}.rejected.tsv.gz", separator="\t")
    return dict(frame["REASON"].value_counts().rows())


def clear(table: Table) -> np.ndarray:
    return np.minimum(table["EAF"], 1 - table["EAF"]) <= 0.4


@pytest.mark.parametrize("which", [0, 2])
def test_a_study_on_the_other_strand_is_turned(which: int, tmp_path: Path) -> None:
    """Whether it is the largest or not; every bit is that of studies on one strand."""
    tables = studies(n_variants=V)
    right = run(tables, tmp_path / "right", "--palindromic", "infer")
    both = palindromic(tables[0])
    wrong = list(tables)
    wrong[which] = flipped(tables[which], np.ones(V, bool))
    found = run(wrong, tmp_path / "wrong", "--palindromic", "infer")
    assert tsv(found).equals(tsv(right))
    turned = account(found)["PALINDROMIC_TURNED"].to_list()
    told = int((both & clear(tables[0])).sum())
    assert turned == [told if at == which else 0 for at in range(3)]
    trusted = tsv(run(wrong, tmp_path / "wrong", "--palindromic", "trust", out="trust"))
    lead = tsv(right).join(trusted, on="SNPID", suffix="_T")
    assert lead["EAF_SD"].max() < 1e-4 and (lead["EAF_SD_T"] > 0.05).sum() > 0.8 * told


def test_what_cannot_be_told_is_set_aside_and_counted(tmp_path: Path) -> None:
    tables = studies(n_variants=V)
    both, low = palindromic(tables[0]), clear(tables[0])
    lacking = np.flatnonzero(both & low)[:7]
    tables[1] = {name: column.astype(object) for name, column in tables[1].items()}
    tables[1]["EAF"][lacking] = "NA"
    alone = np.flatnonzero(both)[-5:]
    for at in (0, 2):
        tables[at] = {name: np.delete(column, alone) for name, column in tables[at].items()}
    out = run(tables, tmp_path, "--palindromic", "infer")
    high = int((both & ~low).sum()) - int((~low)[alone].sum())
    assert reasons(out) == {
        "A/T or C/G, minor allele frequency above the limit": 3 * high,
        "A/T or C/G, and the study has no frequency": 7,
    }
    rows = account(out)
    assert rows["PALINDROMIC_ALONE"].to_list() == [0, 5, 0]
    assert rows["REJECTED"].to_list() == [high, high + 7, high]
    log = Path(f"{out}.log").read_text()
    assert f"study1: A/T and C/G: {rows['PALINDROMIC_AS_WRITTEN'][1]} on the strand of most studies" in log
    assert f"5 of no other study left as written, {high + 7} set aside" in log
    narrow = run(tables, tmp_path, "--palindromic", "infer", "--palindromic_maf", 0.2, out="narrow")
    assert reasons(narrow)["A/T or C/G, minor allele frequency above the limit"] > 3 * high


def test_same_bits_whatever_the_order(tmp_path: Path) -> None:
    tables = studies(n_variants=V)
    rng = np.random.default_rng(1)
    tables[1] = flipped(tables[1], palindromic(tables[1]))
    one = tsv(run(tables, tmp_path / "a", "--palindromic", "infer"))
    order = rng.permutation(V)
    shuffled = [{name: column[order] for name, column in table.items()} for table in tables]
    assert tsv(run(shuffled, tmp_path / "b", "--palindromic", "infer", "--cores", 2)).equals(one)
    names = ["--names", "study2,study1,study0"]
    turned = tsv(run(tables[::-1], tmp_path / "c", "--palindromic", "infer", *names))
    assert turned.drop("DIRECTION").equals(one.drop("DIRECTION"))


def reference(path: Path, table: Table) -> Path:
    lines = ["SNPID\tCHR\tPOS\tREF\tALT\tAF"]
    for snp, chr, pos, ea, nea, eaf in zip(
        *(table[name] for name in ("SNP", "CHR", "BP", "EA", "NEA", "EAF"))
    ):
        lines.append("\t".join(map(str, (snp, chr, pos, nea, ea, eaf))))
    with gzip.open(path, "wt") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def test_strands_of_a_reference(tmp_path: Path) -> None:
    """All studies are on the other strand: they agree, and only the reference tells."""
    tables = studies(n_variants=V)
    expected = tsv(run(tables, tmp_path / "a", "--palindromic", "infer"))
    wrong = [flipped(table, np.ones(V, bool)) for table in tables]
    panel = reference(tmp_path / "panel.tsv.gz", {name: column[5:] for name, column in tables[0].items()})
    out = run(wrong, tmp_path / "b", "--palindromic", "infer", "--reference", panel)
    found = tsv(out)
    pair = [OTHER[a] == b for a, b in zip(expected["EA"], expected["NEA"])]
    ours = expected.filter(pl.Series(pair)).filter(~pl.col("SNPID").is_in([f"v{at}" for at in range(5)]))
    theirs = found.filter(pl.col("SNPID").is_in(ours["SNPID"].to_list()))
    assert theirs.select("EA", "BETA", "EAF").equals(ours.select("EA", "BETA", "EAF"))
    missing = int((palindromic(tables[0]) & clear(tables[0]))[:5].sum())
    assert reasons(out).get("A/T or C/G, and the reference has no frequency", 0) == 3 * missing
    assert account(out)["PALINDROMIC_TURNED"].to_list() == [ours.height] * 3


@pytest.mark.parametrize("how", ["minor", "other"])
def test_frequencies_of_another_allele_are_refused(
    how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = studies(n_variants=V)
    eaf = tables[1]["EAF"]
    tables[1]["EAF"] = np.minimum(eaf, 1 - eaf) if how == "minor" else 1 - eaf
    out = run(tables, tmp_path, "--palindromic", "infer", status=2)
    said = capsys.readouterr().err
    assert "strands of A/T and C/G cannot be inferred from frequencies of study1: study1: EAF " in said
    assert "(--palindromic drop)" in said and "Traceback" not in said
    assert not Path(f"{out}.tsv.gz").exists()


def test_studies_without_frequencies(tmp_path: Path) -> None:
    tables = [{name: c for name, c in table.items() if name != "EAF"} for table in studies(n_variants=V)]
    out = run(tables, tmp_path, "--palindromic", "infer")
    n = int(palindromic(tables[0]).sum())
    assert reasons(out) == {"A/T or C/G, and the study has no frequency": 3 * n}
    assert tsv(out).height == V - n


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--palindromic", "infer", "--palindromic_maf", "0.5"),
            "--palindromic_maf 0.5: expected 0",
        ),
        (("--reference", "x"), "--reference without --palindromic infer"),
        (("--palindromic", "infer", "--af_field", "AF"), "--af_field without --reference"),
        (("--palindromic", "infer", "--reference", "x", "--match", "id"), "--match id does not"),
        (("--palindromic", "infer", "--reference", "/nowhere/x"), "/nowhere/x: no such file"),
    ],
)
def test_flags_that_do_not_fit(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(studies(n_variants=60), tmp_path, *arguments, status=2)
    assert said in capsys.readouterr().err
    assert not Path(f"{out}.tsv.gz").exists()


def test_a_reference_without_frequencies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = studies(n_variants=60)
    bim = tmp_path / "panel.bim"
    one = tables[0]
    columns = zip(*(one[name] for name in ("CHR", "SNP", "BP", "EA", "NEA")))
    bim.write_text("".join(f"{c}\t{s}\t0\t{p}\t{a}\t{b}\n" for c, s, p, a, b in columns))
    run(tables, tmp_path, "--palindromic", "infer", "--reference", bim, status=2)
    assert "has no frequencies to infer strands from (--af_field NAME)" in capsys.readouterr().err
