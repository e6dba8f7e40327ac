"""Replication, sign and size sharing, heterogeneity, alignment of alleles, look-ups."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from scipy import stats

from postgwas import qtl
from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.qtl.effect_sharing import aligned
from postgwas.qtl.pair_lookup import look_up


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_pi1_is_the_share_that_replicates(share: float) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        null = rng.uniform(size=400) > share
        p = np.where(null, rng.uniform(size=400), 10.0 ** -rng.uniform(3, 20, 400))
        found.append(qtl.pi1(p).pi1)
    assert np.mean(found) == pytest.approx(share, abs=0.06)


def test_pi1_where_everything_replicates_is_not_0() -> None:
    """q-values fall back to pi0 = 1 there."""
    p = 10.0 ** -np.linspace(3, 30, 60)
    assert qtl.qvalue(p).pi0 == 1.0
    assert qtl.pi1(p).pi1 == 1.0


def test_pi1_of_few_p_is_not_told() -> None:
    found = qtl.pi1([0.01] * 19 + [np.nan] * 5)
    assert np.isnan(found.pi1) and found.n == 19
    with pytest.raises(UsageError, match="outside 0 to 1"):
        qtl.pi1([0.5] * 30 + [1.5])


@hypothesis.given(st.integers(0, 10_000))
def test_heterogeneity_is_that_of_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    b, se = rng.normal(size=(6, 4)), rng.uniform(0.1, 1, (6, 4))
    b[rng.uniform(size=b.shape) < 0.3] = np.nan
    found = qtl.heterogeneity(b, se)
    for row in range(6):
        there = np.isfinite(b[row])
        k = int(there.sum())
        assert found.n_groups[row] == k
        if k == 0:
            assert np.isnan(found.mean[row])
            continue
        w = 1 / se[row, there] ** 2
        mean = np.average(b[row, there], weights=w)
        assert found.mean[row] == pytest.approx(mean)
        assert found.se[row] == pytest.approx(w.sum() ** -0.5)
        assert found.mlog10p[row] == pytest.approx(-np.log10(2 * stats.norm.sf(abs(mean) * w.sum() ** 0.5)))
        if k == 1:
            assert np.isnan(found.q[row]) and np.isnan(found.i2[row])
            continue
        q = float((w * (b[row, there] - mean) ** 2).sum())
        assert found.q[row] == pytest.approx(q)
        assert found.pval_q[row] == pytest.approx(stats.chi2.sf(q, k - 1))
        assert found.i2[row] == pytest.approx(max(0.0, (q - k + 1) / q))


def test_heterogeneity_under_the_null() -> None:
    rng = np.random.default_rng(1)
    se = rng.uniform(0.1, 0.5, (4000, 3))
    found = qtl.heterogeneity(0.4 + se * rng.normal(size=se.shape), se)
    assert stats.kstest(found.pval_q, "uniform").pvalue > 0.01
    with pytest.raises(UsageError, match="not above 0"):
        qtl.heterogeneity([[1.0]], [[0.0]])
    with pytest.raises(UsageError, match="have shape"):
        qtl.heterogeneity([[1.0]], [1.0])


@hypothesis.given(st.integers(0, 10_000))
def test_counting_the_other_allele_in_one_group_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=20)
    alleles = [tuple(rng.permutation(["A", "C", "G", "T"])[:2]) for _ in range(20)]
    one, two = [a for a, _ in alleles], [b for _, b in alleles]
    turned = rng.uniform(size=20) < 0.5
    there = [b if t else a for a, b, t in zip(one, two, turned)]
    others = [a if t else b for a, b, t in zip(one, two, turned)]
    back, how = aligned(np.where(turned, -effects, effects), there, others, (one, two))
    np.testing.assert_array_equal(back, effects)
    np.testing.assert_array_equal(how == 1, turned)


def test_alleles_that_are_not_known_or_others() -> None:
    effects, how = aligned(np.ones(4), ["A", None, "A", "A"], ["C", "C", "T", "G"], (["A"] * 4, ["C"] * 4))
    np.testing.assert_array_equal(effects, [1, 1, np.nan, np.nan])
    assert how.tolist() == [0, 3, 2, 2]


def matrix(effects, discovered) -> qtl.EffectMatrix:
    b = np.asarray(effects, float)
    return qtl.EffectMatrix(b, np.ones_like(b), np.full_like(b, 0.5), np.asarray(discovered), ("a", "b"))


def test_sign_and_size() -> None:
    m = matrix(
        [[1, 2], [1, 2.01], [1, -1], [-1, -0.5], [1, np.nan], [5, 5]],
        [[True, False]] * 5 + [[False, True]],
    )
    found = qtl.sharing(m)
    assert found.n_signals.tolist() == [[5, 4], [1, 1]]
    assert found.same_sign[0].tolist() == [1.0, 0.75]
    assert found.same_size[0].tolist() == [1.0, 0.5]
    assert qtl.sharing(m, factor=3).same_size[0, 1] == 0.75
    with pytest.raises(UsageError, match=r"--factor 0\.5"):
        qtl.sharing(m, factor=0.5)
    with pytest.raises(UsageError, match="pvals have shape"):
        qtl.EffectMatrix(m.effects, m.effects, m.effects[:2], m.discovered, m.groups)


def test_a_posterior_takes_the_place_of_the_estimates() -> None:
    m = matrix([[1, -0.1], [1, 1], [0.1, 0.2]], [[True, True]] * 3)
    posterior = qtl.Posterior(
        mean=np.array([[0.9, 0.6], [1, 1], [0, 0]]), sd=np.ones((3, 2)),
        lfsr=np.array([[0.01, 0.2], [0.01, 0.01], [0.4, 0.4]]),
    )  # fmt: skip
    found = qtl.sharing(m, posterior=posterior)
    assert found.n_signals[0, 1] == 2 and found.same_sign[0, 1] == 1.0
    assert qtl.sharing(m).same_sign[0, 1] == pytest.approx(2 / 3)


class Groups:
    """Nominal pairs and leads of two groups; b counts the other allele, and lacks alleles of nothing."""

    def __init__(self, *, n: int = 60, seed: int = 2) -> None:
        rng = np.random.default_rng(seed)
        effect = rng.normal(0, 1, n)
        se = np.full(n, 0.1)
        genes, variants = [f"g{i}" for i in range(n)], [f"v{i}" for i in range(n)]
        tables = []
        for sign, alleles in ((1, ("A", "C")), (-1, ("C", "A"))):
            slope = sign * (effect + rng.normal(0, 0.1, n))
            tables.append(
                pl.DataFrame(
                    {
                        "phenotype_id": genes, "variant_id": variants,
                        "pval_nominal": 2 * stats.norm.sf(np.abs(slope / se)), "slope": slope, "slope_se": se,
                        "effect_allele": [alleles[0]] * n, "other_allele": [alleles[1]] * n,
                    }
                )
            )  # fmt: skip
        self.nominal = dict(zip("ab", tables))
        leads = pl.DataFrame({"gene_id": genes, "variant_id": variants, "qval": np.linspace(0, 0.1, n)})
        self.leads = {"a": leads, "b": leads[:30]}


def test_groups_are_compared_per_copy_of_one_allele() -> None:
    groups = Groups()
    result = qtl.group_sharing(groups.leads, groups.nominal, options=qtl.SharingOptions(fdr=0.05), quiet=True)
    pairs = {(row["discovery"], row["replication"]): row for row in result.pairs.iter_rows(named=True)}
    assert pairs["a", "b"]["n_signals"] == pairs["a", "b"]["n_tested"] == 30
    assert pairs["a", "b"]["same_sign"] > 0.9 and pairs["a", "b"]["pi1"] > 0.9
    assert result.effects["I2"].mean() < 0.4 and set(result.effects["effect_allele"]) == {"A"}
    assert result.effects["found_in"].to_list().count("a,b") == 30
    # The order of the groups turns nothing but the allele that is counted.
    back = qtl.group_sharing(
        dict(reversed(groups.leads.items())), dict(reversed(groups.nominal.items())), quiet=True
    )
    np.testing.assert_allclose(back.effects["slope_b"].to_numpy(), -result.effects["slope_b"].to_numpy())
    np.testing.assert_allclose(back.effects["Q"].to_numpy(), result.effects["Q"].to_numpy())


def test_other_alleles_are_left_out_and_unknown_ones_told(caplog: pytest.LogCaptureFixture) -> None:
    groups = Groups()
    b = groups.nominal["b"].with_columns(
        pl.when(pl.col("variant_id") == "v3")
        .then(pl.lit("T"))
        .otherwise("effect_allele")
        .alias("effect_allele")
    )
    caplog.set_level("INFO", logger="postgwas")
    result = qtl.group_sharing(groups.leads, groups.nominal | {"b": b}, quiet=True)
    row = result.effects.filter(pl.col("variant_id") == "v3").row(0, named=True)
    assert row["slope_b"] is None and row["slope_a"] is not None and row["Q"] is None
    assert "29 with swapped alleles (turned), 1 with other alleles (left out)" in caplog.text
    bare = {name: one.drop("effect_allele", "other_allele") for name, one in groups.nominal.items()}
    qtl.group_sharing(groups.leads, bare, quiet=True)
    assert "alleles of 30 signals are not known" in caplog.text


def test_a_joint_model_can_be_given() -> None:
    groups = Groups()

    def shrink(m: qtl.EffectMatrix) -> qtl.Posterior:
        mean = np.repeat(qtl.heterogeneity(m.effects, m.standard_errors).mean[:, None], 2, axis=1)
        return qtl.Posterior(mean, np.zeros_like(mean), np.zeros_like(mean))

    result = qtl.group_sharing(groups.leads, groups.nominal, posterior=shrink, quiet=True)
    assert result.pairs["same_sign"].to_list() == [1.0] * 4
    assert result.pairs["same_size"].to_list() == [1.0] * 4


def test_look_up_reads_each_kind_of_source(tmp_path: Path) -> None:
    from postgwas.store import Study
    from postgwas.store.provenance import Provenance

    table = Groups().nominal["a"]
    wanted = table.select("phenotype_id", "variant_id")[[3, 50]]
    table.write_csv(tmp_path / "n.tsv", separator="\t")
    table.write_parquet(tmp_path / "n.parquet")
    store = Study.open(tmp_path / "s.h5", create=True)
    for name, part in (("chr1", table[:20]), ("chr2", table[20:])):
        renamed = part.rename({"variant_id": "SNPID"})
        made = Provenance.collect(parameters={}, inputs=[], rows_in=60, rows_out=60)
        store.write_table(f"qtl/cis_nominal_{name}/a", renamed, kind="qtl-cis_nominal", provenance=made)
    sources = [table, tmp_path / "n.tsv", tmp_path / "n.parquet", f"{tmp_path}/s.h5::qtl/cis_nominal_*/a"]
    for source in sources:
        found = look_up(source, wanted).sort("phenotype_id")
        assert found.equals(look_up(table, wanted).sort("phenotype_id")), source
        assert found["variant_id"].to_list() == ["v3", "v50"]


def test_bad_tables_are_told(tmp_path: Path) -> None:
    groups = Groups()
    wanted = groups.nominal["a"].select("phenotype_id", "variant_id")
    with pytest.raises(ColumnError, match="no column slope_se"):
        look_up(groups.nominal["a"].drop("slope_se"), wanted)
    with pytest.raises(InputError, match="g0 and v0 is in it more than once"):
        look_up(pl.concat([groups.nominal["a"], groups.nominal["a"][:1]]), wanted)
    with pytest.raises(InputError, match="no such file"):
        look_up(tmp_path / "none.tsv", wanted)
    bad = tmp_path / "bad.tsv"
    groups.nominal["a"].cast({"slope": pl.String}).with_columns(slope=pl.lit("x")).write_csv(
        bad, separator="\t"
    )
    with pytest.raises(ColumnError, match="column slope: 'x' is not a number"):
        look_up(bad, wanted)
    for change, told in (
        ({"leads": {"a": groups.leads["a"]}}, "1 groups: expected at least two"),
        ({"nominal": {"a": groups.nominal["a"]}}, "group b has no --nominal"),
        ({"options": qtl.SharingOptions(fdr=0)}, "--fdr 0"),
        ({"options": qtl.SharingOptions(factor=0.5)}, "--factor 0.5"),
    ):
        given = {"leads": groups.leads, "nominal": groups.nominal} | change
        with pytest.raises(UsageError, match=told):
            qtl.group_sharing(**given, quiet=True)
    leads = {name: one.with_columns(qval=pl.lit(0.5)) for name, one in groups.leads.items()}
    with pytest.raises(InputError, match=r"a: none of 60 leads has qval <= 0\.05"):
        qtl.group_sharing(leads, groups.nominal, quiet=True)
    far = {name: one.with_columns(variant_id=pl.lit("zz")) for name, one in groups.leads.items()}
    with pytest.raises(InputError, match="none of the signals is among the nominal pairs"):
        qtl.group_sharing(far, groups.nominal, quiet=True)
