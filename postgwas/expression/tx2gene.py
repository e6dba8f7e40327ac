"""Which gene a transcript is of: from a file of two columns or from a GTF."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl

#: Below this share of transcripts with a gene, the table is taken to be of another release.
MIN_FOUND = 0.5


@dataclass(frozen=True, eq=False)
class Grouping:
    """Transcripts that have a gene.

    Attributes
    ----------
    rows : ndarray of int, shape (found,)
        Of the transcripts asked for.
    genes : ndarray of int, shape (found,)
        Place of each one's gene in `gene_ids`.
    gene_ids : list of str
        In order of first appearance.
    lost : list of str
        Transcripts that have none.
    """

    rows: NDArray[np.intp]
    genes: NDArray[np.intp]
    gene_ids: list[str]
    lost: list[str]


def read_tx2gene(path: str | os.PathLike[str]) -> dict[str, str]:
    """Transcript -> gene of a file whose first two columns are these, with or without header.

    Raises
    ------
    InputError
        If a line has one column only, or a transcript has two genes.
    """
    from postgwas.genotypes.text_table import read_text

    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).decode(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        mark = next((mark for mark in "\t," if mark in line), None)
        cells = [cell.strip().strip('"') for cell in line.split(mark)]
        if len(cells) < 2:
            raise InputError(f"{path}, line {number}: expected a transcript and its gene, found {line!r}")
        if found.setdefault(cells[0], cells[1]) != cells[1]:
            raise InputError(f"{path}, line {number}: transcript {cells[0]} has two genes")
    return found


def tx2gene_of_gtf(features: pl.DataFrame) -> dict[str, str]:
    """Transcript -> gene of :func:`postgwas.expression.gtf.read_gtf`."""
    import polars as pl

    pairs = features.filter(pl.col("FEATURE") == "transcript")
    if not pairs.height:
        pairs = features.filter(pl.col("TRANSCRIPT_ID").is_not_null())
    pairs = pairs.unique("TRANSCRIPT_ID", keep="first")
    return dict(pairs.select("TRANSCRIPT_ID", "GENE_ID").rows())


def group_transcripts(
    ids: Sequence[str],
    genes: Mapping[str, str],
    *,
    path: str,
    strip_versions: bool = False,
    ignore_after_bar: bool = False,
) -> Grouping:
    """Find each transcript's gene.

    Parameters
    ----------
    ids : sequence of str
    genes : mapping of transcript to gene
    path : str
        Of the transcripts, for messages.
    strip_versions, ignore_after_bar : bool
        Compare without ``.2`` at the end, or without what follows ``|`` (GENCODE's FASTA headers).

    Raises
    ------
    InputError
        If less than half of the transcripts have a gene; the hint says what would find more.
    """
    wanted = plain_ids(ids, strip_versions, ignore_after_bar)
    table = dict(zip(plain_ids(list(genes), strip_versions, ignore_after_bar), genes.values()))
    found = [table.get(name) for name in wanted]
    rows = np.array([at for at, gene in enumerate(found) if gene is not None], np.intp)
    if len(rows) < MIN_FOUND * len(ids):
        raise InputError(
            f"{path}: only {len(rows):,} of {len(ids):,} transcripts have a gene in the annotation (such as "
            f"{ids[0]} against {next(iter(genes), 'none')})",
            hint=_hint(ids, genes) or "is it of another release?",
        )
    gene_ids = list(dict.fromkeys(gene for gene in found if gene is not None))
    place = {gene: at for at, gene in enumerate(gene_ids)}
    of = np.array([place[gene] for gene in found if gene is not None], np.intp)
    return Grouping(rows, of, gene_ids, [name for name, gene in zip(ids, found) if gene is None])


def plain_ids(ids: Sequence[str], strip_versions: bool, ignore_after_bar: bool) -> list[str]:
    """Ids without what follows ``|``, and without their version, as asked for."""
    import polars as pl

    from postgwas.expression.gtf import strip_version

    names = pl.Series(ids, dtype=pl.String)
    if ignore_after_bar:
        names = names.str.split("|").list.first()
    if strip_versions:
        names = strip_version(names)
    found: list[str] = names.to_list()
    return found


def _hint(ids: Sequence[str], genes: Mapping[str, str]) -> str | None:
    some = list(ids[:2000])
    for flags, options in (
        ("--ignore_after_bar", (False, True)),
        ("--strip_versions", (True, False)),
        ("--strip_versions --ignore_after_bar", (True, True)),
    ):
        known = set(plain_ids(list(genes), *options))
        share = sum(name in known for name in plain_ids(some, *options)) / max(len(some), 1)
        if share >= MIN_FOUND:
            return f"{flags} would find {share:.0%}"
    return None
