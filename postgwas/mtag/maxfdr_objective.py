"""log FDR of one trait and the constraints on the state probabilities, with analytic gradients.

Both depend on the 2^T probabilities p through themselves and through the T (T + 1) / 2
probabilities pi that two traits are causal together, which are linear in p; the gradient is
the direct part plus the part through pi. Any subset of the states can be looked at alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from postgwas.mtag.maxfdr import FEASIBILITY_TOLERANCE, FDRModel, Floats

Indices = NDArray[np.intp]

_SMALLEST_PI = 1e-12
_SQRT_TWO_PI = float(np.sqrt(2 * np.pi))
_PERFECT = 1e-8
"""Traits whose correlation is nearer to +-1 than this must be causal together or not at all."""


@dataclass(frozen=True)
class Evaluation:
    """One function and its derivative by the probabilities of the states looked at.

    Attributes
    ----------
    value : ndarray, shape () or (C,)
    gradient : ndarray, shape (states,) or (C, states)
    """

    value: Floats
    gradient: Floats


class Objective:
    """The problem of one trait.

    Parameters
    ----------
    model : FDRModel
    trait : int
        Trait whose FDR is maximised.
    min_causal : float
        Smallest share of SNPs causal for each trait.
    """

    def __init__(self, model: FDRModel, trait: int, *, min_causal: float) -> None:
        self.model, self.trait, self.min_causal = model, trait, min_causal
        self.null = ~model.states[:, trait]
        q, r = model.pairs.T
        self._diagonal = np.flatnonzero(q == r)
        sd = np.sqrt(np.diagonal(model.omega))
        correlation = model.omega / np.outer(sd, sd)
        same = np.abs(correlation) >= 1 - _PERFECT
        self.representatives = np.flatnonzero(same.argmax(axis=1) == np.arange(model.n_traits))
        self.allowed = np.flatnonzero((model.states == model.states[:, same.argmax(axis=1)]).all(axis=1))
        off = np.flatnonzero((q < r) & np.isin(q, self.representatives) & np.isin(r, self.representatives))
        self._off = off
        self._rho = correlation[q[off], r[off]]
        position = np.full(model.n_traits, -1)
        position[self.representatives] = np.arange(len(self.representatives))
        self._row, self._column = position[q[off]], position[r[off]]
        self._pair_vectors = np.zeros((len(self.representatives), len(off)))
        self._pair_vectors[self._row, np.arange(len(off))] = np.sqrt(0.5)
        self._pair_vectors[self._column, np.arange(len(off))] = -np.sqrt(0.5) * np.sign(self._rho)

    def log_fdr(self, p: Floats, states: Indices, *, at: Indices | None = None) -> Evaluation:
        """Log of the FDR at a point that is 0 outside `states`, and its gradient for the states `at`.

        Parameters
        ----------
        p : ndarray, shape (states,)
        states : ndarray of int
            States with probabilities `p`.
        at : ndarray of int, optional
            States to differentiate by; by default `states`.
        """
        model, t = self.model, self.trait
        both = model.both[states]
        pi = np.maximum(p @ both, _SMALLEST_PI)
        gain = model.gain[:, t] / pi
        noise = model.noise[:, t, None]
        # Where Omega* is not positive semi-definite a variance may be negative.
        variance = np.maximum(gain @ both.T + noise, 0.01 * noise)
        half = 0.5 * model.z_sig**2 / variance
        occupied = p > 0
        shift = half[:, occupied].min()
        root = erfcx(np.sqrt(half))
        tail = model.weights[:, None] * np.exp(np.minimum(shift - half, 600.0)) * root
        null = self.null[states]
        power = p * tail.sum(axis=0)
        total, false = power.sum(), power[null].sum()
        tiny = 1e-200
        per_false, per_total = 1 / max(false, tiny), 1 / max(total, tiny)
        # d tail / d variance = tail * phi(x) x / (2 Phi(-x) variance), x = z / sd
        slope = tail * np.sqrt(2 * half) / (_SQRT_TWO_PI * root * variance)
        share = p * (null * per_false - per_total)
        by_pi = -((slope @ (share[:, None] * both)) * gain).sum(axis=0) / pi
        if at is None:
            target, direct, target_null = both, tail.sum(axis=0), null
        else:
            target, target_null = model.both[at], self.null[at]
            half = 0.5 * model.z_sig**2 / np.maximum(gain @ target.T + noise, 0.01 * noise)
            tails = np.exp(np.minimum(shift - half, 600.0)) * erfcx(np.sqrt(half))
            direct = (model.weights[:, None] * tails).sum(axis=0)
        gradient = direct * (target_null * per_false - per_total) + target @ by_pi
        return Evaluation(value=np.log(max(false, tiny) * per_total), gradient=gradient)

    def constraints(
        self, p: Floats, states: Indices, *, at: Indices | None = None, near: float | None = None
    ) -> Evaluation:
        r"""What must not be negative: causal shares above their minimum, v' C v for unit vectors v.

        C is the correlation matrix of Omega*. The vectors are its eigenvectors, in
        ascending order of their eigenvalues, and for each pair of traits the one whose
        form is 1 - \|correlation\|: implied by the eigenvalues, but smooth where several
        of these are 0. Traits in perfect correlation stand in by the first of them.

        Parameters
        ----------
        p, states, at
            As in :meth:`log_fdr`.
        near : float, optional
            Add the vectors halfway between eigenvectors with values below this. Where
            C is singular more than once, a multiplier may lie on any of them.
        """
        both = self.model.both[states]
        pi = np.maximum(p @ both, _SMALLEST_PI)
        marginal = self._diagonal[self.representatives]
        share = pi[marginal]
        n = len(share)
        correlation = np.eye(n)
        entry = self._rho * np.sqrt(share[self._row] * share[self._column]) / pi[self._off]
        correlation[self._row, self._column] = correlation[self._column, self._row] = entry
        values, eigenvectors = np.linalg.eigh(correlation)
        vectors = np.hstack([eigenvectors, self._pair_vectors])
        if near is not None:
            first, second = np.triu_indices(int((values < near).sum()), 1)
            halfway = [eigenvectors[:, first] + sign * eigenvectors[:, second] for sign in (1, -1)]
            vectors = np.hstack([vectors, *(v * np.sqrt(0.5) for v in halfway)])
        form = np.einsum("qi,qr,ri->i", vectors, correlation, vectors)
        form[:n] = values
        weight = 2 * vectors[self._row] * vectors[self._column] * entry[:, None]
        by_share = np.zeros(vectors.shape)
        np.add.at(by_share, self._row, 0.5 * weight)
        np.add.at(by_share, self._column, 0.5 * weight)
        by_pi = np.zeros((n + vectors.shape[1], both.shape[1]))
        by_pi[np.arange(n), marginal] = 1
        by_pi[n:, marginal] = (by_share / share[:, None]).T
        by_pi[n:, self._off] = -(weight / pi[self._off, None]).T
        target = both if at is None else self.model.both[at]
        return Evaluation(value=np.concatenate([share - self.min_causal, form]), gradient=by_pi @ target.T)

    def barrier(self, p: Floats, states: Indices, *, least: float = 0.0) -> Evaluation | None:
        """log det of Omega*'s correlation plus the logs of the shares' slack; None outside.

        Parameters
        ----------
        p, states
            As in :meth:`log_fdr`.
        least : float
            Smallest eigenvalue and slack that count as inside.
        """
        both = self.model.both[states]
        pi = p @ both
        marginal = self._diagonal[self.representatives]
        share = pi[marginal]
        slack = share - (1 - 1e-6) * self.min_causal
        if not (pi > 0).all() or not (slack > least).all():
            return None
        entry = self._rho * np.sqrt(share[self._row] * share[self._column]) / pi[self._off]
        # Half the tolerance of the grid: a singular Omega has an inside, too.
        correlation = np.eye(len(share)) * (1 + 0.5 * FEASIBILITY_TOLERANCE)
        correlation[self._row, self._column] = correlation[self._column, self._row] = entry
        try:
            factor = np.linalg.cholesky(correlation - least * np.eye(len(share)))
        except np.linalg.LinAlgError:
            return None
        inverse = np.linalg.inv(correlation)
        weight = 2 * inverse[self._row, self._column] * entry
        by_pi = np.zeros(len(pi))
        by_pi[self._off] = -weight / pi[self._off]
        np.add.at(by_pi, marginal[self._row], 0.5 * weight / share[self._row])
        np.add.at(by_pi, marginal[self._column], 0.5 * weight / share[self._column])
        by_pi[marginal] += 1 / slack
        value = 2 * np.log(np.diagonal(factor)).sum() + np.log(slack).sum()
        return Evaluation(value=value, gradient=both @ by_pi)
