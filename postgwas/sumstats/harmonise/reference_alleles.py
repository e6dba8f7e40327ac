"""Sites of a reference to one row an alternate allele, trimmed of shared bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

NO_CHROMOSOME = "unknown chromosome or no position"
NO_ALT = "no alternate allele"
ODD_ALLELE = "symbolic or unreadable allele"
SAME_ALLELE = "both alleles are the same"
BAD_AF = "frequency not a number in [0, 1]; the variant was kept without it"


def split_sites(batch: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """One row an alternate allele.

    Parameters
    ----------
    batch : polars.DataFrame
        As :class:`~postgwas.sumstats.harmonise.reference_source.Source` gives them.

    Returns
    -------
    frame : polars.DataFrame
        CHR, POS, SNPID, REF, ALT, AF (Float32). Alleles are upper-case A, C, G, T; bases that
        REF and ALT share at their ends are trimmed, right end first, to at least one base each
        (Tan, Abecasis & Kang 2015, without the shift to the left).
    skipped : dict of str to int
        Reason -> number of alternate alleles.
    """
    import polars as pl

    skipped: dict[str, int] = {}
    placed = batch["CHR"].is_not_null() & (batch["POS"] > 0).fill_null(False)
    batch = _keep(batch, placed, NO_CHROMOSOME, skipped).with_row_index("SITE")
    several = batch["ALT"].str.contains(",", literal=True).fill_null(False)
    if several.any():
        batch = pl.concat([batch.filter(~several), _explode(batch.filter(several))])
    absent = batch["ALT"].is_null() | batch["ALT"].is_in([".", "0", ""])
    batch = _keep(batch, ~absent, NO_ALT, skipped)
    batch = _frequencies(batch, skipped)

    base = pl.Enum(["A", "C", "G", "T"])
    snv = (
        batch["REF"].cast(base, strict=False).is_not_null()
        & batch["ALT"].cast(base, strict=False).is_not_null()
    )
    if not snv.all():
        batch = pl.concat([batch.filter(snv), _longer(batch.filter(~snv), skipped)])
    batch = _keep(batch, batch["REF"] != batch["ALT"], SAME_ALLELE, skipped)
    if not batch["SITE"].is_sorted():
        batch = batch.sort("SITE", maintain_order=True)
    return batch.drop("SITE"), skipped


def _keep(frame: pl.DataFrame, good: pl.Series, reason: str, skipped: dict[str, int]) -> pl.DataFrame:
    n_bad = len(good) - int(good.sum())
    if not n_bad:
        return frame
    skipped[reason] = skipped.get(reason, 0) + n_bad
    return frame.filter(good)


def _explode(sites: pl.DataFrame) -> pl.DataFrame:
    """Multi-allelic sites; frequencies that are not one an ALT are unknown."""
    import polars as pl

    sites = sites.with_columns(pl.col("ALT").str.split(","))
    if "AF" not in sites.columns:
        return sites.explode("ALT")
    if sites["AF"].dtype != pl.String:
        # One number for several alternate alleles: of which, nobody knows.
        return sites.with_columns(pl.lit(None, dtype=sites["AF"].dtype).alias("AF")).explode("ALT")
    n_alt = pl.col("ALT").list.len()
    values = pl.col("AF").str.split(",")
    unknown = pl.lit(None, dtype=pl.String).repeat_by(n_alt)
    sites = sites.with_columns(AF=pl.when(values.list.len() == n_alt).then(values).otherwise(unknown))
    return sites.explode("ALT", "AF")


def _frequencies(frame: pl.DataFrame, skipped: dict[str, int]) -> pl.DataFrame:
    import polars as pl

    if "AF" not in frame.columns:
        return frame.with_columns(AF=pl.lit(None, dtype=pl.Float32))
    text = frame["AF"].dtype == pl.String
    given = frame["AF"].is_not_null() & (~frame["AF"].is_in([".", "", "NA", "nan", "NaN"]) if text else True)
    af = frame["AF"].cast(pl.Float64, strict=False)
    if "AN" in frame.columns:
        af = af / frame["AN"].cast(pl.Float64, strict=False)
        frame = frame.drop("AN")
    # NaN fails the comparison: 0 alleles of 0 are no frequency.
    good = af.is_between(0.0, 1.0).fill_null(False)
    n_bad = int((given & ~good & ~af.is_nan().fill_null(False)).sum())
    if n_bad:
        skipped[BAD_AF] = skipped.get(BAD_AF, 0) + n_bad
    return frame.with_columns(pl.select(pl.when(good).then(af).cast(pl.Float32).alias("AF")).to_series())


def _longer(frame: pl.DataFrame, skipped: dict[str, int]) -> pl.DataFrame:
    """Rows in which an allele is not one upper-case base."""
    import polars as pl

    frame = frame.with_columns(pl.col("REF", "ALT").str.to_uppercase())
    written = frame["REF"].str.contains("^[ACGT]+$") & frame["ALT"].str.contains("^[ACGT]+$")
    frame = _keep(frame, written.fill_null(False), ODD_ALLELE, skipped)
    rows = np.flatnonzero((frame["REF"].str.len_bytes() > 1) & (frame["ALT"].str.len_bytes() > 1))
    if not rows.size:
        return frame
    pos = frame["POS"].to_numpy().copy()
    refs, alts = frame["REF"].to_list(), frame["ALT"].to_list()
    for row in rows.tolist():
        shift, refs[row], alts[row] = trim(refs[row], alts[row])
        pos[row] += shift
    return frame.with_columns(POS=pl.Series(pos), REF=pl.Series(refs), ALT=pl.Series(alts))


def trim(ref: str, alt: str) -> tuple[int, str, str]:
    """Shift of the position, and two alleles without the bases that they share.

    Examples
    --------
    >>> trim("CTT", "CT"), trim("CA", "TA"), trim("GCA", "GTA"), trim("AC", "AC")
    ((0, 'CT', 'C'), (0, 'C', 'T'), (1, 'C', 'T'), (0, 'A', 'A'))
    """
    end = 0
    shortest = min(len(ref), len(alt)) - 1
    while end < shortest and ref[-1 - end] == alt[-1 - end]:
        end += 1
    if end:
        ref, alt = ref[:-end], alt[:-end]
    start = 0
    while start < shortest - end and ref[start] == alt[start]:
        start += 1
    return start, ref[start:], alt[start:]
