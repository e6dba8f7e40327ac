"""Join the parts of the chromosomes into the files of one trait."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from postgwas.sumstats.compression import BGZF_EOF
from postgwas.sumstats.harmonise.formats import gzip_member, table_of
from postgwas.sumstats.harmonise.outcomes import Outcome

_COPY = 1 << 20
_REASONS = {int(outcome): outcome.text for outcome in Outcome}


def join_gzip(path: Path, header: bytes, members: Iterable[str]) -> None:
    """One gzip file of a header and members that are gzip files themselves."""
    with open(path, "wb") as whole:
        whole.write(gzip_member(header))
        for member in members:
            with open(member, "rb") as part:
                shutil.copyfileobj(part, whole, _COPY)


def join_bgzf(path: Path, header: bytes, members: Iterable[str]) -> None:
    """One bgzip file; the end-of-file block of each member is left out but for the last."""
    import pysam

    with pysam.BGZFile(str(path), "wb", None) as stream:
        stream.write(header)
    with open(path, "r+b") as whole:
        _cut_end(whole)
        for member in members:
            with open(member, "rb") as part:
                shutil.copyfileobj(part, whole, _COPY)
            _cut_end(whole)
        whole.write(BGZF_EOF)


def _cut_end(stream: io.BufferedRandom) -> None:
    stream.seek(-len(BGZF_EOF), io.SEEK_END)
    if stream.read() != BGZF_EOF:
        raise RuntimeError("a bgzip part without its end-of-file block")
    stream.seek(-len(BGZF_EOF), io.SEEK_END)
    stream.truncate()


def index_vcf(path: Path) -> Path:
    """Write the tabix index beside a bgzip VCF."""
    import pysam

    pysam.tabix_index(str(path), preset="vcf", force=True)
    return path.with_name(f"{path.name}.tbi")


def join_parquet(
    path: Path, parts: Sequence[str], columns: tuple[str, ...], *, effective: bool = False
) -> None:
    """One Parquet file with a row group for each part that has rows."""
    import pyarrow.parquet as pq

    writer = None
    empty = None
    try:
        for part in parts:
            with open(part, "rb") as stream:
                frame = table_of(pl.read_ipc(stream), columns, effective=effective)
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            empty = table.slice(0, 0)
            if table.num_rows:
                writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    if writer is None and empty is not None:
        pq.write_table(empty, path)


def write_rejected_rows(path: Path, source: str, unreadable: Path, rejected: Sequence[str]) -> None:
    """FILE, LINE, SNPID and REASON of every row that was left out.

    Parameters
    ----------
    path : Path
    source : str
    unreadable : Path
        Lines that the reader set aside (Arrow): ROW, SNPID, REASON.
    rejected : sequence of str
        Arrow files of ROW, SNPID, OUTCOME, one a chromosome.
    """
    with open(path, "wb") as whole:
        whole.write(gzip_member(b"FILE\tLINE\tSNPID\tREASON\n"))
        with open(unreadable, "rb") as stream:
            _append(whole, source, pl.read_ipc(stream))
        for name in rejected:
            with open(name, "rb") as stream:
                lost = pl.read_ipc(stream)
            reason = pl.col("OUTCOME").replace_strict(_REASONS, return_dtype=pl.String).alias("REASON")
            _append(whole, source, lost.select("ROW", "SNPID", reason))


def _append(whole: io.BufferedWriter, source: str, lines: pl.DataFrame) -> None:
    for at in range(0, lines.height, 1 << 17):
        buffer = io.BytesIO()
        lines.slice(at, 1 << 17).select(
            pl.lit(source).alias("FILE"), pl.col("ROW").alias("LINE"), "SNPID", "REASON"
        ).write_csv(buffer, separator="\t", include_header=False, null_value="NA", quote_style="never")
        whole.write(gzip_member(buffer.getvalue()))


def write_table(path: Path, table: pl.DataFrame) -> None:
    """A small table as plain tab-separated text."""
    table.write_csv(path, separator="\t", null_value="NA", quote_style="never")


def merged(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sums of counts by name."""
    total: dict[str, int] = {}
    for one in counts:
        for name, n in one.items():
            total[name] = total.get(name, 0) + n
    return total
