"""Signs in the data that MTAG's assumptions may not hold, as sentences for the user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from postgwas.mtag.omega import OmegaMoments

Floats = NDArray[np.float64]


def warn_about_gain(names: Sequence[str], n_max: Floats, equivalent_n: Floats) -> list[str]:
    """Sentences about a single trait, and about a GWAS-equivalent N that cannot be taken at face value.

    Parameters
    ----------
    names : sequence of str, shape (n_traits,)
    n_max, equivalent_n : ndarray, shape (n_traits,)
        Largest sample size, and GWAS-equivalent sample size.
    """
    if len(names) == 1:
        return [
            f"{names[0]} is the only trait: there is nothing to borrow from, and its estimates are the "
            "GWAS's with standard errors scaled by its LD score intercept"
        ]
    total = float(n_max.sum())
    return [
        f"{name}: the GWAS-equivalent N {n:,.0f} is more than all traits' N together ({total:,.0f}); with a "
        "mean chi2 close to Sigma it is a ratio of small numbers, not a sample size"
        for name, n in zip(names, equivalent_n)
        if n > total
    ]


def warn_about(
    *,
    names: Sequence[str],
    mean_chi2: Floats,
    omega: Floats,
    omega_se: Floats,
    sigma: Floats,
    n: Floats,
    n_variants: int,
    omega_eigenvalues: Floats,
    omega_changed: bool,
    sigma_changed: bool,
    n_in_panel: int | None = None,
) -> list[str]:
    """Sentences about low power, unequal power, odd intercepts, N outliers and near-singular Omega.

    Parameters
    ----------
    names : sequence of str, shape (n_traits,)
    mean_chi2 : ndarray, shape (n_traits,)
        Mean GWAS chi2 over the variants used.
    omega, omega_se, sigma : ndarray, shape (n_traits, n_traits)
    n : ndarray, shape (n_variants, n_traits)
    n_variants : int
        Variants that Omega was estimated on.
    omega_eigenvalues : ndarray, shape (n_traits,)
        Of Omega's correlation matrix, as estimated.
    omega_changed, sigma_changed : bool
        The matrix had to be shrunk to be positive definite.
    n_in_panel : int or None
        Variants that Sigma was estimated on; None where it was given.

    References
    ----------
    Turley et al. 2018, Supplementary Note 1.5 (assumptions) and the mean chi2 rule of mtag.py's tutorial.
    """
    said: list[str] = []
    n_traits = len(names)
    if n_variants < 200_000:
        said.append(
            f"only {n_variants:,} variants estimate Omega; with fewer than 200,000 its error and that of "
            "Sigma are large"
        )
    if n_in_panel is not None and (n_in_panel < min(n_variants / 2, 200_000) or n_in_panel < 1000):
        said.append(
            f"Sigma comes from the {n_in_panel:,} of {n_variants:,} variants that are in the LD score panel"
        )
    for name, value in zip(names, mean_chi2):
        if value < 1.1:
            said.append(f"{name}: mean chi2 is {value:.3f}; below 1.1 estimates lean on the other traits")
    excess = mean_chi2 - 1
    if n_traits > 1 and excess.min() > 0 and excess.max() / excess.min() > 10:
        strong, weak = names[int(excess.argmax())], names[int(excess.argmin())]
        said.append(
            f"{strong} is far better powered than {weak} (mean chi2 {mean_chi2.max():.2f} and "
            f"{mean_chi2.min():.2f}): {weak}'s MTAG hits may be {strong}'s; look at its maxFDR (--fdr)"
        )
    for t, name in enumerate(names):
        if not 0.85 <= sigma[t, t] <= 1.3:
            said.append(
                f"{name}: LD score intercept {sigma[t, t]:.3f} is far from 1 "
                "(confounding above, genomic control below)"
            )
        if np.isfinite(omega_se[t, t]) and omega[t, t] < 2 * omega_se[t, t]:
            said.append(f"{name}: genetic variance {omega[t, t]:.3g} is within 2 SE of 0")
        median = np.nanmedian(n[:, t])
        outliers = np.nanmean((n[:, t] < 0.67 * median) | (n[:, t] > 1.5 * median))
        if outliers > 0.1:
            said.append(
                f"{name}: N of {outliers:.0%} of variants is far from its median {median:,.0f}; MTAG assumes "
                "one effect-size distribution across them (--homogNs_frac, --n_min)"
            )
    if omega_changed:
        said.append(
            f"Omega as estimated is not positive definite (smallest eigenvalue of the genetic correlations "
            f"{omega_eigenvalues[0]:.3g}); its covariances were shrunk"
        )
    elif n_traits > 1 and 0 < omega_eigenvalues[0] < 0.01:
        said.append(
            f"Omega is close to singular (smallest eigenvalue of the genetic correlations "
            f"{omega_eigenvalues[0]:.3g}): some traits are nearly the same"
        )
    if sigma_changed:
        said.append("Sigma as estimated is not positive definite; its covariances were shrunk")
    return said


def warn_about_one_trait(
    names: Sequence[str], estimated: OmegaMoments, *, equal_h2: bool = False
) -> list[str]:
    """Sentences where traits taken as one (--perfect_gencov, --equal_h2) are estimated not to be.

    Parameters
    ----------
    names : sequence of str, shape (n_traits,)
    estimated : OmegaMoments
        Omega without the constraint.
    equal_h2 : bool
        Heritabilities are taken as equal too.
    """
    r, se = estimated.correlation, estimated.correlation_se
    said = [
        f"--perfect_gencov takes the genetic correlation of {names[i]} and {names[j]} as 1; it is estimated "
        f"as {r[i, j]:.3f} (standard error {se[i, j]:.3f})"
        + (": are the effect alleles right?" if r[i, j] < 0 else "")
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if r[i, j] < 0 or r[i, j] + 2 * se[i, j] < 0.9
    ]
    variance, error = np.diag(estimated.omega), np.diag(estimated.omega_se)
    high, low = int(variance.argmax()), int(variance.argmin())
    apart = variance[high] - variance[low] > 3 * np.hypot(error[high], error[low])
    if equal_h2 and apart and variance[high] > 1.25 * variance[low]:
        said.append(
            f"--equal_h2 takes heritabilities as equal; the genetic variances are estimated as "
            f"{variance[high]:.3g} for {names[high]} and {variance[low]:.3g} for {names[low]}"
        )
    return said
