"""Small simulated regions: genotypes with blocks of LD, phenotypes, z-scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """Genotypes (n, p), phenotype (n,), z-scores and LD in the same people."""

    x: Floats
    y: Floats
    z: Floats
    r: Floats

    @property
    def n(self) -> int:
        return self.y.size


def genotypes(rng: np.random.Generator, n: int, p: int) -> Floats:
    """Two haplotypes a person, each a mosaic of 12 founders with mutations."""
    founders = rng.random((12, p)) < rng.uniform(0.15, 0.85, p)
    calls = np.zeros((n, p))
    for _ in range(2):
        source = rng.integers(12, size=(n, p))
        stays = rng.random((n, p)) < 0.9
        stays[:, 0] = False
        at = np.maximum.accumulate(np.where(stays, 0, np.arange(p)), axis=1)
        calls += founders[np.take_along_axis(source, at, axis=1), np.arange(p)]
        flips = rng.random((n, p)) < 0.02
        calls = np.where(flips, np.clip(calls + rng.choice([-1, 1], (n, p)), 0, 2), calls)
    return np.clip(calls, 0, 2)


def simulate(
    seed: int, *, n: int = 400, p: int = 60, causal: tuple[int, ...] = (), share: float = 0.2
) -> Simulated:
    """A region in which `causal` variants together explain `share` of the phenotype's variance."""
    rng = np.random.default_rng(seed)
    x = genotypes(rng, n, p)
    y = rng.normal(size=n)
    if causal:
        chosen = list(causal)
        part = ((x[:, chosen] - x[:, chosen].mean(axis=0)) / x[:, chosen].std(axis=0)) @ rng.choice(
            [-1.0, 1.0], len(causal)
        )
        y = np.sqrt(1 - share) * y + np.sqrt(share) * part / part.std()
    r = np.corrcoef(x.T, y)
    z = r[-1, :-1] * np.sqrt((n - 2) / (1 - r[-1, :-1] ** 2))
    return Simulated(x, y, z, r[:-1, :-1])
