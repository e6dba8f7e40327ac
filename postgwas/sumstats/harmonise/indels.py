"""Indels in their one normal form: trimmed and left-aligned.

References
----------
Tan A, Abecasis GR, Kang HM (2015). Unified representation of genetic variants. Bioinformatics
31(13):2202-2204, algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from postgwas.sumstats.harmonise.row_arrays import AlleleBytes, row_integers
from postgwas.sumstats.harmonise.sequence_check import reverse_complement, stands

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
ByteArray = NDArray[np.uint8]

NORMAL_OK = 0
NORMAL_REF_MISMATCH = 1
NORMAL_OUTSIDE = 2
NORMAL_UNREADABLE = 3

_BASES = b"ACGT"
_WINDOW = 256


@dataclass(frozen=True, eq=False)
class Normalised:
    """Variants in normal form.

    Attributes
    ----------
    pos : ndarray of int64, shape (n_rows,)
        1-based position of the first base of REF.
    ref, alt : pl.Series of String, shape (n_rows,)
    changed : ndarray of bool, shape (n_rows,)
        Position or alleles are other than given.
    status : ndarray of uint8, shape (n_rows,)
        ``NORMAL_OK``; else the row is as given: ``NORMAL_REF_MISMATCH``, the sequence holds neither
        allele at the position; ``NORMAL_OUTSIDE``, beyond the sequence; ``NORMAL_UNREADABLE``, an
        allele missing or not of A, C, G, T, or both the same, or no base (N) to anchor it on.
    """

    pos: IntArray
    ref: pl.Series
    alt: pl.Series
    changed: BoolArray
    status: ByteArray


def normalise(pos: ArrayLike | pl.Series, ref: pl.Series, alt: pl.Series, sequence: ByteArray) -> Normalised:
    """Trim and left-align the variants of one chromosome.

    The result does not depend on which of the two alleles is called `ref`: EA and NEA may be given.
    (Only at the first base of a chromosome it does, if both alleles are in the sequence.)

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        1-based.
    ref, alt : pl.Series of String, shape (n_rows,)
        Upper-case alleles. Variants of one base each pass untouched and unchecked.
    sequence : ndarray of uint8, shape (n_bases,)
        From :meth:`~postgwas.sumstats.harmonise.fasta.Fasta.sequence`.

    Examples
    --------
    A deletion of CA, written at the end of a repeat and with a needless base:

    >>> sequence = np.frombuffer(b"GGGCACACACAGGG", dtype=np.uint8)
    >>> normal = normalise([8], pl.Series(["CACAG"]), pl.Series(["CAG"]), sequence)
    >>> normal.pos.tolist(), normal.ref.to_list(), normal.alt.to_list()
    ([3], ['GCA'], ['G'])
    """
    places = row_integers(pos)
    longer = (AlleleBytes.of(ref).length != 1) | (AlleleBytes.of(alt).length != 1)
    return _normalised(places, ref, alt, np.flatnonzero(longer), sequence)


def place_reversed(
    pos: ArrayLike | pl.Series, ea: pl.Series, nea: pl.Series, sequence: ByteArray
) -> Normalised:
    """Write variants that a chain moved to the reverse strand in normal form.

    The base that anchors an indel on its left in the source is on its right in the target. Where
    the variant begins there depends on which allele is the reference's: that one is taken which
    stands in the sequence (where both do, both give the same normal form).

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        Where the *first* base of the source alleles went, by ``chain.lift(chr, pos)``.
    ea, nea : pl.Series of String, shape (n_rows,)
        Alleles as they were in the source, not complemented.
    sequence : ndarray of uint8, shape (n_bases,)
        Of the target chromosome.

    Returns
    -------
    Normalised
        `ref` is EA and `alt` is NEA, on the forward strand, anchored and left-aligned. Rows of other
        status than ``NORMAL_OK`` are as given, on the source's strand.
    """
    last = row_integers(pos)
    turned_ea, turned_nea = reverse_complement(ea), reverse_complement(nea)
    ea_start = last - AlleleBytes.of(ea).length
    nea_start = last - AlleleBytes.of(nea).length
    ea_stands, ea_odd = stands(ea_start, turned_ea, sequence)
    nea_stands, nea_odd = stands(nea_start, turned_nea, sequence)
    start = np.where(ea_stands, ea_start, nea_start) + 1
    # Outside the sequence the row itself is, not merely one guess of where it begins.
    inside = (last >= 1) & (last <= sequence.size)
    start[inside] = np.maximum(start[inside], 1)
    found = _normalised(start, turned_ea, turned_nea, np.arange(last.size), sequence)
    # By chance an allele can stand where the other would begin.
    lost = (found.status == NORMAL_OK) & ~(ea_stands | nea_stands | ea_odd | nea_odd)
    status = np.where(lost, np.uint8(NORMAL_REF_MISMATCH), found.status)
    good = status == NORMAL_OK
    return Normalised(
        np.where(good, found.pos, last),
        found.ref.zip_with(pl.Series(good), ea),
        found.alt.zip_with(pl.Series(good), nea),
        good,
        status,
    )


def _normalised(
    pos: IntArray, ref: pl.Series, alt: pl.Series, rows: IntArray, sequence: ByteArray
) -> Normalised:
    """Normalise `rows`; the others stay as they are."""
    status = np.zeros(pos.size, dtype=np.uint8)
    changed = np.zeros(pos.size, dtype=np.bool_)
    refs, alts = ref.gather(rows), alt.gather(rows)
    status[rows], ref_stands = _checked(pos[rows], refs, alts, sequence)
    todo = np.flatnonzero(~_is_normal(refs, alts) & (status[rows] == NORMAL_OK))
    normal = [
        _normal_form(*given, sequence)
        for given in zip(
            pos[rows[todo]].tolist(),
            refs.gather(todo).to_list(),
            alts.gather(todo).to_list(),
            ref_stands[todo].tolist(),
        )
    ]
    todo = rows[todo]
    anchored = np.array([form is not None for form in normal], dtype=np.bool_)
    status[todo[~anchored]] = NORMAL_UNREADABLE
    todo = todo[anchored]
    if not todo.size:
        return Normalised(pos, ref, alt, changed, status)
    forms = [form for form in normal if form is not None]
    new_pos = pos.copy()
    new_pos[todo] = [form[0] for form in forms]
    new_ref = _replaced(ref, todo, [form[1] for form in forms])
    new_alt = _replaced(alt, todo, [form[2] for form in forms])
    changed |= (new_pos != pos) | ((new_ref != ref) | (new_alt != alt)).fill_null(False).to_numpy()
    return Normalised(new_pos, new_ref, new_alt, changed, status)


def _checked(
    pos: IntArray, refs: pl.Series, alts: pl.Series, sequence: ByteArray
) -> tuple[ByteArray, BoolArray]:
    """Status of each variant as given, and whether the first allele is in the sequence."""
    ref_stands, ref_odd = stands(pos - 1, refs, sequence)
    alt_stands, alt_odd = stands(pos - 1, alts, sequence)
    status = np.where(ref_stands | alt_stands, NORMAL_OK, NORMAL_REF_MISMATCH).astype(np.uint8)
    status[(pos < 1) | (pos > sequence.size)] = NORMAL_OUTSIDE
    status[ref_odd | alt_odd | (refs == alts).fill_null(True).to_numpy()] = NORMAL_UNREADABLE
    return status, ref_stands


def _is_normal(refs: pl.Series, alts: pl.Series) -> BoolArray:
    """Rows that end differently and of which one allele is a single base: nothing to trim or shift."""
    lengths = np.minimum(AlleleBytes.of(refs).length, AlleleBytes.of(alts).length)
    ends_differ = (refs.str.tail(1) != alts.str.tail(1)).fill_null(True).to_numpy()
    normal: BoolArray = ends_differ & (lengths == 1)
    return normal


def _normal_form(
    pos: int, ref: str, alt: str, ref_stands: bool, sequence: ByteArray
) -> tuple[int, str, str] | None:
    """Normal form of one variant; None if it has no base to be anchored on."""
    shared = 0
    while shared < min(len(ref), len(alt)) and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    ref, alt = ref[: len(ref) - shared], alt[: len(alt) - shared]
    if ref and alt:
        shared = 0
        while shared < min(len(ref), len(alt)) - 1 and ref[shared] == alt[shared]:
            shared += 1
        return pos + shared, ref[shared:], alt[shared:]
    # One allele is empty: the other's letters are inserted before, or deleted from, index `start`.
    piece, start = ref or alt, pos - 1
    shift = _shift(piece.encode(), start, sequence)
    turn = len(piece) - shift % len(piece)
    piece = piece[turn:] + piece[:turn]
    start -= shift
    if start:
        anchor, before, after = int(sequence[start - 1]), 1, 0
    else:
        # Nothing is on the left of the first base: VCF anchors such a variant on its right.
        deleted = len(piece) if bool(ref) == ref_stands else 0
        if deleted >= sequence.size:
            return None
        anchor, before, after = int(sequence[deleted]), 0, 1
    if anchor not in _BASES:
        return None
    long = chr(anchor) * before + piece + chr(anchor) * after
    return max(start, 1), long if ref else chr(anchor), long if alt else chr(anchor)


def _shift(piece: bytes, start: int, sequence: ByteArray) -> int:
    """How far to the left a piece before index `start` can move, its letters turning with it."""
    size, shift = len(piece), 0
    while shift < start:
        stop = start - shift
        for base in reversed(sequence[max(stop - _WINDOW, 0) : stop].tobytes()):
            if base != piece[(size - 1 - shift) % size]:
                return shift
            shift += 1
    return shift


def _replaced(column: pl.Series, rows: IntArray, values: list[str]) -> pl.Series:
    index = np.arange(len(column))
    index[rows] = len(column) + np.arange(rows.size)
    return pl.concat([column, pl.Series(column.name, values, dtype=column.dtype)]).gather(index)
