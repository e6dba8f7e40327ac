"""The matrices that `prepare` starts from: checked, brought to the same samples and genes, placed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.annotate import annotate, told_lost
from postgwas.expression.counts_check import check_counts, look_at_counts
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.expression.per_million import tpm as tpm_of_counts
from postgwas.expression.prepare_options import PrepareOptions
from postgwas.expression.reading import read_expression
from postgwas.runlog import get_logger, log_step

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is normalised.

    Attributes
    ----------
    counts : ExpressionMatrix
        All genes; samples as they are called at the end.
    tpm : ndarray of float64, shape (genes, samples), or None
        NaN rows: genes that the TPM file does not have.
    tpm_source : str
        Where TPM comes from, for people.
    sheet : polars.DataFrame or None
        Rows of the sample sheet in the order of the samples.
    """

    counts: ExpressionMatrix
    tpm: Floats | None
    tpm_source: str
    sheet: pl.DataFrame | None


NOT_COUNTS = (
    "prepare needs counts, --tpm FILE takes TPM beside them; expression that is normalised already goes "
    "straight to postgwas expression peer"
)


def read_inputs(
    counts: str | os.PathLike[str] | ExpressionMatrix,
    tpm: str | os.PathLike[str] | ExpressionMatrix | None,
    gtf: str | os.PathLike[str] | None,
    options: PrepareOptions,
) -> Inputs:
    """Read and check everything.

    Raises
    ------
    InputError
        Counts that are TPM, samples without reads, TPM of other samples or genes, a GTF of another
        release, a sample that the sheet does not have.
    """
    try:
        matrix = (
            counts if isinstance(counts, ExpressionMatrix) else read_expression(_path(counts), unit="counts")
        )
        matrix = check_counts(matrix)
    except InputError as error:
        # There is no --unit here: whatever is no count is not for this command.
        if error.hint and "--unit" in error.hint:
            raise InputError(error.message, hint=NOT_COUNTS) from None
        raise
    matrix = replace(matrix, notes=tuple(dict.fromkeys(matrix.notes)))
    for note in matrix.notes:
        log.warning("%s: %s", matrix.path, note)
    given = None
    if tpm is not None:
        given = tpm if isinstance(tpm, ExpressionMatrix) else read_expression(_path(tpm), unit="tpm")
        _refuse_counts(given)
    matrix = _chosen_samples(matrix, options)
    values = None if given is None else _aligned(given, matrix)
    if options.sample_to_participant:
        matrix = matrix.renamed(_participants(options.sample_to_participant))
    _refuse_empty(matrix)
    if gtf is not None:
        matrix = _placed(matrix, gtf, options)
    source = "" if given is None else str(given.path)
    if values is None:
        _tell_tpm_beside(matrix.path)
        values, source = _computed_tpm(matrix, options)
    if values is None and options.filter.needs_tpm and options.filter.cpm_for_tpm:
        log.warning("no TPM and no gene lengths: the filter looks at CPM in the place of TPM")
    return Inputs(matrix, values, source, _sheet(matrix, options))


def _path(given: object) -> str | os.PathLike[str]:
    """Refuse arrays and frames, which do not say what their genes are called."""
    if isinstance(given, (str, os.PathLike)):
        return given
    raise UsageError(
        f"expected the path of a matrix or an ExpressionMatrix, found {type(given).__name__}",
        hint="ExpressionMatrix(values, gene_table(ids), samples) of postgwas.expression",
    )


def _tell_tpm_beside(path: str) -> None:
    """Say that an import's own TPM is not used, where its counts are given alone."""
    stem, counts, ending = path.rpartition(".counts.")
    beside = f"{stem}.tpm.{ending}"
    if counts and Path(beside).is_file():
        log.warning("%s lies beside the counts and is not used: --tpm %s does", beside, beside)


def _refuse_counts(tpm: ExpressionMatrix) -> None:
    look = look_at_counts(tpm.values)
    if look.share_whole == 1.0 and not look.per_million:
        raise InputError(
            f"{tpm.path}: all values are whole numbers: these are counts, not TPM",
            hint="--counts and --tpm may be exchanged",
        )


def _chosen_samples(matrix: ExpressionMatrix, options: PrepareOptions) -> ExpressionMatrix:
    wanted, dropped = np.ones(matrix.n_samples, np.bool_), {}
    for path, reason in (
        (options.samples, "not in --samples"),
        (options.sample_to_participant, "not in --sample_to_participant"),
    ):
        if path is None:
            continue
        names = _participants(path) if path == options.sample_to_participant else _listed(path)
        lost = [name for name in names if name not in set(matrix.samples)]
        if lost:
            log.warning("%s: %d samples are not in %s: %s", path, len(lost), matrix.path, some_names(lost))
        inside = np.array([name in names for name in matrix.samples])
        dropped[reason] = int((wanted & ~inside).sum())
        wanted &= inside
    if dropped:
        log_step(
            log, "Samples", rows_in=matrix.n_samples, rows_out=int(wanted.sum()), dropped=dropped,
            unit="samples",
        )  # fmt: skip
    if not wanted.any():
        raise InputError(
            f"{matrix.path}: no sample is left of {matrix.n_samples}; they are called "
            f"{some_names(matrix.samples, 3)}"
        )
    return matrix if wanted.all() else matrix.select(samples=wanted)


def _listed(path: str) -> dict[str, str]:
    from postgwas.genotypes.text_table import read_text

    lines = read_text(path).decode(errors="replace").splitlines()
    return {line.split()[0]: "" for line in lines if line.strip()}


