"""Repairs and refusals of covariance matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import MatrixError
from postgwas.mtag.definite import adjust, check_covariance, eigenvalues


def test_a_good_matrix_is_left_alone():
    good = np.array([[1.0, 0.3], [0.3, 2.0]])
    got = adjust(good)
    assert not got.changed
    assert np.array_equal(got.matrix, good)


def test_a_correlation_beyond_one_becomes_099():
    # mtag.py 1.0.8 on this matrix (oracle mtag_t2/residcov_nonpd) prints 1.03832075968845.
    got = adjust(np.array([[1.0, 1.2], [1.2, 1.1]]))
    assert got.changed
    assert got.matrix[0, 1] == pytest.approx(1.03832075968845, rel=1e-14)
    assert np.array_equal(np.diag(got.matrix), [1.0, 1.1])


@given(st.integers(0, 100_000), st.integers(2, 6))
def test_the_result_is_a_covariance_with_the_same_variances(seed, n_traits):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n_traits, n_traits))
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, rng.uniform(0.5, 2, n_traits))
    got = adjust(matrix)
    assert eigenvalues(got.matrix)[0] >= -1e-12
    assert np.array_equal(np.diag(got.matrix), np.diag(matrix))
    assert np.array_equal(got.matrix, got.matrix.T)
    assert np.all(np.sign(got.matrix) == np.sign(matrix))


def test_a_variance_that_is_not_positive_cannot_be_mended():
    with pytest.raises(MatrixError, match="trait 2"):
        adjust(np.array([[1.0, 0.1], [0.1, -0.2]]))


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        (np.eye(3), "3 x 3, expected 2 x 2"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "nan in row 1, column 2"),
        (np.array([[np.inf, 0.0], [0.0, 1.0]]), "inf in row 1, column 1"),
        (np.array([[1.0, 0.2], [0.3, 1.0]]), "not symmetric"),
    ],
)
def test_refusals(matrix, text):
    with pytest.raises(MatrixError, match=text):
        check_covariance(matrix, 2, name="--residcov_path sigma.txt")
