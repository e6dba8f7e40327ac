"""``postgwas meta --method popcorn``: what it reads, warns of and refuses."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.cli.popcorn import main as script
from postgwas.store.study import Study

Refused = Callable[..., str]
N_SNPS = 3000


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """EUR.txt, EAS.txt, scores.txt (Popcorn's) of an invented trait with a clear correlation."""
    rng = np.random.default_rng(1)
    own = rng.gamma(2.0, 30.0, (N_SNPS, 2)) + 1
    pairs = np.array([("A", "C"), ("A", "G"), ("C", "T"), ("A", "T")])[rng.integers(0, 4, N_SNPS)]
    ids = [f"rs{i}" for i in range(N_SNPS)]
    f = rng.uniform(0.1, 0.9, (N_SNPS, 2))
    common = rng.normal(size=N_SNPS)
    columns = {
        "CHR": 1,
        "POS": np.arange(N_SNPS) * 1000 + 1,
        "SNP": ids,
        "A1": pairs[:, 0],
        "A2": pairs[:, 1],
    }
    base = pl.DataFrame(columns)
    scores = base.with_columns(
        pl.Series("f1", 1 - f[:, 0]), pl.Series("f2", 1 - f[:, 1]), pl.Series("s1", own[:, 0]),
        pl.Series("s2", own[:, 1]), pl.Series("sx", 0.9 * np.sqrt(own.prod(axis=1))),
    )  # fmt: skip
    scores.write_csv(tmp_path / "scores.txt", separator="\t", include_header=False)
    for i, one in enumerate(("EUR", "EAS")):
        own_effect = np.sqrt(0.8) * common + np.sqrt(0.2) * rng.normal(size=N_SNPS)
        z = np.sqrt(0.2 * own[:, i]) * own_effect + rng.normal(size=N_SNPS)
        table = base.with_columns(
            pl.Series("EAF", f[:, i]), pl.Series("Z", z), pl.Series("N", np.full(N_SNPS, 90_000))
        )
        table.write_csv(tmp_path / f"{one}.txt", separator="\t")
    return tmp_path


def call(study: Path, *flags: str) -> list[str]:
    files = [str(study / "EUR.txt"), str(study / "EAS.txt")]
    scores = ["--cfile", str(study / "scores.txt"), "--out", str(study / "out")]
    return ["meta", "--method", "popcorn", "--sumstats", *files, *scores, *flags]


@pytest.fixture
def refused(study: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    def run(*flags: str) -> str:
        assert main(call(study, *flags)) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("postgwas: error:")]
        assert len(lines) == 1
        assert not [path for path in study.glob("out*") if path.suffix != ".log"]
        return lines[0]

    return run


def edit(study: Path, one: str, *changes: pl.Expr) -> None:
    pl.read_csv(study / f"{one}.txt", separator="\t").with_columns(*changes).write_csv(
        study / f"{one}.txt", separator="\t"
    )


def table(study: Path) -> pl.DataFrame:
    return pl.read_csv(study / "out.popcorn.tsv", separator="\t", null_values="NA")


def test_results_and_warnings(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call(study, "--store", str(study / "s.h5"))) == 0
    found = table(study)
    assert found["PARAMETER"].to_list() == ["h1^2", "h2^2", "covariance", "pgi"]
    assert 0.5 < found["ESTIMATE"][3] < 1.3
    told = capsys.readouterr().err
    assert "2,829 variants are few" in told
    assert Study.open(study / "s.h5").read_polars("meta/popcorn/out")["ESTIMATE"].to_list() == pytest.approx(
        found["ESTIMATE"].to_list()
    )
    assert main(call(study)) == 2
    assert "--overwrite replaces" in capsys.readouterr().err


def test_rows_in_any_order_and_alleles_swapped(study: Path) -> None:
    assert main(call(study, "--quiet")) == 0
    first = table(study)
    frame = pl.read_csv(study / "EAS.txt", separator="\t")
    swapped = frame.with_columns(A1="A2", A2="A1", Z=-pl.col("Z"), EAF=1 - pl.col("EAF"))
    frame = pl.concat([swapped[:1500], frame[1500:]])
    frame.sample(fraction=1, shuffle=True, seed=1).write_csv(study / "EAS.txt", separator="\t")
    assert main(call(study, "--quiet", "--overwrite")) == 0
    for name in ("ESTIMATE", "SE"):
        np.testing.assert_allclose(first[name].to_numpy(), table(study)[name].to_numpy(), rtol=1e-9)


def test_places_stand_in_for_ids(study: Path) -> None:
    assert main(call(study, "--quiet")) == 0
    first = table(study)
    for one in ("EUR", "EAS"):
        frame = pl.read_csv(study / f"{one}.txt", separator="\t").drop("SNP")
        frame.write_csv(study / f"{one}.txt", separator="\t")
    assert main(call(study, "--quiet", "--overwrite")) == 0
    assert table(study)["ESTIMATE"].to_list() == first["ESTIMATE"].to_list()


def test_rejected_rows_have_reasons(study: Path) -> None:
    at = pl.col("SNP")
    edit(
        study, "EAS",
        pl.when(at == "rs1").then(pl.lit("AT")).otherwise("A1").alias("A1"),
        pl.when(at == "rs2").then(-3).otherwise("N").alias("N"),
        pl.when(at == "rs3").then(None).otherwise("Z").alias("Z"),
        pl.when(at == "rs5").then(pl.lit("rs4")).otherwise("SNP").alias("SNP"),
    )  # fmt: skip
    assert main(call(study, "--quiet")) == 0
    rejected = pl.read_csv(study / "out.rejected.tsv.gz", separator="\t")
    own = rejected.filter(pl.col("FILE").str.ends_with("EAS.txt"))
    reasons = dict(zip(own["SNPID"], own["REASON"]))
    expected = {"rs1": "not_a_snp", "rs2": "n_not_positive", "rs3": "no_z", "rs4": "duplicate"}
    assert {name: reasons[name] for name in expected} == expected


def test_liability_scale(study: Path) -> None:
    flags = ("--K1", "0.01", "--P1", "0.5", "--K2", "0.01", "--P2", "0.5")
    assert main(call(study, *flags, "--quiet")) == 0
    found = table(study)
    np.testing.assert_allclose(found["LIABILITY"][0] / found["ESTIMATE"][0], 0.5519, atol=1e-4)
    assert found["LIABILITY"][3] == pytest.approx(found["ESTIMATE"][3])
    assert "Val (Lia)" in (study / "out.popcorn.txt").read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--K1", "0.1"), "the liability scale needs --K1, --K2"),
        (("--maf", "0.7"), "expected a minor allele frequency"),
        (("--jackknife_blocks", "1"), "expected at least 2"),
        (("--maf_min", "0.1"), "--maf MAF"),
        (("--min_studies", "2"), "has no meaning with --method popcorn"),
        (("--format", "parquet"), "none besides its own files"),
    ],
)
def test_flags(refused: Refused, flags: tuple[str, ...], expected: str) -> None:
    assert expected in refused(*flags)


