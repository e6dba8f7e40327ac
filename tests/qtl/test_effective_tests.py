"""eigenMT: against the formulae written out, and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import UsageError
from postgwas.qtl.effective_tests import effective_tests, shrunk_correlation


def genotypes(seed: int, variants: int, n: int = 80) -> np.ndarray:
    """Neighbours are correlated, as in LD."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(variants + 4, n)).cumsum(axis=0)
    latent = latent[4:] - latent[:-4]
    cuts = np.quantile(latent, [0.5, 0.9], axis=1)[:, :, None]
    return (latent > cuts[0]).astype(float) + (latent > cuts[1])


def naive_shrinkage(dosage: np.ndarray) -> float:
    """Ledoit and Wolf 2004, section 3.3: b^2 / d^2, sample by sample."""
    x = dosage - dosage.mean(axis=1, keepdims=True)
    p, n = x.shape
    s = x @ x.T / n
    m = np.trace(s) / p
    d2 = ((s - m * np.eye(p)) ** 2).sum() / p
    b2 = sum(((np.outer(c, c) - s) ** 2).sum() / p for c in x.T) / n**2
    return min(b2, d2) / d2


def naive_tests(dosage: np.ndarray, window: int, variance: float) -> int:
    total = 0
    for start in range(0, len(dosage), window):
        part = dosage[start : start + window]
        a = naive_shrinkage(part) if len(part) > 1 else 0.0
        s = np.cov(part, ddof=0).reshape(len(part), len(part))
        shrunk = (1 - a) * s + a * np.trace(s) / len(part) * np.eye(len(part))
        values = sorted(np.linalg.eigvalsh(shrunk / np.sqrt(np.outer(np.diag(shrunk), np.diag(shrunk)))))
        held = 0.0
        while held < variance * len(part) - 1e-9:
            held += values.pop()
            total += 1
    return total


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("window", "variance"), [(200, 0.99), (10, 0.99), (7, 0.8)])
def test_the_formulae_written_out(seed: int, window: int, variance: float) -> None:
    dosage = genotypes(seed, 33)
    assert effective_tests(dosage, window=window, variance=variance) == naive_tests(dosage, window, variance)


@given(st.integers(0, 100))
def test_no_more_than_the_variants_and_no_fewer_than_the_windows(seed: int) -> None:
    dosage = genotypes(seed, 25)
    found = effective_tests(dosage, window=10)
    assert 3 <= found <= 25
    assert effective_tests(2.0 - dosage, window=10) == found  # swapping alleles is of no matter
    assert effective_tests(dosage[:, ::-1], window=10) == found


def test_one_variant_and_none() -> None:
    dosage = genotypes(1, 3)
    assert effective_tests(dosage[:1]) == 1
    assert effective_tests(dosage[:0]) == 0
    assert shrunk_correlation(dosage[:1]).tolist() == [[1.0]]


def test_variants_that_are_all_the_same_are_one_test() -> None:
    assert effective_tests(np.tile(genotypes(2, 1, n=400), (20, 1))) == 1


@pytest.mark.parametrize(("window", "variance"), [(0, 0.99), (200, 0.0), (200, 1.5)])
def test_limits_out_of_range(window: int, variance: float) -> None:
    with pytest.raises(UsageError, match="eigenMT"):
        effective_tests(genotypes(1, 3), window=window, variance=variance)
