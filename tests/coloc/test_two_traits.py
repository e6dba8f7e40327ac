"""Two traits: against sums written out, many regions, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from postgwas import coloc, finemap
from postgwas.errors import MatrixError, NoVariantsError, PostgwasError, PostgwasWarning

GOOD: dict[str, Any] = {
    "snp": ["a", "b", "c"], "beta": [0.1, 0.2, -0.1], "se": [0.05, 0.05, 0.06], "maf": [0.1, 0.3, 0.7],
    "n": 1000, "p": [0.05, 1e-4, 0.1], "type": "quant", "sd_y": 1.0,
}  # fmt: skip


def written_out(one: np.ndarray, two: np.ndarray, p1: float, p2: float, p12: float) -> np.ndarray:
    """The five hypotheses by enumeration of causal variants."""
    a, b = np.exp(one), np.exp(two)
    pairs = sum(a[i] * b[j] for i in range(a.size) for j in range(b.size) if i != j)
    odds = np.array([1.0, p1 * a.sum(), p2 * b.sum(), p1 * p2 * pairs, p12 * (a * b).sum()])
    return odds / odds.sum()


def test_regions_by_enumeration() -> None:
    rng = np.random.default_rng(5)
    one, two = rng.normal(2, 4, 60), rng.normal(2, 4, 60)
    starts = np.array([0, 1, 3, 20])
    found = coloc.abf_regions(one, two, starts, p1=1e-3, p2=2e-3, p12=1e-4)
    for region, rows in enumerate(np.split(np.arange(60), starts[1:])):
        expected = written_out(one[rows], two[rows], 1e-3, 2e-3, 1e-4)
        np.testing.assert_allclose(found.pp[region], expected, rtol=1e-9, atol=1e-15)
    assert found.pp[0, 3] == 0  # one variant cannot be two
    assert found.n_shared.tolist() == [1, 2, 17, 40]


def test_huge_bayes_factors() -> None:
    """Sums of exp(2000) do not fit a double; different leads are H3, the same lead H4."""
    found = coloc.abf_regions([2000.0, 0, 2000, 0], [1500.0, 0, 0, 1500], [0, 2])
    assert found.pp[0, 4] == pytest.approx(1) and found.pp[1, 3] == pytest.approx(1)
    assert np.isfinite(found.pp).all()


def test_order_of_variants_and_signs_do_not_matter() -> None:
    second = GOOD | {"beta": [0.3, 0.1, 0.0]}
    turned = {key: value[::-1] if isinstance(value, list) else value for key, value in second.items()}
    turned["beta"] = [-value for value in turned["beta"]]
    one = coloc.abf(coloc.Dataset(**GOOD), coloc.Dataset(**second))
    other = coloc.abf(coloc.Dataset(**GOOD), coloc.Dataset(**turned))
    np.testing.assert_array_equal(one.pp, other.pp)
    assert one.snp == other.snp == ("a", "b", "c")
    np.testing.assert_array_equal(one.snp_pp_h4, other.snp_pp_h4)


def test_prior_of_the_region_is_reported() -> None:
    found = coloc.abf(coloc.Dataset(**GOOD), coloc.Dataset(**GOOD), p1=0.1, p2=0.2, p12=0.05)
    odds = np.array([1, 0.3, 0.6, 6 * 0.02, 0.15])
    np.testing.assert_allclose(found.prior, odds / odds.sum())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": None}, "type is missing"),
        ({"type": "binary"}, "expected quant or cc"),
        ({"snp": ["a", "b", "a"]}, "variant 'a' occurs twice"),
        ({"snp": []}, "no variants"),
        ({"se": [0.1, 0.0, 0.1]}, r"se: 0 at variant 1 \('b'\)"),
        ({"se": [0.1, -0.1, 0.1]}, r"se: -0.1 at variant 1 \('b'\)"),
        ({"se": [0.1, np.nan, 0.1]}, r"se: nan at variant 1 \('b'\)"),
        ({"se": None}, "beta without se"),
        ({"beta": None}, "se without beta"),
        ({"beta": [0.1, np.inf, 0.1]}, "beta: inf"),
        ({"beta": [0.1, np.nan, 0.1]}, "beta: nan"),
        ({"beta": [0.1, 0.1]}, "beta: 2 values, expected 3"),
        ({"maf": [0.1, 0.0, 0.1]}, "maf: 0 at variant 'b'"),
        ({"maf": [0.1, 1.0, 0.1]}, "maf: 1 at variant 'b'"),
        ({"p": [0.1, 0.0, 0.1]}, "p: 0 at variant 'b'"),
        ({"p": [0.1, 1.1, 0.1]}, "p: 1.1 at variant 'b'"),
        ({"p": [0.1, np.nan, 0.1]}, "p: nan"),
        ({"n": 0}, "n: 0"),
        ({"sd_y": 0.0}, "sd_y = 0"),
        ({"sd_y": None, "n": None}, "needs sd_y, or maf and n"),
        ({"sd_y": None, "maf": None}, "needs sd_y, or maf and n"),
        ({"beta": None, "se": None, "n": None}, "n missing"),
        ({"beta": None, "se": None, "maf": None}, "maf missing"),
        ({"beta": None, "se": None, "p": None}, "p missing"),
        ({"beta": None, "se": None, "type": "cc"}, "need the share of cases"),
        ({"type": "cc", "case_fraction": 1.0}, "case_fraction = 1"),
        ({"type": "cc", "case_fraction": 33}, "case_fraction = 33"),
    ],
)
def test_bad_datasets(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PostgwasError, match=message) as caught:
        coloc.Dataset(**GOOD | changes)
    assert "\n" not in str(caught.value)


def test_bad_ld() -> None:
    slanted = np.eye(3)
    slanted[0, 1] = 0.5
    holed = np.eye(3)
    holed[1, 2] = holed[2, 1] = np.nan
    for matrix, message in (
        (np.ones((3, 2)), "not square"), (np.eye(2), "2 variants"),
        (slanted, "symmetric"), (holed, "nan|missing")
    ):  # fmt: skip
        with pytest.raises(MatrixError, match=message):
            coloc.Dataset(**GOOD, ld=matrix)
    with pytest.raises(PostgwasError, match="LD"):
        coloc.Dataset(**GOOD, ld=np.eye(3), ld_snp=["a", "b", "x"])


def test_no_shared_variants() -> None:
    with pytest.raises(NoVariantsError, match="share no variant: 3 of trait 1, such as 'a'"):
        coloc.abf(coloc.Dataset(**GOOD), coloc.Dataset(**GOOD | {"snp": ["x", "y", "z"]}))


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"p1": 0.0}, "p1 = 0"),
        ({"p12": 1.0}, "p12 = 1"),
        ({"prior_weights1": [1, 1]}, "prior_weights1: 2 values, expected 3"),
        ({"prior_weights1": [1, -1, 1]}, "prior_weights1: -1 at variant 1"),
        ({"prior_weights2": [0, 0, 0]}, "prior_weights2: all are 0"),
        ({"prior_weights2": [1, np.nan, 1]}, "prior_weights2: nan"),
    ],
)
def test_bad_priors(priors: dict[str, Any], message: str) -> None:
    with pytest.raises(PostgwasError, match=message):
        coloc.abf(coloc.Dataset(**GOOD), coloc.Dataset(**GOOD), **priors)


def test_large_priors_are_lowered() -> None:
    data = coloc.Dataset(**GOOD)
    with pytest.warns(PostgwasWarning, match=r"p2 = 0\.4 sums to 1\.2 over 3 variants: lowered to 0\.25"):
        found = coloc.abf(data, data, p2=0.4)
    assert (found.p1, found.p2, found.p12) == (1e-4, 0.25, 1e-5)
    np.testing.assert_array_equal(found.pp, coloc.abf(data, data, p2=0.25).pp)


def test_regions_of_many_variants() -> None:
    """12,000 variants at p1 = 1e-4: 1 / 12,001 is used, and said; the other region keeps its priors."""
    rng = np.random.default_rng(4)
    one, two = rng.normal(0, 1, 12_500), rng.normal(0, 1, 12_500)
    with pytest.warns(PostgwasWarning, match="over 12000 variants: lowered to 8.33264e-05"):
        found = coloc.abf_regions(one, two, [0, 12_000])
    expected = written_out_fast(one[:12_000], two[:12_000], 1 / 12_001)
    np.testing.assert_allclose(found.pp[0], expected, rtol=1e-9)
    np.testing.assert_array_equal(found.pp[1], coloc.abf_regions(one[12_000:], two[12_000:]).pp[0])
    assert len(found.notes) == 2


def written_out_fast(one: np.ndarray, two: np.ndarray, p: float) -> np.ndarray:
    a, b = np.exp(one), np.exp(two)
    pairs = a.sum() * b.sum() - (a * b).sum()
    odds = np.array([1.0, p * a.sum(), p * b.sum(), p * p * pairs, 1e-5 * (a * b).sum()])
    return odds / odds.sum()


def test_one_variant() -> None:
    one = {key: value[:1] if isinstance(value, list) else value for key, value in GOOD.items()}
    found = coloc.abf(coloc.Dataset(**one), coloc.Dataset(**one))
    np.testing.assert_allclose(found.pp, written_out(found.log_bf1, found.log_bf2, 1e-4, 1e-4, 1e-5))
    assert found.pp[3] == 0 and found.snp_pp_h4.tolist() == [1.0]


def test_weights_by_enumeration() -> None:
    rng = np.random.default_rng(6)
    names = [f"v{number}" for number in range(5)]
    data = [
        coloc.Dataset(snp=names, beta=rng.normal(0, 0.1, 5), se=np.full(5, 0.05), type="cc") for _ in "12"
    ]
    weights = rng.uniform(0, 4, (2, 5))
    found = coloc.abf(*data, p1=1e-3, p2=2e-3, p12=1e-4, prior_weights1=weights[0], prior_weights2=weights[1])
    v, w = (one / one.mean() for one in weights)
    a, b = np.exp(found.log_bf1), np.exp(found.log_bf2)
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    odds = np.array(
        [
            1.0, 1e-3 * (v * a).sum(), 2e-3 * (w * b).sum(),
            2e-6 * sum(v[i] * a[i] * w[j] * b[j] for i, j in pairs), 1e-4 * (v * w * a * b).sum(),
        ]
    )  # fmt: skip
    np.testing.assert_allclose(found.pp, odds / odds.sum(), rtol=1e-9)
    prior = np.array([1.0, 5e-3, 1e-2, 2e-6 * sum(v[i] * w[j] for i, j in pairs), 1e-4 * (v * w).sum()])
    np.testing.assert_allclose(found.prior, prior / prior.sum(), rtol=1e-9)
    shares = v * w * a * b
    np.testing.assert_allclose(found.snp_pp_h4, shares / shares.sum(), rtol=1e-9)


def test_clpp_is_the_product_of_pips() -> None:
    first, second = coloc.Dataset(**GOOD), coloc.Dataset(**GOOD | {"snp": ["c", "x", "a"]})
    found = coloc.abf(first, second)
    pips = [finemap.single_causal(one.log_bf).pip for one in (first, second)]
    np.testing.assert_allclose(found.clpp, [pips[0][0] * pips[1][2], pips[0][2] * pips[1][0]], rtol=1e-12)
    np.testing.assert_array_equal(found.table()["CLPP"], found.clpp)


MAF = np.linspace(0.05, 0.5, 20)
ERRORS = 0.9 / np.sqrt(2 * 4000 * MAF * (1 - MAF))


@pytest.mark.parametrize(
    ("se", "told", "line"),
    [
        (ERRORS, {"sd_y": 0.9}, None),
        (ERRORS**2, {"sd_y": 0.9}, "standard errors look like variances: their median is"),
        (ERRORS * 30, {"sd_y": 0.9}, "do not fit n, maf and the trait's scale"),
        (ERRORS, {}, None),
        (ERRORS**2, {}, "look like variances: they fall with 2 maf (1 - maf) to the power 1.00"),
        (ERRORS * 2.2, {"type": "cc"}, None),
        ((ERRORS * 2.2) ** 2, {"type": "cc"}, "standard errors look like variances: their median is"),
        (ERRORS * 2.2 / 0.6, {"type": "cc", "case_fraction": 0.1}, None),
        (ERRORS**2, {"sd_y": 0.9, "n": None}, "to the power 1.00"),
    ],
)
def test_variances_given_as_standard_errors(se: np.ndarray, told: dict[str, Any], line: str | None) -> None:
    names = [f"v{number}" for number in range(20)]
    data = coloc.Dataset(
        **{"snp": names, "beta": np.zeros(20), "se": se, "maf": MAF, "n": 4000, "type": "quant"} | told
    )
    if line is None:
        assert data.notes == ()
        return
    assert len(data.notes) == 1 and line in data.notes[0]
    with pytest.warns(PostgwasWarning, match="trait [12]: standard errors"):
        coloc.abf(data, data)
