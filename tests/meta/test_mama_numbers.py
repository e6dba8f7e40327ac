"""MAMA's arrays: regressions, constraints, Omega, the estimator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.meta.mama_estimator import KEPT, MENDED, OMEGA_INDEFINITE, SIGMA_INDEFINITE, estimate, mend
from postgwas.meta.mama_regression import Coefficients, Rule, constrained, regress
from postgwas.meta.small_matrices import factorise, solve, surely_definite
from postgwas.mtag.estimator import estimate as mtag_estimate


def data(seed: int, n_snps: int = 400, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ld = rng.gamma(2.0, 5.0, (n_snps, k, k)) + 0.5
    ld = (ld + ld.transpose(0, 2, 1)) / 2
    return rng.normal(size=(n_snps, k)) * 0.01, rng.uniform(0.005, 0.02, (n_snps, k)), ld


def free(k: int) -> dict[str, np.ndarray]:
    return {name: constrained("free", k) for name in ("ld_fixed", "intercept_fixed", "se2_fixed")}


def test_regression_is_weighted_least_squares() -> None:
    beta, se, ld = data(1)
    found = regress(beta, se, ld, **free(3))
    for p in range(3):
        for q in range(3):
            x = np.column_stack([ld[:, p, q], np.ones(400), se[:, p] * se[:, q]])
            w = np.diag(1 / ld[:, p, q])
            expected = np.linalg.solve(x.T @ w @ x, x.T @ w @ (beta[:, p] * beta[:, q]))
            got = [m[p, q] for m in (found.ld, found.intercept, found.se2)]
            np.testing.assert_allclose(got, expected, rtol=1e-7)


@pytest.mark.parametrize("rule", ["zero", "diagonal", "identity"])
def test_constraints_hold(rule: Rule) -> None:
    beta, se, ld = data(2)
    found = regress(beta, se, ld, **(free(3) | {"se2_fixed": constrained(rule, 3)}))
    fixed = constrained(rule, 3)
    np.testing.assert_array_equal(found.se2[~np.isnan(fixed)], fixed[~np.isnan(fixed)])
    # What is free is then the best there is.
    rest = beta[:, 0] * beta[:, 1] - found.ld[0, 1] * ld[:, 0, 1] - found.intercept[0, 1]
    for column in (ld[:, 0, 1], np.ones(400)):
        assert abs(np.sum(rest * column / ld[:, 0, 1])) < 1e-12


def test_correlation_is_set() -> None:
    beta, se, ld = data(3)
    beta = 0.01 * np.sqrt(np.einsum("vii->vi", ld)) * np.random.default_rng(0).normal(size=beta.shape)
    found = regress(beta, se, ld, **free(3), ld_correlation=0.7)
    root = np.sqrt(np.diag(found.ld))
    np.testing.assert_allclose(found.ld[0, 1:] / (root[0] * root[1:]), 0.7)
    assert found.correlation_unset == ()


def test_correlation_cannot_be_set_where_a_variance_is_negative() -> None:
    beta, se, ld = data(4)
    ld[:, 0, 0] = 1 / (beta[:, 0] ** 2 + 1e-6)
    found = regress(beta, se, ld, **free(3), ld_correlation=0.7)
    assert found.ld[0, 0] < 0
    assert set(found.correlation_unset) >= {(0, 1), (0, 2)}
    assert np.isfinite(found.ld).all()


def test_weights_have_a_floor() -> None:
    beta, se, ld = data(5)
    ld[0] = 1e-9
    beta[0] = 1.0
    loose, bounded = (regress(beta, se, ld, **free(3), weight_floor=floor) for floor in (0.0, 1.0))
    without = regress(beta[1:], se[1:], ld[1:], **free(3))
    assert abs(loose.ld[0, 0] - without.ld[0, 0]) > abs(bounded.ld[0, 0] - without.ld[0, 0])


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_small_matrices(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(7, k, k))
    a = a @ a.transpose(0, 2, 1) + 0.1 * np.eye(k)
    b = rng.normal(size=(7, k))
    x = solve(*factorise(np.moveaxis(a, 0, -1)), b.T)
    np.testing.assert_allclose(x.T, np.linalg.solve(a, b[:, :, None])[:, :, 0], rtol=1e-8, atol=1e-10)
    assert surely_definite(np.moveaxis(a, 0, -1)).all()
    a[3, 0, 0] = -1
    assert not surely_definite(np.moveaxis(a, 0, -1))[3]


@given(st.integers(0, 10_000), st.integers(2, 4))
def test_mended_omega(seed: int, k: int) -> None:
    """Positive semi-definite, its variances untouched; one that was so is not touched at all."""
    rng = np.random.default_rng(seed)
    omega = rng.normal(size=(k, k, 12))
    omega = (omega + omega.transpose(1, 0, 2)) / 2
    diagonal = np.arange(k)
    omega[diagonal, diagonal] = rng.uniform(-0.2, 2, (k, 12))
    found, status = mend(omega)
    for v in range(12):
        values = np.linalg.eigvalsh(omega[:, :, v])
        if status[v] == KEPT:
            assert values[0] >= 0
            np.testing.assert_array_equal(found[:, :, v], omega[:, :, v])
        elif status[v] == MENDED:
            assert values[0] < 0
            assert np.linalg.eigvalsh(found[:, :, v])[0] >= 0
            np.testing.assert_allclose(np.diag(found[:, :, v]), np.diag(omega[:, :, v]), rtol=1e-15)
        else:
            assert status[v] == OMEGA_INDEFINITE
            assert np.diag(omega[:, :, v]).min() <= 0


def test_estimator_by_the_book() -> None:
    """Turley et al.'s formula, one SNP and population at a time."""
    beta, se, ld = data(6, n_snps=60)
    ld[:, [0, 1, 2], [0, 1, 2]] += 20
    c = Coefficients(
        1e-6 * np.array([[2, 1, 0.5], [1, 3, 1], [0.5, 1, 2]]), 1e-6 * np.eye(3),
        np.eye(3) + 0.05 * (1 - np.eye(3)),
    )  # fmt: skip
    found = estimate(beta, se, ld, c)
    assert (found.status == KEPT).all()
    for j in range(60):
        omega = c.ld * ld[j]
        sigma = c.intercept + c.se2 * np.outer(se[j], se[j])
        for p in range(3):
            w = omega[p] / omega[p, p]
            inverse = np.linalg.inv(omega - np.outer(omega[p], omega[p]) / omega[p, p] + sigma)
            precision = w @ inverse @ w
            assert found.beta[j, p] == pytest.approx(w @ inverse @ beta[j] / precision, rel=1e-9)
            assert found.se[j, p] == pytest.approx(precision**-0.5, rel=1e-10)


