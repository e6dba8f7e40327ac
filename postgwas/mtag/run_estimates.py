"""Fourth step of a run: the estimator, for all variants or set of traits by set of traits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from postgwas.errors import MatrixError, UsageError
from postgwas.mtag.estimator import MtagEstimates, estimate
from postgwas.mtag.results import TraitSummary
from postgwas.mtag.run_merge import Aligned
from postgwas.mtag.run_traits import Trait
from postgwas.runlog import get_logger

log = get_logger(__name__)

Floats = NDArray[np.float64]

#: With many traits, sets of traits are too many to be read.
MOST_SETS_LOGGED = 64

GENOME_WIDE_Z = float(-ndtri(2.5e-8))


@dataclass(frozen=True)
class Estimates:
    """Standardised effects and errors, shape (n_variants, n_traits); NaN where a trait lacks the variant."""

    beta: Floats
    se: Floats
    weight: Floats


def by_subset(
    aligned: Aligned, omega: Floats, sigma: Floats, names: Sequence[str], *, compat: bool
) -> Estimates:
    """Run the estimator on each set of traits that some variants have.

    Raises
    ------
    MatrixError
        The estimates are not finite: Omega and Sigma together are singular.
    """
    n_variants, n_traits = aligned.z.shape
    # Traits in the order of their names: the same bits in whatever order they are given.
    order = np.argsort(np.asarray(names), kind="stable")
    if aligned.present.all():
        found = _ordered(aligned.z, aligned.n, omega, sigma, order)
        _check_finite(found, compat)
        return Estimates(found.beta, found.se, found.weight_sum)
    beta = np.full((n_variants, n_traits), np.nan)
    se = np.full((n_variants, n_traits), np.nan)
    weight = np.full(n_traits, np.nan)
    sets = list(_sets_of_traits(aligned.present))
    logged = sorted((len(rows) for rows, _ in sets), reverse=True)[:MOST_SETS_LOGGED][-1]
    left = 0
    for rows, traits in sets:
        at = np.ix_(traits, traits)
        within = np.argsort(np.argsort(order)[traits])
        found = _ordered(
            aligned.z[np.ix_(rows, traits)], aligned.n[np.ix_(rows, traits)], omega[at], sigma[at], within
        )
        _check_finite(found, compat)
        beta[np.ix_(rows, traits)], se[np.ix_(rows, traits)] = found.beta, found.se
        if len(traits) == n_traits:
            weight = found.weight_sum
        listed = ", ".join(names[int(t)] for t in traits)
        if len(rows) >= logged:
            log.info("%s SNPs are present in %s", f"{len(rows):,}", listed)
        else:
            left += len(rows)
    if left:
        log.info("%s SNPs are present in other, smaller sets of traits", f"{left:,}")
    return Estimates(beta, se, weight)


def _sets_of_traits(present: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows, ascending, of every set of traits that some variants have; one sort, however many sets."""
    n_traits = present.shape[1]
    if n_traits > 62:
        raise UsageError(f"--meta_format with {n_traits} traits: 62 at most")
    codes = present @ (1 << np.arange(n_traits, dtype=np.int64))
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(order)]):
        rows = order[start:stop]
        yield rows, np.flatnonzero(present[rows[0]])


def _ordered(z: Floats, n: Floats, omega: Floats, sigma: Floats, order: NDArray[np.int64]) -> MtagEstimates:
    if np.array_equal(order, np.arange(len(order))):
        return _estimate(z, n, omega, sigma)
    back = np.argsort(order)
    at = np.ix_(order, order)
    found = _estimate(z[:, order], n[:, order], omega[at], sigma[at])
    return MtagEstimates(found.beta[:, back], found.se[:, back], found.weight_sum[back])


def _estimate(z: Floats, n: Floats, omega: Floats, sigma: Floats) -> MtagEstimates:
    try:
        return estimate(z, n, omega, sigma)
    except np.linalg.LinAlgError:
        raise MatrixError("Omega and Sigma together are singular: MTAG's weights do not exist") from None


def _check_finite(found: MtagEstimates, compat: bool) -> None:
    bad = ~(np.isfinite(found.beta) & np.isfinite(found.se))
    if bad.any() and not compat:
        raise MatrixError(
            f"{bad.any(axis=1).sum():,} variants have no finite MTAG estimate: Omega and Sigma together are "
            "singular or not positive definite",
            hint="look at the matrices in the log; leave a redundant trait out",
        )


def summarise(
    aligned: Aligned, found: Estimates, sigma: Floats, traits: Sequence[Trait]
) -> list[TraitSummary]:
    """One line a trait, over the variants that all traits have (mtag.py's summary)."""
    rows = aligned.present.all(axis=1)
    if rows.all():
        z, n, beta, se = aligned.z, aligned.n, found.beta, found.se
    else:
        z, n, beta, se = aligned.z[rows], aligned.n[rows], found.beta[rows], found.se[rows]
    lines = []
    for t, trait in enumerate(traits):
        mtag_z = beta[:, t] / se[:, t]
        gwas, mtag = float((z[:, t] ** 2).mean() / sigma[t, t]), float((mtag_z**2).mean())
        n_max = float(n[:, t].max())
        lines.append(
            TraitSummary(
                name=trait.name,
                source=trait.source,
                n_variants=len(z),
                n_max=n_max,
                n_mean=float(n[:, t].mean()),
                gwas_mean_chi2=gwas,
                mtag_mean_chi2=mtag,
                gwas_equivalent_n=n_max * (mtag - 1) / (gwas - 1) if gwas != 1 else float("nan"),
                weight=float(found.weight[t]),
                n_significant_gwas=int((np.abs(z[:, t]) > GENOME_WIDE_Z).sum()),
                n_significant_mtag=int((np.abs(mtag_z) > GENOME_WIDE_Z).sum()),
                n_kind=trait.n_kind,
                unit=trait.unit,
            )
        )
    return lines
