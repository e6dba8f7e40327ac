"""MAMA's files: results, harmonised inputs, coefficients; tables for the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, MatrixError

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

#: Columns of OUT_ANC_PHENO.res, mama.py's.
RESULT_COLUMNS = ("SNP", "CHR", "BP", "A1", "A2", "FREQ", "BETA", "SE", "Z", "P", "N_EFF", "N_ORIG")


def result_frame(
    frame: pl.DataFrame, beta: Floats, se: Floats, sigma_own: Floats, kept: NDArray[np.bool_], unit: Floats
) -> pl.DataFrame:
    """Results of one population: :data:`RESULT_COLUMNS` with MLOG10P, sorted as mama.py does.

    Parameters
    ----------
    frame : polars.DataFrame
        Harmonised rows of the population.
    beta, se, sigma_own : ndarray of float64, shape (V,)
        Estimates and the variance of the input's error, in the units of the regression.
    kept : ndarray of bool, shape (V,)
    unit : ndarray of float64, shape (V,)
        What `beta` and `se` are divided by to be effects per allele.
    """
    import polars as pl

    from postgwas.sumstats.derive import mlog10p_from_z, p_from_mlog10p

    beta, se, sigma_own, unit = beta[kept], se[kept], sigma_own[kept], unit[kept]
    z = beta / se
    mlog10p = mlog10p_from_z(z)
    rows = frame.filter(pl.Series(kept))
    table = rows.select("SNP", "CHR", "BP", "A1", "A2", "FREQ").with_columns(
        pl.Series("BETA", beta / unit), pl.Series("SE", se / unit), pl.Series("Z", z),
        pl.Series("P", p_from_mlog10p(mlog10p)), pl.Series("MLOG10P", mlog10p),
    )  # fmt: skip
    if "N" in rows.columns:
        n = rows["N"].cast(pl.Float64, strict=False)
        effective = n.to_numpy() * sigma_own / se**2
        table = table.with_columns(pl.Series("N_EFF", effective), rows["N"].alias("N_ORIG"))
    return table.sort("CHR", "BP", maintain_order=True)


def printed(table: pl.DataFrame) -> pl.DataFrame:
    """The table with P as text that does not underflow, as mama.py prints it: 4.67e-3."""
    import polars as pl

    log10p = -table["MLOG10P"].to_numpy()
    exponent = np.floor(log10p)
    mantissa = 10.0 ** (log10p - exponent)
    digits = pl.DataFrame({"m": mantissa, "e": exponent.astype(np.int64)})
    text = digits.select(pl.concat_str(pl.col("m").cast(pl.String), pl.lit("e"), pl.col("e").cast(pl.String)))
    return table.with_columns(text.to_series().alias("P")).drop("MLOG10P")


def harmonised_frame(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """A population's rows as used, columns in the order of its file with SNP first."""
    return frame.select("SNP", *[name for name in columns if name != "SNP"])


def write_coefficients(matrix: Floats, path: Path) -> None:
    """All elements in one line, row by row, tabs between them."""
    path.write_text("\t".join(repr(float(value)) for value in matrix.ravel()), encoding="ascii")


def read_coefficients(path: str, n_populations: int, *, flag: str) -> Floats:
    """A matrix as :func:`write_coefficients` writes it, on any number of lines.

    Raises
    ------
    InputError, MatrixError
        If the file is missing, holds something else than numbers, too few or too many of
        them, or a matrix that is not symmetric.
    """
    from postgwas.genotypes.text_table import read_text

    words = read_text(path).decode("utf-8", "replace").split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        wrong = next(word for word in words if not _is_number(word))
        raise InputError(f"{flag} {path}: expected numbers, found '{wrong[:40]}'") from None
    k = n_populations
    if len(values) != k * k:
        raise MatrixError(
            f"{flag} {path}: {len(values)} numbers, expected {k * k}: {k} x {k} for {k} populations"
        )
    matrix = values.reshape(k, k)
    if not np.isfinite(matrix).all():
        raise MatrixError(f"{flag} {path}: has a number that is not finite")
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        raise MatrixError(f"{flag} {path}: the matrix is not symmetric; expected coefficients of pairs")
    return matrix


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