def test_it_is_mtag_where_ld_is_the_same_everywhere() -> None:
    rng = np.random.default_rng(7)
    n = rng.uniform(1e4, 1e5, (200, 2))
    z = rng.normal(size=(200, 2))
    omega, sigma = np.array([[3e-5, 2e-5], [2e-5, 4e-5]]), np.diag([1.1, 0.9])
    mtag = mtag_estimate(z, n, omega, sigma)
    mama = estimate(
        z / np.sqrt(n), 1 / np.sqrt(n), np.ones((200, 2, 2)), Coefficients(omega, 0 * sigma, sigma)
    )
    np.testing.assert_allclose(mama.beta, mtag.beta, rtol=1e-9)
    np.testing.assert_allclose(mama.se, mtag.se, rtol=1e-9)


def test_one_population_is_itself() -> None:
    beta, se, ld = data(8, k=1)
    found = estimate(beta, se, ld, Coefficients(np.full((1, 1), -1.0), np.zeros((1, 1)), np.eye(1)))
    np.testing.assert_allclose(found.beta, beta)
    np.testing.assert_allclose(found.se, se)


def test_what_cannot_be_estimated_is_left_out() -> None:
    beta, se, ld = data(9)
    omega = Coefficients(np.diag([1.0, -1.0, 1.0]), np.zeros((3, 3)), np.eye(3))
    assert (estimate(beta, se, ld, omega).status == OMEGA_INDEFINITE).all()
    sigma = Coefficients(np.eye(3) * 1e-5, np.diag([0.0, -1.0, 0.0]), np.eye(3))
    found = estimate(beta, se, ld, sigma)
    assert (found.status == SIGMA_INDEFINITE).all()
    assert np.isnan(found.beta).all()
    assert not found.kept.any()


def test_snps_do_not_depend_on_their_neighbours() -> None:
    beta, se, ld = data(10, n_snps=20_000)
    c = Coefficients(np.eye(3) * 1e-5 + 5e-6, 1e-6 * np.eye(3), np.eye(3))
    whole = estimate(beta, se, ld, c)
    part = estimate(beta[16_000:], se[16_000:], ld[16_000:], c)
    np.testing.assert_array_equal(whole.beta[16_000:], part.beta)
    np.testing.assert_array_equal(whole.se[16_000:], part.se)
