"""Tables of variants, .bim and bare .pvar files as batches of sites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.chunks import iter_chunks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.harmonise.reference_source import Source
from postgwas.sumstats.layout import Layout, sniff_layout
from postgwas.sumstats.values import chromosomes_from_text, numbers_from_text, tidy_chromosomes

if TYPE_CHECKING:
    import polars as pl

_HEAD_BYTES = 1 << 20
_PARQUET_ROWS = 1 << 17

BIM = ("CHR", "SNPID", "CM", "POS", "A1", "A2")
_NAMES: dict[str, tuple[str, ...]] = {
    "SNPID": ("snpid", "rsid", "rs_id", "rs", "snp", "id", "variant_id", "varid", "markername", "marker"),
    "CHR": ("chr", "chrom", "chromosome", "chrom_id"),
    "POS": ("pos", "bp", "position", "base_pair_location", "bp_position"),
    "REF": ("ref", "reference", "ref_allele", "reference_allele"),
    "ALT": ("alt", "alternate", "alt_allele", "alternate_allele", "alternative_allele"),
    "A1": ("a1", "ea", "effect_allele", "allele1"),
    "A2": ("a2", "nea", "oa", "other_allele", "allele2", "a0", "allele0"),
}
_FREQUENCY = {
    "ALT": ("af", "alt_freqs", "alt_freq", "alt_af", "af_alt", "freq_alt", "frq_alt"),
    "A1": ("a1_freq", "a1_frq", "freq_a1", "frq_a1", "eaf", "effect_allele_frequency", "freq1", "af"),
}


def open_bim(path: Path) -> Source:
    """A PLINK 1 ``.bim``, or a ``.pvar`` without header: A1 is given as ALT, no frequencies."""
    head = _head(path)
    width = len(head.split(b"\n", 1)[0].split())
    if width not in (5, 6):
        raise InputError(
            f"{path}: line 1 has {width} fields; expected the 6 of a .bim, or 5 without centimorgans"
        )
    names = BIM if width == 6 else tuple(name for name in BIM if name != "CM")
    layout = sniff_layout(head, source=str(path), header=names)
    columns = {"SNPID": "SNPID", "CHR": "CHR", "POS": "POS", "ALT": "A1", "REF": "A2"}
    batches = (_sites(batch, columns, plink=True) for batch in _text(path, layout, columns))
    return Source(batches, None, False, None)


def open_table(path: Path, *, af_field: str | None = None) -> Source:
    """A table with named columns, text or Parquet.

    Raises
    ------
    ColumnError
        Chromosome, position or alleles are not among the columns, or `af_field` is not.
    """
    parquet = _is_parquet(path)
    layout = None if parquet else sniff_layout(_head(path), source=str(path))
    header = layout.names if layout else _parquet_columns(path)
    columns, warnings = _columns(header, af_field, source=str(path))
    ref_known = "ALT" in columns and _plain(columns["ALT"]) in _NAMES["ALT"]
    frames = _text(path, layout, columns) if layout else _parquet(path, list(columns.values()))
    batches = (_sites(frame, columns, plink=False) for frame in frames)
    return Source(batches, None, ref_known, columns.get("AF"), warnings)


def _head(path: Path) -> bytes:
    with ByteStream(path) as stream:
        return stream.read(_HEAD_BYTES)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower().lstrip("#")).strip("_")


def _columns(
    header: Sequence[str], af_field: str | None, *, source: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    plain = {_plain(name): name for name in reversed(header)}
    found = {
        field: plain[next(name for name in names if name in plain)]
        for field, names in _NAMES.items()
        if any(name in plain for name in names)
    }
    pair = ("REF", "ALT") if {"REF", "ALT"} <= found.keys() else ("A2", "A1")
    lacking = [field for field in ("CHR", "POS", *pair) if field not in found]
    if lacking:
        expected = "CHR, POS, REF and ALT (or A1 and A2)"
        raise ColumnError(
            f"{source}: no column for {', '.join(lacking)}; a reference needs {expected}; "
            f"found {', '.join(header[:20])}"
        )
    columns: dict[str, str] = {name: found[name] for name in ("SNPID", "CHR", "POS") if name in found}
    columns |= {"REF": found[pair[0]], "ALT": found[pair[1]]}
    if af_field is not None:
        if af_field not in header:
            raise ColumnError(
                f"{source}: no column {af_field!r}; found {', '.join(header[:20])}",
                hint="--af_field names the column with ALT's frequency",
            )
        return columns | {"AF": af_field}, ()
    frequency = next((plain[name] for name in _FREQUENCY[pair[1]] if name in plain), None)
    if frequency is not None:
        return columns | {"AF": frequency}, ()
    like = [name for name in header if re.search(r"af|fre?q", name, re.I)]
    choice = f"; --af_field can name one of {', '.join(like)}" if like else ""
    return columns, (f"{source}: no column with the frequency of {pair[1]}: frequencies are unknown{choice}",)


def _text(path: Path, layout: Layout, columns: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    import polars as pl

    order = sorted({layout.names.index(name) for name in columns.values()})
    with ByteStream(path) as stream:
        head = stream.read(_HEAD_BYTES)
        for chunk in iter_chunks(stream, head, layout):
            if chunk.bad_lines.size:
                raise InputError(
                    f"{path}: line {int(chunk.bad_lines[0]):,}: not {len(layout.names)} fields separated by "
                    f"{layout.separator_name}: {chunk.bad_text[0]}"
                )
            if not chunk.data:
                continue
            try:
                frame = pl.read_csv(
                    chunk.data,
                    has_header=False,
                    separator=chunk.separator,
                    quote_char=None,
                    columns=order,
                    schema_overrides=[pl.String] * len(layout.names),
                    null_values=[".", "NA"],
                )
            except pl.exceptions.PolarsError:
                raise InputError(f"{path}: not a text file in UTF-8") from None
            frame.columns = [layout.names[i] for i in order]
            yield frame


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: damaged Parquet file: {str(error).splitlines()[0]}") from None


def _parquet(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_PARQUET_ROWS, columns=list(dict.fromkeys(names))):
                frame = pl.from_arrow(pa.Table.from_batches([batch]))
                assert isinstance(frame, pl.DataFrame)
                yield frame
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: damaged Parquet file: {str(error).splitlines()[0]}") from None


def _sites(frame: pl.DataFrame, columns: Mapping[str, str], *, plink: bool) -> pl.DataFrame:
    import polars as pl

    def text(field: str) -> pl.Series:
        return frame[columns[field]].cast(pl.String)

    chr = tidy_chromosomes(chromosomes_from_text(text("CHR")), plink=plink)
    pos, _ = numbers_from_text(text("POS"), "POS")
    absent = pl.Series("SNPID", [None] * frame.height, dtype=pl.String)
    new = [
        chr.alias("CHR"),
        pos,
        text("SNPID").alias("SNPID") if "SNPID" in columns else absent,
        text("REF").alias("REF"),
        text("ALT").alias("ALT"),
    ]
    if "AF" in columns:
        af = frame[columns["AF"]].alias("AF")
        new.append(af if af.dtype == pl.String else af.cast(pl.Float32))
    return pl.DataFrame(new)
