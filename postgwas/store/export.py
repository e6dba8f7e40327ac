"""Results as files of other formats."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import UsageError
from postgwas.store.atomic import atomic_file
from postgwas.store.position import CHROMOSOMES

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.study import Study

FORMATS = ("tsv", "parquet", "ssf")


def export(
    study: Study,
    key: str,
    path: Path,
    format: str | None = None,
    *,
    genome_build: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write one result.

    Parameters
    ----------
    path : path
        ``.gz`` and ``.zst`` compress text.
    format : {"tsv", "parquet", "ssf"}, optional
        By the path's ending where it is not given. ``ssf`` is GWAS-SSF 1.0, the
        format of the GWAS Catalog, with its metadata file.
    genome_build : str, optional
        Of the positions, for ``ssf``; by default the result's attribute ``genome_build``.

    Raises
    ------
    UsageError
        If the format is unknown, or ``ssf`` lacks the build.
    ColumnError
        If the table lacks a column that ``ssf`` demands.
    StoreError
        If the key is missing, is no table, or the path exists and `overwrite` is false.
    OutputError
        If the file cannot be written.
    """
    chosen = format or _format_of(path)
    if chosen not in FORMATS:
        raise UsageError(f"format {chosen!r}: expected {', '.join(FORMATS)}")
    if chosen == "parquet":
        with atomic_file(path, overwrite=overwrite) as temporary:
            study.read_polars(key).write_parquet(temporary)
        return
    from postgwas.sumstats.write import write_delimited

    frame = study.read_polars(key)
    if chosen == "ssf":
        _write_ssf(frame, path, study, key, genome_build, overwrite=overwrite)
        return
    write_delimited(with_chromosome_names(frame), path, overwrite=overwrite)


def with_chromosome_names(frame: pl.DataFrame) -> pl.DataFrame:
    """CHR as text has it: X, Y and MT by name."""
    import polars as pl

    if "CHR" not in frame.columns or not frame["CHR"].dtype.is_integer():
        return frame
    names = {code: name for name, code in CHROMOSOMES.items()}
    text = pl.col("CHR").cast(pl.Int64)
    return frame.with_columns(
        text.replace_strict(names, default=text.cast(pl.String), return_dtype=pl.String)
    )


def as_tsv(frame: pl.DataFrame) -> str:
    """A table as tab-separated text, NA where a value is missing."""
    import polars as pl
    import polars.selectors as cs

    buffer = io.StringIO()
    filled = with_chromosome_names(frame).with_columns(cs.float().fill_nan(pl.lit(None)))
    filled.write_csv(buffer, separator="\t", null_value="NA")
    return buffer.getvalue()


def _format_of(path: Path) -> str:
    endings = [ending.lower() for ending in path.suffixes]
    if ".parquet" in endings or ".pq" in endings:
        return "parquet"
    if any(ending in endings for ending in (".tsv", ".txt", ".tab")):
        return "tsv"
    raise UsageError(
        f"{path}: its ending tells no format",
        hint="--format tsv, parquet or ssf, or an ending .tsv.gz, .parquet",
    )


def _write_ssf(
    frame: pl.DataFrame, path: Path, study: Study, key: str, genome_build: str | None, *, overwrite: bool
) -> None:
    from postgwas.sumstats.ssf import write_ssf

    attrs = study.attrs(key)
    build = genome_build or attrs.get("genome_build")
    if not build:
        raise UsageError(
            f"{key}: GWAS-SSF states the genome build of positions", hint="--genome_build GRCh37"
        )
    trait = attrs.get("trait") or attrs.get("name") or key.rpartition("/")[2]
    metadata: dict[str, Any] = {"genome_assembly": build, "trait_description": [trait]}
    write_ssf(frame, path, metadata, overwrite=overwrite)
