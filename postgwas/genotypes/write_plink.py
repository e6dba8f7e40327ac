"""Writes PLINK 1 (.bed, .bim, .fam) and PLINK 2 (.pgen, .pvar, .psam)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls
from postgwas.genotypes.plink1 import pack

if TYPE_CHECKING:
    import polars as pl


def write_plink1(
    stem: Path, variants: pl.DataFrame, samples: pl.DataFrame, blocks: Iterable[Calls]
) -> list[Path]:
    """Write hard calls; A1 is the .bim's fifth column.

    Parameters
    ----------
    stem : Path
        Files get the endings .bed, .bim and .fam.
    variants, samples : polars.DataFrame
        As of :class:`postgwas.genotypes.Genotypes`.
    blocks : iterable of ndarray of int8
        All variants in order.

    Returns
    -------
    list of Path
        The three files.
    """
    import polars as pl

    bed, bim, fam = (stem.with_name(stem.name + ending) for ending in (".bed", ".bim", ".fam"))
    with open(bed, "wb") as file:
        file.write(b"\x6c\x1b\x01")
        for block in blocks:
            file.write(pack(cast("NDArray[np.int8]", block)).tobytes())
    table = variants.select("CHROM", "SNPID", pl.col("CM").fill_null(0), "POS", "A1", "A2")
    _write_table(table, bim)
    people = samples.select(
        pl.col("FID").fill_null("0"), "IID", pl.lit("0").alias("F"), pl.lit("0").alias("M"),
        pl.col("SEX").fill_null(0), pl.lit("-9").alias("P"),
    )  # fmt: skip
    _write_table(people, fam)
    return [bed, bim, fam]


def write_plink2(
    stem: Path, variants: pl.DataFrame, samples: pl.DataFrame, blocks: Iterable[Calls], *, ref_known: bool
) -> list[Path]:
    """Write hard calls or dosages; ALT is A1, REF is A2.

    Parameters
    ----------
    stem : Path
        Files get the endings .pgen, .pvar and .psam.
    variants, samples : polars.DataFrame
        As of :class:`postgwas.genotypes.Genotypes`.
    blocks : iterable of ndarray of int8 or float32
        All variants in order; float32 are written as dosages, to 1/16384 of a copy.
    ref_known : bool
        Otherwise all REF are marked as provisional, as PLINK 2 does for .bed files.

    Returns
    -------
    list of Path
        The three files.
    """
    import polars as pl

    pgen, pvar, psam = (stem.with_name(stem.name + ending) for ending in (".pgen", ".pvar", ".psam"))
    writer: Any = None
    try:
        for block in blocks:
            dosage = block.dtype == np.float32
            if writer is None:
                writer = _pgen_writer(pgen, variants.height, samples.height, dosage, ref_known)
            if dosage:
                writer.append_dosages_batch(np.where(np.isnan(block), np.float32(-9), block))
            else:
                writer.append_biallelic_batch(np.ascontiguousarray(block))
    finally:
        if writer is not None:
            writer.close()
    cm = [] if variants["CM"].is_null().all() else [pl.col("CM")]
    names = {"CHROM": "#CHROM", "SNPID": "ID", "A2": "REF", "A1": "ALT"}
    table = variants.select("CHROM", "POS", "SNPID", "A2", "A1", *cm).rename(names)
    _write_table(table, pvar, header=True)
    families = [] if samples["FID"].is_null().all() else [pl.col("FID").fill_null("0").alias("#FID")]
    iid = pl.col("IID") if families else pl.col("IID").alias("#IID")
    sex = pl.col("SEX").cast(pl.String).fill_null("NA")
    _write_table(samples.select(*families, iid, sex), psam, header=True)
    return [pgen, pvar, psam]


def _pgen_writer(path: Path, n_variants: int, n_samples: int, dosage: bool, ref_known: bool) -> Any:
    from pgenlib import PgenWriter

    return PgenWriter(
        str(path).encode(),
        n_samples,
        variant_ct=n_variants,
        nonref_flags=not ref_known,
        dosage_present=dosage,
    )


def _write_table(table: pl.DataFrame, path: Path, *, header: bool = False) -> None:
    table.write_csv(path, separator="\t", include_header=header, quote_style="never")
