"""Contigs of variants and phenotypes as one set of codes, and what trans leaves out near each phenotype."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.crossmap import Stretches, crossmap_stretches, read_crossmap
from postgwas.qtl.masked_places import MaskedPlaces, masked_places

if TYPE_CHECKING:
    import polars as pl

Places = NDArray[np.int64]

_ODD = 64
"""First code of contigs that are no chromosome; 0: not known."""


def contig_codes(*tables: pl.DataFrame) -> list[Places]:
    """Codes of the rows' contigs, the same for the same contig in every table.

    Parameters
    ----------
    *tables : polars.DataFrame
        With CHR (a chromosome's code, null if it is none) and CHROM (as written).

    Examples
    --------
    >>> import polars as pl
    >>> one = pl.DataFrame({"CHR": [21, None], "CHROM": ["chr21", "scaffold7"]})
    >>> two = pl.DataFrame({"CHR": [None, None, 21], "CHROM": ["scaffold7", None, "21"]})
    >>> [codes.tolist() for codes in contig_codes(one, two)]
    [[21, 64], [64, 0, 21]]
    """
    import polars as pl

    odd = pl.concat([table.filter(pl.col("CHR").is_null())["CHROM"] for table in tables])
    names = odd.drop_nulls().unique().sort()
    code = {name: _ODD + at for at, name in enumerate(names.to_list())}
    return [
        pl.select(
            table["CHR"].cast(pl.Int64).fill_null(
                table["CHROM"].replace_strict(code, default=0, return_dtype=pl.Int64)
            )
        ).to_series().to_numpy()
        for table in tables
    ]  # fmt: skip


def cis_stretches(contig: Places, tss: Places, window: int) -> Stretches:
    """The cis window of each phenotype, ends included; none where its place is not known (contig 0).

    Parameters
    ----------
    contig, tss : ndarray of int64, shape (G,)
    window : int
        0: none at all.
    """
    rows = np.flatnonzero(contig > 0) if window > 0 else np.empty(0, np.int64)
    return Stretches(rows, contig[rows], tss[rows] - window, tss[rows] + window)


def joined(*parts: Stretches) -> MaskedPlaces:
    """Stretches of several kinds as one mask."""
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES)
    return masked_places(*columns)


_NAMES = tuple(Stretches.__dataclass_fields__)


def crossmapped(
    path: str | os.PathLike[str],
    genes: pl.DataFrame,
    contig: Places,
    others: pl.DataFrame | None,
    *,
    window: int,
    score_min: float,
) -> Stretches:
    """Stretches around genes that cross-map with a phenotype.

    Parameters
    ----------
    path : path-like
        See :func:`postgwas.qtl.crossmap.read_crossmap`.
    genes : polars.DataFrame
        The phenotypes' table.
    contig : ndarray of int64, shape (G,)
    others : polars.DataFrame, optional
        GENE_ID, CONTIG, TSS of genes that are no phenotypes, such as those that are not expressed.
    window, score_min
        As :func:`postgwas.qtl.crossmap.crossmap_stretches` and ``read_crossmap``.
    """
    import polars as pl

    own = pl.DataFrame({"GENE_ID": genes["GENE_ID"], "CONTIG": contig, "TSS": genes["TSS"].cast(pl.Int64)})
    places = own if others is None else pl.concat([own, others.join(own, on="GENE_ID", how="anti")])
    return crossmap_stretches(
        read_crossmap(path, score_min=score_min), genes["GENE_ID"].to_list(),
        places.filter(pl.col("CONTIG") > 0), window=window, path=os.fspath(path),
    )  # fmt: skip
