"""The parts of trans mapping: rates over hits, masks, screens that lose no pair, devices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qtl.trans_study import TransStudy, make_study

from postgwas.errors import EngineError
from postgwas.qtl import QtlInputOptions, TransSettings, trans
from postgwas.qtl.device import ArrayDevice, TorchDevice, device_named
from postgwas.qtl.masked_places import masked_places
from postgwas.qtl.projection import projection
from postgwas.qtl.trans_fdr import bh_of_hits, gene_level
from postgwas.qtl.trans_interaction import (
    InteractionScreen,
    interaction_model,
)
from postgwas.qtl.trans_scan import least_r
from postgwas.qtl.trans_screen import Screen

ALL = TransSettings(pval_threshold=1.0, cis_window=0)
ANY = QtlInputOptions(maf_min=0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("trans"))


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
