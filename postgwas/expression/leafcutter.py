"""leafcutter's table of excised introns (``n/m`` a cell) to ratios, by prepare_phenotype_table's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.matrix import ExpressionMatrix, gene_table

if TYPE_CHECKING:
    import polars as pl

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ratios:
    """Ratios of introns that vary, shape (introns, samples), and why others are left out."""

    rows: NDArray[np.intp]
    values: FloatArray
    dropped: dict[str, int]


def excision_ratios(
    excised: FloatArray, cluster: FloatArray, *, max_missing: float = 0.4, min_sd: float = 0.005
) -> Ratios:
    """Share of a cluster's reads that excise each intron.

    Parameters
    ----------
    excised, cluster : ndarray, shape (introns, samples)
        Reads of the intron, and of its cluster.
    max_missing : float
        Introns whose cluster has no read in more than this share of samples are left out.
    min_sd : float
        So are introns whose ratios' standard deviation (missing ones at their mean; divisor n)
        is below this.

    Returns
    -------
    Ratios
        (n + 0.5) / (m + 0.5), and the intron's mean where m is 0.

    References
    ----------
    Li et al. (2018), Nature Genetics 50:151; leafcutter's prepare_phenotype_table documentation.

    Examples
    --------
    >>> excision_ratios(np.array([[1.0, 0.0, 3.0]]), np.array([[2.0, 0.0, 3.0]])).values
    array([[0.6, 0.8, 1. ]])
    """
    empty = cluster == 0
    ratios = (excised + 0.5) / (cluster + 0.5)
    n_known = (~empty).sum(axis=1)
    few = empty.sum(axis=1) > max_missing * cluster.shape[1]
    means = np.where(empty, 0.0, ratios).sum(axis=1) / np.maximum(n_known, 1)
    filled = np.where(empty, means[:, None], ratios)
    still = ~few & (filled.std(axis=1) < min_sd)
    rows = np.flatnonzero(~few & ~still)
    dropped = {"cluster without reads in too many samples": int(few.sum()), "hardly varies": int(still.sum())}
    return Ratios(rows, np.ascontiguousarray(filled[rows]), dropped)


def is_leafcutter(data: bytes) -> bool:
    """Whether text is leafcutter's: samples, then lines of an intron and ``n/m``.

    Examples
    --------
    >>> is_leafcutter(b"chrom s1 s2\\nchr1:10:20:clu_1_+ 3/4 0/0\\n")
    True
    """
    lines = data[:100_000].split(b"\n", 2)
    cells = lines[1].split() if len(lines) > 1 else []
    return len(cells) > 1 and cells[0].count(b":") >= 3 and b"/" in cells[1]


def read_leafcutter(
    data: bytes, path: str, *, max_missing: float = 0.4, min_sd: float = 0.005
) -> tuple[ExpressionMatrix, dict[str, int]]:
    """A matrix of ratios from ``*_perind.counts.gz``, and counts of the introns left out.

    Introns are called as in the file (chr:start:end:cluster); GROUP_ID is the cluster; the place
    is the intron, its TSS the start of it (end on the reverse strand), as far as the file tells.

    Raises
    ------
    InputError
        If a cell is not ``n/m`` with n at most m, or an intron's name is not as it should be.
    """
    import polars as pl

    first, _, body = data.partition(b"\n")
    samples = tuple(first.decode(errors="replace").split())
    width = body[: body.find(b"\n")].count(b" ") + 1
    if len(samples) == width:
        samples = samples[1:]
    names = ["intron", *samples]
    from postgwas.genotypes.text_table import split_columns

    frame = split_columns(body, names, path, first_line=2)
    place = frame["intron"].str.split(":").list
    parts = pl.DataFrame(
        {
            "CHROM": place.get(0),
            "START": place.get(1, null_on_oob=True),
            "END": place.get(2, null_on_oob=True),
            "GROUP_ID": place.get(-1, null_on_oob=True),
        }
    ).with_columns(pl.col("START", "END").cast(pl.Int64, strict=False))
    if parts.null_count().sum_horizontal().item():
        row = int(parts.select(pl.any_horizontal(pl.all().is_null())).to_series().arg_max() or 0)
        raise InputError(f"{path}, line {row + 2}: {frame['intron'][row]!r} is not chr:start:end:cluster")
    excised, cluster = _fractions(frame, samples, path)
    made = excision_ratios(excised, cluster, max_missing=max_missing, min_sd=min_sd)
    if not len(made.rows):
        raise InputError(f"{path}: none of {frame.height:,} introns varies in enough samples")
    kept = parts[made.rows]
    strand = kept["GROUP_ID"].str.extract(r"_([+-])$")
    tss = pl.select(pl.when((strand == "-").fill_null(False)).then(kept["END"]).otherwise(kept["START"]))
    genes = gene_table(
        frame["intron"][made.rows].to_list(),
        {
            **{c: kept[c] for c in ("CHROM", "START", "END")},
            "STRAND": strand,
            "TSS": tss.to_series(),
            "GROUP_ID": kept["GROUP_ID"],
        },
    )
    return ExpressionMatrix(made.values, genes, samples, "ratio", path), made.dropped


def _fractions(frame: pl.DataFrame, samples: tuple[str, ...], path: str) -> tuple[FloatArray, FloatArray]:
    """Numerators and denominators of all cells."""
    import polars as pl

    shape = (frame.height, len(samples))
    above, below = np.empty(shape), np.empty(shape)
    for at, name in enumerate(samples):
        cells = frame[name].str.split_exact("/", 1).struct
        n, m = (
            cells.field(f).cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
            for f in ("field_0", "field_1")
        )
        bad = np.flatnonzero(~(n >= 0) | ~(m >= n) | ~np.isfinite(m))
        if len(bad):
            row = int(bad[0])
            raise InputError(
                f"{path}, line {row + 2}, sample {name}: {frame[name][row]!r} is not a fraction n/m of reads"
            )
        above[:, at], below[:, at] = n, m
    return above, below
