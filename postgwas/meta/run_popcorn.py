"""``popcorn``: the genetic correlation of one trait in two populations, from files to files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.destination import check_prefix, check_store, refuse_existing
from postgwas.errors import UsageError
from postgwas.ldsc.liability import covariance_factor, liability_factor
from postgwas.ldsc.printed_table import printed_table
from postgwas.meta.popcorn_fit import Estimator, PopcornFit, fit, two_sided_p
from postgwas.meta.popcorn_inputs import Aligned, align, read_population, read_scores
from postgwas.runlog import get_logger, run_log
from postgwas.staging import appear_together

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: A correlation with a larger standard error says next to nothing.
LARGE_SE = 0.5

#: Fewer variants than this are not a genome.
FEW_VARIANTS = 200_000


@dataclass(frozen=True)
class PopcornOptions:
    """What :func:`popcorn` may do otherwise.

    Attributes
    ----------
    gen_effect : bool
        Scores are weighed by p(1-p): the correlation is that of effects per allele
        ("genetic effect"), otherwise of standardised genotypes ("genetic impact").
    maf : float
        Variants with a minor allele frequency above this in both populations of the scores.
    use_mle : bool
        The likelihood rather than regression.
    no_intercept : bool
        Fix the intercepts at 1, 1, 0.
    no_jackknife : bool
        Leave out standard errors.
    n_blocks : int, optional
        Jackknife blocks; by default as Popcorn, some 200 variants each, 10 to 200 of them.
    prevalence : pair of float, optional
        Population prevalence of a binary trait in both populations (``--K1 --K2``).
    sample_prevalence : pair of float, optional
        Share of cases in both studies (``--P1 --P2``).
    """

    gen_effect: bool = False
    maf: float = 0.05
    use_mle: bool = False
    no_intercept: bool = False
    no_jackknife: bool = False
    n_blocks: int | None = None
    prevalence: tuple[float | None, float | None] = (None, None)
    sample_prevalence: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class PopcornResult:
    """Result of :func:`popcorn`.

    Attributes
    ----------
    fit : PopcornFit
    table : polars.DataFrame
        PARAMETER, ESTIMATE, SE (jackknife), Z, P (of no effect), P_NE_1 (of a correlation of 1),
        LIABILITY and its SE where asked for, INTERCEPT.
    popcorn_table : polars.DataFrame
        The table that Popcorn writes.
    counts : dict
        Variants merged, left out by frequency and alleles, used.
    warnings : list of str
    """

    fit: PopcornFit
    table: pl.DataFrame
    popcorn_table: pl.DataFrame
    counts: dict[str, int]
    warnings: list[str] = field(default_factory=list)


def popcorn(
    sumstats1: str,
    sumstats2: str,
    scores: str,
    *,
    out: str | None = None,
    options: PopcornOptions | None = None,
    columns: Sequence[Mapping[str, str]] = ({}, {}),
    n: Sequence[float | None] = (None, None),
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> PopcornResult:
    """Heritability of a trait in two populations and the correlation of its effects across them.

    Parameters
    ----------
    sumstats1, sumstats2 : path
        Of the two populations, in the order of the scores.
    scores : path
        Of ``popcorn compute``, or OUT.cross.ldscore.gz of ``postgwas ldsc --l2 --bfile2``.
    out : str, optional
        Prefix: OUT.popcorn.txt (Popcorn's table), OUT.popcorn.tsv, OUT.rejected.tsv.gz, OUT.log.
    options : PopcornOptions, optional
    columns : pair of mapping
        Canonical name -> column of a file, where it is not found by itself.
    n : pair of float, optional
        Sample sizes, where files have none.
    store : path, optional
        Study whose ``meta/popcorn/<name of out>`` gets the table.
    overwrite, quiet, log_json : bool

    Returns
    -------
    PopcornResult

    Raises
    ------
    UsageError, InputError, NoVariantsError, MatrixError, OutputError, StoreError
        Nothing is written then, the log apart.

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76-88.
    """
    options = options or PopcornOptions()
    begun = time.perf_counter()
    factors = _check(options)
    key = f"meta/popcorn/{Path(out or 'result').name}"
    if out is not None:
        check_prefix(out, example="results/popcorn")
        if not overwrite:
            refuse_existing(Path(f"{out}{ending}") for ending in ENDINGS)
    check_store(store, [key], overwrite=overwrite)
    with run_log(f"{out}.log" if out else None, quiet=quiet, json_lines=log_json):
        known = read_scores(scores)
        if known.per_allele is not None and known.per_allele != options.gen_effect:
            how = "of effects per allele" if known.per_allele else "of standardised genotypes"
            raise UsageError(
                f"{scores}: scores are {how}",
                hint="with --gen_effect" if known.per_allele else "without --gen_effect",
            )
        log.info("Scores of %s variants read from %s", f"{known.frame.height:,}", scores)
        both = tuple(
            read_population(path, columns=names or None, n=size)
            for path, names, size in zip((sumstats1, sumstats2), columns, n)
        )
        aligned = align(known, both, maf=options.maf)
        counts = aligned.counts
        log.info(
            "%s variants in all sources, %s of them left (%s by frequency, %s by alleles left out)",
            *(f"{counts[name]:,}" for name in ("merged", "used", "maf", "alleles")),
        )
        estimator: Estimator = "likelihood" if options.use_mle else "regression"
        found = fit(
            aligned.z, aligned.n, aligned.scores, m=known.m, intercept=not options.no_intercept,
            estimator=estimator, jackknife=not options.no_jackknife, n_blocks=options.n_blocks,
        )  # fmt: skip
        warnings = _warnings(found)
        for warning in warnings:
            log.warning("%s", warning)
        result = PopcornResult(
            found, _table(found, options, factors), _popcorn_table(found, options, factors), counts, warnings
        )
        cells = {name: ["NA" if one is None else one for one in values] for name, values in
                 result.table.to_dict(as_series=False).items()}  # fmt: skip
        log.info("\n%s", printed_table(cells))
        if out is not None:
            _write(result, aligned, (sumstats1, sumstats2), out)
        if store is not None:
            inputs = [sumstats1, sumstats2, scores]
            _store(result, store, key, inputs, options, time.perf_counter() - begun, overwrite)
            log.info("Stored %s in %s", key, store)
    return result


#: Files of :func:`popcorn`, the log apart.
ENDINGS = (".popcorn.txt", ".popcorn.tsv", ".rejected.tsv.gz")


def _check(options: PopcornOptions) -> tuple[float, float] | None:
    """Factors to the liability scale, None on the observed scale."""
    if not 0 <= options.maf < 0.5:
        raise UsageError(f"--maf {options.maf:g}: expected a minor allele frequency, from 0 to 0.5")
    if options.n_blocks is not None and options.n_blocks < 2:
        raise UsageError(f"--n_blocks {options.n_blocks}: expected at least 2")
    given = [*options.prevalence, *options.sample_prevalence]
    if all(value is None for value in given):
        return None
    if any(value is None for value in given):
        raise UsageError(
            "the liability scale needs --K1, --K2 (prevalences) and --P1, --P2 (shares of cases)"
        )
    one, two = (liability_factor(p, k) for p, k in zip(options.sample_prevalence, options.prevalence))
    return one, two


def _warnings(found: PopcornFit) -> list[str]:
    warnings = []
    if found.n_variants < FEW_VARIANTS:
        warnings.append(
            f"{found.n_variants:,} variants are few: estimates from less than a genome are uncertain; look "
            "at their standard errors"
        )
    for i, (h2, se) in enumerate(zip(found.h2, found.h2_se), start=1):
        if h2 <= 0:
            warnings.append(
                f"heritability in population {i} is estimated at {h2:.3g}: no correlation can be told"
            )
        elif np.isfinite(se) and h2 < 2 * se:
            warnings.append(
                f"heritability in population {i}, {h2:.3g} with standard error {se:.3g}, is not clearly "
                "above 0: the correlation divides by it"
            )
    if np.isfinite(found.correlation_se) and found.correlation_se > LARGE_SE:
        warnings.append(
            f"the standard error of the correlation is {found.correlation_se:.2f}: it says little"
        )
    if found.n_blocks_without and found.n_blocks:
        warnings.append(
            f"{found.n_blocks_without} of {found.n_blocks} jackknife values have a heritability below 0 and "
            "no correlation: its standard error is too small"
        )
    if abs(found.correlation) > 1:
        warnings.append(
            f"the correlation is estimated at {found.correlation:.2f}, beyond 1: regressions do not bound it"
        )
    return warnings


def _table(found: PopcornFit, options: PopcornOptions, factors: tuple[float, float] | None) -> pl.DataFrame:
    import polars as pl

    kind = "pge" if options.gen_effect else "pgi"
    estimate = np.array([*found.h2, found.covariance, found.correlation])
    se = np.array([*found.h2_se, found.covariance_se, found.correlation_se])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / se
    from_one = (1 - found.correlation) / found.correlation_se if found.correlation_se > 0 else np.nan
    columns = {
        "PARAMETER": ["h1^2", "h2^2", "covariance", kind],
        "ESTIMATE": estimate,
        "SE": se,
        "Z": z,
        "P": [two_sided_p(value) for value in z],
        "P_NE_1": [None, None, None, two_sided_p(from_one)],
        "INTERCEPT": [*found.intercept, None],
    }
    table = pl.DataFrame(columns, strict=False)
    if factors is not None:
        scale = np.array([*factors, covariance_factor(*factors), 1.0])
        table = table.with_columns(
            pl.Series("LIABILITY", estimate * scale), pl.Series("LIABILITY_SE", se * scale)
        )
    return table.with_columns(pl.selectors.float().fill_nan(None))


def _popcorn_table(
    found: PopcornFit, options: PopcornOptions, factors: tuple[float, float] | None
) -> pl.DataFrame:
    """Popcorn's table: its standard errors, and P of a correlation of 1."""
    import polars as pl

    estimate, se = np.array([*found.h2, found.correlation]), found.popcorn_se
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.array([*(estimate[:2] / se[:2]), (1 - estimate[2]) / se[2]])
    columns = {"": ["h1^2", "h2^2", "pge" if options.gen_effect else "pgi"], "Val (obs)": estimate, "SE": se}
    if factors is not None:
        columns["Val (Lia)"] = estimate * np.array([*factors, 1.0])
    return pl.DataFrame({**columns, "Z": z, "P (Z)": [two_sided_p(value) for value in z]})


def _write(result: PopcornResult, aligned: Aligned, paths: Sequence[str], out: str) -> None:
    from postgwas.sumstats.write import write_delimited, write_rejected

    home = Path(out)
    with appear_together(home.parent) as aside:
        prefix = os.fspath(aside / home.name)
        write_delimited(result.popcorn_table, f"{prefix}.popcorn.txt", null="NaN")
        write_delimited(result.table, f"{prefix}.popcorn.tsv")
        write_rejected(f"{prefix}.rejected.tsv.gz", list(zip(paths, aligned.rejected)))
    log.info("Wrote %s", ", ".join(f"{out}{ending}" for ending in ENDINGS))


def _store(
    result: PopcornResult,
    store: str,
    key: str,
    inputs: Sequence[str],
    options: PopcornOptions,
    seconds: float,
    overwrite: bool,
) -> None:
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    made = Provenance.collect(
        parameters=asdict(options), inputs=list(inputs), wall_seconds=seconds,
        rows_in=result.counts["merged"], rows_out=result.counts["used"],
        dropped={name: result.counts[name] for name in ("maf", "alleles")},
    )  # fmt: skip
    Study.open(store, create=True).write_table(
        key, result.table, kind="popcorn-results",
        attrs={"warnings": result.warnings, "n_blocks": result.fit.n_blocks, "scale": "observed"},
        provenance=made, overwrite=overwrite,
    )  # fmt: skip
