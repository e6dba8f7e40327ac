"""`postgwas ldsc --h2` and `--h2_cts`: one test for each promised refusal, and odd files that are fine."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ldsc.ldsc_study import (
    LdscStudy,
    chromosome,
    simulate,
    write_annotations,
    write_panel,
    write_sumstats,
)

from postgwas.cli.main import main

Refusal = Callable[..., str]
Log = Callable[..., str]


@pytest.fixture
def ldsc(tmp_path: Path) -> LdscStudy:
    return simulate(tmp_path / "study")


@pytest.fixture
def refused(out: Path, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Run, and check: status 2, one line, no result file."""

    def run(*argv: object) -> str:
        before = {path for path in out.parent.iterdir() if path.suffix != ".log"}
        assert main(["ldsc", *map(str, argv), "--out", str(out), "--quiet"]) == 2
        printed = capsys.readouterr()
        (line,) = printed.err.splitlines()
        assert {path for path in out.parent.iterdir() if path.suffix != ".log"} == before
        assert line.startswith("postgwas: error: ")
        return line.removeprefix("postgwas: error: ")

    return run


@pytest.fixture
def log(out: Path, capsys: pytest.CaptureFixture[str]) -> Log:
    """Run what is fine all the same; gives the log."""

    def run(*argv: object) -> str:
        assert main(["ldsc", *map(str, argv), "--out", str(out), "--quiet"]) == 0, capsys.readouterr().err
        return Path(f"{out}.log").read_text()

    return run


def h2_of(out: Path) -> dict[str, float]:
    return pl.read_csv(f"{out}.h2.tsv", separator="\t", null_values="NA").row(0, named=True)


