"""Pairs of rows and reference variants that may be the same, and how they fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.row_alleles import CODED, DASH, SNV, WRITTEN, RowAlleles, letter_codes
from postgwas.sumstats.harmonise.sequence_check import is_palindromic

if TYPE_CHECKING:
    import polars as pl

MATCH, SWAP, COMPLEMENT, COMPLEMENT_SWAP = 1, 2, 4, 8
"""Bits of a fit. EA is ALT; EA is REF; the same of the complemented alleles."""

UInt8Array = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Variants:
    """A reference's frame of one chromosome as matching needs it.

    Attributes
    ----------
    frame : polars.DataFrame
    pos : ndarray of int32, shape (V,)
        Ascending.
    code : ndarray of uint8, shape (V,)
        4 * REF + ALT of SNVs, else 16.
    """

    frame: pl.DataFrame
    pos: npt.NDArray[np.int32]
    code: UInt8Array


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows and variants at one position, by row, then variant.

    Attributes
    ----------
    row, variant : ndarray of int64, shape (K,)
    """

    row: IndexArray
    variant: IndexArray

    def where(self, keep: BoolArray) -> Pairs:
        """The pairs for which `keep` is true."""
        return Pairs(self.row[keep], self.variant[keep])


def _fits_of_snvs() -> UInt8Array:
    """Fit of every pair of alleles (4 * NEA + EA) to every variant (4 * REF + ALT, or 16)."""
    table = np.zeros((16, 17), dtype=np.uint8)
    for n, e, r, a in product(range(4), repeat=4):
        bits = MATCH * ((r, a) == (n, e)) + SWAP * ((r, a) == (e, n))
        bits += COMPLEMENT * ((r, a) == (3 - n, 3 - e)) + COMPLEMENT_SWAP * ((r, a) == (3 - e, 3 - n))
        table[4 * n + e, 4 * r + a] = bits
    return table


_SNV_FIT = _fits_of_snvs()


def variants_of(frame: pl.DataFrame) -> Variants:
    """Prepare a reference's frame, sorted by POS."""
    ref, alt = letter_codes(frame["REF"]), letter_codes(frame["ALT"])
    code = np.where((ref < 4) & (alt < 4), 4 * ref + alt, 16).astype(np.uint8)
    return Variants(frame, frame["POS"].to_numpy().astype(np.int32, copy=False), code)


def pair_up(
    pos: npt.NDArray[np.int32], rows: IndexArray, variants: Variants
) -> tuple[Pairs, npt.NDArray[np.int64]]:
    """All pairs of `rows` with variants at their position.

    Parameters
    ----------
    pos : ndarray of int32, shape (len(rows),)
    rows : ndarray of int64
        Ascending.

    Returns
    -------
    pairs : Pairs
    n : ndarray of int64, shape (len(rows),)
        Number of variants at each row's position.
    """
    lo = np.searchsorted(variants.pos, pos, "left")
    n = np.searchsorted(variants.pos, pos, "right") - lo
    within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
    return Pairs(np.repeat(rows, n), np.repeat(lo, n) + within), n


def fit_snvs(pairs: Pairs, alleles: RowAlleles, variants: Variants) -> UInt8Array:
    """Fits of SNVs; both strands are tried."""
    own = 4 * alleles.nea_code + alleles.ea_code
    return _SNV_FIT[own[pairs.row], variants.code[pairs.variant]]


def fit_written(pairs: Pairs, alleles: RowAlleles, variants: Variants) -> UInt8Array:
    """Fits of other alleles of A, C, G, T, as they are written: indels have no other strand.

    The reverse complement of an indel is anchored at its other end, at another position. Alleles
    that are each other's reverse complement, such as AC/GT, fit on both strands.
    """
    e, n = alleles.ea.gather(pairs.row), alleles.nea.gather(pairs.row)
    r, a = variants.frame["REF"].gather(pairs.variant), variants.frame["ALT"].gather(pairs.variant)
    fit: UInt8Array = MATCH * _true((e == a) & (n == r)) + SWAP * _true((e == r) & (n == a))
    hit = np.flatnonzero(fit)
    either = hit[is_palindromic(e.gather(hit), n.gather(hit))]
    fit[either] |= np.where(fit[either] == MATCH, COMPLEMENT_SWAP, COMPLEMENT).astype(fit.dtype)
    return fit


