"""Limits of the quality control of genotypes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from postgwas.errors import UsageError
from postgwas.genotypes.sex_check import SexLimits

_CHOICES = {
    "hwe_groups": ("any", "all"),
    "sex_check": ("list", "remove"),
    "relatives": ("off", "list", "remove"),
}


@dataclass(frozen=True)
class QcSettings:
    """What is filtered; by default nothing but what has no call at all.

    Attributes
    ----------
    max_missing_samples, max_missing : float, optional
        Largest share of missing calls of a sample, of a variant.
    maf_min : float, optional
        Least minor allele frequency.
    mac_min : int, optional
        Least count of the minor allele.
    hwe : float, optional
        Variants with a smaller P of the exact test go.
    midp : bool
        Use the mid-p value.
    hwe_groups : {"any", "all"}
        With groups: a variant goes if it fails in any of them, or only if it fails in all.
    hwe_least : int
        Groups of fewer samples are not tested.
    het_sd : float, optional
        Samples whose inbreeding coefficient is so many standard deviations from the mean go.
    small_sample : bool
        Expected heterozygosity is 2pq n/(n - 1), as with plink's small-sample modifier, rather than 2pq.
    sex_check : {"list", "remove"}
        "remove": samples whose genotypes say the other sex than the file go.
    sex_limits : SexLimits
    relatives : {"off", "list", "remove"}
        KING-robust kinship of the samples that are left; "remove" drops as few as a greedy choice can.
    max_kinship : float
        Kinship from which two are relatives.
    """

    max_missing_samples: float | None = None
    max_missing: float | None = None
    maf_min: float | None = None
    mac_min: int | None = None
    hwe: float | None = None
    midp: bool = False
    hwe_groups: Literal["any", "all"] = "any"
    hwe_least: int = 10
    het_sd: float | None = None
    small_sample: bool = False
    sex_check: Literal["list", "remove"] = "list"
    sex_limits: SexLimits = field(default_factory=SexLimits)
    relatives: Literal["off", "list", "remove"] = "off"
    max_kinship: float = 0.0884

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name, top in (("max_missing_samples", 1.0), ("max_missing", 1.0), ("maf_min", 0.5), ("hwe", 1.0)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= top:
                raise UsageError(f"--{name} {value:g}: expected 0 to {top:g}")
        for name, least in (("mac_min", 0), ("hwe_least", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"--{name} {value}: expected at least {least}")
        if self.het_sd is not None and not self.het_sd > 0:
            raise UsageError(f"--het_sd {self.het_sd:g}: expected a number above 0")
        if not 0 < self.max_kinship <= 0.5:
            raise UsageError(f"--max_kinship {self.max_kinship:g}: expected a kinship above 0, at most 0.5")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise UsageError(f"--{name} {getattr(self, name)}: expected {', '.join(known)}")
        self.sex_limits.check()
