"""Settings of genetic correlation runs, checked against the number of traits before anything is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from postgwas.errors import UsageError
from postgwas.ldsc.liability import liability_factor
from postgwas.ldsc.rg_results import pair_places

#: One value for all traits, or one for each; None is a free intercept.
PerTrait = float | None | Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class RgSettings:
    """How the pairs of T traits are regressed.

    Attributes
    ----------
    intercept_h2 : tuple of float or None, length T
        Constrained intercepts of heritabilities.
    intercept_gencov : tuple of float or None, length P
        Those of the covariances, in the order of `pairs`.
    pairs : tuple of pairs of int
        Places of the traits of each pair, from 0.
    factors : tuple of float, length T, or None
        Liability factors; None on the observed scale.
    n_blocks, two_step, chisq_max, check_alleles
        As in :func:`postgwas.ldsc.rg`.
    """

    intercept_h2: tuple[float | None, ...]
    intercept_gencov: tuple[float | None, ...]
    pairs: tuple[tuple[int, int], ...]
    factors: tuple[float, ...] | None
    n_blocks: int = 200
    two_step: float | None = None
    chisq_max: float | None = None
    check_alleles: bool = True
    invert_anyway: bool = False
    silly: bool = False
    compat: bool = False


def settings_for(
    n_traits: int,
    *,
    every_pair: bool,
    no_intercept: bool = False,
    intercept_h2: PerTrait = None,
    intercept_gencov: PerTrait | Sequence[Sequence[float | None]] = None,
    samp_prev: Sequence[float] | None = None,
    pop_prev: Sequence[float] | None = None,
    n_blocks: int = 200,
    two_step: float | None = None,
    chisq_max: float | None = None,
    check_alleles: bool = True,
    invert_anyway: bool = False,
    silly: bool = False,
    compat: bool = False,
) -> RgSettings:
    """Check the settings and bring them into the shape that the pairs need.

    Raises
    ------
    UsageError
        Fewer than two traits; a list of another length; settings that exclude each other.

    Examples
    --------
    >>> settings_for(3, every_pair=False, intercept_gencov=[None, 0.0, None]).intercept_gencov
    (0.0, None)
    """
    if n_traits < 2:
        raise UsageError(f"--rg takes at least two traits, {n_traits} given", hint="--rg FILE1,FILE2")
    if n_blocks <= 1:
        raise UsageError(f"--n_blocks {n_blocks}: expected a whole number above 1")
    for name, value in (("two_step", two_step), ("chisq_max", chisq_max)):
        if value is not None and not value > 0:
            raise UsageError(f"--{name} {value:g}: expected a chi-square above 0")
    pairs = pair_places(n_traits) if every_pair else [(0, i) for i in range(1, n_traits)]
    if no_intercept:
        # Whole numbers: ldsc prints them as such.
        own: tuple[float | None, ...] = (1,) * n_traits
        both: tuple[float | None, ...] = (0,) * len(pairs)
        if (intercept_h2 is not None or intercept_gencov is not None) and not compat:
            raise UsageError("--no_intercept and constrained intercepts exclude each other")
    else:
        own = _one_each(intercept_h2, n_traits, "intercept_h2")
        both = _for_pairs(intercept_gencov, n_traits, pairs, every_pair)
    if two_step is not None and any(value is not None for value in (*own, *both)):
        raise UsageError(
            "--two_step estimates intercepts, so none may be constrained", hint="drop --two_step"
        )
    return RgSettings(
        intercept_h2=own,
        intercept_gencov=both,
        pairs=tuple(pairs),
        factors=_factors(samp_prev, pop_prev, n_traits),
        n_blocks=n_blocks,
        two_step=two_step,
        chisq_max=chisq_max,
        check_alleles=check_alleles,
        invert_anyway=invert_anyway,
        silly=silly,
        compat=compat,
    )


def _one_each(values: PerTrait, n_traits: int, flag: str) -> tuple[float | None, ...]:
    if values is None or isinstance(values, (int, float)):
        return (values,) * n_traits
    if len(values) != n_traits:
        raise UsageError(f"--{flag} has {len(values)} values for {n_traits} traits: expected one for each")
    return tuple(_finite(value, flag) for value in values)


def _for_pairs(
    values: PerTrait | Sequence[Sequence[float | None]],
    n_traits: int,
    pairs: Sequence[tuple[int, int]],
    every_pair: bool,
) -> tuple[float | None, ...]:
    """Covariance intercepts, in the order of the pairs."""
    flag = "intercept_gencov"
    if values is None or isinstance(values, (int, float)):
        return (values,) * len(pairs)
    # Of objects, because None stands for a free intercept.
    given = np.array(values, dtype=object)
    if not every_pair:
        return _one_each(given.tolist(), n_traits, flag)[1:]
    if given.shape == (n_traits, n_traits):
        given = np.array([given[i, j] for i, j in pairs], dtype=object)
    if given.shape != (len(pairs),):
        raise UsageError(
            f"--{flag} has {len(values)} values; a matrix of {n_traits} traits takes {len(pairs)}, one for "
            "each pair in the order 1-2, 1-3, ... 2-3, ..."
        )
    return tuple(_finite(value, flag) for value in given)


def _finite(value: float | None, flag: str) -> float | None:
    if value is not None and not math.isfinite(value):
        raise UsageError(f"--{flag} {value}: expected a number, or N for a free intercept")
    return value


def _factors(
    samp_prev: Sequence[float] | None, pop_prev: Sequence[float] | None, n_traits: int
) -> tuple[float, ...] | None:
    if samp_prev is None and pop_prev is None:
        return None
    if samp_prev is None or pop_prev is None:
        raise UsageError("--samp_prev and --pop_prev must be given together")
    for flag, values in (("samp_prev", samp_prev), ("pop_prev", pop_prev)):
        if len(values) != n_traits:
            raise UsageError(
                f"--{flag} has {len(values)} values for {n_traits} traits: expected one for each",
                hint="nan for a quantitative trait",
            )
    return tuple(liability_factor(p, k) for p, k in zip(samp_prev, pop_prev))
