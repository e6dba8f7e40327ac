"""Trans mapping: against plain least squares, masks, false discovery rates, the same bits everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qtl.trans_study import GENES, TransStudy, imputed, make_study, ols

from postgwas.errors import EngineError
from postgwas.qtl import QtlInputOptions, TransSettings, trans
from postgwas.qtl.device import ArrayDevice, TorchDevice, device_named
from postgwas.qtl.masked_places import masked_places
from postgwas.qtl.projection import projection
from postgwas.qtl.trans_fdr import bh_of_hits, gene_level
from postgwas.qtl.trans_interaction import (
    InteractionScreen,
    exact_interactions,
    interaction_model,
    interactions_with_p,
)
from postgwas.qtl.trans_scan import least_r
from postgwas.qtl.trans_screen import Screen

ALL = TransSettings(pval_threshold=1.0, cis_window=0)
ANY = QtlInputOptions(maf_min=0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("trans"))


def test_every_pair_is_that_of_least_squares(study: TransStudy) -> None:
    found = trans(*study.files, options=ANY, settings=ALL)
    assert found.n_tests == found.table.height == 79 * 4  # one of 80 variants is constant
    assert found.rejected.variants == {"constant": 1} and found.rejected.listed == [("rs3", "constant")]
    dosage = imputed(study.calls)
    for row in found.table.iter_rows(named=True):
        x, y = dosage[int(row["variant_id"][2:])], study.y[int(row["phenotype_id"][1:])]
        b, se, p = ols(y, x, *study.z)
        np.testing.assert_allclose([row["b"], row["b_se"], row["pval"]], [b[0], se[0], p[0]], rtol=1e-9)
        assert row["af"] == pytest.approx(x.mean() / 2, rel=1e-12)


def test_dosages_are_tested_as_the_calls_they_equal(study: TransStudy, tmp_path: Path) -> None:
    from dataclasses import replace

    from postgwas.genotypes import open_genotypes
    from postgwas.genotypes.genotypes import SubsetSource

    class Dosages(SubsetSource):
        def read(self, variants: np.ndarray, samples: np.ndarray | None) -> np.ndarray:
            calls = super().read(variants, samples).astype(np.float32)
            return np.where(calls < 0, np.float32(np.nan), calls)

    called = open_genotypes(study.genotypes)
    source = Dosages(called.source, np.arange(80), None)
    one = trans(called, *study.files[1:], options=ANY, settings=TransSettings(0.05, 0))
    two = trans(
        replace(called, source=source), *study.files[1:], options=ANY, settings=TransSettings(0.05, 0)
    )
    assert one.table.height > 5 and one.table.equals(two.table)
    assert one.n_imputed == two.n_imputed > 0 and one.rejected.variants == two.rejected.variants


def test_p_are_uniform_where_nothing_is_there(tmp_path: Path) -> None:
    """Unlinked variants, phenotypes that follow the covariates alone."""
    from genotypes.plink1_files import write_plink1
    from scipy import stats

    from postgwas.expression.covariate_table import CovariateMatrix
    from postgwas.expression.matrix import ExpressionMatrix, gene_table

    rng = np.random.default_rng(12)
    n, genes = 120, 40
    calls = rng.binomial(2, rng.uniform(0.1, 0.9, 250)[:, None], (250, n)).astype(np.int8)
    write_plink1(tmp_path / "null", calls)
    names = tuple(f"I{i}" for i in range(n))
    z = rng.normal(size=(8, n)) + 0.5 * calls[:8]
    y = rng.normal(size=(genes, n)) + rng.normal(size=(genes, 8)) @ z
    places = {"CHROM": ["2"] * genes, "TSS": [1] * genes}
    matrix = ExpressionMatrix(y, gene_table([f"g{g}" for g in range(genes)], places), names, "normalised")
    known = CovariateMatrix(z, tuple(f"c{k}" for k in range(8)), names)
    p = trans(tmp_path / "null.bed", matrix, known, options=ANY, settings=ALL).table["pval"].to_numpy()
    assert len(p) == 250 * genes
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert abs((p <= 0.01).mean() - 0.01) < 4 * np.sqrt(0.01 * 0.99 / len(p))


def test_a_perfect_fit_is_set_aside_and_the_others_go_on(study: TransStudy, tmp_path: Path) -> None:
    lines = study.phenotypes.read_text().splitlines()
    copied = imputed(study.calls)[20] + 3.0 * study.z[0]
    lines.append("\t".join(["9", "99", "100", "copy", *map(repr, copied.tolist())]))
    bed = tmp_path / "with_copy.bed"
    bed.write_text("\n".join(lines) + "\n")
    found = trans(study.genotypes, bed, study.covariates, options=ANY, settings=TransSettings(0.01, 0))
    assert found.rejected.pairs == [("copy", "rs20", "perfect_fit")]
    assert ("copy" in found.table["phenotype_id"]) and found.table["pval"].is_not_nan().all()
    plain = trans(*study.files, options=ANY, settings=TransSettings(0.01, 0)).table
    others = found.table.filter(pl.col("phenotype_id") != "copy")
    assert others["variant_id"].equals(plain["variant_id"])


def test_a_limit_keeps_what_all_pairs_have_below_it(study: TransStudy) -> None:
    whole = trans(*study.files, options=ANY, settings=ALL).table
    for limit in (0.3, 0.01, 1e-4):
        some = trans(*study.files, options=ANY, settings=TransSettings(limit, 0)).table
        same = whole.filter(pl.col("pval") <= limit)
        assert same.height and some[:, :2].equals(same[:, :2])
        np.testing.assert_allclose(some["mlog10p"], same["mlog10p"], rtol=1e-11)
        np.testing.assert_allclose(some["b"], same["b"], rtol=1e-11)


def test_cis_windows_are_masked_with_both_ends(study: TransStudy) -> None:
    window = 40_000
    found = trans(*study.files, options=ANY, settings=TransSettings(1.0, window))
    kept = set(zip(found.table["variant_id"], found.table["phenotype_id"]))
    expected = {
        (f"rs{j}", gene)
        for gene, (chrom, tss) in GENES.items()
        for j in range(80)
        if j != 3 and not (study.chromosomes[j] == chrom and abs(study.positions[j] - tss) <= window)
    }
    assert kept == expected
    assert found.n_tests == len(expected) and found.n_tests + found.n_masked == 79 * 4
    assert found.genes["num_var"].sum() == found.n_tests
    near = found.table.filter(pl.col("phenotype_chrom") == pl.col("variant_chrom"))
    assert (near["tss_distance"] == near["variant_pos"] - near["phenotype_tss"]).all()
    assert found.table.filter(pl.col("phenotype_id") == "g3")["tss_distance"].null_count() == 79


def test_variants_near_a_cross_mapping_gene_are_masked(study: TransStudy, tmp_path: Path) -> None:
    crossmap, gtf = tmp_path / "crossmap.txt", tmp_path / "genes.gtf"
    crossmap.write_text("gene1 gene2 score\ng3 g1 7.5\ng2 silent 3\ng0 g3 0.5\ng3 nowhere 9\n")
    gtf.write_text('2\tx\tgene\t300001\t300500\t.\t+\t.\tgene_id "silent"; gene_name "silent";\n')
    settings = TransSettings(
        1.0, 0, crossmap=crossmap, crossmap_window=60_000, crossmap_min=1.0, gene_places=gtf
    )
    found = trans(*study.files, options=ANY, settings=settings)
    kept = set(zip(found.table["variant_id"], found.table["phenotype_id"]))
    # g3 and g1 mask each other's surroundings, 'silent' those of g2; g0 and g3 score too little.
    surroundings = [("g3", "1", 900_000), ("g2", "2", 300_001)]
    gone = {
        (f"rs{j}", gene)
        for gene, chrom, tss in surroundings
        for j in range(80)
        if study.chromosomes[j] == chrom and abs(study.positions[j] - tss) <= 60_000
    }
    assert gone and not kept & gone
    assert found.n_masked == len(gone) and found.table.height == 79 * 4 - len(gone)


def test_interaction_is_that_of_least_squares(study: TransStudy, tmp_path: Path) -> None:
    context = np.random.default_rng(2).normal(size=60)
    path = tmp_path / "context.txt"
    path.write_text("".join(f"I{i} {value!r}\n" for i, value in enumerate(context.tolist())))
    settings = TransSettings(0.5, 0, interaction=path)
    found = trans(*study.files, options=QtlInputOptions(maf_min=0.1), settings=settings)
    dosage = imputed(study.calls)
    tested = np.flatnonzero((dosage.mean(axis=1) >= 0.2) & (dosage.mean(axis=1) <= 1.8))
    tested = tested[tested != 3]
    expected = {}
    for j in tested:
        for g in range(4):
            fit = ols(study.y[g], dosage[j], context, dosage[j] * context, *study.z)
            if fit[2][2] <= 0.5:
                expected[f"rs{j}", f"g{g}"] = [column[k] for k in range(3) for column in fit]
    names = [f"{what}{term}{end}" for term in ("g", "i", "gi") for what, end in
             (("b_", ""), ("b_", "_se"), ("pval_", ""))]  # fmt: skip
    assert set(zip(found.table["variant_id"], found.table["phenotype_id"])) == set(expected)
    for row in found.table.iter_rows(named=True):
        np.testing.assert_allclose(
            [row[name] for name in names], expected[row["variant_id"], row["phenotype_id"]], rtol=1e-8
        )


def test_a_context_among_the_covariates_changes_no_interaction(study: TransStudy) -> None:
    y = study.y[:1]
    alone = interaction_model(study.z[0], study.z[1:])
    twice = interaction_model(study.z[0], study.z)
    assert alone.df == twice.df and twice.context_is_covariate and not alone.context_is_covariate
    rows = np.array([10]), np.array([0])
    one, two = (
        interactions_with_p(exact_interactions(study.calls, *rows, m.covariates.residuals(y), m), m.df)
        for m in (alone, twice)
    )
    np.testing.assert_allclose(one.slope[[0, 2]], two.slope[[0, 2]], rtol=1e-9)
    np.testing.assert_allclose(one.mlog10p[[0, 2]], two.mlog10p[[0, 2]], rtol=1e-9)
    assert np.isnan(two.slope[1]).all()


def test_the_same_bits_for_any_workers_and_order_of_phenotypes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.qtl.run_trans.TASK", 1024)
    study = make_study(tmp_path / "wide", n_variants=2500)
    settings = TransSettings(1e-3, 100_000)
    one = trans(*study.files, options=ANY, settings=settings)
    lines = study.phenotypes.read_text().splitlines()
    study.phenotypes.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    two = trans(*study.files, options=ANY, settings=settings, cores=2, scratch=tmp_path)
    assert one.table.height > 5
    assert one.table.equals(two.table) and one.genes.equals(two.genes) and one.n_tests == two.n_tests
    assert (tmp_path / "targets.pickle").exists()  # the tasks went to workers with the file's name


def test_the_other_allele_turns_the_sign_and_nothing_else(study: TransStudy, tmp_path: Path) -> None:
    from genotypes.plink1_files import write_plink1

    turned = np.where(study.calls < 0, study.calls, 2 - study.calls).astype(np.int8)
    write_plink1(tmp_path / "turned", turned, chromosomes=study.chromosomes, positions=study.positions,
                 alleles=[("C", "A")] * 80)  # fmt: skip
    one = trans(*study.files, options=ANY, settings=ALL).table
    two = trans(tmp_path / "turned.bed", *study.files[1:], options=ANY, settings=ALL).table
    np.testing.assert_allclose(one["b"], -two["b"], rtol=1e-10)
    np.testing.assert_allclose(one["mlog10p"], two["mlog10p"], rtol=1e-10)
    np.testing.assert_allclose(one["af"], 1 - two["af"], rtol=1e-12)
    assert one["effect_allele"].equals(two["other_allele"].rename("effect_allele"))


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=60), st.floats(1e-4, 1.0))
def test_adjusted_p_of_hits_are_those_of_all_tests(p: list[float], limit: float) -> None:
    values = np.array(p)
    order = np.argsort(values)
    plain = values[order] * len(p) / np.arange(1, len(p) + 1)
    everything = np.empty(len(p))
    everything[order] = np.minimum(np.minimum.accumulate(plain[::-1])[::-1], 1.0)
    kept = values <= limit
    hits = bh_of_hits(-np.log10(values[kept]), len(p))
    exact = hits <= limit
    np.testing.assert_allclose(hits[exact], everything[kept][exact], rtol=1e-9)
    assert (hits >= everything[kept] * (1 - 1e-9)).all()


def test_phenotypes_without_a_hit_count_in_the_rate_over_phenotypes() -> None:
    level = gene_level(np.array([8.0, 7.0, 6.0]), np.array([2, 2, 0]), np.array([100, 100, 1000, 0]))
    assert level.n_hits.tolist() == [1, 0, 2, 0] and level.best.tolist() == [2, -1, 0, -1]
    np.testing.assert_allclose(level.bonferroni, [1e-4, 1.0, 1e-5, 1.0])
    np.testing.assert_allclose(level.adjusted, [1.5e-4, 1.0, 3e-5, np.nan])


@settings(max_examples=60)
@given(st.data())
def test_masked_places_are_those_of_a_plain_loop(data: st.DataObject) -> None:
    small = st.integers(0, 3)
    stretches = data.draw(
        st.lists(st.tuples(small, small, st.integers(-5, 30), st.integers(-5, 30)), max_size=8)
    )
    variants = data.draw(st.lists(st.tuples(small, st.integers(0, 30)), min_size=1, max_size=12))
    columns = np.array(stretches, np.int64).reshape(-1, 4).T
    made = masked_places(*columns)
    contig, position = np.array(variants, np.int64).T
    for phenotype in range(4):
        plain = [
            any(g == phenotype and c == chrom and start <= pos <= end for g, c, start, end in stretches)
            for chrom, pos in variants
        ]
        rows = np.full(len(variants), phenotype)
        assert made.covers(rows, contig, position).tolist() == plain
        assert made.counts(4, contig, position)[phenotype] == sum(plain)


def test_the_screen_loses_no_pair_however_poor_its_norms() -> None:
    """Variants that the covariates explain but for a share, at limits next to their own |r|."""
    rng = np.random.default_rng(8)
    n = 300
    hidden = rng.normal(size=n)
    basis = projection(np.vstack([hidden, rng.normal(size=(4, n))]), n)
    share = np.geomspace(1e-4, 1, 40)
    mixed = np.sqrt(1 - share)[:, None] * hidden + np.sqrt(share)[:, None] * rng.normal(size=(40, n))
    dosage = (1 + 0.2 * np.clip(mixed, -4, 4)).astype(np.float32)
    y = basis.residuals(rng.normal(size=(200, n)))
    y /= np.linalg.norm(y, axis=1)[:, None]
    x = basis.residuals(dosage.astype(np.float64))
    r = np.abs((x / np.linalg.norm(x, axis=1)[:, None]) @ y.T)
    for limit in np.quantile(r, [0.5, 0.9, 0.999]):
        found = Screen(y, basis, float(limit), device_named("cpu")).candidates(dosage)
        got = np.zeros(r.shape, bool)
        got[found.rows, found.columns] = True
        assert got[r >= limit].all()
        assert not (got & (r < limit - 0.005))[share > 0.05].any()


def test_the_interaction_screen_loses_no_pair() -> None:
    """Variants near the context, contexts far from zero, variants that covariates explain but for a share."""
    rng = np.random.default_rng(4)
    n = 250
    hidden, context = rng.normal(size=n), 50 + 10 * rng.normal(size=n)
    share = np.geomspace(1e-3, 1, 40)
    near = np.where(np.arange(40) % 2, 1.0, 0.0)[:, None]
    pulled = near * hidden + (1 - near) * (context - 50) / 10
    mixed = np.sqrt(1 - share)[:, None] * pulled + np.sqrt(share)[:, None] * rng.normal(size=(40, n))
    dosage = (1 + 0.2 * np.clip(mixed, -4, 4)).astype(np.float32)
    model = interaction_model(context, np.vstack([hidden, rng.normal(size=(4, n))]))
    y = model.with_context.residuals(rng.normal(size=(100, n)))
    y /= np.linalg.norm(y, axis=1)[:, None]
    r = np.empty((40, 100))
    for j, x in enumerate(dosage.astype(np.float64)):
        g = model.with_context.residuals(x[None])[0]
        w = model.with_context.residuals((x * context)[None])[0]
        w -= (g @ w) / (g @ g) * g
        r[j] = np.abs(y @ w / np.linalg.norm(w)) / np.sqrt(1 - (y @ g / np.linalg.norm(g)) ** 2)
    for limit in np.quantile(r, [0.5, 0.9, 0.999]):
        screen = InteractionScreen(y, model, float(limit), device_named("cpu"))
        found = screen.candidates(dosage)
        got = np.zeros(r.shape, bool)
        got[found.rows, found.columns] = True
        assert (found.reason == 0).all() and got[r >= limit].all()
        assert not (got & (r < limit - 0.02)).any()


def test_least_r_is_where_p_is_the_limit() -> None:
    from scipy import stats

    for p, df in ((1e-5, 279), (0.05, 10), (1e-30, 700)):
        r = least_r(-np.log10(p), df)
        assert 2 * stats.t.sf(r * np.sqrt(df / (1 - r * r)), df) == pytest.approx(p, rel=1e-4)
        assert 2 * stats.t.sf(r * np.sqrt(df / (1 - r * r)), df) >= p
    assert least_r(0.0, 10) == 0.0


class _Cupy:
    """NumPy with what cupy has more: a stand-in for a GPU."""

    class cuda:
        class runtime:
            @staticmethod
            def getDeviceCount() -> int:
                return 1

    def __getattr__(self, name: str) -> object:
        return getattr(np, name)

    @staticmethod
    def asnumpy(array: np.ndarray) -> np.ndarray:
        return np.array(array)


class _Tensor:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __matmul__(self, other: _Tensor) -> _Tensor:
        return _Tensor(self.values @ other.values)

    def __pow__(self, power: int) -> _Tensor:
        return _Tensor(self.values**power)

    def __add__(self, other: _Tensor) -> _Tensor:
        return _Tensor(self.values + other.values)

    def __ge__(self, other: _Tensor) -> _Tensor:
        return _Tensor(self.values >= other.values)

    def __getitem__(self, key: object) -> _Tensor:
        return _Tensor(self.values[key])

    @property
    def T(self) -> _Tensor:
        return _Tensor(self.values.T)

    def abs(self) -> _Tensor:
        return _Tensor(np.abs(self.values))

    def to(self, where: str) -> _Tensor:
        assert where == "cuda"
        return self

    def cpu(self) -> _Tensor:
        return self

    def numpy(self) -> np.ndarray:
        return self.values


class _Torch:
    class cuda:
        @staticmethod
        def is_available() -> bool:
            return True

    @staticmethod
    def from_numpy(array: np.ndarray) -> _Tensor:
        return _Tensor(array)

    @staticmethod
    def nonzero(tensor: _Tensor) -> _Tensor:
        return _Tensor(np.argwhere(tensor.values))


@pytest.mark.parametrize(
    ("name", "library", "kind"), [("torch", _Torch(), TorchDevice), ("cupy", _Cupy(), ArrayDevice)]
)
def test_a_gpu_finds_the_same_pairs(
    study: TransStudy,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    library: object,
    kind: type,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, name, library)  # type: ignore[arg-type]
    assert type(device_named("cuda")) is kind
    one = trans(*study.files, options=ANY, settings=TransSettings(0.01, 0))
    two = trans(*study.files, options=ANY, settings=TransSettings(0.01, 0, device="cuda"))
    assert one.table.height and one.table.equals(two.table)
    context = tmp_path / "context.txt"
    context.write_text("".join(f"I{i} {i % 7}\n" for i in range(60)))
    three, four = (
        trans(*study.files, options=ANY, settings=TransSettings(0.05, 0, interaction=context, device=where))
        for where in ("cpu", "cuda")
    )
    assert three.table.height and three.table.equals(four.table)


def test_without_a_library_the_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(EngineError, match="needs torch or cupy, and neither is installed"):
        device_named("cuda")

    class NoGpu(_Torch):
        class cuda:
            @staticmethod
            def is_available() -> bool:
                return False

    monkeypatch.setitem(sys.modules, "torch", NoGpu())  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="torch is installed but finds no GPU"):
        device_named("cuda")
