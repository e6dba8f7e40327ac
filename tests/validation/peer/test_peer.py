"""PEER's updates against the R package peer 1.0 (gtex-pipeline's R_peer_source_1.3.tgz, R 4.2.2).

Call: GTEx's (``PEER_setPriorAlpha(m, .001, .01)``, ``PEER_setPriorEps(m, .1, 10)``, at most 1000
iterations) on an inverse-normal matrix simulated with five factors and two covariates, and on the
yeast data that the package brings. ``sim.npz`` holds the simulated matrix, ``expected.json`` figures.

The peer computes in single precision. Its first components are turned by 1e-5 into their neighbours,
and that is what remains at the end: residuals agree to 2e-5, alpha and eps to 2e-4 (relative). Its bound
is a sum of millions of nats in single precision (1 at most in 500,000; 3 where covariates are fitted)
and lacks a constant, half a nat for each weight. Its variance of residuals, in truth their mean square,
is a naive single-precision sum, 1e-4 too small. It makes one iteration
more than it records, unless it ran out of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postgwas.expression import peer
from postgwas.expression.peer_fit import PeerFit

HERE = Path(__file__).parent
SIMULATED = ["sim_K5", "sim_K10", "sim_K15", "sim_K10_mean", "sim_K10_cov"]
STORED = ["sim_K10_cov", "sim_K10_iter1", "sim_K10_iter10", "brem_K5", "brem_K10", "brem_K15"]


@dataclass
class Case:
    y: np.ndarray
    n_factors: int
    covariates: np.ndarray | None
    add_mean: bool

    def run(self, **options: Any) -> PeerFit:
        return peer(self.y, self.n_factors, self.covariates, add_mean=self.add_mean, **options)

    def repeat(self, iterations: int) -> PeerFit:
        return self.run(max_iter=iterations, stop="peer", tolerance=0.0, var_tolerance=0.0)

    def constant(self) -> float:
        """What the peer's bound lacks."""
        width = self.n_factors + self.add_mean + (0 if self.covariates is None else self.covariates.shape[1])
        return len(self.y) * width / 2


@pytest.fixture(scope="module")
def simulated() -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    with np.load(HERE / "sim.npz") as stored:
        y, covariates = stored["values"][stored["places"]], stored["covariates"]
    return y, covariates, json.loads((HERE / "expected.json").read_text())


def case_of(run: str, y: np.ndarray, covariates: np.ndarray) -> Case:
    n = int(run.split("_")[1].removeprefix("K"))
    return Case(y, n, covariates if run.endswith("cov") else None, run.endswith("mean"))


def span_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Smallest canonical correlation of two sets of factors."""
    bases = [np.linalg.qr(x / np.linalg.norm(x, axis=0))[0] for x in (a, b)]
    return float(np.linalg.svd(bases[0].T @ bases[1])[1].min())


@pytest.mark.parametrize("run", SIMULATED)
def test_every_iteration_is_the_peers(run: str, simulated: Any) -> None:
    y, covariates, figures = simulated
    expected = figures[run]
    case = case_of(run, y, covariates)
    fit = case.repeat(expected["iterations"] + 1)
    at = expected["at"]
    bound = fit.bound[at] - case.constant()
    assert np.abs(bound - expected["bounds"]).max() < (3.0 if run.endswith("cov") else 1.0)
    assert np.abs(fit.residual_variance[at] - expected["residual_vars"]).max() < 1e-4
    assert np.allclose(fit.alpha, expected["alpha"], rtol=2e-4)
    assert np.allclose(fit.eps[:20], expected["eps_first20"], rtol=1e-5)
    assert np.allclose(fit.residuals[:3], expected["residuals_first3genes"], atol=2e-5)
    assert np.isclose((fit.residuals**2).sum(), expected["resid_ss"], rtol=1e-6)
    peers = np.array(expected["factors_first30"])[:, fit.known.shape[1] :]
    signs = np.sign((fit.factors[:30] * peers).sum(axis=0))
    assert np.abs(fit.factors[:30] * signs - peers).max() < 5e-5


@pytest.mark.parametrize("run", ["sim_K5", "sim_K15", "sim_K10_cov"])
def test_our_own_end_is_near_the_peers(run: str, simulated: Any) -> None:
    """Where the two stop differs (7 to 298 iterations there, 223 to 265 here); residuals hardly do."""
    y, covariates, figures = simulated
    expected = figures[run]
    case = case_of(run, y, covariates)
    peers = case.repeat(expected["iterations"] + 1)
    ours = case.run()
    assert ours.converged and 200 < ours.n_iterations < 300
    change = np.sqrt(((ours.residuals - peers.residuals) ** 2).mean() / (peers.residuals**2).mean())
    assert change < 0.01
    active = ours.is_active
    assert span_agreement(ours.factors[:, active], peers.factors[:, active]) > 0.999


@pytest.mark.requires_shared
@pytest.mark.parametrize("run", STORED)
def test_stored_runs(run: str, shared: Path) -> None:
    folder = shared / "oracle/rpeers/peer"
    name = "brem_expression_input" if run.startswith("brem") else "Y_int_150samples_x_2000genes"
    case = case_of(run, np.loadtxt(folder / f"{name}.tsv.gz").T, np.loadtxt(folder / "covariates.tsv"))
    info = json.loads((folder / f"{run}_info.json").read_text())
    n = info["n_bounds"]
    fit = case.repeat(n if n == info["max_iter"] else n + 1)
    bounds = np.atleast_1d(info["bounds"])
    assert np.abs(fit.bound[:n] - case.constant() - bounds).max() < 3.0
    variances = np.atleast_1d(info["residual_vars"])
    assert np.abs(fit.residual_variance[:n] - variances).max() < 1e-4
    read = {what: np.loadtxt(folder / f"{run}_{what}.tsv") for what in ("alpha", "factors")}
    assert np.allclose(fit.alpha, read["alpha"], rtol=2e-4)
    assert np.allclose(fit.eps, np.loadtxt(folder / f"{run}_eps.tsv.gz"), rtol=1e-4)
    residuals = np.loadtxt(folder / f"{run}_residuals_first50genes.tsv.gz").T
    assert np.abs(fit.residuals[:50] - residuals).max() < 2e-5
    active = np.flatnonzero(fit.is_active)
    theirs = read["factors"][:, fit.known.shape[1] :][:, active]
    assert span_agreement(fit.factors[:, active], theirs) > 1 - 1e-10
    weights = np.loadtxt(folder / f"{run}_weights_first200.tsv.gz")
    assert np.allclose(np.abs(fit.weights[:200]), np.abs(weights), atol=3e-3, rtol=1e-3)
