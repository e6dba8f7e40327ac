"""Covariates from files to one file: what ``postgwas expression covariates`` does."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from postgwas.destination import Destination
from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_coding import Impute
from postgwas.expression.covariate_files import Layout, read_table, write_covariates
from postgwas.expression.covariate_table import CovariateTable
from postgwas.expression.covariates import Assembled, Collinear, Unmatched, assemble_covariates
from postgwas.expression.factor_inputs import tell_imputed
from postgwas.expression.matrix import some_names
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: R squared on the hidden factors from which on a known covariate is as good as one of them.
CAPTURED = 0.9


@dataclass(frozen=True)
class CovariateOptions:
    """What goes into the file, and how.

    Attributes
    ----------
    known : sequence of str
        Paths of sample sheets and other files of known covariates.
    genotype_pcs : path, optional
        An .eigenvec of ``postgwas genotypes pca`` or plink2.
    n_genotype_pcs : int, optional
        The first so many; all if None.
    factors : path, optional
        Hidden factors, such as OUT.peer_factors.txt.
    n_factors : int, optional
        The first so many; all if None.
    include : collection of str
        Only these columns of `known`; all if empty.
    layout : {"auto", "samples_are_columns", "samples_are_rows"}
        Of the files of `known`.
    exclude, categorical, references, impute, collinear, unmatched, captured
        See :func:`postgwas.expression.covariates.assemble_covariates`.
    """

    known: Sequence[str] = ()
    genotype_pcs: str | None = None
    n_genotype_pcs: int | None = None
    factors: str | None = None
    n_factors: int | None = None
    include: Collection[str] = ()
    exclude: Collection[str] = ()
    categorical: Collection[str] = ()
    references: Mapping[str, str] | None = None
    layout: Layout = "auto"
    impute: Impute = "refuse"
    collinear: Collinear = "drop"
    unmatched: Unmatched = "refuse"
    captured: float | None = None

    @property
    def files(self) -> list[str]:
        """All files that are read."""
        return [*self.known, *(file for file in (self.genotype_pcs, self.factors) if file)]

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        for name in ("known", "include", "exclude", "categorical"):
            if isinstance(given := getattr(self, name), str):
                raise UsageError(f"{name} is the text {given!r}; expected several, such as [{given!r}]")
        if not self.files:
            raise UsageError(
                "there are no covariates", hint="--known FILE, --genotype_pcs FILE, --factors FILE"
            )
        for flag, number, needs in (
            ("n_genotype_pcs", self.n_genotype_pcs, self.genotype_pcs),
            ("n_factors", self.n_factors, self.factors),
        ):
            if number is not None and (needs is None or number < 1):
                raise UsageError(f"--{flag} {number}: expected at least 1, and --{flag.removeprefix('n_')}")


def covariate_file(
    out: str,
    *,
    options: CovariateOptions,
    samples: str | None = None,
    figures: bool = False,
    compress: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> Assembled:
    """Put covariates together and write OUT.covariates.txt and OUT.covariates_account.tsv.

    Parameters
    ----------
    out : str
        Prefix of the files.
    options : CovariateOptions
    samples : path, optional
        A phenotype BED (or other expression matrix), or a list of samples, a line each: these samples
        in this order. By default those of the first file.
    figures : bool
        OUT.covariates.png: correlations of known covariates with hidden factors.
    compress : bool
        OUT.covariates.txt.gz instead.
    store : str, optional
    overwrite, quiet, log_json : bool

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    from postgwas.sumstats.write import write_delimited

    options.check()
    main = ".covariates.txt.gz" if compress else ".covariates.txt"
    endings = (main, ".covariates_account.tsv", *((".covariates.png",) if figures else ()))
    target = Destination(out, endings, store, ("covariates",) if store else (), overwrite, "expression")
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        wanted = None if samples is None else samples_of(samples)
        tables = _tables(options, wanted)
        made = assemble_covariates(
            tables, wanted, exclude=options.exclude, categorical=options.categorical,
            references=options.references, impute=options.impute, collinear=options.collinear,
            unmatched=options.unmatched, captured=options.captured,
        )  # fmt: skip
        _tell(made, options)
        drawn = figures and bool(made.r2_hidden)
        with target.together() as aside:
            write_covariates(made.matrix, aside.path(main))
            write_delimited(account_table(made), aside.path(".covariates_account.tsv"))
            if drawn:
                _draw(made, aside.path(".covariates.png"))
        if figures and not drawn:
            log.warning("no figure: it needs known covariates and hidden factors")
        if store is not None:
            _store(made, target, options, samples, time.perf_counter() - began)
        log.info("Wrote %s%s", out, main)
    return made


def samples_of(path: str | os.PathLike[str]) -> list[str]:
    """Samples of a phenotype BED or another matrix, or of a list with a name a line.

    Raises
    ------
    InputError
        If the file cannot be read or a sample occurs twice.
    """
    from postgwas.expression.matrix import check_unique

    if not os.fspath(path).endswith((".parquet", ".pq")):
        from postgwas.genotypes.text_table import read_text

        lines = read_text(path).decode(errors="replace").split("\n")
        names = [line.strip() for line in lines if line.strip()]
        if all(len(name.split("\t")) == 1 and len(name.split()) == 1 and "," not in name for name in names):
            check_unique(names, "sample", os.fspath(path))
            return names
    from postgwas.expression.reading import read_expression

    unit = None if os.fspath(path).endswith((".parquet", ".pq")) else "unknown"
    return list(read_expression(path, unit=unit).samples)  # type: ignore[arg-type]


