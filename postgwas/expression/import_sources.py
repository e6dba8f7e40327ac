"""What ``postgwas expression import`` reads, by kind of file, into one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.bed import is_bed_file
from postgwas.expression.counts_check import check_counts
from postgwas.expression.gather import Gathered, Strand, gather
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table, some_names
from postgwas.expression.reading import read_expression
from postgwas.expression.tximport import (
    Quantities,
    Scaling,
    counts_from_abundance,
    summarise_to_genes,
    usage_ratios,
)

if TYPE_CHECKING:
    from postgwas.expression.tx2gene import Grouping

FloatArray = NDArray[np.float64]
Level = Literal["gene", "transcript", "usage"]


@dataclass(frozen=True, eq=False)
class Imported:
    """Expression as it came in.

    Attributes
    ----------
    matrix : ExpressionMatrix
    tpm, lengths : ndarray of float64, shape (genes, samples), or None
        Transcripts per million, and effective lengths in bases.
    metrics : dict of str to ndarray, shape (samples,)
        Reads counted nowhere, by the program's names.
    dropped : dict of str to int
        Rows left out, by reason.
    files : tuple of str
    n_read : int
        Rows of the files: genes or transcripts.
    intervals : bool
        Phenotypes have intervals of their own (a BED's, an intron's), which a BED keeps.
    """

    matrix: ExpressionMatrix
    tpm: FloatArray | None = None
    lengths: FloatArray | None = None
    metrics: Mapping[str, FloatArray] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    n_read: int = 0
    intervals: bool = False

    @property
    def n_summed(self) -> int:
        """Rows that are in another's sum."""
        return self.n_read - self.matrix.n_genes - sum(self.dropped.values())


@dataclass(frozen=True)
class Summing:
    """How transcripts become genes; see the arguments of :func:`import_expression`."""

    level: Level = "gene"
    scaling: Scaling = "no"
    strip_versions: bool = False
    ignore_after_bar: bool = False


def import_matrix(
    path: str,
    *,
    unit: Unit | None,
    id_column: str | None,
    gene_column: str | None,
    tpm: str | None,
    genes: Mapping[str, str] | None,
    summing: Summing,
) -> Imported:
    """One file that holds all samples; transcripts are summed where the file or `genes` groups them."""
    if summing.scaling != "no":
        raise UsageError(f"{path}: counts from abundance need salmon's, kallisto's or RSEM's files")
    dropped: dict[str, int] = {}
    matrix = read_expression(path, unit=unit, id_column=id_column, gene_column=gene_column, dropped=dropped)
    beside = _beside(matrix, tpm) if tpm else None
    table = _genes_of_rows(matrix, genes, summing)
    if table is None or summing.level == "transcript":
        if summing.level == "usage":
            raise InputError(
                f"{path}: usage ratios need each transcript's gene",
                hint="--gene_column NAME, --tx2gene FILE, or a GTF of the same release",
            )
        n_read = matrix.n_genes + sum(dropped.values())
        files = (path, *([tpm] if tpm else []))
        own = is_bed_file(path) or matrix.unit == "ratio"
        return Imported(matrix, beside, dropped=dropped, files=files, n_read=n_read, intervals=own)
    if tpm:
        raise UsageError(f"{path}: --tpm stands beside a matrix of genes, and this one holds transcripts")
    return _summed_matrix(matrix, _group(matrix.gene_ids, table, path, summing), summing)


def _genes_of_rows(
    matrix: ExpressionMatrix, genes: Mapping[str, str] | None, summing: Summing
) -> Mapping[str, str] | None:
    """Gene of each row where rows are transcripts; None where they are not."""
    if matrix.unit not in ("counts", "tpm"):
        return None
    if "GROUP_ID" in matrix.genes.columns:
        pairs = zip(matrix.gene_ids, matrix.genes["GROUP_ID"])
        return {transcript: gene for transcript, gene in pairs if gene is not None}
    return genes if genes and _of_transcripts(matrix.gene_ids, genes, summing) else None