class TestSumstats:
    def test_no_file(self, ldsc: LdscStudy, refused: Refusal) -> None:
        assert "none.sumstats: no such file" in refused("--h2", ldsc.folder / "none.sumstats", *ldsc.panel)

    def test_empty(self, ldsc: LdscStudy, refused: Refusal) -> None:
        ldsc.trait.write_text("")
        assert "the file is empty" in refused("--h2", ldsc.trait, *ldsc.panel)

    def test_header_alone(self, ldsc: LdscStudy, refused: Refusal) -> None:
        ldsc.trait.write_text("SNP\tA1\tA2\tZ\tN\n")
        assert "no complete row among 0" in refused("--h2", ldsc.trait, *ldsc.panel)

    def test_not_munged(self, ldsc: LdscStudy, refused: Refusal) -> None:
        ldsc.trait.write_text("SNP\tA1\tA2\tBETA\tSE\nrs1\tA\tG\t0.1\t0.2\n")
        told = refused("--h2", ldsc.trait, *ldsc.panel)
        assert "line 1 lacks Z, N of a munged file" in told
        assert "postgwas munge" in told

    @pytest.mark.parametrize(
        ("start", "what"),
        [(b"\x89PNG\r\n\x1a\n\0\0\0\r", "binary data"), ("SNP\tZ\n".encode("utf-16"), "UTF-16")],
    )
    def test_no_text(self, ldsc: LdscStudy, refused: Refusal, start: bytes, what: str) -> None:
        ldsc.trait.write_bytes(start)
        told = refused("--h2", ldsc.trait, *ldsc.panel)
        assert what in told and "columns found" not in told

    def test_cut_short(self, ldsc: LdscStudy, refused: Refusal) -> None:
        whole = gzip.compress(ldsc.trait.read_bytes())
        path = ldsc.trait.with_suffix(".sumstats.gz")
        path.write_bytes(whole[: len(whole) // 2])
        assert "truncated" in refused("--h2", path, *ldsc.panel)

    def test_text_for_a_number_is_missing_and_told(self, ldsc: LdscStudy, log: Log) -> None:
        z = [str(value) for value in ldsc.z]
        z[7] = "oops"
        write_sumstats(ldsc.trait, ldsc.ids, z, ldsc.n)
        told = log("--h2", ldsc.trait, *ldsc.panel)
        assert "1 value of column Z (Z) not a number, read as missing; the first is 'oops' in line 9" in told
        assert f"Read summary statistics for {len(z) - 1} SNPs." in told

    def test_uneven_line_is_set_aside(self, ldsc: LdscStudy, log: Log, out: Path) -> None:
        ldsc.trait.write_text(ldsc.trait.read_text() + "rs1\tA\tG\t1\t2\t3\n")
        told = log("--h2", ldsc.trait, *ldsc.panel)
        last = len(ldsc.ids) + 2
        assert f"1 rows set aside, the first (line {last})" in told
        rejected = pl.read_csv(f"{out}.h2.rejected.tsv.gz", separator="\t")
        assert rejected["LINE"].to_list() == [last]

    @pytest.mark.parametrize("n", ["0", "-5", "inf"])
    def test_impossible_n(self, ldsc: LdscStudy, log: Log, n: str) -> None:
        sizes = [str(value) for value in ldsc.n]
        sizes[3] = n
        write_sumstats(ldsc.trait, ldsc.ids, ldsc.z, sizes)
        assert "the first (line 5): N is not a positive number" in log("--h2", ldsc.trait, *ldsc.panel)

    def test_every_z_is_zero(self, ldsc: LdscStudy, refused: Refusal) -> None:
        write_sumstats(ldsc.trait, ldsc.ids, [0.0] * len(ldsc.ids), ldsc.n)
        told = f"statistics of all {len(ldsc.ids):,} variants are 0"
        assert told in refused("--h2", ldsc.trait, *ldsc.panel)

    @pytest.mark.parametrize("missing", ["", "NA", "nan"])
    def test_missing_values_are_left_out(self, ldsc: LdscStudy, log: Log, missing: str) -> None:
        z = [str(value) for value in ldsc.z]
        z[5] = missing
        ids = [*ldsc.ids]
        ids[9] = "."
        write_sumstats(ldsc.trait, ids, z, ldsc.n)
        assert f"Read summary statistics for {len(z) - 2} SNPs." in log("--h2", ldsc.trait, *ldsc.panel)

    def test_the_first_of_duplicates_is_kept(self, ldsc: LdscStudy, log: Log, out: Path) -> None:
        log("--h2", ldsc.trait, *ldsc.panel)
        first = h2_of(out)
        again = [*ldsc.ids, *ldsc.ids[:10]]
        write_sumstats(ldsc.trait, again, [*ldsc.z, *[30.0] * 10], [*ldsc.n, *ldsc.n[:10]])
        told = log("--h2", ldsc.trait, *ldsc.panel, "--overwrite")
        assert f"Read summary statistics for {len(again)} SNPs." in told
        assert "Dropped 10 SNPs with duplicated rs numbers." in told
        assert h2_of(out) == first

    @pytest.mark.parametrize(("end", "separator"), [("\r\n", "\t"), ("\n", "  "), ("\n", " ")])
    def test_other_ways_of_writing(
        self, ldsc: LdscStudy, log: Log, out: Path, end: str, separator: str
    ) -> None:
        log("--h2", ldsc.trait, *ldsc.panel)
        first = h2_of(out)
        write_sumstats(ldsc.trait, ldsc.ids, ldsc.z, ldsc.n, end=end, separator=separator)
        log("--h2", ldsc.trait, *ldsc.panel, "--overwrite")
        assert h2_of(out) == first

    def test_ids_beyond_ascii(self, ldsc: LdscStudy, log: Log) -> None:
        write_sumstats(ldsc.trait, ["rsé", *ldsc.ids[1:]], ldsc.z, ldsc.n)
        told = log("--h2", ldsc.trait, *ldsc.panel)
        assert f"After merging with reference panel LD, {len(ldsc.ids) - 1} SNPs remain." in told


class TestLDScores:
    def test_none_for_these_variants(self, ldsc: LdscStudy, refused: Refusal) -> None:
        write_sumstats(ldsc.trait, [f"1:{i}" for i in range(len(ldsc.ids))], ldsc.z, ldsc.n)
        told = refused("--h2", ldsc.trait, *ldsc.panel)
        assert "LD scores for only 0 of 3,000 variants" in told
        assert "has ids like 1:0, the LD scores like rs" in told

    def test_hardly_any_for_these_variants(self, ldsc: LdscStudy, refused: Refusal, log: Log) -> None:
        ids = [snp if i < 90 else f"1:{i}" for i, snp in enumerate(ldsc.ids)]
        write_sumstats(ldsc.trait, ids, ldsc.z, ldsc.n)
        assert "LD scores for only 90 of 3,000" in refused("--h2", ldsc.trait, *ldsc.panel)
        assert "90 SNPs remain" in log("--h2", ldsc.trait, *ldsc.panel, "--ldsc-compat", "--n-blocks", 20)

    def test_other_variants_whose_ids_are_of_the_same_kind(self, ldsc: LdscStudy, refused: Refusal) -> None:
        """Two rsIDs beside each other would tell nothing, and look like a difference."""
        write_sumstats(ldsc.trait, [f"rs9000{i}" for i in range(len(ldsc.ids))], ldsc.z, ldsc.n)
        told = refused("--h2", ldsc.trait, *ldsc.panel)
        assert "LD scores for only 0 of 3,000 variants" in told and "ids like" not in told

    def test_one_chromosome_of_two(self, ldsc: LdscStudy, log: Log) -> None:
        half = len(ldsc.ids) // 2
        write_sumstats(ldsc.trait, ldsc.ids[:half], ldsc.z, ldsc.n)
        assert "variants on 1 of the 2 chromosomes of the LD scores" in log("--h2", ldsc.trait, *ldsc.panel)

    def test_what_munging_left_under_the_same_prefix_stays(
        self, ldsc: LdscStudy, log: Log, out: Path
    ) -> None:
        munged = Path(f"{out}.sumstats.gz")
        munged.write_bytes(gzip.compress(ldsc.trait.read_bytes() + b"rs1\tA\tG\t1\t2\t3\n"))
        aside = Path(f"{out}.rejected.tsv.gz")
        aside.write_bytes(b"munge's")
        told = log("--h2", munged, *ldsc.panel)
        assert aside.read_bytes() == b"munge's" and "of an earlier run" not in told
        assert Path(f"{out}.h2.rejected.tsv.gz").is_file() and h2_of(out)["N_SNPS"] == len(ldsc.ids)

    def test_one_value_for_all_variants(self, ldsc: LdscStudy, refused: Refusal) -> None:
        write_panel(ldsc.folder / "ld", ldsc.ids, {"L2": np.full(len(ldsc.ids), 3.0)}, [30_000])
        assert "all LD scores have zero variance (L2_0)" in refused("--h2", ldsc.trait, *ldsc.panel)

    def test_one_annotation_without_variance(self, ldsc: LdscStudy, log: Log, out: Path) -> None:
        constant = {"baseL2": ldsc.l2, "nilL2": 0 * ldsc.l2, "catL2": ldsc.parts[:, 1]}
        write_panel(ldsc.folder / "part.", ldsc.ids, constant, [1500, 7, 400])
        told = log("--h2", ldsc.trait, *ldsc.partitioned)
        assert "left out: nilL2_0" in told
        assert "Categories: baseL2_0 catL2_0\n" in told
        assert pl.read_csv(f"{out}.categories.tsv", separator="\t")["M"].to_list() == [3000, 800]

    def test_one_weight_for_all(self, ldsc: LdscStudy, log: Log) -> None:
        (ldsc.folder / "w").mkdir()
        write_panel(ldsc.folder / "w", ldsc.ids, {"L2": np.full(len(ldsc.ids), 3.0)}, [30_000])
        argv = ["--ref-ld-chr", ldsc.folder / "ld/", "--w-ld-chr", ldsc.folder / "w/"]
        assert "every variant has the same LD score" in log("--h2", ldsc.trait, *argv)

    def test_several_columns_of_weights(self, ldsc: LdscStudy, refused: Refusal) -> None:
        argv = ["--ref-ld-chr", ldsc.folder / "ld/", "--w-ld-chr", f"{ldsc.folder}/part."]
        assert "2 LD score columns; weights take one" in refused("--h2", ldsc.trait, *argv)

    def test_no_such_panel(self, ldsc: LdscStudy, refused: Refusal) -> None:
        argv = ["--ref-ld-chr", ldsc.folder / "nothing/", "--w-ld-chr", ldsc.folder / "ld/"]
        assert "nothing" in refused("--h2", ldsc.trait, *argv)

    def test_panels_of_different_lengths(self, ldsc: LdscStudy, refused: Refusal) -> None:
        other = ldsc.folder / "other."
        write_panel(other, ldsc.ids[:-5], {"L2": ldsc.l2[:-5]}, [30_000])
        argv = ["--ref-ld-chr", f"{other},{ldsc.folder}/part.", "--w-ld-chr", ldsc.folder / "ld/"]
        assert "2,995 variants" in refused("--h2", ldsc.trait, *argv)

    def test_panels_of_different_variants(self, ldsc: LdscStudy, refused: Refusal) -> None:
        other = ldsc.folder / "other."
        write_panel(other, [*ldsc.ids[:-1], "rsX"], {"L2": ldsc.l2}, [30_000])
        argv = ["--ref-ld-chr", f"{other},{ldsc.folder}/part.", "--w-ld-chr", ldsc.folder / "ld/"]
        told = refused("--h2", ldsc.trait, *argv)
        assert f"number 3,000 is rsX in one and {ldsc.ids[-1]} in the other" in told

    def test_not_one_m_for_each_column(self, ldsc: LdscStudy, refused: Refusal) -> None:
        told = refused("--h2", ldsc.trait, *ldsc.partitioned, "--M", "1,2,3")
        assert told.startswith("--M has 3 numbers for 2 LD score columns (baseL2_0, catL2_0)")

    def test_nearly_collinear(self, ldsc: LdscStudy, refused: Refusal, log: Log) -> None:
        tiny = np.random.default_rng(1).normal(size=len(ldsc.ids)) * 1e-5
        write_panel(ldsc.folder / "part.", ldsc.ids, {"aL2": ldsc.l2, "bL2": ldsc.l2 + tiny}, [900, 900])
        told = refused("--h2", ldsc.trait, *ldsc.partitioned)
        assert "condition number is" in told and "--invert_anyway" in told
        assert "Inverting anyway" in log("--h2", ldsc.trait, *ldsc.partitioned, "--invert-anyway")

    def test_exactly_collinear(self, ldsc: LdscStudy, refused: Refusal) -> None:
        write_panel(ldsc.folder / "part.", ldsc.ids, {"aL2": ldsc.l2, "bL2": ldsc.l2}, [900, 900])
        assert "condition number is inf" in refused("--h2", ldsc.trait, *ldsc.partitioned)
        told = refused("--h2", ldsc.trait, *ldsc.partitioned, "--invert-anyway")
        assert "no unique solution" in told


class TestOverlap:
    @pytest.fixture
    def argv(self, ldsc: LdscStudy) -> list[object]:
        return [
            "--h2",
            ldsc.trait,
            *ldsc.partitioned,
            "--overlap-annot",
            "--frqfile-chr",
            f"{ldsc.folder}/frq.",
        ]

    def test_fine(self, argv: list[object], log: Log) -> None:
        told = log(*argv)
        assert "Results printed to" in told
        assert "sums to" not in told

    def test_shorter_than_the_ld_scores(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        write_annotations(ldsc, drop_last=5, frq_drop_last=5)
        assert "LD scores of 3,000 variants, but annotations of 2,990" in refused(*argv)

    @pytest.mark.parametrize(("drop", "frq_drop"), [(0, 5), (5, 0)])
    def test_frequencies_of_another_length(
        self, ldsc: LdscStudy, argv: list[object], refused: Refusal, drop: int, frq_drop: int
    ) -> None:
        write_annotations(ldsc, drop_last=drop, frq_drop_last=frq_drop)
        assert "they must have the same" in refused(*argv)

    def test_frequencies_of_other_variants(
        self, ldsc: LdscStudy, argv: list[object], refused: Refusal
    ) -> None:
        path = ldsc.folder / "frq.2.frq"
        third = str(chromosome(ldsc.ids, 2)[2])
        path.write_text(path.read_text().replace(f" {third} ", " rsX "))
        assert f"number 3 is {third} in one and rsX in the other" in refused(*argv)

    def test_another_number_of_annotations(
        self, ldsc: LdscStudy, argv: list[object], refused: Refusal
    ) -> None:
        write_annotations(ldsc, names=("base",), columns=(0,))
        assert "2 LD score columns" in refused(*argv)

    def test_another_order(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        write_annotations(ldsc, names=("cat", "base"), columns=(1, 0))
        assert "cat where base is expected" in refused(*argv)

    def test_another_name_is_told(self, ldsc: LdscStudy, argv: list[object], log: Log) -> None:
        write_annotations(ldsc, names=("base", "genes"))
        assert "annotation genes is taken for the one of LD scores catL2" in log(*argv)

    def test_sums_that_are_not_m_are_told(self, ldsc: LdscStudy, argv: list[object], log: Log) -> None:
        (ldsc.folder / "part.1.l2.M_5_50").write_text("1348 900\n")
        assert "annotation cat sums to" in log(*argv)

    def test_text_among_numbers(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        path = ldsc.folder / "part.1.annot"
        lines = path.read_text().splitlines()
        lines[4] = lines[4][:-1] + "x"
        path.write_text("\n".join(lines) + "\n")
        assert "part.1.annot" in refused(*argv)

    def test_a_missing_number(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        path = ldsc.folder / "part.1.annot"
        lines = path.read_text().splitlines()
        lines[4] = lines[4].rsplit("\t", 1)[0] + "\t"
        path.write_text("\n".join(lines) + "\n")
        assert "part.1.annot: line 5: expected a number" in refused(*argv)

    def test_no_annotation_files(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        for path in ldsc.folder.glob("part.*.annot"):
            path.unlink()
        assert "part.1.annot[.gz]: no such file" in refused(*argv)

    def test_no_frequency_file(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        (ldsc.folder / "frq.2.frq").unlink()
        assert "frq.2.frq[.gz]: no such file" in refused(*argv)

    def test_frequencies_without_need_are_told(self, ldsc: LdscStudy, log: Log) -> None:
        told = log("--h2", ldsc.trait, *ldsc.partitioned, "--frqfile-chr", "nowhere")
        assert "The frequency file is unnecessary and is being ignored." in told


class TestCellTypes:
    @pytest.fixture
    def argv(self, ldsc: LdscStudy) -> list[object]:
        write_panel(ldsc.folder / "cts.", ldsc.ids, {"L2": ldsc.parts[:, 1]}, [450])
        (ldsc.folder / "cts.txt").write_text(f"liver {ldsc.folder}/cts.\n")
        return ["--h2-cts", ldsc.trait, *ldsc.panel, "--ref-ld-chr-cts", ldsc.folder / "cts.txt"]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "no cell types in it"),
            ("liver a. b.\n", "line 1: expected a name and LD score prefixes"),
            ("liver a.\nliver b.\n", "line 2: the name liver comes a second time"),
        ],
    )
    def test_bad_list(
        self, ldsc: LdscStudy, argv: list[object], refused: Refusal, text: str, told: str
    ) -> None:
        (ldsc.folder / "cts.txt").write_text(text)
        assert told in refused(*argv)

    def test_no_list(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        (ldsc.folder / "cts.txt").unlink()
        assert "cts.txt: cannot be read" in refused(*argv)

    def test_ld_scores_of_fewer_variants(self, ldsc: LdscStudy, argv: list[object], refused: Refusal) -> None:
        for number in (1, 2):
            path = ldsc.folder / f"cts.{number}.l2.ldscore.gz"
            lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
            path.write_bytes(gzip.compress("".join([lines[0], *lines[2:]]).encode()))
        told = refused(*argv, "--chisq-max", 1000)
        first = str(chromosome(ldsc.ids, 1)[0])
        assert f"no LD scores for 2 of 3,000 variants of the regression, such as {first}" in told

    def test_more_variants_than_the_baseline_change_nothing(
        self, ldsc: LdscStudy, argv: list[object], log: Log, out: Path
    ) -> None:
        log(*argv, "--chisq-max", 200)
        first = Path(f"{out}.cell_type_results.txt").read_text()
        for number in (1, 2):
            path = ldsc.folder / f"cts.{number}.l2.ldscore.gz"
            text = gzip.decompress(path.read_bytes()).decode()
            path.write_bytes(gzip.compress((text + f"{number}\trsnew{number}\t5\t1.5\n").encode()))
        log(*argv, "--chisq-max", 200, "--overwrite")
        assert Path(f"{out}.cell_type_results.txt").read_text() == first


class TestResults:
    def test_existing_results_are_kept(self, ldsc: LdscStudy, refused: Refusal, log: Log, out: Path) -> None:
        log("--h2", ldsc.trait, *ldsc.panel)
        first, told = Path(f"{out}.h2.tsv").read_bytes(), Path(f"{out}.log").read_bytes()
        assert "exists already" in refused("--h2", ldsc.trait, *ldsc.panel, "--no-intercept")
        assert Path(f"{out}.h2.tsv").read_bytes() == first
        assert Path(f"{out}.log").read_bytes() == told
        log("--h2", ldsc.trait, *ldsc.panel, "--no-intercept", "--overwrite")
        assert Path(f"{out}.h2.tsv").read_bytes() != first

    def test_no_folder(self, ldsc: LdscStudy, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert main(["ldsc", "--h2", str(ldsc.trait), *ldsc.panel, "--out", str(tmp_path / "no/run")]) == 2
        assert "does not exist" in capsys.readouterr().err

    def test_results_of_an_earlier_run_are_named(self, ldsc: LdscStudy, log: Log, out: Path) -> None:
        log("--h2", ldsc.trait, *ldsc.panel, "--print-cov")
        told = log("--h2", ldsc.trait, *ldsc.panel, "--overwrite")
        assert f"WARNING: of an earlier run, not of this one: {out}.cov" in told

    def test_taken_key(self, ldsc: LdscStudy, refused: Refusal, log: Log, tmp_path: Path, out: Path) -> None:
        store = ["--store", tmp_path / "study.h5"]
        log("--h2", ldsc.trait, *ldsc.panel, *store)
        for path in out.parent.iterdir():
            path.unlink()
        told = refused("--h2", ldsc.trait, *ldsc.panel, *store)
        assert "ldsc/h2/trait/summary exists already (--overwrite replaces it)" in told

    def test_nothing_below_chisq_max(self, ldsc: LdscStudy, refused: Refusal) -> None:
        told = refused("--h2", ldsc.trait, *ldsc.panel, "--chisq-max", "1e-12")
        assert told == "none of 3,000 variants has a chi-square below 1e-12 (raise --chisq_max)"

    def test_too_few_for_step_one(self, ldsc: LdscStudy, refused: Refusal) -> None:
        told = refused("--h2", ldsc.trait, *ldsc.panel, "--two-step", "1e-4")
        assert "variants have chi-square below the two-step cutoff 0.0001" in told

    def test_no_signal(self, ldsc: LdscStudy, log: Log) -> None:
        write_sumstats(ldsc.trait, ldsc.ids, ldsc.z / (2 * ldsc.z.std()), ldsc.n)
        told = log("--h2", ldsc.trait, *ldsc.panel)
        assert "Ratio: NA (mean chi^2 < 1)" in told
        assert "mean chi^2 is 0.25, below 1.02: too little signal" in told

    def test_beyond_its_range(self, ldsc: LdscStudy, log: Log) -> None:
        assert "on the observed scale, outside 0 to 1" in log(
            "--h2", ldsc.trait, *ldsc.panel, "--M", "10000000"
        )
