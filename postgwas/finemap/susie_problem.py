"""What SuSiE is fitted to, whatever it came from, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.products import Products
from postgwas.finemap.single_effect import PriorRule

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SusieProblem:
    """Sufficient statistics of a regression of y on p variants.

    Attributes
    ----------
    products : Products
        Multiplies by X'X.
    diagonal : float or ndarray, shape (p,)
        Diagonal of X'X.
    xty : ndarray, shape (p,)
    yty : float
    n : float
        Samples.
    variance : float
        Variance of y.
    scale : float or ndarray, shape (p,)
        Effects are per `scale` of each variant's own unit: divided by it they are per unit.
    """

    products: Products
    diagonal: float | Floats
    xty: Floats
    yty: float
    n: float
    variance: float
    scale: float | Floats

    @property
    def n_variants(self) -> int:
        return int(self.xty.size)


def one_number(diagonal: Floats) -> float | Floats:
    """The diagonal of X'X as one number, where it is the same to rounding: many times faster.

    Examples
    --------
    >>> import numpy as np
    >>> one_number(np.array([99.0, 99.0 + 1e-12])), one_number(np.array([99.0, 0.0]))
    (99.0, array([99.,  0.]))
    """
    first = float(diagonal[0])
    same = first > 0 and bool(np.all(np.abs(diagonal - first) <= 1e-12 * first))
    return first if same else diagonal


@dataclass(frozen=True, eq=False)
class SusieSettings:
    """Prior, updates and credible sets; see :func:`postgwas.finemap.susie`."""

    n_effects: int = 10
    scaled_prior_variance: float = 0.2
    estimate_prior_variance: bool = True
    estimate_prior_method: PriorMethod = "optim"
    check_null_threshold: float = 0.0
    residual_variance: float | None = None
    estimate_residual_variance: bool = True
    prior_weights: Floats | None = None
    null_weight: float = 0.0
    coverage: float = 0.95
    min_abs_corr: float = 0.5
    tol: float = 1e-3
    max_iter: int = 100
    refine: bool = False

    def check(self, n_variants: int) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.n_effects < 1:
            raise UsageError(f"L = {self.n_effects}: expected at least one effect", hint="L=10")
        for name, value in (
            ("scaled_prior_variance", self.scaled_prior_variance),
            ("tol", self.tol),
            ("residual_variance", self.residual_variance),
        ):
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise UsageError(f"{name} = {value:g}: expected a number above 0")
        if not 0 < self.coverage < 1:
            raise UsageError(f"coverage = {self.coverage:g}: expected a share between 0 and 1", hint="0.95")
        if not 0 <= self.min_abs_corr <= 1:
            raise UsageError(f"min_abs_corr = {self.min_abs_corr:g}: expected 0 to 1", hint="0.5")
        if not 0 <= self.null_weight < 1:
            raise UsageError(f"null_weight = {self.null_weight:g}: expected 0 or more and below 1")
        if self.max_iter < 1:
            raise UsageError(f"max_iter = {self.max_iter}: expected at least one iteration")
        if self.estimate_prior_method not in ("optim", "EM", "simple"):
            found = self.estimate_prior_method
            raise UsageError(f"estimate_prior_method = {found!r}: expected optim, EM or simple")
        if self.prior_weights is not None:
            _check_weights(self.prior_weights, n_variants)

    @property
    def rule(self) -> PriorRule:
        """How prior variances are found."""
        method = self.estimate_prior_method if self.estimate_prior_variance else None
        return PriorRule(method, self.check_null_threshold)

    def log_weights(self, n_variants: int) -> float | Floats:
        """Logarithms of prior weights that sum to 1 with the null's; -inf where a weight is 0."""
        left = 1.0 - self.null_weight
        if self.prior_weights is None:
            return math.log(left / n_variants)
        with np.errstate(divide="ignore"):
            logs: Floats = np.log(self.prior_weights * (left / self.prior_weights.sum()))
        return logs

    @property
    def log_null(self) -> float:
        """Logarithm of the null weight."""
        return math.log(self.null_weight) if self.null_weight > 0 else -math.inf


def _check_weights(weights: Floats, n_variants: int) -> None:
    if weights.shape != (n_variants,):
        raise UsageError(f"prior_weights: {weights.size} weights for {n_variants} variants")
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        row = int(bad.argmax())
        raise UsageError(f"prior_weights: {weights[row]:g} at variant {row}, expected numbers of 0 or more")
    if not weights.sum() > 0:
        raise UsageError("prior_weights: all are 0, expected at least one above it")
