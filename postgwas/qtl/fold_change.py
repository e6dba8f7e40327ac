"""log2 allelic fold change of one variant, or of a gene's variants together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.qtl.afc_approximation import approximate_afc
from postgwas.qtl.afc_intervals import with_bootstrap, with_delta
from postgwas.qtl.afc_model import first_order, log2_expression, on_haplotypes
from postgwas.qtl.afc_result import Afc, AfcOptions, no_afc
from postgwas.qtl.collinear import Separable, separable
from postgwas.qtl.nonlinear_fit import Design, Fit, Model, design, fit
from postgwas.qtl.projection import Projection, projection

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_GRID = 17


def afc(
    expression: ArrayLike,
    copies: ArrayLike,
    covariates: ArrayLike | None = None,
    *,
    options: AfcOptions | None = None,
    name: str = "",
) -> Afc:
    """log2 allelic fold change of one variant.

    Parameters
    ----------
    expression : array-like, shape (n,)
        log2 of counts on one scale, such as :func:`postgwas.expression.scaled_log2` gives; NaN missing.
    copies : array-like, shape (n,)
        Copies of the effect allele, 0 to 2; NaN missing.
    covariates : array-like, shape (k, n), optional
        Fitted together with the effect, additive on the log2 scale.
    options : AfcOptions, optional
    name : str
        The gene's; it and the seed decide its bootstrap draws, so that these do not depend on what else is
        fitted.

    Returns
    -------
    Afc

    Raises
    ------
    UsageError
        If shapes do not fit or options are out of range.

    References
    ----------
    Mohammadi et al. (2017) Genome Research 27, 1872-1884, model M2.

    Examples
    --------
    >>> y = np.log2([8.0, 8, 8, 12, 12, 12, 16, 16, 16]) + np.tile([-0.1, 0.0, 0.1], 3)
    >>> found = afc(y, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    >>> found.estimate.round(6), round(2**found.baseline, 6)
    (array([1.]), 8.0)
    """
    calls = np.asarray(copies, np.float64)
    if calls.ndim != 1:
        raise UsageError(f"copies have shape {calls.shape}, expected (samples,)")
    if options is not None and options.estimator == "approximation":
        return approximate_afc(expression, calls, covariates, options=options, name=name)
    return afc_joint(expression, calls[None], covariates, options=options, name=name)


def afc_joint(
    expression: ArrayLike,
    copies: ArrayLike,
    covariates: ArrayLike | Projection | None = None,
    *,
    options: AfcOptions | None = None,
    name: str = "",
) -> Afc:
    """log2 allelic fold changes of a gene's variants, fitted together.

    Parameters
    ----------
    expression : array-like, shape (n,)
        log2 of counts on one scale; NaN missing.
    copies : array-like, shape (J, n) or (2, J, n)
        Copies of the effect alleles, 0 to 2, of people; or 0 to 1 on each of their two haplotypes.
        NaN missing. The first variants go first: of a collinear pair the later one is refused.
    covariates : array-like, shape (k, n), or Projection, optional
        A projection spares their basis being made anew for each gene.
    options : AfcOptions, optional
    name : str
        As :func:`afc`.

    Returns
    -------
    Afc

    Raises
    ------
    UsageError
        If shapes do not fit or options are out of range.

    Notes
    -----
    The model is :func:`postgwas.qtl.afc_model.log2_expression` plus a constant, covariates and noise, by
    least squares. Standard errors are those of the linearised model, s^2 (J' M J)^-1 with M the projection
    beside covariates and s^2 = RSS / (n - rank - J).

    References
    ----------
    Ehsan et al. (2024), aFC-n: haplotype-aware modeling of cis-regulatory effects.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> x = rng.binomial(2, 0.4, (2, 400)).astype(float)
    >>> y = 5 + np.log2(1 + x[0] / 2) + np.log2(1 - x[1] / 4) + rng.normal(0, 0.01, 400)
    >>> afc_joint(y, x).estimate.round(2)
    array([ 1., -1.])
    """
    chosen = options or AfcOptions()
    chosen.check()
    if chosen.estimator == "approximation":
        raise UsageError("the approximation is of one variant alone", hint="--estimator nls")
    y = np.asarray(expression, np.float64)
    haplotypes = _haplotypes(copies, len(y))
    kept, filled = _without_gaps(y, haplotypes, chosen)
    y, filled = y[kept], filled[:, :, kept]
    n_variants = filled.shape[1]
    known = _known(covariates, kept)
    if len(y) - (1 if known is None else len(known) + 1) - n_variants < 1:
        return no_afc(n_variants, "too_few_samples")
    if isinstance(covariates, Projection) and kept.all():
        basis = covariates.basis
    else:
        basis = projection(known, len(y)).basis
    apart = separable(filled.sum(axis=0) * (2 / len(filled)), basis, chosen.max_r2)
    used = np.flatnonzero(apart.kept)
    if not used.size:
        return _refused(no_afc(n_variants, ""), apart)
    expected = log2_expression if chosen.estimator == "nls" else first_order

    def model(effects: Floats) -> tuple[Floats, Floats]:
        return expected(effects, filled[:, used])

    given = design(basis)
    found = _least(y, model, len(used), given, chosen.limit)
    result = with_delta(y, model, found, given, chosen)
    if chosen.interval == "bootstrap":
        result = with_bootstrap(result, y, model, basis, chosen, name)
    return _refused(_spread(result, used, n_variants), apart)


def _known(covariates: ArrayLike | Projection | None, kept: Bools) -> Floats | None:
    """Covariates of the samples that are fitted; of a projection its basis, which spans the same."""
    if covariates is None:
        return None
    if isinstance(covariates, Projection):
        known = covariates.basis[:, 1:].T
    else:
        known = np.asarray(covariates, np.float64)
    if known.shape[1:] != kept.shape:
        raise UsageError(f"covariates have shape {known.shape}, expected (covariates, {len(kept)})")
    return known[:, kept]


def _haplotypes(copies: ArrayLike, n: int) -> Floats:
    """As copies on haplotypes, (H, J, n), NaN missing."""
    calls = np.asarray(copies, np.float64)
    two = calls.ndim == 3
    if calls.ndim not in (2, 3) or calls.shape[-1] != n or (two and len(calls) != 2):
        raise UsageError(f"copies have shape {calls.shape}, expected (variants, {n}) or (2, variants, {n})")
    top = 1.0 if two else 2.0
    with np.errstate(invalid="ignore"):
        outside = (calls < 0) | (calls > top)
    if outside.any():
        raise UsageError(f"copies of alleles: found {calls[outside][0]:g}, expected 0 to {top:g}")
    return calls if two else on_haplotypes(calls)


def _without_gaps(y: Floats, haplotypes: Floats, options: AfcOptions) -> tuple[Bools, Floats]:
    """Samples that are fitted, and copies without gaps."""
    kept = np.isfinite(y)
    gaps = np.isnan(haplotypes).any(axis=0)  # J, n
    if options.missing == "drop":
        return kept & ~gaps.any(axis=0), haplotypes
    if not gaps.any():
        return kept, haplotypes
    # The mean on each haplotype: the phase of what is not known is not known.
    seen = np.where(gaps | ~kept, 0.0, haplotypes).sum(axis=(0, 2)) / len(haplotypes)
    number = np.maximum((~gaps & kept).sum(axis=1), 1)
    return kept, np.where(gaps, (seen / number)[:, None], haplotypes)


def _least(y: Floats, model: Model, n_variants: int, given: Design, limit: float) -> Fit:
    """The best of several starts: no effect, the first order there and, of one variant, a grid."""
    none = np.zeros((1, n_variants))
    heights, slopes = model(none)
    products = given.products(np.concatenate([(y - heights)[:, None], slopes], axis=1))[0]
    line = np.linalg.lstsq(products[1:, 1:], products[1:, 0], rcond=None)[0]
    starts = [none, line[None]]
    if n_variants == 1:
        grid = np.linspace(-limit, limit, _GRID)[:, None]
        heights, _ = model(grid)
        starts.append(grid[[np.argmin(given.products((y - heights)[:, None, :])[:, 0, 0])]])
    found = fit(y, model, np.concatenate(starts), (-limit, limit), given)
    return found.of(int(np.argmin(np.where(found.converged, found.rss, found.rss * (1 + 1e-6)))))


def _spread(result: Afc, used: NDArray[np.intp], n_variants: int) -> Afc:
    """Variants that were fitted among those that were not."""
    wide = np.full((4, n_variants), np.nan)
    wide[:, used] = result.estimate, result.se, result.lower, result.upper
    reasons = [""] * n_variants
    for at, reason in zip(used, result.reason):
        reasons[at] = reason
    estimate, se, lower, upper = wide
    return replace(result, estimate=estimate, se=se, lower=lower, upper=upper, reason=tuple(reasons))


def _refused(result: Afc, apart: Separable) -> Afc:
    reason = tuple(
        told if kept else ("collinear" if partner >= 0 else "constant")
        for told, kept, partner in zip(result.reason, apart.kept, apart.partner)
    )
    return replace(result, reason=reason, partner=apart.partner)
