"""What makes an LD matrix or z-scores unusable, said plainly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, MatrixError, UsageError

Floats = NDArray[np.float64]

_TILE = 256
SYMMETRY = 1e-6
"""Largest difference between two triangles of a symmetric matrix, relative to its largest value."""
UNIT = 0.01
"""How far a correlation matrix's diagonal may be from 1, and its values beyond it."""


@dataclass(frozen=True, eq=False)
class CheckedLd:
    """An LD matrix that was checked once, for many fits with it: they take it as R.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)

    Examples
    --------
    >>> import numpy as np
    >>> CheckedLd.of(np.eye(3)).matrix.shape
    (3, 3)
    """

    matrix: Floats

    @classmethod
    def of(cls, R: ArrayLike) -> CheckedLd:
        """Check a matrix; errors as :func:`correlation_matrix`."""
        square = np.atleast_1d(np.asarray(R, np.float64))
        return cls(correlation_matrix(square, len(square)))


def variant_name(names: Sequence[str] | None, row: int) -> str:
    """How a message calls a variant."""
    return f"variant {row}" if names is None else f"variant {row} ('{names[row]}')"


def finite_vector(
    values: ArrayLike, what: str, *, names: Sequence[str] | None = None, size: int | None = None
) -> Floats:
    """A vector of finite numbers.

    Raises
    ------
    InputError
        Names the first variant whose value is missing or infinite, and counts them.
    UsageError
        If it is no vector, is empty or has another length.
    """
    try:
        vector = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: expected numbers: {error}") from None
    if vector.ndim != 1:
        raise UsageError(f"{what}: expected one number a variant, found an array of shape {vector.shape}")
    if not vector.size:
        raise UsageError(f"{what}: no variants")
    if size is not None and vector.size != size:
        raise UsageError(f"{what}: {vector.size} values, expected {size}")
    if names is not None and len(names) != vector.size:
        raise UsageError(f"{what}: {vector.size} values for {len(names)} names of variants")
    # Any NaN or infinite value makes the sum one too; so do huge ones, which are looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        whole = vector.sum()
    bad = ~np.isfinite(vector) if not np.isfinite(whole) else np.zeros(1, np.bool_)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{what}: {vector[row]} at {variant_name(names, row)}; {int(bad.sum())} of {vector.size} "
            "are missing or infinite",
            hint="leave these variants out, of the LD matrix too",
        )
    return vector


def positive_vector(
    values: ArrayLike, what: str, *, names: Sequence[str] | None = None, size: int | None = None
) -> Floats:
    """A vector of finite numbers above 0; errors as :func:`finite_vector`."""
    vector = finite_vector(values, what, names=names, size=size)
    if vector.min() <= 0:
        bad = vector <= 0
        row = int(bad.argmax())
        raise InputError(
            f"{what}: {vector[row]:g} at {variant_name(names, row)}, expected numbers above 0; "
            f"{int(bad.sum())} of {vector.size} are not"
        )
    return vector


def symmetric_matrix(
    matrix: ArrayLike, n_variants: int, what: str, *, names: Sequence[str] | None = None
) -> Floats:
    """A square symmetric matrix of finite numbers, contiguous; copied only if it must be.

    Raises
    ------
    MatrixError
        Names what is wrong and where.
    """
    square = np.asarray(matrix, dtype=np.float64)
    if square.ndim != 2 or square.shape[0] != square.shape[1]:
        raise MatrixError(f"{what}: not square, found shape {square.shape}")
    if square.shape[0] != n_variants:
        raise MatrixError(f"{what}: {square.shape[0]} variants, but {n_variants} z-scores or effects")
    if not (square.flags.c_contiguous or square.flags.f_contiguous):
        square = np.ascontiguousarray(square)
    # Any NaN or infinite value makes the sum one too; no array of flags is needed.
    with np.errstate(over="ignore", invalid="ignore"):
        whole = square.sum()
    if not np.isfinite(whole):
        _refuse_missing(square, what, names)
    _refuse_asymmetric(square, what, names)
    return square


