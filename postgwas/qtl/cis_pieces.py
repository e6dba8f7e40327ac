"""Pieces of the nominal pass on disk: each segment writes its own, and they are joined in order.

A gzip file may have several members, so text pieces are joined byte by byte; nothing is held in memory
but one segment.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.qtl.cis_pairs import CisPairs, cis_pairs, pair_table
from postgwas.qtl.rejections import SegmentRejections
from postgwas.qtl.run_cis import pairs_left_out
from postgwas.qtl.segments import Segment

if TYPE_CHECKING:
    import polars as pl

TEXT = (
    "phenotype_id", "variant_id", "tss_distance", "af", "ma_samples", "ma_count", "pval_nominal", "slope",
    "slope_se", "mlog10p", "effect_allele", "other_allele",
)  # fmt: skip
"""Columns of the text."""
_SINGLE = ("af", "slope", "slope_se", "mlog10p")
"""Columns that files hold in single precision: 7 digits, as tensorQTL's."""
_LEVEL = 1


@dataclass(frozen=True, eq=False)
class PieceTask:
    """A segment, and where its piece goes."""

    segment: Segment
    text: str | None
    parquet: str | None


@dataclass(frozen=True, eq=False)
class Piece:
    """What a segment's piece holds."""

    n_pairs: int
    rejected: SegmentRejections
    chromosome: int
    text: str | None
    parquet: str | None


def write_piece(task: PieceTask) -> Piece:
    """Test a segment's pairs and write them."""
    segment = task.segment
    pairs = cis_pairs(segment)
    if task.text is not None:
        _write_text(Path(task.text), segment, pairs)
    if task.parquet is not None:
        stored_table(segment, pairs).write_parquet(task.parquet, compression="zstd", compression_level=1)
    code = int(segment.variants["CHR"][0]) if segment.n_variants else 0
    return Piece(len(pairs.gene), pairs_left_out(segment, pairs), code, task.text, task.parquet)


def stored_table(segment: Segment, pairs: CisPairs) -> pl.DataFrame:
    """Pairs as Parquet and the store hold them: CHR and POS too, all but P in single precision."""
    import polars as pl

    rows = pl.Series(pairs.variant)
    frame = pair_table(segment, pairs)
    return frame.with_columns(
        segment.variants["CHR"].gather(rows), segment.variants["POS"].gather(rows),
        pl.col(*_SINGLE).cast(pl.Float32),
    )  # fmt: skip


def _write_text(path: Path, segment: Segment, pairs: CisPairs) -> None:
    import polars as pl
    from isal import igzip

    # What depends on the variant alone becomes text once a variant, not once a pair.
    about = pl.DataFrame(
        {
            "af": pl.Series(pairs.af, dtype=pl.Float32),
            "ma_samples": pairs.ma_samples,
            "ma_count": pairs.ma_count,
        }
    ).select(
        pl.concat_str(
            pl.col("af").fill_nan(None).cast(pl.String).fill_null("NA"),
            "ma_samples",
            "ma_count",
            separator="\t",
        )
    )
    alleles = segment.variants.select(pl.concat_str("A1", "A2", separator="\t")).to_series()
    rows = pl.Series(pairs.variant)
    tests = pairs.tests
    frame = pl.DataFrame(
        {
            "phenotype": pl.Series(segment.gene_ids, dtype=pl.String).gather(pl.Series(pairs.gene)),
            "variant": segment.variants["SNPID"].gather(rows),
            "distance": segment.positions[pairs.variant] - segment.tss[pairs.gene],
            "about": about.to_series().gather(rows),
            "pval": tests.pval,
            "slope": tests.slope.astype("f4"),
            "slope_se": tests.slope_se.astype("f4"),
            "mlog10p": tests.mlog10p.astype("f4"),
            "alleles": alleles.gather(rows),
        }
    )
    if tests.perfect.any():
        frame = frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    compressed: Any = igzip.IGzipFile(path, "wb", compresslevel=_LEVEL, mtime=0)  # isal has no types
    with compressed as stream:
        frame.write_csv(stream, separator="\t", include_header=False, null_value="NA", quote_style="never")


def join_text(pieces: Iterable[Piece], path: Path) -> None:
    """The header, and the pieces one after the other."""
    import gzip

    with open(path, "wb") as out:
        out.write(gzip.compress(("\t".join(TEXT) + "\n").encode(), mtime=0))
        for piece in pieces:
            if piece.text is not None and piece.n_pairs:
                with open(piece.text, "rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)


def join_parquet(pieces: Iterable[Piece], path: Path) -> None:
    """One Parquet file, a row group or more a piece."""
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for piece in pieces:
            if piece.parquet is None or not piece.n_pairs:
                continue
            table = pq.read_table(piece.parquet)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=3)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
