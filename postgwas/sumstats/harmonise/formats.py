"""A finished part as text of each output format, made where the part is."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from postgwas.sumstats.harmonise.outcomes import Outcome, Remark
from postgwas.sumstats.harmonise.vcf_lines import vcf_lines
from postgwas.sumstats.ssf import ssf_table
from postgwas.sumstats.table import CANONICAL

CHROMOSOME_NAMES = {**{c: str(c) for c in range(1, 23)}, 23: "X", 24: "Y", 25: "MT"}

TEXT_FORMATS = ("tsv", "ldsc", "ssf", "vcf")
"""Formats of which each chromosome's text is made by itself; ``parquet`` is written from the parts."""


@dataclass(frozen=True)
class FormatTask:
    """One part to write out.

    Attributes
    ----------
    part : str
        Arrow file of kept rows.
    formats : tuple of str
    columns : tuple of str
        Columns with a value somewhere in the file: those that tables have.
    effective : bool
        N is 4 / (1/cases + 1/controls); tables then call it N_EFF.
    as_logs : bool
        GWAS-SSF has -log10 P.
    counts : tuple of (total, cases), optional
        Given numbers of people, for GWAS-VCF.
    given_refs : bool
        The file's other allele is REF wherever that can be told, so that it may be taken for REF of
        indels that fit the sequence both ways.
    """

    part: str
    formats: tuple[str, ...]
    columns: tuple[str, ...]
    effective: bool = False
    as_logs: bool = False
    counts: tuple[float, float] | None = None
    given_refs: bool = False


@dataclass(frozen=True)
class FormattedPart:
    """Files that were written and their rows, by format."""

    files: Mapping[str, str]
    n_rows: Mapping[str, int]


def format_part(task: FormatTask) -> FormattedPart:
    """Write one part in all text formats (a task of the engine)."""
    with open(task.part, "rb") as stream:
        frame = pl.read_ipc(stream)
    if not task.given_refs:
        told = pl.when(pl.col("OUTCOME") != Outcome.INDEL_REF_GIVEN).then("EFFECT_IS_ALT")
        frame = frame.with_columns(EFFECT_IS_ALT=told)
    files: dict[str, str] = {}
    n_rows: dict[str, int] = {}
    for name in task.formats:
        if name == "tsv":
            table = table_of(frame, task.columns, effective=task.effective)
        elif name == "ldsc":
            table = ldsc_table(frame)
        elif name == "ssf":
            table = ssf_table(ssf_source(frame, task.columns, task.counts), as_logs=task.as_logs)
        else:
            table = vcf_lines(frame, columns=task.columns, counts=task.counts)
        path = f"{task.part}.{name}"
        if name == "vcf":
            _write_bgzf(_csv(table, null="."), path)
        else:
            _write_gzip(_csv(table, null="#NA" if name == "ssf" else "NA"), path)
        files[name], n_rows[name] = path, table.height
    return FormattedPart(files, n_rows)


def table_columns(columns: Collection[str], *, effective: bool = False) -> dict[str, tuple[str, pl.Expr]]:
    """Columns of the harmonised table: name -> the part's column and what is made of it.

    Canonical columns come first, then ``EAF_REF``, the reference's frequency of the effect allele,
    ``SNPID_GIVEN``, the file's id where the reference's replaced it, ``STATUS``, the outcome, and
    ``FLAGS``, the remarks.

    Parameters
    ----------
    columns : collection of str
        Those with a value somewhere in the file.
    effective : bool
        N is effective, and called so.
    """
    made = {name: (name, pl.col(name)) for name in CANONICAL if name != "ROW" and name in columns}
    if "CHR" in made:
        code = pl.col("CHR").replace_strict(CHROMOSOME_NAMES, return_dtype=pl.String)
        made["CHR"] = ("CHR", code)
    if effective and "N" in made:
        made = {"N_EFF" if name == "N" else name: value for name, value in made.items()}
    if "REF_AF" in columns:
        made["EAF_REF"] = ("REF_AF", pl.col("REF_AF"))
    if "SNPID_GIVEN" in columns:
        made["SNPID_GIVEN"] = ("SNPID_GIVEN", pl.col("SNPID_GIVEN"))
    made["STATUS"] = ("OUTCOME", pl.col("OUTCOME").replace_strict(_STATUS, return_dtype=pl.String))
    flags = pl.col("REMARK").replace_strict(_FLAGS, default=None, return_dtype=pl.String)
    made["FLAGS"] = ("REMARK", flags)
    return made


def table_of(frame: pl.DataFrame, columns: Collection[str], *, effective: bool = False) -> pl.DataFrame:
    """The harmonised table as users meet it; see :func:`table_columns`."""
    made = table_columns(columns, effective=effective)
    return frame.select(expression.alias(name) for name, (_, expression) in made.items())


def ssf_source(
    frame: pl.DataFrame, columns: tuple[str, ...], counts: tuple[float, float] | None
) -> pl.DataFrame:
    """The columns that GWAS-SSF is made of; ``n`` counts people where their number was given."""
    names = [name for name in CANONICAL if name in columns or name in _SSF_ALWAYS]
    # Where REF is never told, the order of alleles in the ids is no claim.
    source = frame.select(*names, *(["EFFECT_IS_ALT"] if "EFFECT_IS_ALT" in columns else []))
    return source.with_columns(N=pl.lit(counts[0])) if counts is not None else source


def ldsc_table(frame: pl.DataFrame) -> pl.DataFrame:
    """SNP, A1, A2, Z, N of the rows that have all of them and an id of their own."""
    table = frame.select(
        pl.col("SNPID").alias("SNP"), pl.col("EA").alias("A1"), pl.col("NEA").alias("A2"), "Z", "N"
    ).drop_nulls()
    return table.filter(pl.col("SNP").is_unique()) if table["SNP"].is_duplicated().any() else table


def header_of(table: pl.DataFrame) -> bytes:
    """The first line of a table's text."""
    return ("\t".join(table.columns) + "\n").encode()


def _csv(table: pl.DataFrame, *, null: str) -> bytes:
    buffer = io.BytesIO()
    table.write_csv(buffer, include_header=False, separator="\t", null_value=null, quote_style="never")
    return buffer.getvalue()


def _write_gzip(text: bytes, path: str) -> None:
    with open(path, "wb") as stream:
        stream.write(gzip_member(text))


def gzip_member(text: bytes) -> bytes:
    """Bytes that may be joined with others into one gzip file; none for no text."""
    if not text:
        return b""
    from isal import igzip

    return bytes(igzip.compress(text, compresslevel=2, mtime=0))


def _write_bgzf(text: bytes, path: str) -> None:
    from pysam import BGZFile

    opened: Any = BGZFile  # pysam's annotation demands an index
    with opened(path, "wb") as stream:
        stream.write(text)


_SSF_ALWAYS = ("CHR", "POS", "EA", "NEA", "BETA", "SE", "EAF", "P")
_STATUS = {int(outcome): outcome.name.lower() for outcome in Outcome if outcome.kept}
_FLAGS = {
    bits: ";".join(remark.name.lower() for remark in Remark if remark and bits & remark and remark.name)
    for bits in range(1, 256)
}
