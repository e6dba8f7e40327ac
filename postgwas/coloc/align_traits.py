"""Traits of one region on the same variants and alleles, and those of LD: what colocalisation begins with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_match import AlleleMatch, match_alleles
from postgwas.coloc.allele_rules import AlleleCounts, AlleleRules
from postgwas.errors import NoVariantsError, UsageError

if TYPE_CHECKING:
    import polars as pl

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_TURNED = ("BETA", "Z", "slope")
_FREQUENCIES = ("EAF", "af")


@dataclass(frozen=True, eq=False)
class AlignedTraits:
    """Variants that all traits (and LD) have, row by row.

    Attributes
    ----------
    frames : tuple of polars.DataFrame
        The traits' rows of the shared variants, in the order of the first trait. SNPID, EA and NEA are the
        first trait's, or with LD its A1 and A2 as EA and NEA; BETA, Z, slope, EAF and af are of this EA.
    rows : tuple of ndarray of int64, shape (K,)
        Rows of each table given.
    sign : tuple of ndarray of float64, shape (K,)
        -1 where a trait's effect was turned.
    ld_rows : ndarray of int64, shape (K,), or None
        Rows of LD's variants.
    counts : tuple of AlleleCounts
        Of the second and further traits with the first, then of the first with LD.
    left_out : tuple of polars.DataFrame
        For each trait ROW (its row in the table given, from 0) and REASON of variants that are not used; the
        first trait's reasons are those of the first match that lost the variant.
    """

    frames: tuple[pl.DataFrame, ...]
    rows: tuple[Rows, ...]
    sign: tuple[Floats, ...]
    ld_rows: Rows | None
    counts: tuple[AlleleCounts, ...]
    left_out: tuple[pl.DataFrame, ...]

    @property
    def n_shared(self) -> int:
        """Variants that are left."""
        return int(self.rows[0].size)


def align_traits(
    traits: Sequence[pl.DataFrame],
    *,
    ld_variants: pl.DataFrame | None = None,
    names: Sequence[str] | None = None,
    ld_name: str = "LD",
    rules: AlleleRules | None = None,
) -> AlignedTraits:
    """Join traits by chromosome, position and alleles (or ids), and turn effects to the same allele.

    Traits are matched with the first, and the first with LD; see
    :func:`postgwas.coloc.allele_match.match_alleles` for strands, palindromic SNPs and what is left out.

    Parameters
    ----------
    traits : sequence of polars.DataFrame
        One or more; CHR and POS, or SNPID; EA, NEA; EAF where it is known; whatever else.
    ld_variants : polars.DataFrame, optional
        CHR, POS or SNPID; A1, whose copies LD is of, A2; EAF (of A1) where it is known.
    names : sequence of str, optional
        What the traits are called in counts and messages.
    ld_name : str
    rules : AlleleRules, optional

    Returns
    -------
    AlignedTraits

    Raises
    ------
    NoVariantsError
        If no variant is left; it says how many were lost for which reason.
    InputError, UsageError
        As :func:`postgwas.coloc.allele_match.match_alleles`; or names are not as many as traits.

    Examples
    --------
    >>> import polars as pl
    >>> one = pl.DataFrame({"SNPID": ["a"], "CHR": [1], "POS": [5], "EA": ["A"], "NEA": ["G"], "BETA": [0.5]})
    >>> two = one.with_columns(EA=pl.lit("C"), NEA=pl.lit("T"), BETA=-pl.col("BETA"))
    >>> found = align_traits([one, two])
    >>> [frame["BETA"].item() for frame in found.frames], found.counts[0].n_other_strand
    ([0.5, 0.5], 1)
    """
    if not traits or (names is not None and len(names) != len(traits)):
        raise UsageError(f"{len(traits)} traits and {len(names or ())} names: expected as many of both")
    told = [f"trait {number}" for number in range(1, len(traits) + 1)] if names is None else list(names)
    first = traits[0]
    matches = [
        match_alleles(frame, first, rules=rules, name=name, other_name=told[0])
        for frame, name in zip(traits[1:], told[1:])
    ]
    kept = np.arange(first.height)
    for match in matches:
        kept = np.intersect1d(kept, match.other_rows)
    in_ld = None
    if ld_variants is not None:
        in_ld = match_alleles(first, ld_variants, rules=rules, name=told[0], other_name=ld_name)
        kept = np.intersect1d(kept, in_ld.rows)
    counts = tuple(one.counts for one in [*matches, *([] if in_ld is None else [in_ld])])
    if not kept.size:
        raise NoVariantsError(
            "no variant is shared: " + ("; ".join(one.line() for one in counts) or f"{told[0]} is empty"),
            hint="are builds, chromosomes and names of variants the same? postgwas harmonise",
        )
    return _aligned(traits, matches, in_ld, ld_variants, kept, counts)


def warn_counts(log: logging.Logger, one: AlleleCounts) -> None:
    """A warning where many variants have other alleles, or signs cannot be known."""
    if not one.alleles_known:
        log.warning(
            "%s with %s: alleles are not known on both sides: signs of effects may not fit",
            one.name,
            one.other,
        )
    placed = one.n_shared + one.n_other_alleles
    if placed >= 20 and one.n_other_alleles > 0.25 * placed:
        log.warning(
            "%s with %s: %s of %s variants at the same place have other alleles: are the builds the same?",
            one.name, one.other, f"{one.n_other_alleles:,}", f"{placed:,}",
        )  # fmt: skip


def _aligned(
    traits: Sequence[pl.DataFrame],
    matches: Sequence[AlleleMatch],
    in_ld: AlleleMatch | None,
    ld_variants: pl.DataFrame | None,
    kept: Rows,
    counts: tuple[AlleleCounts, ...],
) -> AlignedTraits:
    import polars as pl

    first = traits[0]
    rows, signs, ld_rows = [kept], [np.ones(kept.size)], None
    for match in matches:
        order = np.argsort(match.other_rows, kind="stable")
        at = order[np.searchsorted(match.other_rows[order], kept)]
        rows.append(match.rows[at])
        signs.append(match.sign[at])
    labels: dict[str, pl.Series] = {
        str(name): first[name][kept] for name in ("SNPID", "EA", "NEA") if name in first.columns
    }
    if in_ld is not None and ld_variants is not None:
        at = np.searchsorted(in_ld.rows, kept)
        ld_rows = in_ld.other_rows[at]
        signs = [sign * in_ld.sign[at] for sign in signs]
        if in_ld.counts.alleles_known:
            letters = (("EA", "A1"), ("NEA", "A2"))
            labels |= {
                ours: ld_variants[theirs if theirs in ld_variants.columns else ours][ld_rows].cast(pl.String)
                for ours, theirs in letters
            }
    frames = tuple(
        _turned(frame[at], sign, labels) for frame, at, sign in zip(traits, rows, signs, strict=True)
    )
    first_out = [] if in_ld is None else [in_ld.reason]
    left = [_left(first.height, kept, first_out)]
    for frame, at, match in zip(traits[1:], rows[1:], matches):
        left.append(_left(frame.height, at, [match.reason]))
    return AlignedTraits(frames, tuple(rows), tuple(signs), ld_rows, counts, tuple(left))


def _turned(frame: pl.DataFrame, sign: Floats, labels: dict[str, pl.Series]) -> pl.DataFrame:
    import polars as pl

    made: list[pl.Series] = [series.alias(name) for name, series in labels.items()]
    for name in (*_TURNED, *_FREQUENCIES):
        if name not in frame.columns:
            continue
        values = frame[name].cast(pl.Float64).to_numpy()
        made.append(
            pl.Series(name, values * sign if name in _TURNED else np.where(sign > 0, values, 1.0 - values))
        )
    return frame.with_columns(made)


def _left(height: int, kept: Rows, reasons: Sequence[pl.Series]) -> pl.DataFrame:
    """Rows that are not used; those that only another match lost are "not_in_other"."""
    import polars as pl

    from postgwas.coloc.allele_rules import NOT_SHARED

    rows = np.setdiff1d(np.arange(height), kept)
    why = pl.Series("REASON", [None] * height, dtype=pl.String)
    for one in reasons:
        why = why.fill_null(one)
    return pl.DataFrame({"ROW": rows, "REASON": why[rows].fill_null(NOT_SHARED)})
