"""MAMA from files to files: what changes nothing, and what the outputs hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from meta.mama_study import ANCESTRIES, populations, scores, turned, write_study

from postgwas.meta.mama_options import MamaOptions, Population
from postgwas.meta.run_mama import MamaResult, mama

STANDARD = MamaOptions(use_standardized_units=True, reg_se2="identity")
N_SNPS = 3000


@pytest.fixture(scope="module")
def study() -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    table = scores(N_SNPS)
    return populations(table), table


def run(folder: Path, names: tuple[str, ...] = ANCESTRIES, **more: object) -> MamaResult:
    given = [Population(str(folder / f"{one}.txt"), one, "T") for one in names]
    options = more.pop("options", STANDARD)
    return mama(given, [str(folder / "ld.txt")], options=options, quiet=True, **more)  # type: ignore[arg-type]


def numbers(result: MamaResult, one: str) -> np.ndarray:
    at = [p.ancestry for p in result.populations].index(one)
    return result.tables[at].sort("SNP").select("BETA", "SE", "FREQ", "MLOG10P").to_numpy()


def test_order_of_rows_changes_no_bit(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    frames, table = study
    write_study(tmp_path, frames, table)
    first = run(tmp_path)
    rng = np.random.default_rng(0)
    shuffled = {one: frame[rng.permutation(frame.height)] for one, frame in frames.items()}
    write_study(tmp_path, shuffled, table[rng.permutation(table.height)])
    second = run(tmp_path)
    for one in ANCESTRIES:
        np.testing.assert_array_equal(numbers(first, one), numbers(second, one))


def test_order_of_populations(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    frames, table = study
    write_study(tmp_path, frames, table)
    first, second = run(tmp_path), run(tmp_path, ("AFR", "EUR", "EAS"))
    for one in ANCESTRIES:
        np.testing.assert_allclose(numbers(first, one), numbers(second, one), rtol=1e-9, atol=1e-13)


def test_alleles_and_strands(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Another effect allele, or the other strand, in a population other than the first changes nothing."""
    frames, table = study
    write_study(tmp_path, frames, table)
    first = run(tmp_path)
    rng = np.random.default_rng(1)
    other = turned(frames["EAS"], rng.random(N_SNPS) < 0.5)
    strand = dict(zip("ACGT", "TGCA"))
    flipped = frames["AFR"].with_columns(pl.col("A1", "A2").replace_strict(strand))
    write_study(tmp_path, {**frames, "EAS": other, "AFR": flipped}, table)
    second = run(tmp_path)
    for one in ANCESTRIES:
        np.testing.assert_allclose(numbers(first, one), numbers(second, one), rtol=1e-9, atol=1e-13)


