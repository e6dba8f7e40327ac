"""``mama``: multi-ancestry meta-analysis from files to files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import InputError, NoVariantsError
from postgwas.meta.mama_estimator import MamaEstimates, estimate
from postgwas.meta.mama_filters import FilterRules, apply_filters
from postgwas.meta.mama_harmonise import Harmonised, harmonise
from postgwas.meta.mama_options import MamaOptions, Population, check, fixed_coefficients
from postgwas.meta.mama_outputs import result_frame
from postgwas.meta.mama_reading import PopulationTable, read_any_dialect, read_by_patterns
from postgwas.meta.mama_regression import Coefficients, regress
from postgwas.meta.mama_remarks import tell_harmonised, warn_of
from postgwas.meta.mama_scores import read_scores, score_array, with_frequencies
from postgwas.meta.named_columns import patterns
from postgwas.meta.write_mama import Target, account, store_results, write_files
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

_LEAST_FREQUENCY = 1e-12

FEWEST_SNPS = 50
"""For each kind of coefficient that is to be estimated: of LD scores, of SE^2, the constant."""


@dataclass(frozen=True)
class MamaResult:
    """Results of :func:`mama`.

    Attributes
    ----------
    populations : tuple of Population
    tables : list of polars.DataFrame
        SNP, CHR, BP, A1 (effect allele), A2, FREQ, BETA, SE, Z, P, MLOG10P, and N_EFF, N_ORIG
        where the input has N; effects per allele.
    coefficients : Coefficients
    estimates : MamaEstimates
    mean_chi2 : list of float
    warnings : list of str
    """

    populations: tuple[Population, ...]
    tables: list[pl.DataFrame]
    coefficients: Coefficients
    estimates: MamaEstimates
    mean_chi2: list[float]
    warnings: list[str]


def mama(
    populations: Sequence[Population],
    ld_scores: Sequence[str],
    *,
    out: str | None = None,
    options: MamaOptions | None = None,
    out_reg_coef: bool = False,
    out_harmonized: bool = False,
    formats: Sequence[str] = (),
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    log_json: bool = False,
) -> MamaResult:
    """Multi-ancestry meta-analysis: effects in each population with the help of the others.

    Parameters
    ----------
    populations : sequence of Population
        Effects are of the first one's effect allele.
    ld_scores : sequence of str
        Files or patterns, see :func:`postgwas.meta.mama_scores.find_score_files`.
    out : str, optional
        Prefix: OUT_ANC_PHENO.res, OUT.rejected.tsv.gz, OUT.log.
    options : MamaOptions, optional
    out_reg_coef, out_harmonized : bool
        Also OUT_ld_reg.cf, OUT_int_reg.cf, OUT_se2_reg.cf; OUT_ANC_PHENO.hrm.
    formats : sequence of {"parquet", "ssf", "tsv"}
        Also OUT_ANC_PHENO.parquet, .ssf.tsv.gz (columns of GWAS-SSF), .tsv.gz.
    store : path, optional
        Study whose ``meta/mama/<name of out>/...`` gets the results.
    overwrite, quiet, verbose, log_json : bool

    Returns
    -------
    MamaResult

    Raises
    ------
    UsageError, InputError, PanelError, MatrixError, NoVariantsError, OutputError, StoreError
        Nothing is written then, the log apart.

    References
    ----------
    Turley et al. 2021, bioRxiv 2021.04.23.441003.
    """
    options = options or MamaOptions()
    begun = time.perf_counter()
    populations = tuple(populations)
    check(populations, options)
    target = Target(out, populations, out_reg_coef, out_harmonized, tuple(formats), store)
    target.check(overwrite=overwrite)
    with run_log(f"{out}.log" if out else None, quiet=quiet, verbose=verbose, json_lines=log_json):
        log.info("MAMA of %d populations: %s", len(populations), ", ".join(p.name for p in populations))
        fixed = fixed_coefficients(options, len(populations))
        scores, files, repeated = read_scores(
            ld_scores, [p.ancestry for p in populations], separator=options.input_sep,
            mama_compat=options.mama_compat, standardized=options.use_standardized_units,
        )  # fmt: skip
        log.info("LD scores of %s SNPs read from %d files", f"{scores.height:,}", len(files))
        if repeated:
            log.warning(
                "%s repeated SNPs of the LD scores left out: the first of each is used", f"{repeated:,}"
            )
        tables, filtered, rejected = _populations(populations, options, scores)
        common = harmonise(
            filtered, [p.name for p in populations], scores, snp_list=_snp_list(options),
            mama_compat=options.mama_compat,
        )  # fmt: skip
        warnings = tell_harmonised(common, populations, filtered, scores, options)
        result = _estimated(populations, common, fixed, options, warnings)
        accounts = [account(frame, one, common, result) for frame, (_, one) in zip(filtered, rejected)]
        rejected = [
            (path, _joined(one, bad)) for (path, one), bad in zip(rejected, common.mismatched)
        ]  # fmt: skip
        if out is not None:
            write_files(result, common, tables, rejected, target)
        if store is not None:
            store_results(
                result, target, accounts, [*(p.path for p in populations), *files], asdict(options), begun,
                overwrite,
            )  # fmt: skip
    return result


def _estimated(
    populations: tuple[Population, ...],
    common: Harmonised,
    fixed: Mapping[str, Any],
    options: MamaOptions,
    warnings: list[str],
) -> MamaResult:
    """Regress, estimate, and tell of both."""
    beta, se, frequency = (
        np.column_stack([frame[name].to_numpy() for frame in common.frames])
        for name in ("BETA", "SE", "FREQ")
    )
    unit = np.sqrt(2 * frequency * (1 - frequency)) if options.use_standardized_units else np.ones_like(beta)
    beta, se = beta * unit, se * unit
    kinds = [np.isnan(fixed[name]).any() for name in ("ld_fixed", "intercept_fixed", "se2_fixed")]
    fewest = FEWEST_SNPS * sum(map(int, kinds))
    if len(beta) < fewest and not options.mama_compat:
        raise NoVariantsError(
            f"{len(beta):,} SNPs are left in all populations and LD scores: too few to estimate coefficients "
            f"of LD score regression, at least {fewest} are expected",
            hint="are ids and builds the same? --reg_ld_coef, --reg_int_coef and --reg_se2_coef give them",
        )
    ld = score_array(common.scores, [p.ancestry for p in populations])
    coefficients = regress(beta, se, ld, **fixed)
    for name, matrix in (
        ("LD", coefficients.ld),
        ("Intercept", coefficients.intercept),
        ("SE^2", coefficients.se2),
    ):
        log.info("Regression coefficients (%s):\n%s", name, matrix)
    found = estimate(beta, se, ld, coefficients)
    warnings += warn_of(coefficients, found, populations)
    tables = [
        result_frame(frame, found.beta[:, i], found.se[:, i], found.sigma_own[:, i], found.kept, unit[:, i])
        for i, frame in enumerate(common.frames)
    ]
    chi2 = [float((table["Z"] ** 2).mean() or np.nan) for table in tables]  # type: ignore[arg-type]
    for population, value in zip(populations, chi2):
        log.info("Mean chi^2 of %s: %.4f", population.name, value)
    for warning in warnings:
        log.warning("%s", warning)
    if not found.kept.any() and not options.mama_compat:
        raise NoVariantsError(
            f"none of {len(beta):,} SNPs has a result",
            hint="more SNPs, fewer populations, or coefficients by --reg_ld_coef; --mama_compat writes "
            "tables without rows",
        )
    log.info("SNPs with results: %s", f"{int(found.kept.sum()):,}")
    return MamaResult(populations, tables, coefficients, found, chi2, warnings)


def _populations(
    populations: Sequence[Population], options: MamaOptions, scores: pl.DataFrame
) -> tuple[list[PopulationTable], list[pl.DataFrame], list[tuple[str, pl.DataFrame]]]:
    """Tables as read, rows that passed the filters, and rows that did not."""
    low, high = options.freq_bounds
    if options.use_standardized_units:
        # An allele that nobody or everybody has is no standard deviation wide.
        low, high = max(low, _LEAST_FREQUENCY), min(high, 1 - _LEAST_FREQUENCY)
    rules = FilterRules(
        freq_bounds=(low, high), chromosomes=options.allowed_chr_values,
        palindromic=options.allow_palindromic_snps,
    )  # fmt: skip
    wanted = patterns(options.add_col_match, options.replace_col_match)
    by_pattern = (
        options.mama_compat or options.add_col_match or options.replace_col_match or options.input_sep
    )
    tables, kept, rejected = [], [], []
    for population in populations:
        if by_pattern:
            table = read_by_patterns(population.path, wanted, separator=options.input_sep)
        else:
            table = read_any_dialect(
                population.path, columns=population.columns, n=population.n,
                without_frequency=options.freq_from_scores,
            )  # fmt: skip
        if options.freq_from_scores and table.frame["FREQ"].null_count():
            filled = with_frequencies(table.frame, scores, population.ancestry, path=population.path)
            table = replace(table, frame=filled)
        passed = apply_filters(table, rules)
        dropped = {name: count for name, count in passed.counts.items() if count}
        if passed.n_duplicates:
            dropped["DUPLICATE IDS"] = passed.n_duplicates
        log_step(
            log, f"{population.name} ({population.path})", rows_in=table.frame.height,
            rows_out=passed.frame.height, dropped=dropped,
        )  # fmt: skip
        if not passed.frame.height:
            most = max(passed.counts, key=lambda name: passed.counts[name])
            raise InputError(
                f"{population.path}: none of {table.frame.height:,} rows can be used; "
                f"{passed.counts[most]:,} are caught by {most}"
            )
        tables.append(table)
        kept.append(passed.frame)
        rejected.append((population.path, passed.rejected))
    return tables, kept, rejected


def _snp_list(options: MamaOptions) -> pl.Series | None:
    if options.snp_list is None:
        return None
    import polars as pl

    from postgwas.genotypes.text_table import read_text

    words = [line.split()[0] for line in read_text(options.snp_list).decode("utf-8", "replace").splitlines()
             if line.strip() and not line.startswith("#")]  # fmt: skip
    return pl.Series("SNP", words, dtype=pl.String).str.to_lowercase()


def _joined(rejected: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return pl.concat([rejected, more.cast(rejected.schema)]) if more.height else rejected
