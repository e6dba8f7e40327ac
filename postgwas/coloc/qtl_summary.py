"""Summary statistics of QTLs, of this package or public ones, under one set of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import ColumnError

if TYPE_CHECKING:
    import polars as pl

NAMES: dict[str, tuple[str, ...]] = {
    "GENE": (
        "molecular_trait_id", "phenotype_id", "gene_id", "probeid", "pid", "phe_id", "gene", "phenotype",
    ),
    "SNPID": ("variant_id", "snpid", "variant", "snp", "sid", "var_id", "rsid"),
    "CHR": ("chromosome", "chr", "chrom", "variant_chr", "var_chr", "#chrom"),
    "POS": ("position", "pos", "bp", "variant_pos", "var_from"),
    "EA": ("effect_allele", "alt", "a1", "ea"),
    "NEA": ("other_allele", "ref", "a2", "nea"),
    "BETA": ("slope", "beta", "b", "effect"),
    "SE": ("slope_se", "se", "beta_se", "standard_error"),
    "P": ("pval_nominal", "pvalue", "pval", "nom_pval", "p-value", "p"),
    "EAF": ("af", "eaf", "f"),
    "MAF": ("maf", "sample_maf"),
    "N": ("n",),
    "AN": ("an",),
    "MA_COUNT": ("ma_count",),
    "DISTANCE": ("tss_distance", "start_distance", "dist"),
}  # fmt: skip
"""Our name of a column and what files call it, in lower case, the first that is there."""

FASTQTL = {
    5: ("phenotype_id", "variant_id", "tss_distance", "pval_nominal", "slope"),
    9: (
        "phenotype_id", "variant_id", "tss_distance", "ma_samples", "ma_count", "maf", "pval_nominal",
        "slope", "slope_se",
    ),
}  # fmt: skip
"""Columns of FastQTL's nominal pass, which has no header: before and since version 2.184_gtex."""

_ID = r"^(?:chr)?([0-9]{1,2}|X|Y|MT?)[:_]([0-9]+)[:_]([A-Za-z*<>]+)[:_]([A-Za-z*<>]+)(?:[:_](.+))?$"
"""Chromosome, position, reference and alternative allele within an id, and the build that GTEx adds."""

_NUMBERS = ("BETA", "SE", "P", "EAF", "MAF", "N", "AN", "MA_COUNT")
SCHEMA = ("GENE", "SNPID", "CHR", "POS", "EA", "NEA", "EAF", "MAF", "BETA", "SE", "N", "TSS")
"""Columns of a table of QTLs here; EAF is null where only the minor allele's frequency is known."""


@dataclass(frozen=True)
class QtlFormat:
    """What a file's columns are.

    Attributes
    ----------
    columns : mapping of str to str
        Our name -> the file's.
    gene : str, optional
        The one gene of a file without a column of genes.
    told : str
        The file, for messages.
    """

    columns: Mapping[str, str]
    told: str
    gene: str | None = None


def recognise(columns: Sequence[str], told: str, *, gene: str | None = None) -> QtlFormat:
    """Find out what the columns of a file are.

    Parameters
    ----------
    columns : sequence of str
    told : str
        The file, for messages.
    gene : str, optional
        The one gene that the file is of, if it has no column of genes.

    Raises
    ------
    ColumnError
        If ids, effects or what standard errors can be had from are missing.

    Examples
    --------
    >>> found = recognise(["gene_id", "variant_id", "tss_distance", "pval_nominal", "slope", "slope_se"], "x")
    >>> found.columns["BETA"], found.columns["GENE"]
    ('slope', 'gene_id')
    """
    low = {name.lower(): name for name in reversed(columns)}
    found = {}
    for ours, spellings in NAMES.items():
        theirs = next((low[name] for name in spellings if name in low), None)
        if theirs is not None:
            found[ours] = theirs
    have = ", ".join(columns)
    if "GENE" not in found and gene is None:
        raise ColumnError(f"{told}: no column of genes (such as phenotype_id or gene_id); it has {have}",
                          hint="--qtl_gene NAME if all of it is of one gene")  # fmt: skip
    if "SNPID" not in found and not {"CHR", "POS"} <= set(found):
        raise ColumnError(f"{told}: no column of variants (such as variant_id); it has {have}")
    if "BETA" not in found:
        raise ColumnError(f"{told}: no column of effects (such as slope or beta); it has {have}")
    if "SE" not in found and "P" not in found:
        raise ColumnError(f"{told}: neither standard errors nor P-values; it has {have}")
    return QtlFormat(found, told, gene)


