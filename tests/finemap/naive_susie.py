"""SuSiE by the letter of the paper: loops, scipy's optimiser, no shortcuts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import norm

Floats = NDArray[np.float64]


def log_evidence(log_v: float, estimate: Floats, error2: float) -> float:
    """Mean Bayes factor of N(0, V + s^2) against N(0, s^2)."""
    total = np.exp(log_v) + error2
    ratio = 0.5 * (np.log(error2 / total) + estimate**2 / error2 - estimate**2 / total)
    return float(logsumexp(ratio) - np.log(estimate.size))


def naive_susie(x: Floats, y: Floats, *, n_effects: int, sigma2: float, sweeps: int) -> tuple[Floats, Floats]:
    """PIPs and prior variances after some sweeps; X and y standardised here."""
    n, p = x.shape
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    y = y - y.mean()
    effects = np.zeros((n_effects, p))
    alpha, variance = np.full((n_effects, p), 1 / p), np.zeros(n_effects)
    error2 = sigma2 / (n - 1)
    for _ in range(sweeps):
        for one in range(n_effects):
            others = x @ (effects.sum(axis=0) - effects[one])
            estimate = x.T @ (y - others) / (n - 1)
            grid = np.linspace(-12, 1, 53)
            best = grid[np.argmax([log_evidence(v, estimate, error2) for v in grid])]
            found = minimize_scalar(
                lambda v, e=estimate: -log_evidence(v, e, error2),
                bounds=(best - 0.3, best + 0.3), method="bounded", options={"xatol": 1e-10},
            )  # fmt: skip
            v = float(np.exp(found.x)) if -found.fun > 0 else 0.0
            variance[one] = v
            if v == 0:
                alpha[one], effects[one] = 1 / p, 0.0
                continue
            lbf = norm.logpdf(estimate, 0, np.sqrt(v + error2)) - norm.logpdf(estimate, 0, np.sqrt(error2))
            alpha[one] = np.exp(lbf - logsumexp(lbf))
            effects[one] = alpha[one] * estimate * v / (v + error2)
    there = variance > 0
    return 1 - np.prod(1 - alpha[there], axis=0), variance
