"""`postgwas finemap` from files to files: figures, alignment, LD from elsewhere, refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from finemap.study import CAUSAL, N_PEOPLE, N_VARIANTS, Study, ids, make_study

from postgwas.cli.main import main
from postgwas.finemap import log_abf, single_causal, susie_rss
from postgwas.store.study import Study as Store

Run = Callable[..., Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("gwas"))


@pytest.fixture
def finemapped(made: Study, out: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on the study; gives the prefix."""

    def run(*arguments: object, stats: Path | None = None, genotypes: bool = True) -> Path:
        argv = ["finemap", stats or made.stats, *arguments, "--out", out, "--quiet"]
        if genotypes:
            argv += ["--genotypes", made.bed]
        assert main([str(one) for one in argv]) == 0, capsys.readouterr().err
        return out

    return run


@pytest.fixture
def refused(made: Study, out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run a command that must fail; gives the one line."""

    def run(*arguments: object, stats: Path | None = None) -> str:
        return refusal("finemap", stats or made.stats, *arguments, "--out", out, "--quiet")

    return run


def read(prefix: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{prefix}{ending}", separator="\t", null_values="NA", infer_schema_length=None)


def test_sentinels_with_ld_of_the_same_people(made: Study, finemapped: Run) -> None:
    """The figures of susie_rss on the arrays; alleles of every third variant are swapped in the file."""
    out = finemapped()
    variants, sets, regions = (
        read(out, f".{name}") for name in ("pip.tsv.gz", "credible_sets.tsv", "regions.tsv")
    )
    assert regions["STATUS"].to_list() == ["ok", "ok"] and regions["N_LEFT_OUT"].sum() == 0
    assert sets.height == regions["N_SETS"].sum() == 3
    held = {name for text in sets["VARIANTS"].to_list() for name in text.split(",")}
    assert {ids(row) for row in CAUSAL} <= held
    for chromosome in (1, 2):
        fit = susie_rss(
            made.z[N_VARIANTS * (chromosome - 1) : N_VARIANTS * chromosome],
            np.corrcoef(made.calls[N_VARIANTS * (chromosome - 1) : N_VARIANTS * chromosome].astype(float)),
            N_PEOPLE,
        )
        found = variants.filter(pl.col("CHR") == chromosome).sort("POS")
        np.testing.assert_allclose(found["PIP"], fit.pip, atol=2e-5)
        # EFFECT is of EA: with the sign that BETA has in the file.
        lead = fit.credible_sets[0].lead
        assert np.sign(found["EFFECT"][lead]) == np.sign(found["Z"][lead])
        assert abs(found["EFFECT"][lead]) == pytest.approx(abs(fit.coefficients[lead]), abs=1e-4)


def test_swapped_alleles_change_nothing_but_signs(made: Study, finemapped: Run, tmp_path: Path) -> None:
    first = finemapped()
    before = read(first, ".pip.tsv.gz")
    table = pl.read_csv(made.stats, separator="\t").with_columns(
        pl.col("A2").alias("A1"), pl.col("A1").alias("A2"), -pl.col("BETA")
    )
    turned = tmp_path / "turned.txt"
    table.sample(fraction=1.0, shuffle=True, seed=4).write_csv(turned, separator="\t")
    after = read(finemapped("--overwrite", stats=turned), ".pip.tsv.gz")
    np.testing.assert_array_equal(after["PIP"], before["PIP"])
    np.testing.assert_array_equal(after["EFFECT"], -before["EFFECT"])


def test_other_strand_and_missing_variants_are_counted(made: Study, finemapped: Run, tmp_path: Path) -> None:
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    table = pl.read_csv(made.stats, separator="\t").with_columns(
        pl.when(pl.col("SNP") == "rs3").then(pl.col("A1").replace(complement)).otherwise("A1").alias("A1"),
        pl.when(pl.col("SNP") == "rs3").then(pl.col("A2").replace(complement)).otherwise("A2").alias("A2"),
        pl.when(pl.col("SNP") == "rs5").then(pl.lit("AT")).otherwise("A2").alias("A2_"),
        pl.when(pl.col("SNP") == "rs7").then(pl.col("BP") + 1).otherwise("BP").alias("BP"),
        pl.when(pl.col("SNP") == "rs9").then(None).otherwise("SE").alias("SE"),
        pl.when(pl.col("SNP") == "rs9").then(None).otherwise("P").alias("P"),
    )
    table = table.with_columns(pl.when(pl.col("SNP") == "rs5").then("A2_").otherwise("A2").alias("A2")).drop(
        "A2_"
    )
    spoilt = tmp_path / "spoilt.txt"
    pl.concat([table, table.filter(pl.col("SNP") == "rs11")]).write_csv(
        spoilt, separator="\t", null_value="NA"
    )
    out = finemapped("--region", "1:1-2000000", stats=spoilt)
    rejected = dict(read(out, ".rejected.tsv.gz").select("SNPID", "REASON").iter_rows())
    assert rejected == {
        "rs5": "other_alleles", "rs7": "not_in_ld", "rs9": "no_z_score", "rs11": "occurs_twice",
    }  # fmt: skip
    regions = read(out, ".regions.tsv")
    assert regions.select("N_VARIANTS", "N_LEFT_OUT", "N_OTHER_STRAND").row(0) == (77, 2, 1)


def test_ld_from_a_file(made: Study, finemapped: Run, tmp_path: Path) -> None:
    """By ids alone, or by places and alleles: the same as from the genotypes."""
    r = np.corrcoef(made.calls[:N_VARIANTS].astype(float))
    np.save(tmp_path / "ld.npy", r)
    np.savetxt(tmp_path / "ld.txt", r)
    bim = tmp_path / "ld.bim"
    bim.write_text("".join(Path(f"{made.bed}.bim").read_text().splitlines(keepends=True)[:N_VARIANTS]))
    table = tmp_path / "variants.tsv"
    rows = [line.split() for line in bim.read_text().splitlines()]
    body = "".join(f"{cells[1]}\t{cells[0]}\t{cells[3]}\t{cells[4]}\t{cells[5]}\n" for cells in rows)
    table.write_text("#ID\tCHROM\tPOS\tALT\tREF\n" + body)
    before = read(finemapped("--region", "1:1-2000000"), ".pip.tsv.gz")
    for matrix, variants in ((tmp_path / "ld.npy", bim), (tmp_path / "ld.txt", table)):
        out = finemapped(
            "--ld",
            matrix,
            "--ld_variants",
            variants,
            "--region",
            "1:1-2000000",
            "--overwrite",
            genotypes=False,
        )
        np.testing.assert_allclose(read(out, ".pip.tsv.gz")["PIP"], before["PIP"], atol=2e-5)


def test_covariates_are_projected_out_of_genotypes(made: Study, finemapped: Run, tmp_path: Path) -> None:
    """With a variant's own genotypes as covariate, it no longer varies."""
    values = made.calls[4].astype(float)
    lines = ["id\t" + "\t".join(f"I{i}" for i in range(N_PEOPLE)), "g\t" + "\t".join(map(str, values))]
    covariates = tmp_path / "cov.txt"
    covariates.write_text("\n".join(lines) + "\n")
    out = finemapped("--covariates", covariates, "--region", "1:1-2000000")
    rejected = dict(read(out, ".rejected.tsv.gz").select("SNPID", "REASON").iter_rows())
    assert rejected == {"rs4": "does_not_vary_in_ld"}
    x = made.calls[:N_VARIANTS].astype(float)
    basis = np.column_stack([np.ones(N_PEOPLE), values])
    left = x - x @ np.linalg.solve(basis.T @ basis, basis.T).T @ basis.T
    kept = np.delete(np.arange(N_VARIANTS), 4)
    fit = susie_rss(made.z[kept], np.corrcoef(left[kept]), N_PEOPLE)
    np.testing.assert_allclose(read(out, ".pip.tsv.gz")["PIP"], fit.pip, atol=2e-5)


def test_store_and_kept_ld(made: Study, finemapped: Run, tmp_path: Path) -> None:
    """The same bits with LD computed and with LD taken from the store, for any number of workers."""
    store = tmp_path / "study.h5"
    arguments = ("--store", store, "--keep_ld", "--overwrite")
    plain = Path(f"{finemapped()}.pip.tsv.gz").read_bytes()
    first = Path(f"{finemapped(*arguments)}.pip.tsv.gz").read_bytes()
    held = [entry.key for entry in Store.open(store).ls()]
    assert [key for key in held if not key.startswith("finemap/ld/")] == [
        "finemap/log_bf/run", "finemap/regions/run", "finemap/sets/run", "finemap/variants/run",
    ]  # fmt: skip
    assert len([key for key in held if key.startswith("finemap/ld/")]) == 2
    again = Path(f"{finemapped(*arguments, '--cores', 2)}.pip.tsv.gz").read_bytes()
    assert plain == first == again
    assert [entry.key for entry in Store.open(store).ls()] == held
    sets = Store.open(store).read_table("finemap/sets/run")
    factors = Store.open(store).read_table("finemap/log_bf/run")
    assert len(sets) == 3 and len(factors) == 3 * N_VARIANTS


def test_bayes_factors_need_no_ld(made: Study, finemapped: Run) -> None:
    out = finemapped("--method", "abf", "--sd_y", "1.2", "--region", "2:1-2000000", genotypes=False)
    table = pl.read_csv(made.stats, separator="\t").filter(pl.col("CHR") == 2)
    expected = single_causal(log_abf(table["BETA"], table["SE"], sd_y=1.2))
    found = read(out, ".pip.tsv.gz")
    np.testing.assert_allclose(found["PIP"], expected.pip, atol=1e-9)
    assert read(out, ".regions.tsv")["PIP_NULL"][0] == pytest.approx(expected.pip_null[0], abs=1e-12)
    assert ids(CAUSAL[2]) in read(out, ".credible_sets.tsv")["VARIANTS"][0].split(",")


def test_names_of_regions_and_leads(made: Study, finemapped: Run, tmp_path: Path) -> None:
    listed = tmp_path / "regions.txt"
    listed.write_text("chr1:1,000,000-1,100,000 first\n2:1000000-1200000\n")
    regions = read(finemapped("--region", listed), ".regions.tsv")
    assert regions["REGION"].to_list() == ["first", "2:1000000-1200000"]
    assert regions["N_VARIANTS"].to_list() == [51, 80]
    bed = tmp_path / "regions.bed"
    bed.write_text("chr1\t999999\t1100000\tfirst\n")
    assert read(finemapped("--region", bed, "--overwrite"), ".regions.tsv")["N_VARIANTS"].to_list() == [51]
    regions = read(finemapped("--leads", "rs20,rs100", "--window", "10000", "--overwrite"), ".regions.tsv")
    assert regions["SENTINEL"].to_list() == ["rs20", "rs100"]
    assert regions["N_VARIANTS"].to_list() == [11, 11]


def test_full_check_names_a_swapped_variant(made: Study, finemapped: Run, tmp_path: Path) -> None:
    table = pl.read_csv(made.stats, separator="\t")
    lead = table["SNP"][int(np.argmax(np.abs(made.z[:N_VARIANTS])))]
    wrong = table.with_columns(
        pl.when(pl.col("SNP") == lead).then(-pl.col("BETA")).otherwise("BETA").alias("BETA")
    )
    path = tmp_path / "wrong.txt"
    wrong.write_csv(path, separator="\t")
    out = finemapped("--ld_check", "full", "--region", "1:1-2000000", stats=path)
    marked = read(out, ".pip.tsv.gz").filter(pl.col("LD_OUTLIER"))["SNPID"].to_list()
    assert lead in marked
    log = Path(f"{out}.log").read_text()
    assert re.search(rf"variants are not explained by LD: .*\b{lead}\b", log)
    assert "z-scores and LD do not fit (s = 0.9" in log
    clean = read(finemapped("--ld_check", "full", "--region", "1:1-2000000", "--overwrite"), ".regions.tsv")
    assert clean["N_SWAPPED"].to_list() == [0] and clean["S"][0] < 0.01


def test_a_region_that_fails_lets_others_go_on(made: Study, finemapped: Run) -> None:
    out = finemapped("--region", "1:1-2000000,3:1-1000")
    regions = read(out, ".regions.tsv")
    assert regions["STATUS"].to_list() == ["ok", "too_few_variants"]
    assert "Region 3:1-1000: not mapped" in Path(f"{out}.log").read_text()


def test_ld_of_another_build_is_refused(
    made: Study, refused: Callable[..., str], finemapped: Run, tmp_path: Path
) -> None:
    """By ids where both have them; without, most variants have no LD, and a warning asks."""
    moved = tmp_path / "moved.txt"
    table = pl.read_csv(made.stats, separator="\t").with_columns(pl.col("BP") + 100_000)
    table.write_csv(moved, separator="\t")
    told = refused("--genotypes", made.bed, "--region", "1:1-2000000", stats=moved)
    assert "another build than" in told and "'rs0' lies at 1:1000000, there at 1:1100000; 160 of 160" in told
    assert "(postgwas harmonise" in told
    table.drop("SNP").write_csv(moved, separator="\t")
    out = finemapped("--region", "1:1-2000000", stats=moved)
    assert "most variants have no LD: are the builds" in Path(f"{out}.log").read_text()


def test_ld_that_counts_other_alleles_is_refused(
    made: Study, refused: Callable[..., str], finemapped: Run, tmp_path: Path
) -> None:
    """A matrix without alleles whose signs are another convention's; with alleles it is turned."""
    r = np.corrcoef(made.calls[:N_VARIANTS].astype(float))
    turned = np.where(np.random.default_rng(3).random(N_VARIANTS) < 0.5, -1.0, 1.0)
    np.savetxt(tmp_path / "ld.txt", r * np.outer(turned, turned))
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{ids(row)}\n" for row in range(N_VARIANTS)))
    call = ("--ld", tmp_path / "ld.txt", "--region", "1:1-2000000")
    told = refused(*call, "--ld_variants", names)
    assert re.search(r"signs of z-scores and LD agree in \d\d % of [\d,]+ pairs only", told)
    assert "--ld_check none" in told
    out = finemapped(*call, "--ld_variants", names, "--ld_check", "none", genotypes=False)
    assert read(out, ".regions.tsv")["SIGNS_AGREE"][0] is None
    rows = [line.split() for line in Path(f"{made.bed}.bim").read_text().splitlines()[:N_VARIANTS]]
    table = tmp_path / "variants.tsv"
    pairs = [cells[4:6] if sign > 0 else cells[5:3:-1] for cells, sign in zip(rows, turned)]
    body = [f"{cells[1]}\t{one}\t{other}\n" for cells, (one, other) in zip(rows, pairs)]
    table.write_text("SNPID\tA1\tA2\n" + "".join(body))
    found = read(finemapped(*call, "--ld_variants", table, "--overwrite", genotypes=False), ".pip.tsv.gz")
    before = read(finemapped("--region", "1:1-2000000", "--overwrite"), ".pip.tsv.gz")
    np.testing.assert_allclose(found["PIP"], before["PIP"], atol=2e-5)


def test_a_matrix_that_names_its_variants(
    made: Study, refused: Callable[..., str], finemapped: Run, tmp_path: Path
) -> None:
    """Alone, or found by name in a longer list of variants."""
    order = np.random.default_rng(1).permutation(N_VARIANTS)
    r = np.corrcoef(made.calls[:N_VARIANTS].astype(float))[np.ix_(order, order)]
    matrix = tmp_path / "ld.txt"
    np.savetxt(matrix, r, header=" ".join(ids(row) for row in order), comments="")
    call = ("--ld", matrix, "--region", "1:1-2000000")
    out = finemapped(*call, "--ld_variants", f"{made.bed}.bim", genotypes=False)
    found = read(out, ".pip.tsv.gz")
    before = read(finemapped("--region", "1:1-2000000", "--overwrite"), ".pip.tsv.gz")
    np.testing.assert_allclose(found["PIP"], before["PIP"], atol=2e-5)
    for text in Path(f"{out}.log"), matrix.with_suffix(".log"):
        text.unlink(missing_ok=True)
    for path in out.parent.iterdir():
        path.unlink()
    few = tmp_path / "few.txt"
    few.write_text("rs1\nrs2\n")
    assert "is not in" in refused(*call, "--ld_variants", few)
    np.savetxt(matrix, r)
    assert "which variants are its rows? (--ld_variants FILE)" in refused(*call)


def without(made: Study, tmp_path: Path, *columns: str) -> Path:
    path = tmp_path / "less.txt"
    pl.read_csv(made.stats, separator="\t").drop(columns).write_csv(path, separator="\t")
    return path


def test_refusals(made: Study, refused: Callable[..., str], tmp_path: Path) -> None:
    bed = ("--genotypes", made.bed)
    assert "SuSiE needs LD (--genotypes FILE" in refused()
    assert "no sample sizes; columns are SNP" in refused(*bed, stats=without(made, tmp_path, "N"))
    assert "no z-scores" in refused(*bed, stats=without(made, tmp_path, "BETA", "SE"))
    assert "no variant has a P of 1e-80 or less" in refused(*bed, "--p_max", "1e-80")
    assert "region '1:9-5': ends before it starts" in refused(*bed, "--region", "1:9-5")
    assert "variant 'rs999' is not in it" in refused(*bed, "--leads", "rs999")
    assert "--region and --leads exclude" in refused(*bed, "--leads", "rs1", "--region", "1")
    assert "is given twice" in refused(*bed, "--region", "1:1-2000000,1:1-2000000")
    assert "--keep_ld needs a store" in refused(*bed, "--keep_ld")
    assert "coverage = 95" in refused(*bed, "--coverage", "95")
    assert "--covariates needs --genotypes" in refused("--covariates", made.stats, "--method", "abf")
    assert "--method abf takes no LD" in refused(*bed, "--method", "abf")
    assert "0 regions" not in refused(*bed, "--region", "3:1-1000")


def test_refused_ld_files(made: Study, refused: Callable[..., str], tmp_path: Path) -> None:
    r = np.corrcoef(made.calls[:N_VARIANTS].astype(float))
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{ids(row)}\n" for row in range(N_VARIANTS)))

    def call(matrix: np.ndarray, variants: Path = names) -> str:
        np.save(tmp_path / "r.npy", matrix)
        return refused("--ld", tmp_path / "r.npy", "--ld_variants", variants, "--region", "1:1-2000000")

    assert "an LD matrix is square, found 80 x 79" in call(r[:, 1:])
    skew = r.copy()
    skew[3, 8] = 0.77
    assert "LD: not symmetric: 0.77" in call(skew)
    holes = r.copy()
    holes[3, 8] = holes[8, 3] = np.nan
    assert "LD: nan between" in call(holes)
    few = tmp_path / "few.txt"
    few.write_text("rs1\nrs2\n")
    assert "2 variants, but the LD matrix" in call(r, few)
    twice = tmp_path / "twice.txt"
    twice.write_text("rs1\n" * N_VARIANTS)
    assert "variant 'rs1' occurs twice" in call(r, twice)
    others = tmp_path / "others.txt"
    others.write_text("".join(f"x{row}\n" for row in range(N_VARIANTS)))
    assert "none of 1 regions can be fine-mapped" in call(r, others)
    assert "--ld_variants without --ld" in refused("--ld_variants", names)


def test_results_are_not_replaced(
    made: Study, finemapped: Run, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finemapped()
    before = Path(f"{out}.pip.tsv.gz").read_bytes()
    argv = ["finemap", made.stats, "--genotypes", made.bed, "--out", out, "--quiet"]
    assert main([str(one) for one in argv]) == 2
    assert "exist already" in capsys.readouterr().err
    assert Path(f"{out}.pip.tsv.gz").read_bytes() == before


def test_variances_in_place_of_standard_errors_are_told(
    made: Study, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """z-scores that no effect gives at this n; with the right errors nothing is said."""
    table = pl.read_csv(made.stats, separator="\t", infer_schema_length=None)
    wrong = tmp_path / "variances.txt"
    table.with_columns(pl.col("SE") ** 2).write_csv(wrong, separator="\t")
    for stats, told in ((made.stats, False), (wrong, True)):
        argv = ["finemap", stats, "--genotypes", made.bed, "--ld_check", "none", "--out", out, "--overwrite"]
        assert main([str(one) for one in argv]) == 0
        assert ("are standard errors variances" in capsys.readouterr().err) is told


def test_a_panel_far_smaller_than_the_gwas_is_told(made: Study, finemapped: Run, tmp_path: Path) -> None:
    """As LD of its own people, or of one in fifty, nothing is said."""
    table = pl.read_csv(made.stats, separator="\t")
    for times, told in ((100, True), (10, False)):
        larger = tmp_path / f"larger{times}.tsv"
        table.with_columns(pl.col("N") * times).write_csv(larger, separator="\t")
        store = tmp_path / f"{times}.h5"
        log = Path(f"{finemapped('--overwrite', '--store', store, stats=larger)}.log").read_text()
        text = f"LD of {N_PEOPLE:,} people is taken for that of {N_PEOPLE * times:,}"
        assert (text in log) is told
        study = Store.open(store)
        (kept,) = (one.key for one in study.ls() if one.kind == "finemap-regions")
        assert [text in one for one in study.attrs(kept)["warnings"]] == [True] * told
