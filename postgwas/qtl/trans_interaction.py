"""Genotype x context in trans: which pairs can pass a limit, and their ordinary least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.device import Device
from postgwas.qtl.projection import Floats, Projection, projection
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.qtl.trans_screen import COLUMNS, Calls, Centred, Places, Screened, centred
from postgwas.qtl.variant_block import VariantReason, variant_block

_ROUNDING = 2.0**-24
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
    product, the partial correlation's square is r_w^2 / (1 - r_g^2). Both r are products with the
    residuals of the phenotype, in float32 with the margin of :class:`postgwas.qtl.trans_screen.Screen`.
    """

    def __init__(self, y_unit: Floats, model: InteractionModel, limit: float, device: Device) -> None:
        self._device, self._model, self._limit = device, model, limit
        self._parts = [
            (start, device.hold(np.ascontiguousarray(y_unit[start : start + COLUMNS], np.float32)))
            for start in range(0, len(y_unit), COLUMNS)
        ]

    def candidates(self, calls: Calls, *, maf_min: float = 0.0, max_missing: float = 1.0) -> Screened:
        """All pairs of a block whose partial |r| may be the limit or more; as ``Screen.candidates``."""
        block = centred(calls, maf_min=maf_min, max_missing=max_missing)
        reason = block.reason.copy()
        g, product, tested = _regressors(block, self._model)
        reason[(reason == 0) & ~tested] = VariantReason.EXPLAINED_BY_COVARIATES
        kept = np.flatnonzero(reason == 0)
        left, right = g[kept].astype(np.float32), product[kept].astype(np.float32)
        n = self._model.with_context.n_samples
        margin = 8.0 * (n + 4) * _ROUNDING
        rows, columns = [], []
        for start, held in self._parts:
            own = self._device.product(left * np.float32(self._limit), held)
            both = self._device.product(right, held)
            own *= own
            both *= both
            own += both
            at, column = np.nonzero(own >= np.float32(self._limit**2 - margin))
            rows.append(kept[at])
            columns.append(column + start)
        return Screened(np.concatenate(rows), np.concatenate(columns), reason)


def _regressors(block: Centred, model: InteractionModel) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Residuals of variants and, beside these too, of their products; of norm 1; and which can be tested."""
    x = block.values.astype(np.float64)
    g = model.with_context.residuals(x)
    product = x * model.context
    w = model.with_context.residuals(product)
    size = np.einsum("ij,ij->i", g, g)
    before = np.einsum("ij,ij->i", product, product)
    with np.errstate(invalid="ignore", divide="ignore"):
        w -= (np.einsum("ij,ij->i", g, w) / size)[:, None] * g
        left = np.einsum("ij,ij->i", w, w)
        tested = (size > _COLLINEAR * block.spread**2) & (left > _COLLINEAR * before)
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
        Of g, i and g i; NaN for i where it is a covariate, and all NaN where the fit is perfect.
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
    slope, error, mlog10p = (np.full((3, len(variant)), np.nan) for _ in range(3))
    terms = np.array([0, 2] if model.context_is_covariate else [0, 1, 2])
    for row in range(len(rows)):
        product = model.covariates.residuals((block.dosage[row] * model.context)[None, :])
        design = np.vstack([model.covariates.residuals(block.dosage[row : row + 1]), context, product])[terms]
        pairs = np.flatnonzero(at == row)
        b, se = _least_squares(design, y[phenotype[pairs]], model.df)
        slope[np.ix_(terms, pairs)], error[np.ix_(terms, pairs)] = b, se
        mlog10p[np.ix_(terms, pairs)] = t_mlog10p(b / se, model.df)
    return InteractionPairs(variant, phenotype, slope, error, mlog10p, block.af[at])


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
