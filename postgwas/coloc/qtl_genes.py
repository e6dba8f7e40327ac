"""Which genes are looked at, and where they begin."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postgwas.coloc.qtl_source import QtlSource
from postgwas.coloc.qtl_summary import NAMES, parse_ids
from postgwas.errors import ColumnError, InputError, NoSignalError, UsageError
from postgwas.qtl.qtl_table import numbers_of
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")

NO_TSS = "no_tss"
"""Reason of a gene whose place is not known."""

_QVALUES = ("qval", "qvalue", "q", "q_value")
_START = ("tss", "gene_start", "start", "phenotype_pos", "phe_from")
_CHROMOSOMES = ("gene_chr", "chromosome", "chr", "chrom", "#chr", "phe_chr", "gene_chr_name")


@dataclass(frozen=True, eq=False)
class GeneList:
    """Genes with their places.

    Attributes
    ----------
    frame : polars.DataFrame
        GENE, CHR (code), TSS, each gene once, by place.
    lost : tuple of str
        Genes whose TSS is not known.
    told : str
        Where the places are from.
    """

    frame: pl.DataFrame
    lost: tuple[str, ...]
    told: str


def load_genes(
    source: QtlSource,
    *,
    egenes: str | os.PathLike[str] | Sequence[str] | None = None,
    fdr: float = 0.05,
    places: str | os.PathLike[str] | None = None,
) -> GeneList:
    """The genes that are asked for, and their TSS.

    Parameters
    ----------
    source : QtlSource
        Read for TSS (position less tss_distance), and for all genes, where the others do not tell.
    egenes : path, ``STUDY.h5::KEY`` or sequence of str, optional
        Genes: ids; a table with a column of genes (a permutation pass, GTEx's egenes or signif_pairs), of
        which those of q-value at most `fdr` are taken where it has q-values. All genes if None.
    fdr : float
    places : path, optional
        A GTF; a phenotype BED; a table of genes with chromosome and tss, or start, end and strand.

    Raises
    ------
    InputError, ColumnError
        If a file cannot be used, or no place is known.
    NoSignalError
        If no gene passes.
    UsageError
        If `fdr` is no share.
    """
    import polars as pl

    if not 0.0 < fdr <= 1.0:
        raise UsageError(f"--fdr {fdr:g}: expected a number above 0, at most 1")
    wanted: pl.DataFrame | None = None
    if isinstance(egenes, str | os.PathLike):
        wanted = _egenes(os.fspath(egenes), fdr)
    elif egenes is not None:
        wanted = pl.DataFrame({"GENE": [str(name) for name in egenes]}).unique(maintain_order=True)
    if places is not None:
        known, told = _places(os.fspath(places)), os.fspath(places)
    elif wanted is not None and "TSS" in wanted.columns:
        known, told = wanted.drop_nulls(), str(egenes)
    else:
        known, told = _from_source(source), source.path
    if not known.height:
        raise InputError(
            f"{told}: it does not tell where genes begin (no tss_distance)",
            hint="--genes with a GTF, a phenotype BED or a table",
        )
    if wanted is None:
        wanted = known.select("GENE") if places is None else _from_source(source, places=False)
    return _joined(wanted.select("GENE").unique(maintain_order=True), known, told)


def _joined(wanted: pl.DataFrame, known: pl.DataFrame, told: str) -> GeneList:
    import polars as pl

    from postgwas.expression.gtf import strip_version

    known = known.select("GENE", "CHR", "TSS").drop_nulls().unique("GENE", keep="first", maintain_order=True)
    found = wanted.join(known, on="GENE", how="left", maintain_order="left")
    if found["TSS"].null_count() > wanted.height // 2:
        bare = known.with_columns(strip_version(known["GENE"]).alias("bare")).drop("GENE")
        bare = bare.unique("bare", keep="none")
        again = wanted.with_columns(strip_version(wanted["GENE"]).alias("bare")).join(
            bare, on="bare", how="left", maintain_order="left"
        )
        if again["TSS"].null_count() < found["TSS"].null_count():
            log.info("%s: genes are found by their ids without versions", told)
            found = again.drop("bare")
    lost = found.filter(pl.col("TSS").is_null())["GENE"].to_list()
    found = found.drop_nulls().sort("CHR", "TSS", "GENE")
    if not found.height:
        raise InputError(
            f"{told}: none of {wanted.height:,} genes is in it, such as {wanted['GENE'][0]}",
            hint="are ids of the same kind?",
        )
    return GeneList(found.with_columns(pl.col("TSS").cast(pl.Int64)), tuple(lost), told)


def _from_source(source: QtlSource, *, places: bool = True) -> pl.DataFrame:
    """Genes of the summary statistics, and their TSS if they tell."""
    import polars as pl

    parts, placed, example = [], False, None
    for piece in source.pieces():
        placed = placed or piece["POS"].null_count() < piece.height
        example = example or next(iter(piece["SNPID"].drop_nulls()), None)
        parts.append(
            piece.group_by("GENE", maintain_order=True).agg(
                pl.col("CHR").drop_nulls().first(), pl.col("TSS").drop_nulls().first()
            )
        )
    if not parts:
        raise InputError(f"{source.path}: no rows below the header")
    if not placed:
        raise InputError(
            f"{source.path}: ids such as '{example}' do not tell where variants are, and neither genotypes "
            "nor a table name them",
            hint="--qtl_variants FILE, or --genotypes whose ids they are",
        )
    found = pl.concat(parts).unique("GENE", keep="first", maintain_order=True)
    return found.drop_nulls() if places else found.select("GENE")


def _egenes(path: str, fdr: float) -> pl.DataFrame:
    """GENE of those that pass, with CHR and TSS if the table tells."""
    import polars as pl

    if (one := _one_word(path)) is not None:
        return pl.DataFrame({"GENE": [one]})
    table = _read(path)
    low = {name.lower().lstrip("#"): name for name in reversed(table.columns)}
    gene = next((low[name] for name in NAMES["GENE"] if name in low), None)
    if gene is None:
        if table.width > 1:
            raise ColumnError(f"{path}: no column of genes (such as phenotype_id or gene_id)")
        ids = [table.columns[0], *table.to_series().cast(pl.String).to_list()]
        return pl.DataFrame({"GENE": ids}).unique(maintain_order=True)
    q = next((low[name] for name in _QVALUES if name in low), None)
    if q is not None:
        table = table.filter(numbers_of(table[q], path) <= fdr)
        if not table.height:
            raise NoSignalError(f"{path}: no gene in it has {q} <= {fdr:g}", hint="--fdr")
    if not table.height:
        raise InputError(f"{path}: no gene in it")
    told = _told_places(table, low)
    made = pl.DataFrame({"GENE": table[gene].cast(pl.String)})
    return made if told is None else made.with_columns(told.get_columns())


def _one_word(path: str) -> str | None:
    """The word that is all of a file: the list of a single gene, which is no header without rows."""
    from postgwas.genotypes.text_table import read_text

    if "::" in path or path.endswith((".parquet", ".pq")):
        return None
    words = read_text(path).split(None, 1)
    one = words[0].decode(errors="replace")
    return one if len(words) == 1 and one.lower().lstrip("#") not in NAMES["GENE"] else None


def _told_places(table: pl.DataFrame, low: dict[str, str]) -> pl.DataFrame | None:
    """CHR and TSS, from a gene's start, end and strand, or a variant's position and distance."""
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    code = next((low[name] for name in _CHROMOSOMES if name in low), None)
    start = next((low[name] for name in _START if name in low), None)
    if code is not None and start is not None:
        first = table[start].cast(pl.Int64, strict=False)
        if {"strand", "gene_end"} <= set(low) and low.get("gene_start") == start:
            last = table[low["gene_end"]].cast(pl.Int64, strict=False)
            minus = table[low["strand"]].cast(pl.String).is_in(["-", "-1"])
            first = first.zip_with(~minus.fill_null(False), last)
        return pl.DataFrame(
            {"CHR": chromosomes_from_text(table[code].cast(pl.String)).cast(pl.Int8), "TSS": first}
        )
    away = next((low[name] for name in NAMES["DISTANCE"] if name in low), None)
    ids = next((low[name] for name in ("variant_id", "snpid") if name in low), None)
    if away is None or ids is None:
        return None
    parsed = parse_ids(table[ids].cast(pl.String))
    if parsed["POS"].null_count() == parsed.height:
        return None
    tss = parsed["POS"].cast(pl.Int64) - table[away].cast(pl.Int64, strict=False)
    return pl.DataFrame({"CHR": chromosomes_from_text(parsed["CHR"]).cast(pl.Int8), "TSS": tss})


def _places(path: str) -> pl.DataFrame:
    """GENE, CHR and TSS of a GTF, a phenotype BED or a table."""
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    plain = path.removesuffix(".gz").lower()
    if plain.endswith((".gtf", ".gff", ".gff2")):
        from postgwas.expression.gtf import genes_of_gtf, read_gtf

        genes = genes_of_gtf(read_gtf(path))
        return pl.DataFrame(
            {
                "GENE": genes["GENE_ID"], "TSS": genes["TSS"].cast(pl.Int64),
                "CHR": chromosomes_from_text(genes["CHROM"].cast(pl.String)).cast(pl.Int8),
            }
        )  # fmt: skip
    table = _read(path)
    if plain.endswith(".bed"):
        code, start, _, gene = table.columns[:4]
        return pl.DataFrame(
            {
                "GENE": table[gene].cast(pl.String), "TSS": table[start].cast(pl.Int64) + 1,
                "CHR": chromosomes_from_text(table[code].cast(pl.String)).cast(pl.Int8),
            }
        )  # fmt: skip
    low = {name.lower().lstrip("#"): name for name in reversed(table.columns)}
    named = next((low[name] for name in NAMES["GENE"] if name in low), None)
    told = _told_places(table, low)
    if named is None or told is None:
        raise ColumnError(
            f"{path}: expected genes with chromosome and tss, or gene_start, gene_end and strand; it has "
            f"{', '.join(table.columns)}"
        )
    return pl.DataFrame({"GENE": table[named].cast(pl.String)}).with_columns(told.get_columns())


def _read(path: str) -> pl.DataFrame:
    from postgwas.qtl.qtl_table import read_plain

    return read_plain(path)[0]
