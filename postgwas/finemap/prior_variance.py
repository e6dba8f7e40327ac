"""The prior variance of one effect: where the likelihood of a single-effect regression is largest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PriorMethod = Literal["optim", "EM", "simple"]

LOG_LOWEST, LOG_HIGHEST = -30.0, 15.0
"""Logarithms of the variances among which the largest likelihood is sought."""
_GOLDEN = (3.0 - math.sqrt(5.0)) / 2.0
_ROUNDING = math.sqrt(np.finfo(np.float64).eps)
_COARSE = 0.02
_NEWTON_STEPS = 6


@dataclass(frozen=True, eq=False)
class EffectLikelihood:
    r"""Log likelihood ratio of a single-effect regression as a function of its prior variance V.

    With :math:`\rho_j = V d_j / (V d_j + \sigma^2)`, variant j has the log Bayes factor
    :math:`\frac12\log(1-\rho_j) + \frac12 z_j^2\rho_j`, and the regression the logarithm of their
    mean, weighted by prior weights.

    Attributes
    ----------
    chi2 : ndarray, shape (p,)
        Squared z-scores :math:`z_j^2 = r_j^2 / (d_j \sigma^2)` of the residuals.
    precision : float or ndarray, shape (p,)
        :math:`d_j / \sigma^2`, one number where all are the same.
    log_weights : float or ndarray, shape (p,)
        Logarithms of the prior weights.
    log_null : float
        Logarithm of the prior weight of no effect.
    """

    chi2: Floats
    precision: float | Floats
    log_weights: float | Floats
    log_null: float = -math.inf

    def shrinkage(self, variance: float) -> float | Floats:
        """The rho of each variant, shape (p,) or one number."""
        return variance * self.precision / (variance * self.precision + 1.0)

    def log_factors(self, variance: float) -> Floats:
        """Log Bayes factors, shape (p,)."""
        rho = self.shrinkage(variance)
        result: Floats = 0.5 * (np.log1p(-rho) + self.chi2 * rho)
        return result

    def __call__(self, log_variance: float) -> float:
        """The log likelihood ratio against no effect."""
        rho = self.shrinkage(math.exp(log_variance))
        terms = self.chi2 * (0.5 * rho)
        constant = 0.0
        for term in (0.5 * np.log1p(-rho), self.log_weights):
            if isinstance(term, np.ndarray):
                terms += term
            else:
                constant += float(term)
        top = float(terms.max())
        terms -= top
        np.exp(terms, out=terms)
        return _with_null(constant + top + math.log(float(terms.sum())), self.log_null)

    def slopes(self, log_variance: float) -> tuple[float, float, float]:
        """The value, and its first and second derivative by the logarithm of the variance."""
        rho = self.shrinkage(math.exp(log_variance))
        factors = self.log_factors(math.exp(log_variance)) + self.log_weights
        top = float(factors.max())
        weights = np.exp(factors - top)
        total = float(weights.sum())
        value = _with_null(top + math.log(total), self.log_null)
        # Where there may be no effect, its Bayes factor does not change with the variance.
        weights *= math.exp(top - value)
        left = 1.0 - rho
        first = 0.5 * rho * (self.chi2 * left - 1.0)
        second = 0.5 * rho * left * (self.chi2 * left - 1.0 - self.chi2 * rho)
        slope = float(weights @ first)
        bend = float(weights @ (second + first * first)) - slope * slope
        return value, slope, bend


def _with_null(value: float, log_null: float) -> float:
    return value if log_null == -math.inf else float(np.logaddexp(value, log_null))


def best_variance(likelihood: EffectLikelihood, *, before: float, threshold: float) -> float:
    """The prior variance of the largest likelihood; 0 where no effect is as likely.

    Brent's method on the logarithm of the variance finds the hill, as susieR's optim does, and
    Newton's steps its top. The variance of the iteration before is kept where it is better.

    Parameters
    ----------
    likelihood : EffectLikelihood
    before : float
        Variance of the iteration before.
    threshold : float
        What log likelihood an effect must gain over none.

    Returns
    -------
    float
    """
    at, value = _climb(likelihood, *_brent(likelihood, LOG_LOWEST, LOG_HIGHEST, _COARSE))
    if before > 0:
        old = likelihood(math.log(before))
        if old > value:
            at, value = math.log(before), old
    return math.exp(at) if value > threshold else 0.0


def null_or(likelihood: EffectLikelihood, variance: float, *, threshold: float) -> float:
    """A variance, or 0 where no effect is as likely."""
    if variance <= 0:
        return 0.0
    return variance if likelihood(math.log(variance)) > threshold else 0.0


def _climb(likelihood: EffectLikelihood, at: float, value: float) -> tuple[float, float]:
    """Newton's steps while they lead up a hill."""
    here = at
    for _ in range(_NEWTON_STEPS):
        level, slope, bend = likelihood.slopes(here)
        if level < value - 1e-12 * max(1.0, abs(value)):
            return at, value
        at, value = here, level
        if not bend < 0 or abs(slope) > 0.2 * abs(bend):
            return at, value
        here = at - slope / bend
        if abs(here - at) < 1e-10:
            break
    return at, value


def _brent(
    function: Callable[[float], float], low: float, high: float, tolerance: float
) -> tuple[float, float]:
    """A maximum of a function of one number (Brent 1973, chapter 5), and its value."""
    x = w = v = low + _GOLDEN * (high - low)
    fx = fw = fv = function(x)
    step = before = 0.0
    while True:
        middle = 0.5 * (low + high)
        least = _ROUNDING * abs(x) + tolerance / 3.0
        if abs(x - middle) <= 2.0 * least - 0.5 * (high - low):
            return x, fx
        parabola = _parabola(x, w, v, fx, fw, fv) if abs(before) > least else None
        if parabola is not None and _usable(*parabola, before, low - x, high - x):
            before, step = step, parabola[0] / parabola[1]
            if x + step - low < 2.0 * least or high - x - step < 2.0 * least:
                step = least if x < middle else -least
        else:
            before = (high if x < middle else low) - x
            step = _GOLDEN * before
        u = x + (step if abs(step) >= least else math.copysign(least, step))
        fu = function(u)
        if fu >= fx:
            low, high = (low, x) if u < x else (x, high)
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
            continue
        low, high = (u, high) if u < x else (low, u)
        if fu >= fw or w == x:
            v, fv, w, fw = w, fw, u, fu
        elif fu >= fv or v in (x, w):
            v, fv = u, fu


def _parabola(x: float, w: float, v: float, fx: float, fw: float, fv: float) -> tuple[float, float]:
    """The step to the top of the parabola through three points, as a fraction's two parts."""
    first = (x - w) * (fx - fv)
    second = (x - v) * (fx - fw)
    part = (x - v) * second - (x - w) * first
    whole = 2.0 * (second - first)
    return (-part, whole) if whole > 0 else (part, -whole)


def _usable(part: float, whole: float, before: float, down: float, up: float) -> bool:
    """Whether the step stays inside and is shorter than half of the one before the last."""
    return abs(part) < abs(0.5 * whole * before) and whole * down < part < whole * up
