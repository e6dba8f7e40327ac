"""What was left out, and why: phenotypes, variants, pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.segments import Rows, Segment
from postgwas.qtl.variant_block import VariantReason

if TYPE_CHECKING:
    import polars as pl

_BY_LIMIT = (
    VariantReason.MAF_BELOW_LIMIT,
    VariantReason.MAF_BELOW_LIMIT_IN_GROUP,
    VariantReason.TOO_MANY_MISSING,
)
"""Counted, but not listed one by one."""


@dataclass(frozen=True, eq=False)
class SegmentRejections:
    """What one segment left out.

    Attributes
    ----------
    rows : ndarray of int64
        Rows, in the inputs' variants, of those not tested; a variant may be in two segments.
    reason : ndarray of int8
    names : list of str
        Their ids.
    imputed : int
        Calls that were set to their variant's mean.
    phenotypes, pairs : tuple of (str, str)
        Phenotype and reason; phenotype with variant and reason.
    """

    rows: Rows
    reason: NDArray[np.int8]
    names: list[str]
    imputed: int
    phenotypes: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()


def segment_rejections(
    segment: Segment,
    reason: NDArray[np.int8],
    n_missing: Rows,
    *,
    phenotypes: Iterable[tuple[str, str]] = (),
    pairs: Iterable[tuple[str, str, str]] = (),
) -> SegmentRejections:
    """What a segment left out, from its variants' reasons."""
    bad = np.flatnonzero(reason)
    return SegmentRejections(
        segment.rows[bad], reason[bad], segment.variants["SNPID"].gather(bad).to_list(),
        int(n_missing[reason == 0].sum()), tuple(phenotypes), tuple(pairs),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rejections:
    """What a run left out.

    Attributes
    ----------
    phenotypes : dict of str to str
        Phenotype to reason.
    variants : dict of str to int
        Number by reason, each variant once.
    listed : list of (str, str)
        Variants and reasons, but for those that the limits of frequency and missing calls left out.
    pairs : sequence of (str, str or None, str)
        Phenotype, variant where there is one, and reason.
    """

    phenotypes: dict[str, str]
    variants: dict[str, int]
    listed: list[tuple[str, str]] = field(default_factory=list)
    pairs: Sequence[tuple[str, str | None, str]] = ()

    def table(self) -> pl.DataFrame:
        """phenotype_id, variant_id, reason: the rows of PREFIX.<analysis>.rejected.tsv.gz."""
        import polars as pl

        rows: list[tuple[str | None, str | None, str]] = [
            (one, None, why) for one, why in self.phenotypes.items()
        ]
        rows += [(None, one, why) for one, why in self.listed]
        rows += [(gene, variant, why) for gene, variant, why in self.pairs]
        schema = {"phenotype_id": pl.String, "variant_id": pl.String, "reason": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @property
    def counts(self) -> dict[str, int]:
        """Number by reason, of all kinds."""
        found: Counter[str] = Counter(self.phenotypes.values())
        found.update(self.variants)
        found.update(why for _, _, why in self.pairs)
        return dict(found)


def gather_rejections(parts: Iterable[SegmentRejections], rejected: Mapping[str, str]) -> Rejections:
    """Join those of segments in order; a variant in two segments counts once."""
    phenotypes = dict(rejected)
    counts: Counter[str] = Counter()
    listed: list[tuple[str, str]] = []
    pairs: list[tuple[str, str, str]] = []
    known = np.empty(0, np.int64)
    for part in parts:
        phenotypes.update(part.phenotypes)
        pairs.extend(part.pairs)
        new = ~np.isin(part.rows, known)
        for why in VariantReason:
            here = np.flatnonzero(new & (part.reason == why))
            if len(here):
                counts[why.name.lower()] += len(here)
                if why not in _BY_LIMIT:
                    listed += [(part.names[at], why.name.lower()) for at in here.tolist()]
        # Only variants of the next segment can come again.
        known = part.rows
    return Rejections(phenotypes, dict(counts), listed, pairs)
