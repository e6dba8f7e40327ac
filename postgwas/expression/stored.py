"""Matrices in a study's store: values and names as arrays, what is known of the genes as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import StoreError
from postgwas.expression.matrix import ExpressionMatrix

if TYPE_CHECKING:
    import os

    from postgwas.store.provenance import Provenance

KIND = "expression-matrix"
GENES_KIND = "expression-genes"


def matrix_keys(key: str) -> tuple[str, str]:
    """Keys of what a matrix is in the store.

    Examples
    --------
    >>> matrix_keys("expression/counts/lcl")
    ('expression/counts/lcl/values', 'expression/counts/lcl/genes')
    """
    return f"{key}/values", f"{key}/genes"


def store_matrix(
    store: str | os.PathLike[str],
    key: str,
    matrix: ExpressionMatrix,
    *,
    provenance: Provenance,
    attrs: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Put a matrix under ``<key>/values`` and ``<key>/genes``.

    Parameters
    ----------
    store : path-like
        Begun where there is none.
    key : str
        Such as ``expression/counts/lcl``.
    matrix : ExpressionMatrix
    provenance : Provenance
    attrs : mapping, optional
    overwrite : bool

    Raises
    ------
    StoreError, OutputError
        As :meth:`postgwas.store.Study.write_arrays`.
    """
    from postgwas.store import Study

    values, genes = matrix_keys(key)
    study = Study.open(store, create=True)
    told = {"unit": matrix.unit, "path": matrix.path, "notes": list(matrix.notes), **(attrs or {})}
    study.write_arrays(
        values,
        {
            "values": matrix.values,
            "genes": np.array(matrix.gene_ids, object),
            "samples": np.array(matrix.samples, object),
        },
        kind=KIND,
        provenance=provenance,
        attrs=told,
        overwrite=overwrite,
    )
    table = matrix.genes.rename({"TSS": "POS"}).with_row_index("ROW")
    study.write_table(genes, table, kind=GENES_KIND, provenance=provenance, overwrite=overwrite)


def load_matrix(store: str | os.PathLike[str], key: str) -> ExpressionMatrix:
    """Read what :func:`store_matrix` put there.

    Raises
    ------
    StoreError
        If there is none, or it is no matrix of expression.
    """
    from postgwas.store import Study

    study = Study.open(store)
    attrs = study.attrs(f"{key}/values")
    if "unit" not in attrs:
        raise StoreError(f"{store}: {key} is no matrix of expression")
    arrays = study.read_arrays(f"{key}/values")
    genes = study.read_polars(f"{key}/genes").sort("ROW").drop("ROW").rename({"POS": "TSS"})
    return ExpressionMatrix(
        np.ascontiguousarray(arrays["values"], np.float64),
        genes,
        tuple(arrays["samples"].tolist()),
        attrs["unit"],
        attrs["path"],
        tuple(attrs["notes"]),
    )
