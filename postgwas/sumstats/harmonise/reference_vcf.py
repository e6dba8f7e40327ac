"""VCF and PLINK 2's .pvar as batches of sites; samples are skipped unread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.harmonise.reference_source import (
    Source,
    build_of_header,
    choose_frequency,
    info_fields,
)
from postgwas.sumstats.values import chromosomes_from_text, tidy_chromosomes

if TYPE_CHECKING:
    import os

    import polars as pl

CHUNK_BYTES = 8 << 20
_HEADER_LIMIT = 64 << 20


def open_vcf(path: str | os.PathLike[str], *, af_field: str | None = None, plink: bool = False) -> Source:
    """Read the header of a VCF or .pvar and get ready to stream its sites.

    Parameters
    ----------
    path : path-like
    af_field : str, optional
        INFO field with the frequency of ALT.
    plink : bool
        Chromosome codes are PLINK's: 25 is XY, 26 MT.

    Raises
    ------
    InputError
        The file is damaged or has no ``#CHROM`` line.
    UsageError
        `af_field` is not declared.
    """
    stream = ByteStream(path)
    try:
        lines, names, rest = _read_header(stream)
    except BaseException:
        stream.close()
        raise
    field: str | None = None
    warnings: tuple[str, ...] = ()
    if "INFO" in names:
        try:
            field, warnings = choose_frequency(info_fields(lines), af_field, source=str(path))
        except BaseException:
            stream.close()
            raise
    batches = _batches(stream, rest, names, field, 2 + len(lines), plink=plink)
    return Source(batches, build_of_header(lines), True, field, warnings)


def _read_header(stream: ByteStream) -> tuple[list[str], list[str], bytes]:
    head = b""
    while True:
        more = stream.read(1 << 20)
        head += more
        start = 0 if head.startswith(b"#CHROM") else head.find(b"\n#CHROM") + 1
        if head.startswith(b"#CHROM") or start:
            end = head.find(b"\n", start)
            if end >= 0 or not more:
                break
        elif not more or len(head) > _HEADER_LIMIT:
            raise InputError(f"{stream.path}: no line that begins with #CHROM; expected a VCF or .pvar")
    end = len(head) if end < 0 else end
    lines = head[:start].decode("utf-8", "replace").splitlines()
    # Names of samples can be many, and are not needed.
    names = head[start + 1 : end].decode("utf-8", "replace").rstrip("\r").split("\t")
    lacking = [name for name in ("POS", "ID", "REF", "ALT") if name not in names]
    if lacking:
        raise InputError(f"{stream.path}: the #CHROM line has no {', '.join(lacking)}")
    return lines, names, head[end + 1 :]


def _batches(
    stream: ByteStream, rest: bytes, names: list[str], field: str | None, line: int, *, plink: bool
) -> Iterator[pl.DataFrame]:
    wanted = ["CHROM", "POS", "ID", "REF", "ALT", *(["INFO"] if field else [])]
    columns = [names.index(name) for name in wanted]
    width = max(columns) + 1
    with stream:
        while True:
            more = stream.read(CHUNK_BYTES)
            data = rest + more
            end = data.rfind(b"\n") + 1 if more else len(data)
            data, rest = data[:end], data[end:]
            if data:
                if b"\r" in data:
                    data = data.translate(None, b"\r")
                n_lines = data.count(b"\n")
                if len(names) > width:
                    data = _first_fields(data, width, stream, line)
                elif data.count(b"\t") != (width - 1) * (n_lines + (not data.endswith(b"\n"))):
                    _refuse_uneven(data, width, stream, line)
                sites = _parse(data, dict(zip(wanted, columns)), width, stream, line)
                yield _tidy(sites, field, plink=plink)
                line += n_lines
            if not more:
                return


def _first_fields(data: bytes, width: int, stream: ByteStream, line: int) -> bytes:
    """The first `width` fields of every line: genotypes are many times the rest."""
    if not data.endswith(b"\n"):
        data += b"\n"
    text = np.frombuffer(data, dtype=np.uint8)
    marks = np.flatnonzero((text == 9) | (text == 10))
    ends = np.flatnonzero(text[marks] == 10)
    firsts = np.concatenate(([0], ends[:-1] + 1))
    short = np.flatnonzero(ends - firsts < width - 1)
    if short.size:
        raise InputError(
            f"{stream.path}: line {line + int(short[0]):,}: fewer than {width} fields parted by tabs"
        )
    cuts = marks[firsts + width - 1]
    starts = np.concatenate(([0], marks[ends[:-1]] + 1))
    # Kept and dropped stretches alternate; the byte at the cut becomes the line's end.
    lengths = np.stack((cuts + 1 - starts, marks[ends] - cuts), axis=1).ravel()
    kept = text[np.repeat(np.tile([True, False], len(cuts)), lengths)]
    kept[np.cumsum(cuts + 1 - starts) - 1] = 10
    return kept.tobytes()


def _refuse_uneven(data: bytes, width: int, stream: ByteStream, line: int) -> None:
    for number, text in enumerate(data.splitlines(), line):
        if text.count(b"\t") != width - 1:
            raise InputError(
                f"{stream.path}: line {number:,}: not {width} fields parted by tabs: {text[:40]!r}"
            )


def _parse(data: bytes, columns: dict[str, int], width: int, stream: ByteStream, line: int) -> pl.DataFrame:
    import polars as pl

    order = sorted(columns, key=lambda name: columns[name])
    try:
        sites = pl.read_csv(
            data,
            has_header=False,
            separator="\t",
            quote_char=None,
            columns=[columns[name] for name in order],
            schema_overrides=[pl.String] * width,
            null_values=["."],
        )
    except (pl.exceptions.PolarsError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{stream.path}: after line {line - 1:,}: not rows of a VCF: {reason}") from None
    sites.columns = order
    return sites


def _tidy(sites: pl.DataFrame, field: str | None, *, plink: bool) -> pl.DataFrame:
    import polars as pl

    chr = tidy_chromosomes(chromosomes_from_text(sites["CHROM"]), plink=plink)
    new = [
        chr.alias("CHR"),
        sites["POS"].cast(pl.Int32, strict=False),
        sites["ID"].alias("SNPID"),
        sites["REF"],
        sites["ALT"],
    ]
    if field == "AC/AN":
        new += [_info(sites, "AC").alias("AF"), _info(sites, "AN").alias("AN")]
    elif field == "CAF":
        # dbSNP's CAF begins with REF's frequency.
        new.append(_info(sites, field).str.extract(r"^[^,]*,(.*)$").alias("AF"))
    elif field:
        new.append(_info(sites, field).alias("AF"))
    frame = pl.DataFrame(new)
    if frame["SNPID"].str.contains(";", literal=True).any():
        frame = frame.with_columns(pl.col("SNPID").str.split(";").list.first())
    return frame


def _info(sites: pl.DataFrame, name: str) -> pl.Series:
    return sites["INFO"].str.extract(rf"(?:^|;){re.escape(name)}=([^;]*)")
