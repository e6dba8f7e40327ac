"""A small simulated pair of traits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

M = 1.2e6


@dataclass(frozen=True)
class Traits:
    z1: np.ndarray
    z2: np.ndarray
    l2: np.ndarray
    w_l2: np.ndarray
    n1: np.ndarray
    n2: np.ndarray
    m: float = M


def simulate(n_variants: int, seed: int, *, h2=(0.5, 0.4), rho=0.2, overlap=0.25, constant_n=False) -> Traits:
    """Z of two traits under the LD score model, with neighbours of similar LD score."""
    rng = np.random.default_rng(seed)
    walk = np.convolve(rng.normal(size=n_variants + 19), np.ones(20) / np.sqrt(20), "valid")
    l2 = np.exp(2.5 + 0.9 * walk)
    w_l2 = l2 * rng.uniform(0.3, 1.1, n_variants)
    shape = 1 if constant_n else n_variants
    n1 = np.broadcast_to(np.round(rng.uniform(6e4, 1e5, shape)), n_variants).copy()
    n2 = np.broadcast_to(np.round(rng.uniform(4e4, 9e4, shape)), n_variants).copy()
    cov = np.empty((n_variants, 2, 2))
    cov[:, 0, 0] = n1 * h2[0] * l2 / M + 1.02
    cov[:, 1, 1] = n2 * h2[1] * l2 / M + 0.98
    cov[:, 0, 1] = cov[:, 1, 0] = np.sqrt(n1 * n2) * rho * l2 / M + overlap
    z = np.einsum("vij,vj->vi", np.linalg.cholesky(cov), rng.normal(size=(n_variants, 2)))
    return Traits(np.ascontiguousarray(z[:, 0]), np.ascontiguousarray(z[:, 1]), l2, w_l2, n1, n2)


@pytest.fixture(scope="session")
def traits() -> Traits:
    return simulate(2500, 3)


@pytest.fixture(scope="session")
def simulated():
    return simulate
