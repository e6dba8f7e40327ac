"""What a run tells of itself: lines about the merge, and signs that its assumptions may not hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from postgwas.mtag.checks import warn_about, warn_about_gain
from postgwas.mtag.checks_alignment import warn_about_alignment
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.results import TraitSummary
from postgwas.mtag.run_covariances import Covariances
from postgwas.mtag.run_merge import Aligned
from postgwas.runlog import get_logger

log = get_logger(__name__)


def log_merge(aligned: Aligned) -> None:
    """One line a trait: what it shares with those before it, and how its alleles stood."""
    for count in aligned.counts:
        parts = [f"{count.shared:,} shared"]
        if count.ambiguous:
            parts.append(f"{count.ambiguous:,} strand-ambiguous")
        if count.inconsistent:
            parts.append(f"{count.inconsistent:,} with inconsistent alleles")
        if count.swapped:
            parts.append(f"{count.swapped:,} with swapped alleles, turned to trait 1's effect allele")
        if count.other_strand:
            parts.append(f"{count.other_strand:,} read on the other strand (mtag.py 1.0.8 drops them)")
        log.info(
            "Merge %s: %s variants in; %s; %s in common so far",
            count.trait, f"{count.variants:,}", ", ".join(parts), f"{count.remaining:,}",
        )  # fmt: skip
    log.info("Merge of GWAS summary statistics complete. Number of SNPs: %s", f"{len(aligned):,}")


def warnings_of(
    aligned: Aligned,
    covariances: Covariances,
    names: Sequence[str],
    options: MtagOptions,
    summaries: Sequence[TraitSummary],
) -> list[str]:
    """Sentences for the summary; none with --mtag_compat, whose numbers are the peer's affair."""
    if options.compat:
        return []
    with np.errstate(invalid="ignore"):
        mean_chi2 = np.nanmean(aligned.z**2, axis=0)
    suspect = warn_about_alignment(
        aligned.counts, aligned.eaf, aligned.ambiguous, keeps_ambiguous=options.incld_ambig_snps
    )
    suspect += covariances.warnings
    suspect += warn_about_gain(
        names, np.array([s.n_max for s in summaries]), np.array([s.gwas_equivalent_n for s in summaries])
    )
    if options.equal_h2:
        return suspect
    return suspect + warn_about(
        names=names,
        mean_chi2=mean_chi2,
        omega=covariances.omega,
        omega_se=covariances.omega_se,
        sigma=covariances.sigma,
        n=aligned.n,
        n_variants=covariances.n_variants,
        n_in_panel=covariances.n_in_panel,
        omega_eigenvalues=covariances.omega_eigenvalues,
        omega_changed=covariances.omega_changed,
        sigma_changed=covariances.sigma_changed,
    )
