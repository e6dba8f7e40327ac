"""Alleles against the reference sequence: which one it has, and on which strand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.row_arrays import BASE_CODES, AlleleBytes, row_integers

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]

CHECK_NEITHER = 0
CHECK_NEA = 1
CHECK_EA = 2
CHECK_BOTH = 3
CHECK_NEA_COMPLEMENT = 5
CHECK_EA_COMPLEMENT = 6
CHECK_OUTSIDE = 8
CHECK_UNREADABLE = 9
CHECK_NO_BASE = 10


@dataclass(frozen=True, eq=False)
class Stranded:
    """What the sequence alone says of each row; fields as those of a match with a reference.

    Attributes
    ----------
    outcome : ndarray of uint8, shape (n_rows,)
        Codes of :class:`~postgwas.sumstats.harmonise.outcomes.Outcome`.
    complement : ndarray of bool, shape (n_rows,)
        Alleles are to be complemented.
    flip : ndarray of bool, shape (n_rows,)
        EA is the reference's allele: exchanging EA and NEA makes it the alternate one.
    """

    outcome: ByteArray
    complement: BoolArray
    flip: BoolArray


def check_ref(pos: ArrayLike | pl.Series, ea: pl.Series, nea: pl.Series, sequence: ByteArray) -> ByteArray:
    """Which allele of each row stands in the reference sequence at its position.

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        1-based positions on one chromosome.
    ea, nea : pl.Series of String, shape (n_rows,)
        Upper-case alleles.
    sequence : ndarray of uint8, shape (n_bases,)
        Of that chromosome, from :meth:`~postgwas.sumstats.harmonise.fasta.Fasta.sequence`.

    Returns
    -------
    ndarray of uint8, shape (n_rows,)
        ``CHECK_NEA``, ``CHECK_EA``: that one stands there. ``CHECK_BOTH``: indels only, both could
        (the shorter begins the longer). ``CHECK_NEA_COMPLEMENT``, ``CHECK_EA_COMPLEMENT``: single
        bases only, its complement stands there, and neither does as given. ``CHECK_NEITHER``.
        ``CHECK_OUTSIDE``: beyond the sequence. ``CHECK_UNREADABLE``: an allele is missing or not of
        A, C, G, T, or both are the same. ``CHECK_NO_BASE``: N or the like in the sequence.

    Examples
    --------
    >>> sequence = np.frombuffer(b"ACGTTT", dtype=np.uint8)
    >>> ea, nea = pl.Series(["C", "C", "A", "TT"]), pl.Series(["A", "G", "C", "T"])
    >>> check_ref([1, 3, 3, 4], ea, nea, sequence).tolist() == [
    ...     CHECK_NEA, CHECK_NEA, CHECK_NEA_COMPLEMENT, CHECK_BOTH]
    True
    """
    start = row_integers(pos) - 1
    if not sequence.size:  # a chromosome that the FASTA lacks
        return np.full(start.size, CHECK_OUTSIDE, np.uint8)
    first, second = AlleleBytes.of(ea), AlleleBytes.of(nea)
    inside = (start >= 0) & (start < sequence.size)
    every = bool(inside.all())
    base = BASE_CODES[sequence[start if every else np.where(inside, start, 0)]]
    code = BASE_CODES[first.first] * np.uint8(25)
    code += BASE_CODES[second.first] * np.uint8(5)
    code += base
    result: ByteArray = _SINGLE_BASES[code]
    longer = np.flatnonzero((first.length != 1) | (second.length != 1))
    if longer.size:
        result[longer] = _check_longer(start[longer], ea.gather(longer), nea.gather(longer), sequence)
    if not every:
        result[~inside] = CHECK_OUTSIDE
    return result


def decide_strand(
    pos: ArrayLike | pl.Series,
    ea: pl.Series,
    nea: pl.Series,
    sequence: ByteArray,
    *,
    palindromic: Literal["drop", "keep"] = "drop",
) -> Stranded:
    """Strand and reference allele of each row from the sequence alone.

    Palindromic variants fit on either strand: they are dropped, or taken as forward (``"keep"``).
    Of indels whose both alleles fit (a deletion looks like an insertion into a repeat), NEA is
    left to be the reference's, and the outcome says so.

    Parameters
    ----------
    pos, ea, nea, sequence
        As for :func:`check_ref`.
    palindromic : {"drop", "keep"}
    """
    check = check_ref(pos, ea, nea, sequence)
    outcome = _OUTCOMES[check]
    unreadable = np.flatnonzero(check == CHECK_UNREADABLE)
    if unreadable.size:
        same = (ea.gather(unreadable) == nea.gather(unreadable)).fill_null(False).to_numpy()
        outcome[unreadable[same]] = Outcome.ALLELES_EQUAL
    complement = (check == CHECK_NEA_COMPLEMENT) | (check == CHECK_EA_COMPLEMENT)
    flip = (check == CHECK_EA) | (check == CHECK_EA_COMPLEMENT)
    either = is_palindromic(ea, nea) & ((check == CHECK_NEA) | (check == CHECK_EA))
    if palindromic == "drop":
        outcome[either] = Outcome.PALINDROMIC_DROPPED
        flip &= ~either
    else:
        outcome[either] = Outcome.PALINDROMIC_KEPT
    return Stranded(outcome, complement, flip)


def is_palindromic(ea: pl.Series, nea: pl.Series) -> BoolArray:
    """Rows whose alleles are each other's reverse complement, such as A/T and AC/GT.

    Examples
    --------
    >>> is_palindromic(pl.Series(["A", "A", "AC"]), pl.Series(["T", "G", "GT"])).tolist()
    [True, False, True]
    """
    first, second = AlleleBytes.of(ea), AlleleBytes.of(nea)
    a, b = BASE_CODES[first.first], BASE_CODES[second.first]
    result: BoolArray = (first.length == 1) & (second.length == 1) & (a + b == 3) & (a < 4) & (b < 4)
    longer = np.flatnonzero((first.length == second.length) & (first.length > 1))
    if longer.size:
        result[longer] = (reverse_complement(ea.gather(longer)) == nea.gather(longer)).to_numpy()
    return result


def reverse_complement(alleles: pl.Series) -> pl.Series:
    """The alleles as the other strand has them; letters other than A, C, G, T stay.

    Examples
    --------
    >>> reverse_complement(pl.Series(["A", "ACT", None])).to_list()
    ['T', 'AGT', None]
    """
    turned = alleles.str.reverse() if (alleles.str.len_bytes() > 1).any() else alleles
    return turned.str.replace_many(["A", "C", "G", "T"], ["T", "G", "C", "A"])


def _check_longer(start: IntArray, ea: pl.Series, nea: pl.Series, sequence: ByteArray) -> ByteArray:
    ea_stands, ea_odd = stands(start, ea, sequence)
    nea_stands, nea_odd = stands(start, nea, sequence)
    result = (ea_stands * CHECK_EA + nea_stands * CHECK_NEA).astype(np.uint8)
    same = (ea == nea).fill_null(True).to_numpy()
    result[ea_odd | nea_odd | same] = CHECK_UNREADABLE
    return result


def stands(start: IntArray, alleles: pl.Series, sequence: ByteArray) -> tuple[BoolArray, BoolArray]:
    """Whether each allele is in the sequence from index `start` on, and whether it is unreadable.

    Alleles of one length are compared at once.
    """
    length = AlleleBytes.of(alleles).length
    found = np.zeros(start.size, dtype=np.bool_)
    odd = ~alleles.str.contains("^[ACGT]+$").fill_null(False).to_numpy()
    possible = ~odd & (start >= 0) & (start + length <= sequence.size)
    order = np.flatnonzero(possible)
    order = order[np.argsort(length[order], kind="stable")]
    sizes, begins = np.unique(length[order], return_index=True)
    for size, begin, end in zip(sizes.tolist(), begins.tolist(), [*begins[1:].tolist(), order.size]):
        rows = order[begin:end]
        letters = np.frombuffer("".join(alleles.gather(rows).to_list()).encode(), dtype=np.uint8)
        window = sequence[start[rows][:, None] + np.arange(size)]
        found[rows] = (letters.reshape(-1, size) == window).all(axis=1)
    return found, odd


def _single_base_table() -> ByteArray:
    """Of ``25 * EA + 5 * NEA + base``, each a code of `BASE_CODES`."""
    table = np.full((5, 5, 5), CHECK_UNREADABLE, dtype=np.uint8)
    for ea in range(4):
        for nea in range(4):
            if ea == nea:
                continue
            table[ea, nea] = [CHECK_NEITHER] * 4 + [CHECK_NO_BASE]
            # An allele as given goes before its complement: the later assignment stands.
            table[ea, nea, 3 - ea] = CHECK_EA_COMPLEMENT
            table[ea, nea, 3 - nea] = CHECK_NEA_COMPLEMENT
            table[ea, nea, ea] = CHECK_EA
            table[ea, nea, nea] = CHECK_NEA
    return table.reshape(-1)


def _outcome_table() -> ByteArray:
    table = np.full(16, Outcome.SEQUENCE_MISMATCH, dtype=np.uint8)
    table[CHECK_NEA] = Outcome.MATCHED
    table[CHECK_EA] = Outcome.SWAPPED
    table[CHECK_BOTH] = Outcome.INDEL_REF_GIVEN
    table[CHECK_NEA_COMPLEMENT] = Outcome.FLIPPED
    table[CHECK_EA_COMPLEMENT] = Outcome.FLIPPED_SWAPPED
    table[CHECK_OUTSIDE] = Outcome.SEQUENCE_OUTSIDE
    table[CHECK_UNREADABLE] = Outcome.ALLELES_UNREADABLE
    return table


_OUTCOMES = _outcome_table()
_SINGLE_BASES = _single_base_table()
