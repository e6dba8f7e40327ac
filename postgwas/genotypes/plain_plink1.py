"""PLINK 1 files without tables: columns as arrays, where nothing about the text is out of the ordinary.

For small files the library for tables takes longer to begin than the work itself. What is not plain is
left to :func:`postgwas.genotypes.plink1.open_plink1`, which alone has messages for what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.columns.cells import PAD, find_cells
from postgwas.columns.decimals import parse_decimals
from postgwas.columns.texts import Keeper, Texts, texts_of_column
from postgwas.genotypes.plink1 import BedSource
from postgwas.genotypes.text_table import read_text

_PRINTED = bytes([9, 10, *range(32, 127)])
_AUTOSOMES = {str(number): number for number in range(1, 23)}
_MOST_POSITION = 2**31


@dataclass(frozen=True, eq=False)
class PlainVariants:
    """Variants of autosomes, each chromosome in one piece and in ascending order.

    Attributes
    ----------
    chromosome, position : ndarray of int64, shape (V,)
    cm : ndarray of float64, shape (V,)
    snpid : Texts, length V
    """

    chromosome: NDArray[np.int64]
    position: NDArray[np.int64]
    cm: NDArray[np.float64]
    snpid: Texts

    def __len__(self) -> int:
        return len(self.position)

    def take(self, rows: NDArray[np.int64]) -> PlainVariants:
        """Some of the rows, by ascending number."""
        return PlainVariants(self.chromosome[rows], self.position[rows], self.cm[rows], self.snpid[rows])

    @property
    def starts(self) -> NDArray[np.int64]:
        """First variant of each chromosome."""
        return _starts(self.chromosome)


@dataclass(frozen=True, eq=False)
class PlainPlink1:
    """A PLINK 1 file set; the names are those of :class:`~postgwas.genotypes.Genotypes`."""

    variants: PlainVariants
    source: BedSource
    path: str

    @property
    def n_variants(self) -> int:
        return self.source.n_variants

    @property
    def n_samples(self) -> int:
        return self.source.n_samples


def open_plain(bed: str) -> PlainPlink1 | None:
    """A .bed file with .bim and .fam beside it; None unless all is in order and of the usual kind.

    Usual are printed ASCII, tabs alone between the columns of the .bim, chromosomes 1 to 22, each in one
    piece, and positions and cM that do not descend.

    Raises
    ------
    InputError
        If a file cannot be read, or the .bed is damaged.
    """
    bim, fam = (Path(bed.removesuffix(".bed") + ending) for ending in (".bim", ".fam"))
    if not bed.endswith(".bed") or not all(path.is_file() for path in (Path(bed), bim, fam)):
        return None
    n_samples = _count_samples(read_text(fam))
    variants = plain_variants(read_text(bim)) if n_samples else None
    if n_samples is None or variants is None:
        return None
    source = BedSource(str(Path(bed)), len(variants), n_samples)
    source.check()
    return PlainPlink1(variants, source, source.path)


def _count_samples(data: bytes) -> int | None:
    """Samples of a .fam file of six columns, in which nobody occurs twice."""
    if data.translate(None, _PRINTED):
        return None
    lines = data.removesuffix(b"\n").split(b"\n")
    separator = None if b" " in data else b"\t"
    fields = [line.split(separator) for line in lines]
    if any(len(one) != 6 or not all(one) for one in fields):
        return None
    people = {(one[0], one[1]) for one in fields}
    return len(lines) if len(people) == len(lines) else None


def plain_variants(data: bytes) -> PlainVariants | None:
    """Variants of the text of a .bim file; None unless it is plain.

    Examples
    --------
    >>> found = plain_variants(b"1\\trs1\\t0.5\\t100\\tA\\tC\\n2\\trs2\\t0\\t90\\tA\\tG\\n")
    >>> found.chromosome.tolist(), found.cm.tolist(), found.snpid.to_bytes()
    ([1, 2], [0.5, 0.0], [b'rs1', b'rs2'])
    >>> plain_variants(b"X\\trs1\\t0.5\\t100\\tA\\tC\\n") is None
    True
    """
    if b" " in data or data.translate(None, _PRINTED):
        return None
    pad = b"." * PAD
    cells = find_cells(pad + data.removesuffix(b"\n") + b"\n" + pad, "\t", 6)
    if cells is None:
        return None
    columns = [cells.column(at) for at in range(6)]
    if any((column.length < 1).any() for column in columns):
        return None
    cm, position = parse_decimals(columns[2]).values, parse_decimals(columns[3])
    known = np.isfinite(position.values) & (position.values >= 0) & (position.values < _MOST_POSITION)
    if not (position.whole and known.all() and np.isfinite(cm).all()):
        return None
    chromosome = _autosomes(texts_of_column(columns[0], Keeper()))
    if chromosome is None:
        return None
    found = PlainVariants(
        chromosome, position.values.astype(np.int64), cm, texts_of_column(columns[1], Keeper())
    )
    return found if _ascends(found) else None


def _autosomes(names: Texts) -> NDArray[np.int64] | None:
    """Numbers of chromosomes; None if one is no autosome, or comes in pieces."""
    differ = (names.words[1:] != names.words[:-1]).any(axis=1)
    starts = np.concatenate([[0], np.flatnonzero(differ) + 1])
    codes = [_AUTOSOMES.get(name.decode(), 0) for name in names[starts].to_bytes()]
    if 0 in codes or len(set(codes)) < len(codes):
        return None
    return np.repeat(np.array(codes, np.int64), np.diff([*starts, len(names)]))


def _starts(chromosome: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(chromosome, prepend=0))


def _ascends(variants: PlainVariants) -> bool:
    same = np.diff(variants.chromosome) == 0
    descends = (np.diff(variants.position) < 0) | (np.diff(variants.cm) < 0)
    return not (same & descends).any()
