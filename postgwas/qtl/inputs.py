"""What QTL mapping starts from: genotypes, phenotypes and covariates of the same people in one order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix, check_unique, some_names
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.qtl.projection import Floats, Projection, projection
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    pass

log = get_logger("qtl")

Paths = str | os.PathLike[str]
Compat = Literal["qtltools"]

#: What a phenotype's place, values or covariates may lack; it is left out, with this reason.
NO_PLACE = "no_place"
NO_GENOTYPES = "chromosome_without_genotypes"
MISSING_VALUES = "missing_values"
CONSTANT = "constant"
EXPLAINED = "explained_by_covariates"
EMPTY_WINDOW = "no_variant_in_window"

_EXPLAINED = 1e-14
"""Share of a phenotype's variance, left by the covariates, that is rounding."""


@dataclass(frozen=True)
class QtlInputOptions:
    """Which samples, variants and model.

    Attributes
    ----------
    window : int
        Bases to each side of the phenotype's TSS, ends included.
    maf_min : float
        Least minor allele frequency among the samples that are used, limit included.
    max_missing : float
        Largest share of missing calls.
    unmatched : {"refuse", "drop"}
        What becomes of samples of the phenotypes that genotypes or covariates do not have.
    dosage : bool
        Dosages rather than hard calls.
    selection : Selection
        Of samples and variants; its own limits of frequency and missing calls are refused here.
    compat : {"qtltools"} or None
        QTLtools' model: covariates are projected out of the phenotype alone, and take no degree of freedom.
    groups : path, optional
        Two columns: phenotype and its group (the gene of an intron).
    """

    window: int = 1_000_000
    maf_min: float = 0.0
    max_missing: float = 1.0
    unmatched: Literal["refuse", "drop"] = "refuse"
    dosage: bool = False
    selection: Selection = field(default_factory=Selection)
    compat: Compat | None = None
    groups: str | os.PathLike[str] | None = None

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.window < 0:
            raise UsageError(f"--window {self.window}: expected bases, at least 0")
        for name, value, top in (("maf_min", self.maf_min, 0.5), ("max_missing", self.max_missing, 1.0)):
            if not 0.0 <= value <= top:
                raise UsageError(f"--{name} {value:g}: expected 0 to {top:g}")
        if self.unmatched not in ("refuse", "drop"):
            raise UsageError(f"--unmatched {self.unmatched}: expected refuse or drop")
        if self.compat not in (None, "qtltools"):
            raise UsageError(f"--compat {self.compat}: expected qtltools")
        if self.selection.maf_min is not None or self.selection.max_missing is not None:
            raise UsageError("limits of frequency and missing calls belong to the options, not the selection")


@dataclass(frozen=True, eq=False)
class QtlInputs:
    """Aligned inputs.

    Attributes
    ----------
    genotypes : Genotypes
        With the samples that are used, in file order.
    phenotypes : ExpressionMatrix
        Those that can be tested, by CHR, TSS and id; its samples are those of `genotypes`, in that order.
        Its gene table has GROUP_ID where groups are known.
    covariates : CovariateMatrix or None
        By name.
    projection : Projection
        Of covariates and constant.
    variant_projection : Projection
        What is projected out of variants: the same, but with QTLtools' model the constant alone.
    residuals : ndarray of float64, shape (G, n)
        What covariates leave of the phenotypes.
    y_unit : ndarray of float64, shape (G, n)
        The same, of norm 1.
    y_norm : ndarray of float64, shape (G,)
    df : int
        Degrees of freedom of a test.
    options : QtlInputOptions
    rejected : mapping of str to str
        Phenotypes left out, and why.
    samples_dropped : mapping of str to int
    """

    genotypes: Genotypes
    phenotypes: ExpressionMatrix
    covariates: CovariateMatrix | None
    projection: Projection
    variant_projection: Projection
    residuals: Floats
    y_unit: Floats
    y_norm: Floats
    df: int
    options: QtlInputOptions
    rejected: Mapping[str, str]
    samples_dropped: Mapping[str, int]

    @property
    def n_samples(self) -> int:
        return self.genotypes.n_samples

    @property
    def n_genes(self) -> int:
        return self.phenotypes.n_genes

    @property
    def samples(self) -> tuple[str, ...]:
        return self.phenotypes.samples

    def of(self, genes: NDArray[np.int64], *, rejected: Mapping[str, str] | None = None) -> QtlInputs:
        """Some of the phenotypes, by row, ascending; `rejected` instead of what was rejected."""
        return replace(
            self, phenotypes=self.phenotypes.select(genes=genes), residuals=self.residuals[genes],
            y_unit=self.y_unit[genes], y_norm=self.y_norm[genes],
            rejected=self.rejected if rejected is None else rejected,
        )  # fmt: skip


