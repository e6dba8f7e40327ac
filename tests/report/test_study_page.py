"""The page of a study: what is on it, that it is safe and needs nothing else, and its search in a browser."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.errors import OutputError, StoreError
from postgwas.report.methods_text import METHODS, methods_paragraph
from postgwas.report.page_rows import page_rows
from postgwas.report.section import PageTable, Place
from postgwas.report.study_page import study_page, study_sections
from postgwas.store import Provenance, Study
from postgwas.sumstats.derive import mlog10p_from_z

NASTY = "<script>alert(1)</script>"
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MTAG of two traits, one with a nasty name; eGenes; credible sets."""
    path = tmp_path_factory.mktemp("report") / "study.h5"
    study = Study.open(path, create=True)
    rng = np.random.default_rng(1)
    n = 3000
    origin = Provenance.collect(rows_in=n + 5, rows_out=n, dropped={"INFO < 0.9": 3, f"bad {NASTY}": 2})
    for trait in ("height", NASTY):
        z = rng.normal(size=n)
        z[1000] = 9.0
        table = pl.DataFrame(
            {
                "SNPID": [f"rs{i}" for i in range(n)],
                "CHR": np.repeat(np.arange(1, 21), n // 20).astype(np.int8),
                "POS": (np.arange(n, dtype=np.int32) + 1) * 1000,
                "EA": ["A"] * n,
                "NEA": ["C"] * n,
                "BETA": z / 100,
                "SE": [0.01] * n,
                "Z": z,
                "MLOG10P": mlog10p_from_z(z),
            }
        )
        attrs = {
            "trait": trait,
            "n_significant_gwas": 1,
            "n_significant_mtag": 2,
            "warnings": [f"few {NASTY}"],
        }
        key = f"mtag/{'height' if trait == 'height' else 'nasty'}"
        study.write_table(key, table, kind="mtag-results", attrs=attrs, provenance=origin)
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    study.write_arrays(
        "mtag/covariances",
        {
            "omega": matrix,
            "sigma": matrix,
            "genetic_correlation": np.array([[1, 0.4], [0.4, 1]]),
            "traits": ["height", NASTY],
        },
        kind="mtag-covariances",
        provenance=origin,
    )
    genes = 120
    leads = pl.DataFrame(
        {
            "phenotype_id": [f"GENE{i}" for i in range(genes)],
            "variant_id": [f"chr22_{30_000_000 + 10_000 * i}_A_C_b38" for i in range(genes)],
            "tss_distance": rng.integers(-500_000, 500_000, genes),
            "slope": rng.normal(size=genes),
            "mlog10p": rng.exponential(5, genes),
            "qval": np.linspace(0, 1, genes),
        }
    )
    study.write_table(
        "qtl/cis_permutation/lcl",
        leads,
        kind="qtl-cis_permutation",
        attrs={"fdr": 0.05},
        provenance=Provenance.collect(),
    )
    return path


@pytest.fixture(scope="module")
def page(store: Path) -> Path:
    return study_page(store, store.with_name("report.html"), title="Our study")


def test_numbers_are_on_the_page(page: Path) -> None:
    text = page.read_text()
    assert "<h1>Our study</h1>" in text
    assert "6 of 120" in text  # q of 0, 1/119 ... 5/119 are at most 0.05
    assert ">rs1000</td>" in text, "the planted locus is in the table of loci"
    assert "INFO &lt; 0.9" in text and ">3,005</td>" in text


def test_names_of_strangers_are_escaped(page: Path) -> None:
    text = page.read_text()
    assert NASTY not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_needs_nothing_from_elsewhere(page: Path) -> None:
    text = page.read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert sources
    links = [one for one in sources if not one.startswith(("data:image/png;base64,", "#"))]
    # Links to the files beside the page, which nothing on it loads.
    assert links and all((page.parent / one).is_file() for one in links)
    assert not re.search(r'src="(?!data:)', text)
    assert "default-src 'none'" in text
    assert "@import" not in text and "url(" not in text


def test_figures_have_vector_form_and_numbers(page: Path) -> None:
    folder = page.with_name("report_files")
    pictures = {one.stem for one in folder.glob("*.png")}
    assert pictures == {one.stem for one in folder.glob("*.svg")}
    assert {"omega", "leads_around_the_tss_lcl", "manhattan_plot_mtag_of_height"} <= pictures
    assert all((folder / f"{one}.tsv").exists() for one in pictures)
    omega = pl.read_csv(folder / "omega.tsv", separator="\t")
    assert omega["height"].to_list() == [2.0, 1.0]


def test_methods_of_what_was_run_are_cited(page: Path) -> None:
    text = page.read_text()
    assert "10.1038/s41588-017-0009-4" in text and "10.1093/bioinformatics/btv722" in text
    assert "10.1093/hmg/ddx280" not in text, "no MR-MEGA was run"


def test_every_method_has_a_sentence() -> None:
    text, citations = methods_paragraph(METHODS)
    assert text.count(".") >= len(METHODS)
    assert len(set(citations)) == len(citations)
    assert all(method.sentence.endswith(".") for method in METHODS.values())


def test_rows_know_their_place() -> None:
    by_columns = pl.DataFrame({"CHR": [23, 1], "POS": [5, None], "Z": [1.23456, None]})
    assert page_rows(PageTable("t", by_columns)).rows == [
        (Place("X", 5, 5), ["X", "5", "1.235"]),
        (None, ["1", "", ""]),
    ]
    by_id = pl.DataFrame({"variant_id": ["chr7_123_A_C_b38", "rs5", None]})
    assert [row[0] for row in page_rows(PageTable("t", by_id)).rows] == [Place("7", 123, 123), None, None]
    by_region = pl.DataFrame({"REGION": ["1:50-90", "chrM:1-2", "odd"], "CHR": [1, 25, 3]})
    assert [row[0] for row in page_rows(PageTable("t", by_region)).rows] == [
        Place("1", 50, 90),
        Place("MT", 1, 2),
        None,
    ]
    by_ends = pl.DataFrame({"CHR": [2], "START": [10], "END": [20], "POS": [15], "REGION": ["1:1-2"]})
    assert page_rows(PageTable("t", by_ends)).rows[0][0] == Place("2", 10, 20)


def test_columns_without_a_value_are_not_shown() -> None:
    rows = page_rows(PageTable("t", pl.DataFrame({"a": ["x"], "b": [float("nan")], "c": [None]})))
    assert rows.columns == [("a", False)]
    assert rows.rows == [(None, ["x"])]


def test_an_existing_page_stays(store: Path, page: Path) -> None:
    before = page.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        study_page(store, page)
    assert page.read_bytes() == before


def test_files_of_a_page_that_is_replaced_go_if_the_new_one_has_them_no_more(tmp_path: Path) -> None:
    """A trait that was taken out of the study is not found beside its page; what others put there stays."""
    for store, keys in (("before", ("old", "kept")), ("after", ("kept",))):
        study = Study.open(tmp_path / f"{store}.h5", create=True)
        for key in keys:
            table = pl.DataFrame({"phenotype_id": ["G"], "mlog10p": [1.0], "pval_adj_bh": [0.5]})
            study.write_table(f"qtl/{key}", table, kind="qtl-trans", provenance=Provenance.collect())
    page = study_page(tmp_path / "before.h5", tmp_path / "a b.html")
    files, title = tmp_path / "a b_files", "pairs_across_the_genome"
    assert {f"{title}_old.tsv", f"{title}_kept.tsv"} <= {one.name for one in files.iterdir()}
    (files / "mine.tsv").touch()
    study_page(tmp_path / "after.h5", page, overwrite=True)
    left = {one.name for one in files.iterdir()}
    assert f"{title}_old.tsv" not in left and {f"{title}_kept.tsv", "mine.tsv"} <= left


def test_the_same_store_gives_the_same_page(store: Path, page: Path, tmp_path: Path) -> None:
    again = study_page(store, tmp_path / "report.html", title="Our study")
    assert again.read_bytes() == page.read_bytes()


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        study_page(tmp_path / "none.h5", tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def _in_browser(page: Path, search: str) -> tuple[str, str]:
    """The page's document after the search, and what the browser's console said."""
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
         f"--user-data-dir={page.parent / 'browser'}", f"file://{page}#q={search}"],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_the_search_filters_rows_by_region_and_gene(page: Path) -> None:
    document, console = _in_browser(page, "22:30010000-30020000")
    assert console == ""
    assert sorted(re.findall(r'<tr data-c="22" data-p="(\d+)">', document)) == ["30010000", "30020000"]
    assert ">2 rows in 1 table</p>" in document
    assert set(re.findall(r'<section id="(\w+)">', document)) == {"qtls_and_fine_mapping"}
    document, console = _in_browser(page, "gene3")
    assert console == ""
    assert ">1 row in 1 table</p>" in document


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_a_search_without_answer_says_so(page: Path) -> None:
    document, console = _in_browser(page, "%3Cb%3Enothing")
    assert console == ""
    assert "nothing found for &lt;b&gt;nothing</p>" in document


def test_traits_that_differ_in_signs_alone_keep_their_pictures(tmp_path: Path) -> None:
    study = Study.open(tmp_path / "study.h5", create=True)
    traits = ("a.b", "a-b", r"$\nothing$ of $a_{", "A_B")
    for at, trait in enumerate(traits):
        z = np.full(50, 1.0 + at)
        table = pl.DataFrame(
            {
                "SNPID": [f"rs{i}" for i in range(50)],
                "CHR": np.ones(50, np.int8),
                "POS": np.arange(1, 51, dtype=np.int32) * 1000,
                "EA": ["A"] * 50,
                "NEA": ["C"] * 50,
                "BETA": z / 100,
                "SE": [0.01] * 50,
                "Z": z,
                "MLOG10P": mlog10p_from_z(z),
            }
        )
        study.write_table(
            f"mtag/t{at}", table, kind="mtag-results", attrs={"trait": trait}, provenance=Provenance.collect()
        )
    matrix = np.eye(4) + 1.0
    arrays = {"omega": matrix, "sigma": matrix, "genetic_correlation": matrix / 2, "traits": list(traits)}
    study.write_arrays("mtag/covariances", arrays, kind="mtag-covariances", provenance=Provenance.collect())
    page = study_page(tmp_path / "study.h5", tmp_path / "report.html", remarks=["old & <odd>"])
    text = page.read_text()
    pictures = re.findall(r'alt="Manhattan plot, MTAG of ([^"]*)" src="([^"]*)"', text)
    assert len(pictures) == len(traits) and len({image for _, image in pictures}) == len(traits)
    assert "<li>old &amp; &lt;odd&gt;</li>" in text
    names = sorted(one.name for one in (tmp_path / "report_files").glob("manhattan*.tsv"))
    assert len(names) == len(traits)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_the_search_leaves_figures_of_what_is_sought_alone(page: Path) -> None:
    document, console = _in_browser(page, "sigma")
    assert console == ""
    shown = re.findall(r'<figure(?! hidden)[^>]*>.*?<img alt="([^"]*)"', document, flags=re.DOTALL)
    hidden = re.findall(r"<figure[^>]* hidden", document)
    assert "Sigma" in shown and len(hidden) >= 5


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_the_search_does_not_read_across_cells(page: Path) -> None:
    """An id and the number in the next cell are not the id of another gene or variant."""
    document, _ = _in_browser(page, "GENE0chr22")
    assert "nothing found for GENE0chr22</p>" in document


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_an_address_that_is_no_code_is_searched_as_it_is(page: Path) -> None:
    document, console = _in_browser(page, "50%")
    assert console == ""
    assert "nothing found for 50%</p>" in document


def test_results_of_several_versions_are_said_to_be_so(tmp_path: Path) -> None:
    """The version that writes the page made none of them."""
    study = Study.open(tmp_path / "study.h5", create=True)
    for key, version in (("qtl/a", "0.0.8"), ("qtl/b", "0.0.9"), ("qtl/c", "0.0.8")):
        made = dataclasses.replace(Provenance.collect(), versions={"postgwas": version, "numpy": "2.0"})
        table = pl.DataFrame({"phenotype_id": ["G"], "mlog10p": [1.0], "pval_adj_bh": [0.5]})
        study.write_table(key, table, kind="qtl-trans", provenance=made)
    text = study_page(study.path, tmp_path / "page.html").read_text()
    assert "Analyses were done with postgwas 0.0.8, 0.0.9." in text
    assert ">0.0.8, 0.0.9</td>" in text and ">2.0</td>" in text


def test_warnings_of_harmonising_are_on_the_page(tmp_path: Path) -> None:
    study = Study.open(tmp_path / "study.h5", create=True)
    table = pl.DataFrame(
        {"CHR": pl.Series([1], dtype=pl.Int8), "POS": pl.Series([5], dtype=pl.Int32), "MLOG10P": [1.0]}
    )
    for trait in ("LDL", "TG"):
        study.write_table(
            f"sumstats/{trait}", table, kind="harmonised-sumstats", provenance=Provenance.collect(),
            attrs={"trait": trait, "warnings": ["frequencies <disagree>"]},
        )  # fmt: skip
    assert [text for one in study_sections(study, study.ls()) for text in one.warnings] == [
        "LDL, TG: frequencies <disagree>"
    ]


@pytest.mark.parametrize("given", [None, "sigma.txt"])
def test_where_sigma_comes_from_is_said(tmp_path: Path, given: str | None) -> None:
    study = Study.open(tmp_path / "study.h5", create=True)
    arrays = {name: np.eye(2) for name in ("omega", "sigma", "genetic_correlation")} | {"traits": ["a", "b"]}
    made = Provenance.collect(parameters={"residcov_path": given})
    study.write_arrays("mtag/covariances", arrays, kind="mtag-covariances", provenance=made)
    sections = study_sections(study, study.ls())
    text, citations = methods_paragraph(name for one in sections for name in one.methods)
    (caption,) = (fig.caption for one in sections for fig in one.figures if fig.title == "Sigma")
    assert ("LD score regression" in text, "LD score intercepts" in caption) == (given is None,) * 2
    assert any("10.1038/ng.3211" in one for one in citations) == (given is None)


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("standard deviations of the trait per standard deviation of the genotype",
         "effects are of a standard deviation of the genotype"),
        ("units of the trait per allele", "effects are of a copy of EA"),
    ],
)  # fmt: skip
def test_what_effects_of_loci_are_of_is_said(tmp_path, unit, said):
    study = Study.open(tmp_path / "study.h5", create=True)
    table = pl.DataFrame(
        {
            "SNPID": ["rs1", "rs2"], "CHR": pl.Series([1, 1], dtype=pl.Int8),
            "POS": pl.Series([5, 9], dtype=pl.Int32),
            "EA": ["A", "A"], "NEA": ["C", "C"], "BETA": [0.5, 0.05], "SE": [0.05, 0.05],
            "Z": [10.0, 1.0], "MLOG10P": [22.8, 0.5],
        }
    )  # fmt: skip
    study.write_table(
        "mtag/T",
        table,
        kind="mtag-results",
        attrs={"trait": "T", "unit": unit},
        provenance=Provenance.collect(),
    )
    page = study_page(study.path, tmp_path / "page.html")
    assert said in page.read_text()