def test_one_study_or_three(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(study / "EUR.txt")]
    scores = ["--cfile", str(study / "scores.txt"), "--out", str(study / "out")]
    assert main(["meta", "--method", "popcorn", "--sumstats", *files, *scores]) == 2
    assert "takes two studies, 1 are given" in capsys.readouterr().err
    assert (
        main(["meta", "--method", "popcorn", "--sumstats", *files, str(study / "EAS.txt"), "--out", "x"]) == 2
    )
    assert "--cfile FILE" in capsys.readouterr().err


def test_two_traits_in_one_population(study: Path) -> None:
    """Seven columns: the scores of one population stand for all three."""
    frame = pl.read_csv(study / "scores.txt", separator="\t", has_header=False)
    one = [*frame.columns[:6], frame.columns[7]]
    frame.select(one).write_csv(study / "scores.txt", separator="\t", include_header=False)
    assert main(call(study, "--quiet")) == 0
    first = table(study)
    six = frame.columns[:6]
    both = [frame[six[5]].alias("f2"), *(frame[one[6]].alias(f"s{i}") for i in range(3))]
    frame.select(six).hstack(both).write_csv(study / "scores.txt", separator="\t", include_header=False)
    assert main(call(study, "--quiet", "--overwrite")) == 0
    assert table(study)["ESTIMATE"].to_list() == first["ESTIMATE"].to_list()


def test_binary_scores(study: Path, refused: Refused) -> None:
    (study / "scores.txt").write_bytes(bytes(range(256)) * 4)
    assert "binary data" in refused()


