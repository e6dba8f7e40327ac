"""Whether numbers that are given as counts can be counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.matrix import ExpressionMatrix, some_names

#: From here on float64 does not hold every whole number; no sequencer gives so many reads.
LARGEST = 2.0**53


@dataclass(frozen=True, eq=False)
class CountsLook:
    """What counts look like.

    Attributes
    ----------
    share_whole : float
        Share of whole numbers.
    per_million : bool
        All samples' totals are within 1 % of a million.
    equal_totals : bool
        Three samples or more, not whole, whose totals are the same to a thousandth.
    empty : ndarray of int
        Samples whose total is 0.
    logarithms : bool
        At least 100 values, hardly any of them whole apart from zeros, and none above 25: two to the 25th is
        more reads than one gene has.
    largest : float
        The largest value.
    """

    share_whole: float
    per_million: bool
    equal_totals: bool
    empty: NDArray[np.intp]
    logarithms: bool
    largest: float


def look_at_counts(values: NDArray[np.float64]) -> CountsLook:
    """Look at a matrix of (genes, samples).

    Examples
    --------
    >>> look_at_counts(np.array([[4e5, 1e5], [6e5, 9e5]])).per_million
    True
    """
    totals = values.sum(axis=0)
    whole = float((values == np.floor(values)).mean()) if values.size else 1.0
    several = len(totals) > 1 and bool((totals > 0).all())
    million = several and bool(np.all(np.abs(totals / 1e6 - 1.0) < 0.01))
    equal = (
        several and len(totals) > 2 and whole < 1.0 and float(np.ptp(totals)) < 1e-3 * float(totals.mean())
    )
    largest = float(values.max(initial=0.0))
    positive = values[values > 0]
    fractions = len(positive) >= 100 and float((positive == np.floor(positive)).mean()) < 0.05
    return CountsLook(
        whole, million, equal, np.flatnonzero(totals == 0), fractions and largest <= 25.0, largest
    )


def check_counts(matrix: ExpressionMatrix, *, sure: bool = False) -> ExpressionMatrix:
    """The matrix with notes on what is unusual.

    Parameters
    ----------
    matrix : ExpressionMatrix
    sure : bool
        The user or a quantifier's file says that these are counts: totals that are the same, as
        those of samples brought to one depth, are only noted then. Whole numbers may then sum to
        a million too.

    Raises
    ------
    InputError
        If the numbers are TPM, CPM or another measure that was scaled to one total.
    """
    look = look_at_counts(matrix.values)
    notes = []
    if look.largest >= LARGEST:
        raise InputError(
            f"{matrix.path}: a value of {look.largest:g} is no count of reads",
            hint="--unit says what the numbers are",
        )
    if look.logarithms:
        notes.append(
            f"no value is above {look.largest:.3g} and hardly any is whole: if these are logarithms, they "
            "are no counts"
        )
    if look.per_million and not (sure and look.share_whole == 1.0):
        raise InputError(
            f"{matrix.path}: every sample sums to a million: these are TPM or CPM, not counts",
            hint="--unit tpm (or cpm) if that is meant; filters and TMM need counts",
        )
    if (look.equal_totals or look.per_million) and sure:
        notes.append(f"every sample has about the same total, {matrix.totals[0]:,.6g}: one depth, or scaled?")
    elif look.equal_totals:
        raise InputError(
            f"{matrix.path}: every sample sums to the same {matrix.totals[0]:,.6g}: not counts but "
            "scaled values",
            hint="--unit says what they are, such as cpm or normalised; counts if you are sure",
        )
    if look.share_whole < 1.0:
        notes.append(
            f"{1 - look.share_whole:.1%} of the counts are not whole numbers, as quantifiers' estimates are"
        )
    if len(look.empty):
        names = [matrix.samples[at] for at in look.empty]
        notes.append(f"{len(names)} samples have no counts at all: {some_names(names)}")
    return replace(matrix, notes=(*matrix.notes, *notes))
