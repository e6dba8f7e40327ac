"""Pieces of the nominal pass on disk: each segment writes its own, and they are joined in order.

A gzip file may have several members, so text pieces are joined byte by byte; nothing is held in memory
but one segment. Statistics other than P are in single precision, 7 digits, as in tensorQTL's files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.qtl.cis_pairs import CisPairs, cis_pairs
from postgwas.qtl.projection import Floats
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
_LEVEL = 1
_SMALLEST = 1e-37
"""P below this does not fit single precision."""


@dataclass(frozen=True, eq=False)
class PieceTask:
    """A segment, and where its pieces go: text, and columns for Parquet and the store."""

    segment: Segment
    text: str | None
    columns: str | None


@dataclass(frozen=True, eq=False)
class Piece:
    """What a segment's pieces hold."""

    n_pairs: int
    rejected: SegmentRejections
    chromosome: int
    text: str | None
    columns: str | None


def write_piece(task: PieceTask) -> Piece:
    """Test a segment's pairs and write them."""
    segment = task.segment
    pairs = cis_pairs(segment)
    if task.text is not None:
        _write_text(Path(task.text), segment, pairs)
    if task.columns is not None:
        _write_columns(task.columns, segment, pairs)
    code = int(segment.variants["CHR"][0]) if segment.n_variants else 0
    return Piece(len(pairs.gene), pairs_left_out(segment, pairs), code, task.text, task.columns)


def _write_columns(path: str, segment: Segment, pairs: CisPairs) -> None:
    """An Arrow file; ids and alleles as numbers into lists, which spares a text a pair."""
    import pyarrow as pa

    table = pa.Table.from_batches([_batch(segment, pairs)])
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _batch(segment: Segment, pairs: CisPairs) -> Any:
    import pyarrow as pa

    variants, tests = segment.variants, pairs.tests
    gene, variant = pairs.gene.astype(np.int32), pairs.variant.astype(np.int32)

    def coded(values: Any, rows: Any) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(rows), pa.array(values, pa.string()))

    def allele(name: str) -> Any:
        kinds, code = np.unique(variants[name].to_numpy().astype(str), return_inverse=True)
        return coded(kinds, code.astype(np.int32)[variant])

    def number(values: Any, kind: str) -> Any:
        return pa.array(values.astype(kind), from_pandas=True)  # NaN is null

    columns = {
        "CHR": pa.array(variants["CHR"].to_numpy()[variant]),
        "POS": pa.array(segment.positions[pairs.variant].astype(np.int32)),
        "phenotype_id": coded(segment.gene_ids, gene),
        "variant_id": coded(variants["SNPID"].to_list(), variant),
        "tss_distance": number(segment.positions[pairs.variant] - segment.tss[pairs.gene], "i4"),
        "af": number(pairs.af[pairs.variant], "f4"),
        "ma_samples": number(pairs.ma_samples[pairs.variant], "i4"),
        "ma_count": number(pairs.ma_count[pairs.variant], "i4"),
        "pval_nominal": number(tests.pval, "f8"),
        "slope": number(tests.slope, "f4"),
        "slope_se": number(tests.slope_se, "f4"),
        "mlog10p": number(tests.mlog10p, "f4"),
        "effect_allele": allele("A1"),
        "other_allele": allele("A2"),
    }
    return pa.record_batch(columns)


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
            "pval": _short(tests.pval),
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


def _short(pval: Floats) -> pl.Series:
    """P as text of 7 digits, as the other statistics; of 17 where single precision does not reach."""
    import polars as pl

    values = pl.Series("pval", pval)
    short = values.cast(pl.Float32).cast(pl.String)
    low = pval < _SMALLEST
    if low.any():
        short = pl.select(pl.when(pl.Series(low)).then(values.cast(pl.String)).otherwise(short)).to_series()
    return short


def join_text(pieces: Iterable[Piece], path: Path, *, columns: Sequence[str] = TEXT) -> None:
    """The header, and the pieces one after the other."""
    import gzip

    with open(path, "wb") as out:
        out.write(gzip.compress(("\t".join(columns) + "\n").encode(), mtime=0))
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
            if piece.columns is None or not piece.n_pairs:
                continue
            table = read_columns(piece.columns)
            if writer is None:
                texts = [field.name for field in table.schema if str(field.type).startswith("dictionary")]
                # Without Arrow's own schema readers take the ids for the texts that they are.
                writer = pq.ParquetWriter(
                    path, table.schema, compression="zstd", compression_level=1, use_dictionary=texts,
                    store_schema=False,
                )  # fmt: skip
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def read_columns(path: str) -> Any:
    """The Arrow table of a piece."""
    import pyarrow as pa

    with pa.memory_map(path) as source:
        return pa.ipc.open_file(source).read_all()
