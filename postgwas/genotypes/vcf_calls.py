"""Calls of VCF lines of any form: haploid or diploid, further fields after GT, several ALTs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import MISSING

_TAB, _COLON, _SLASH, _BAR, _MISSING, _ZERO = b"\t:/|.0"


@dataclass(frozen=True)
class Line:
    """One record's samples, and what is to be counted in them.

    Attributes
    ----------
    contig, position : bytes
        For messages.
    samples : bytes
        All columns after FORMAT.
    n_alts : int
    numbers : sequence of int
        The ALTs to count: 1, 2, ...
    row : int
        Row of the result for the first of them; the others follow.
    """

    contig: bytes
    position: bytes
    samples: bytes
    n_alts: int
    numbers: Sequence[int]
    row: int

    def damaged(self, name: str, found: str) -> InputError:
        """What is said if it cannot be read."""
        place = f"{self.contig.decode(errors='replace')}:{self.position.decode(errors='replace')}"
        return InputError(f"{name}: damaged or truncated: record {place} has {found}")


def read_lines(lines: Sequence[Line], calls: NDArray[np.int8], name: str) -> list[Line]:
    """Fill rows of `calls`, shape (rows, n_samples), with copies of the alleles; missing -9.

    Returns
    -------
    list of Line
        Those with calls of more than two copies; their rows are not filled.

    Raises
    ------
    InputError
        If a line has another number of samples, or a call that is none.
    """
    if not lines:
        return []
    n_samples = calls.shape[1]
    # Two more tabs, so that a call's first four characters can always be looked at.
    text = np.frombuffer(b"\t".join([*(line.samples for line in lines), b"\t\t"]), np.uint8)
    ends = np.flatnonzero(text[:-2] == _TAB)
    last = np.cumsum([len(line.samples) + 1 for line in lines]) - 1
    if len(ends) != len(lines) * n_samples or np.any(ends[n_samples - 1 :: n_samples] != last):
        for line in lines:
            found = line.samples.count(b"\t") + 1
            if found != n_samples:
                raise line.damaged(name, f"{9 + found} columns; expected {9 + n_samples}")
    starts = np.concatenate([[0], ends[:-1] + 1]).reshape(len(lines), n_samples)
    first, between, second, after = (text[starts + i] for i in range(4))
    haploid = (between == _TAB) | (between == _COLON)
    diploid = ((between == _SLASH) | (between == _BAR)) & ((after == _TAB) | (after == _COLON))
    np.copyto(second, first, where=haploid)
    usual = ((haploid | diploid) & _is_allele(first) & _is_allele(second)).all(axis=1)
    missing = (first == _MISSING) | (second == _MISSING)
    highest = np.where(missing, _ZERO, np.maximum(first, second)).max(axis=1) - np.uint8(_ZERO)
    for at in np.flatnonzero(usual & (highest > np.array([line.n_alts for line in lines]))).tolist():
        raise lines[at].damaged(name, f"allele {highest[at]}, of {lines[at].n_alts + 1} alleles")
    which = np.repeat(np.arange(len(lines)), [len(line.numbers) for line in lines])
    wanted = np.concatenate([line.numbers for line in lines]).astype(np.int16)[:, None] + np.int16(_ZERO)
    rows = np.concatenate([line.row + np.arange(len(line.numbers)) for line in lines])
    if len(which) > len(lines):
        first, second, missing = first[which], second[which], missing[which]
    copies = (first == wanted).view(np.int8) + (second == wanted).view(np.int8)
    np.putmask(copies, missing, MISSING)
    calls[rows] = copies
    unusual = [lines[at] for at in np.flatnonzero(~usual).tolist()]
    return [line for line in unusual if not _one_by_one(line, calls, name)]


def _one_by_one(line: Line, calls: NDArray[np.int8], name: str) -> bool:
    """Alleles of more than one digit, and what is no call; False if there are more than two copies."""
    found = [one.split(b":", 1)[0].replace(b"|", b"/").split(b"/") for one in line.samples.split(b"\t")]
    for alleles in found:
        for allele in alleles:
            if allele != b"." and not (allele.isdigit() and int(allele) <= line.n_alts):
                raise line.damaged(name, f"the call '{b'/'.join(alleles).decode(errors='replace')}'")
    if max(map(len, found)) > 2:
        return False
    numbers = np.array([[-1 if one == b"." else int(one) for one in (call[0], call[-1])] for call in found])
    missing = (numbers < 0).any(axis=1)
    for at, number in enumerate(line.numbers):
        copies = (numbers == number).sum(axis=1).astype(np.int8)
        calls[line.row + at] = np.where(missing, np.int8(MISSING), copies)
    return True


def _is_allele(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digit: NDArray[np.bool_] = (text - np.uint8(_ZERO)) <= 9
    return digit | (text == _MISSING)