def import_files(
    files: Mapping[str, str], *, strand: Strand, genes: Mapping[str, str] | None, summing: Summing
) -> Imported:
    """One file a sample, of one quantifier."""
    found = gather(files, strand=strand)
    paths = tuple(files.values())
    if found.of_transcripts and summing.level != "transcript":
        table = genes if genes is not None else _own_genes(found)
        if table is None:
            raise InputError(
                f"{paths[0]}: holds transcripts of {found.kind}; their genes are not known",
                hint="--tx2gene FILE or --gtf FILE tells them; --level transcript leaves transcripts",
            )
        return _summed(found, _group(found.ids, table, paths[0], summing), summing, paths)
    if summing.level == "usage":
        raise UsageError(f"{paths[0]}: {found.kind} counts genes; usage ratios need transcripts")
    if summing.level == "transcript" and not found.of_transcripts:
        raise UsageError(f"{paths[0]}: {found.kind} counts genes, not transcripts")
    counts = found.counts
    if summing.scaling != "no":
        counts = _rescaled(found, summing, genes)
    matrix = _matrix(counts, found.ids, found, paths[0])
    return Imported(matrix, found.tpm, found.lengths, found.metrics, files=paths, n_read=len(found.ids))


def _rescaled(found: Gathered, summing: Summing, genes: Mapping[str, str] | None) -> FloatArray:
    """Counts from abundance without summing."""
    quantities = _quantities(found)
    if summing.scaling != "dtu_scaled_tpm":
        return counts_from_abundance(quantities, summing.scaling)
    table = genes if genes is not None else _own_genes(found)
    if table is None or not found.of_transcripts:
        raise UsageError(
            "dtu_scaled_tpm is for transcripts whose genes are known",
            hint="--level transcript with --tx2gene or --gtf",
        )
    group = _group(found.ids, table, "transcripts", summing)
    if group.lost:
        raise InputError(
            f"dtu_scaled_tpm: {len(group.lost):,} transcripts have no gene: {some_names(group.lost)}",
            hint="give the annotation that the index was made of",
        )
    return counts_from_abundance(quantities, summing.scaling, genes=group.genes)


def _summed(found: Gathered, group: Grouping, summing: Summing, paths: tuple[str, ...]) -> Imported:
    """Genes (or usage ratios within them) of transcripts' quantities."""
    dropped = {"transcripts without a gene": len(group.lost)}
    if summing.level == "usage":
        return _usage(found.counts, found.ids, group, found.samples, paths, dropped, found.metrics)
    if summing.scaling == "dtu_scaled_tpm":
        raise UsageError("dtu_scaled_tpm is for transcripts", hint="--level transcript, or length_scaled_tpm")
    every = _quantities(found)
    some = Quantities(every.counts[group.rows], every.tpm[group.rows], every.lengths[group.rows])
    genes = summarise_to_genes(some, group.genes, len(group.gene_ids))
    counts = counts_from_abundance(genes, summing.scaling)
    matrix = _matrix(counts, group.gene_ids, found, paths[0])
    return Imported(matrix, genes.tpm, genes.lengths, found.metrics, dropped, paths, len(found.ids))


def _summed_matrix(matrix: ExpressionMatrix, group: Grouping, summing: Summing) -> Imported:
    """As :func:`_summed`, of one matrix of transcripts, which has no lengths."""
    dropped = {"transcripts without a gene": len(group.lost)}
    if summing.level == "usage":
        return _usage(matrix.values, matrix.gene_ids, group, matrix.samples, (matrix.path,), dropped, {})
    order = np.argsort(group.genes, kind="stable")
    starts = np.searchsorted(group.genes[order], np.arange(len(group.gene_ids)))
    sums = np.add.reduceat(matrix.values[group.rows][order], starts, axis=0)
    genes = gene_table(group.gene_ids)
    summed = ExpressionMatrix(sums, genes, matrix.samples, matrix.unit, matrix.path)
    return Imported(
        check_counts(summed, sure=True) if matrix.unit == "counts" else summed,
        dropped=dropped,
        files=(matrix.path,),
        n_read=matrix.n_genes,
    )


