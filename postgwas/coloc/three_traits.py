"""Colocalisation of three or four traits with all configurations of sharing (moloc)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.configurations import (
    LETTERS,
    Configuration,
    Group,
    configurations,
    distinct_terms,
    groups,
    label,
)
from postgwas.coloc.join_traits import join_datasets
from postgwas.coloc.priors import check_prior
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import PostgwasWarning, UsageError

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Counting = Literal["moloc", "distinct"]

PRIORS = (1e-4, 1e-5, 1e-6, 1e-7)
"""Prior of a variant to be causal for one trait only, for two, three, four."""
PRIOR_VARIANCES = (0.01, 0.1, 0.5)
"""Prior variances of an effect that Bayes factors are averaged over."""
NO_CAUSE = 0.999
"""What "zero" weighs, as in the peer."""


@dataclass(frozen=True, eq=False)
class Moloc:
    """What :func:`moloc` found.

    Attributes
    ----------
    traits : tuple of str
        Called a, b, c, d in configurations.
    configuration : tuple of str
        Such as "a", "ab,c", "abc", and "zero".
    prior : ndarray, shape (C,)
        Of one choice of variants; products of `priors`.
    log_sum : ndarray, shape (C,)
        Log of the sum of Bayes factors; minus infinity where there is nothing to sum.
    log_bf_locus : ndarray, shape (C,)
        The mean instead: `log_sum` less the log of the number of choices (with ``counting="moloc"`` of the
        squared number of variants wherever there are several groups).
    pp : ndarray, shape (C,)
        Posterior probabilities.
    group : tuple of str
        Sets of traits: "a", "b", "ab", ...
    group_pp : ndarray, shape (G,)
        Posterior that all traits of a set share a variant, perhaps with more; of a single trait that it
        shares one with any other.
    log_bf : ndarray, shape (G, V)
        Log Bayes factor of each variant to be causal for all traits of a set.
    snp : tuple of str
        Variants that all traits have, in the order of the first.
    notes : tuple of str
        Warnings.
    """

    traits: tuple[str, ...]
    configuration: tuple[str, ...]
    prior: Floats
    log_sum: Floats
    log_bf_locus: Floats
    pp: Floats
    group: tuple[str, ...]
    group_pp: Floats
    log_bf: Floats
    snp: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def n_shared(self) -> int:
        """Variants that all traits have."""
        return len(self.snp)

    @property
    def snp_pp(self) -> Floats:
        """Posterior of each variant to be the one that a set of traits shares, shape (G, V)."""
        weights: Floats = np.exp(self.log_bf - self.log_bf.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return weights

    @property
    def best(self) -> tuple[str, ...]:
        """The best variant of each set."""
        return tuple(self.snp[row] for row in self.log_bf.argmax(axis=1))

    def table(self) -> pl.DataFrame:
        """A row a configuration."""
        import polars as pl

        return pl.DataFrame(
            {
                "CONFIGURATION": list(self.configuration), "PRIOR": self.prior, "LOG_SUM": self.log_sum,
                "LOG_BF_LOCUS": self.log_bf_locus, "PP": self.pp,
            }
        )  # fmt: skip

    def groups_table(self) -> pl.DataFrame:
        """A row a set of traits, with its best variant."""
        import polars as pl

        return pl.DataFrame(
            {
                "GROUP": list(self.group), "PP": self.group_pp, "BEST_SNP": list(self.best),
                "BEST_SNP_PP": self.snp_pp.max(axis=1),
            }
        )  # fmt: skip


def moloc(
    datasets: Sequence[Dataset],
    *,
    traits: Sequence[str] | None = None,
    priors: Sequence[float] | None = None,
    prior_var: Sequence[float] | None = PRIOR_VARIANCES,
    counting: Counting = "moloc",
) -> Moloc:
    """Which of two, three or four traits share a causal variant? One causal variant each at most.

    Parameters
    ----------
    datasets : sequence of Dataset
        Joined by the names of variants.
    traits : sequence of str, optional
        Names; a, b, c, d if None.
    priors : sequence of float, optional
        Prior of a variant to be causal for one trait, for two, ...; as many as traits. 1e-4, 1e-5, 1e-6,
        1e-7 if None.
    prior_var : sequence of float, optional
        Prior variances of an effect (times the trait's variance), over which Bayes factors are averaged;
        coloc's own by type of trait (0.0225, 0.04) if None.
    counting : {"moloc", "distinct"}
        How groups with different variants are counted. "moloc" multiplies the sums of groups and takes
        away the sum over one variant for all, as the peer does: with three or more groups, two may still
        have the same variant, and with several prior variances the difference may be negative, when its
        size is taken. "distinct" counts choices of different variants alone, at each prior variance.

    Returns
    -------
    Moloc

    Raises
    ------
    NoVariantsError
        If no variant is in all traits.
    UsageError
        If there are not two to four traits, or priors are not as many or out of range.

    Warns
    -----
    PostgwasWarning
        Where a difference is negative, or standard errors look like variances.

    References
    ----------
    Giambartolomei et al. 2018, Bioinformatics 34:2538-2545.

    Examples
    --------
    >>> one = Dataset(snp=["x", "y"], beta=[0.2, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    >>> found = moloc([one, one, one])
    >>> found.configuration[found.pp.argmax()], found.best[-1]
    ('abc', 'x')
    """
    number = len(datasets)
    if not 2 <= number <= 4:
        raise UsageError(f"{number} traits: expected two to four", hint="hyprcoloc takes many")
    names = tuple(LETTERS[:number]) if traits is None else tuple(traits)
    weights = tuple(PRIORS[:number] if priors is None else priors)
    if len(weights) != number or len(names) != number:
        raise UsageError(f"{len(weights)} priors and {len(names)} names for {number} traits")
    for one in weights:
        check_prior("prior", one)
    if prior_var is not None and not (len(prior_var) and all(one > 0 for one in prior_var)):
        raise UsageError("prior_var: expected variances above 0")
    if counting not in ("moloc", "distinct"):
        raise UsageError(f"counting = {counting!r}: expected moloc or distinct")
    joined = join_datasets(datasets, names)
    # (traits, prior variances, variants)
    factors = np.stack([_log_bf(data, prior_var)[:, rows] for data, rows in zip(datasets, joined.rows)])
    found = _solve(factors, names, joined.snp, weights, counting, joined.notes)
    for note in found.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    return found


def _log_bf(data: Dataset, prior_var: Sequence[float] | None) -> Floats:
    if prior_var is None:
        return data.log_bf[None]
    return np.stack([data.log_bf_with(np.sqrt(one)) for one in prior_var])


def _solve(
    factors: Floats,
    names: tuple[str, ...],
    snp: tuple[str, ...],
    priors: tuple[float, ...],
    counting: Counting,
    notes: tuple[str, ...],
) -> Moloc:
    number, n_variances, n_variants = factors.shape
    sets = groups(number)
    per_variance = {one: factors[list(one)].sum(axis=0) for one in sets}
    log_bf = np.stack([_log_mean(per_variance[one]) for one in sets])
    totals = {one: _log_sum(per_variance[one], axis=1) for one in sets}
    means = {one: float(_log_sum(totals[one], axis=0)) - np.log(n_variances) for one in sets}
    every = [one for one in configurations(number) if one]
    sums, odd = [], []
    for one in every:
        if counting == "distinct":
            sums.append(_distinct(one, totals) if len(one) > 1 else means[one[0]])
        else:
            value, negative = _as_peer(one, means)
            sums.append(value)
            odd += [label(one)] if negative else []
    prior = np.array([np.prod([priors[len(group) - 1] for group in one]) for one in every])
    log_sum = np.array([*sums, 0.0])
    weights = np.append(prior, NO_CAUSE)
    with np.errstate(divide="ignore"):
        logs = log_sum + np.log(weights)
    pp = np.exp(logs - logs.max())
    pp /= pp.sum()
    choices = [len(one) if counting == "distinct" else min(len(one), 2) for one in every]
    locus = log_sum - np.log(n_variants) * np.array([*choices, 0])
    if odd:
        notes = (*notes, (
            f"sums of {', '.join(odd)} came out negative (prior variances are averaged apart) and their size "
            "is taken, as in the peer: counting=\"distinct\" avoids it"
        ))  # fmt: skip
    return Moloc(
        traits=names, configuration=(*map(label, every), "zero"), prior=weights, log_sum=log_sum,
        log_bf_locus=locus, pp=pp, group=tuple(label((one,)) for one in sets),
        group_pp=np.array([_shared_pp(one, every, pp) for one in sets]), log_bf=log_bf, snp=snp, notes=notes,
    )  # fmt: skip


def _shared_pp(traits: Group, every: list[Configuration], pp: Floats) -> float:
    rows = [
        row
        for row, one in enumerate(every)
        if any(len(group) > 1 and set(traits) <= set(group) for group in one)
    ]
    return float(pp[rows].sum())


def _as_peer(one: Configuration, means: dict[Group, float]) -> tuple[float, bool]:
    """Product of sums less the sum over one variant for all; whether that was negative."""
    if len(one) == 1:
        return means[one[0]], False
    left = sum(means[group] for group in one)
    right = means[tuple(sorted(trait for group in one for trait in group))]
    top = max(left, right)
    with np.errstate(divide="ignore"):
        return top + float(np.log(abs(np.exp(left - top) - np.exp(right - top)))), right > left


def _distinct(one: Configuration, totals: dict[Group, Floats]) -> float:
    """Log mean over prior variances of the sum over choices of different variants."""
    terms = [
        (factor, np.sum([totals[group] for group in merged], axis=0))
        for factor, merged in distinct_terms(one)
    ]
    top = np.max([log for _, log in terms], axis=0)
    value = np.sum([factor * np.exp(log - top) for factor, log in terms], axis=0)
    # What is below rounding is none: regions of fewer variants than groups.
    value = np.where(value > 1e-14, value, 0.0)
    with np.errstate(divide="ignore"):
        logs = top + np.log(value)
    if np.isneginf(logs).all():
        return -np.inf
    return float(_log_sum(logs, axis=0)) - float(np.log(logs.size))


def _log_sum(values: Floats, axis: int) -> Floats:
    top = values.max(axis=axis, keepdims=True)
    summed: Floats = np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))
    return summed


def _log_mean(values: Floats) -> Floats:
    mean: Floats = _log_sum(values, axis=0) - np.log(len(values))
    return mean
