"""Sample quality control from files to files: what ``postgwas expression qc`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.import_files import Prefix
from postgwas.expression.limits import USUAL, parse_limit
from postgwas.expression.matrix import ExpressionMatrix, Unit
from postgwas.expression.outliers import Rule
from postgwas.expression.qc_checks import SexTable, check_agreement, check_outliers, check_sex, log_values
from postgwas.expression.run_mixups import MixupOptions, Mixups, find_mixups
from postgwas.expression.sample_qc import Verdicts, apply_limits, measure
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

    from postgwas.genotypes.selection import Selection

log = get_logger(__name__)
FloatArray = NDArray[np.float64]
CHECKS = ("metrics", "outliers", "agreement", "sex", "mixups")


@dataclass(frozen=True)
class QcOptions:
    """What is checked.

    Attributes
    ----------
    unit : str, optional
        What the matrix holds, where its file does not say.
    gtf, strip_versions
        Places of genes, for mix-ups; find them without the version of their id.
    metrics : str, optional
        Table with a column sample and one a metric.
    limits : sequence of str
        Such as ``RIN>6``.
    usual_limits : bool
        Without limits: RIN > 6, more than 10 M mapped reads, more than 70 % mapped uniquely.
    min_expressed : int, optional
        Least genes above 1 CPM.
    outlier_method : {"pca", "mds"}
    outlier_rule : {"sd", "mad"}
        Mean and SD, or median and MAD.
    outlier_sd : float
        SDs beyond which a sample is an outlier.
    n_axes : int
        Axes that are looked at.
    d_min : float, optional
        Least D-statistic (median correlation with the others); by `outlier_sd` if None.
    sheet, sex_column : str, optional
        Table of samples with their sex, and its column.
    sex_limit : float
        CPM (or TPM) from which XIST or the Y genes are expressed.
    genotypes : str, optional
        For mix-ups; with `dosage` and `selection` as everywhere.
    match : str, optional
        Two columns, a sample and its IID.
    window : int
        Bases to each side of a TSS in which its cis variant is looked for.
    n_pairs : int
        Most cis effects that are used.
    skip : sequence of {"metrics", "outliers", "agreement", "sex", "mixups"}
    figures : bool
    """

    unit: Unit | None = None
    gtf: str | None = None
    strip_versions: bool = False
    metrics: str | None = None
    limits: Sequence[str] = ()
    usual_limits: bool = True
    min_expressed: int | None = None
    outlier_method: Literal["pca", "mds"] = "pca"
    outlier_rule: Rule = "sd"
    outlier_sd: float = 6.0
    n_axes: int = 10
    d_min: float | None = None
    sheet: str | None = None
    sex_column: str | None = None
    sex_limit: float = 1.0
    genotypes: str | None = None
    dosage: bool = False
    selection: Selection | None = None
    match: str | None = None
    window: int = 500_000
    n_pairs: int = 200
    skip: Sequence[str] = ()
    figures: bool = False

    def check(self) -> None:
        """Refuse what contradicts itself or is out of range.

        Raises
        ------
        UsageError
        """
        for name in self.skip:
            if name not in CHECKS:
                raise UsageError(f"--skip {name}: expected {', '.join(CHECKS)}")
        if self.limits and not self.metrics:
            raise UsageError("--limit needs --metrics FILE")
        if not self.outlier_sd > 0 or self.n_axes < 1 or self.n_pairs < 5 or self.window < 0:
            raise UsageError(
                "--outlier_sd, --n_axes, --window and --n_pairs must be positive (5 pairs or more)"
            )
        if self.match and not self.genotypes:
            raise UsageError("--match needs --genotypes")


@dataclass(frozen=True, eq=False)
class SampleQuality:
    """What the checks found.

    Attributes
    ----------
    table : polars.DataFrame
        A row a sample: measures, PASS, REASONS.
    passed : tuple of str
    mixups : Mixups or None
    """

    table: pl.DataFrame
    passed: tuple[str, ...]
    mixups: Mixups | None


def sample_quality(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    options: QcOptions | None = None,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> SampleQuality:
    """Check the samples of a matrix of counts (or TPM, or log2 values).

    Parameters
    ----------
    path : path
        Whatever :func:`postgwas.expression.read_expression` reads.
    out : path
        Prefix of ``<out>.sample_qc.tsv``, ``<out>.keep.txt`` (samples that pass), ``<out>.log``,
        ``<out>.outliers.png``, ``<out>.sex.png``, ``<out>.mixups.png``, ``<out>.mixups.tsv.gz``.
    options : QcOptions, optional
        metrics (a table with a column sample) and limits such as ``RIN>6``; without limits the
        usual ones hold where the table has such columns: RIN > 6, more than 10 M mapped reads,
        more than 70 % mapped uniquely. sheet (sample, sex) for the sex check; genotypes and
        match (two columns: sample, IID) for mix-ups.
    store, name, overwrite, quiet, log_json
        As :func:`postgwas.expression.import_expression`; the table goes to ``expression/qc/<name>``.

    Returns
    -------
    SampleQuality

    Raises
    ------
    UsageError, InputError, OutputError, StoreError
    """
    chosen = options or QcOptions()
    chosen.check()
    prefix = Prefix.of(os.fspath(out))
    started = time.perf_counter()
    from postgwas.expression.qc_files import planned, store_table, write_quality

    key = f"expression/qc/{name or prefix.stem}"
    prefix.refuse_existing(planned(chosen, prefix), store=store, keys=[key], overwrite=overwrite)
    with run_log(prefix.folder / prefix.name("log"), quiet=quiet, json_lines=log_json):
        matrix = _matrix(path, chosen)
        for note in matrix.notes:
            log.warning("%s", note)
        verdicts = Verdicts(matrix.samples)
        measure(matrix, verdicts, min_expressed=chosen.min_expressed)
        if chosen.metrics and "metrics" not in chosen.skip:
            _metrics(verdicts, chosen)
        values, rows, good = log_values(matrix)
        axes = d = sex = mixups = None
        if "outliers" not in chosen.skip:
            axes = check_outliers(values, good, verdicts, chosen)
        if "agreement" not in chosen.skip:
            d = check_agreement(values, good, verdicts, chosen)
        if "sex" not in chosen.skip:
            sex = _sex(matrix, verdicts, chosen)
        if chosen.genotypes and "mixups" not in chosen.skip:
            mixups = _mixups(matrix, values, rows, good, verdicts, chosen)
        table = verdicts.frame()
        n_passed = int(verdicts.passed.sum())
        log_step(
            log,
            "Sample QC",
            rows_in=matrix.n_samples,
            rows_out=n_passed,
            dropped=verdicts.counts(),
            unit="samples",
        )
        write_quality(table, prefix, axes=axes, d=d, sex=sex, mixups=mixups, options=chosen)
        if store is not None:
            store_table(table, store, key, path, chosen, verdicts, started, overwrite)
    passed = tuple(np.array(matrix.samples, object)[verdicts.passed].tolist())
    return SampleQuality(table, passed, mixups)


def _matrix(path: str | os.PathLike[str], options: QcOptions) -> ExpressionMatrix:
    from postgwas.expression.annotate import annotate
    from postgwas.expression.gtf import genes_of_gtf, read_gtf
    from postgwas.expression.reading import read_expression

    matrix = read_expression(path, unit=options.unit)
    if matrix.n_samples < 3:
        raise InputError(f"{path}: {matrix.n_samples} samples; checks need 3 or more")
    if options.gtf is None:
        return matrix
    table = genes_of_gtf(read_gtf(options.gtf))
    return annotate(matrix, table, source=options.gtf, strip_versions=options.strip_versions)[0]


def _metrics(verdicts: Verdicts, options: QcOptions) -> None:
    from postgwas.expression.sample_sheet import read_sheet

    table = read_sheet(str(options.metrics))
    own = [parse_limit(text) for text in options.limits]
    if own:
        apply_limits(verdicts, table, own, source=str(options.metrics), usual=False)
    elif options.usual_limits:
        usual = [parse_limit(text) for text in USUAL]
        apply_limits(verdicts, table, usual, source=str(options.metrics), usual=True)


def _sex(matrix: ExpressionMatrix, verdicts: Verdicts, options: QcOptions) -> SexTable | None:
    """Sex by expression, compared with the sheet; without a sheet a lack of genes is no error."""
    try:
        return check_sex(matrix, verdicts, options)
    except InputError as error:
        if options.sheet:
            raise
        log.warning("%s", error)
        return None


def _mixups(
    matrix: ExpressionMatrix,
    values: FloatArray,
    rows: NDArray[np.intp],
    good: NDArray[np.bool_],
    verdicts: Verdicts,
    options: QcOptions,
) -> Mixups:
    from postgwas.expression.mixups import MATCH, MIXED_UP, UNCLEAR, VERDICTS
    from postgwas.genotypes.selection import open_selected, tell_selection

    chosen = open_selected(str(options.genotypes), options.selection, dosage=options.dosage)
    tell_selection(chosen)
    genotypes = chosen.genotypes
    samples = np.flatnonzero(good)
    part = matrix.select(genes=rows, samples=samples)
    people = _people(part.samples, options.match)
    found = find_mixups(
        part,
        values[:, samples],
        genotypes,
        people,
        MixupOptions(window=options.window, n_pairs=options.n_pairs),
    )
    told = found.assessment
    best = np.full(matrix.n_samples, None, object)
    best[samples] = [found.people[at] for at in told.best]
    for name, column in (("z_own_genotype", told.z_own), ("z_best_genotype", told.z_best)):
        spread = np.full(matrix.n_samples, np.nan)
        spread[samples] = column
        verdicts.columns[name] = spread
    verdicts.columns["best_genotype"] = best.tolist()
    words = np.full(matrix.n_samples, "", object)
    words[samples] = [VERDICTS[at] for at in told.verdict]
    verdicts.columns["genotype_verdict"] = words.tolist()
    counts = {word: int((told.verdict == at).sum()) for at, word in enumerate(VERDICTS)}
    log.info("Genotypes: %s", ", ".join(f"{count} {word}" for word, count in counts.items()))
    if counts[VERDICTS[UNCLEAR]] > counts[VERDICTS[MATCH]]:
        log.warning(
            "cis effects are too few or too weak to confirm most labels; unclear samples are not failed"
        )
    failed = np.zeros(matrix.n_samples, np.bool_)
    failed[samples] = told.verdict == MIXED_UP
    verdicts.fail(failed, "mixed up with another person")
    return found


def _people(samples: Sequence[str], match: str | None) -> list[str]:
    """IID of each sample's person: by the file, or the sample's own name."""
    if match is None:
        return list(samples)
    from postgwas.genotypes.text_table import read_columns

    names = dict(read_columns(match, ("sample", "iid")).rows())
    return [names.get(sample, sample) for sample in samples]
