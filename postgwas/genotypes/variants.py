"""The table of variants that every genotype file has: chromosomes and positions checked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.alleles import record_ids
from postgwas.genotypes.text_table import read_columns, read_text

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("CHR", "CHROM", "SNPID", "CM", "POS", "A1", "A2")


def read_bim(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Variants of PLINK 1: chromosome, id, cM, position, A1, A2, without header.

    Raises
    ------
    InputError
        If a line has not six columns, or a position or cM is no number.
    """
    text = read_columns(path, ("CHROM", "SNPID", "CM", "POS", "A1", "A2"))
    return variant_table(text, str(path))


def variant_table(text: pl.DataFrame, path: str, *, first_line: int = 1, plink: bool = True) -> pl.DataFrame:
    """Typed columns of variants from text columns CHROM, SNPID, CM (may be absent), POS, A1, A2.

    Chromosomes keep their name as written in CHROM; CHR has the code (PLINK's 23 to 26,
    X, XY, MT, ``chr1`` and so on), null for any other contig. `plink` says that 25 is XY.
    """
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    codes = chromosomes_from_text(text["CHROM"], {"25": "XY", "26": "MT"} if plink else {"26": "MT"})
    if "CM" in text.columns:
        cm = _numbers(text["CM"], pl.Float64(), path, first_line, "genetic position in cM")
        if (cm == 0).all():
            cm = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(cm))
    else:
        cm = pl.Series([None], dtype=pl.Float64).new_from_index(0, text.height)
    position = _numbers(text["POS"], pl.Int32(), path, first_line, "position in base pairs")
    return text.select(
        codes.alias("CHR"),
        pl.col("CHROM"),
        pl.col("SNPID"),
        cm.alias("CM"),
        position.alias("POS"),
        "A1",
        "A2",
    )


def _numbers(text: pl.Series, kind: pl.DataType, path: str, first_line: int, what: str) -> pl.Series:
    numbers = text.cast(kind, strict=False)
    bad = numbers.is_null()
    # PLINK leaves variants at negative positions out, which a VCF cannot have.
    bad = bad | (~numbers.is_finite() if kind.is_float() else numbers < 0)
    if bad.any():
        row = int(bad.fill_null(True).arg_true()[0])
        raise InputError(f"{path}, line {first_line + row}: '{text[row]}' is not a {what}")
    return numbers


def listed_variants(
    variants: pl.DataFrame, extract: str | os.PathLike[str] | Sequence[str]
) -> NDArray[np.bool_]:
    """Which variants a list names.

    Parameters
    ----------
    variants : polars.DataFrame
        With SNPID.
    extract : path or sequence of str
        Ids, or a file with ids in its first column. The id of a record names all variants that
        it was split into (ID:REF:ALT).

    Raises
    ------
    InputError
        If it names none of them.
    """
    import polars as pl

    if isinstance(extract, str | os.PathLike):
        lines = read_text(extract).decode(errors="replace").splitlines()
        ids = [line.split(None, 1)[0] for line in lines if line.strip()]
        path = f"{os.fspath(extract)}: "
    else:
        ids, path = list(extract), ""
    listed = pl.Series(ids, dtype=pl.String)
    # Of a record that was split, each variant goes by the record's id too.
    found: NDArray[np.bool_] = variants["SNPID"].is_in(listed.implode()).to_numpy()
    found = found | record_ids(variants).is_in(listed.implode()).to_numpy()
    if not found.any():
        raise InputError(
            f"{path}none of the {len(ids):,} ids is a variant of the genotypes (such as '{ids[0]}' against "
            f"'{variants['SNPID'][0]}')"
        )
    return found


def told_duplicates(variants: pl.DataFrame) -> str:
    """How many variants share their id with another, and some of the ids; empty if none does.

    Examples
    --------
    >>> import polars as pl
    >>> told_duplicates(pl.DataFrame({"SNPID": ["a", "b", "a", "a"]}))
    "3 variants share their id with another ('a')"
    """
    shared = variants["SNPID"].is_duplicated()
    if not shared.any():
        return ""
    names = variants["SNPID"].filter(shared).unique(maintain_order=True)
    some = ", ".join(f"'{name}'" for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{int(shared.sum()):,} variants share their id with another ({some})"


def require_unique_ids(variants: pl.DataFrame, path: str, what_for: str) -> None:
    """Refuse variants that share an id, where ids must tell them apart.

    Raises
    ------
    InputError
        With their number and some of the ids.
    """
    if told := told_duplicates(variants):
        raise InputError(f"{path}: {told}; {what_for} needs ids of their own")
    own, ids = record_ids(variants), variants["SNPID"]
    both = ids.filter((own == ids) & ids.is_in(own.filter(own != ids).implode()))
    if both.len():
        raise InputError(
            f"{path}: '{both[0]}' is a variant's id and that of a record with several ALT alleles; "
            f"{what_for} needs ids of their own"
        )
