"""How precisely the numbers of a column were printed, told from the numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MOST = 9
_SLACK = 1e-6
_FEW = 1000
_LEAST = 1e-290
"""Of smaller values the digits cannot be counted: the power of ten would overflow."""


@dataclass(frozen=True)
class Precision:
    """Decimals and significant digits of a column; None where they are more than nine.

    Examples
    --------
    >>> import numpy as np
    >>> Precision.of(np.array([0.012, -1.5, 0.25]))
    Precision(decimals=3, digits=2)
    >>> Precision.of(np.array([1.2e-12, 0.31])), Precision.of(np.array([1 / 3]))
    (Precision(decimals=None, digits=2), Precision(decimals=None, digits=None))
    """

    decimals: int | None
    digits: int | None

    @classmethod
    def of(cls, values: FloatArray) -> Precision:
        """The fewest decimals and digits that write all finite values; trailing zeros don't show."""
        size = np.abs(values[np.isfinite(values) & (values != 0)])
        tiny = size < _LEAST
        size = size[~tiny]
        if not size.size:
            return cls(None, None)
        power = np.floor(np.log10(size))
        decimals = digits = None
        for d in range(_MOST + 1):
            if not tiny.any() and _whole(size * 10.0**d):
                decimals = d
                break
        for s in range(1, _MOST + 1):
            if _whole(size[:_FEW] * 10.0 ** (s - 1 - power[:_FEW])) and _whole(
                size * 10.0 ** (s - 1 - power)
            ):
                digits = s
                break
        return cls(decimals, digits)

    def half_unit(self, values: FloatArray) -> FloatArray:
        """Largest error that rounding can have made: half of the last place, 0 if not rounded."""
        unit = np.zeros(values.shape)
        if self.digits is not None:
            with np.errstate(divide="ignore"):
                power = np.floor(np.log10(np.abs(values)))
            unit = 10.0 ** (power - (self.digits - 1))
        if self.decimals is not None:
            # Either may be how the column was printed: the coarser one is the safer guess.
            unit = np.maximum(unit, 10.0**-self.decimals)
        return 0.5 * unit


def _whole(values: FloatArray) -> bool:
    """Whether all are whole numbers above 0; a few are tried first."""
    return all(_are_whole(part) for part in (values[:_FEW], values))


def _are_whole(values: FloatArray) -> bool:
    nearest = np.rint(values)
    return not bool(((np.abs(values - nearest) > _SLACK) | (nearest == 0)).any())