def correlation_matrix(
    matrix: ArrayLike | CheckedLd, n_variants: int, what: str = "LD", *, names: Sequence[str] | None = None
) -> Floats:
    """A symmetric matrix with ones on its diagonal and nothing beyond 1; see :func:`symmetric_matrix`."""
    if isinstance(matrix, CheckedLd):
        if len(matrix.matrix) != n_variants:
            raise MatrixError(f"{what}: {len(matrix.matrix)} variants, but {n_variants} z-scores or effects")
        return matrix.matrix
    square = symmetric_matrix(matrix, n_variants, what, names=names)
    diagonal = np.diagonal(square)
    off = np.abs(diagonal - 1.0)
    if off.max() > UNIT:
        row = int(off.argmax())
        raise MatrixError(
            f"{what}: {diagonal[row]:.6g} on the diagonal at {variant_name(names, row)}, expected 1: "
            "correlations are needed", hint="susie_suff_stat takes X'X; leave out variants that do not vary",
        )  # fmt: skip
    high, low = square.max(), square.min()
    if max(high, -low) > 1.0 + UNIT:
        at = int(square.argmax() if high >= -low else square.argmin())
        one, other = divmod(at, square.shape[1])
        raise MatrixError(
            f"{what}: {square[one, other]:.6g} between {variant_name(names, one)} and "
            f"{variant_name(names, other)}, expected correlations from -1 to 1"
        )
    return square


def check_names(names: Sequence[str] | None, ld_names: Sequence[str] | None) -> None:
    """Refuse names that occur twice, and an LD matrix whose variants are others or in another order.

    Raises
    ------
    InputError
    """
    if names is not None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise InputError(f"variant '{name}' occurs twice", hint="leave one out, of the LD too")
            seen.add(name)
    if ld_names is None:
        return
    if names is None:
        raise UsageError("ld_variants without variants: nothing to compare the LD's names with")
    if list(names) == list(ld_names):
        return
    missing = [name for name in names if name not in set(ld_names)]
    if missing:
        raise InputError(
            f"variant '{missing[0]}' is not in the LD matrix; {len(missing)} of {len(names)} are not",
            hint="leave these variants out",
        )
    if len(ld_names) != len(names):
        raise InputError(f"the LD matrix has {len(ld_names)} variants, the z-scores {len(names)}")
    row = next(i for i, (one, other) in enumerate(zip(names, ld_names)) if one != other)
    raise InputError(
        f"variant {row} is '{names[row]}' but '{ld_names[row]}' in the LD matrix",
        hint="put both in the same order",
    )


def _refuse_missing(square: Floats, what: str, names: Sequence[str] | None) -> None:
    bad = ~np.isfinite(square)
    row, column = np.argwhere(bad)[0]
    affected = int(bad.any(axis=1).sum())
    raise MatrixError(
        f"{what}: {square[row, column]} between {variant_name(names, int(row))} and "
        f"{variant_name(names, int(column))}; {affected} variants have missing values",
        hint="variants that do not vary have no LD: leave them out",
    )


def _refuse_asymmetric(square: Floats, what: str, names: Sequence[str] | None) -> None:
    size = square.shape[0]
    allowed = SYMMETRY * max(float(np.abs(np.diagonal(square)).max()), 1e-300)
    for top in range(0, size, _TILE):
        for left in range(top, size, _TILE):
            one = square[top : top + _TILE, left : left + _TILE]
            other = square[left : left + _TILE, top : top + _TILE].T
            gap = np.abs(one - other)
            if gap.max() > allowed:
                row, column = np.unravel_index(int(gap.argmax()), gap.shape)
                i, j = top + int(row), left + int(column)
                raise MatrixError(
                    f"{what}: not symmetric: {square[i, j]:.6g} between {variant_name(names, i)} and "
                    f"{variant_name(names, j)}, but {square[j, i]:.6g} the other way round",
                    hint="a triangle must be filled in first",
                )
