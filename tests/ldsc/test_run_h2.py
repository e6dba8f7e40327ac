"""``postgwas.ldsc.h2`` as a library function: what it returns, and that ways in agree."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ldsc.ldsc_study import LdscStudy, simulate, write_annotations, write_panel

import postgwas.ldsc
from postgwas.errors import UsageError
from postgwas.ldsc.h2_result import H2Result
from postgwas.ldsc.munged import read_munged
from postgwas.ldsc.regression import h2 as regress
from postgwas.store.provenance import Provenance
from postgwas.store.study import Study


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def study(tmp_path: Path) -> LdscStudy:
    return simulate(tmp_path / "study")


def frame(study: LdscStudy) -> pl.DataFrame:
    return pl.DataFrame({"SNP": list(study.ids), "Z": study.z, "N": study.n})


def panel(study: LdscStudy) -> str:
    return f"{study.folder}/ld/"


def test_it_is_the_regression_on_arrays(study: LdscStudy) -> None:
    result = postgwas.ldsc.h2(study.trait, ref_ld=panel(study))
    fit = regress(study.z**2, study.l2, study.l2, study.n, 60_000)
    assert (result.h2, result.h2_se, result.intercept) == (fit.tot, fit.tot_se, fit.intercept)
    assert (result.trait, result.scale, result.counts.regression) == ("trait", "observed", 3000)


def test_file_table_and_store_agree(study: LdscStudy, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    written = Study.open(store, create=True)
    written.write_table("sumstats/t", frame(study), kind="x", provenance=Provenance.collect("test"))
    ways = [study.trait, frame(study), frame(study).to_pandas(), f"{store}::sumstats/t"]
    results = [postgwas.ldsc.h2(way, ref_ld=panel(study)) for way in ways]
    assert [result.trait for result in results] == ["trait", "trait", "trait", "t"]
    assert len({(result.h2, result.h2_se, result.intercept_se) for result in results}) == 1
    ids = frame(study)["SNP"].to_list()
    assert [read_munged(way, alleles=False).snpid.to_list() for way in ways] == [ids] * 4


def test_a_munging_goes_straight_into_the_regression(study: LdscStudy, tmp_path: Path) -> None:
    raw = frame(study).with_columns(
        A1=pl.lit("A"),
        A2=pl.lit("G"),
        P=pl.Series([math.erfc(abs(z) / math.sqrt(2)) for z in frame(study)["Z"]]),
    )
    raw.write_csv(tmp_path / "height.tsv", separator="\t")
    munged = postgwas.munge(tmp_path / "height.tsv")
    result = postgwas.ldsc.h2(munged, ref_ld=panel(study), out=tmp_path / "h2", store=tmp_path / "study.h5")
    again = postgwas.ldsc.h2(munged.frame, ref_ld=panel(study))
    assert (result.h2, result.h2_se) == (again.h2, again.h2_se)
    assert repr(result).splitlines()[1].startswith("Total Observed scale h2: ")


def test_order_of_rows_changes_no_bit(study: LdscStudy) -> None:
    shuffled = frame(study).sample(fraction=1, shuffle=True, seed=1)
    one, two = (postgwas.ldsc.h2(way, ref_ld=panel(study)) for way in (frame(study), shuffled))
    assert one.frame().equals(two.frame(), null_equal=True)
    assert np.array_equal(one.fit.tot_delete_values, two.fit.tot_delete_values)


def test_liability_scale(study: LdscStudy) -> None:
    """Lee et al. 2011, eq. 23, written out."""
    p, k = 0.4, 0.02
    result = postgwas.ldsc.h2(study.trait, ref_ld=panel(study), samp_prev=p, pop_prev=k)
    from scipy import stats

    density = stats.norm.pdf(stats.norm.isf(k))
    factor = k**2 * (1 - k) ** 2 / (p * (1 - p) * density**2)
    assert result.scale == "liability"
    assert result.h2 == pytest.approx(result.fit.tot * factor, rel=1e-12)
    assert result.h2_se == pytest.approx(result.fit.tot_se * factor, rel=1e-12)
    assert "Total Liability scale h2: " in result.summary()


@pytest.mark.parametrize("intercept", [None, 1.0])
def test_pseudovalues_have_the_estimates_standard_errors(study: LdscStudy, intercept: float | None) -> None:
    result = postgwas.ldsc.h2(
        study.trait, ref_ld=panel(study), intercept_h2=intercept, samp_prev=0.5, pop_prev=0.01
    )
    values = result.pseudovalues()

    def se(pseudo: np.ndarray) -> float:
        return float(pseudo.std(axis=0, ddof=1) / math.sqrt(result.fit.n_blocks))

    assert se(values["h2"]) == pytest.approx(result.h2_se, rel=1e-9)
    assert se(values["coefficients"][:, 0]) == pytest.approx(result.fit.coef_se[0], rel=1e-9)
    assert ("intercept" in values) == (intercept is None)
    if intercept is None:
        assert se(values["intercept"]) == pytest.approx(result.intercept_se, rel=1e-9)


@pytest.fixture
def partitioned(study: LdscStudy, tmp_path: Path) -> H2Result:
    return postgwas.ldsc.h2(
        study.trait, ref_ld=f"{study.folder}/part.", w_ld=panel(study), overlap_annot=True,
        frqfile=f"{study.folder}/frq.", print_coefficients=True, print_delete_vals=True,
        print_pseudovalues=True, out=tmp_path / "run", store=tmp_path / "study.h5",
    )  # fmt: skip


def test_partitioned(partitioned: H2Result, study: LdscStudy, tmp_path: Path) -> None:
    table = partitioned.categories()
    assert table["CATEGORY"].to_list() == ["baseL2_0", "catL2_0"]
    common = study.annotations[study.frequency > 0.05]
    assert table["PROP_SNPS"][1] == pytest.approx(common[:, 1].mean(), rel=2e-3)  # M is in whole halves
    assert table["ANNOTATION_SD"].to_list() == pytest.approx([0.0, common[:, 1].std()])
    assert math.isnan(table["TAU_STAR"][0]) and math.isfinite(table["TAU_STAR_SE"][1])
    fit = partitioned.fit
    assert table["TAU_Z"][1] == fit.coef[1] / fit.coef_se[1]
    assert sum(table["H2"]) == pytest.approx(fit.tot, rel=1e-12)
    back = pl.read_csv(tmp_path / "run.categories.tsv", separator="\t", null_values="NA")
    assert back["ENRICHMENT"].to_list() == table["ENRICHMENT"].to_list()


def test_overlap_of_one_annotation(study: LdscStudy, tmp_path: Path) -> None:
    """As ldsc.py, which writes .results for one annotation too."""
    write_annotations(study, names=("cat",), columns=(1,))
    write_panel(study.folder / "part.", study.ids, {"L2": study.parts[:, 1]}, [400])
    result = postgwas.ldsc.h2(
        study.trait, ref_ld=f"{study.folder}/part.", w_ld=panel(study), overlap_annot=True,
        frqfile=f"{study.folder}/frq.", out=tmp_path / "run",
    )  # fmt: skip
    common = study.annotations[(study.frequency > 0.05) & (study.frequency < 0.95)][:, 1]
    table = pl.read_csv(tmp_path / "run.results", separator="\t")
    assert table["Category"].to_list() == ["L2_0"]
    assert table["Prop._SNPs"][0] == pytest.approx(800 / common.size)
    assert table["Prop._h2"][0] == pytest.approx(common.sum() / 800)
    assert result.overlap is not None


def test_no_intercept_goes_before_a_given_one_as_upstream(study: LdscStudy) -> None:
    settings = {"ref_ld": f"{study.folder}/ld/", "w_ld": f"{study.folder}/ld/"}
    both = postgwas.ldsc.h2(study.trait, no_intercept=True, intercept_h2=0.9, compat=True, **settings)
    assert both.h2 == postgwas.ldsc.h2(study.trait, no_intercept=True, **settings).h2
    with pytest.raises(UsageError, match="exclude each other"):
        postgwas.ldsc.h2(study.trait, no_intercept=True, intercept_h2=0.9, **settings)


def test_files(partitioned: H2Result, tmp_path: Path) -> None:
    endings = {path.name.removeprefix("run") for path in tmp_path.glob("run.*")}
    assert endings == {
        ".log", ".h2.tsv", ".categories.tsv", ".results", ".delete", ".part_delete", ".pseudovalues.tsv",
    }  # fmt: skip
    table = pl.read_csv(tmp_path / "run.pseudovalues.tsv", separator="\t")
    assert table.columns == ["BLOCK", "H2", "INTERCEPT", "TAU_baseL2_0", "TAU_catL2_0"]
    assert table["H2"].to_list() == partitioned.pseudovalues()["h2"].tolist()


def test_store(partitioned: H2Result, tmp_path: Path, study: LdscStudy) -> None:
    kept = Study.open(tmp_path / "study.h5")
    assert [entry.key for entry in kept.ls()] == [
        "ldsc/h2/trait/categories", "ldsc/h2/trait/jackknife", "ldsc/h2/trait/summary",
    ]  # fmt: skip
    assert kept.read_polars("ldsc/h2/trait/summary")["H2"].to_list() == [partitioned.h2]
    arrays = kept.read_arrays("ldsc/h2/trait/jackknife")
    assert np.array_equal(arrays["part_delete_values"], partitioned.fit.part_delete_values)
    made = kept.provenance("ldsc/h2/trait/summary")
    assert made.rows_in == 3000 and made.rows_out == partitioned.counts.regression
    assert str(study.trait) in {item.name for item in made.inputs}
    endings = ("part.1.l2.M_5_50", "part.2.annot", "frq.1.frq", "ld/2.l2.ldscore.gz")
    assert all(any(item.name.endswith(ending) for item in made.inputs) for ending in endings)


def test_nothing_is_written_without_out(
    study: LdscStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    postgwas.ldsc.h2(study.trait, ref_ld=panel(study))
    assert list((tmp_path / "here").iterdir()) == []


def test_one_file_rather_than_one_a_chromosome(study: LdscStudy) -> None:
    """--ref_ld takes PREFIX.l2.ldscore, though PREFIX1.l2.ldscore.gz is there too."""
    one = study.folder / "ld" / "1"
    result = postgwas.ldsc.h2(
        study.trait, ref_ld=str(one), w_ld=str(one), ref_by_chromosome=False, w_by_chromosome=False
    )
    assert result.counts.regression == 1500
    assert result.m.tolist() == [30_000]


def test_cell_types_in_other_processes_need_a_file(study: LdscStudy, tmp_path: Path) -> None:
    (tmp_path / "cts.txt").write_text(f"liver {study.folder}/part.\n")
    with pytest.raises(postgwas.PostgwasError, match="a table cannot travel to other processes"):
        postgwas.ldsc.h2_cts(frame(study), ref_ld_cts=tmp_path / "cts.txt", ref_ld=panel(study), cores=2)


def test_all_columns_of_a_cell_type(study: LdscStudy, tmp_path: Path) -> None:
    """ldsc.py prints as many as there are prefixes, though a file may hold several columns."""
    noise = np.random.default_rng(2).uniform(0.5, 1.5, len(study.ids))
    scores = {"aL2": study.parts[:, 1], "bL2": np.round(study.l2 * noise, 3)}
    write_panel(study.folder / "cts.", study.ids, scores, [400, 500])
    (tmp_path / "cts.txt").write_text(f"liver {study.folder}/cts.\n")
    settings = {"ref_ld_cts": tmp_path / "cts.txt", "ref_ld": panel(study), "w_ld": panel(study)}
    every = postgwas.ldsc.h2_cts(frame(study), print_all_cts=True, **settings)
    assert sorted(every.table["Name"]) == ["liver", "liver_1"]
    upstream = postgwas.ldsc.h2_cts(frame(study), print_all_cts=True, compat=True, **settings)
    assert upstream.table["Name"].to_list() == ["liver"]
