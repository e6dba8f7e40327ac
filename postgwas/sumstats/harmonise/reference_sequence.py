"""A reference's variants against the sequence: in normal form, and with REF the sequence's allele."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats.harmonise.indels import NORMAL_OK, normalise
from postgwas.sumstats.harmonise.sequence_check import CHECK_EA, check_ref

Bytes = npt.NDArray[np.uint8]


def normal_reference(reference: pl.DataFrame, sequence: Bytes) -> pl.DataFrame:
    """The variants with indels left-aligned, as the rows are that they are compared with.

    Variants of one position keep their order; those that the sequence does not have stay as they are.
    """
    longer = (reference["REF"].str.len_bytes() > 1) | (reference["ALT"].str.len_bytes() > 1)
    rows = np.flatnonzero(longer.to_numpy())
    if not rows.size:
        return reference
    part = reference[rows]
    found = normalise(part["POS"], part["REF"], part["ALT"], sequence)
    changed = (found.status == NORMAL_OK) & found.changed
    if not changed.any():
        return reference
    at, which = rows[changed], pl.Series(changed)
    return reference.with_columns(
        # scatter works in place.
        reference["POS"].clone().scatter(at, found.pos[changed].astype(np.int32)),
        reference["REF"].clone().scatter(at, found.ref.filter(which)),
        reference["ALT"].clone().scatter(at, found.alt.filter(which)),
    ).sort("POS", maintain_order=True)


def orient_reference(reference: pl.DataFrame, sequence: Bytes) -> pl.DataFrame:
    """A reference whose REF means nothing, with the sequence's allele as REF where one is."""
    checked = check_ref(reference["POS"], reference["ALT"], reference["REF"], sequence)
    turn = pl.Series(checked == CHECK_EA)
    if not turn.any():
        return reference
    return reference.with_columns(
        REF=pl.when(turn).then("ALT").otherwise("REF"),
        ALT=pl.when(turn).then("REF").otherwise("ALT"),
        AF=pl.when(turn).then(1 - pl.col("AF")).otherwise("AF"),
    ).sort("POS", "REF", "ALT")
