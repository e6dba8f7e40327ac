"""Where a region's LD comes from: genotypes, or a matrix in a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.finemap.ld_cache import cached_ld
from postgwas.finemap.region_correlation import RegionLd, correlations_with, region_ld
from postgwas.genotypes.genotypes import BlockSource, Genotypes

if TYPE_CHECKING:
    import polars as pl

    from postgwas.finemap.region_list import MapRegion

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class RegionSource(Protocol):
    """LD of one region; small, so that it can travel to workers."""

    @property
    def variants(self) -> pl.DataFrame:
        """SNPID, and where they are known CHR, POS, A1 (the allele that counts), A2."""

    @property
    def path(self) -> str: ...

    def ld(self, rows: Rows) -> RegionLd:
        """LD of some of the variants."""

    def with_one(self, rows: Rows, at: int) -> Floats:
        """Correlations of some of the variants with the one at place `at` of `rows`; NaN of constant ones."""


class LdSource(Protocol):
    """LD of a genome or of one region."""

    @property
    def variants(self) -> pl.DataFrame:
        """All of them: SNPID, and where they are known CHR and POS."""

    @property
    def path(self) -> str: ...

    def region(self, region: MapRegion) -> RegionSource:
        """The part of it that a region needs."""


@dataclass(frozen=True, eq=False)
class GenotypeLd:
    """LD of people.

    Attributes
    ----------
    genotypes : Genotypes
        Samples and variants that are used.
    basis : ndarray, shape (n, k), optional
        Covariates, see :func:`postgwas.finemap.region_correlation.region_ld`.
    cache : str, optional
        A study's store, where LD is kept.
    """

    genotypes: Genotypes
    basis: Floats | None = None
    cache: str | None = None

    @property
    def variants(self) -> pl.DataFrame:
        return self.genotypes.variants

    @property
    def path(self) -> str:
        return self.genotypes.path

    def region(self, region: MapRegion) -> _GenotypeRegion:
        """Variants of the region; nothing is read."""
        table = self.genotypes.variants
        inside = (table["CHR"] == region.chromosome) & table["POS"].is_between(region.start, region.stop)
        rows = inside.fill_null(False).arg_true().to_numpy().astype(np.int64)
        kept = table[rows].select("SNPID", "CHR", "POS", "A1", "A2")
        return _GenotypeRegion(kept, self.path, self.genotypes.source, rows, self.basis, self.cache)


@dataclass(frozen=True, eq=False)
class _GenotypeRegion:
    variants: pl.DataFrame
    path: str
    source: BlockSource
    at: Rows
    basis: Floats | None
    cache: str | None

    def _calls(self, rows: Rows) -> NDArray[np.int8] | NDArray[np.float32]:
        # Readers want variants to ascend; they come in the order of the summary statistics.
        order = np.argsort(rows, kind="stable")
        calls = self.source.read(self.at[rows[order]], None)
        return calls[np.argsort(order, kind="stable")]

    def with_one(self, rows: Rows, at: int) -> Floats:
        return correlations_with(self._calls(rows), at, basis=self.basis)

    def ld(self, rows: Rows) -> RegionLd:
        calls = self._calls(rows)
        if self.cache is not None:
            return cached_ld(calls, self.basis, self.cache)
        return region_ld(calls, basis=self.basis)


@dataclass(frozen=True, eq=False)
class MatrixLd:
    """LD of one region from a file.

    Attributes
    ----------
    matrix : ndarray, shape (V, V)
    variants : polars.DataFrame
    path : str
    """

    matrix: Floats
    variants: pl.DataFrame
    path: str

    def region(self, region: MapRegion) -> MatrixLd:
        """All of it: places may not be known."""
        return self

    def with_one(self, rows: Rows, at: int) -> Floats:
        """Correlations with the variant at place `at` of `rows`."""
        told: Floats = self.matrix[rows, rows[at]]
        return told

    def ld(self, rows: Rows) -> RegionLd:
        """The part of these variants; those whose diagonal is missing do not vary."""
        varies = ~np.isnan(np.diagonal(self.matrix)[rows])
        kept = rows[varies]
        part = np.ascontiguousarray(self.matrix[np.ix_(kept, kept)])
        return RegionLd(varies, part, np.zeros(rows.size))


def read_matrix(path: str | os.PathLike[str], variants: str | os.PathLike[str] | None = None) -> MatrixLd:
    """LD of a file: .npy, .npz (its first array), or numbers in text, a line a variant.

    Parameters
    ----------
    path : path
        Square, signed correlations. The first line of a text may name the variants.
    variants : path, optional
        Which variants its rows are: a .bim; a table whose header names SNPID (or ID, SNP, RSID) and, as far
        as they are known, CHR, POS, A1 and A2 (or ALT and REF); or one id a line. Where the matrix names its
        variants they are found in it by id, and it may be left out.

    Raises
    ------
    InputError
        If a file is not readable, is not square, has another number of variants, or nothing names them.
    """
    import polars as pl

    from postgwas.finemap.ld_variants import read_ld_variants

    matrix, names = read_numbers(path)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"{path}: an LD matrix is square, found {' x '.join(map(str, matrix.shape))}")
    if names is not None and len(names) != matrix.shape[0]:
        raise InputError(f"{path}: {len(names):,} names in line 1, but {matrix.shape[0]:,} lines of numbers")
    if variants is None:
        if names is None:
            raise InputError(f"{path}: which variants are its rows?", hint="--ld_variants FILE")
        return MatrixLd(matrix, _distinct(pl.DataFrame({"SNPID": names}), path), os.fspath(path))
    table = read_ld_variants(variants)
    if names is not None:
        table = _named(table, names, path, variants)
    if table.height != matrix.shape[0]:
        raise InputError(
            f"{variants}: {table.height:,} variants, but the LD matrix of {path} has {matrix.shape[0]:,}"
        )
    return MatrixLd(matrix, table, os.fspath(path))


def _distinct(table: pl.DataFrame, path: str | os.PathLike[str]) -> pl.DataFrame:
    twice = table["SNPID"].is_duplicated()
    if twice.any():
        raise InputError(f"{path}: variant '{table['SNPID'].filter(twice)[0]}' occurs twice")
    return table


def _named(
    table: pl.DataFrame,
    names: list[str],
    path: str | os.PathLike[str],
    variants: str | os.PathLike[str],
) -> pl.DataFrame:
    """The rows of the table that the matrix names, in its order."""
    import polars as pl

    asked = _distinct(pl.DataFrame({"SNPID": names}), path)
    missing = asked.join(table, on="SNPID", how="anti")["SNPID"]
    if missing.len():
        raise InputError(
            f"{path}: variant '{missing[0]}' is not in {variants}; {missing.len():,} of {len(names):,} "
            "are not"
        )
    return asked.join(table, on="SNPID", how="left", maintain_order="left")


def read_numbers(path: str | os.PathLike[str]) -> tuple[Floats, list[str] | None]:
    """The numbers, and the names in a text's first line, if there are any."""
    name = os.fspath(path)
    if name.endswith((".npy", ".npz")):
        return _array(path), None
    from postgwas.genotypes.text_table import read_text
    from postgwas.sumstats.layout import refuse_other_kinds

    rows: list[Floats] = []
    names: list[str] | None = None
    for number, line in enumerate(read_text(path).split(b"\n"), start=1):
        cells = line.replace(b",", b" ").split()
        if not cells:
            continue
        try:
            rows.append(np.array(cells, np.float64))
        except ValueError:
            if number == 1:
                refuse_other_kinds(line, name)
                names = [cell.decode(errors="replace") for cell in cells]
                continue
            word = next(cell for cell in cells if not _is_number(cell)).decode(errors="replace")[:40]
            raise InputError(
                f"{path}, line {number}: {word!r} is no number; expected numbers alone"
            ) from None
        if rows[-1].size != rows[0].size:
            raise InputError(f"{path}, line {number}: {rows[-1].size} numbers, expected {rows[0].size}")
    if not rows:
        raise InputError(f"{path}: no numbers, expected a square matrix of correlations")
    return np.vstack(rows), names


def _is_number(cell: bytes) -> bool:
    try:
        np.array([cell], np.float64)
    except ValueError:
        return False
    return True


def _array(path: str | os.PathLike[str]) -> Floats:
    """The numbers of a .npy file, or of the first array of a .npz."""
    zipped = os.fspath(path).endswith(".npz")
    kind, begins = (".npz", b"PK") if zipped else (".npy", b"\x93NUMPY")
    try:
        with open(path, "rb") as file:
            if not file.read(len(begins)).startswith(begins):
                raise InputError(f"{path}: not a {kind} file of NumPy, or cut short")
        loaded = np.load(path, allow_pickle=False)
        if zipped and {"format", "shape", "data"} <= set(loaded.files):
            raise InputError(
                f"{path}: a sparse matrix of SciPy, expected a whole one",
                hint="numpy.save(FILE, R.toarray())",
            )
        array = loaded[loaded.files[0]] if zipped else loaded
    except InputError:
        raise
    except Exception as error:  # of Python's tokenizer, of zip files ...: whatever a damaged header says
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: no NumPy array can be read, the file is damaged or cut short: {found}"
        ) from None
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path}: an array of type {array.dtype}, expected real numbers")
    return np.asarray(array, np.float64)
