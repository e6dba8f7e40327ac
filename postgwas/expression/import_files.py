"""The files that an import leaves behind, all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.destination import check_prefix, check_store, refuse_existing
from postgwas.expression.bed import write_bed
from postgwas.expression.import_sources import Imported
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.expression.parquet import write_parquet
from postgwas.staging import appear_together
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("tsv", "parquet", "bed")
_ENDINGS = {"tsv": ".tsv.gz", "parquet": ".parquet", "bed": ".bed.gz"}


@dataclass(frozen=True)
class Prefix:
    """Where files go: ``<folder>/<stem>.<what>``.

    Raises
    ------
    UsageError, OutputError
        As :func:`postgwas.destination.check_prefix`.
    """

    folder: Path
    stem: str

    @classmethod
    def of(cls, out: str) -> Prefix:
        """Of --out."""
        check_prefix(out, example=f"{out.rstrip(os.sep)}/lcl")
        path = Path(out)
        return cls(path.parent, path.name)

    def name(self, what: str) -> str:
        """Name of a file."""
        return f"{self.stem}.{what}"

    def refuse_existing(
        self,
        names: Sequence[str],
        *,
        store: str | os.PathLike[str] | None,
        keys: Sequence[str],
        overwrite: bool,
    ) -> None:
        """Refuse where a file is there already, or the store holds one of these keys.

        Raises
        ------
        OutputError, StoreError
        """
        if not overwrite:
            refuse_existing(self.folder / name for name in names)
        check_store(store, keys, overwrite=overwrite)


def file_names(imported: Imported, formats: Sequence[str], prefix: Prefix, *, unannotated: bool) -> list[str]:
    """Names of all files that :func:`write_imported` writes."""
    unit = imported.matrix.unit
    names = [prefix.name(_what(imported.matrix) + _ENDINGS[form]) for form in formats]
    names += [f"{name}.tbi" for name in names if name.endswith(".bed.gz")]
    if imported.tpm is not None and unit != "tpm":
        names += [prefix.name(f"tpm{_ENDINGS[form]}") for form in _of_tpm(formats)]
    if imported.lengths is not None:
        names.append(prefix.name("lengths.tsv.gz"))
    names += [prefix.name(what) for what in ("genes.tsv.gz", "samples.tsv", "account.tsv")]
    return [*names, prefix.name("unannotated.txt")] if unannotated else names


def write_imported(
    imported: Imported,
    prefix: Prefix,
    *,
    formats: Sequence[str],
    lost: Sequence[str],
    account: pl.DataFrame,
) -> None:
    """Write the matrix in each format, TPM, lengths, genes, samples and the account."""
    matrix = imported.matrix
    with appear_together(prefix.folder) as aside:
        for form in formats:
            target = aside / prefix.name(_what(matrix) + _ENDINGS[form])
            if form == "tsv":
                write_delimited(plain_frame(matrix), target)
            elif form == "parquet":
                write_parquet(matrix, target)
            else:
                place: Literal["tss", "interval"] = "interval" if imported.intervals else "tss"
                write_bed(matrix, target, place=place, unplaced="drop")
        if imported.tpm is not None and matrix.unit != "tpm":
            for form in _of_tpm(formats):
                target = aside / prefix.name(f"tpm{_ENDINGS[form]}")
                if form == "tsv":
                    write_delimited(_frame(imported.tpm, matrix), target)
                else:
                    write_parquet(matrix.with_values(imported.tpm, "tpm"), target)
        if imported.lengths is not None:
            write_delimited(_frame(imported.lengths, matrix), aside / prefix.name("lengths.tsv.gz"))
        write_delimited(matrix.genes, aside / prefix.name("genes.tsv.gz"))
        write_delimited(sample_table(imported), aside / prefix.name("samples.tsv"))
        write_delimited(account, aside / prefix.name("account.tsv"))
        if lost:
            (aside / prefix.name("unannotated.txt")).write_text("".join(f"{name}\n" for name in lost))


def _of_tpm(formats: Sequence[str]) -> list[str]:
    """In which formats TPM is written: those of the matrix, but no BED."""
    return [form for form in formats if form != "bed"] or ["tsv"]


def _what(matrix: ExpressionMatrix) -> str:
    return "values" if matrix.unit == "unknown" else matrix.unit


def plain_frame(matrix: ExpressionMatrix) -> pl.DataFrame:
    """``gene_id`` and a column a sample; whole counts without decimals."""
    return _frame(matrix.values, matrix)


def _frame(values: NDArray[np.float64], matrix: ExpressionMatrix) -> pl.DataFrame:
    import polars as pl

    whole = bool(np.all(values == np.floor(values)) and (not values.size or np.abs(values).max() < 2**53))
    numbers = values.astype(np.int64) if whole else values
    return pl.DataFrame({"gene_id": matrix.gene_ids}).hstack(
        pl.DataFrame(numbers, schema=list(matrix.samples), orient="row")
    )


def sample_table(imported: Imported) -> pl.DataFrame:
    """A row a sample: its total, features above 0, reads counted nowhere."""
    import polars as pl

    matrix = imported.matrix
    values = np.nan_to_num(matrix.values)
    columns: dict[str, Any] = {"sample": list(matrix.samples)}
    if matrix.unit in ("counts", "tpm", "cpm", "fpkm"):
        totals = values.sum(axis=0)
        columns["total"] = totals
        columns["n_expressed"] = (values > 0).sum(axis=0)
    columns |= {name: np.asarray(column) for name, column in imported.metrics.items()}
    return pl.DataFrame(columns)


def renamed(imported: Imported, names: Mapping[str, str]) -> Imported:
    """With other sample names."""
    return replace(imported, matrix=imported.matrix.renamed(names))


def placed(matrix: ExpressionMatrix) -> bool:
    """Whether at least one gene's place is known, so that a BED can be written."""
    known: bool = (matrix.genes["CHROM"].is_not_null() & matrix.genes["TSS"].is_not_null()).any()
    return known