def canonical(
    frame: pl.DataFrame, format: QtlFormat, variants: pl.DataFrame | None = None, *, n: float | None = None
) -> pl.DataFrame:
    """Rows under our names.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of the file; text or numbers.
    format : QtlFormat
    variants : polars.DataFrame, optional
        SNPID, CHR, POS, A1, A2 of ids that say nothing by themselves; effects are then of A1.
    n : float, optional
        Sample size; goes before the file's.

    Returns
    -------
    polars.DataFrame
        The columns of :data:`SCHEMA`. What the file does not tell is null: CHR and POS come from columns,
        from ids such as ``chr1_12345_A_G_b38`` (whose effect allele is the last), or from `variants`.
    """
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    columns = format.columns
    made = frame.select(
        pl.col(theirs).cast(pl.Float64, strict=False).fill_nan(None)
        if ours in _NUMBERS
        else (pl.col(theirs) if ours == "DISTANCE" else pl.col(theirs).cast(pl.String)).alias(ours)
        for ours, theirs in columns.items()
    )
    made = made.rename({theirs: ours for ours, theirs in columns.items() if ours in _NUMBERS})
    if "GENE" not in made.columns:
        made = made.with_columns(pl.lit(format.gene, pl.String).alias("GENE"))
    made = _placed(made, variants)
    if "CHR" in made.columns:
        made = made.with_columns(chromosomes_from_text(made["CHR"]).alias("CHR"))
    made = _measured(made, n)
    absent = {"SNPID": pl.String, "CHR": pl.Int8, "POS": pl.Int32, "EA": pl.String, "NEA": pl.String,
              "EAF": pl.Float64, "MAF": pl.Float64, "TSS": pl.Int32}  # fmt: skip
    made = made.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in absent.items() if name not in made.columns
    )
    return made.select(
        "GENE", "SNPID", pl.col("CHR").cast(pl.Int8), pl.col("POS").cast(pl.Int32, strict=False),
        pl.col("EA").str.to_uppercase(), pl.col("NEA").str.to_uppercase(), "EAF", "MAF", "BETA", "SE", "N",
        pl.col("TSS").cast(pl.Int32),
    )  # fmt: skip


def parse_ids(ids: pl.Series) -> pl.DataFrame:
    """Places and alleles within ids: SNPID, CHR (text), POS, EA, NEA, BUILD; null where an id has none.

    Examples
    --------
    >>> import polars as pl
    >>> parse_ids(pl.Series(["chr1_55_A_G_b38", "rs5"])).row(0)
    ('chr1_55_A_G_b38', '1', 55, 'G', 'A', 'b38')
    """
    import polars as pl

    parts = ids.rename("SNPID").to_frame().with_columns(pl.col("SNPID").str.extract_groups(_ID).alias("part"))
    field = pl.col("part").struct.field
    return parts.select(
        "SNPID", field("1").alias("CHR"), field("2").cast(pl.Int32, strict=False).alias("POS"),
        field("4").alias("EA"), field("3").alias("NEA"), field("5").alias("BUILD"),
    )  # fmt: skip


def _placed(made: pl.DataFrame, variants: pl.DataFrame | None) -> pl.DataFrame:
    """Fill CHR, POS, EA and NEA from ids, and those still unknown from the table of variants."""
    import polars as pl

    wanted = [name for name in ("CHR", "POS", "EA", "NEA") if name not in made.columns]
    if not wanted or "SNPID" not in made.columns:
        return made
    ids = made["SNPID"].unique(maintain_order=True)
    known = parse_ids(ids).drop("BUILD")
    if variants is not None and known["POS"].null_count():
        from postgwas.store.position import chromosome_names

        letters = [name for name in ("A1", "A2") if name in variants.columns]
        table = variants.select("SNPID", "CHR", "POS", *letters).unique("SNPID", keep="none")
        names = chromosome_names(table["CHR"].to_numpy())
        table = table.with_columns(pl.Series("CHR", names, dtype=pl.String), pl.col("POS").cast(pl.Int32))
        table = table.rename({"A1": "EA", "A2": "NEA"}, strict=False)
        if "EA" not in table.columns:
            table = table.with_columns(EA=pl.lit(None, pl.String), NEA=pl.lit(None, pl.String))
        known = known.update(table, on="SNPID", how="left")
    return made.join(known.select("SNPID", *wanted), on="SNPID", how="left", maintain_order="left")


def _measured(made: pl.DataFrame, n: float | None) -> pl.DataFrame:
    """MAF, SE, N and TSS."""
    import polars as pl

    have = set(made.columns)
    if "EAF" in have:
        made = made.with_columns(pl.min_horizontal(pl.col("EAF"), 1.0 - pl.col("EAF")).alias("MAF"))
    if n is not None:
        size = pl.lit(n, pl.Float64)
    elif "N" in have:
        size = pl.col("N")
    elif "AN" in have:
        size = pl.col("AN") / 2.0
    elif "MA_COUNT" in have and "MAF" in made.columns:
        size = (pl.col("MA_COUNT") / (2.0 * pl.col("MAF"))).round()
    else:
        size = pl.lit(None, pl.Float64)
    made = made.with_columns(size.alias("N"))
    if "SE" not in have:
        made = made.with_columns(pl.Series("SE", _errors(made["BETA"], made["P"])))
    if "DISTANCE" in have and "POS" in made.columns:
        away = pl.col("DISTANCE").cast(pl.Int64, strict=False)
        made = made.with_columns((pl.col("POS").cast(pl.Int64, strict=False) - away).alias("TSS"))
    return made


def _errors(beta: pl.Series, p: pl.Series) -> np.ndarray:
    """Standard errors by which effects have these P-values, as of normal deviates."""
    from postgwas.sumstats.munge.quantile import abs_z

    values = p.fill_null(np.nan).to_numpy()
    usable = np.isfinite(values) & (values > 0) & (values < 1)
    z = np.full(values.size, np.nan)
    z[usable] = abs_z(values[usable])
    errors: np.ndarray = np.abs(beta.fill_null(np.nan).to_numpy()) / z
    return errors
