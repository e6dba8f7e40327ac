"""munge_sumstats.py's rules for one row: arrays in, the rule that each row broke out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Column

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]

REASONS = (
    "missing value",
    "not in the list of --merge_alleles",
    "INFO below limit",
    "frequency outside [0, 1] or MAF below limit",
    "P out of bounds",
    "not a SNP, or strand-ambiguous",
    "duplicated SNPID",
    "N below limit",
    "NSTUDY below limit",
    "alleles differ from --merge_alleles",
)
"""Why a row is removed, in the order in which the rules are applied."""
(
    MISSING, NOT_LISTED, LOW_INFO, LOW_MAF, BAD_P, NOT_A_SNP, DUPLICATE, LOW_N, LOW_NSTUDY, MISMATCH,
) = range(len(REASONS))  # fmt: skip
KEPT = 255

LETTERS = b"ACGT"
NO_LETTER = 9
_CODES = np.full(256, NO_LETTER, dtype=np.uint8)
_CODES[list(LETTERS)] = _CODES[list(LETTERS.lower())] = np.arange(4)


@dataclass
class Verdict:
    """Which rule each row broke first, :data:`KEPT` where none, [shape: (M,)]."""

    reason: Codes
    alive: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.alive = self.reason == KEPT

    @classmethod
    def none_yet(cls, n_rows: int) -> Verdict:
        """All rows alive."""
        return cls(np.full(n_rows, KEPT, dtype=np.uint8))

    def remove(self, broken: Bools, rule: int) -> None:
        """Remove the rows that are alive and break a rule."""
        broken = broken & self.alive
        if broken.any():
            self.reason[broken] = rule
            self.alive &= ~broken

    def counts(self) -> npt.NDArray[np.int64]:
        """Rows removed by each rule, [shape: (len(REASONS),)]."""
        return np.bincount(self.reason, minlength=256)[: len(REASONS)]


def allele_codes(alleles: pl.Series) -> Codes:
    """A, C, G, T as 0, 1, 2, 3 in either case; 9 for anything else. A + T = C + G = 3."""
    import polars as pl

    codes = alleles.cast(pl.Enum([*"ACGTacgt"]), strict=False).to_physical()
    if codes.null_count():
        codes = codes.fill_null(9)
    found: Codes = codes.to_numpy()
    lower = (found > 3) & (found < 9)
    return np.where(lower, found - 4, found).astype(np.uint8) if lower.any() else found


def codes_of_column(alleles: Column) -> Codes:
    """As :func:`allele_codes`, of fields of text."""
    codes: Codes = _CODES[alleles.text[alleles.start]]
    codes[alleles.length != 1] = NO_LETTER
    return codes


def plain_snps(a1: Codes, a2: Codes) -> Bools:
    """Pairs of two different letters that are not each other's complement, [shape: (M,)].

    Examples
    --------
    >>> plain_snps(np.array([0, 0, 0, 9], np.uint8), np.array([2, 3, 0, 1], np.uint8)).tolist()
    [True, False, False, False]
    """
    result: Bools = (a1 < 4) & (a2 < 4) & (a1 != a2) & (a1 + a2 != 3)
    return result


def same_variant(a1: Codes, a2: Codes, b1: Codes, b2: Codes) -> Bools:
    """Whether two pairs of alleles can be one SNP, as written or swapped, on either strand.

    Both pairs must be :func:`plain_snps`; for others the answer is no.

    Parameters
    ----------
    a1, a2, b1, b2 : ndarray of uint8, shape (M,)
        Codes of :func:`allele_codes`.
    """
    as_written = (a1 == b1) & (a2 == b2)
    swapped = (a1 == b2) & (a2 == b1)
    other_strand = (a1 + b1 == 3) & (a2 + b2 == 3)
    both = (a1 + b2 == 3) & (a2 + b1 == 3)
    result: Bools = (as_written | swapped | other_strand | both) & plain_snps(a1, a2) & plain_snps(b1, b2)
    return result


def outside(values: Floats, low: float, high: float) -> Bools:
    """Values below ``low`` or above ``high``; missing ones are not, [shape: (M,)]."""
    result: Bools = (values < low) | (values > high)
    return result


def low_maf(frequency: Floats, limit: float) -> Bools:
    """Frequencies outside [0, 1], missing, or with a MAF not above the limit, [shape: (M,)]."""
    result: Bools = ~(np.minimum(frequency, 1.0 - frequency) > limit) | outside(frequency, 0.0, 1.0)
    return result


def low_info(info: list[Floats], limit: float) -> Bools:
    """Rows whose INFO, or the sum of several over their number, is missing or below the limit.

    As in munge_sumstats.py, a missing one of several counts as 0.

    Parameters
    ----------
    info : list of ndarray, shape (M,)
    """
    total = info[0] if len(info) == 1 else np.sum([np.nan_to_num(values) for values in info], axis=0)
    result: Bools = ~(total >= limit * len(info))
    return result
