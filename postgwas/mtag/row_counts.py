"""Where every row of every trait went, from its file to the result; for the store's provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from postgwas.mtag.run_merge import Aligned
from postgwas.mtag.run_traits import Trait


def row_counts(traits: Sequence[Trait], aligned: Aligned) -> dict[str, dict[str, Any]]:
    """Rows in, rows out and rows dropped by reason; in = out + dropped, for every trait.

    Parameters
    ----------
    traits : sequence of Trait
    aligned : Aligned
        What gets estimates, with the counts of its merge.
    """
    out = aligned.present.sum(axis=0)
    return {
        trait.name: {
            "source": trait.source,
            "rows_in": trait.rows_read,
            "rows_out": int(out[t]),
            "dropped": {
                **trait.counts,
                "strand-ambiguous": count.lost_ambiguous,
                "inconsistent alleles": count.lost_inconsistent,
                "not in all traits with these alleles": count.lost_unmatched,
                "left out by --include, --exclude, --only_chr or --homogNs": count.merged - int(out[t]),
            },
        }
        for t, (trait, count) in enumerate(zip(traits, aligned.counts))
    }
