"""Genotype x context in trans: which pairs can pass a limit, and their ordinary least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.device import Device, Singles
from postgwas.qtl.projection import Floats, Projection, projection
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.qtl.trans_screen import COLUMNS, Calls, Places, Screened, centred
from postgwas.qtl.variant_block import VariantReason, variant_block

_ROUNDING = 2.0**-24
_POORLY_KNOWN = 0.05
"""Share of a regressor's variance, left by the others, below which float32 does not tell its norm."""
_COLLINEAR = 1e-8
"""Share of a regressor's variance, left by the others, below which nothing can be tested."""


@dataclass(frozen=True, eq=False)
class InteractionModel:
    """y ~ g + i + g i + covariates, of one context i.

    Attributes
    ----------
    context : ndarray, shape (n,)
        Values as given: b_g is the effect of a copy where they are 0.
    covariates : Projection
        Of the covariates and the constant.
    with_context : Projection
        Of these and the context.
    df : int
        n - rank of `with_context` - 2: that of ordinary least squares, whether or not the context is
        among the covariates.
    """

    context: Floats
    covariates: Projection
    with_context: Projection

    @property
    def df(self) -> int:
        return self.with_context.n_samples - self.with_context.rank - 2

    @property
    def context_is_covariate(self) -> bool:
        """Whether the covariates explain the context: its own effect cannot be told from theirs."""
        return self.with_context.rank == self.covariates.rank


def interaction_model(context: Floats, covariates: Floats | None) -> InteractionModel:
    """The model of one context.

    Parameters
    ----------
    context : ndarray, shape (n,)
    covariates : ndarray, shape (k, n), or None

    Raises
    ------
    InputError
        If no degree of freedom is left.

    Examples
    --------
    >>> model = interaction_model(np.array([0.0, 1, 0, 1, 0, 1, 1]), None)
    >>> model.df, model.context_is_covariate
    (3, False)
    """
    n = len(context)
    known = np.empty((0, n)) if covariates is None else covariates
    return InteractionModel(
        np.asarray(context, np.float64), projection(covariates, n), projection(np.vstack([known, context]), n)
    )


class InteractionScreen:
    """The phenotypes of an interaction scan, ready to be multiplied with block after block.

    Parameters
    ----------
    y_unit : ndarray, shape (G, n)
        Residuals of the phenotypes beside covariates and context, of norm 1.
    model : InteractionModel
    limit : float
        Least partial |r| of phenotype and product.
    device : Device

    Notes
    -----
    With g' and w what covariates and context leave of the variant, and what these and g' leave of the
    product, the partial correlation's square is r_w^2 / (1 - r_g^2): it passes where
    r_w^2 + limit^2 r_g^2 >= limit^2. The residuals of a phenotype are orthogonal to covariates and context,
    so both r are products with them of the variant, and of the product less its share of the variant, over
    norms that follow from small products; in float32, with the margin of
    :class:`postgwas.qtl.trans_screen.Screen` carried through. Where little is left of either, residuals are
    found in float64.
    """

    def __init__(self, y_unit: Floats, model: InteractionModel, limit: float, device: Device) -> None:
        self._device, self._model, self._limit = device, model, limit
        # About its mean the context is nearly orthogonal to the constant: less is lost to rounding.
        self._context = (model.context - model.context.mean()).astype(np.float32)
        self._basis = np.ascontiguousarray(model.with_context.basis.T, np.float32)
        self._parts = [
            (start, device.hold(np.ascontiguousarray(y_unit[start : start + COLUMNS], np.float32)))
            for start in range(0, len(y_unit), COLUMNS)
        ]

    def candidates(self, calls: Calls, *, maf_min: float = 0.0, max_missing: float = 1.0) -> Screened:
        """All pairs of a block whose partial |r| may be the limit or more; as ``Screen.candidates``."""
        block = centred(calls, maf_min=maf_min, max_missing=max_missing)
        reason = block.reason.copy()
        kept = np.flatnonzero(reason == 0)
        made = self._operands(block.values[kept], block.spread[kept])
        reason[kept[~made.tested]] = VariantReason.EXPLAINED_BY_COVARIATES
        kept = kept[made.tested]
        left, right = made.own[made.tested], made.product[made.tested]
        left *= np.float32(self._limit)
        rows, columns = [], []
        for start, held in self._parts:
            at, column = self._device.beyond_sum(left, right, held, made.least[made.tested])
            rows.append(kept[at])
            columns.append(column + start)
        return Screened(np.concatenate(rows), np.concatenate(columns), reason)

    def _operands(self, x: Singles, spread: Floats) -> _Operands:
        """What to multiply with the phenotypes, of a block of variants less their means."""
        product = x * self._context
        of_x, of_product = x @ self._basis.T, product @ self._basis.T
        size = spread**2 - np.einsum("ij,ij->i", of_x, of_x)
        whole = np.einsum("ij,ij->i", product, product).astype(np.float64)
        left = whole - np.einsum("ij,ij->i", of_product, of_product)
        both = np.einsum("ij,ij->i", x, product).astype(np.float64)
        both -= np.einsum("ij,ij->i", of_x, of_product)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = both / size
            left = left - share * both
            poor = ~((size > _POORLY_KNOWN * spread**2) & (left > _POORLY_KNOWN * whole))
            product -= share.astype(np.float32)[:, None] * x
            own_ratio = spread / np.sqrt(size)
            ratio = np.maximum(own_ratio, np.sqrt(whole / left) * (1.0 + own_ratio))
            own = x * (1.0 / np.sqrt(size)).astype(np.float32)[:, None]
            product *= (1.0 / np.sqrt(left)).astype(np.float32)[:, None]
        tested = np.ones(len(x), np.bool_)
        rows = np.flatnonzero(poor)
        if len(rows):
            own[rows], product[rows], tested[rows] = _regressors(x[rows], self._model)
            ratio[rows] = 1.0
        bound = (self._model.with_context.n_samples + 4) * _ROUNDING * ratio
        margin = 4.0 * self._limit * bound * (1.0 + 2.0 * self._limit * ratio) + bound**2
        least = np.maximum(self._limit**2 - margin, 0.0).astype(np.float32)
        return _Operands(own, product, least, tested)


