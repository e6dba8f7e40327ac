"""Arrays of the right shape and size, or a readable error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.errors import InputError, NoVariantsError
from postgwas.ldsc.jackknife import Array


def vector(values: npt.ArrayLike, name: str) -> Array:
    """One contiguous float64 vector; a single column counts as one."""
    out = np.ascontiguousarray(values, dtype=np.float64)
    if out.ndim == 2 and out.shape[1] == 1:
        out = out[:, 0]
    if out.ndim != 1:
        raise InputError(f"{name} must have one dimension, it has shape {out.shape}")
    return out


def pair(z1: npt.ArrayLike, z2: npt.ArrayLike) -> tuple[Array, Array]:
    """Two vectors of one length."""
    first, second = vector(z1, "z1"), vector(z2, "z2")
    if first.size != second.size:
        raise InputError(f"z1 has {first.size} variants, z2 has {second.size}")
    return first, second


def checked(
    y: npt.ArrayLike, l2: npt.ArrayLike, w_l2: npt.ArrayLike, m: npt.ArrayLike
) -> tuple[Array, Array, Array, Array]:
    """Arrays of the right shapes; LD scores of one annotation as a vector."""
    response, weights = vector(y, "y"), vector(w_l2, "w_l2")
    scores = np.ascontiguousarray(l2, dtype=np.float64)
    m_annot = np.atleast_1d(np.asarray(m, dtype=np.float64)).ravel()
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = np.ascontiguousarray(scores[:, 0])
    n_annot = 1 if scores.ndim == 1 else scores.shape[1]
    if scores.shape[0] != response.size or weights.size != response.size:
        raise InputError(
            f"unequal numbers of variants: {response.size} statistics, {scores.shape[0]} LD scores, "
            f"{weights.size} weights"
        )
    if m_annot.size != n_annot:
        raise InputError(f"{n_annot} LD score columns but {m_annot.size} values of M")
    # A continuous annotation may sum to less than nothing; all of them together may not.
    if not (np.all(np.isfinite(m_annot)) and m_annot.sum() > 0):
        raise InputError("M (number of variants behind the LD scores) must be positive in all")
    if response.size < n_annot + 2:
        raise NoVariantsError(f"{response.size} variants are too few for LD score regression")
    return response, scores, weights, m_annot


def sample_size(n: npt.ArrayLike, n_variants: int, name: str) -> Array:
    """Sample size, shape (M,), or (1,) where it is the same for all variants."""
    size = np.asarray(n, dtype=np.float64).ravel()
    if size.size not in (1, n_variants):
        raise InputError(f"{name} has {size.size} values for {n_variants} variants")
    low = float(size.min())
    if not low > 0:
        raise InputError(f"sample sizes must be positive, {name} has {low:g}")
    return size[:1] if low == float(size.max()) else np.ascontiguousarray(size)
