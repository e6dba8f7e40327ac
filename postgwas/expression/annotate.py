"""Give a matrix's genes what a GTF knows of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from postgwas.errors import InputError
from postgwas.expression.gtf import strip_version
from postgwas.expression.matrix import GENE_COLUMNS, ExpressionMatrix, check_unique, some_names

if TYPE_CHECKING:
    import polars as pl

#: Below this share of genes found, a GTF is taken to be of another release.
MIN_FOUND = 0.5


def annotate(
    matrix: ExpressionMatrix,
    annotation: pl.DataFrame,
    *,
    source: str,
    strip_versions: bool = False,
    min_found: float = MIN_FOUND,
) -> tuple[ExpressionMatrix, list[str]]:
    """Fill the gene table from an annotation, found by id.

    Parameters
    ----------
    matrix : ExpressionMatrix
    annotation : polars.DataFrame
        A row a gene or transcript with GENE_ID and some of the usual columns, such as
        :func:`postgwas.expression.gtf.genes_of_gtf` gives. What it knows goes before what the
        matrix's file said.
    source : str
        Its file, for messages.
    strip_versions : bool
        Drop ``.2`` from the ids of both; the result has ids without versions.
    min_found : float
        Least share of genes that must be found.

    Returns
    -------
    matrix : ExpressionMatrix
    lost : list of str
        Genes that the annotation does not have; they stay in the matrix.

    Raises
    ------
    InputError
        If too few genes are found, or ids without versions occur twice.
    """
    import polars as pl

    genes = matrix.genes
    if strip_versions:
        genes = genes.with_columns(strip_version(genes["GENE_ID"]))
        check_unique(genes["GENE_ID"].to_list(), "gene", f"{matrix.path}, versions stripped")
        annotation = annotation.with_columns(strip_version(annotation["GENE_ID"]))
        annotation = annotation.unique("GENE_ID", keep="first", maintain_order=True)
    known = genes["GENE_ID"].is_in(annotation["GENE_ID"].implode())
    n_found = int(known.sum())
    if n_found < min_found * genes.height:
        raise _refusal(genes["GENE_ID"], annotation["GENE_ID"], n_found, matrix.path, source)
    named = [name for name in annotation.columns if name != "GENE_ID"]
    joined = genes.join(annotation, on="GENE_ID", how="left", suffix="@", maintain_order="left")
    columns = []
    for name in dict.fromkeys([*genes.columns, *named]):
        own = pl.col(name)
        if name in named and name in genes.columns:
            own = pl.coalesce(f"{name}@", name)
        if name in GENE_COLUMNS:
            own = own.cast(getattr(pl, GENE_COLUMNS[name])())
        columns.append(own.alias(name))
    return replace(matrix, genes=joined.select(columns)), genes["GENE_ID"].filter(~known).to_list()


def _refusal(ids: pl.Series, known: pl.Series, n_found: int, path: str, source: str) -> InputError:
    bare = strip_version(ids).is_in(strip_version(known).implode())
    share = float(bare.sum()) / max(len(ids), 1)
    example = f"'{ids[0]}' against '{known[0]}'" if len(known) else "it has none"
    hint = (
        f"--strip_versions would find {share:.0%}"
        if bare.sum() > n_found
        else "is the GTF of another release?"
    )
    return InputError(
        f"{path}: only {n_found:,} of {len(ids):,} genes ({n_found / max(len(ids), 1):.0%}) are in {source}, "
        f"such as {example}",
        hint=f"{hint}; --min_annotated sets the least share",
    )


def told_lost(lost: list[str]) -> str:
    """How many genes the annotation does not have, with names."""
    return f"{len(lost):,} genes are not in the annotation: {some_names(lost)}"