def test_effect_allele_of_the_first_population(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    frames, table = study
    write_study(tmp_path, frames, table)
    first = run(tmp_path)
    write_study(tmp_path, {**frames, "EUR": turned(frames["EUR"], np.ones(N_SNPS, dtype=bool))}, table)
    second = run(tmp_path)
    a, b = numbers(first, "EAS"), numbers(second, "EAS")
    np.testing.assert_allclose(a[:, 0], -b[:, 0], rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(a[:, 2], 1 - b[:, 2], rtol=1e-9)
    assert second.tables[1]["A1"].to_list() == second.tables[0]["A1"].to_list()


@pytest.mark.parametrize("mama_compat", [False, True])
def test_palindromic_snps(study, tmp_path: Path, *, mama_compat: bool) -> None:  # type: ignore[no-untyped-def]
    """Alleles the other way round: put right, but by mama.py's rule, which the run then tells."""
    frames, table = study
    frames = {one: frame.with_columns(A1=pl.lit("A"), A2=pl.lit("T")) for one, frame in frames.items()}
    options = MamaOptions(
        use_standardized_units=True, reg_se2="identity", allow_palindromic_snps=True, mama_compat=mama_compat
    )
    write_study(tmp_path, frames, table)
    plain = run(tmp_path, options=options)
    rows = np.arange(N_SNPS) % 2 == 0
    write_study(tmp_path, {**frames, "EAS": turned(frames["EAS"], rows)}, table)
    found = run(tmp_path, options=options)
    told = [text for text in found.warnings if "opposite signs" in text]
    if mama_compat:
        assert f"{rows.sum():,}" in told[0]
        assert found.coefficients.ld[0, 1] < 0.5 * plain.coefficients.ld[0, 1]
    else:
        assert not told
        np.testing.assert_allclose(numbers(found, "EAS"), numbers(plain, "EAS"), rtol=1e-9, atol=1e-13)


def test_power_grows(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Effects of correlation 0.8 lend each other power: smaller errors, N_EFF above N."""
    frames, table = study
    write_study(tmp_path, frames, table)
    result = run(tmp_path)
    for one, found in zip(ANCESTRIES, result.tables):
        joined = found.join(frames[one], on="SNP", suffix="_in")
        assert (joined["SE"] < joined["SE_in"]).mean() > 0.99
        assert (joined["N_EFF"] > joined["N_ORIG"]).mean() > 0.99
    assert result.mean_chi2[2] > float((frames["AFR"]["BETA"] / frames["AFR"]["SE"]).pow(2).mean())  # type: ignore[arg-type]


def test_outputs_agree(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """.res, Parquet and store hold the same; rejected rows have reasons; nothing is overwritten."""
    from postgwas.errors import OutputError
    from postgwas.store.study import Study

    frames, table = study
    bad = frames["EAS"].with_columns(
        pl.when(pl.col("SNP") == "rs1").then(-1.0).otherwise("SE").alias("SE"),
        pl.when(pl.col("SNP") == "rs2").then(pl.lit("C")).otherwise("A2").alias("A2"),
        pl.when(pl.col("SNP") == "rs3").then(0.999).otherwise("FRQ").alias("FRQ"),
        pl.when(pl.col("SNP") == "rs4").then(-5).otherwise("N").alias("N"),
        pl.when(pl.col("SNP") == "rs6").then(pl.lit("rs5")).otherwise("SNP").alias("SNP"),
    )
    bad = bad.with_columns(pl.when(pl.col("SNP") == "rs2").then(pl.lit("C")).otherwise("A1").alias("A1"))
    write_study(tmp_path, {**frames, "EAS": bad}, table)
    out, store = tmp_path / "out", tmp_path / "study.h5"
    arguments = {
        "out": str(out),
        "formats": ("parquet", "ssf", "tsv"),
        "store": str(store),
        "out_harmonized": True,
    }
    result = run(tmp_path, **arguments)
    res = pl.read_csv(f"{out}_EUR_T.res", separator="\t")
    parquet = pl.read_parquet(f"{out}_EUR_T.parquet")
    kept = Study.open(store).read_polars("meta/mama/out/EUR_T")
    ssf = pl.read_csv(f"{out}_EUR_T.ssf.tsv.gz", separator="\t")
    np.testing.assert_allclose(ssf["beta"], parquet["BETA"])
    assert ssf["effect_allele"].to_list() == parquet["A1"].to_list()
    described = yaml.safe_load(Path(f"{out}_EUR_T.ssf.tsv.gz-meta.yaml").read_text())
    assert described["data_file_name"] == "out_EUR_T.ssf.tsv.gz" and described["trait_description"] == ["T"]
    digest = hashlib.md5(Path(f"{out}_EUR_T.ssf.tsv.gz").read_bytes(), usedforsecurity=False)
    assert described["data_file_md5sum"] == digest.hexdigest()
    tsv = pl.read_csv(f"{out}_EUR_T.tsv.gz", separator="\t")
    np.testing.assert_allclose(tsv["MLOG10P"], parquet["MLOG10P"])
    np.testing.assert_allclose(res["BETA"], parquet["BETA"])
    np.testing.assert_allclose(res["P"], parquet["P"], rtol=1e-9)
    assert kept["SNPID"].to_list() == parquet["SNP"].to_list()
    np.testing.assert_array_equal(kept["BETA"].to_numpy(), parquet["BETA"].to_numpy())
    told = Study.open(store).provenance("meta/mama/out/EAS_T")
    assert told.rows_in == bad.height and told.rows_out == kept.height
    assert told.rows_in == told.rows_out + sum(told.dropped.values())
    assert told.dropped["se_not_positive"] == told.dropped["alleles_equal"] == told.dropped["duplicate"] == 1
    coefficients = Study.open(store).read_arrays("meta/mama/out/coefficients")
    np.testing.assert_array_equal(coefficients["ld"], result.coefficients.ld)
    hrm = pl.read_csv(f"{out}_EAS_T.hrm", separator="\t")
    assert hrm["SNP"].to_list() == sorted(hrm["SNP"])
    rejected = pl.read_csv(f"{out}.rejected.tsv.gz", separator="\t")
    reasons = dict(zip(rejected["SNPID"], rejected["REASON"]))
    assert reasons == {
        "rs1": "se_not_positive", "rs2": "alleles_equal", "rs3": "eaf_out_of_bounds",
        "rs4": "n_not_positive", "rs5": "duplicate",
    }  # fmt: skip
    assert set(rejected["FILE"]) == {str(tmp_path / "EAS.txt")}
    with pytest.raises(OutputError, match="already"):
        run(tmp_path, **arguments)


def test_snp_list_and_missing_scores(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    frames, table = study
    holes = table.with_columns(
        pl.when(pl.col("SNP") == "rs7").then(None).otherwise("EUR_EAS").alias("EUR_EAS")
    )
    write_study(tmp_path, frames, holes)
    (tmp_path / "ids").write_text("".join(f"RS{i}\n" for i in range(1, 2001)))
    options = MamaOptions(use_standardized_units=True, reg_se2="identity", snp_list=str(tmp_path / "ids"))
    found = run(tmp_path, options=options)
    assert len(found.estimates.status) == 1999
    assert "rs7" not in set(found.tables[0]["SNP"])


def test_own_scores_and_their_frequencies(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """OUT.cross.ldscore.gz of two pairs, joined by SNP; frequencies of its samples where a file has none."""
    frames, table = study
    write_study(tmp_path, frames, table)
    whole = run(tmp_path)
    for other in ("EAS", "AFR"):
        eur = frames["EUR"]
        pair = table.select("CHR", "SNP", "BP").with_columns(
            eur["A2"].alias("A1"), eur["A1"].alias("A2"), (1 - eur["FRQ"]).alias("FRQ_1"),
            (1 - frames[other]["FRQ"]).alias("FRQ_2"), table["EUR_EUR"].alias("L2_1"),
            table[f"{other}_{other}"].alias("L2_2"), table[f"EUR_{other}"].alias("L2_CROSS"),
        )  # fmt: skip
        pair.write_csv(tmp_path / f"{other}.cross.ldscore", separator="\t")
    table.select("CHR", "SNP", "BP", "EAS_AFR").write_csv(tmp_path / "third.ldscore", separator="\t")
    frames["EAS"].drop("FRQ").write_csv(tmp_path / "EAS.txt", separator="\t")
    given = [Population(str(tmp_path / f"{one}.txt"), one, "T") for one in ANCESTRIES]
    places = [f"EUR,{o}={tmp_path}/{o}.cross.ldscore" for o in ("EAS", "AFR")] + [
        str(tmp_path / "third.ldscore")
    ]
    options = MamaOptions(use_standardized_units=True, reg_se2="identity", freq_from_scores=True)
    found = mama(given, places, options=options, quiet=True)
    for one in ANCESTRIES:
        np.testing.assert_allclose(numbers(found, one), numbers(whole, one), rtol=1e-9, atol=1e-13)


def test_alleles_that_nobody_has(study, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A standardised effect of theirs would be divided by 0."""
    frames, table = study
    ends = pl.when(pl.int_range(pl.len()) == 5).then(0.0).when(pl.int_range(pl.len()) == 6).then(1.0)
    write_study(tmp_path, {**frames, "EUR": frames["EUR"].with_columns(FRQ=ends.otherwise("FRQ"))}, table)
    options = MamaOptions(use_standardized_units=True, freq_bounds=(0.0, 1.0))
    fixed = run(tmp_path, options=options)
    assert all(not set(one["SNP"]) & {"rs6", "rs7"} for one in fixed.tables)
    assert all(np.isfinite(numbers(fixed, one)).all() for one in ANCESTRIES)
