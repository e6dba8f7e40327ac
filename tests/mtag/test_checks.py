"""Every sign that MTAG's assumptions may not hold is said where it is there, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.mtag.checks import warn_about

GOOD = {
    "names": ["a", "b"],
    "mean_chi2": np.array([1.5, 1.4]),
    "omega": np.array([[4e-6, 2e-6], [2e-6, 3e-6]]),
    "omega_se": np.full((2, 2), 2e-7),
    "sigma": np.array([[1.02, 0.1], [0.1, 0.99]]),
    "n": np.full((1000, 2), 1e5),
    "n_variants": 900_000,
    "omega_eigenvalues": np.array([0.4, 1.6]),
    "omega_changed": False,
    "sigma_changed": False,
    "n_in_panel": 850_000,
}


def n_with_outliers(share: float) -> np.ndarray:
    n = np.full((1000, 2), 1e5)
    n[: int(1000 * share), 1] = 4e4
    return n


def test_nothing_to_say_of_a_sound_study():
    assert warn_about(**GOOD) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_variants": 150_000}, "only 150,000 variants estimate Omega"),
        ({"n_in_panel": 120_000}, "Sigma comes from the 120,000 of 900,000"),
        ({"mean_chi2": np.array([1.5, 1.05])}, "b: mean chi2 is 1.050; below 1.1"),
        ({"mean_chi2": np.array([3.5, 1.12])}, "a is far better powered than b"),
        ({"sigma": np.diag([1.4, 1.0])}, "a: LD score intercept 1.400 is far from 1"),
        ({"sigma": np.diag([1.0, 0.6])}, "b: LD score intercept 0.600 is far from 1"),
        ({"omega_se": np.diag([2e-7, 2e-6])}, "b: genetic variance 3e-06 is within 2 SE of 0"),
        ({"n": n_with_outliers(0.2)}, "b: N of 20% of variants is far from its median 100,000"),
        ({"omega_eigenvalues": np.array([0.004, 1.996])}, "Omega is close to singular"),
        (
            {"omega_changed": True, "omega_eigenvalues": np.array([-0.2, 2.2])},
            "Omega as estimated is not positive definite",
        ),
        ({"sigma_changed": True}, "Sigma as estimated is not positive definite"),
    ],
)
def test_each_sign_alone(change, said):
    (sentence,) = warn_about(**GOOD | change)
    assert sentence.startswith(said)


@pytest.mark.parametrize(
    "change",
    [
        {"n_variants": 200_000, "n_in_panel": None},
        {"mean_chi2": np.array([1.1, 1.1])},
        {"mean_chi2": np.array([2.15, 1.12])},
        {"sigma": np.diag([1.3, 0.85])},
        {"n": n_with_outliers(0.08)},
        {"omega_eigenvalues": np.array([0.02, 1.98])},
    ],
)
def test_silent_inside_the_limits(change):
    assert warn_about(**GOOD | change) == []
