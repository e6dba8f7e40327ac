"""Genotype x term interactions by least squares: the exact answer for all variants at once.

The model of a phenotype y, a variant's dosage x and k terms T (sex, age, indicators of groups) is

    y = C c + T b_i + x b_g + (x T) b_gi + e

with covariates C (the constant among them). Frisch and Waugh: T and C are projected out of y, x
and each product x T_j once; what is left of a variant, 1 + k columns, is made orthonormal, and
everything a pair needs then follows from 1 + k inner products, which are matrix products over
variants and phenotypes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.qtl.association import PERFECT
from postgwas.qtl.projection import Projection, projection

Array = NDArray[np.float64]

#: A column depends on others if less than this share of its norm is left beside them (as R's lm).
DEPENDENT = 1e-7


@dataclass(frozen=True, eq=False)
class InteractionModel:
    """What all variants and phenotypes share.

    Attributes
    ----------
    terms : ndarray, shape (k, n)
        As given: b_g is the effect where all terms are 0, b_i that of a term where x is 0.
    projection : Projection
        Of the constant, the terms and the covariates.
    beside : Projection
        Of the constant and the covariates but those that depend on the terms and the covariates
        before them: there the terms stand for them, and b_i has the meaning it has without them.
    term_residuals : ndarray, shape (k, n)
        Terms with `beside` projected out.
    term_inverse : ndarray, shape (k, k)
        Inverse of their products.
    replaced : tuple of int
        Rows of the covariates that are not in `beside`.
    """

    terms: Array
    projection: Projection
    beside: Projection
    term_residuals: Array
    term_inverse: Array
    replaced: tuple[int, ...]

    @property
    def n_samples(self) -> int:
        return self.projection.n_samples

    @property
    def n_terms(self) -> int:
        return len(self.terms)

    @property
    def df(self) -> int:
        """Degrees of freedom of the residuals: n - rank - 1 - k."""
        return self.projection.df - self.n_terms


def interaction_model(
    terms: Array, covariates: Array | None = None, *, names: Sequence[str] = ()
) -> InteractionModel:
    """Prepare the terms and covariates.

    Parameters
    ----------
    terms : ndarray, shape (k, n)
        Finite.
    covariates : ndarray, shape (c, n), optional
        Terms may be among them, or depend on them: the fit is the same.
    names : sequence of str
        Of the terms, for messages.

    Raises
    ------
    InputError
        If a term is constant, depends on the terms before it, or no degree of freedom is left.

    Examples
    --------
    >>> sex = np.array([[0.0, 1, 0, 1, 0, 1]])
    >>> interaction_model(sex).df, interaction_model(sex, 2 - sex).df
    (2, 2)
    """
    k, n = terms.shape
    told = list(names) or [f"{at + 1}" for at in range(k)]
    constant = [name for name, row in zip(told, terms) if np.ptp(row) == 0.0]
    if constant:
        raise InputError(
            f"interaction term {constant[0]} is the same for all {n} samples", hint="leave it out"
        )
    others = np.empty((0, n)) if covariates is None else covariates
    wide = projection(np.vstack([terms, others]), n)
    if wide.dependent and wide.dependent[0] < k:
        raise InputError(
            f"interaction term {told[wide.dependent[0]]} depends on the terms before it: their effects "
            "cannot be told apart",
            hint="leave one of them out",
        )
    replaced = tuple(row - k for row in wide.dependent)
    beside = projection(np.delete(others, replaced, axis=0), n)
    left = beside.residuals(terms)
    inverse = np.asarray(np.linalg.inv(left @ left.T), np.float64)
    model = InteractionModel(terms, wide, beside, left, inverse, replaced)
    if model.df < 1:
        raise InputError(
            f"{n} samples, {wide.rank - 1} covariates and terms, and {1 + k} columns of genotype and "
            f"interaction leave {model.df} degrees of freedom: expected at least 1",
            hint="fewer covariates or interaction terms",
        )
    return model


@dataclass(frozen=True, eq=False)
class InteractionBlock:
    """Variants prepared for any phenotype.

    Attributes
    ----------
    units : ndarray, shape (1 + k, V, n)
        Orthonormal rows of each variant: its residual, then what each product adds; 0 where not usable.
    inverse : ndarray, shape (V, 1 + k, 1 + k)
        Upper triangular: effects are `inverse` times the inner products with `units`.
    leverage : ndarray, shape (V, k, 1 + k)
        What the inner products take from the terms' own effects.
    genotype_depends, product_depends : ndarray of bool, shape (V,)
        The variant, or a product with a term, depends linearly on the other columns.
    """

    units: Array
    inverse: Array
    leverage: Array
    genotype_depends: NDArray[np.bool_]
    product_depends: NDArray[np.bool_]

    @property
    def usable(self) -> NDArray[np.bool_]:
        return ~(self.genotype_depends | self.product_depends)

    def of(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> InteractionBlock:
        """Some of the variants."""
        return InteractionBlock(
            self.units[:, rows], self.inverse[rows], self.leverage[rows],
            self.genotype_depends[rows], self.product_depends[rows],
        )  # fmt: skip


def interaction_block(model: InteractionModel, dosage: Array) -> InteractionBlock:
    """Project, orthonormalise and keep what effects follow from.

    Parameters
    ----------
    model : InteractionModel
    dosage : ndarray, shape (V, n)
        Copies of the effect allele, missing ones replaced.
    """
    variants, size = len(dosage), 1 + model.n_terms
    units = np.empty((size, variants, model.n_samples))
    factor = np.zeros((variants, size, size))
    depends = np.zeros((size, variants), np.bool_)
    taken = np.empty((variants, model.n_terms, size))
    for at in range(size):
        column = dosage if at == 0 else dosage * model.terms[at - 1]
        taken[:, :, at] = column @ model.term_residuals.T
        centred = column - column.mean(axis=1, keepdims=True)
        whole = np.sqrt(np.einsum("vn,vn->v", centred, centred))
        rest = model.projection.residuals(centred)
        for _ in range(2):  # the second pass removes what rounding left of the first
            for before in range(at):
                inner = np.einsum("vn,vn->v", units[before], rest)
                factor[:, before, at] += inner
                rest -= inner[:, None] * units[before]
        left = np.sqrt(np.einsum("vn,vn->v", rest, rest))
        depends[at] = left <= DEPENDENT * np.maximum(whole, np.abs(column).max(axis=1, initial=0.0))
        factor[:, at, at] = np.where(depends[at], 1.0, left)
        units[at] = rest / factor[:, at, at][:, None]
    units[:, depends.any(axis=0)] = 0.0
    inverse = np.asarray(np.linalg.inv(factor), np.float64)
    leverage = model.term_inverse @ taken @ inverse
    products: NDArray[np.bool_] = np.asarray(depends[1:].any(axis=0))
    return InteractionBlock(units, inverse, leverage, depends[0], products)


@dataclass(frozen=True, eq=False)
class PhenotypePart:
    """A phenotype with terms and covariates projected out.

    Attributes
    ----------
    residual : ndarray, shape (n,)
    norm : float
        Of the residual.
    term_effects : ndarray, shape (k,)
        Effects of the terms without the variant.
    """

    residual: Array
    norm: float
    term_effects: Array


def phenotype_parts(model: InteractionModel, values: Array) -> list[PhenotypePart]:
    """Prepare phenotypes.

    Parameters
    ----------
    model : InteractionModel
    values : ndarray, shape (G, n)
        Finite, as measured.
    """
    left = model.projection.residuals(values)
    norms = np.sqrt(np.einsum("gn,gn->g", left, left)).tolist()
    effects = (values @ model.term_residuals.T) @ model.term_inverse
    return [PhenotypePart(*parts) for parts in zip(left, norms, effects)]


@dataclass(frozen=True, eq=False)
class InteractionEffects:
    """Effects of one phenotype and V variants.

    Attributes
    ----------
    b_g, b_g_se : ndarray, shape (V,)
        Effect of a copy of the effect allele where all terms are 0.
    b_i, b_i_se : ndarray, shape (V, k)
        Effect of a term where there is no copy.
    b_gi, b_gi_se : ndarray, shape (V, k)
        What one unit of a term adds to the effect of a copy.
    share : ndarray, shape (V,)
        Of the variance left by all else, what the k products explain together (partial R squared).
    perfect : ndarray of bool, shape (V,)
        The model explains the whole phenotype: standard errors and `share` mean nothing and are NaN.
    """

    b_g: Array
    b_g_se: Array
    b_i: Array
    b_i_se: Array
    b_gi: Array
    b_gi_se: Array
    share: Array
    perfect: NDArray[np.bool_]


def inner_products(block: InteractionBlock, residuals: Array) -> Array:
    """Products of the orthonormal columns with phenotypes' residuals, shape (1 + k, V, G).

    Parameters
    ----------
    block : InteractionBlock
    residuals : ndarray, shape (G, n)
        Of :class:`PhenotypePart`.
    """
    return np.stack([rows @ residuals.T for rows in block.units])


def interaction_effects(
    model: InteractionModel, block: InteractionBlock, phenotype: PhenotypePart, inner: Array
) -> InteractionEffects:
    """Effects and standard errors of all variants of a block on one phenotype.

    Parameters
    ----------
    model : InteractionModel
    block : InteractionBlock
    phenotype : PhenotypePart
    inner : ndarray, shape (1 + k, V)
        Of :func:`inner_products`, for this phenotype.

    Returns
    -------
    InteractionEffects
        NaN where a variant is not usable.

    Notes
    -----
    With U the orthonormal columns and R^-1 the inverse of the triangular factor, effects are
    ``R^-1 U'y`` and their variances ``s^2`` times the squared row norms of R^-1, where ``s^2`` is
    ``(y'y - |U'y|^2) / df``. The k squared inner products of the last columns are the sum of
    squares that the products explain beyond all else, which is what the F test needs.

    References
    ----------
    Frisch and Waugh 1933, Econometrica 1:387-401.
    """
    total = phenotype.norm**2
    explained = np.einsum("jv,jv->v", inner, inner)
    beyond = np.einsum("jv,jv->v", inner[1:], inner[1:])
    rest = total - explained
    perfect = block.usable & (rest <= PERFECT * total)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(np.maximum(rest, 0.0) / model.df)
        effects = np.einsum("vij,jv->vi", block.inverse, inner)
        errors = sigma[:, None] * np.sqrt(np.einsum("vij,vij->vi", block.inverse, block.inverse))
        of_terms = phenotype.term_effects - np.einsum("vij,jv->vi", block.leverage, inner)
        spread = np.diagonal(model.term_inverse) + np.einsum("vij,vij->vi", block.leverage, block.leverage)
        term_errors = sigma[:, None] * np.sqrt(spread)
        share = np.clip(beyond / (beyond + rest), 0.0, 1.0)
    bad = ~block.usable
    for array in (effects, of_terms):
        array[bad] = np.nan
    for array in (errors, term_errors, share):
        array[bad | perfect] = np.nan
    return InteractionEffects(
        effects[:, 0], errors[:, 0], of_terms, term_errors, effects[:, 1:], errors[:, 1:], share, perfect
    )
