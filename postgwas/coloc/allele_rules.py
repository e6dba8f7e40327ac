"""What is done with SNPs whose strand letters cannot tell, and what matching by alleles counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from postgwas.errors import UsageError

Palindromic = Literal["infer", "keep", "drop"]

NOT_SHARED = "not_in_other"
OTHER_ALLELES = "other_alleles"
NO_ALLELES = "no_alleles"
TWICE = "occurs_twice"
SEVERAL_AT_PLACE = "several_variants_at_place"
PALINDROMIC = "palindromic"
PALINDROMIC_UNKNOWN = "palindromic_strand_unknown"
"""Why a variant is not among the shared ones."""

FEWEST_FOR_STRAND = 20
"""Variants whose strand letters tell, at least, before they speak for palindromic ones."""


@dataclass(frozen=True)
class AlleleRules:
    """How A/T and C/G SNPs are taken.

    Attributes
    ----------
    palindromic : {"infer", "keep", "drop"}
        "keep" takes letters as given, both files on one strand. "drop" leaves palindromic SNPs out. "infer"
        compares frequencies where both are known and neither minor allele frequency is above
        `palindromic_maf`: the strand on which they are closer is taken. Where they do not tell, letters are
        taken as given if at least 20 other SNPs are shared and none of these is on another strand; else the
        SNP is left out.
    palindromic_maf : float
        From 0 to below 0.5.
    """

    palindromic: Palindromic = "infer"
    palindromic_maf: float = 0.4

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.palindromic not in ("infer", "keep", "drop"):
            raise UsageError(f"--palindromic {self.palindromic}: expected infer, keep or drop")
        if not 0.0 <= self.palindromic_maf < 0.5:
            raise UsageError(f"--palindromic_maf {self.palindromic_maf:g}: expected 0 to below 0.5")


@dataclass(frozen=True)
class AlleleCounts:
    """How the variants of one table were found in another.

    Attributes
    ----------
    name, other : str
        What the tables are called.
    n, n_other : int
        Their variants.
    n_shared : int
        Variants that both have, and that are used.
    n_same, n_swapped : int
        Of these, those with the same effect allele, and those whose effect was turned.
    n_other_strand : int
        Of these, those whose alleles are given on the other strand, palindromic ones included.
    n_palindromic : int
        Of these, A/T and C/G SNPs; `n_palindromic_inferred` of them by their frequencies.
    n_palindromic_inferred : int
    dropped : mapping of str to int
        Reason to variants of `name` that are not used.
    by_id : bool
        Whether ids told which is which; otherwise places and alleles did.
    alleles_known : bool
        Whether both tables have both alleles; without, effects keep their signs, which may not fit.
    """

    name: str
    other: str
    n: int
    n_other: int
    n_shared: int
    n_same: int
    n_swapped: int
    n_other_strand: int
    n_palindromic: int
    n_palindromic_inferred: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    by_id: bool = False
    alleles_known: bool = True

    @property
    def n_other_alleles(self) -> int:
        """Variants at whose place the other table has other alleles."""
        return self.dropped.get(OTHER_ALLELES, 0)

    def line(self) -> str:
        """All of it for a log, in one line."""
        parts = [
            f"{self.n_shared:,} of {self.n:,} variants found among {self.n_other:,}"
            + (" by id" if self.by_id else ""),
            f"{self.n_swapped:,} turned",
            f"{self.n_other_strand:,} on the other strand",
            f"{self.n_palindromic:,} palindromic ({self.n_palindromic_inferred:,} by frequency)",
        ]
        if not self.alleles_known:
            parts = [parts[0], "alleles not known: signs as they are"]
        parts += [f"{number:,} {why}" for why, number in self.dropped.items() if number]
        return f"{self.name} with {self.other}: " + ", ".join(parts)
