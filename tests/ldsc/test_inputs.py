"""Reading munged traits and LD scores, and their merge, against plain joins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ldsc.ldsc_study import LdscStudy, simulate, write_panel

from postgwas.errors import ColumnError, PanelError
from postgwas.ldsc.inputs import read_munged, read_reference_scores, read_weights, regression_table
from postgwas.ldsc.munged import trait_name


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def study(tmp_path: Path) -> LdscStudy:
    return simulate(tmp_path / "study")


def test_rows_without_an_allele_are_left_out_only_where_alleles_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.sumstats"
    path.write_text("SNP\tA1\tA2\tZ\tN\nrs1\ta\tG\t1\t10\nrs2\t\tG\t2\t10\nrs3\tC\tT\t\t10\n")
    with_alleles = read_munged(path, alleles=True)
    assert with_alleles.snpid.to_list() == ["rs1"]
    assert with_alleles.a1 is not None and with_alleles.a1.text(0) == "a"
    assert with_alleles.n_missing == 2
    without = read_munged(path, alleles=False)
    assert (without.snpid.to_list(), without.a1, without.n_missing) == (["rs1", "rs2"], None, 1)
    assert (without.z.tolist(), without.n.tolist(), without.n_rows) == ([1.0, 2.0], [10.0, 10.0], 3)


def test_columns_in_any_order_and_more_of_them(tmp_path: Path) -> None:
    path = tmp_path / "t.sumstats"
    path.write_text("N\tFRQ\tZ\tSNP\n10\t0.5\t1.5\trs1\n20\tNA\t-2\trs2\n")
    found = read_munged(path, alleles=False)
    assert (found.snpid.to_list(), found.z.tolist(), found.n.tolist()) == (
        ["rs1", "rs2"],
        [1.5, -2],
        [10, 20],
    )
    with pytest.raises(ColumnError, match="line 1 lacks A1, A2"):
        read_munged(path, alleles=True)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "t.sumstats"
    path.write_text("SNP\tZ\tN\nrs1\t1\t10\nrs2\t2\t10")
    assert read_munged(path, alleles=False).z.tolist() == [1.0, 2.0]


def test_the_mark_that_windows_programs_put_first(tmp_path: Path) -> None:
    path = tmp_path / "t.sumstats"
    path.write_text("SNP\tZ\tN\nrs1\t1\t10\nrs2\t2\t10\n", encoding="utf-8-sig")
    assert read_munged(path, alleles=False).snpid.to_list() == ["rs1", "rs2"]


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b/height.sumstats.gz", "height"), ("x.2022.txt", "x.2022"), ("s.h5::traits/bmi", "bmi")],
)
def test_names(source: str, name: str) -> None:
    assert trait_name(source) == name


def test_panels_side_by_side(study: LdscStudy) -> None:
    found = read_reference_scores(f"{study.folder}/ld/,{study.folder}/part.")
    assert found.annotations == ("L2_0", "baseL2_1", "catL2_1")
    sums = study.annotations[study.frequency > 0.05].sum(axis=0)
    assert found.m.tolist()[0] == 60_000 and found.m[1:] == pytest.approx(sums, abs=2)
    np.testing.assert_array_equal(found.l2, np.column_stack([study.l2, study.parts]))
    given = read_reference_scores([f"{study.folder}/ld/"], m=[7.0])
    assert given.m.tolist() == [7.0]


def test_counts_are_not_needed_where_m_is_given(study: LdscStudy) -> None:
    for path in (study.folder / "ld").glob("*.M_5_50"):
        path.unlink()
    assert read_reference_scores(f"{study.folder}/ld/", m=[5.0]).m.tolist() == [5.0]
    with pytest.raises(PanelError, match=r"1\.l2\.M_5_50"):
        read_reference_scores(f"{study.folder}/ld/")


def test_weights_are_the_models_own_where_they_can_be(study: LdscStudy) -> None:
    panel = read_reference_scores(f"{study.folder}/ld/")
    assert read_weights(f"{study.folder}/ld/", panel=panel) is panel
    partitioned = read_reference_scores(f"{study.folder}/part.")
    weights = read_weights(f"{study.folder}/ld/", panel=partitioned)
    assert weights is not partitioned and weights.l2[:, 0].tolist() == study.l2.tolist()


def test_merge_is_that_of_two_joins(study: LdscStudy) -> None:
    """Weights of other variants, in another order; a trait in another order with ids of its own."""
    rng = np.random.default_rng(1)
    keep = np.sort(rng.choice(3000, 2400, replace=False))
    order = np.concatenate(
        [
            rng.permutation(keep[:1200]),
            rng.permutation(keep[1200:]),
        ]
    )
    ids = [study.ids[i] for i in order] + [f"w{i}" for i in range(600)]
    (study.folder / "w").mkdir()
    values = np.concatenate([study.l2[order] * 0.7, np.ones(600)]).round(4)
    write_panel(study.folder / "w", ids, {"L2": values}, [1])
    trait = pl.DataFrame({"SNP": [*study.ids, "own"], "Z": [*study.z, 1.0], "N": [*study.n, 5.0]})
    trait = trait.sample(fraction=0.8, shuffle=True, seed=2)
    panel, weights = read_reference_scores(f"{study.folder}/ld/"), read_weights(f"{study.folder}/w/")
    munged = read_munged(trait, alleles=False)
    found = regression_table(panel, weights, munged)
    joined = (
        pl.DataFrame({"SNP": list(study.ids), "L2": study.l2})
        .join(trait, on="SNP", maintain_order="left")
        .join(pl.DataFrame({"SNP": ids, "W": values}), on="SNP", maintain_order="left")
    )
    assert found.n_weights == joined.height < found.n_reference
    assert munged.snpid.gather(found.rows).to_list() == joined["SNP"].to_list()
    for ours, theirs in ((found.z, "Z"), (found.n, "N"), (found.l2[:, 0], "L2"), (found.w_l2, "W")):
        assert ours.tolist() == joined[theirs].to_list()
