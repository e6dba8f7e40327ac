"""BCF as batches of sites, through htslib."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.harmonise.reference_source import (
    Source,
    build_of_header,
    choose_frequency,
    info_fields,
)
from postgwas.sumstats.values import chromosomes_from_text

if TYPE_CHECKING:
    import polars as pl

_ROWS = 1 << 17


def open_bcf(path: Path, *, af_field: str | None = None) -> Source:
    """Read the header of a BCF and get ready to stream its sites.

    Raises
    ------
    InputError
        The file is truncated or damaged.
    UsageError
        `af_field` is not declared.
    """
    from cyvcf2 import VCF

    # htslib only warns of a missing end-of-file block.
    ByteStream(path).close()
    try:
        reader = VCF(str(path), samples=[])
        lines = reader.raw_header.splitlines()
    except OSError as error:
        raise InputError(f"{path}: not a readable BCF: {error}") from None
    field, warnings = choose_frequency(info_fields(lines), af_field, source=str(path))
    return Source(_batches(reader, path, field), build_of_header(lines), True, field, warnings)


def _batches(reader: Any, path: Path, field: str | None) -> Iterator[pl.DataFrame]:
    rows: list[tuple[str, int, str | None, str, str, str | None, str | None]] = []
    count, total = ("AC", "AN") if field == "AC/AN" else (field, None)
    try:
        for site in reader:
            values = _text(site.INFO.get(count)) if count else None
            if field == "CAF" and values:
                values = values.partition(",")[2] or None
            number = _text(site.INFO.get(total)) if total else None
            rows.append((site.CHROM, site.POS, site.ID, site.REF, ",".join(site.ALT), values, number))
            if len(rows) == _ROWS:
                yield _frame(rows, field)
                rows = []
    # cyvcf2 raises plain Exception for a record that htslib cannot read.
    except Exception as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: damaged BCF: {error}") from None
    finally:
        reader.close()
    if rows:
        yield _frame(rows, field)


def _text(value: Any) -> str | None:
    if isinstance(value, tuple):
        return ",".join("." if v is None else str(v) for v in value)
    return None if value is None else str(value)


def _frame(rows: list[Any], field: str | None) -> pl.DataFrame:
    import polars as pl

    names = ["CHROM", "POS", "SNPID", "REF", "ALT", "AF", "AN"]
    types: list[Any] = [pl.String, pl.Int32, *[pl.String] * 5]
    frame = pl.DataFrame(rows, schema=dict(zip(names, types)), orient="row")
    chr = chromosomes_from_text(frame["CHROM"]).alias("CHR")
    unused = ["CHROM", *(["AF"] if field is None else []), *(["AN"] if field != "AC/AN" else [])]
    frame = frame.drop(unused).insert_column(0, chr)
    return frame.with_columns(SNPID=pl.col("SNPID").str.split(";").list.first())
