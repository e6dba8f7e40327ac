"""GTF: where genes and transcripts lie, and the bases that their exons cover together."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

_CHUNK = 1 << 26
_FEATURES = ("gene", "transcript", "exon")
_ATTRIBUTES = {
    "GENE_ID": r"gene_id",
    "TRANSCRIPT_ID": r"transcript_id",
    "GENE_NAME": r"gene_name",
    "GENE_TYPE": r"gene_(?:type|biotype)",
    "TRANSCRIPT_TYPE": r"transcript_(?:type|biotype)",
}


def read_gtf(path: str | os.PathLike[str], *, cache: bool = True) -> pl.DataFrame:
    """Genes, transcripts and exons of a GTF file of GENCODE, Ensembl or another source.

    Parameters
    ----------
    path : path-like
        May be compressed.
    cache : bool
        Keep what was parsed for the next time.

    Returns
    -------
    polars.DataFrame
        FEATURE, CHROM, START, END (1-based, both included), STRAND, GENE_ID, TRANSCRIPT_ID,
        GENE_NAME, GENE_TYPE, TRANSCRIPT_TYPE, READTHROUGH (tagged so); ids as written.

    Raises
    ------
    InputError
        If the file is no GTF, is GFF3, has a line that is no GTF line, or holds no exon or gene.
    """
    from postgwas.ld.panel_cache import cache_path
    from postgwas.ld.table_cache import read_cache, write_cache

    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    kept = cache_path([Path(path)]).with_suffix(".gtf.panel")
    if cache and (found := read_cache(kept)) is not None:
        return found[0]
    frame = _parse(path)
    if cache:
        write_cache(kept, frame, {"gtf": 1})
    return frame


def genes_of_gtf(features: pl.DataFrame) -> pl.DataFrame:
    """A row a gene: its place, TSS by strand, and the bases that its exons cover together.

    Where there are no lines of genes, they are made of their exons. A gene_id on two chromosomes
    (pseudo-autosomal genes of Ensembl, RefSeq's names) keeps the first; a warning says how many.

    Returns
    -------
    polars.DataFrame
        The columns of :data:`postgwas.expression.matrix.GENE_COLUMNS` and GENE_TYPE, in the
        order of the file. LENGTH is null where a gene has no exon lines.
    """
    import polars as pl

    from postgwas.expression.matrix import gene_table

    lines = features.filter(pl.col("FEATURE") == "gene")
    if lines.height:
        places = lines.unique("GENE_ID", keep="first", maintain_order=True)
    else:
        places = _hull(features, "GENE_ID")
    _tell_several_places(lines if lines.height else features)
    exons = features.filter(pl.col("FEATURE") == "exon").join(
        places.select("GENE_ID", "CHROM"), on=["GENE_ID", "CHROM"]
    )
    places = places.join(union_lengths(exons, "GENE_ID"), on="GENE_ID", how="left", maintain_order="left")
    columns = {name: places[name] for name in ("GENE_NAME", "CHROM", "START", "END", "STRAND", "LENGTH")}
    columns["TSS"] = places.select(tss()).to_series()
    return gene_table(places["GENE_ID"].to_list(), {**columns, "GENE_TYPE": places["GENE_TYPE"]})


def _tell_several_places(features: pl.DataFrame) -> None:
    """Warn of genes on several chromosomes."""
    from postgwas.expression.matrix import some_names

    each = features.select("GENE_ID", "CHROM").unique(maintain_order=True)
    several = each.filter(each["GENE_ID"].is_duplicated())["GENE_ID"].unique(maintain_order=True).to_list()
    if several:
        log.warning(
            "the GTF has %d gene ids on more than one chromosome, of which the first is used: %s",
            len(several), some_names(several),
        )  # fmt: skip


def transcripts_of_gtf(features: pl.DataFrame) -> pl.DataFrame:
    """A row a transcript: TRANSCRIPT_ID, GENE_ID, GENE_NAME, CHROM, START, END, STRAND, TSS, LENGTH."""
    import polars as pl

    lines = features.filter(pl.col("FEATURE") == "transcript")
    if lines.height:
        places = lines.unique("TRANSCRIPT_ID", keep="first", maintain_order=True)
    else:
        places = _hull(features, "TRANSCRIPT_ID")
    exons = features.filter(pl.col("FEATURE") == "exon").join(
        places.select("TRANSCRIPT_ID", "CHROM"), on=["TRANSCRIPT_ID", "CHROM"]
    )
    lengths = union_lengths(exons, "TRANSCRIPT_ID")
    places = places.join(lengths, on="TRANSCRIPT_ID", how="left", maintain_order="left")
    return places.select(
        "TRANSCRIPT_ID", "GENE_ID", "GENE_NAME", "CHROM", "START", "END", "STRAND", tss(), "LENGTH"
    )


def tss() -> pl.Expr:
    """The transcription start: START on +, END on -, null where the strand is not known."""
    import polars as pl

    return (
        pl.when(pl.col("STRAND") == "+")
        .then(pl.col("START"))
        .when(pl.col("STRAND") == "-")
        .then(pl.col("END"))
        .alias("TSS")
    )


def union_lengths(exons: pl.DataFrame, by: str) -> pl.DataFrame:
    """Bases that the exons of each `by` cover together: columns `by`, LENGTH (float64)."""
    import polars as pl

    merged = merge_intervals(exons, by)
    return merged.group_by(by, maintain_order=True).agg(
        (pl.col("END") - pl.col("START") + 1).sum().cast(pl.Float64).alias("LENGTH")
    )


def merge_intervals(intervals: pl.DataFrame, by: str) -> pl.DataFrame:
    """Overlapping or touching intervals of each `by` as one: columns `by`, START, END, sorted."""
    import polars as pl

    ordered = intervals.select(by, "START", "END").sort(by, "START", "END")
    if not ordered.height:
        return ordered
    reach = ordered.select(pl.col("END").cum_max().shift(1).over(by).alias("reach")).to_series()
    begins = (ordered["START"] > reach + 1).fill_null(True)
    return (
        ordered.with_columns(begins.cum_sum().alias("run"))
        .group_by("run", maintain_order=True)
        .agg(pl.col(by).first(), pl.col("START").first(), pl.col("END").max())
        .drop("run")
    )


def strip_version(ids: pl.Series) -> pl.Series:
    """Ids without their version; GENCODE's _PAR_Y stays.

    Examples
    --------
    >>> import polars as pl
    >>> strip_version(pl.Series(["ENSG00000182378.14_PAR_Y", "ENST01.2", "FOXP2"])).to_list()
    ['ENSG00000182378_PAR_Y', 'ENST01', 'FOXP2']
    """
    return ids.str.replace(r"\.\d+(_PAR_Y)?$", "${1}")


def _parse(path: str | os.PathLike[str]) -> pl.DataFrame:
    import polars as pl

    parts = []
    for text, first_line in _chunks(path):
        part = _features(text, str(path), first_line)
        if part.height:
            parts.append(part)
    if not parts:
        raise InputError(f"{path}: no lines of genes, transcripts or exons", hint="is it a GTF?")
    frame = pl.concat(parts)
    if frame["GENE_ID"].null_count():
        raise InputError(f"{path}: {frame['GENE_ID'].null_count():,} lines have no gene_id")
    return frame


def _chunks(path: str | os.PathLike[str]) -> Iterator[tuple[bytes, int]]:
    """Whole lines, and the number of the first."""
    from postgwas.sumstats.compression import ByteStream

    rest, line = b"", 1
    with ByteStream(path) as stream:
        while part := stream.read(_CHUNK):
            text = rest + part
            cut = text.rfind(b"\n") + 1
            rest = text[cut:]
            if cut:
                yield text[:cut], line
                line += text.count(b"\n", 0, cut)
    if rest.strip():
        yield rest, line


def _features(text: bytes, path: str, first_line: int) -> pl.DataFrame:
    import polars as pl

    if first_line == 1 and text.startswith(b"##gff-version 3"):
        raise InputError(f"{path}: GFF3 is not read", hint="the same source offers GTF")
    names = ["CHROM", "source", "FEATURE", "START", "END", "score", "STRAND", "frame", "attributes"]
    kinds: dict[str, Any] = {name: pl.String() for name in names}
    kinds.update(START=pl.Int64(), END=pl.Int64())
    if not _has_lines(text):
        return pl.DataFrame(schema={name: kinds[name] for name in ("FEATURE",)})
    try:
        frame = pl.read_csv(
            io.BytesIO(text),
            has_header=False,
            separator="\t",
            schema=kinds,
            quote_char=None,
            comment_prefix="#",
        )
    except pl.exceptions.PolarsError:
        raise _bad_line(text, path, first_line) from None
    if frame["attributes"].null_count():
        raise _bad_line(text, path, first_line)
    wanted = frame.filter(pl.col("FEATURE").is_in(list(_FEATURES)))
    attributes = pl.col("attributes")
    return wanted.select(
        "FEATURE",
        "CHROM",
        "START",
        "END",
        pl.when(pl.col("STRAND").is_in(["+", "-"])).then(pl.col("STRAND")).alias("STRAND"),
        *(
            attributes.str.extract(rf'(?:^|[; ]){key} "?([^";]+)"?').alias(name)
            for name, key in _ATTRIBUTES.items()
        ),
        attributes.str.contains('tag "readthrough_transcript"|tag "readthrough_gene"').alias("READTHROUGH"),
    )


def _has_lines(text: bytes) -> bool:
    return any(line.strip() and not line.startswith(b"#") for line in text.split(b"\n", 5000))


def _bad_line(text: bytes, path: str, first_line: int) -> InputError:
    for number, line in enumerate(text.split(b"\n"), start=first_line):
        if not line.strip() or line.startswith(b"#"):
            continue
        cells = line.split(b"\t")
        if len(cells) != 9:
            return InputError(
                f"{path}, line {number}: {len(cells)} columns found, a GTF has 9",
                hint="places from elsewhere: as columns chr, start, end, strand after the ids of the matrix",
            )
        if not (cells[3].isdigit() and cells[4].isdigit()):
            return InputError(f"{path}, line {number}: start and end are not whole numbers")
    return InputError(f"{path}: not a GTF")


def _hull(features: pl.DataFrame, by: str) -> pl.DataFrame:
    """A row for each `by` from its exons."""
    import polars as pl

    others = [c for c in features.columns if c not in (by, "START", "END", "FEATURE", "READTHROUGH")]
    return (
        features.filter((pl.col("FEATURE") == "exon") & (pl.col("CHROM") == pl.col("CHROM").first().over(by)))
        .group_by(by, maintain_order=True)
        .agg(pl.col("START").min(), pl.col("END").max(), *(pl.col(name).first() for name in others))
    )
