"""Covariates as a matrix, and as the text that a file holds before it is known what is a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.matrix import check_unique, some_names

#: Cells that say that a value is missing.
MISSING = frozenset({"", "NA", "NaN", "nan", "N/A", "NULL", "null", "."})


@dataclass(frozen=True, eq=False)
class CovariateTable:
    """Covariates as text: a name, then a cell for each sample.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Covariate -> cells in the order of `samples`.
    samples : tuple of str
    path : str
        Where they come from, for messages.
    hidden : bool
        Factors estimated from the expression itself.

    Raises
    ------
    InputError
        If a sample occurs twice, or a covariate has another number of cells.
    """

    columns: Mapping[str, Sequence[str]]
    samples: tuple[str, ...]
    path: str = "covariates"
    hidden: bool = False

    def __post_init__(self) -> None:
        check_unique(self.samples, "sample", self.path)
        for name, cells in self.columns.items():
            if len(cells) != len(self.samples):
                raise InputError(
                    f"{self.path}: covariate {name} has {len(cells)} values for {len(self.samples)} samples"
                )

    def select(self, samples: Sequence[str]) -> CovariateTable:
        """The cells of these samples, in this order.

        Raises
        ------
        InputError
            If samples are not in it.
        """
        at = {name: place for place, name in enumerate(self.samples)}
        lost = [name for name in samples if name not in at]
        if lost:
            raise InputError(
                f"{self.path}: {len(lost)} of {len(samples)} samples are not in it: {some_names(lost)}",
                hint="--unmatched drop goes on with the samples that all files have",
            )
        rows = [at[name] for name in samples]
        columns = {name: [cells[row] for row in rows] for name, cells in self.columns.items()}
        return CovariateTable(columns, tuple(samples), self.path, self.hidden)


@dataclass(frozen=True, eq=False)
class CovariateMatrix:
    """Covariates as numbers.

    Parameters
    ----------
    values : ndarray, shape (covariates, samples)
        Finite.
    names : tuple of str
    samples : tuple of str
    hidden : tuple of bool, optional
        Which are factors estimated from the expression; none by default.

    Raises
    ------
    InputError
        If shapes do not fit, names occur twice, or values are missing.

    Examples
    --------
    >>> CovariateMatrix(np.array([[0.0, 1.0]]), ("sex",), ("a", "b")).n_covariates
    1
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    samples: tuple[str, ...]
    hidden: tuple[bool, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.names), len(self.samples)):
            raise InputError(
                f"covariates have shape {self.values.shape}, expected {len(self.names)} covariates x "
                f"{len(self.samples)} samples"
            )
        check_unique(self.names, "covariate", "covariates")
        check_unique(self.samples, "sample", "covariates")
        if not np.isfinite(self.values).all():
            row, column = (int(at[0]) for at in np.nonzero(~np.isfinite(self.values)))
            raise InputError(f"covariate {self.names[row]} has no value for sample {self.samples[column]}")
        if not self.hidden:
            object.__setattr__(self, "hidden", (False,) * len(self.names))

    @property
    def n_covariates(self) -> int:
        return len(self.names)

    def row(self, name: str) -> NDArray[np.float64]:
        """Values of one covariate, shape (samples,).

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        if name not in self.names:
            raise UsageError(f"there is no covariate {name}; there are {some_names(self.names, 20)}")
        values: NDArray[np.float64] = self.values[self.names.index(name)]
        return values