def load_inputs(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    cis: bool = True,
) -> QtlInputs:
    """Read and align genotypes, phenotypes and covariates.

    Parameters
    ----------
    genotypes : Genotypes or path
    phenotypes : ExpressionMatrix or path
        A phenotype BED; sorted or not.
    covariates : CovariateMatrix or path, optional
        Numbers, whichever way round.
    options : QtlInputOptions, optional
    cis : bool
        Phenotypes without a place, or on a chromosome without genotypes, are left out.

    Raises
    ------
    InputError
        If a file cannot be read, no sample is shared, samples lack genotypes or covariates (unless
        they are to be dropped), covariates leave no degree of freedom, no chromosome is shared, or no
        phenotype can be tested.
    UsageError
        If options are out of range.
    """
    chosen = options or QtlInputOptions()
    chosen.check()
    opened = open_selected(genotypes, chosen.selection, dosage=chosen.dosage)
    matrix = _phenotypes(phenotypes)
    check_unique(opened.genotypes.samples["IID"].to_list(), "sample", opened.genotypes.path)
    table = None if covariates is None else _covariates(covariates, matrix.samples)
    people, dropped = _shared(opened.genotypes, matrix, table, chosen)
    dropped.update({reason: number for reason, number in opened.samples_dropped.items() if number})
    rows = np.flatnonzero(opened.genotypes.samples["IID"].is_in(people).to_numpy())
    used = (
        opened.genotypes if len(rows) == opened.genotypes.n_samples else opened.genotypes.select(samples=rows)
    )
    order: list[str] = used.samples["IID"].to_list()
    matrix = _with_groups(_by_place(matrix.select(samples=order)), chosen.groups)
    known = None if table is None else _ordered(table, order)
    basis = projection(None if known is None else known.values, len(order))
    _tell_dependent(basis, known)
    matrix, rejected, kept = _testable(matrix, used, basis, cis=cis)
    norm = np.sqrt(np.einsum("ij,ij->i", kept, kept))
    alone = projection(None, len(order)) if chosen.compat == "qtltools" else basis
    log.info(
        "%d samples, %d phenotypes, %d covariates (%d degrees of freedom)",
        len(order), matrix.n_genes, 0 if known is None else known.n_covariates, alone.df,
    )  # fmt: skip
    return QtlInputs(
        used,
        matrix,
        known,
        basis,
        alone,
        kept,
        kept / norm[:, None],
        norm,
        alone.df,
        chosen,
        rejected,
        dropped,
    )


def _phenotypes(phenotypes: ExpressionMatrix | Paths) -> ExpressionMatrix:
    if isinstance(phenotypes, ExpressionMatrix):
        return phenotypes
    from postgwas.expression.bed import read_bed

    return read_bed(phenotypes)


def _covariates(covariates: CovariateMatrix | Paths, samples: Sequence[str]) -> CovariateMatrix:
    if isinstance(covariates, CovariateMatrix):
        return covariates
    from postgwas.expression.covariate_files import read_covariates

    return read_covariates(covariates, samples=samples)


def _shared(
    genotypes: Genotypes,
    matrix: ExpressionMatrix,
    covariates: CovariateMatrix | None,
    options: QtlInputOptions,
) -> tuple[list[str], dict[str, int]]:
    """Samples of the phenotypes that all files have, and how many others there are."""
    typed = set(genotypes.samples["IID"].to_list())
    dropped: dict[str, int] = {}
    people = list(matrix.samples)
    owners = [("genotypes", typed)]
    if covariates is not None:
        owners.append(("covariates", set(covariates.samples)))
    for what, held in owners:
        lost = [name for name in people if name not in held]
        if len(lost) == len(people):
            raise InputError(
                f"{matrix.path}: none of its {len(people):,} samples ({some_names(people, 3)}) has {what} "
                f"({some_names(sorted(held), 3)})"
            )
        if not lost:
            continue
        told = f"{len(lost):,} of {len(people):,} samples have no {what}: {some_names(lost)}"
        if options.unmatched == "refuse":
            raise InputError(
                f"{matrix.path}: {told}", hint="--unmatched drop goes on with the samples that all files have"
            )
        log.warning("%s: %s; they are left out", matrix.path, told)
        dropped[f"without {what}"] = len(lost)
        people = [name for name in people if name in held]
    extra = len(typed - set(matrix.samples))
    if extra:
        log.info("%d samples with genotypes have no phenotypes and are not used", extra)
        dropped["without phenotypes"] = extra
    return people, dropped


def _by_place(matrix: ExpressionMatrix) -> ExpressionMatrix:
    order = matrix.genes.with_row_index("row").sort("CHR", "TSS", "GENE_ID", nulls_last=True)["row"]
    return matrix.select(genes=order.to_numpy().astype(np.int64))