def fit_coded(pairs: Pairs, alleles: RowAlleles, variants: Variants) -> UInt8Array:
    """Fits of I and D (longer and shorter allele) and R (reference allele) to indels."""
    e, n = alleles.ea.gather(pairs.row), alleles.nea.gather(pairs.row)
    longer = _longer_by(pairs, variants)
    insertion, deletion = longer > 0, longer < 0
    e_is_ref = (_true(e == "D") & insertion) | (_true(e == "I") & deletion) | _true(e == "R")
    named = (_true(e == "R") & _true(n == "I")) | (_true(n == "R") & _true(e == "I"))
    possible = np.where(named, insertion, insertion | deletion)
    named = (_true(e == "R") & _true(n == "D")) | (_true(n == "R") & _true(e == "D"))
    possible = np.where(named, deletion, possible)
    return np.where(possible, np.where(e_is_ref, SWAP, MATCH), 0).astype(np.uint8)


def fit_dash(pairs: Pairs, alleles: RowAlleles, variants: Variants) -> UInt8Array:
    """Fits of '-' and bases to indels that have these bases after their anchor."""
    import polars as pl

    e, n = alleles.ea.gather(pairs.row), alleles.nea.gather(pairs.row)
    r, a = variants.frame["REF"].gather(pairs.variant), variants.frame["ALT"].gather(pairs.variant)
    longer = _longer_by(pairs, variants)
    both = pl.DataFrame({"e": e, "n": n, "r": r, "a": a})
    bases, long, short = (
        pl.when(pl.col("e") == "-").then("n").otherwise("e"),
        pl.when(pl.Series(longer > 0)).then("a").otherwise("r"),
        pl.when(pl.Series(longer > 0)).then("r").otherwise("a"),
    )
    same = both.select(
        fit=(short.str.len_bytes() == 1) & (short == long.str.head(1)) & (long.str.slice(1) == bases)
    )["fit"]
    e_is_alt = _true(e == "-") == (longer < 0)
    return np.where(_true(same), np.where(e_is_alt, MATCH, SWAP), 0).astype(np.uint8)


def fits_two_alts(pairs: Pairs, alleles: RowAlleles, variants: Variants) -> IndexArray:
    """Rows whose two bases are both alternate alleles of one reference allele, forward."""
    code = variants.code[pairs.variant]
    row, code = pairs.row[code < 16], code[code < 16]
    found = []
    for own in (alleles.ea_code, alleles.nea_code):
        alt = own[row] == (code & 3)
        found.append(4 * row[alt] + (code[alt] >> 2))
    hit = np.intersect1d(found[0], found[1])
    return np.unique(hit >> 2)


def _longer_by(pairs: Pairs, variants: Variants) -> npt.NDArray[np.int64]:
    """Bases by which ALT is longer than REF."""
    frame = variants.frame[pairs.variant]
    lengths = [frame[name].str.len_bytes().to_numpy().astype(np.int64) for name in ("ALT", "REF")]
    return lengths[0] - lengths[1]


def _true(values: pl.Series) -> BoolArray:
    return values.fill_null(False).to_numpy()


FITTERS = {SNV: fit_snvs, WRITTEN: fit_written, CODED: fit_coded, DASH: fit_dash}
"""Kind of a row's alleles -> how they are compared."""


@dataclass(frozen=True, eq=False)
class Fits:
    """The variant that each row fits.

    Attributes
    ----------
    row : ndarray of int64, shape (R,)
        Rows that fit at least one variant, ascending.
    variant : ndarray of int64, shape (R,)
        The first in the reference, of records of one variant the one with the row's SNPID.
    fit : ndarray of uint8, shape (R,)
    several : ndarray of bool, shape (R,)
        More than one variant fits.
    """

    row: IndexArray
    variant: IndexArray
    fit: UInt8Array
    several: BoolArray


def choose(pairs: Pairs, fit: UInt8Array, variants: Variants, ids: pl.Series | None) -> Fits:
    """One variant a row, and whether there was a choice.

    Records with the same REF and ALT are one variant.
    """
    hit = fit > 0
    pairs, fit = pairs.where(hit), fit[hit]
    begins = np.ones(len(fit), dtype=np.bool_)
    begins[1:] = pairs.row[1:] != pairs.row[:-1]
    first = np.flatnonzero(begins)
    row, best = pairs.row[first], first.copy()
    several = np.zeros(len(first), dtype=np.bool_)
    if len(first) < len(fit):
        group = np.cumsum(begins) - 1
        again = np.flatnonzero(~begins)
        start = first[group[again]]
        frame = variants.frame
        same = np.ones(len(again), dtype=np.bool_)
        for name in ("REF", "ALT"):
            theirs, ours = frame[name].gather(pairs.variant[again]), frame[name].gather(pairs.variant[start])
            same &= _true(theirs == ours)
        several[group[again[~same]]] = True
        if ids is not None:
            known = np.flatnonzero(_true(ids.gather(pairs.row) == frame["SNPID"].gather(pairs.variant)))
            # The first record with the id; assignment in reverse leaves it last.
            best[group[known[::-1]]] = known[::-1]
    return Fits(row, pairs.variant[best], fit[best], several)