def account_table(made: Assembled) -> pl.DataFrame:
    """What became of each covariate, and how much of it the hidden factors hold."""
    import polars as pl

    table = pl.DataFrame(made.account, schema=["COVARIATE", "SOURCE", "OUTCOME", "DETAIL"], orient="row")
    r2 = [made.r2_hidden.get(name) for name in table["COVARIATE"]]
    return table.with_columns(
        pl.Series("R2_HIDDEN", r2, dtype=pl.Float64),
        pl.Series(
            "N_IMPUTED", [made.n_imputed.get(name.partition(":")[0], 0) for name in table["COVARIATE"]]
        ),
    )


def _tables(options: CovariateOptions, samples: list[str] | None) -> list[CovariateTable]:
    """Known covariates first, genotype axes next, hidden factors last."""
    tables = []
    for file in options.known:
        table = read_table(file, samples=samples, layout=options.layout)
        if options.include:
            chosen = {name: cells for name, cells in table.columns.items() if name in options.include}
            table = replace(table, columns=chosen)
        tables.append(table)
    found = {name for table in tables for name in table.columns}
    lost = [name for name in options.include if name not in found]
    if lost:
        raise UsageError(f"--include: no file of known covariates has {some_names(lost)}")
    if options.genotype_pcs is not None:
        table = read_table(options.genotype_pcs, samples=samples)
        axes = {name: cells for name, cells in table.columns.items() if re.fullmatch(r"(?i)PC\d+", name)}
        if not axes:
            raise InputError(
                f"{options.genotype_pcs}: no columns PC1, PC2 ...; {some_names(list(table.columns))}"
            )
        tables.append(_first(replace(table, columns=axes), options.n_genotype_pcs, "n_genotype_pcs"))
    if options.factors is not None:
        table = read_table(options.factors, samples=samples, hidden=True)
        tables.append(_first(table, options.n_factors, "n_factors"))
    return tables


def _first(table: CovariateTable, number: int | None, flag: str) -> CovariateTable:
    if number is None:
        return table
    if number > len(table.columns):
        raise UsageError(f"--{flag} {number}: {table.path} has {len(table.columns)}")
    names = list(table.columns)[:number]
    return replace(table, columns={name: table.columns[name] for name in names})


def _tell(made: Assembled, options: CovariateOptions) -> None:
    n_samples = len(made.matrix.samples)
    if made.lost_samples:
        log_step(
            log, "Samples", rows_in=n_samples + len(made.lost_samples), rows_out=n_samples,
            dropped={f"not in all files ({some_names(made.lost_samples)})": len(made.lost_samples)},
            unit="samples",
        )  # fmt: skip
    tell_imputed(made.n_imputed)
    dropped: dict[str, int] = {}
    for name, source, outcome, detail in made.account:
        if outcome != "kept":
            dropped[outcome] = dropped.get(outcome, 0) + 1
            if outcome != "switched_off":
                log.warning("%s: covariate %s is left out: %s (%s)", source, name, outcome, detail)
        elif detail:
            log.info("Covariate %s: %s", name, detail)
    off = [name for name, _, outcome, _ in made.account if outcome == "switched_off"]
    if off:
        log.warning(
            "%s: %d hidden factors are left out, which PEER switched off: %s", options.factors, len(off),
            some_names(off),
        )  # fmt: skip
    log_step(
        log, "Covariates", rows_in=len(made.account), rows_out=made.matrix.n_covariates, dropped=dropped,
        unit="covariates",
    )  # fmt: skip
    if options.captured is None:
        caught = [name for name, r2 in made.r2_hidden.items() if r2 >= CAPTURED]
        if caught:
            log.warning(
                "hidden factors hold %d%% or more of %s; --captured %.1f leaves such covariates out",
                int(100 * CAPTURED), some_names(caught), CAPTURED,
            )  # fmt: skip
    log.info("%d degrees of freedom are left for tests", n_samples - 2 - made.matrix.n_covariates)


def _draw(made: Assembled, path: os.PathLike[str]) -> None:
    import numpy as np

    from postgwas.plot.hidden_factors import correlation_figure
    from postgwas.plot.saving import save_figure

    r = np.atleast_2d(np.corrcoef(made.matrix.values))
    hidden = np.array(made.matrix.hidden)
    names = np.array(made.matrix.names, object)
    figure = correlation_figure(r[np.ix_(~hidden, hidden)], list(names[~hidden]), list(names[hidden]))
    save_figure(figure, path)


def _store(made: Assembled, target, options: CovariateOptions, samples: str | None, seconds: float) -> None:  # type: ignore[no-untyped-def]
    import polars as pl

    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    lists = [samples] if samples else []
    provenance = Provenance.collect(
        parameters={**asdict(options), "samples": samples}, inputs=[*options.files, *lists],
        rows_in=len(made.account), rows_out=made.matrix.n_covariates, wall_seconds=seconds,
    )  # fmt: skip
    columns = {name: row.copy() for name, row in zip(made.matrix.names, made.matrix.values)}
    Study.open(target.store, create=True).write_table(
        target.key("covariates"), pl.DataFrame({"SAMPLE": made.matrix.samples, **columns}),
        kind="expression-covariates", provenance=provenance, overwrite=target.overwrite,
        attrs={"hidden": [n for n, h in zip(made.matrix.names, made.matrix.hidden) if h]},
    )  # fmt: skip
    log.info("Stored %s in %s", target.key("covariates"), target.store)