@dataclass(frozen=True, eq=False)
class _Operands:
    """Rows whose products with a phenotype are its correlations; limits of their sum; which can be tested."""

    own: Singles
    product: Singles
    least: Singles
    tested: NDArray[np.bool_]


def _regressors(x: Singles, model: InteractionModel) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """In float64: residuals of variants and, beside these, of their products; and which can be tested."""
    values = x.astype(np.float64)
    g = model.with_context.residuals(values)
    product = values * (model.context - model.context.mean())
    w = model.with_context.residuals(product)
    size = np.einsum("ij,ij->i", g, g)
    before = np.einsum("ij,ij->i", product, product)
    with np.errstate(invalid="ignore", divide="ignore"):
        w -= (np.einsum("ij,ij->i", g, w) / size)[:, None] * g
        left = np.einsum("ij,ij->i", w, w)
        tested = (size > _COLLINEAR * np.einsum("ij,ij->i", values, values)) & (left > _COLLINEAR * before)
        g /= np.sqrt(size)[:, None]
        w /= np.sqrt(left)[:, None]
    return g, w, tested


@dataclass(frozen=True, eq=False)
class InteractionPairs:
    """Ordinary least squares of pairs; all of shape (P,).

    Attributes
    ----------
    variant, phenotype : ndarray of int64
    slope, slope_se, mlog10p : ndarray, shape (3, P)
        Of g, i and g i; NaN for i where it is a covariate, and all NaN where the fit is perfect. P is NaN
        until :func:`interactions_with_p`.
    af : ndarray
    """

    variant: Places
    phenotype: Places
    slope: Floats
    slope_se: Floats
    mlog10p: Floats
    af: Floats

    def of(self, rows: NDArray[np.bool_] | Places) -> InteractionPairs:
        """Some of the pairs."""
        return InteractionPairs(*(getattr(self, name)[..., rows] for name in _FIELDS))

    def moved(self, by: int) -> InteractionPairs:
        """The same with other row numbers of the variants."""
        return replace(self, variant=self.variant + by)


_FIELDS = tuple(InteractionPairs.__dataclass_fields__)


def joined_interactions(parts: list[InteractionPairs]) -> InteractionPairs:
    """Pairs of one part after the other."""
    return InteractionPairs(
        *(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in _FIELDS)
    )


def exact_interactions(
    calls: Calls, variant: Places, phenotype: Places, y: Floats, model: InteractionModel
) -> InteractionPairs:
    """Fit pairs in float64.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
    variant, phenotype : ndarray of int64, shape (P,)
        Rows of `calls`, and of `y`.
    y : ndarray, shape (G, n)
        What the covariates, without the context, leave of the phenotypes.
    model : InteractionModel
    """
    order = np.lexsort((phenotype, variant))
    variant, phenotype = variant[order], phenotype[order]
    rows, at = np.unique(variant, return_inverse=True)
    block = variant_block(calls[rows], model.covariates)
    context = model.covariates.residuals(model.context[None, :])
    slope, error, untold = (np.full((3, len(variant)), np.nan) for _ in range(3))
    terms = np.array([0, 2] if model.context_is_covariate else [0, 1, 2])
    for row in range(len(rows)):
        product = model.covariates.residuals((block.dosage[row] * model.context)[None, :])
        design = np.vstack([model.covariates.residuals(block.dosage[row : row + 1]), context, product])[terms]
        pairs = np.flatnonzero(at == row)
        b, se = _least_squares(design, y[phenotype[pairs]], model.df)
        slope[np.ix_(terms, pairs)], error[np.ix_(terms, pairs)] = b, se
    return InteractionPairs(variant, phenotype, slope, error, untold, block.af[at])


def interactions_with_p(found: InteractionPairs, df: int) -> InteractionPairs:
    """The same with P, which one large call finds faster than many small ones."""
    return replace(found, mlog10p=t_mlog10p(found.slope / found.slope_se, df))


def _least_squares(design: Floats, y: Floats, df: int) -> tuple[Floats, Floats]:
    """Coefficients and standard errors, shape (terms, phenotypes); by QR of the scaled regressors."""
    scale = np.sqrt(np.einsum("ij,ij->i", design, design))
    q, r = np.linalg.qr((design / scale[:, None]).T)
    b = np.linalg.solve(r, q.T @ y.T)
    left = y.T - q @ (q.T @ y.T)
    variance = np.einsum("ij,ij->j", left, left) / df
    total = np.einsum("ij,ij->i", y, y)
    variance[variance * df <= 1e-12 * total] = np.nan
    inverse = np.linalg.inv(r)
    spread = np.einsum("ij,ij->i", inverse, inverse)
    return b / scale[:, None], np.sqrt(spread[:, None] * variance) / scale[:, None]
