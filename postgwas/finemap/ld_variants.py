"""Which variants the rows of an LD matrix are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from postgwas.errors import ColumnError, InputError

if TYPE_CHECKING:
    import polars as pl

NAMES = {
    "SNPID": ("SNPID", "ID", "SNP", "RSID", "VARIANT", "VARIANT_ID", "MARKERNAME"),
    "CHR": ("CHR", "CHROM", "CHROMOSOME"),
    "POS": ("POS", "BP", "POSITION", "BASE_PAIR_LOCATION"),
    "A1": ("A1", "EA", "ALT", "EFFECT_ALLELE", "ALLELE1"),
    "A2": ("A2", "NEA", "REF", "OTHER_ALLELE", "ALLELE2"),
}
"""Names that a column may have, in capitals; the first is ours."""


def read_ld_variants(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Variants of an LD matrix: a .bim, a table with a header, or one id a line.

    Returns
    -------
    polars.DataFrame
        SNPID, and where the file has them CHR (code), POS, A1 (the allele that LD counts), A2.

    Raises
    ------
    InputError
        If the file is missing or empty, a position is no number, or an id occurs twice.
    ColumnError
        If a table has no ids.
    """
    import polars as pl

    from postgwas.genotypes.text_table import read_text, split_columns
    from postgwas.genotypes.variants import read_bim

    if os.fspath(path).endswith((".bim", ".bim.gz")):
        table = read_bim(path).select("SNPID", "CHR", "POS", "A1", "A2")
    else:
        data = read_text(path)
        first, _, rest = data.partition(b"\n")
        cells = first.decode(errors="replace").lstrip("#").split()
        found = _columns(cells)
        if not found and len(cells) == 1:
            table = split_columns(data, ("SNPID",), str(path))
        else:
            if "SNPID" not in found:
                raise ColumnError(
                    f"{path}: no column of ids; columns are {', '.join(cells)}", hint="name it SNPID"
                )
            text = split_columns(rest, cells, str(path), first_line=2)
            table = _typed(text.select(pl.col(theirs).alias(ours) for ours, theirs in found.items()), path)
    twice = table["SNPID"].is_duplicated()
    if twice.any():
        raise InputError(f"{path}: variant '{table['SNPID'].filter(twice)[0]}' occurs twice")
    return table


def _columns(cells: list[str]) -> dict[str, str]:
    upper = {cell.upper(): cell for cell in cells}
    found = {}
    for ours, names in NAMES.items():
        theirs = next((upper[name] for name in names if name in upper), None)
        if theirs is not None:
            found[ours] = theirs
    return found


def _typed(table: pl.DataFrame, path: str | os.PathLike[str]) -> pl.DataFrame:
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    if "POS" in table.columns:
        numbers = table["POS"].cast(pl.Int32, strict=False)
        if numbers.is_null().any():
            row = int(numbers.is_null().arg_true()[0])
            raise InputError(f"{path}, line {row + 2}: '{table['POS'][row]}' is not a position")
        table = table.with_columns(numbers)
    if "CHR" in table.columns:
        table = table.with_columns(chromosomes_from_text(table["CHR"]).alias("CHR"))
    return table
