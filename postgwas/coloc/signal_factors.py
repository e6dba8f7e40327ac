"""The signals of one trait, made ready once to be compared with those of many others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.priors import log_weights
from postgwas.errors import NoVariantsError, UsageError
from postgwas.finemap.matrix_checks import check_names, finite_vector
from postgwas.finemap.susie_result import SusieFit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Signals:
    """Log Bayes factors of S signals of a trait at V variants.

    Make them with :meth:`of` or :meth:`of_fit`.

    Attributes
    ----------
    snp : tuple of str, shape (V,)
    signal : ndarray of int64, shape (S,)
        What each signal is called: the effect of a fit, from 0.
    log_bf : ndarray, shape (S, V)
    log_weight : ndarray, shape (V,), optional
        Logarithms of weights of variants, scaled to a mean of 1 over all V.
    """

    snp: tuple[str, ...]
    signal: Rows
    log_bf: Floats
    log_weight: Floats | None = None

    @classmethod
    def of(
        cls,
        log_bf: ArrayLike,
        snp: Sequence[str],
        *,
        signal: ArrayLike | None = None,
        prior_weights: ArrayLike | None = None,
        what: str = "",
    ) -> Signals:
        """Check Bayes factors and names.

        Parameters
        ----------
        log_bf : array-like, shape (S, V) or (V,)
        snp : sequence of str, shape (V,)
        signal : array-like of int, shape (S,), optional
            0 to S - 1 if None.
        prior_weights : array-like, shape (V,), optional
            See :func:`postgwas.coloc.priors.log_weights`.
        what : str
            Which trait, for messages: "1" or "2".

        Raises
        ------
        InputError
            If a Bayes factor is missing or infinite, or a name occurs twice.
        UsageError
            If there are not as many names or weights as columns.

        Examples
        --------
        >>> Signals.of([[3.0, 0.0], [0.0, 2.0]], ["a", "b"]).lead
        array([0, 1])
        """
        factors = np.atleast_2d(np.asarray(log_bf, np.float64))
        trait = f" of trait {what}" if what else ""
        if factors.ndim != 2:
            raise UsageError(f"log_bf{what}: expected signals x variants, found shape {factors.shape}")
        names = tuple(map(str, snp))
        if len(names) != factors.shape[1]:
            raise UsageError(f"snp{what}: {len(names)} names for {factors.shape[1]} variants{trait}")
        check_names(names, None)
        for one in factors:
            finite_vector(one, f"log_bf{what}", names=names)
        called = np.arange(len(factors)) if signal is None else np.asarray(signal, np.int64)
        if called.shape != (len(factors),):
            raise UsageError(f"signal{what}: {called.size} for {len(factors)} signals{trait}")
        weights = log_weights(prior_weights, len(names), f"prior_weights{what}")
        return cls(names, called, factors, weights)

    @classmethod
    def of_fit(
        cls, fit: SusieFit, snp: Sequence[str], *, prior_weights: ArrayLike | None = None, what: str = ""
    ) -> Signals:
        """The credible sets of a fit of SuSiE, by effect."""
        rows = np.array(sorted(one.effect for one in fit.credible_sets), np.int64)
        if not rows.size:
            names = tuple(map(str, snp))
            check_names(names, None)
            return cls(names, rows, np.zeros((0, len(names))))
        return cls.of(fit.lbf_variable[rows], snp, signal=rows, prior_weights=prior_weights, what=what)

    @cached_property
    def where(self) -> dict[str, int]:
        """Column of each variant."""
        return {name: column for column, name in enumerate(self.snp)}

    @cached_property
    def lead(self) -> Rows:
        """Column of each signal's largest Bayes factor."""
        return self.log_bf.argmax(axis=1)

    @cached_property
    def scaled(self) -> Scaled:
        """Over all variants."""
        return Scaled.of(self.log_bf, self.log_weight)

    @cached_property
    def bare(self) -> Scaled:
        """Over all variants, without weights."""
        return self.scaled if self.log_weight is None else Scaled.of(self.log_bf, None)

    @cached_property
    def hits(self) -> list[str]:
        """The variant of each signal's largest Bayes factor."""
        return [self.snp[column] for column in self.lead]

    @cached_property
    def log_total(self) -> Floats:
        """Log sum of each signal's Bayes factors over all variants, without weights."""
        result: Floats = self.bare.top + np.log(self.bare.total)
        return result


@dataclass(frozen=True, eq=False)
class Scaled:
    """Bayes factors less their largest, exponentiated.

    Attributes
    ----------
    top : ndarray, shape (S,)
        Largest log Bayes factor (times its weight) of each signal.
    weight : ndarray, shape (S, V)
    total : ndarray, shape (S,)
        Sums of `weight`.
    """

    top: Floats
    weight: Floats
    total: Floats

    @classmethod
    def of(cls, log_bf: Floats, log_weight: Floats | None) -> Scaled:
        """With the weights of variants."""
        logs = log_bf if log_weight is None else log_bf + log_weight
        top = logs.max(axis=1) if logs.size else np.zeros(len(logs))
        weight: Floats = np.exp(logs - top[:, None])
        return cls(top, weight, weight.sum(axis=1))


def shared_columns(one: Signals, two: Signals) -> tuple[Rows, Rows] | None:
    """Columns of the variants that both have, in the order of the first; None where all are the same.

    Raises
    ------
    NoVariantsError
        If there are none.
    """
    if one.snp is two.snp or one.snp == two.snp:
        return None
    # The first trait's dictionary is made once for all its pairs.
    at = np.fromiter(map(one.where.get, two.snp, repeat(-1)), np.int64, len(two.snp))
    columns = np.flatnonzero(at >= 0)
    if not columns.size:
        raise NoVariantsError(
            f"the traits share no variant: {len(one.snp)} of trait 1, such as '{one.snp[0]}', and "
            f"{len(two.snp)} of trait 2, such as '{two.snp[0]}'",
            hint="name variants the same way in both",
        )
    columns = columns[np.argsort(at[columns])]
    return at[columns], columns