def _participants(path: str) -> dict[str, str]:
    from postgwas.genotypes.text_table import read_columns

    frame = read_columns(path, ("sample", "participant"))
    names = dict(zip(frame["sample"].to_list(), frame["participant"].to_list()))
    if len(names) < frame.height:
        twice = frame["sample"].filter(frame["sample"].is_duplicated()).unique(maintain_order=True).to_list()
        raise InputError(f"{path}: {len(twice)} samples occur more than once: {some_names(twice)}")
    return names


def _aligned(tpm: ExpressionMatrix, counts: ExpressionMatrix) -> Floats:
    """TPM in the order of the counts; NaN for genes that it does not have."""
    lost = [name for name in counts.samples if name not in set(tpm.samples)]
    if lost:
        raise InputError(
            f"{tpm.path}: {len(lost)} of the {counts.n_samples} samples of {counts.path} are not in it: "
            f"{some_names(lost)}",
            hint="--samples FILE names those to use",
        )
    places = {gene: row for row, gene in enumerate(tpm.gene_ids)}
    rows = np.array([places.get(gene, -1) for gene in counts.gene_ids], np.intp)
    missing = int((rows < 0).sum())
    if missing > counts.n_genes / 2:
        absent = [gene for gene, row in zip(counts.gene_ids, rows) if row < 0]
        raise InputError(
            f"{tpm.path}: {missing:,} of the {counts.n_genes:,} genes of {counts.path} are not in it: "
            f"{some_names(absent)}",
            hint="both files must be of one annotation",
        )
    if missing or len(places) > counts.n_genes - missing:
        log.warning(
            "%s: %s of %s genes of the counts are not in it; %s genes of its own are not used", tpm.path,
            f"{missing:,}", f"{counts.n_genes:,}", f"{len(places) - counts.n_genes + missing:,}",
        )  # fmt: skip
    at = {name: column for column, name in enumerate(tpm.samples)}
    columns = np.array([at[name] for name in counts.samples], np.intp)
    values = tpm.values[np.ix_(rows, columns)]
    values[rows < 0] = np.nan
    return values


def _refuse_empty(matrix: ExpressionMatrix) -> None:
    empty = [name for name, total in zip(matrix.samples, matrix.totals) if not total > 0]
    if empty:
        raise InputError(
            f"{matrix.path}: {len(empty)} of {matrix.n_samples} samples have no reads at all: "
            f"{some_names(empty)}",
            hint="--samples FILE names those to use",
        )
    if matrix.n_samples < 2:
        raise InputError(f"{matrix.path}: one sample is too few: expected at least 2")


def _placed(
    matrix: ExpressionMatrix, gtf: str | os.PathLike[str], options: PrepareOptions
) -> ExpressionMatrix:
    from postgwas.expression.gtf import genes_of_gtf, read_gtf

    found, lost = annotate(
        matrix, genes_of_gtf(read_gtf(gtf)), source=str(gtf), strip_versions=options.strip_versions,
        min_found=options.min_annotated,
    )  # fmt: skip
    log.info("%s: %s of %s genes found", gtf, f"{found.n_genes - len(lost):,}", f"{found.n_genes:,}")
    if lost:
        log.warning("%s", told_lost(lost))
    return found


def _computed_tpm(matrix: ExpressionMatrix, options: PrepareOptions) -> tuple[Floats | None, str]:
    """TPM from lengths, where they are known of every gene that has reads."""
    lengths = _lengths(matrix, options)
    known = np.isfinite(lengths) & (lengths > 0)
    if not known.any():
        return None, ""
    values = np.full(matrix.values.shape, np.nan)
    values[known] = tpm_of_counts(matrix.values[known], lengths[known])
    unknown = int((~known).sum())
    log.info(
        "TPM computed from counts and the lengths of %s genes%s", f"{int(known.sum()):,}",
        f"; {unknown:,} genes have no known length and no TPM" if unknown else "",
    )  # fmt: skip
    return values, "counts and lengths"


def _lengths(matrix: ExpressionMatrix, options: PrepareOptions) -> Floats:
    import polars as pl

    lengths = matrix.genes["LENGTH"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if options.lengths is None:
        return lengths
    from postgwas.expression.gtf import strip_version
    from postgwas.genotypes.text_table import read_columns

    table = read_columns(options.lengths, ("gene", "length"))
    numbers = table["length"].cast(pl.Float64, strict=False)
    bad = np.flatnonzero(numbers.is_null().to_numpy())
    if len(bad) > 1 or (len(bad) and bad[0] != 0):  # the first line may be a header
        raise InputError(
            f"{options.lengths}, line {bad[-1] + 1}: '{table['length'][int(bad[-1])]}' is not a length"
        )
    ids = strip_version(table["gene"]) if options.strip_versions else table["gene"]
    given = dict(zip(ids.to_list(), numbers.to_list()))
    found = [given.get(gene) for gene in matrix.gene_ids]
    if not any(found):
        raise InputError(f"{options.lengths}: none of the genes of {matrix.path} is in it")
    return np.array([np.nan if length is None else length for length in found])


def _sheet(matrix: ExpressionMatrix, options: PrepareOptions) -> pl.DataFrame | None:
    if options.sample_sheet is None:
        return None
    import polars as pl

    from postgwas.expression.sample_sheet import read_sheet

    sheet = read_sheet(options.sample_sheet)
    for name in options.columns:
        if name not in sheet.columns:
            raise InputError(
                f"{options.sample_sheet}: no column {name}; its columns are {some_names(sheet.columns, 8)}"
            )
    lost = [name for name in matrix.samples if name not in set(sheet["sample"].to_list())]
    if lost:
        raise InputError(
            f"{options.sample_sheet}: {len(lost)} of {matrix.n_samples} samples are not in it: "
            f"{some_names(lost)}"
        )
    order = pl.DataFrame({"sample": list(matrix.samples)})
    return order.join(sheet, on="sample", how="left", maintain_order="left")
