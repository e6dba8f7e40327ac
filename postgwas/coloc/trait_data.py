"""One trait's summary statistics of a region, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.finemap.abf import Kind, estimate_sd_y, log_abf, log_abf_from_p
from postgwas.finemap.matrix_checks import check_names, correlation_matrix, finite_vector, positive_vector

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Summary statistics of one trait in one region.

    Either `beta` and `se`, or `p`, `maf` and `n` (and `case_fraction` for "cc"). A quantitative trait with
    effects needs `sd_y`, or `maf` and `n` to estimate it from. Effects win where P-values are there too.

    Parameters
    ----------
    snp : sequence of str, shape (V,)
        Names, each once. Two traits are joined by them.
    beta, se : array-like, shape (V,), optional
        Effects and their standard errors (never variances): per allele, or log odds ratios.
    maf : array-like, shape (V,), optional
        Frequency of either allele, between 0 and 1.
    n : float or array-like, shape (V,), optional
        Samples; cases and controls together.
    p : array-like, shape (V,), optional
        P-values, above 0 and up to 1.
    type : {"quant", "cc"}
        Quantitative or case-control; it must be given.
    sd_y : float, optional
        Standard deviation of a quantitative trait; estimated if None. P-values need none.
    case_fraction : float, optional
        Share of cases, for "cc".
    ld : array-like, shape (V, V), optional
        Correlations of the variants, in their order.
    ld_snp : sequence of str, optional
        The names of `ld`, checked to be those of `snp`.
    name : str, optional
        What warnings call the trait; its number if None.

    Raises
    ------
    InputError
        If values are missing or out of range, or names occur twice.
    MatrixError
        If LD is not square, not symmetric, has missing values or is no correlation matrix.
    UsageError
        If something that is needed is not given, or lengths differ.

    Examples
    --------
    >>> one = Dataset(snp=["a", "b"], beta=[0.1, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    >>> one.log_bf.round(4)
    array([10.2579, -2.0237])
    """

    snp: Sequence[str]
    beta: ArrayLike | None = None
    se: ArrayLike | None = None
    maf: ArrayLike | None = None
    n: ArrayLike | None = None
    p: ArrayLike | None = None
    type: str | None = None
    sd_y: float | None = None
    case_fraction: float | None = None
    ld: ArrayLike | None = None
    ld_snp: Sequence[str] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.type is None:
            raise UsageError("type is missing", hint='type="quant" or type="cc"')
        if self.type not in ("quant", "cc"):
            raise UsageError(f"type = {self.type!r}: expected quant or cc")
        names = [str(name) for name in self.snp]
        if not names:
            raise UsageError("snp: no variants")
        object.__setattr__(self, "snp", names)
        check_names(names, self.ld_snp)
        self._check_vectors(names)
        self._check_numbers()
        self._check_enough()
        if self.ld is not None:
            object.__setattr__(self, "ld", correlation_matrix(self.ld, len(names), "ld", names=names))

    def _check_vectors(self, names: list[str]) -> None:
        for what, checked in (("beta", finite_vector), ("se", positive_vector), ("maf", finite_vector),
                              ("p", finite_vector)):  # fmt: skip
            given = getattr(self, what)
            if given is not None:
                object.__setattr__(self, what, checked(given, what, names=names, size=len(names)))
        if self.maf is not None:
            _within(np.asarray(self.maf), "maf", names, closed=False)
        if self.p is not None:
            _within(np.asarray(self.p), "p", names, closed=True)
        if self.n is not None:
            wide = (
                np.broadcast_to(np.asarray(self.n, np.float64), len(names))
                if np.ndim(self.n) == 0
                else self.n
            )
            object.__setattr__(self, "n", positive_vector(wide, "n", size=len(names)))

    def _check_numbers(self) -> None:
        if self.sd_y is not None and not (np.isfinite(self.sd_y) and self.sd_y > 0):
            raise InputError(f"sd_y = {self.sd_y:g}: expected a standard deviation above 0")
        if self.case_fraction is not None and not 0 < self.case_fraction < 1:
            raise InputError(f"case_fraction = {self.case_fraction:g}: expected a share between 0 and 1")

    def _check_enough(self) -> None:
        if (self.beta is None) != (self.se is None):
            found, lacking = ("beta", "se") if self.se is None else ("se", "beta")
            raise UsageError(
                f"{found} without {lacking}", hint=f"{lacking}=, or p=, maf= and n= instead of both"
            )
        if self.beta is not None:
            if self.type == "quant" and self.sd_y is None and (self.maf is None or self.n is None):
                raise UsageError("a quantitative trait needs sd_y, or maf and n to estimate it", hint="sd_y=")
            return
        lacking_all = [what for what in ("p", "maf", "n") if getattr(self, what) is None]
        if lacking_all:
            raise UsageError(
                f"{' and '.join(lacking_all)} missing: without beta and se, p, maf and n are needed",
                hint="beta= and se=, or " + ", ".join(f"{what}=" for what in lacking_all),
            )
        if self.type == "cc" and self.case_fraction is None:
            raise UsageError("P-values of case-control data need the share of cases", hint="case_fraction=")

    @cached_property
    def trait_sd(self) -> float | None:
        """The standard deviation used: as given, or estimated; None where none is needed."""
        if self.type == "cc" or self.beta is None:
            return None
        if self.sd_y is not None:
            return float(self.sd_y)
        assert self.se is not None and self.maf is not None and self.n is not None
        return float(estimate_sd_y(self.se, self.maf, self.n)[0])

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What looks wrong: standard errors that look like variances, or do not fit n and maf."""
        from postgwas.coloc.error_scale import error_notes, strength_notes

        if self.se is None:
            return ()
        strong: tuple[str, ...] = ()
        if self.n is not None and self.beta is not None and self.type == "quant":
            strong = strength_notes(np.asarray(self.beta) / np.asarray(self.se), np.asarray(self.n))
        return strong + error_notes(
            np.asarray(self.se), None if self.maf is None else np.asarray(self.maf),
            None if self.n is None else np.asarray(self.n), case_control=self.type == "cc",
            sd_y=self.sd_y, case_fraction=self.case_fraction,
        )  # fmt: skip

    @cached_property
    def log_bf(self) -> Floats:
        """Log Bayes factors, shape (V,); see :func:`postgwas.finemap.log_abf`."""
        return self.log_bf_with(None)

    def log_bf_with(self, prior_sd: float | None) -> Floats:
        """Log Bayes factors at another prior standard deviation of effects, shape (V,).

        Parameters
        ----------
        prior_sd : float, optional
            In standard deviations of a quantitative trait; 0.15, or 0.2 of log odds ratios, if None.
        """
        kind: Kind = "cc" if self.type == "cc" else "quant"
        if self.beta is not None and self.se is not None:
            spread = self.trait_sd or 1.0
            return log_abf(self.beta, self.se, kind=kind, sd_y=spread, prior_sd=prior_sd)
        assert self.p is not None and self.maf is not None and self.n is not None
        return log_abf_from_p(
            self.p, self.maf, self.n, kind=kind, case_fraction=self.case_fraction, prior_sd=prior_sd
        )


def _within(values: Floats, what: str, names: list[str], *, closed: bool) -> None:
    bad = ~((values > 0) & ((values <= 1) if closed else (values < 1)))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{what}: {values[row]:g} at variant '{names[row]}', expected values above 0 and "
            f"{'up to' if closed else 'below'} 1; {int(bad.sum())} of {values.size} are not",
            hint="where they underflow to 0, give beta and se"
            if closed
            else "leave variants that do not vary out",
        )
