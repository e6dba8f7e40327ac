"""The one shape of expression: genes x samples, what is known of the genes, and the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError

if TYPE_CHECKING:
    import polars as pl

Unit = Literal["counts", "tpm", "cpm", "fpkm", "log2", "normalised", "ratio", "unknown"]

#: Units that are never negative and never missing.
NON_NEGATIVE: tuple[Unit, ...] = ("counts", "tpm", "cpm", "fpkm")

#: Columns that every gene table has, null where unknown, and their polars types by name.
GENE_COLUMNS: dict[str, str] = {
    "GENE_ID": "String",
    "GENE_NAME": "String",
    "CHR": "Int8",
    "CHROM": "String",
    "START": "Int64",
    "END": "Int64",
    "STRAND": "String",
    "TSS": "Int64",
    "LENGTH": "Float64",
}


@dataclass(frozen=True, eq=False)
class ExpressionMatrix:
    """Expression of genes (or transcripts, introns: phenotypes) in samples.

    Parameters
    ----------
    values : ndarray of float64, shape (genes, samples)
        NaN, a missing value, only in units where it can be: not in counts, TPM, CPM, FPKM.
    genes : polars.DataFrame
        A row a gene, in the order of `values`: at least the columns of :data:`GENE_COLUMNS`:
        GENE_ID, GENE_NAME, CHR (code: X = 23, Y = 24, MT = 25), CHROM (as written), START and
        END (1-based, both included), STRAND (+ or -), TSS (1-based), LENGTH (bases that reads
        can come from); null where unknown. :func:`gene_table` fills in what is missing.
    samples : tuple of str
    unit : str
        ``counts``, ``tpm``, ``cpm``, ``fpkm``, ``log2``, ``normalised``, ``ratio`` or ``unknown``.
    path : str
        Where it was read from, for messages.
    notes : tuple of str
        What a reader should know, such as that counts are not whole.

    Raises
    ------
    InputError
        If shapes do not fit, an id occurs twice, a value is infinite, or a value is negative or
        missing where the unit does not allow it. Genes and samples are named.

    Examples
    --------
    >>> m = ExpressionMatrix(np.array([[1.0, 2.0]]), gene_table(["g1"]), ("a", "b"), unit="counts")
    >>> m.select(samples=["b"]).values
    array([[2.]])
    """

    values: NDArray[np.float64]
    genes: pl.DataFrame
    samples: tuple[str, ...]
    unit: Unit = "counts"
    path: str = "expression"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (self.genes.height, len(self.samples))
        if self.values.shape != shape or self.values.dtype != np.float64:
            raise InputError(
                f"{self.path}: values are {self.values.dtype} of shape {self.values.shape}, expected "
                f"float64 of {shape[0]} genes x {shape[1]} samples"
            )
        lacking = [name for name in GENE_COLUMNS if name not in self.genes.columns]
        if lacking:
            raise InputError(f"{self.path}: the gene table has no column {lacking[0]}")
        check_unique(self.genes["GENE_ID"].to_list(), "gene", self.path)
        check_unique(self.samples, "sample", self.path)
        _check_values(self)

    @property
    def n_genes(self) -> int:
        return self.genes.height

    @property
    def n_samples(self) -> int:
        return len(self.samples)

    @property
    def gene_ids(self) -> list[str]:
        """The genes' ids, in order."""
        ids: list[str] = self.genes["GENE_ID"].to_list()
        return ids

    @property
    def totals(self) -> NDArray[np.float64]:
        """Sum of each sample, shape (samples,); missing values count nothing."""
        sums: NDArray[np.float64] = np.nansum(self.values, axis=0)
        return sums

    def select(
        self,
        *,
        genes: Sequence[str] | NDArray[Any] | None = None,
        samples: Sequence[str] | NDArray[Any] | None = None,
    ) -> ExpressionMatrix:
        """Some genes and samples, in the order asked for.

        Parameters
        ----------
        genes, samples : sequence of names, or array of rows or of booleans, optional
            All where None.

        Raises
        ------
        UsageError
            If a name is not there.
        """
        rows = _positions(genes, self.gene_ids, "gene", self.path)
        columns = _positions(samples, self.samples, "sample", self.path)
        values, table, names = self.values, self.genes, self.samples
        if rows is not None:
            values, table = values[rows], table[rows]
        if columns is not None:
            values, names = values[:, columns], tuple(names[at] for at in columns)
        return replace(self, values=np.ascontiguousarray(values), genes=table, samples=names)

    def renamed(self, names: Mapping[str, str]) -> ExpressionMatrix:
        """The same with other sample names, such as participants' for sequencing runs'.

        Raises
        ------
        InputError
            If two samples end with one name, or a sample has none in `names`.
        """
        lost = [name for name in self.samples if name not in names]
        if lost:
            raise InputError(f"{self.path}: {len(lost)} samples have no other name, such as {lost[0]}")
        return replace(self, samples=tuple(names[name] for name in self.samples))

    def with_values(self, values: NDArray[np.float64], unit: Unit, *notes: str) -> ExpressionMatrix:
        """The same genes and samples with other numbers."""
        return replace(self, values=values, unit=unit, notes=(*self.notes, *notes))


