"""What a run of MAMA tells of its SNPs and coefficients, and warns of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from postgwas.meta.mama_estimator import MENDED, NOT_ESTIMABLE, OMEGA_INDEFINITE, MamaEstimates
from postgwas.meta.mama_harmonise import Harmonised
from postgwas.meta.mama_options import MamaOptions, Population
from postgwas.meta.mama_regression import Coefficients
from postgwas.runlog import get_logger, log_step

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: Fewer SNPs than this make LD score regression a guess.
FEW_SNPS = 10_000


def tell_harmonised(
    common: Harmonised, populations: Sequence[Population], filtered: Sequence[pl.DataFrame],
    scores: pl.DataFrame, options: MamaOptions,
) -> list[str]:  # fmt: skip
    """Log what became of the SNPs; what is worth a warning."""
    left = common.n_common - common.n_mismatched
    log_step(log, "SNPs in all sources", rows_in=common.n_common, rows_out=left,
             dropped={"alleles_differ": common.n_mismatched})  # fmt: skip
    for population, flipped in zip(populations, common.n_flipped):
        log.info("%s: effect of %s SNPs turned round", population.name, f"{flipped:,}")
    warnings = []
    fewest = min([frame.height for frame in filtered] + [scores.height])
    if common.n_common < fewest / 4:
        warnings.append(
            f"only {common.n_common:,} SNPs are in all sources, of {fewest:,} in the smallest: are ids and "
            "builds the same?"
        )
    if left < FEW_SNPS:
        warnings.append(f"{left:,} SNPs are few for LD score regression: its coefficients are uncertain")
    if common.n_moved > left / 2:
        warnings.append(
            f"{common.n_moved:,} SNPs have other positions in the LD scores than in "
            f"{populations[0].path}: another build? SNPs are matched by id"
        )
    if common.n_palindromic_turned and options.mama_compat:
        warnings.append(
            f"{common.n_palindromic_turned:,} A/T and C/G SNPs have their alleles the other way round in "
            "some population and keep opposite signs, as in mama.py; without --mama_compat they are aligned"
        )
    return warnings


def warn_of(coefficients: Coefficients, found: MamaEstimates, populations: Sequence[Population]) -> list[str]:
    warnings = []
    for population, variance in zip(populations, np.diag(coefficients.ld)):
        if variance <= 0:
            warnings.append(
                f"the variance of effects in {population.name} is estimated at {variance:.3g}, below 0: no "
                "SNP with a positive LD score has an Omega that is positive semi-definite (more SNPs, fewer "
                "free coefficients such as --reg_se2_ident, or --ld_weight_floor 1 of postgwas meta may help)"
            )
    for p, q in coefficients.correlation_unset:
        warnings.append(
            f"--reg_ld_set_corr has no effect on {populations[p].name} and {populations[q].name}: a variance "
            "is negative, their covariance was estimated"
        )
    status = found.status
    omega_bad = int((status == OMEGA_INDEFINITE).sum())
    log.info("Average Omega (of all SNPs):\n%s", found.mean_omega)
    log.info("Average Sigma (of all SNPs):\n%s", found.mean_sigma)
    log.info("Omega was made positive semi-definite at %s SNPs", f"{int((status == MENDED).sum()):,}")
    log.info("SNPs left out as Omega is not positive semi-definite: %s", f"{omega_bad:,}")
    log.info("SNPs left out as Sigma is not positive definite: %s", f"{int(found.sigma_bad.sum()):,}")
    other = int((status == NOT_ESTIMABLE).sum())
    if other:
        log.info("SNPs left out as an effect has no variance: %s", f"{other:,}")
    lost = int((~found.kept).sum())
    if lost > len(status) / 2:
        warnings.append(
            f"{lost:,} of {len(status):,} SNPs are left out, as Omega or Sigma is no covariance matrix there",
        )
    return warnings
