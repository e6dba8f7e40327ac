"""How many of each trait's variants a merge kept, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from postgwas.errors import NoVariantsError


@dataclass(frozen=True)
class MergeCounts:
    """What happened to one trait's variants when they met those before it.

    `lost_ambiguous`, `lost_inconsistent`, `lost_unmatched` and `merged` add up to `variants`;
    `rejected` has ROW, SNPID and REASON of the inconsistent ones.
    """

    trait: str
    variants: int
    ambiguous: int = 0
    shared: int = 0
    inconsistent: int = 0
    swapped: int = 0
    other_strand: int = 0
    remaining: int = 0
    example: str | None = None
    positions: int = 0
    other_position: int = 0
    lost_ambiguous: int = 0
    lost_inconsistent: int = 0
    merged: int = 0
    rejected: pl.DataFrame | None = None

    @property
    def lost_unmatched(self) -> int:
        """Variants that another trait lacks, or has with other alleles."""
        return self.variants - self.lost_ambiguous - self.lost_inconsistent - self.merged


def nothing_shared(counts: Sequence[MergeCounts]) -> NoVariantsError:
    """The error of a merge that leaves nothing, with what happened to every trait."""
    steps = []
    for i, c in enumerate(counts):
        step = f"{c.trait} has {c.variants:,} variants (ids such as {c.example})"
        if i == 0 and c.ambiguous:
            step += f", {c.ambiguous:,} of them strand-ambiguous"
        if i > 0:
            step += f", {c.shared:,} shared with the traits before"
            if c.inconsistent:
                step += f", {c.inconsistent:,} of these with other alleles"
        steps.append(f"{step}: {c.remaining:,} left")
    same_ids = all(c.shared for c in counts)
    return NoVariantsError(
        f"no variant is left after merging {len(counts)} traits by id and alleles: {'; '.join(steps)}",
        hint="--a1_name and --a2_name name the allele columns; --incld_ambig_snps keeps A/T and C/G"
        if same_ids
        else "ids must be of one kind, such as rs numbers, in all files; --snp_name names their column",
    )
