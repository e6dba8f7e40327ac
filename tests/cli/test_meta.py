"""`postgwas meta --method fixed` from files to files: figures, the same bits, bad rows and studies."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from meta.small_studies import LETTERS, Combined, account, studies, tsv

from postgwas.cli.main import main
from postgwas.store.study import Study


def rejected(prefix: Path) -> pl.DataFrame:
    return pl.read_csv(f"{prefix}.rejected.tsv.gz", separator="\t")


def test_figures_are_those_of_the_formula(combined: Combined) -> None:
    tables = studies()
    found = tsv(combined(tables, "--format", "tsv")).sort("SNPID")
    order = np.argsort(tables[0]["SNP"])
    first = found["EA"].to_numpy()
    beta = np.stack([np.where(one["EA"][order] == first, 1, -1) * one["BETA"][order] for one in tables])
    weight = np.stack([one["SE"][order] ** -2.0 for one in tables])
    mean = (beta * weight).sum(0) / weight.sum(0)
    np.testing.assert_allclose(found["BETA"], mean, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found["SE"], weight.sum(0) ** -0.5, rtol=1e-12)
    np.testing.assert_allclose(found["Q"], (weight * (beta - mean) ** 2).sum(0), rtol=1e-10)
    assert found["N"].to_list() == [60_000] * found.height
    signs = [
        "".join("+" if value > 0 else "-" if value < 0 else "0" for value in column) for column in beta.T
    ]
    assert found["DIRECTION"].to_list() == signs


def test_effect_allele_depends_on_alleles_alone(combined: Combined) -> None:
    found = tsv(combined(studies(), "--format", "tsv"))
    pairs = set(zip(found["EA"], found["NEA"]))
    assert pairs <= {("A", "C"), ("A", "G"), ("A", "T"), ("C", "G"), ("T", "C"), ("T", "G")}


@pytest.mark.parametrize("how", ["rows", "studies", "swapped", "cores"])
def test_same_bits(how: str, combined: Combined, out: Path) -> None:
    tables = studies()
    before = Path(f"{combined(tables, '--format', 'tbl,tsv')}.tbl").read_bytes()
    rng = np.random.default_rng(3)
    extra: list[str] = []
    if how == "rows":
        order = rng.permutation(len(tables[0]["SNP"]))
        tables[1] = {name: column[order] for name, column in tables[1].items()}
    if how == "swapped":
        one = tables[2]
        tables[2] = {
            **one, "EA": one["NEA"], "NEA": one["EA"], "BETA": -one["BETA"], "EAF": (1 - one["EAF"]).round(4),
        }  # fmt: skip
    if how == "cores":
        extra = ["--cores", "2"]
    if how == "studies":
        tables = [tables[2], tables[0], tables[1]]
        extra = ["--names", "study2,study0,study1"]
    after = Path(f"{combined(tables, '--format', 'tbl,tsv', '--overwrite', *extra)}.tbl").read_bytes()
    if how == "studies":
        # Only the signs change their order.
        text = [line.split("\t") for line in after.decode().splitlines()]
        at = text[0].index("Direction")
        for line in text[1:]:
            line[at] = line[at][1] + line[at][2] + line[at][0]
        after = ("\n".join("\t".join(line) for line in text) + "\n").encode()
    assert after == before


def test_all_formats_and_the_store_say_the_same(combined: Combined, tmp_path: Path) -> None:
    prefix = combined(studies(), "--format", "tbl,tsv,ssf,parquet", "--store", tmp_path / "s.h5")
    table = tsv(prefix)
    assert pl.read_parquet(f"{prefix}.parquet")["BETA"].to_list() == table["BETA"].to_list()
    stored = Study.open(tmp_path / "s.h5").read_polars("meta/fixed/run")
    assert stored["MLOG10P"].to_list() == table["MLOG10P"].to_list()
    ssf = pl.read_csv(f"{prefix}.ssf.tsv.gz", separator="\t", null_values="#NA")
    assert ssf["beta"].to_list() == table["BETA"].to_list() and ssf.columns[0] == "chromosome"


def test_p_beyond_doubles_is_written(combined: Combined) -> None:
    tables = studies()
    for one in tables:
        one["BETA"][7] = 60 * one["SE"][7] * (1 if one["EA"][7] == tables[0]["EA"][7] else -1)
    prefix = combined(tables, "--format", "tsv,tbl")
    text = gzip.decompress(Path(f"{prefix}.tsv.gz").read_bytes()).decode().splitlines()
    row = dict(zip(text[0].split("\t"), next(line for line in text if "v7\t" in line).split("\t")))
    assert float(row["MLOG10P"]) > 2000 and row["P"].endswith(f"e-{int(float(row['MLOG10P'])) + 1}")


def test_samplesize_and_stouffer(combined: Combined) -> None:
    tables = studies()
    order = np.argsort(tables[0]["SNP"])
    for scheme, weight in (("samplesize", [1.0, 2.0, 3.0]), ("stouffer", [1.0, 1.0, 1.0])):
        prefix = combined(tables, "--scheme", scheme, "--format", "tsv", "--overwrite")
        found = tsv(prefix).sort("SNPID")
        sign = [np.where(one["EA"][order] == found["EA"].to_numpy(), 1, -1) for one in tables]
        z = np.stack([s * (one["BETA"] / one["SE"])[order] for s, one in zip(sign, tables)])
        root = np.sqrt(np.array(weight))[:, None]
        np.testing.assert_allclose(
            found["Z"], (root * z).sum(0) / np.sqrt(sum(weight)), rtol=1e-10, atol=1e-12
        )


def test_genomic_control_and_lambda_given(combined: Combined, tmp_path: Path) -> None:
    tables = studies()
    plain = tsv(combined(tables, "--format", "tsv"))
    doubled = tsv(combined(tables, "--genomic_control", "4", "--format", "tsv", "--overwrite"))
    np.testing.assert_allclose(doubled["SE"], 2 * plain["SE"].to_numpy(), rtol=1e-12)


def test_ancestry_subtotals_part_q(combined: Combined) -> None:
    found = tsv(combined(studies(4), "--ancestry", "EUR,EUR,AFR,AFR", "--subtotals", "--format", "tsv"))
    total = found["Q_BETWEEN"] + found["Q_WITHIN"]
    np.testing.assert_allclose(total, found["Q"], rtol=1e-9, atol=1e-9)
    assert found["Q_BETWEEN_DF"].unique().to_list() == [1] and found["Q_WITHIN_DF"].unique().to_list() == [2]
    np.testing.assert_allclose(
        found["BETA"],
        (found["BETA_AFR"] / found["SE_AFR"] ** 2 + found["BETA_EUR"] / found["SE_EUR"] ** 2)
        / (found["SE_AFR"] ** -2 + found["SE_EUR"] ** -2),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("scheme", ["stderr", "samplesize"])
def test_all_rows_have_all_columns(scheme: str, combined: Combined) -> None:
    """What no study has on one chromosome, or only one ancestry, is NA there: not a column less."""
    tables = studies(3, n_variants=120)
    for one in tables:
        here = one["CHR"] == one["CHR"][0]
        one["EAF"] = np.where(here, "NA", one["EAF"].astype(str))
        if scheme == "stderr":
            one["N"] = np.where(here, "NA", one["N"].astype(str))
    tables[2] = {name: column[~here] for name, column in tables[2].items()}
    prefix = combined(
        tables, "--ancestry", "EUR,EUR,AFR", "--subtotals", "--scheme", scheme, "--format", "tbl,tsv,parquet"
    )
    lines = [line.split("\t") for line in Path(f"{prefix}.tbl").read_text().splitlines()]
    assert {len(line) for line in lines} == {len(lines[0])}
    place = lines[0].index("Direction")
    assert all(set(line[place]) <= set("+-?") for line in lines[1:])
    written, stored = tsv(prefix), pl.read_parquet(f"{prefix}.parquet")
    assert written.columns == stored.columns and written.height == stored.height == len(lines) - 1
    lacking = written.filter(pl.col("CHR") == int(tables[0]["CHR"][0]))
    assert lacking.height and lacking["EAF"].null_count() == lacking["Z_AFR"].null_count() == lacking.height
    assert lacking["Z"].null_count() == 0 and written["EAF"].null_count() == lacking.height


def test_sample_sizes_that_are_not_told_are_not_added_up(combined: Combined) -> None:
    tables = studies(3)
    tables[0]["N"] = tables[0]["N"].astype(str)
    tables[0]["N"][:3] = ["NA", "0", "-5"]
    found = tsv(combined(tables, "--format", "tsv")).sort("POS").filter(pl.col("N").is_null())
    assert sorted(found["SNPID"]) == ["v0", "v1", "v2"] and found["N_STUDIES"].to_list() == [3] * 3
    prefix = combined(tables, "--format", "tsv", "--scheme", "samplesize", "--overwrite")
    assert tsv(prefix)["N"].null_count() == 0
    assert sorted(rejected(prefix)["REASON"]) == ["N zero or negative", "N zero or negative", "missing N"]


def test_other_strand_is_turned(combined: Combined) -> None:
    tables = studies()
    before = tsv(combined(tables, "--format", "tsv"))
    other = dict(zip("ACGT", "TGCA"))
    pairs = {(a, b) for a in "ACGT" for b in "ACGT"} - {("A", "T"), ("T", "A"), ("C", "G"), ("G", "C")}
    one = tables[1]
    turn = [(a, b) in pairs for a, b in zip(one["EA"], one["NEA"])]
    for name in ("EA", "NEA"):
        one[name] = np.array([other[a] if yes else a for a, yes in zip(one[name], turn)])
    prefix = combined(tables, "--format", "tsv", "--overwrite")
    assert tsv(prefix).equals(before)
    assert account(prefix)["OTHER_STRAND"].to_list() == [0, sum(turn), 0]


def test_mismatched_alleles_leave_the_study(combined: Combined) -> None:
    tables = studies()
    one = tables[2]
    for row in range(5):
        left = [letter for letter in LETTERS if letter not in (one["EA"][row], one["NEA"][row])]
        other = {"A": "T", "C": "G", "G": "C", "T": "A"}
        new = next(
            (a, b) for a in LETTERS for b in (*left,)
            if a != b and {a, b} != {one["EA"][row], one["NEA"][row]}
            and {other[a], other[b]} != {one["EA"][row], one["NEA"][row]}
        )  # fmt: skip
        one["EA"][row], one["NEA"][row] = new
    prefix = combined(tables, "--format", "tsv")
    found = tsv(prefix)
    assert found.height == len(one["SNP"])
    assert (
        found.filter(pl.col("SNPID").is_in([f"v{row}" for row in range(5)]))["N_STUDIES"].to_list() == [2] * 5
    )
    left_out = rejected(prefix)
    assert left_out["REASON"].unique().to_list() == ["alleles do not match those of other studies"]
    assert left_out["LINE"].to_list() == [2, 3, 4, 5, 6]
    separate = tsv(combined(tables, "--format", "tsv", "--multiallelic", "separate", "--overwrite"))
    assert separate.height == found.height + 5


def test_rows_that_cannot_be_used_are_counted(combined: Combined) -> None:
    tables = studies()
    one = {name: column.astype(object) for name, column in tables[0].items()}
    one["SE"][0], one["SE"][1], one["SE"][2] = 0, -0.1, "NA"
    one["EA"][3] = "NA"
    one["EAF"][4] = 1.7
    tables[0] = {name: np.concatenate([column, column[10:12]]) for name, column in one.items()}
    prefix = combined(tables, "--format", "tsv")
    reasons = rejected(prefix)["REASON"].value_counts().sort("REASON").rows()
    assert dict(reasons) == {
        "SE zero or negative": 2, "missing effect, SE or Z": 1, "allele missing, or both the same": 1,
        "duplicated variant; the row of the largest N, then the smallest SE, is used": 2,
    }  # fmt: skip
    rows = account(prefix)
    assert rows["USED"][0] == len(one["SNP"]) - 4 and rows["REJECTED"][0] == 6
    assert "frequencies outside 0 to 1" in Path(f"{prefix}.log").read_text()


def test_variant_of_one_study(combined: Combined) -> None:
    tables = studies()
    tables[1] = {name: column[1:] for name, column in tables[1].items()}
    tables[2] = {name: column[1:] for name, column in tables[2].items()}
    found = tsv(combined(tables, "--format", "tsv")).filter(pl.col("SNPID") == "v0")
    assert found["N_STUDIES"].to_list() == [1] and sorted(found["DIRECTION"][0])[-2:] == ["?", "?"]
    fewer = tsv(combined(tables, "--format", "tsv", "--min_studies", 2, "--overwrite"))
    assert "v0" not in fewer["SNPID"].to_list()


def test_scales_and_dominance_are_warned_of(combined: Combined) -> None:
    tables = studies()
    tables[1]["BETA"], tables[1]["SE"] = tables[1]["BETA"] * 10, tables[1]["SE"] * 10
    tables[2]["N"] = tables[2]["N"] * 100
    tables[2]["SE"], tables[2]["BETA"] = tables[2]["SE"] / 10, tables[2]["BETA"] / 10
    text = Path(f"{combined(tables)}.log").read_text()
    assert "different standard deviations of the trait: study1 10" in text
    assert "study2 has 99 % of all people" in text


def test_inflated_study_is_warned_of(combined: Combined) -> None:
    tables = studies()
    tables[0]["BETA"] = tables[0]["BETA"] * 2
    assert "study0: lambda " in Path(f"{combined(tables)}.log").read_text()


@pytest.mark.parametrize("se", [1e-7, 1e-120])
def test_effects_beyond_all_measure_are_printed(combined: Combined, se: float) -> None:
    """P has more digits in its exponent than there is room for."""
    table, here = studies(1, n_variants=50)[0], np.arange(50) == 3
    changed = {"SE": np.where(here, se, table["SE"]), "BETA": np.where(here, 5.0, table["BETA"])}
    tables = [{**table, **changed}] * 2
    prefix = combined(tables, "--format", "tbl,tsv")
    lines = [line.split("\t") for line in Path(f"{prefix}.tbl").read_text().splitlines()]
    at, which = lines[0].index("P-value"), lines[0].index("Effect")
    assert {line[at] for line in lines[1:] if abs(float(line[which])) == 5} == {"0"}
    assert tsv(prefix).height == 50


def test_a_limit_on_what_a_study_lacks_is_told(combined: Combined, out: Path) -> None:
    combined(studies(2, n_variants=50), "--info_min", "0.9")
    assert (
        Path(f"{out}.log").read_text().count("no column gives INFO: --info_min leaves all its rows in") == 2
    )


def test_studies_that_agree_exactly_are_no_hit(combined: Combined) -> None:
    """Knapp and Hartung's error is 0 then, which is no P of 0."""
    table = studies(1, n_variants=50)[0]
    found = tsv(combined([table, table], "--method", "random", "--test", "knha", "--format", "tsv"))
    assert found["P"].null_count() == 50 and found["MLOG10P_FIXED"].null_count() == 0