def _usage(
    counts: FloatArray,
    ids: list[str],
    group: Grouping,
    samples: tuple[str, ...],
    paths: tuple[str, ...],
    dropped: dict[str, int],
    metrics: Mapping[str, FloatArray],
) -> Imported:
    """Shares within genes of two transcripts or more; a gene that no sample expresses tells nothing."""
    shares = usage_ratios(counts[group.rows], group.genes, len(group.gene_ids))
    single = np.bincount(group.genes)[group.genes] == 1
    silent = np.isnan(shares).all(axis=1) & ~single
    kept = np.flatnonzero(~single & ~silent)
    dropped |= {"only transcript of its gene": int(single.sum()), "gene without counts": int(silent.sum())}
    if not len(kept):
        raise InputError(f"{paths[0]}: no gene has two transcripts and counts: there are no usage ratios")
    names = [ids[at] for at in group.rows[kept]]
    parents = [group.gene_ids[at] for at in group.genes[kept]]
    genes = gene_table(names, {"GROUP_ID": parents})
    matrix = ExpressionMatrix(np.ascontiguousarray(shares[kept]), genes, samples, "ratio", paths[0])
    return Imported(matrix, metrics=metrics, dropped=dropped, files=paths, n_read=len(ids))


def _matrix(counts: FloatArray, ids: list[str], found: Gathered, path: str) -> ExpressionMatrix:
    made = ExpressionMatrix(
        np.ascontiguousarray(counts), gene_table(ids), found.samples, "counts", path, tuple(found.notes)
    )
    return check_counts(made, sure=True)


def _quantities(found: Gathered) -> Quantities:
    if found.tpm is None or found.lengths is None:
        raise UsageError(f"{found.kind}'s files have no TPM and no lengths: counts are as they are")
    return Quantities(found.counts, found.tpm, found.lengths)


def _own_genes(found: Gathered) -> dict[str, str] | None:
    return None if found.genes is None else dict(zip(found.ids, found.genes))


def _group(ids: list[str], genes: Mapping[str, str], path: str, summing: Summing) -> Grouping:
    from postgwas.expression.tx2gene import group_transcripts

    return group_transcripts(
        ids,
        genes,
        path=path,
        strip_versions=summing.strip_versions,
        ignore_after_bar=summing.ignore_after_bar,
    )


def _of_transcripts(ids: list[str], genes: Mapping[str, str], summing: Summing) -> bool:
    """Whether more of a matrix's ids are transcripts than genes of the table."""
    if summing.level != "gene":
        return True
    from postgwas.expression.tx2gene import plain_ids

    names = plain_ids(ids, summing.strip_versions, summing.ignore_after_bar)
    transcripts = set(plain_ids(list(genes), summing.strip_versions, summing.ignore_after_bar))
    of_genes = set(plain_ids(list(set(genes.values())), summing.strip_versions, False))
    return sum(name in transcripts for name in names) > sum(name in of_genes for name in names)


def _beside(matrix: ExpressionMatrix, path: str) -> FloatArray:
    """TPM of the same genes and samples, in the matrix's order."""
    tpm = read_expression(path, unit="tpm")
    genes, samples = set(tpm.gene_ids), set(tpm.samples)
    lost_genes = [name for name in matrix.gene_ids if name not in genes]
    lost_samples = [name for name in matrix.samples if name not in samples]
    for what, lost, total in (
        ("genes", lost_genes, matrix.n_genes),
        ("samples", lost_samples, matrix.n_samples),
    ):
        if lost:
            raise InputError(
                f"{path}: {len(lost):,} of {total:,} {what} of {matrix.path} are not in it: "
                f"{some_names(lost)}"
            )
    return tpm.select(genes=matrix.gene_ids, samples=matrix.samples).values
