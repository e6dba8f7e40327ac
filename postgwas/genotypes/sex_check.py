"""Sex from genotypes: men have one X and no heterozygous calls on it, and calls on Y."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MALE, FEMALE, UNKNOWN = 1, 2, 0


class SexStatus(IntEnum):
    """What the comparison with the file says."""

    OK = 0
    MISMATCH = 1
    """Genotypes say the other sex."""
    NOT_IN_FILE = 2
    """Genotypes say a sex, the file none."""
    UNCLEAR = 3
    """Genotypes say none."""


@dataclass(frozen=True)
class SexLimits:
    """When genotypes say male or female.

    Attributes
    ----------
    female_max_f : float
        X inbreeding coefficient below which someone is female.
    male_min_f : float
        Above which someone is male.
    female_max_y, male_min_y : int, optional
        Also needed, where given: at most so many calls on Y in women, at least so many in men.
    """

    female_max_f: float = 0.2
    male_min_f: float = 0.8
    female_max_y: int | None = None
    male_min_y: int | None = None

    def check(self) -> None:
        """Refuse limits that overlap.

        Raises
        ------
        UsageError
        """
        if not self.female_max_f <= self.male_min_f:
            raise UsageError(
                f"--female_max_f {self.female_max_f:g} is above --male_min_f {self.male_min_f:g}",
                hint="plink's are 0.2 and 0.8",
            )
        if (self.female_max_y is None) != (self.male_min_y is None):
            raise UsageError("--female_max_y and --male_min_y must be given together")
        if self.female_max_y is None or self.male_min_y is None:
            return
        if not 0 <= self.female_max_y < self.male_min_y:
            raise UsageError(
                f"--female_max_y {self.female_max_y}: expected 0 or more, and less than --male_min_y "
                f"{self.male_min_y}"
            )


@dataclass(frozen=True, eq=False)
class SexCheck:
    """Sex by genotypes.

    Attributes
    ----------
    sex : ndarray of int8, shape (n,)
        1 male, 2 female, 0 unclear.
    status : ndarray of int8, shape (n,)
        :class:`SexStatus`.
    """

    sex: NDArray[np.int8]
    status: NDArray[np.int8]


def check_sex(x_inbreeding: Floats, y_calls: Ints, told: NDArray[np.int8], limits: SexLimits) -> SexCheck:
    """Compare sex by genotypes with the file's.

    Parameters
    ----------
    x_inbreeding : ndarray of float64, shape (n,)
        Inbreeding coefficient of X outside its pseudo-autosomal regions; NaN says nothing.
    y_calls : ndarray of int64, shape (n,)
    told : ndarray of int8, shape (n,)
        1 male, 2 female, 0 unknown.
    limits : SexLimits

    Examples
    --------
    >>> f, told = np.array([0.1, 0.9, 0.9, 0.5]), np.array([2, 2, 0, 1], np.int8)
    >>> check = check_sex(f, np.zeros(4, np.int64), told, SexLimits())
    >>> [SexStatus(status).name for status in check.status]
    ['OK', 'MISMATCH', 'NOT_IN_FILE', 'UNCLEAR']
    """
    female, male = x_inbreeding < limits.female_max_f, x_inbreeding > limits.male_min_f
    if limits.female_max_y is not None and limits.male_min_y is not None:
        female &= y_calls <= limits.female_max_y
        male &= y_calls >= limits.male_min_y
    sex = np.where(male, MALE, np.where(female, FEMALE, UNKNOWN)).astype(np.int8)
    agrees = np.where(told == sex, SexStatus.OK, SexStatus.MISMATCH)
    known = np.where(told == UNKNOWN, SexStatus.NOT_IN_FILE, agrees)
    status = np.where(sex == UNKNOWN, SexStatus.UNCLEAR, known)
    return SexCheck(sex, status.astype(np.int8))