def test_scores_of_another_layout(study: Path, refused: Refused) -> None:
    (study / "scores.txt").write_text("1\t2\t3\n")
    assert "3 columns; expected 7 (one population) or 10 (two)" in refused()


def test_scores_with_holes(study: Path, refused: Refused) -> None:
    text = (study / "scores.txt").read_text().splitlines()
    text[4] = "\t".join([*text[4].split("\t")[:-1], "NA"])
    (study / "scores.txt").write_text("\n".join(text) + "\n")
    assert "row 5 has no number where a score or frequency is due" in refused()


def test_other_ids(study: Path, refused: Refused) -> None:
    edit(study, "EAS", pl.format("x{}", "SNP").alias("SNP"))
    line = refused()
    assert "no variant id is in the scores (3,000, such as rs0)" in line
    assert "such as xrs0" in line


def test_no_sample_size(study: Path, refused: Refused) -> None:
    frame = pl.read_csv(study / "EAS.txt", separator="\t").drop("N")
    frame.write_csv(study / "EAS.txt", separator="\t")
    assert "EAS.txt: no column for N" in refused()


def test_what_the_script_does_not_offer(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--bfile1", str(study / "a"), "--bfile2", str(study / "b")]
    assert script(["compute", *files, "--use_bias", str(study / "out")]) == 2
    assert "--use_bias of popcorn compute is not offered here" in capsys.readouterr().err
    assert script(["fit", "--sfile1", str(study / "EUR.txt"), "--sfile2", "x", str(study / "out")]) == 2
    assert "--cfile FILE" in capsys.readouterr().err


def own_scores(study: Path, sums: list[float]) -> list[str]:
    """The scores as ``postgwas ldsc --l2 --bfile2`` writes them; the flags that name them."""
    frame = pl.read_csv(study / "scores.txt", separator="\t", has_header=False)
    names = ("CHR", "BP", "SNP", "A1", "A2", "FRQ_1", "FRQ_2", "L2_1", "L2_2", "L2_CROSS")
    frame = frame.rename(dict(zip(frame.columns, names))).with_columns(
        *((1 - pl.col(name)).alias(name) for name in ("FRQ_1", "FRQ_2"))
    )
    factors = [total / frame.height if round(total) != total else 1.0 for total in sums]
    frame = frame.with_columns(pl.col(name) * factor for name, factor in zip(names[-3:], factors))
    with gzip.open(study / "pair.cross.ldscore.gz", "wb") as stream:
        frame.write_csv(stream, separator="\t")
    (study / "pair.cross.M").write_text("\t".join(map(repr, sums)) + "\n")
    return ["--cfile", str(study / "pair.cross.ldscore.gz")]


def test_scores_weighed_by_frequencies_are_told_at_any_size(study: Path, refused: Refused) -> None:
    """Sums of weights of a whole genome are whole numbers but for a millionth of themselves."""
    assert main(call(study, "--quiet", "--gen_effect")) == 0
    plain = table(study)
    for path in study.glob("out*"):
        path.unlink()
    weighed = own_scores(study, [150_000.25, 140_000.5, 145_000.75])
    assert "scores are of effects per allele (with --gen_effect)" in refused(*weighed)
    assert main(call(study, *weighed, "--quiet", "--gen_effect")) == 0
    np.testing.assert_allclose(table(study)["ESTIMATE"], plain["ESTIMATE"], rtol=1e-9)
    for path in study.glob("out*"):
        path.unlink()
    whole = own_scores(study, [float(N_SNPS)] * 3)
    assert "scores are of standardised genotypes (without --gen_effect)" in refused(*whole, "--gen_effect")


def test_more_blocks_than_variants(study: Path, refused: Refused) -> None:
    assert f"{N_SNPS + 1:,} jackknife blocks of" in refused("--jackknife_blocks", str(N_SNPS + 1))


def test_the_table_is_plain_text(study: Path) -> None:
    assert main(call(study, "--quiet")) == 0
    log = (study / "out.log").read_text()
    assert "shape:" not in log and "\u2502" not in log
    line = next(line.split() for line in log.splitlines() if line.split()[:1] == ["PARAMETER"])
    assert line == ["PARAMETER", "ESTIMATE", "SE", "Z", "P", "P_NE_1", "INTERCEPT"]