def _with_groups(matrix: ExpressionMatrix, path: str | os.PathLike[str] | None) -> ExpressionMatrix:
    import polars as pl

    if path is None:
        if "GROUP_ID" not in matrix.genes.columns:
            return matrix
        # A phenotype of no group is one of its own.
        unnamed = pl.col("GROUP_ID").is_null() | pl.col("GROUP_ID").is_in(["", ".", "NA"])
        own = pl.when(unnamed).then(pl.col("GENE_ID")).otherwise(pl.col("GROUP_ID")).alias("GROUP_ID")
        return replace(matrix, genes=matrix.genes.with_columns(own))
    groups = group_of_phenotype(path)
    lost = [name for name in matrix.gene_ids if name not in groups]
    if lost:
        raise InputError(
            f"{path}: {len(lost):,} of {matrix.n_genes:,} phenotypes have no group: {some_names(lost)}"
        )
    column = pl.Series("GROUP_ID", [groups[name] for name in matrix.gene_ids])
    return replace(matrix, genes=matrix.genes.with_columns(column))


def group_of_phenotype(path: str | os.PathLike[str]) -> dict[str, str]:
    """Group of each phenotype, from a file of two columns.

    Raises
    ------
    InputError
        If a line has not two columns, or a phenotype two groups.
    """
    from postgwas.genotypes.text_table import read_text

    groups: dict[str, str] = {}
    for row, line in enumerate(read_text(path).decode(errors="replace").splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 2:
            raise InputError(f"{path}, line {row}: expected two columns, a phenotype and its group")
        if groups.setdefault(cells[0], cells[1]) != cells[1]:
            raise InputError(
                f"{path}, line {row}: {cells[0]} is of group {cells[1]}, above of {groups[cells[0]]}"
            )
    return groups


def _ordered(table: CovariateMatrix, samples: Sequence[str]) -> CovariateMatrix:
    """In the order of samples and, so that a file's order changes no bit, of names."""
    rows = sorted(range(table.n_covariates), key=lambda row: table.names[row])
    at = {name: place for place, name in enumerate(table.samples)}
    columns = [at[name] for name in samples]
    return CovariateMatrix(
        np.ascontiguousarray(table.values[np.ix_(rows, columns)]), tuple(table.names[row] for row in rows),
        tuple(samples), tuple(table.hidden[row] for row in rows),
    )  # fmt: skip


def _tell_dependent(basis: Projection, known: CovariateMatrix | None) -> None:
    if basis.dependent and known is not None:
        names = [known.names[row] for row in basis.dependent]
        log.warning(
            "%d covariates are constant or follow from others (%s): they take no degree of freedom",
            len(names), some_names(names),
        )  # fmt: skip


def _testable(
    matrix: ExpressionMatrix, genotypes: Genotypes, basis: Projection, *, cis: bool
) -> tuple[ExpressionMatrix, dict[str, str], Floats]:
    """Phenotypes that can be tested, why the others cannot, and what covariates leave of the former."""
    chromosome = matrix.genes["CHR"].fill_null(0).to_numpy()
    present = set(genotypes.variants["CHR"].drop_nulls().unique().to_list())
    values = matrix.values
    missing = np.asarray(np.isnan(values).any(axis=1))
    filled = np.where(missing[:, None], 0.0, values)
    centred = filled - filled.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", centred, centred)
    left = basis.residuals(filled)
    rest = np.einsum("ij,ij->i", left, left)
    reason: NDArray[np.object_] = np.full(matrix.n_genes, None, object)
    placed = matrix.genes["TSS"].is_not_null().to_numpy() & (chromosome > 0)
    # The later ones win where several hold.
    for why, where in (
        (EXPLAINED, rest <= _EXPLAINED * spread),
        (CONSTANT, np.ptp(filled, axis=1) == 0.0),
        (MISSING_VALUES, missing),
        (NO_GENOTYPES, cis & ~np.isin(chromosome, sorted(present))),
        (NO_PLACE, cis & ~placed),
    ):
        reason[where] = why
    bad: NDArray[np.bool_] = np.array([one is not None for one in reason], np.bool_)
    rejected = {name: str(why) for name, why in zip(matrix.gene_ids, reason) if why is not None}
    if bad.all():
        _refuse_all(matrix, genotypes, rejected)
    if rejected:
        told = ", ".join(f"{number:,} {why}" for why, number in Counter(rejected.values()).items())
        log.warning("%s: phenotypes left out: %s", matrix.path, told)
    return matrix.select(genes=~bad), rejected, np.ascontiguousarray(left[np.flatnonzero(~bad)])


def _refuse_all(matrix: ExpressionMatrix, genotypes: Genotypes, rejected: Mapping[str, str]) -> None:
    counts = Counter(rejected.values())
    told = ", ".join(f"{number:,} {why}" for why, number in counts.items())
    if set(counts) <= {NO_GENOTYPES, NO_PLACE}:
        theirs = matrix.genes["CHROM"].unique(maintain_order=True).to_list()
        ours = genotypes.variants["CHROM"].unique(maintain_order=True).to_list()
        raise InputError(
            f"{matrix.path}: its phenotypes lie on {some_names(theirs)}, genotypes are of {some_names(ours)}"
        )
    raise InputError(f"{matrix.path}: none of its {matrix.n_genes:,} phenotypes can be tested ({told})")
