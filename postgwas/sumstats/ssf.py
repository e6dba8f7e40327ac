"""Write GWAS-SSF, the GWAS Catalog's format: a table and its YAML description.

Reference: Hayhurst et al. (2022), doi:10.1101/2022.07.15.500230, and version 1.0 of the
specification at https://github.com/EBISPOT/gwas-summary-statistics-standard.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.table import Sumstats
from postgwas.sumstats.write import atomic_file, write_delimited

_MANDATORY = ("CHR", "POS", "EA", "NEA", "BETA", "SE", "EAF")
LEAST_P = 1e-307


@dataclass(frozen=True)
class WrittenSSF:
    """What :func:`write_ssf` wrote.

    Attributes
    ----------
    path, metadata_path : Path
    n_variants : int
        Rows written.
    n_left_out : int
        Rows without a value that GWAS-SSF demands.
    """

    path: Path
    metadata_path: Path
    n_variants: int
    n_left_out: int


def write_ssf(
    stats: Sumstats | pl.DataFrame,
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any],
    *,
    overwrite: bool = True,
) -> WrittenSSF:
    """Write summary statistics as GWAS-SSF 1.0.

    The columns are chromosome, base_pair_location, effect_allele, other_allele, beta,
    standard_error, effect_allele_frequency, p_value, then variant_id, rsid, info and n where
    known. Where any P is too small for a double, all are written as neg_log_10_p_value.

    Parameters
    ----------
    stats : Sumstats or polars.DataFrame
        With CHR, POS, EA, NEA, BETA, SE, EAF and P or MLOG10P.
    path : path-like
        ``.tsv`` or ``.tsv.gz``; the description goes to ``<path>-meta.yaml``.
    metadata : mapping
        Must have ``genome_assembly`` (e.g. ``"GRCh37"``). Others as in the specification:
        ``trait_description``, ``samples``, ``sex``, ``analysis_software`` ...
    overwrite : bool
        Replace files that exist.

    Raises
    ------
    UsageError
        Another suffix, or no genome assembly.
    ColumnError
        A mandatory column is missing.
    OutputError
        As :func:`~postgwas.sumstats.write.write_delimited`.
    """
    path = Path(path)
    if not path.name.endswith((".tsv", ".tsv.gz")):
        raise UsageError(f"{path}: a GWAS-SSF file is named .tsv or .tsv.gz")
    if not metadata.get("genome_assembly"):
        raise UsageError("GWAS-SSF needs the genome assembly of the positions, e.g. GRCh37")
    frame = stats.frame if isinstance(stats, Sumstats) else stats
    absent = [c for c in _MANDATORY if c not in frame.columns]
    if absent or not {"P", "MLOG10P"} & set(frame.columns):
        absent = absent or ["P"]
        raise ColumnError(f"GWAS-SSF needs {', '.join(absent)}; the table has {', '.join(frame.columns)}")
    table = ssf_table(frame)
    write_delimited(table, path, null="#NA", overwrite=overwrite)
    position = table.select("chromosome", "base_pair_location")
    is_sorted = bool(position.equals(position.sort("chromosome", "base_pair_location")))
    metadata_path = Path(f"{path}-meta.yaml")
    with atomic_file(metadata_path, overwrite=overwrite) as stream:
        stream.write(describe_ssf({"is_sorted": is_sorted, **metadata}, path).encode("utf-8"))
    return WrittenSSF(path, metadata_path, table.height, frame.height - table.height)


def ssf_table(frame: pl.DataFrame, *, as_logs: bool | None = None) -> pl.DataFrame:
    """The columns of GWAS-SSF, without rows that lack a value that it demands.

    Parameters
    ----------
    frame : polars.DataFrame
        Canonical columns. EFFECT_IS_ALT (Boolean, null where unknown) besides them gives
        ``ref_allele``, and the order of alleles in ``variant_id``, which is REF, ALT.
    as_logs : bool, optional
        Write -log10 P; by default where a P of this frame is too small for a double.
    """
    logs = "MLOG10P" in frame.columns
    small = as_logs
    if small is None:
        small = "P" not in frame.columns or bool((frame["P"] < LEAST_P).any())
    p_value = (
        pl.col("MLOG10P").alias("neg_log_10_p_value") if small and logs else pl.col("P").alias("p_value")
    )
    columns = [
        pl.col("CHR").cast(pl.Int64).alias("chromosome"),
        pl.col("POS").cast(pl.Int64).alias("base_pair_location"),
        pl.col("EA").str.to_uppercase().alias("effect_allele"),
        pl.col("NEA").str.to_uppercase().alias("other_allele"),
        pl.col("BETA").alias("beta"),
        pl.col("SE").alias("standard_error"),
        pl.col("EAF").alias("effect_allele_frequency"),
        p_value,
        _variant_id(frame).alias("variant_id"),
    ]
    if "EFFECT_IS_ALT" in frame.columns:
        columns.append(
            pl.when(pl.col("EFFECT_IS_ALT"))
            .then(pl.lit("OA"))
            .when(~pl.col("EFFECT_IS_ALT"))
            .then(pl.lit("EA"))
            .alias("ref_allele")
        )
    if "SNPID" in frame.columns:
        columns.append(
            pl.when(pl.col("SNPID").str.contains(r"^rs[0-9]+$")).then(pl.col("SNPID")).alias("rsid")
        )
    if "INFO" in frame.columns:
        columns.append(pl.when(pl.col("INFO").is_between(0, 1)).then(pl.col("INFO")).alias("info"))
    if "N" in frame.columns:
        columns.append(pl.col("N").round().cast(pl.Int64).alias("n"))
    table = frame.select(columns)
    mandatory = table.columns[:8]
    floats = [c for c in mandatory if table[c].dtype == pl.Float64]
    nucleotides = r"^[ACGT]+$"
    return table.filter(
        pl.all_horizontal(pl.col(mandatory).is_not_null()),
        pl.all_horizontal(pl.col(floats).is_finite()),
        pl.col("effect_allele").str.contains(nucleotides),
        pl.col("other_allele").str.contains(nucleotides),
        pl.col("effect_allele_frequency").is_between(0, 1),
    )


def _variant_id(frame: pl.DataFrame) -> pl.Expr:
    """CHR_POS_REF_ALT; of a table that does not tell REF, the other allele stands first."""
    ea, nea = pl.col("EA").str.to_uppercase(), pl.col("NEA").str.to_uppercase()
    plain = pl.concat_str("CHR", "POS", nea, ea, separator="_")
    if "EFFECT_IS_ALT" not in frame.columns:
        return plain
    turned = pl.concat_str("CHR", "POS", ea, nea, separator="_")
    return pl.when(pl.col("EFFECT_IS_ALT")).then(plain).when(~pl.col("EFFECT_IS_ALT")).then(turned)


def describe_ssf(
    metadata: Mapping[str, Any], path: str | os.PathLike[str], *, name: str | None = None
) -> str:
    """The YAML text that describes a file; `name` is its name where `path` is only for now."""
    import yaml

    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    record: dict[str, Any] = {
        "date_metadata_last_modified": datetime.datetime.now(datetime.UTC).date(),
        "coordinate_system": "1-based",
        "is_harmonised": False,
        **metadata,
        "data_file_name": name or Path(path).name,
        "file_type": "GWAS-SSF v1.0",
        "data_file_md5sum": digest.hexdigest(),
    }
    return yaml.safe_dump(record, sort_keys=False, allow_unicode=True)