def gene_table(ids: Sequence[str], columns: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """A gene table with all of :data:`GENE_COLUMNS`, null where nothing is given.

    Parameters
    ----------
    ids : sequence of str
    columns : mapping of str to sequence, optional
        What is known; other columns follow the usual ones. CHR comes from CHROM unless given.

    Examples
    --------
    >>> gene_table(["g1"], {"CHROM": ["chrX"], "TSS": [7]}).select("GENE_ID", "CHR", "TSS").row(0)
    ('g1', 23, 7)
    """
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    given: dict[str, Any] = {"GENE_ID": list(ids), **(columns or {})}
    if "CHROM" in given and "CHR" not in given:
        given["CHR"] = chromosomes_from_text(pl.Series(given["CHROM"], dtype=pl.String))
    known = [
        pl.Series(name, given.get(name, [None] * len(ids)), dtype=getattr(pl, kind)(), strict=False)
        for name, kind in GENE_COLUMNS.items()
    ]
    others = [pl.Series(name, column) for name, column in given.items() if name not in GENE_COLUMNS]
    return pl.DataFrame([*known, *others])


def check_unique(names: Sequence[str], what: str, path: str) -> None:
    """Refuse names that occur twice.

    Raises
    ------
    InputError
        Naming some of them.
    """
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    twice = dict.fromkeys(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise InputError(f"{path}: {len(twice)} {what} ids occur more than once: {some_names(list(twice))}")


def some_names(names: Sequence[object], limit: int = 5) -> str:
    """The first names, and how many more there are.

    Examples
    --------
    >>> some_names(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    told = ", ".join(map(str, names[:limit]))
    return told if len(names) <= limit else f"{told} and {len(names) - limit:,} more"


def _check_values(matrix: ExpressionMatrix) -> None:
    values = matrix.values
    strict = matrix.unit in NON_NEGATIVE
    good = np.isfinite(values) if strict else ~np.isinf(values)
    if not good.all():
        _refuse(matrix, ~good, "not finite numbers" if strict else "infinite")
    if strict and values.size and values.min() < 0:
        _refuse(matrix, values < 0, "negative", hint="--unit says what the numbers are, such as log2")


def _refuse(matrix: ExpressionMatrix, bad: NDArray[np.bool_], what: str, hint: str | None = None) -> None:
    gene, sample = (int(at[0]) for at in np.nonzero(bad))
    raise InputError(
        f"{matrix.path}: {int(bad.sum()):,} {matrix.unit} values are {what}, such as "
        f"{matrix.values[gene, sample]:g} of gene {matrix.genes['GENE_ID'][gene]} in sample "
        f"{matrix.samples[sample]}",
        hint=hint,
    )


def _positions(
    wanted: Sequence[str] | NDArray[Any] | None, names: Sequence[str], what: str, path: str
) -> NDArray[np.intp] | None:
    if wanted is None:
        return None
    if isinstance(wanted, np.ndarray) and wanted.dtype.kind in "biu":
        return np.flatnonzero(wanted) if wanted.dtype == np.bool_ else wanted.astype(np.intp)
    at = {name: place for place, name in enumerate(names)}
    lost = [name for name in wanted if name not in at]
    if lost:
        raise UsageError(f"{path}: {len(lost)} {what}s are not in it: {some_names(lost)}")
    return np.array([at[name] for name in wanted], np.intp)