def test_studies_from_a_table(combined: Combined, out: Path, tmp_path: Path) -> None:
    combined(studies(2, n_variants=50))
    (tmp_path / "list.tsv").write_text(
        "NAME\tPATH\tANCESTRY\tLAMBDA\nfirst\tstudy0.txt\tEUR\t1.5\nsecond\tstudy1.txt\tAFR\tNA\n"
    )
    argv = ["meta", "--studies", str(tmp_path / "list.tsv"), "--out", str(out), "--overwrite", "--quiet"]
    assert main(argv) == 0
    rows = account(out)
    assert rows["STUDY"].to_list() == ["first", "second"] and rows["LAMBDA_APPLIED"].to_list() == [1.5, 1.0]
    text = gzip.decompress(Path(f"{out}.rejected.tsv.gz").read_bytes()).decode()
    assert text.startswith("FILE\tLINE\tSNPID\tREASON")


def test_names_with_dollar_signs_are_no_formulas(combined: Combined) -> None:
    tables = studies(2, n_variants=40)
    for one in tables:
        one["BETA"][3] = 20 * one["SE"][3] * (1 if one["EA"][3] == tables[0]["EA"][3] else -1)
        one["SNP"] = one["SNP"].astype("U12")
        one["SNP"][3] = "a$_{x$"
    names = ["--names", r"x$\foo$,<b>$", "--ancestry", r"E$\bar,A$_{"]
    prefix = combined(tables, *names, "--loci", "5e-8", "--figures", "--diagnostics")
    assert Path(f"{prefix}.forest.pdf").stat().st_size > 1000
    loci = pl.read_csv(f"{prefix}.loci.tsv", separator="\t")
    assert loci["SNPID"].to_list() == ["a$_{x$"]
